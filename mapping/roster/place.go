package roster

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
)

// place decides one placement: a person must look, a fact is missing, a seat, an offer, or the waitlist.
func (d *step) place(dec *Decision, pl *Placement) {
	rec := dec.Record
	waited := pl.Status == mapping.Waitlisted
	d.quieten(rec, pl)
	m, nominated, review := d.seek(rec, pl)
	dec.ask(m.Issues)
	d.vacate(pl)
	switch {
	case len(review) > 0 && waited:
		d.holdBack(dec, pl, review, m)
	case len(review) > 0:
		dec.leaveOpen(pl, mapping.Review, becauseOf(review, m), m)
	case nominated != "":
		pl.setNominated(nominated)
		dec.leaveOpen(pl, mapping.Review, []mapping.Reason{reason(RuleNominated)}, m)
	case len(m.NeedsInfo) > 0 && !waited:
		dec.leaveOpen(pl, mapping.NeedsInfo, outward(m.NeedsInfo), m)
	case m.Join >= 0 && d.join(dec, pl, m.Join, m):
	case m.Chosen >= 0:
		d.seat(rec, pl, m.Chosen)
		if m.Adjunct && pl.Role != mapping.Bridge {
			pl.Role = mapping.Adjunct
		}
		dec.explain(pl.ID, append(append([]mapping.Reason{reason(seated(pl))}, m.Why()...), d.advice(pl)...), m)
	case !waited && (m.Wait < 0 || pl.Role == mapping.Bridge): // a bridge that is waited for is none
		dec.leaveOpen(pl, mapping.Review, []mapping.Reason{reason(RuleNoGroup)}, m)
	default:
		pl.Status, pl.Group = mapping.Waitlisted, ""
		if m.Wait >= 0 {
			pl.Program = d.offer.Book.ProgramID(m.Wait)
		}
		dec.explain(pl.ID, append([]mapping.Reason{reason(RuleWaitlisted)}, outward(m.Causes)...), m)
	}
}

// seek matches what a placement asks for, and lists why a person must decide it. nominated is the group whose leader is to be
// asked, where nothing else is free: then nothing is chosen.
func (d *step) seek(rec *Record, pl *Placement) (m *match.Result, nominated string, review []mapping.Reason) {
	only, known := int32(-1), true
	if pl.Asked != "" {
		only = d.offer.Book.Program(pl.Asked)
		known = only >= 0
	}
	m = new(match.Result)
	if known {
		*m = d.offer.Book.Match(d.query(rec, pl, only))
	}
	pl.setNominated("")
	asks := int32(-1)
	if known && m.Chosen < 0 && m.Join < 0 && m.Wait < 0 && pl.Status != mapping.Waitlisted {
		if n, ok := d.nominate(rec, pl, only); ok {
			if *m = n; m.Chosen >= 0 {
				asks, m.Chosen = m.Chosen, -1
				nominated = d.offer.Book.GroupID(asks)
			}
		}
	}
	review = d.mustReview(rec, outward(m.Review))
	if len(review) == 0 && (d.riskOutdated(rec, m) || asks >= 0 && d.outdated(rec, d.offer.Book.ProgramOf(asks))) {
		review = append(review, reason(RuleRiskOutdated))
	}
	if !known {
		review = append(review, reason(RuleUnknownProgram))
	}
	return m, nominated, review
}

// leaveOpen leaves a placement without program or group, for a person or a fact to settle.
func (dec *Decision) leaveOpen(pl *Placement, status mapping.Status, reasons []mapping.Reason, m *match.Result) {
	pl.Status, pl.Program, pl.Group = status, "", ""
	dec.explain(pl.ID, reasons, m)
}

// holdBack alerts a person of who waits. They are accepted already, so the place in the queue stays.
func (d *step) holdBack(dec *Decision, pl *Placement, review []mapping.Reason, m *match.Result) {
	rec := dec.Record
	pl.Status = mapping.Waitlisted
	for _, why := range d.mustReview(rec, review[:1]) {
		rec.Alerts = appendNew(rec.Alerts, why.Code)
	}
	for i := range review {
		review[i] = mapping.Reason{Code: "alert-" + review[i].Code, Text: review[i].Text}
	}
	dec.explain(pl.ID, becauseOf(review, m), m)
}

// ask notes what gates ask to be sent, each once.
func (dec *Decision) ask(issues mapping.Issues) {
	for _, i := range issues {
		if !slices.Contains(dec.asks, i) {
			dec.asks = append(dec.asks, i)
		}
	}
}

// becauseOf adds what excludes the groups that the matcher's own reasons to review speak of.
func becauseOf(review []mapping.Reason, m *match.Result) []mapping.Reason {
	if len(m.Review) == 0 {
		return review
	}
	return append(review, outward(m.Causes)...)
}
