package worker

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// witness reads a ledger as its subscribers do and judges it by what the senders know, not by the rules that placed:
//
//   - every confirmation has an id of its own, follows the status told before by a transition of the table, and nothing
//     follows a final one;
//   - an offer begins once, keeps its group and its end while it stands (but for an alert that withholds an accepted one, which
//     may put its end off), ends once, and never outlives its expiry;
//   - no group has more seats held than it has, but where a catalog took seats away;
//   - a patient holds one seat a group and one live placement a program, unless a merge said so with an alert;
//   - who is known to be at risk (a STOP) is seated only where two people in two roles said so;
//   - two people who must not meet are not brought into one group;
//   - a cohort is put off once, to a later day, when its members are told so, and never without a word on the ledger;
//   - every input is accounted for, time never goes back, and the decisions and heads fold to the state of the workers.
type witness struct {
	catalogs *catalogs
	input    func(sequence uint64) engine.Read
	fold     *folder
	heads    []timed
	at       int    // messages read
	learned  uint64 // inputs whose facts are known
	time     int64
	ids      map[string]bool
	caused   map[uint64]bool               // inputs that caused a message
	refused  map[uint64]bool               // inputs that were refused or named unchanged
	doubted  map[uint64]bool               // inputs of whose patient it was doubted who they are
	told     map[string]map[string]*place  // by referral and placement
	keyOf    map[mapping.Identifier]string // of a referral
	patients map[string]uint64             // of a referral
	moved    map[string]move               // to the record of another
	risks    map[uint64]*risk              // of a patient
	numbers  map[uint64]map[string]bool    // of a patient in the town's index
	apart    map[[2]string]bool            // numbers of two who must not meet
	waived   map[string]map[string]bool    // stop codes that two people set aside for a referral
	doubled  map[uint64]bool               // patients of whom an alert said that they hold two places
	taken    map[string]int                // seats by group, as of the last batch
	before   *program.Catalog              // in force then
	putOff   map[string]string             // groups that Convene put off, to which day
	faults   []string
}

// place is what was told last of a placement.
type place struct {
	status                  mapping.Status
	program, group, expires string
}

// move of a referral: from whose record, and by which input.
type move struct{ from, input uint64 }

// risk is what is known of a patient: the stop codes that hold, and those that two people cleared.
type risk struct{ holds, cleared map[string]bool }

// notice is what the witness reads of a confirmation.
type notice struct {
	ID   string `json:"id"`
	Data struct {
		Status    mapping.Status `json:"status"`
		Previous  mapping.Status `json:"previousStatus"`
		Placement struct {
			ID string `json:"id"`
		} `json:"placement"`
		Program struct {
			ID string `json:"id"`
		} `json:"program"`
		Group struct {
			ID string `json:"id"`
		} `json:"group"`
		Expires  string           `json:"expires"`
		Reasons  []mapping.Reason `json:"reasons"`
		Referral struct {
			Key        string             `json:"key"`
			Identifier mapping.Identifier `json:"identifier"`
		} `json:"referral"`
		Cause struct {
			Sequence uint64 `json:"sequence"`
		} `json:"cause"`
	} `json:"data"`
}

func newWitness(c *catalogs, input func(uint64) engine.Read) *witness {
	return &witness{
		catalogs: c, input: input, fold: newFolder(simulated), ids: map[string]bool{}, caused: map[uint64]bool{}, refused: map[uint64]bool{},
		doubted: map[uint64]bool{}, told: map[string]map[string]*place{}, keyOf: map[mapping.Identifier]string{}, patients: map[string]uint64{}, moved: map[string]move{}, numbers: map[uint64]map[string]bool{},
		apart: map[[2]string]bool{{"P-1", "P-2"}: true, {"P-3", "P-4"}: true},
		risks: map[uint64]*risk{}, waived: map[string]map[string]bool{}, before: c.loaded[CatalogHash(c.first())], doubled: map[uint64]bool{}, taken: map[string]int{}, putOff: map[string]string{},
	}
}

