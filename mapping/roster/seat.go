package roster

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/program"
)

// placeAll decides every placement of a referral that is not settled, saves the record and tells each. A placement that
// holds a seat keeps it and is told that the update is recorded. was is the referral before the update; nil without one.
func (d *step) placeAll(was *Record, dec *Decision, issues mapping.Issues) {
	rec := dec.Record
	before := slices.Clone(rec.Placements)
	var together []PlacementID
	for i := range rec.Placements {
		pl := &rec.Placements[i]
		if pl.Status.Final() {
			continue
		}
		if pl.Status.HoldsSeat() {
			d.stands(was, dec, pl)
			continue
		}
		shared := pl.Status == mapping.Waitlisted && len(d.sharing(rec, pl.ID)) > 1
		d.place(dec, pl)
		if shared && pl.Status.HoldsSeat() { // a seat is for all who wait in this place
			*pl = before[i]
			dec.explain(pl.ID, []mapping.Reason{reason(RuleUpdated)}, nil)
			together = append(together, pl.ID)
		}
		// The next placement of this referral sees what this one took.
		dec.Record = rec
		d.save(dec)
		dec.Record = rec.clone()
		rec = dec.Record
	}
	d.bridge(dec)
	d.save(dec)
	for i := range rec.Placements {
		if i < len(before) && before[i].Status.Final() {
			continue
		}
		var previous mapping.Status
		if i < len(before) {
			previous = before[i].Status
		}
		d.tell(rec, i, previous, dec.reasonsOf(rec.Placements[i].ID), append(issues[:len(issues):len(issues)], dec.asks...))
	}
	d.alarm(rec.Patient, rec.Key)
	d.alertTies(rec.Patient, false)
	d.refill(before, rec)
	for _, id := range together {
		d.replace(rec.Key, id)
	}
	d.settleOffers(rec.Key)
}

// outward are the matcher's reasons as the outside may read them.
func outward(reasons []match.Reason) []mapping.Reason {
	out := make([]mapping.Reason, len(reasons))
	for i, r := range reasons {
		out[i] = r.Outward()
	}
	return out
}

func (dec *Decision) reasonsOf(id PlacementID) []mapping.Reason {
	i := slices.IndexFunc(dec.Results, func(r Result) bool { return r.Placement == id })
	if i < 0 {
		return nil
	}
	return dec.Results[i].Reasons
}

// stands keeps a seat through an update; what would have asked a person to decide becomes an alert.
func (d *step) stands(was *Record, dec *Decision, pl *Placement) {
	rec := dec.Record
	d.quieten(rec, pl)
	var alerts []mapping.Reason
	for _, why := range d.mustReview(rec, nil) {
		if !slices.Contains(rec.Alerts, why.Code) {
			rec.Alerts = append(rec.Alerts, why.Code)
			alerts = append(alerts, alert(why.Code))
		}
	}
	alerts = append(alerts, d.unsuited(was, rec, pl)...)
	if len(alerts) == 0 {
		alerts = []mapping.Reason{reason(RuleUpdated)}
	}
	dec.explain(pl.ID, alerts, nil)
}

// query asks the matcher about a placement of a referral, within one program or any (-1).
func (d *step) query(rec *Record, pl *Placement, program int32) match.Query {
	taken := d.takenIn(d.offer.Book)
	held, beside := d.heldFor(rec, pl)
	q := match.Query{Need: rec.Need, At: instant(d.t), Program: program, Held: held, Beside: beside, Used: d.used(rec), Taken: func(group int32) int { return int(taken[group]) }, Conflict: d.barred(rec, pl, false)}
	if d.offer.reserves != nil {
		lane := d.laneOf(rec, pl.ID)
		q.Taken = func(group int32) int { return int(taken[group]) + d.kept(group, lane) }
	}
	return q
}

