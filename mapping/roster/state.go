package roster

import (
	"container/heap"
	"slices"

	"github.com/convene-health/convene/mapping"
)

// State of one network. The zero value is not usable; see New.
type State struct {
	// Position is how far the inputs have been decided.
	Position Position
	// Catalog is the hash in force; empty before the first.
	Catalog string
	// Pending is what an event that concerns many has still to do before the next input.
	Pending *Pending

	rows     []row
	rowOf    map[Hash]uint32    // by referral identity
	live     map[uint64]*Record // by key: at least one placement is not final
	older    map[uint32][]Hash  // superseded contents of closed rows, where there are any
	foretold map[Hash]foretold  // cancels of referrals not yet seen

	patients  []patientRow
	special   map[uint32]patientMore
	patientOf map[Hash]uint32
	lives     keyLists[uint32] // live referrals of a patient
	prints    keyLists[uint64] // live referrals by name-and-birth print

	pairs  map[pair]bool     // kept apart by the desk
	kin    map[uint64][]Hash // relatives whom live referrals name
	people int               // grows whenever ties are to be read anew
	ties   ties

	postponed map[string]Postponed // by group: once each

	taken   map[string]int // seats held by group id
	seats   seatIndex      // the same by index
	queues  map[string]*queue
	due     dueHeap
	sources []string
	words   map[string]string

	undo    []func()
	dropped int // undo entries committed so far: marks are absolute
	peak    int // of live referrals since memory was last given back
}

// Position in the input log.
type Position struct {
	// Input is the sequence of the last input decided, or under way while More.
	Input uint64
	// Step of that input just done, from 0; More: its next step comes before the next input.
	Step int
	More bool
	// Notices that input has caused so far.
	Notices int
	// Time is t of that input, Unix milliseconds.
	Time int64
	// Floor below which t may not fall, Unix milliseconds.
	Floor int64
	// Timed is until when the groups' own dates have been heeded, Unix milliseconds.
	Timed int64
}

// row is what stays of a referral when it is closed: 32 bytes.
type row struct {
	key     uint64
	content [8]byte
	sent    int64
	patient uint32
	source  uint16
	status  uint8
	erased  bool
}

type patientRow struct {
	key    uint64
	born   uint32
	family uint32
}

// patientMore is what only few patients have.
type patientMore struct {
	risks  []Risk
	used   []Use
	merged uint32 // index + 1 of the patient this one was merged into
}

// New is the state of a network about which nothing is known.
func New() *State {
	return &State{
		rowOf: map[Hash]uint32{}, live: map[uint64]*Record{}, older: map[uint32][]Hash{}, foretold: map[Hash]foretold{},
		patientOf: map[Hash]uint32{}, special: map[uint32]patientMore{}, lives: newKeyLists[uint32](), prints: newKeyLists[uint64](),
		pairs: map[pair]bool{}, kin: map[uint64][]Hash{}, postponed: map[string]Postponed{},
		taken: map[string]int{}, queues: map[string]*queue{}, words: map[string]string{},
	}
}

// Mark is a point to roll back to.
func (s *State) Mark() int { return s.dropped + len(s.undo) }

// Rollback takes back everything since mark.
func (s *State) Rollback(mark int) {
	for i := len(s.undo) - 1; i >= mark-s.dropped; i-- {
		s.undo[i]()
	}
	s.undo = s.undo[:max(0, mark-s.dropped)]
}

// Commit makes everything up to mark final.
func (s *State) Commit(mark int) {
	n := mark - s.dropped
	kept := copy(s.undo, s.undo[n:])
	clear(s.undo[kept:])
	s.undo = s.undo[:kept]
	s.dropped = mark
	s.trim()
}

func (s *State) onUndo(f func()) { s.undo = append(s.undo, f) }

// Record of a live referral, or nil.
func (s *State) Record(key uint64) *Record { return s.live[key] }

// Counts of what the state holds.
type Counts struct {
	Referrals int `json:"referrals"`
	Live      int `json:"live"` // referrals with a placement that is not final
	Patients  int `json:"patients"`
	Waiting   int `json:"waiting"` // places waited for
}

