package worker

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/roster"
)

// reach goes on to what an input caused. What happened before the input itself, for it was due, happened without its facts:
// they count for what comes after it.
func (w *witness) reach(sequence uint64) {
	w.learnUntil(sequence)
	w.answer(sequence)
}

// learnUntil takes in the facts of the inputs before a sequence.
func (w *witness) learnUntil(sequence uint64) {
	for ; w.learned+1 < sequence; w.learned++ {
		w.learn(w.learned + 1)
	}
}

// learn takes in one input: a risk that it brought to light, where it was obeyed.
func (w *witness) learn(sequence uint64) {
	e := w.input(sequence).Event
	if e == nil || w.refused[sequence] {
		return
	}
	if e.Type == mapping.PairAdded || e.Type == mapping.PairEnded {
		a, b := e.People[0].Identifier.Value, e.People[1].Identifier.Value
		w.apart[[2]string{min(a, b), max(a, b)}] = e.Type == mapping.PairAdded
	}
	if e.Referral == nil {
		return
	}
	key, known := w.keyOf[e.Referral.Identifier]
	if !known || w.doubted[sequence] && key != roster.KeyOf('r', sequence) {
		return // an update about another person is not applied
	}
	if !w.doubted[sequence] { // else the numbers may be another's
		w.known(w.patients[key], e.Referral)
	}
	r := w.riskOf(w.patients[key])
	for _, c := range e.Referral.Conditions {
		if code := c.Codes[0].Code; slices.Contains(stopCodes, code) && !r.cleared[code] {
			r.holds[code] = true
		}
	}
}

// answer takes in what two people set aside, before anything is seated by it.
func (w *witness) answer(sequence uint64) {
	e := w.input(sequence).Event
	if e == nil || w.refused[sequence] || e.Source != mapping.SourceDesk || !twoRoles(e) {
		return
	}
	key := w.keyOf[e.Target.Identifier]
	r := w.riskOf(w.patients[key])
	if w.waived[key] == nil {
		w.waived[key] = map[string]bool{}
	}
	switch {
	case e.Type == mapping.ReviewApproved:
		maps.Copy(w.waived[key], r.holds)
	case e.Type == mapping.ReviewOverridden && slices.ContainsFunc(e.Override, func(rule string) bool { return strings.HasSuffix(rule, roster.RuleStop) || rule == "suicide_acute" }):
		maps.Copy(w.waived[key], r.holds)
		maps.Copy(r.cleared, r.holds)
		clear(r.holds)
	}
}

// belongs notes whose a referral is.
func (w *witness) belongs(key string, patient, input uint64) {
	if was, known := w.patients[key]; known && was != patient {
		w.moved[key] = move{was, input}
	}
	w.patients[key] = patient
}

// twoRoles: two people act, in two roles.
func twoRoles(e *mapping.Event) bool {
	return e.Approver.Name != "" && e.Approver.Name != e.Actor && e.Role != "" && e.Approver.Role != e.Role
}

func (w *witness) riskOf(patient uint64) *risk {
	if w.risks[patient] == nil {
		w.risks[patient] = &risk{map[string]bool{}, map[string]bool{}}
	}
	return w.risks[patient]
}

// merge makes two patients one, with the risks of both.
func (w *witness) merge(from, into uint64) {
	f, i := w.riskOf(from), w.riskOf(into)
	maps.Copy(i.holds, f.holds)
	maps.Copy(i.cleared, f.cleared)
	for n := range w.numbers[from] {
		w.number(into, n)
	}
	w.doubled[into] = w.doubled[into] || w.doubled[from]
	for key, p := range w.patients {
		if p == from {
			w.patients[key] = into
		}
	}
}

// seated: nobody is given a seat, or the offer of one, whose risk is known and not set aside by two people. Who was
// enrolled outside takes part already: that is a report, and no placement.
func (w *witness) seated(where string, c *notice, was *place) {
	d := &c.Data
	e := w.input(d.Cause.Sequence).Event
	if !d.Status.HoldsSeat() || was.status.HoldsSeat() && was.group == d.Group.ID || e != nil && e.Type == mapping.ParticipantEnrolled {
		return
	}
	patient := w.patients[d.Referral.Key]
	if m, moved := w.moved[d.Referral.Key]; moved && m.input == d.Cause.Sequence {
		patient = m.from // what fell due happened before the records became one
	}
	for code := range w.riskOf(patient).holds {
		if !w.setAside(d.Placement.ID, code) {
			w.fault("%s: %s although %s holds and nobody set it aside", where, d.Status, code)
		}
	}
}

// setAside reports whether two people set a stop code aside for a placement, by whichever of the referrals that share it.
func (w *witness) setAside(placement, code string) bool {
	for key, places := range w.told {
		if places[placement] != nil && w.waived[key][code] {
			return true
		}
	}
	return false
}

// known notes by which numbers a patient is known.
func (w *witness) known(patient uint64, r *mapping.Referral) {
	for _, id := range r.Patient.Identifiers {
		if id.System == personSystem {
			w.number(patient, id.Value)
		}
	}
}

func (w *witness) number(patient uint64, n string) {
	if w.numbers[patient] == nil {
		w.numbers[patient] = map[string]bool{}
	}
	w.numbers[patient][n] = true
}

// met: nobody is given a seat beside one whom they must not meet, whoever acts. Who was enrolled outside sits there already,
// and a second referral of who sits there joins their seat.
func (w *witness) met(where string, c *notice, was *place) {
	d := &c.Data
	input := w.input(d.Cause.Sequence)
	if e := input.Event; e != nil {
		if e.Type == mapping.ParticipantEnrolled {
			return
		}
		if e.Referral != nil && d.Referral.Key == roster.KeyOf('r', d.Cause.Sequence) && !w.doubted[d.Cause.Sequence] {
			w.known(w.patients[d.Referral.Key], e.Referral)
		}
	}
	joined := slices.ContainsFunc(d.Reasons, func(r mapping.Reason) bool { return r.Code == roster.RuleAlreadyPlaced })
	if !d.Status.HoldsSeat() || was.status.HoldsSeat() && was.group == d.Group.ID || joined {
		return
	}
	patient := w.patients[d.Referral.Key]
	for key, places := range w.told {
		other := w.patients[key]
		for _, p := range places {
			if other != patient && p.status.HoldsSeat() && p.group == d.Group.ID && w.mustNotMeet(patient, other) {
				w.fault("%s: %s in %s, where %s sits whom they must not meet", where, d.Status, d.Group.ID, key)
			}
		}
	}
}

func (w *witness) mustNotMeet(a, b uint64) bool {
	for x := range w.numbers[a] {
		for y := range w.numbers[b] {
			if w.apart[[2]string{min(x, y), max(x, y)}] {
				return true
			}
		}
	}
	return false
}

// stands reports whether an offer's end is still to come.
func (w *witness) stands(expires string) bool {
	t, err := time.Parse(time.RFC3339, expires)
	return err == nil && t.UnixMilli() > w.time
}
