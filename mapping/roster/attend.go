package roster

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// enrol records that the patient takes part: in the group of the placement, or in one that the event names, where they were
// enrolled outside Convene.
func (d *step) enrol(e *mapping.Event, rec *Record, id PlacementID) {
	pl := &rec.Placements[rec.find(id)]
	if e.Group == "" && pl.Group == "" {
		d.refuse(mapping.Issue{Path: "data.group", Code: "required", Text: "this placement has no group yet; name the one that the patient joined"})
		return
	}
	left := pl.Group
	if pl.Status == mapping.Enrolled && (e.Group == "" || e.Group == left) {
		d.unchanged("already-enrolled", rec.Key)
		return
	}
	joins := e.Group != "" && e.Group != left
	switch {
	case joins && !d.joins(e, rec, id):
		return
	case !joins && pl.Status == mapping.Offered && !d.mayBegin(e, rec):
		return
	}
	d.own(rec)
	d.alter(rec, id, func(dec *Decision, pl *Placement) []mapping.Reason {
		reasons := []mapping.Reason{reason(RuleEnrolled)}
		if joins {
			d.vacate(pl)
			d.seat(dec.Record, pl, d.offer.Book.Group(e.Group))
			if why := d.against(dec.Record, pl); len(why) > 0 {
				dec.Record.Alerts = appendNew(dec.Record.Alerts, RuleGroupUnsuited)
				reasons = append(append(reasons, alert(RuleGroupUnsuited)), outward(why)...)
			}
		}
		for _, why := range d.mustReview(dec.Record, nil) {
			if undecided(*pl) || !slices.Contains(dec.Record.Alerts, why.Code) {
				dec.Record.Alerts = appendNew(dec.Record.Alerts, why.Code)
				reasons = append(reasons, alert(why.Code))
			}
		}
		d.begin(pl)
		return reasons
	})
	d.alertTies(rec.Patient, false)
	if left != "" && joins {
		d.promote(left)
	}
}

// begin makes a placement enrolled; a drop-in place is still handed over.
func (d *step) begin(pl *Placement) {
	pl.Status, pl.Expires = mapping.Enrolled, 0
	if pl.Seat {
		pl.Due = 0
	}
}

// mayJoin answers the sender itself where a group is unknown or full, or the patient has a place in its program.
func (d *step) mayJoin(e *mapping.Event, rec *Record, id PlacementID) bool {
	at := d.offer.Book.Group(e.Group)
	if at < 0 {
		d.refuse(mapping.Issue{Path: "data.group", Code: "unknown-group", Text: "the catalog has no such group"})
		return false
	}
	g := &d.offer.Catalog.Groups[at]
	switch {
	case g.Seats.Max > 0 && d.Taken(g.ID) >= g.Seats.Max:
		d.refuse(mapping.Issue{Path: "data.group", Code: "full", Text: "every seat of this group is taken"})
		return false
	case slices.Contains(d.heldBeside(rec, id), d.offer.Book.Program(g.Program)):
		d.refuse(mapping.Issue{Path: "data.group", Code: RuleAlreadyPlaced, Text: "the patient already has a place in this program"})
		return false
	}
	return true
}

// heldBeside are the programs in which the patient holds or waits for a place other than one.
func (d *step) heldBeside(rec *Record, id PlacementID) (out []int32) {
	p, _ := d.patientIndex(rec.Patient)
	for _, key := range d.lives.of(p) {
		for i := range d.live[key].Placements {
			if pl := &d.live[key].Placements[i]; pl.ID != id && accepted(*pl) {
				if at := d.offer.Book.Program(pl.Program); at >= 0 {
					out = append(out, at)
				}
			}
		}
	}
	return out
}

