package match

import (
	"math/bits"
	"slices"
	"time"

	"github.com/convene-health/convene/mapping"
)

// Query asks for a place for one need at one moment.
type Query struct {
	Need *Need
	At   time.Time
	// Program asked for by name, by index; -1: any that fits.
	Program int32
	// Held are the programs in which the patient has a live placement.
	Held []int32
	// Beside are those of them in which the patient has a place that is theirs, not only waited for or offered: a peer group may
	// stand beside a licensed one.
	Beside []int32
	// Used are the programs whose benefit the patient has used up.
	Used []int32
	// Taken is the number of seats taken in a group; nil: none are.
	Taken func(group int32) int
	// Conflict names the rule that keeps the patient out of a group: conflict, relative, therapist or
	// leader-choice; empty or nil: none.
	Conflict func(group int32) string
}

// Result says where the patient goes. At most one of Chosen, Join and Wait is not -1; when all are, Review or
// NeedsInfo (or both: then review comes first) say why.
type Result struct {
	// Chosen group: it suits, and a seat is free.
	Chosen int32
	// First session in Chosen that the patient can attend.
	First time.Time
	// Join is a program that suits and in which the patient already has a place.
	Join int32
	// Wait is the program whose waitlist to join: it suits and is full, and so is all that fits about as well.
	Wait int32
	// Adjunct: what was chosen, or is waited for, stands beside a licensed program that the patient attends.
	Adjunct bool
	// NeedsInfo names the facts without which no group suits; Review why a person must decide.
	NeedsInfo []Reason
	Review    []Reason
	// Causes are what kept the patient out of the groups that serve the need, where there is no place, or out of those
	// with a free seat in the program waited for: distinct codes, the most frequent first, at most CausesMax.
	Causes []Reason
	// Issues say what gates of the programs that would fit better than what was found ask to be sent, and what excludes.
	Issues mapping.Issues
	// Candidates are groups that serve a condition or goal, best first: at most SuitableMax that suit, then some that are
	// excluded; in all at most CandidatesMax. More counts those not listed.
	Candidates []Candidate
	More       More

	named  conditionSet // by Chosen's program
	open   conditionSet // chronic ones, where Chosen's program is for any of them and names none
	served goalSet
}

// Limits of what a result lists.
const (
	CandidatesMax = 20
	SuitableMax   = 8
	excludedMax   = 6 // where something suits; else they fill the list
	eachMax       = 3 // excluded of one program
)

// More counts the groups that serve a condition or goal and are not listed: Full those that were found to have no seat,
// Possible the others that pass the filters; where better ones were found, whether they have a seat was not asked.
type More struct {
	Excluded int `json:"excluded"`
	Full     int `json:"full"`
	Possible int `json:"possible"`
}

// prospect is a program that serves a condition or goal of the need.
type prospect struct {
	why      why
	program  int32
	need     int32 // points for condition and goals
	wish     int32 // points for the kind wished
	bound    int32 // no group of it scores more
	later    int32 // nor of any prospect from here on
	fit      [2]int16
	named    conditionSet // conditions of the need that it names
	licensed bool         // only groups with a licensed leader
	adjunct  bool
}

// search is one match under way.
type search struct {
	*Book
	q Query
	ask
	now      int64
	today    date
	filters  filters
	prospect []prospect
	best     [SuitableMax]scored
	bests    int
	free     scored // best with a free seat among those that fit about as well as any
	full     scored // best without
	bestNeed int32
	fulls    int // groups looked at that suit and have no seat
	late     int // groups looked at that pass the filters and are excluded all the same
}

// Match finds the place for a need. It depends on its arguments alone.
func (b *Book) Match(q Query) Result {
	var s search
	s.begin(b, q)
	r := Result{Chosen: -1, Join: -1, Wait: -1}
	var space [48]prospect
	s.prospect = s.findProspects(space[:0])
	if r.Join = s.join(); r.Join < 0 {
		s.lookAtGroups()
	}
	switch {
	case r.Join >= 0:
	case s.free.at >= 0:
		r.Chosen, r.First = b.groups[s.free.at].group, time.Unix(s.free.start, 0).UTC()
		r.Adjunct = s.free.adjunct
		o := &b.programs[b.groups[s.free.at].program]
		r.named, r.served = o.conditions.and(s.conditions), o.goals&q.Need.Goals
		if o.any && r.named.empty() {
			r.open = shipped().chronic.and(s.conditions)
		}
	case s.full.at >= 0:
		r.Wait, r.Adjunct = b.groups[s.full.at].program, s.full.adjunct
		r.Causes = s.passedOver(r.Wait)
	default:
		s.doubts(&r)
	}
	if b.gated {
		s.gateIssues(&r)
	}
	s.list(&r)
	return r
}

