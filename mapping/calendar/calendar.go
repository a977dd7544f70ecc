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
// of recurrence. ok is false when the catalog has no such group. Times are UTC, which needs no table of zones.
func Group(cat *program.Catalog, id string, from time.Time) (text string, ok bool) {
	g, ok := cat.Group(id)
	if !ok {
		return "", false
	}
	minutes := g.Sessions.Minutes
	if minutes == 0 {
		minutes = 60
	}
	stamp, _ := time.ParseInLocation(time.DateOnly, cat.ValidFrom, cat.Location)
	c := ics.NewCalendarFor("Convene")
	c.SetMethod(ics.MethodPublish)
	c.SetName(g.Name)
	for _, start := range g.Dates {
		if start.Before(from) {
			continue
		}
		e := c.AddEvent(cat.Network + "-" + g.ID + "-" + start.UTC().Format("20060102T1504Z") + "@convene.health")
		e.SetDtStampTime(stamp.UTC())
		e.SetStartAt(start.UTC())
		e.SetEndAt(start.Add(time.Duration(minutes) * time.Minute).UTC())
		e.SetSummary(g.Name)
		if s, ok := cat.Site(g.Site); ok {
			e.SetLocation(place(s))
		} else if g.Link != "" {
			e.SetURL(g.Link)
		}
	}
	return c.Serialize(), true
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
