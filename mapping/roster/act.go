package roster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/convene-health/convene/mapping"
)

// act obeys an event of a placement's life, or an act of the desk. The table of transitions says what it may find.
func (d *step) act(e *mapping.Event) {
	if e.Type.OfDesk() && e.Source != mapping.SourceDesk && e.Source != mapping.SourceAdmin {
		d.refuse(mapping.Issue{Path: "type", Code: "not-allowed", Text: "only the desk may send " + string(e.Type)})
		return
	}
	rec, id, ok := d.actOn(e)
	if !ok {
		return
	}
	switch e.Type {
	case mapping.OfferAccepted:
		d.accept(e, rec, id)
	case mapping.OfferDeclined:
		if rec.Placements[rec.find(id)].Status == mapping.Review {
			d.choose(e, rec, id)
			return
		}
		d.own(rec)
		d.giveBack(rec, id, RuleDeclined)
	case mapping.ContactAttempted:
		d.contact(e, rec, id)
	case mapping.ParticipantEnrolled:
		d.enrol(e, rec, id)
	case mapping.SessionAttended, mapping.SessionMissed, mapping.SessionNotHeld:
		d.attend(e, rec, id)
	case mapping.ParticipantDroppedOut:
		d.conclude(rec, id, mapping.DroppedOut, RuleDroppedOut)
	case mapping.ParticipantCompleted:
		d.conclude(rec, id, mapping.Completed, RuleAttendedAll)
	case mapping.ParticipantElsewhere:
		d.conclude(rec, id, mapping.Closed, RuleElsewhere)
	case mapping.SeatReleased:
		d.conclude(rec, id, e.Outcome, RuleReleased)
	case mapping.CancelRequested:
		d.own(rec)
		d.doubt(rec, RuleCancelRequested, d.turn.Decoded.Issues)
	case mapping.ReferralReassigned:
		d.reassign(e, rec)
	default:
		d.desk(e, rec, id)
	}
}

// wholeReferral are the acts that are about a referral and not about one of its placements.
var wholeReferral = []mapping.EventType{
	mapping.CancelRequested, mapping.ReferralReassigned, mapping.ReviewAssigned, mapping.ReviewSamePerson, mapping.ReviewDifferentPerson, mapping.ReviewOverridden,
}

// actOn finds the placement that an act is about: the one named, or the only one in a status that the act may find. It
// answers the sender itself when there is none.
func (d *step) actOn(e *mapping.Event) (rec *Record, id PlacementID, ok bool) {
	row, found := d.rowNamed(e)
	if !found {
		d.unknown(e)
		return nil, id, false
	}
	known := d.rows[row]
	if !d.mayChange(e.Source, known) {
		d.refuse(notOwner(e.Source))
		return nil, id, false
	}
	if rec = d.live[known.key]; rec == nil {
		d.tooLate(e, known)
		return nil, id, false
	}
	may := mapping.StatusesFor(e.Type)
	var fitting, others []*Placement
	for i := range rec.Placements {
		pl := &rec.Placements[i]
		switch {
		case e.Target.Placement != "" && pl.ID.String() != e.Target.Placement:
		case e.Type == mapping.OfferAccepted && pl.Status == mapping.Review && pl.nominated() == "", e.Type == mapping.OfferDeclined && pl.Status == mapping.Review && pl.nominated() == "":
			others = append(others, pl)
		case slices.Contains(may, pl.Status):
			fitting = append(fitting, pl)
		default:
			others = append(others, pl)
		}
	}
	switch {
	case len(fitting) == 1 || len(fitting) > 1 && slices.Contains(wholeReferral, e.Type):
		return rec, fitting[0].ID, true
	case len(fitting) > 1:
		d.refuse(mapping.Issue{Path: "data.target.placement", Code: "ambiguous", Text: "this referral has several such placements; name one"})
	case len(others) == 0:
		d.refuse(mapping.Issue{Path: "data.target.placement", Code: "unknown-placement", Text: "this referral has no such placement"})
	case reached(e, others[len(others)-1].Status):
		d.unchanged("already-"+string(others[len(others)-1].Status), rec.Key)
	default:
		d.refuse(notNow(e, others[len(others)-1].Status))
	}
	return nil, id, false
}

// tooLate answers an act on a referral that has ended: done already, or not possible any more.
func (d *step) tooLate(e *mapping.Event, known row) {
	status := statuses[known.status]
	if reached(e, status) {
		d.unchanged("already-"+string(status), known.key)
		return
	}
	d.refuse(notNow(e, status))
}

// reached reports whether a status is what an act brings about, so that it has been obeyed before.
func reached(e *mapping.Event, status mapping.Status) bool {
	if e.Type == mapping.SeatReleased {
		return status.Final()
	}
	return slices.ContainsFunc(mapping.Transitions, func(t mapping.Transition) bool { return t.Event == e.Type && t.To == status && t.From != t.To })
}

// notNow refuses an act that the table of transitions does not list.
func notNow(e *mapping.Event, status mapping.Status) mapping.Issue {
	var may []string
	for _, s := range mapping.StatusesFor(e.Type) {
		may = append(may, string(s))
	}
	code := "not-allowed"
	if e.Type == mapping.SeatReleased {
		code = "not-seated"
	}
	return mapping.Issue{Path: "data.target", Code: code, Text: fmt.Sprintf("%s is for a placement that is %s; this one is %s", e.Type, strings.Join(may, " or "), status)}
}

// conclude ends a placement for all who share it.
func (d *step) conclude(rec *Record, id PlacementID, status mapping.Status, rule string) {
	d.own(rec)
	d.finishAll(rec, id, status, reason(rule))
}

// reassign gives a referral to another source of the network, which is told of every placement and of all that follows.
func (d *step) reassign(e *mapping.Event, rec *Record) {
	switch {
	case e.Owner == rec.Source:
		d.unchanged("already-owned", rec.Key)
		return
	case !d.isSource(e.Owner):
		d.refuse(mapping.Issue{Path: "data.owner", Code: "unknown-source", Text: "the catalog has no source of this name"})
		return
	}
	dec := d.own(rec)
	dec.Record.Source = e.Owner
	d.save(dec)
	for i := range dec.Record.Placements {
		if s := dec.Record.Placements[i].Status; !s.Final() {
			d.tellAs(dec, i, s, []mapping.Reason{reason(RuleReassigned)}, nil, d.turn.Decoded.Issues)
		}
	}
}

func (d *step) isSource(name string) bool {
	_, ok := d.offer.Catalog.SourceByName(name)
	return ok
}
