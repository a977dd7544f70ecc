package program

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
)

// Moved is one session that takes place at another time than its recurrence has it. As with a RECURRENCE-ID (RFC 5545,
// 3.8.4.4) it stands in the place of the session it replaces, so the number of sessions stays. Skip takes a session out,
// moved or not; but one on a holiday that is moved is not left out with the holidays.
type Moved struct {
	Date string `yaml:"date"` // of the session as the recurrence has it, YYYY-MM-DD
	To   string `yaml:"to"`   // when it is held instead, YYYY-MM-DD; Date itself for another time of that day
	// Time of day, HH:MM; empty: the group's.
	Time string `yaml:"time,omitempty"`
}

// moved is the entry for the session of a date, which must not be left out by its date; nil where it is held as planned.
func (s *Sessions) moved(date string) *Moved {
	for i := range s.Moved {
		if s.Moved[i].Date == date && !slices.Contains(s.Skip, date) {
			return &s.Moved[i]
		}
	}
	return nil
}

// at is when a moved session takes place.
func (m *Moved) at(s *Sessions, loc *time.Location) (time.Time, error) {
	return time.ParseInLocation(dateForm+" "+clockForm, m.To+" "+cmp.Or(m.Time, s.Time), loc)
}

// Planned is the entry of a session that was moved to a local date; nil where it takes place when its recurrence has it.
func (s *Sessions) Planned(date string) *Moved {
	for i := range s.Moved {
		if m := &s.Moved[i]; m.To == date && s.moved(m.Date) == m {
			return m
		}
	}
	return nil
}

// PlannedDate is the date that the recurrence has for the session of a local date, YYYY-MM-DD.
func (s *Sessions) PlannedDate(date string) string {
	if m := s.Planned(date); m != nil {
		return m.Date
	}
	return date
}

// IsMoved reports whether the session that a group has at a time is one that was moved.
func (c *Catalog) IsMoved(g *Group, at time.Time) bool {
	return !c.PlannedStart(g, at).Equal(at)
}

// PlannedStart is when the recurrence has the session that a group has at a time.
func (c *Catalog) PlannedStart(g *Group, at time.Time) time.Time {
	if len(g.Sessions.Moved) == 0 {
		return at
	}
	m := g.Sessions.Planned(at.In(c.Location).Format(dateForm))
	if m == nil {
		return at
	}
	planned, err := time.ParseInLocation(dateForm+" "+clockForm, m.Date+" "+g.Sessions.Time, c.Location)
	if err != nil {
		return at
	}
	return planned.UTC()
}

// listedUntil bounds the sessions of a group that are known: one that goes on lists a year, and what comes later is not
// said. False: all are listed.
func (g *Group) listedUntil() (time.Time, bool) {
	n := len(g.Dates)
	if n == 0 || g.Sessions.Count > 0 || g.Sessions.End != "" && n < sessionsMax {
		return time.Time{}, false
	}
	return g.Dates[n-1], true
}

// SessionChanges are the sessions after t that a group has at another time in a newer catalog than in an older, has no more
// or has anew, in order of time. That the year which a group without an end lists has moved on is no change.
func SessionChanges(old, now *Catalog, was, is *Group, t time.Time) []mapping.SessionChange {
	if slices.EqualFunc(was.Dates, is.Dates, time.Time.Equal) {
		return nil
	}
	from, until := t, time.Time{}
	for _, x := range []struct {
		cat *Catalog
		g   *Group
	}{{old, was}, {now, is}} {
		if last, open := x.g.listedUntil(); open && (until.IsZero() || last.Before(until)) {
			until = last
		}
		if first, err := time.ParseInLocation(dateForm, x.cat.ValidFrom, x.cat.Location); err == nil && x.g.Sessions.Count == 0 && first.After(from) {
			from = first.Add(-1)
		}
	}
	within := func(d time.Time) bool { return d.After(from) && (until.IsZero() || !d.After(until)) }
	off, on := missing(was.Dates, is.Dates, within), missing(is.Dates, was.Dates, within)
	var changes []mapping.SessionChange
	for _, d := range off {
		planned := was.Sessions.PlannedDate(d.In(old.Location).Format(dateForm))
		c := mapping.SessionChange{Was: d}
		i := slices.IndexFunc(on, func(n time.Time) bool { return is.Sessions.PlannedDate(n.In(now.Location).Format(dateForm)) == planned })
		if i >= 0 {
			c.Is = on[i]
			on = slices.Delete(on, i, i+1)
		}
		changes = append(changes, c)
	}
	for _, d := range on {
		changes = append(changes, mapping.SessionChange{Is: d})
	}
	slices.SortFunc(changes, func(a, b mapping.SessionChange) int { return a.First().Compare(b.First()) })
	return changes
}

