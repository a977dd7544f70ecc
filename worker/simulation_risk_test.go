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
	if e == nil || e.Referral == nil || w.refused[sequence] {
		return
	}
	key, known := w.keyOf[e.Referral.Identifier]
	if !known || w.doubted[sequence] && key != roster.KeyOf('r', sequence) {
		return // an update about another person is not applied
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
		if !w.waived[d.Referral.Key][code] {
			w.fault("%s: %s although %s holds and nobody set it aside", where, d.Status, code)
		}
	}
}

// stands reports whether an offer's end is still to come.
func (w *witness) stands(expires string) bool {
	t, err := time.Parse(time.RFC3339, expires)
	return err == nil && t.UnixMilli() > w.time
}
