package match

import (
	"cmp"
	"slices"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// Facts that this package itself goes by.
var (
	factAsian           = factOf("asian")
	factGuardianConsent = factOf("guardian-consent")
	factSigned          = factOf("order-signed")
)

func factOf(key string) uint8 {
	f, ok := program.FactByKey(key)
	if !ok {
		panic("match: no fact " + key)
	}
	return f
}

// readTold takes from the referral what gates can ask, where the catalog has any. Conditions tell events, whether they are
// over or not; what is refuted tells nothing.
func (w *normaliser) readTold() {
	r, n := w.referral, &w.need
	for i := range r.Observations {
		if o := &r.Observations[i]; screens(o) {
			n.Screened = max(n.Screened, dayIn(o.Date))
		}
	}
	if id := &r.Requester.Practitioner.Identifier; w.book.panels && id.System == mapping.SystemNPI {
		n.Clinician = intern(id.Value)
	}
	if !w.book.gated {
		return
	}
	for i := range r.Conditions {
		c := &r.Conditions[i]
		if !stated(c) || c.VerificationStatus != "" && c.VerificationStatus != "confirmed" {
			continue
		}
		for _, code := range c.Codes {
			for _, hit := range program.FactsOf(code) {
				w.tell(hit, dayIn(c.Onset), hit.Fixed, !isMeasure(hit.Fact) || hit.HasFixed)
			}
		}
	}
	for i := range r.Observations {
		w.toldBy(i, &r.Observations[i])
	}
	for i := range r.Consents {
		if c := &r.Consents[i]; c.Guardian && c.Decision != "deny" && c.Counts() && len(c.Labels) == 0 && n.told(factGuardianConsent) == nil {
			n.Told = append(n.Told, Told{Fact: factGuardianConsent})
		}
	}
	if r.AuthoredOn != "" && (r.Requester.Practitioner.Family != "" || r.Requester.Practitioner.Identifier.Value != "") {
		n.Told = append(n.Told, Told{Fact: factSigned, Date: dayIn(r.AuthoredOn)})
	}
	slices.SortFunc(n.Told, func(a, b Told) int { return cmp.Compare(a.Fact, b.Fact) })
	g := &r.Patient.Guardian
	n.Guardian = g.Phone != "" && (g.Family != "" || g.Name != "")
}

// tells reports whether a code is one that gates ask for.
func tells(codes []mapping.Code) bool {
	return slices.ContainsFunc(codes, func(c mapping.Code) bool { return len(program.FactsOf(c)) > 0 })
}

// toldBy reads one observation.
func (w *normaliser) toldBy(i int, o *mapping.Observation) {
	for _, hit := range program.FactsOf(o.Code) {
		ordered := o.Answer != nil && o.Answer.System == mapping.SystemFinding && o.Answer.Code == mapping.FindingOrdered
		switch kind := program.Facts()[hit.Fact].Kind; kind {
		case program.FactMeasure:
			value, ok := hit.Measure(o)
			if !ok {
				w.issue(path(answersPrefix, i, "]", -1), "unit-unknown", "The value has no unit, or one that is not known; gates do not see it.")
			}
			w.tell(hit, dayIn(o.Date), value, ok)
		case program.FactOrder:
			w.tell(hit, dayIn(o.Date), 0, ordered || hit.System == mapping.SystemFinding && said(o) != no)
		default:
			w.tell(hit, dayIn(o.Date), 0, !ordered && w.finds(hit, o))
		}
	}
}

// screens reports whether an observation screens for risk.
func screens(o *mapping.Observation) bool {
	if o.Code.System != mapping.SystemLOINC {
		return false
	}
	return o.Code.Code == codePHQ9 || slices.ContainsFunc(safetyOf(o.Code), func(s program.SafetyHit) bool { return s.ByAnswer() })
}

// tell keeps the latest of each fact; of several on one day the highest.
func (w *normaliser) tell(hit program.FactCodeHit, day date, value float64, ok bool) {
	if !ok {
		return
	}
	n := &w.need
	for i := range n.Told {
		if t := &n.Told[i]; t.Fact == hit.Fact {
			if day > t.Date || day == t.Date && value > t.Value {
				t.Date, t.Value = day, value
			}
			return
		}
	}
	n.Told = append(n.Told, Told{hit.Fact, day, value})
}

func isMeasure(fact uint8) bool { return program.Facts()[fact].Kind == program.FactMeasure }

// dayIn is the day of a FHIR dateTime; parts may be unknown.
func dayIn(dateTime string) date {
	if len(dateTime) > len("2006-01-02") {
		dateTime = dateTime[:len("2006-01-02")]
	}
	return dateOf(dateTime)
}

// told is what the need tells of a fact, or nil.
func (n *Need) told(fact uint8) *Told {
	for i := range n.Told {
		if n.Told[i].Fact == fact {
			return &n.Told[i]
		}
	}
	return nil
}

// gates are the rules of a program's own gates.
const gates why = 1<<ruleGate | 1<<ruleGateMissing | 1<<ruleGateUndecided

// GateUnmet reports whether a gate of a program keeps the patient out, by what is told or for want of it.
func (b *Book) GateUnmet(n *Need, program int32, at time.Time) bool {
	if len(b.programs[program].gates) == 0 {
		return false
	}
	var s search
	s.begin(b, Query{Need: n, At: at, Program: program})
	p := s.judge(program)
	return p.why&gates != 0
}

// GateIssues say what the gates of a program ask to be sent, and what excludes.
func (b *Book) GateIssues(n *Need, program int32, at time.Time) mapping.Issues {
	var s search
	s.begin(b, Query{Need: n, At: at, Program: program})
	p := s.judge(program)
	var r Result
	s.issuesOf(&r, &p)
	return r.Issues
}

// ScreeningOutdated reports whether the last dated screening for risk is older than the catalog's policy allows, or is dated in
// the future. A referral that dates no screening is not held back by this.
func (b *Book) ScreeningOutdated(n *Need, at time.Time) bool {
	if n.Screened == 0 {
		return false
	}
	today := b.day(at)
	return n.Screened.ahead(today) || daysBetween(n.Screened.last(), today) > b.cat.Policy.Filled().RiskDays
}

// RiskOutdated reports whether a program is therapy and the screening for risk is outdated.
func (b *Book) RiskOutdated(n *Need, program int32, at time.Time) bool {
	return b.programs[program].kind == therapy && b.ScreeningOutdated(n, at)
}
