package roster

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/program"
)

// pickedOf are the groups of a catalog whose leader chooses whom to take in, by index; nil where none does.
func pickedOf(cat *program.Catalog) []bool {
	var out []bool
	for i := range cat.Groups {
		if p, ok := cat.Program(cat.Groups[i].Program); ok && p.Admission == program.AdmissionTherapist {
			if out == nil {
				out = make([]bool, len(cat.Groups))
			}
			out[i] = true
		}
	}
	return out
}

// picked reports whether a group takes in nobody but whom its leader chooses.
func (o *Offering) picked(group int32) bool { return o.picks != nil && o.picks[group] }

// nominate seeks, for who suits no other group, one whose leader chooses: the leader's own clients first, then others where
// the program takes them. The result is that of looking for it; Chosen is the group, in which no seat is taken.
func (d *step) nominate(rec *Record, pl *Placement, only int32) (m match.Result, ok bool) {
	if d.offer.picks == nil || len(d.mustReview(rec, nil)) > 0 {
		return m, false
	}
	p, _ := d.patientIndex(rec.Patient)
	var of []string
	if t := d.tiesIn(d.offer); t != nil {
		of = t.clients[p]
	}
	for _, clients := range []bool{true, false} {
		q := d.query(rec, pl, only)
		barred := d.barred(rec, pl, true)
		q.Conflict = func(group int32) string {
			g := &d.offer.Catalog.Groups[group]
			offered, _ := d.offer.Catalog.Program(g.Program)
			switch own := slices.Contains(of, g.Leader); {
			case !d.offer.picked(group), pl.unchosen(g.ID), !own && (clients || offered.ClientsOnly):
				return match.RuleLeaderChoice
			case barred != nil:
				return barred(group)
			}
			return ""
		}
		if m = d.offer.Book.Match(q); m.Chosen >= 0 || len(m.NeedsInfo) > 0 {
			return m, true
		}
	}
	return m, false
}

// unchosen reports whether the leader of a group did not choose the patient.
func (p *Placement) unchosen(group string) bool {
	return p.Past != nil && slices.Contains(p.Past.Unchosen, group)
}

// nominated is the group that a placement is nominated for; empty without one.
func (p *Placement) nominated() string {
	if p.Past == nil || p.Status != mapping.Review {
		return ""
	}
	return p.Past.Nominated
}

// setNominated notes the group that a placement is nominated for, or that there is none.
func (p *Placement) setNominated(group string) {
	if p.Past == nil && group == "" || p.Past != nil && p.Past.Nominated == group {
		return
	}
	past := p.past()
	past.Nominated = group
	p.Past = past
}

// choose is a leader's answer to a nomination. Who is taken in is checked again, and asked where the program asks the patient;
// who is not is sought a place elsewhere.
func (d *step) choose(e *mapping.Event, rec *Record, id PlacementID) {
	pl := &rec.Placements[rec.find(id)]
	group := pl.nominated()
	switch {
	case group == "":
		d.refuse(notNow(e, pl.Status))
		return
	case e.By != mapping.ByLeader:
		d.refuse(mapping.Issue{Path: "data.by", Code: "not-asked", Text: "the leader is asked, not the patient"})
		return
	case e.Type == mapping.OfferDeclined:
		dec := d.own(rec)
		pl = &dec.Record.Placements[rec.find(id)]
		past := pl.past()
		past.Nominated, past.Unchosen = "", appendNew(past.Unchosen, group)
		pl.Past = past
		d.save(dec)
		d.resume(rec.Key, reason(RuleNotOffered))
		return
	case len(d.mustReview(rec, nil)) > 0:
		d.refuse(notNow(e, pl.Status))
		return
	case d.offer.Book.Group(group) >= 0 && d.outdated(rec, d.offer.Book.ProgramOf(d.offer.Book.Group(group))):
		d.own(rec)
		d.doubt(rec, RuleRiskOutdated, d.wanted(rec, RuleRiskOutdated, d.offer.Book.Group(group)))
		return
	}
	asked := *e
	asked.Group = group
	at := d.approvable(&asked, rec, id)
	if at < 0 {
		return
	}
	dec := d.own(rec)
	pl = &dec.Record.Placements[rec.find(id)]
	d.vacate(pl)
	d.seat(dec.Record, pl, at)
	pl.setNominated("")
	if pl.Status == mapping.Offered {
		d.leaderAgreed(pl)
	}
	d.save(dec)
	d.tellAs(dec, rec.find(id), mapping.Review, []mapping.Reason{reason(seated(pl)), reason(RuleChosen)}, nil, d.turn.Decoded.Issues)
}

// leaderAgreed counts the choice as the leader's acceptance where the program asks for it.
func (d *step) leaderAgreed(pl *Placement) {
	switch p, _ := d.offer.Catalog.Program(pl.Program); p.Acceptance {
	case program.AcceptanceLeader:
		pl.Status, pl.Due, pl.Expires = mapping.Placed, 0, 0
	case program.AcceptanceBoth:
		past := pl.past()
		past.Accepted = mapping.ByLeader
		pl.Past = past
	}
}

// sameClinician reports whether the leader of a group sees the patient alone as well. That is allowed, and noted.
func (d *step) sameClinician(rec *Record, g *program.Group) bool {
	t := d.tiesIn(d.offer)
	if t == nil || g.Leader == "" {
		return false
	}
	p, _ := d.patientIndex(rec.Patient)
	return slices.Contains(t.clients[p], g.Leader)
}