// barred names the rule that keeps a placement out of a group; nil: none keeps it out of any.
func (d *step) barred(rec *Record, pl *Placement, nominating bool) func(group int32) string {
	people := d.keptOut(rec)
	if people == nil && d.offer.picks == nil && (pl.Past == nil || len(pl.Past.Not) == 0) && !d.offer.consent && len(rec.Labels) == 0 && len(rec.Consents) == 0 {
		return nil
	}
	return func(group int32) string {
		if pl.refused(d.offer.Book.GroupID(group)) {
			return match.RuleDeclined
		}
		if !nominating && d.offer.picked(group) {
			return match.RuleLeaderChoice
		}
		if people != nil {
			if rule := people.rule(group); rule != "" {
				return rule
			}
		}
		return d.unconsented(rec, group)
	}
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// mustReview lists why a person must decide, the gravest first.
func (d *step) mustReview(rec *Record, found []mapping.Reason) []mapping.Reason {
	var out []mapping.Reason
	p, _ := d.State.Patient(rec.Patient)
	for _, rule := range rulesOf(p.Risks) {
		if !slices.Contains(rec.Waived, rule) {
			out = append(out, reason(rule))
		}
	}
	for _, rule := range rec.Doubts {
		if r := reason(rule); !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return append(out, found...)
}

// heldFor are the programs in which the patient holds or waits for a place other than pl; beside those of them in which the
// place is theirs.
func (d *step) heldFor(rec *Record, pl *Placement) (held, beside []int32) {
	p, _ := d.patientIndex(rec.Patient)
	for _, key := range d.lives.of(p) {
		other := d.live[key]
		if key == rec.Key {
			other = rec
		}
		for i := range other.Placements {
			x := &other.Placements[i]
			if !accepted(*x) || key == rec.Key && x.ID == pl.ID {
				continue
			}
			at := d.offer.Book.Program(x.Program)
			if at < 0 {
				continue
			}
			if held = append(held, at); theirs(*x) {
				beside = append(beside, at)
			}
		}
	}
	return held, beside
}

// beside are the programs in which the patient has a place that is theirs, other than pl.
func (d *step) beside(rec *Record, pl *Placement) []int32 {
	_, out := d.heldFor(rec, pl)
	return out
}

// join makes pl share the place that the patient has in a program under another referral.
func (d *step) join(dec *Decision, pl *Placement, program int32, m *match.Result) bool {
	p, _ := d.patientIndex(dec.Record.Patient)
	name := d.offer.Book.ProgramID(program)
	for _, key := range d.lives.of(p) {
		for _, other := range d.live[key].Placements {
			if key == dec.Record.Key || other.Program != name || !accepted(other) || other.ID != pl.ID && dec.Record.find(other.ID) >= 0 {
				continue
			}
			asked, opened := pl.Asked, pl.Opened
			*pl = other
			pl.Asked, pl.Opened = asked, opened
			rule := RuleAlreadyPlaced
			if pl.Status == mapping.Waitlisted {
				rule = RuleAlreadyWaiting
			}
			reasons := []mapping.Reason{reason(rule)}
			if d.live[key].doubled() {
				// The place may be the doubled one, and outlive the referral that says so.
				dec.Record.Alerts = appendNew(dec.Record.Alerts, RuleDoubleSeat)
				reasons = append(reasons, alert(RuleDoubleSeat))
			}
			dec.explain(pl.ID, reasons, m)
			return true
		}
	}
	return false
}

// seat puts a placement into a group: offered where the program asks the patient, else placed.
func (d *step) seat(rec *Record, pl *Placement, group int32) {
	cat := d.offer.Catalog
	g := &cat.Groups[group]
	prog, _ := cat.Program(g.Program)
	pl.Program, pl.Group = g.Program, g.ID
	pl.Seat = g.Enrolment != program.EnrolmentOpen
	if own := d.sameClinician(rec, g); own || pl.Past != nil && pl.Past.Own {
		past := pl.past()
		past.Own = own
		pl.Past = past
	}
	if first, ok := cat.FirstSessionAfter(g, instant(d.t)); ok {
		pl.First = millis(first)
	}
	policy := cat.Policy.Filled()
	switch {
	case prog.Acceptance != program.AcceptanceAuto:
		days := policy.OfferDays
		if lane(rec.Priority) > 0 {
			days = policy.OfferDaysUrgent
		}
		pl.Status, pl.Expires = mapping.Offered, millis(cat.BusinessDays(instant(d.t), days))
		pl.Due = d.t + (pl.Expires-d.t)/2
	case g.Enrolment == program.EnrolmentOpen:
		pl.Status, pl.Due = mapping.Placed, d.t+int64(policy.HandoverDays)*dayMillis
	default:
		pl.Status = mapping.Placed
	}
}

func seated(pl *Placement) string {
	if pl.Status == mapping.Offered {
		return RuleOffered
	}
	return RulePlaced
}

// find is the index of a placement, or -1.
func (r *Record) find(id PlacementID) int {
	return slices.IndexFunc(r.Placements, func(p Placement) bool { return p.ID == id })
}
