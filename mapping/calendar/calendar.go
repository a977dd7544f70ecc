// Package calendar writes the sessions of a group as an iCalendar file (RFC 5545), which any calendar takes in.
//
// It names the group, when and where it meets, and nobody: not who leads it, not who takes part. The bytes are a function
// of the catalog.
package calendar

import (
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/convene-health/convene/mapping/program"
)

// Group is the calendar of one group's sessions from a moment on, one event each, since dates that a group skips fit no rule
// of recurrence. One that was moved keeps its UID, with a higher SEQUENCE, so that a calendar that has it moves it. ok is false when the catalog has no such group. Times are UTC, which needs no table of zones.
func Group(cat *program.Catalog, id string, from time.Time) (text string, ok bool) {
	g, ok := cat.Group(id)
	if !ok {
		return "", false
	}
	stamp, _ := time.ParseInLocation(time.DateOnly, cat.ValidFrom, cat.Location)
	last, _ := cat.LastSession(g)
	return write(cat, g, sessions{of: g.ID, from: from, last: last, stamp: stamp, status: ics.ObjectStatusConfirmed}), true
}

// Placement is the calendar of the sessions of one placement, "r1042-1", in a group: from its first to the last that its patient may
// attend. Those of an offer (held) are tentative. stamp is when the placement was confirmed so. ok is false when the catalog has no
// such group, or the group no session from then on.
func Placement(cat *program.Catalog, order, group string, first, stamp time.Time, held bool) (text string, ok bool) {
	g, ok := cat.Group(group)
	if !ok {
		return "", false
	}
	last, ok := cat.LastSessionFor(g, first)
	if !ok {
		return "", false
	}
	s := sessions{of: order, from: first, last: last, stamp: stamp, status: ics.ObjectStatusConfirmed}
	if held {
		s.status = ics.ObjectStatusTentative
	}
	return write(cat, g, s), true
}

// sessions of a group that a calendar holds, the first and the last among them.
type sessions struct {
	of                string // whose they are, in their UIDs
	from, last, stamp time.Time
	status            ics.ObjectStatus
}

func write(cat *program.Catalog, g *program.Group, s sessions) string {
	minutes := g.Sessions.Minutes
	if minutes == 0 {
		minutes = 60
	}
	c := ics.NewCalendarFor("Convene")
	c.SetMethod(ics.MethodPublish)
	c.SetName(g.Name)
	for _, start := range g.Dates {
		if start.Before(s.from) || start.After(s.last) {
			continue
		}
		planned := cat.PlannedStart(g, start)
		e := c.AddEvent(cat.Network + "-" + s.of + "-" + planned.UTC().Format("20060102T1504Z") + "@convene.health")
		e.SetDtStampTime(s.stamp.UTC())
		if !planned.Equal(start) {
			e.SetSequence(1)
		}
		e.SetStatus(s.status)
		e.SetStartAt(start.UTC())
		e.SetEndAt(start.Add(time.Duration(minutes) * time.Minute).UTC())
		e.SetSummary(g.Name)
		if s, ok := cat.Site(g.Site); ok {
			e.SetLocation(place(s))
		} else if g.Link != "" {
			e.SetURL(g.Link)
		}
	}
	return c.Serialize()
}

// place is a site in one line.
func place(s *program.Site) string {
	var parts []string
	for _, p := range append([]string{s.Name}, append(s.Address.Line[:len(s.Address.Line):len(s.Address.Line)], s.Address.City, s.Address.State, s.Address.PostalCode)...) {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", ")
}