func (w *witness) fault(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// read takes in the batches that it has not seen and returns what is wrong with them.
func (w *witness) read(msgs []Stored) []string {
	w.faults = nil
	for i := w.at; i < len(msgs); i++ {
		if msgs[i].Subject == HeadSubject(simulated) {
			w.batch(msgs[w.at:i], msgs[i])
			w.at = i + 1
		}
	}
	return w.faults
}

func (w *witness) batch(msgs []Stored, last Stored) {
	head, err := roster.DecodeHead(last.Data)
	if err != nil {
		w.fault("%v", err)
		return
	}
	for _, m := range append(slices.Clone(msgs), last) {
		if m.Subject[0] != 'p' {
			if err := w.fold.add(m); err != nil {
				w.fault("the ledger does not fold: %v", err)
				return
			}
		}
	}
	confirmations := w.skim(msgs, head)
	for i, m := range msgs {
		if c := confirmations[i]; c == nil {
			d, _ := roster.DecodeDecision(m.Data)
			w.reach(d.Cause)
			w.caused[d.Cause] = true // an act may be told to nobody
			w.belongs(roster.KeyOf('r', d.Key), d.Record.Patient, d.Cause)
		} else {
			w.reach(c.Data.Cause.Sequence)
			w.confirmation(c)
		}
	}
	w.postponed(head, confirmations)
	w.learnUntil(head.Input)
	for _, c := range head.Changes {
		if c.Type == roster.ChangeMerged {
			w.merge(c.Key, c.Patient)
		}
	}
	if !head.More {
		w.learnUntil(head.Input + 1)
	}
	w.account(head)
	w.state(head)
}

// postponed holds what the ledger says of groups put off against what their members are told in the same batch.
func (w *witness) postponed(head *roster.Head, confirmations map[int]*notice) {
	told := map[string]bool{}
	for _, c := range confirmations {
		is := func(rule string) bool {
			return slices.ContainsFunc(c.Data.Reasons, func(r mapping.Reason) bool { return r.Code == rule })
		}
		if is(roster.RuleGroupPostponed) && is(roster.RuleBelowMinimum) {
			told[c.Data.Group.ID] = true
		}
	}
	for _, c := range head.Changes {
		if c.Type != roster.ChangePostponed {
			continue
		}
		if to, before := w.putOff[c.Group]; before || c.To <= c.From || !told[c.Group] {
			w.fault("input %d: %s is put off from %s to %s; before: %q; told: %v", c.Input, c.Group, c.From, c.To, to, told[c.Group])
		}
		w.putOff[c.Group] = c.To
		delete(told, c.Group)
	}
	for group := range told {
		w.fault("input %d: members of %s are told that it is put off, and the ledger does not know", head.Input, group)
	}
}

// skim parses the confirmations, by index, and notes which inputs were not obeyed: what follows depends on it.
func (w *witness) skim(msgs []Stored, head *roster.Head) map[int]*notice {
	out := map[int]*notice{}
	for i, m := range msgs {
		if m.Subject[0] != 'p' {
			continue
		}
		c := new(notice)
		if err := json.Unmarshal(m.Data, c); err != nil {
			w.fault("%s: %v", m.Subject, err)
		}
		out[i] = c
		w.caused[c.Data.Cause.Sequence] = true
		w.refused[c.Data.Cause.Sequence] = w.refused[c.Data.Cause.Sequence] || c.Data.Status == mapping.Refused
		for _, r := range c.Data.Reasons {
			w.doubted[c.Data.Cause.Sequence] = w.doubted[c.Data.Cause.Sequence] || r.Code == roster.RuleIdentityConflict || r.Code == "alert-"+roster.RuleIdentityConflict
		}
		if c.Data.Referral.Key[0] == 'r' && c.Data.Referral.Identifier.Value != "" {
			w.keyOf[c.Data.Referral.Identifier] = c.Data.Referral.Key
		}
	}
	for _, u := range head.Unchanged {
		w.refused[u.Input], w.caused[u.Input] = true, true
	}
	return out
}

// account holds the head against the one before: no input left out, no time taken back.
func (w *witness) account(head *roster.Head) {
	first := uint64(1)
	if n := len(w.heads); n > 0 {
		first = w.heads[n-1].input + 1
	}
	for seq := first; seq <= head.Input; seq++ {
		if !w.caused[seq] && !(head.More && seq == head.Input) {
			w.fault("input %d is not accounted for", seq)
		}
	}
	if head.Time < w.time {
		w.fault("time goes back from %d to %d", w.time, head.Time)
	}
	w.time = head.Time
	w.heads = append(w.heads, timed{head.Input, head.Floor})
}

// confirmation follows what is told of one placement.
func (w *witness) confirmation(c *notice) {
	d := &c.Data
	if w.ids[c.ID] {
		w.fault("confirmation %s is published twice", c.ID)
	}
	w.ids[c.ID] = true
	key := d.Referral.Key
	if d.Placement.ID == "" { // of a refusal, an erasure
		if key[0] == 'r' {
			delete(w.told, key)
		}
		return
	}
	places := w.told[key]
	if places == nil {
		places = map[string]*place{}
		w.told[key] = places
	}
	was := places[d.Placement.ID]
	if was == nil {
		was = w.joined(places, d.Previous)
	}
	now := &place{d.Status, d.Program.ID, d.Group.ID, d.Expires}
	where := fmt.Sprintf("%s of %s, input %d", d.Placement.ID, key, d.Cause.Sequence)
	switch {
	case was.status != d.Previous:
		w.fault("%s: %s follows %q, and it was told %q", where, d.Status, d.Previous, was.status)
	case !mapping.Allowed(d.Previous, d.Status):
		w.fault("%s: it may not go from %s to %s", where, d.Previous, d.Status)
	case was.status.Final():
		w.fault("%s: %s after it ended as %s", where, d.Status, was.status)
	}
	approved := slices.ContainsFunc(d.Reasons, func(r mapping.Reason) bool { return r.Code == roster.RuleApproved }) // a person ends one by another
	if was.status == mapping.Offered && now.status == mapping.Offered && (was.group != now.group || was.expires != now.expires && !withheld(c)) && !approved {
		w.fault("%s: an offer became another without an end", where)
	}
	places[d.Placement.ID] = now
	w.seated(where, c, was)
	w.met(where, c, was)
	for _, r := range d.Reasons {
		if r.Code == "alert-"+roster.RuleDoubleSeat {
			w.doubled[w.patients[key]] = true
		}
	}
}

// withheld: an offer was accepted, and an alert keeps it from being a place for so much longer.
func withheld(c *notice) bool {
	return len(c.Data.Reasons) == 1 && strings.HasPrefix(c.Data.Reasons[0].Code, "alert-")
}

// joined is the placement of a referral that became part of another's place, and goes by that name now; without one this
// is the first that is told of it.
func (w *witness) joined(places map[string]*place, previous mapping.Status) *place {
	if previous != "" {
		for id, p := range places {
			if p.status == previous {
				delete(places, id)
				return p
			}
		}
	}
	return &place{}
}

// state counts seats and places anew, and looks for offers that should be over.
func (w *witness) state(head *roster.Head) {
	if head.More {
		return
	}
	cat := w.catalogs.loaded[head.Catalog]
	holders, live := map[string]map[uint64]bool{}, map[string]map[string]bool{}
	for key, places := range w.told {
		for id, p := range places {
			patient := w.patients[key]
			if p.status.HoldsSeat() && closedGroup(cat, p.group) {
				put(holders, p.group, patient)
			}
			if p.status.HoldsSeat() || p.status == mapping.Waitlisted {
				put(live, fmt.Sprint(roster.KeyOf('p', patient), " ", p.program), id)
			}
			if p.status == mapping.Offered && !w.stands(p.expires) {
				w.fault("%s of %s: the offer outlived its end, %s", id, key, p.expires)
			}
		}
	}
	for place, ids := range live {
		var patient uint64
		_, _ = fmt.Sscanf(place, "p%d", &patient)
		if len(ids) > 1 && !w.doubled[patient] {
			w.fault("%s holds or waits for %d places, and no alert says so", place, len(ids))
		}
	}
	counts := map[string]int{}
	for group, by := range holders {
		counts[group] = len(by)
		// What fell due before a catalog came was done by the one before.
		if limit := max(seatsOf(cat, group), seatsOf(w.before, group)); limit > 0 && len(by) > limit && len(by) > w.taken[group] {
			w.fault("group %s has %d seats and %d are held", group, limit, len(by))
		}
		if held := w.fold.state.Taken(group); held != len(by) {
			w.fault("group %s: %d seats are held by what was told, %d by the state", group, len(by), held)
		}
	}
	w.taken, w.before = counts, cat
	shrunk := func(group string) int { return max(seatsOf(cat, group), counts[group]) }
	w.faults = append(w.faults, w.fold.state.Check(w.fold.state.LiveKeys(), shrunk)...)
}

func put[K comparable](m map[string]map[K]bool, at string, k K) {
	if m[at] == nil {
		m[at] = map[K]bool{}
	}
	m[at][k] = true
}

// closedGroup reports whether a group holds seats: all do but drop-in ones. Groups that are gone were none of those.
func closedGroup(cat *program.Catalog, group string) bool {
	g, ok := cat.Group(group)
	return !ok || g.Enrolment != program.EnrolmentOpen
}

func seatsOf(cat *program.Catalog, group string) int {
	if g, ok := cat.Group(group); ok {
		return g.Seats.Max
	}
	return 0
}

// differs says how a worker's state is not what the ledger folds to; empty: it is. A floor that a worker has set for its
// next batch is its own.
func (w *witness) differs(s *roster.State) string {
	floor := s.Position.Floor
	s.Position.Floor = w.fold.state.Position.Floor
	defer func() { s.Position.Floor = floor }()
	got, err := s.Digest()
	want, err2 := w.fold.state.Digest()
	if err != nil || err2 != nil || got != want {
		return fmt.Sprintf("its state is not what the ledger folds to (%v, %v)", err, err2)
	}
	return ""
}

// last is what must hold when everything is decided and everything due has happened.
func (w *witness) last(inputs uint64) (faults []string) {
	if got := w.fold.state.Position.Input; got != inputs {
		faults = append(faults, fmt.Sprintf("%d inputs are decided, of %d", got, inputs))
	}
	for key, places := range w.told {
		for id, p := range places {
			if p.status == mapping.Offered {
				faults = append(faults, fmt.Sprintf("%s of %s: the offer has no end", id, key))
			}
		}
	}
	return faults
}