// attend records one session. The first that is attended enrols; too many missed in a row release the seat where
// attendance is expected.
func (d *step) attend(e *mapping.Event, rec *Record, id PlacementID) {
	came := map[mapping.EventType]Attendance{mapping.SessionAttended: Attended, mapping.SessionMissed: Missed, mapping.SessionNotHeld: NotHeld}[e.Type]
	pl := &rec.Placements[rec.find(id)]
	past := pl.past()
	switch day := dayOf(e.Session); {
	case slices.Contains(past.Sessions, Session{day, came}):
		d.unchanged("duplicate", rec.Key)
		return
	case len(past.Sessions) >= sessionsMax:
		d.refuse(mapping.Issue{Path: "data.session", Code: "too-large", Text: "this placement has more sessions than a group can have"})
		return
	default:
		past.record(Session{day, came})
	}
	d.own(rec)
	if came == Missed && d.expected(pl) && past.missed() >= d.offer.Catalog.Policy.Filled().MissedSessions {
		for _, r := range d.sharing(rec, id) {
			dec := d.decision(d.live[r.Key])
			dec.Record.Placements[dec.Record.find(id)].Past = past
			d.save(dec)
		}
		d.finishAll(rec, id, mapping.DroppedOut, reason(RuleMissedTooMany))
		return
	}
	d.schedule(rec, id, mapping.Enrolled, came)
	told, session := len(d.out.Notices), d.sessionOn(pl.Group, e.Session)
	d.alter(rec, id, func(_ *Decision, pl *Placement) []mapping.Reason {
		pl.Past = past
		if came == Attended {
			d.begin(pl)
		}
		return []mapping.Reason{reason(attendanceRules[came])}
	})
	for i := range d.out.Notices[told:] {
		d.out.Notices[told+i].Attendance, d.out.Notices[told+i].Session = attendances[came], session
	}
}

// sessionOn is when the session of a group begins on a day, YYYY-MM-DD; zero where the catalog has none that day.
func (d *step) sessionOn(group, day string) time.Time {
	if g, ok := d.offer.Catalog.Group(group); ok {
		for _, t := range g.Dates {
			if t.In(d.offer.Catalog.Location).Format(time.DateOnly) == day {
				return t
			}
		}
	}
	return time.Time{}
}

// schedule tells, with profile bser, that the next session is scheduled, where what comes next cannot follow what was last
// reported of a session.
func (d *step) schedule(rec *Record, id PlacementID, next mapping.Status, came Attendance) {
	if d.unscheduled(&rec.Placements[rec.find(id)], next, came) {
		d.alter(rec, id, func(*Decision, *Placement) []mapping.Reason { return []mapping.Reason{reason(RuleScheduled)} })
	}
}

// unscheduled reports whether BSeR's state machine has no way from the last session's business status to the next one but
// through 5.1.1: not from 5.1.2 to another session or completion, not from 5.1.3 to anything but a cancellation, not from
// 5.1.4 to 5.1.2 (HL7/bser, Harmonized State Transitions). came is of the session to be told of, 0 where it is the end.
func (d *step) unscheduled(pl *Placement, next mapping.Status, came Attendance) bool {
	if d.offer.Catalog.Profile != "bser" || pl.Status != mapping.Enrolled || pl.Past == nil || len(pl.Past.Sessions) == 0 || next == mapping.Cancelled {
		return false
	}
	switch last := pl.Past.Sessions[len(pl.Past.Sessions)-1]; last.Came {
	case Attended:
		return came == Missed
	case Missed:
		return came != 0 || next == mapping.Completed
	default:
		return true
	}
}

var attendances = map[Attendance]mapping.Attendance{Attended: mapping.Attended, Missed: mapping.Missed, NotHeld: mapping.SessionCancelled}

var attendanceRules = map[Attendance]string{Attended: RuleAttended, Missed: RuleMissed, NotHeld: RuleNotHeld}

// sessionsMax is how many sessions of one placement are kept: a year of daily meetings.
const sessionsMax = 400

// expected reports whether the program expects its participants to attend.
func (d *step) expected(pl *Placement) bool {
	p, ok := d.offer.Catalog.Program(pl.Program)
	return pl.Seat && ok && p.Attendance == program.AttendanceExpected
}

// record keeps what was reported of a session, in place of what was reported of it before.
func (p *Past) record(s Session) {
	at, found := slices.BinarySearchFunc(p.Sessions, s.Day, func(x Session, day uint32) int { return int(x.Day) - int(day) })
	if found {
		p.Sessions[at] = s
		return
	}
	p.Sessions = slices.Insert(p.Sessions, at, s)
}

// count of the sessions of which so much was reported.
func (p *Past) count(came Attendance) (n int) {
	for _, s := range p.Sessions {
		if s.Came == came {
			n++
		}
	}
	return n
}

// missed counts the sessions missed since the last attended.
func (p *Past) missed() (n int) {
	for _, s := range slices.Backward(p.Sessions) {
		switch s.Came {
		case Attended:
			return n
		case Missed:
			n++
		}
	}
	return n
}

// dayOf is YYYYMMDD of a date.
func dayOf(date string) uint32 {
	n, _ := strconv.ParseUint(strings.ReplaceAll(date, "-", ""), 10, 32)
	return uint32(n)
}