// Count sums the state up.
func (s *State) Count() Counts {
	c := Counts{Referrals: len(s.rows), Live: len(s.live), Patients: len(s.patients)}
	for _, q := range s.queues {
		c.Waiting += q.len()
	}
	return c
}

// Waiting is the number of places waited for in a program.
func (s *State) Waiting(program string) int {
	if q := s.queues[program]; q != nil {
		return q.len()
	}
	return 0
}

// LiveKeys are the keys of all live referrals, ascending.
func (s *State) LiveKeys() []uint64 {
	keys := make([]uint64, 0, len(s.live))
	for k := range s.live {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// rowIndex finds a referral by key.
func (s *State) rowIndex(key uint64) (uint32, bool) {
	i, ok := slices.BinarySearchFunc(s.rows, key, func(r row, k uint64) int {
		switch {
		case r.key < k:
			return -1
		case r.key > k:
			return 1
		}
		return 0
	})
	return uint32(i), ok
}

// put makes rec the record of its referral; every count and queue follows from it.
func (s *State) put(rec *Record) {
	i, known := s.rowIndex(rec.Key)
	if !known {
		s.rows = append(s.rows, row{key: rec.Key})
		s.rowOf[rec.Identity] = i
		s.onUndo(func() {
			s.rows = s.rows[:i]
			delete(s.rowOf, rec.Identity)
		})
	}
	old, was, older := s.live[rec.Key], s.rows[i], s.older[i]
	s.swap(old, rec)
	s.rows[i] = s.closing(rec)
	if rec.Final() && len(rec.Superseded) > 0 {
		s.older[i] = rec.Superseded
	}
	s.onUndo(func() {
		s.swap(rec, old)
		s.rows[i] = was
		if older == nil {
			delete(s.older, i)
		}
	})
}

// swap replaces a record by another of the same key in every index that lists live referrals. Either may be nil or final.
func (s *State) swap(old, rec *Record) {
	var patients []uint64
	for _, r := range []*Record{old, rec} {
		if r != nil && !slices.Contains(patients, r.Patient) {
			patients = append(patients, r.Patient)
			s.tally(r.Patient, -1)
		}
	}
	if old != nil && !old.Final() {
		delete(s.live, old.Key)
		s.unlist(old)
	}
	if rec != nil && !rec.Final() {
		s.live[rec.Key] = rec
		s.list(rec)
		s.expect(rec, old)
	}
	s.relate(old, rec)
	for _, p := range patients {
		s.tally(p, +1)
	}
}

// relate keeps the relatives whom a live referral names.
func (s *State) relate(old, rec *Record) {
	var was, now []Hash
	key := uint64(0)
	if old != nil && !old.Final() {
		was, key = old.Kin, old.Key
	}
	if rec != nil && !rec.Final() {
		now, key = rec.Kin, rec.Key
	}
	if slices.Equal(was, now) {
		return
	}
	s.people++
	if s.kin[key] = now; len(now) == 0 {
		delete(s.kin, key)
	}
}

// closing is what a row keeps of a record.
func (s *State) closing(rec *Record) row {
	p, _ := s.patientIndex(rec.Patient)
	r := row{key: rec.Key, sent: rec.Sent, patient: p, source: s.sourceIndex(rec.Source), status: statusIndex(rec.lastStatus()), erased: rec.Erased}
	copy(r.content[:], rec.Content[:])
	return r
}

// lastStatus stands for a closed referral as a whole.
func (r *Record) lastStatus() mapping.Status {
	if len(r.Placements) == 0 {
		return mapping.Closed
	}
	return r.Placements[0].Status
}

// list and unlist keep a patient's live referrals and the prints by which one person under two keys is noticed.
func (s *State) list(rec *Record) {
	p, _ := s.patientIndex(rec.Patient)
	s.lives.add(p, rec.Key)
	if rec.Print != 0 {
		s.prints.add(rec.Print, rec.Key)
	}
}

// expect lists the due times of rec that old did not have already.
func (s *State) expect(rec, old *Record) {
	for k := range rec.Placements {
		if due := rec.Placements[k].Due; due != 0 && (old == nil || old.dueAt(due) < 0) {
			heap.Push(&s.due, dueAt{due, rec.Key})
		}
	}
}

func (s *State) unlist(rec *Record) {
	p, _ := s.patientIndex(rec.Patient)
	s.lives.remove(p, rec.Key)
	if rec.Print != 0 {
		s.prints.remove(rec.Print, rec.Key)
	}
}

// trimFrom is how many referrals must have been live for giving back their memory to be worth it.
const trimFrom = 4096

// trim gives memory back once three of four referrals that were live have ended.
func (s *State) trim() {
	s.peak = max(s.peak, len(s.live))
	if s.peak < trimFrom || len(s.live) > s.peak/4 {
		return
	}
	s.peak = len(s.live)
	s.live = smaller(s.live)
	s.lives.trim()
	s.prints.trim()
	s.due = slices.Clone(slices.DeleteFunc(s.due, func(d dueAt) bool { return s.live[d.key] == nil }))
	heap.Init(&s.due)
}

// tally adds (by +1) or takes away (by -1) what the live referrals of a patient hold and wait for: each seat and each
// place once, however many referrals share it.
func (s *State) tally(patient uint64, by int) {
	p, _ := s.patientIndex(patient)
	var seats [4]string
	var places [4]PlacementID
	held, waiting := seats[:0], places[:0]
	for _, key := range s.lives.of(p) {
		rec := s.live[key]
		for k := range rec.Placements {
			pl := &rec.Placements[k]
			if pl.Seat && !slices.Contains(held, pl.Group) {
				held = append(held, pl.Group)
				s.take(pl.Group, by)
			}
			if pl.Status == mapping.Waitlisted && !slices.Contains(waiting, pl.ID) {
				waiting = append(waiting, pl.ID)
				s.requeue(p, pl, key, by)
			}
		}
	}
}

// dueAt is an entry of the due list; it is stale when the referral no longer has that due time.
type dueAt struct {
	at  int64
	key uint64
}

// dueHeap orders by due time, then key.
type dueHeap []dueAt

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].key < h[j].key
}
func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)   { *h = append(*h, x.(dueAt)) }
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// NextDue is when time itself changes something next, Unix milliseconds; false when nothing is due ever.
func (s *State) NextDue() (int64, bool) {
	for len(s.due) > 0 {
		if rec := s.live[s.due[0].key]; rec != nil && rec.dueAt(s.due[0].at) >= 0 {
			return s.due[0].at, true
		}
		stale := heap.Pop(&s.due).(dueAt)
		s.onUndo(func() { heap.Push(&s.due, stale) }) // what made it stale may be taken back
	}
	return 0, false
}

// dueAt is the index of the placement due at that time, or -1.
func (r *Record) dueAt(at int64) int {
	return slices.IndexFunc(r.Placements, func(p Placement) bool { return p.Due == at })
}

var statuses = []mapping.Status{mapping.Review, mapping.NeedsInfo, mapping.Waitlisted, mapping.Offered, mapping.Placed, mapping.Enrolled,
	mapping.Cancelled, mapping.Rejected, mapping.Closed, mapping.DroppedOut, mapping.Completed, mapping.EnteredInError}

func statusIndex(s mapping.Status) uint8 { return uint8(slices.Index(statuses, s)) }

func (s *State) sourceIndex(name string) uint16 {
	if i := slices.Index(s.sources, name); i >= 0 {
		return uint16(i)
	}
	s.sources = append(s.sources, name)
	return uint16(len(s.sources) - 1)
}

// Use names a catalog that no event announced; Decide is given it.
func (s *State) Use(hash string) { s.Catalog = hash }

// SetFloor lets t not fall below a time, Unix milliseconds. It holds from the next input on and stands in the head.
func (s *State) SetFloor(ms int64) {
	was := s.Position.Floor
	s.Position.Floor = ms
	s.onUndo(func() { s.Position.Floor = was })
}