// begin prepares a search.
func (s *search) begin(b *Book, q Query) {
	s.Book, s.q, s.now, s.today, s.bestNeed = b, q, q.At.Unix(), b.day(q.At), -1
	s.free.at, s.full.at = -1, -1
	s.ask.prepare(q.Need)
	s.site = b.siteOf[q.Need.Site]
	b.filters(q.Need, &s.filters)
}

// findProspects judges every program that serves a condition or a goal, and orders them by how well they serve the need.
func (s *search) findProspects(found []prospect) []prospect {
	if s.q.Program >= 0 {
		found = append(found, s.judge(s.q.Program))
	} else {
		for i := range s.servesAny {
			for w := s.serving(i); w != 0; w &= w - 1 {
				found = append(found, s.judge(int32(i<<6+bits.TrailingZeros64(w))))
			}
		}
	}
	slices.SortFunc(found, compareProspects)
	later := int32(0)
	for i := range slices.Backward(found) {
		p := &found[i]
		if p.why == 0 {
			later = max(later, p.bound)
		}
		p.later = later
	}
	return found
}

// compareProspects puts those that suit first, then the better for the need.
func compareProspects(a, b prospect) int {
	switch {
	case (a.why == 0) != (b.why == 0):
		return compareBool(a.why != 0, b.why != 0)
	case a.need != b.need:
		return int(b.need - a.need)
	case a.wish != b.wish:
		return int(b.wish - a.wish)
	}
	return int(a.program - b.program)
}

// serving is word i of the programs that serve a condition or goal.
func (s *search) serving(i int) uint64 {
	w := s.servesAny[i]
	if s.conditions.empty() && s.need.Goals == 0 {
		w = 0
	}
	for _, c := range s.need.Conditions {
		w |= s.serves[c.Condition][i]
	}
	for rest := s.need.Goals; rest != 0; rest &= rest - 1 {
		w |= s.helps[rest.lowest()][i]
	}
	return w
}

// join is a held program that suits and names every condition that the best program names; -1 without one.
func (s *search) join() int32 {
	if s.q.Program >= 0 {
		if slices.Contains(s.q.Held, s.q.Program) {
			return s.q.Program
		}
		return -1
	}
	if len(s.q.Held) == 0 {
		return -1
	}
	var best conditionSet
	for i := range s.prospect {
		if p := &s.prospect[i]; p.why == 0 && s.anySuits(p) {
			best = p.named
			break
		}
	}
	for i := range s.prospect {
		p := &s.prospect[i]
		if p.why&^(1<<ruleHeld) == 0 && p.why != 0 && best.without(p.named).empty() {
			return p.program
		}
	}
	return -1
}

// anySuits reports whether some group of a program can be joined and passes the filters.
func (s *search) anySuits(p *prospect) bool {
	for _, r := range s.joinable(p.program) {
		for i := r.start >> 6; i<<6 < r.end; i++ {
			if s.word(p, i)&r.mask(i) != 0 {
				return true
			}
		}
	}
	return false
}

// joinable are the runs of a program's groups whose enrolment is not over.
func (s *search) joinable(program int32) [2]run {
	o := &s.programs[program]
	return [2]run{s.from(o.closed), s.from(o.open)}
}

// from is the part of a run that can still be joined: its groups are in order of until when.
func (s *search) from(r run) run {
	lo, hi := r.start, r.end
	for lo < hi {
		if mid := (lo + hi) / 2; s.traits[mid].until > s.now {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return run{lo, r.end}
}

// word i of the positions that pass the filters, as a program asks.
func (s *search) word(p *prospect, i int32) uint64 {
	w := s.filters.word(i)
	if p.licensed && w != 0 {
		w &= s.licensedWord(i)
	}
	return w
}

// licensedWord is word i of the groups whose leader is licensed where the patient sits.
func (s *search) licensedWord(i int32) uint64 {
	w := s.led[i] & s.local[i]
	if in := s.ledIn[s.need.State]; in != nil {
		w |= in[i]
	}
	return w
}
