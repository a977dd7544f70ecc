package roster

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/program"
)

// What one person has but once, what is to be asked again before therapy, and advice that goes with a place.

// benefitOf names a program's benefit: that of the shipped program it is from, whatever its name here. Empty: it has none.
func benefitOf(p *program.Program) string {
	switch {
	case p.Benefit.Once == "":
		return ""
	case p.From != "":
		return p.From
	}
	return p.ID
}

// used are the programs whose benefit the patient of a referral has used up by what Convene has seen. Under which referral a
// place is held does not matter: that is held, and joined.
func (d *step) used(rec *Record) (programs []int32) {
	if !d.offer.benefits {
		return nil
	}
	p, _ := d.State.Patient(rec.Patient)
	for _, u := range p.Used {
		for i := range d.offer.Catalog.Programs {
			x := &d.offer.Catalog.Programs[i]
			if benefitOf(x) == u.Benefit && d.counts(x, u) && !rec.attends(u.Benefit, d.offer.Catalog) {
				programs = append(programs, int32(i))
			}
		}
	}
	return programs
}

// counts reports whether a use still bars from a program's benefit.
func (d *step) counts(p *program.Program, u Use) bool {
	days, bounded := p.Benefit.Days()
	return !bounded || d.t-u.Since < int64(days)*dayMillis
}

// attends reports whether a referral itself is what uses a benefit now: its own place stands.
func (r *Record) attends(benefit string, cat *program.Catalog) bool {
	return slices.ContainsFunc(r.Placements, func(pl Placement) bool {
		p, ok := cat.Program(pl.Program)
		return ok && !pl.Status.Final() && pl.Status == mapping.Enrolled && benefitOf(p) == benefit
	})
}

// useBenefits notes for the patient the benefits that begin: from the first session attended. source: assumption
func (d *step) useBenefits(dec *Decision) {
	var begun []Use
	for i := range dec.Record.Placements {
		pl := &dec.Record.Placements[i]
		if pl.Status != mapping.Enrolled && (pl.Status != mapping.Completed || pl.Past == nil) {
			continue
		}
		if p, ok := d.offer.Catalog.Program(pl.Program); ok && benefitOf(p) != "" {
			begun = append(begun, Use{benefitOf(p), d.t})
		}
	}
	if len(begun) == 0 {
		return
	}
	p, ok := d.State.Patient(dec.Record.Patient)
	all := joinedUses(p.Used, begun)
	if !ok || len(all) == len(p.Used) {
		return
	}
	if dec.Patient.Key == 0 {
		dec.Patient = p
	}
	dec.Patient.Used = all
	d.putPatient(Patient{Key: p.Key, Used: all})
}

// joinedUses adds uses that are not there yet; the first of a benefit stays.
func joinedUses(a, b []Use) []Use {
	out := slices.Clip(a)
	for _, u := range b {
		if !slices.ContainsFunc(out, func(x Use) bool { return x.Benefit == u.Benefit }) {
			out = append(out, u)
		}
	}
	return out
}

// riskOutdated reports whether what was found is therapy and the screening for risk is too old for it.
func (d *step) riskOutdated(rec *Record, m *match.Result) bool {
	program := m.Wait
	if m.Chosen >= 0 {
		program = d.offer.Book.ProgramOf(m.Chosen)
	}
	return program >= 0 && d.outdated(rec, program)
}

// awaitsScreening reports whether nothing but an outdated screening keeps a placement in review.
func (d *step) awaitsScreening(rec *Record, pl *Placement) bool {
	if pl.Status != mapping.Review || !d.offer.Book.ScreeningOutdated(rec.Need, instant(d.t)) {
		return false
	}
	why, _ := d.whyReview(rec, pl)
	return len(why) == 1 && why[0].Code == RuleRiskOutdated
}

func (d *step) outdated(rec *Record, program int32) bool {
	return !slices.Contains(rec.Waived, RuleRiskOutdated) && d.offer.Book.RiskOutdated(rec.Need, program, instant(d.t))
}

// gateUnmet reports whether a gate, new or changed, keeps who waits out of the program.
func (d *step) gateUnmet(rec *Record, pl *Placement) bool {
	at := d.offer.Book.Program(pl.Program)
	return pl.Status == mapping.Waitlisted && at >= 0 && !slices.Contains(rec.Waived, RuleGateUnmet) && d.offer.Book.GateUnmet(rec.Need, at, instant(d.t))
}

// advice of a placement's program, as reasons.
func (d *step) advice(pl *Placement) []mapping.Reason {
	if p, ok := d.offer.Catalog.Program(pl.Program); ok && p.FollowUp != "" {
		return []mapping.Reason{{Code: RuleFollowUp, Text: p.FollowUp}}
	}
	return nil
}
