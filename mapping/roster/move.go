package roster

import (
	"github.com/convene-health/convene/mapping"
)

// move gives a patient who has not begun yet a seat in another group, and theirs to the next suitable person in line. All
// rules are checked as for any group that a person names.
func (d *step) move(e *mapping.Event, rec *Record, id PlacementID) {
	was := rec.Placements[rec.find(id)]
	switch e.Group {
	case "":
		d.refuse(mapping.Issue{Path: "data.group", Code: "required", Text: "this patient has a seat; name the group to move to"})
		return
	case was.Group:
		d.unchanged("already-"+string(was.Status), rec.Key)
		return
	}
	group := d.approvable(e, rec, id)
	if group < 0 {
		return
	}
	told := len(d.out.Notices)
	d.own(rec)
	d.alter(rec, id, func(dec *Decision, pl *Placement) []mapping.Reason {
		d.vacate(pl)
		d.seat(dec.Record, pl, group)
		return []mapping.Reason{reason(seated(pl)), reason(RuleApproved)}
	})
	for i := told; i < len(d.out.Notices); i++ {
		if n := &d.out.Notices[i]; was.First > d.t && !n.FirstSession.Equal(instant(was.First)) {
			n.CalledOff = instant(was.First)
		}
	}
	d.promote(was.Group)
}
