package program

import (
	"fmt"
	"slices"
	"time"
)

// postponeWeeksMax bounds by how much a start is put off: who waits longer is better placed anew.
const postponeWeeksMax = 26

// SecondStart is the day of session 1 of a closed group whose start is put off: the one that it names, else
// policy.postponeWeeks after its start. False: Convene does not put it off.
func (c *Catalog) SecondStart(g *Group) (day string, ok bool) {
	if g.Sessions.Second != "" {
		return g.Sessions.Second, true
	}
	start, err := time.Parse(dateForm, g.Sessions.Start)
	weeks := *c.Policy.Filled().PostponeWeeks
	if err != nil || weeks == 0 {
		return "", false
	}
	return start.AddDate(0, 0, 7*weeks).Format(dateForm), true
}

// Later is the catalog with groups, by id, that begin on other days: as many days later as their start, every session and
// the end follow. All else is shared with c, which stays as it is.
func (c *Catalog) Later(starts map[string]string) *Catalog {
	out := *c
	out.Groups = slices.Clone(c.Groups)
	validFrom, _ := time.ParseInLocation(dateForm, c.ValidFrom, c.Location)
	for id, start := range starts {
		i, ok := c.index.groups[id]
		if !ok {
			continue
		}
		g := &out.Groups[i]
		if g.Planned == nil {
			g.Planned = g.Dates
		}
		g.Sessions.End = shifted(g.Sessions.End, g.Sessions.Start, start)
		if g.Sessions.Start = start; !g.Cancelled {
			g.Dates, _ = g.Sessions.expand(c.Location, c.index.holidays, validFrom)
		}
	}
	return &out
}

// shifted moves a date by the days from one other to another; none stays none.
func shifted(date, from, to string) string {
	day, err := time.Parse(dateForm, date)
	a, errFrom := time.Parse(dateForm, from)
	b, errTo := time.Parse(dateForm, to)
	if err != nil || errFrom != nil || errTo != nil {
		return date
	}
	return day.Add(b.Sub(a)).Format(dateForm)
}

// PutOff is the catalog with a closed group that begins on its second start. Problems say why it may not: what lint refuses
// of those dates (a holiday, a licence that ends), fewer sessions than planned, a leader who leads another group then. They
// have no place in the document. Nil and no problem: Convene does not put it off.
func (c *Catalog) PutOff(id string) (*Catalog, Problems) {
	i, ok := c.index.groups[id]
	if !ok {
		return nil, nil
	}
	was := &c.Groups[i]
	day, ok := c.SecondStart(was)
	if !ok || was.Enrolment != EnrolmentClosed || day <= was.Sessions.Start || len(was.Dates) == 0 {
		return nil, nil
	}
	later := c.Later(map[string]string{id: day})
	g := &later.Groups[i]
	l := &linter{catalog: later, reader: &reader{}, holidays: c.index.holidays}
	if len(g.Dates) != len(was.Dates) {
		l.problem("fewer-sessions", "set sessions.count", fmt.Sprintf("%d sessions from %s on, not %d", len(g.Dates), day, len(was.Dates)), "groups", i, "sessions", "second")
	}
	for at := 1; at < len(g.Dates); at++ {
		if day := g.Dates[at].In(c.Location).Format(dateForm); day == g.Dates[at-1].In(c.Location).Format(dateForm) {
			l.problem("session-clash", "move that session to another day", "two sessions on "+day, "groups", i, "sessions", "moved")
		}
	}
	l.onHolidays(g, i)
	if p, ok := c.Program(g.Program); ok {
		l.leader(g, p, i)
	}
	if other := later.busyWith(g, was); other != "" {
		l.problem("leader-busy", "name another leader, or another sessions.second", fmt.Sprintf("leader %q leads %q at the same time", g.Leader, other), "groups", i, "leader")
	}
	if err := l.reader.problems.Err(); err != nil {
		return nil, l.reader.problems
	}
	return later, nil
}

// busyWith is a group that the leader of g leads while g meets, and did not lead while the group met as it was.
func (c *Catalog) busyWith(g, was *Group) string {
	for i := range c.Groups {
		other := &c.Groups[i]
		if g.Leader != "" && other.Leader == g.Leader && other.ID != g.ID && g.meetsWith(other) && !was.meetsWith(other) {
			return other.ID
		}
	}
	return ""
}

// meetsWith reports whether two groups have sessions at one time.
func (g *Group) meetsWith(other *Group) bool {
	i, j := 0, 0
	for i < len(g.Dates) && j < len(other.Dates) {
		a, b := g.Dates[i], other.Dates[j]
		switch {
		case !a.Add(g.Sessions.length()).After(b):
			i++
		case !b.Add(other.Sessions.length()).After(a):
			j++
		default:
			return true
		}
	}
	return false
}

func (s *Sessions) length() time.Duration { return time.Duration(or(s.Minutes, 60)) * time.Minute }

// second checks the date to which a start may be put off.
func (l *linter) second(g *Group, i int) {
	s := &g.Sessions
	if s.Second == "" || !l.date(s.Second, false, "groups", i, "sessions", "second") {
		return
	}
	switch {
	case g.Enrolment != "" && g.Enrolment != EnrolmentClosed:
		l.problem("second-closed", "leave sessions.second out", "only a closed group is put off", "groups", i, "sessions", "second")
	case s.Second <= s.Start:
		l.problem("date-order", "a day after start", fmt.Sprintf("it is put off to %s, not after its start on %s", s.Second, s.Start), "groups", i, "sessions", "second")
	}
}

// metLater reports whether a closed group has a session on a date once it is put off: that one can be moved too.
func (l *linter) metLater(g *Group, date string) bool {
	day, ok := l.catalog.SecondStart(g)
	if !ok || g.Enrolment != EnrolmentClosed {
		return false
	}
	later := g.Sessions
	later.End, later.Start = shifted(later.End, later.Start, day), day
	_, met := later.expand(l.catalog.Location, l.holidays, time.Time{})
	return slices.Contains(met, date)
}

// secondStarts warns of groups that name a second start and could not be put off to it. All sessions are expanded by now.
func (l *linter) secondStarts() {
	if l.reader.problems.Err() != nil {
		return
	}
	for i := range l.catalog.Groups {
		g := &l.catalog.Groups[i]
		if g.Sessions.Second == "" || g.Cancelled {
			continue
		}
		_, why := l.catalog.PutOff(g.ID)
		for _, p := range why {
			l.warning("second-start", p.Hint, fmt.Sprintf("below its minimum it is not put off to %s: %s", g.Sessions.Second, p.Text), "groups", i, "sessions", "second")
		}
	}
}