// missing are the times of a that b has not; both in order.
func missing(a, b []time.Time, within func(time.Time) bool) (out []time.Time) {
	for _, d := range a {
		if _, found := slices.BinarySearchFunc(b, d, time.Time.Compare); !found && within(d) {
			out = append(out, d)
		}
	}
	return out
}

// movedDates checks what can be checked of moved sessions before the sessions are known.
func (l *linter) movedDates(s *Sessions, i int) (ok bool) {
	ok = true
	seen := map[string]bool{}
	for j, m := range s.Moved {
		at := func(key string) []any { return []any{"groups", i, "sessions", "moved", j, key} }
		date, to := l.date(m.Date, true, at("date")...), l.date(m.To, true, at("to")...)
		ok = ok && date && to
		if _, err := time.Parse(clockForm, cmp.Or(m.Time, "00:00")); err != nil {
			ok = false
			l.problem("bad-time", `write HH:MM, such as "18:30", or leave it out for the group's`, fmt.Sprintf("%q is not a time of day", m.Time), at("time")...)
		}
		if date && seen[m.Date] {
			ok = false
			l.problem("moved-twice", "keep one of them: date is the one that the recurrence has", "the session of "+m.Date+" is moved twice", at("date")...)
		}
		seen[m.Date] = true
		if to && s.End != "" && m.To > s.End {
			l.problem("date-order", "on or before sessions.end", fmt.Sprintf("it is moved to %s, after the group ends on %s", m.To, s.End), at("to")...)
		}
	}
	return ok
}

// movedSessions checks moved sessions against those that the group has. met are the dates of those found.
func (l *linter) movedSessions(g *Group, i int, met []string) {
	s := &g.Sessions
	for j := range s.Moved {
		m := &s.Moved[j]
		at := func(key string) []any { return []any{"groups", i, "sessions", "moved", j, key} }
		switch {
		case slices.Contains(s.Skip, m.Date):
			l.warning("moved-skipped", "take it out of skip or out of moved", m.Date+" is left out, so it is not moved", at("date")...)
			continue
		case !slices.Contains(met, m.Date) && !l.metLater(g, m.Date):
			l.problem("no-session", l.sessionsNear(g, m.Date), "the group has no session on "+m.Date, at("date")...)
			continue
		case m.To == m.Date && cmp.Or(m.Time, s.Time) == s.Time:
			l.warning("moved-nowhere", "take it out of moved", "the session of "+m.Date+" is moved to where it is", at("to")...)
		}
		if l.holidays[m.To] {
			l.problem("holiday", "choose another day", "a session is moved to a holiday: "+m.To, at("to")...)
		}
		if n := l.onDay(g, m.To); n > 1 {
			l.problem("session-clash", "choose a day without a session; attendance is taken by the day", "the group meets already on "+m.To, at("to")...)
		}
	}
}

// onDay is how many sessions a group has on a day.
func (l *linter) onDay(g *Group, date string) (n int) {
	for _, d := range g.Dates {
		if d.In(l.catalog.Location).Format(dateForm) == date {
			n++
		}
	}
	return n
}

// sessionsNear names the sessions before and after a date, for who wrote another.
func (l *linter) sessionsNear(g *Group, date string) string {
	before, after := "", ""
	for _, d := range g.Dates {
		planned := g.Sessions.PlannedDate(d.In(l.catalog.Location).Format(dateForm))
		switch {
		case planned < date:
			before = max(before, planned)
		case after == "" || planned < after:
			after = planned
		}
	}
	near := strings.Join(slices.DeleteFunc([]string{before, after}, func(s string) bool { return s == "" }), ", ")
	if near == "" {
		return "the date of a session as the recurrence has it"
	}
	return "the date of a session as the recurrence has it; near it: " + near
}
