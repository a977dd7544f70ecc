package program

import (
	"slices"
	"sort"
	"time"

	"github.com/teambition/rrule-go"
)

// Every says how often a group meets.
const (
	EveryWeek       = "weekly"
	EveryTwiceWeek  = "twice-weekly"
	EveryThriceWeek = "three-times-weekly"
	EveryTwiceMonth = "twice-monthly"
	EveryMonth      = "monthly"
	EveryDay        = "daily"
	skipHolidays    = "holidays"
	sessionsMax     = 400 // of one group: a year of daily meetings
	dateForm        = "2006-01-02"
	clockForm       = "15:04"
	ongoingYears    = 1
	countedDaysMax  = 4000 // within which a number of sessions must be found
	fifth           = 5    // of a weekday in a month, which not every month has
)

var everyValues = []string{EveryWeek, EveryTwiceWeek, EveryThriceWeek, EveryTwiceMonth, EveryMonth, EveryDay}

// expand lists the starts of a group's sessions, in UTC and in order: Count of them, or up to End, or for an
// ongoing group one year from the later of its start and the catalog's first day. Skipped dates do not count, moved ones
// do; met are the dates of those that were moved.
func (s *Sessions) expand(loc *time.Location, holidays map[string]bool, validFrom time.Time) (dates []time.Time, met []string) {
	start, err := time.ParseInLocation(dateForm+" "+clockForm, s.Start+" "+s.Time, loc)
	if err != nil {
		return nil, nil // reported as bad-date or bad-time
	}
	last := start.AddDate(ongoingYears, 0, 0)
	if s.Count == 0 && validFrom.After(start) {
		last = validFrom.AddDate(ongoingYears, 0, 0)
	}
	if s.End != "" {
		if end, err := time.ParseInLocation(dateForm, s.End, loc); err == nil {
			last = end.AddDate(0, 0, 1)
		}
	}
	limit := sessionsMax
	if s.Count > 0 {
		limit = min(s.Count, sessionsMax)
		if s.End == "" {
			last = start.AddDate(0, 0, countedDaysMax)
		}
	}
	recurrence, err := s.recurrence(start)
	if err != nil {
		return nil, nil // of values that are reported as unknown
	}
	dates = make([]time.Time, 0, min(limit, 53))
	until, next := s.reach(last), recurrence.Iterator()
	for day, more := next(); more && day.Before(until) && len(dates) < limit; day, more = next() {
		at := day
		if m := s.movedFrom(day); m != nil {
			at, _ = m.at(s, loc) // what is wrong with its form is reported before
			met = append(met, m.Date)
		} else if s.skips(day, holidays) {
			continue
		}
		if s.Count > 0 || !at.Before(validFrom) && at.Before(last) {
			dates = append(dates, at.UTC())
		}
	}
	slices.SortFunc(dates, time.Time.Compare)
	return dates, met
}

// movedFrom is the entry for the session of a day; nil where it is held as planned.
func (s *Sessions) movedFrom(day time.Time) *Moved {
	if len(s.Moved) == 0 {
		return nil
	}
	return s.moved(day.Format(dateForm))
}

// reach is until when the recurrence is looked at: for an ongoing group until the last session moved from beyond the listed
// year, which may have come within it.
func (s *Sessions) reach(last time.Time) time.Time {
	if s.Count > 0 || s.End != "" {
		return last
	}
	for i := range s.Moved {
		if day, err := time.ParseInLocation(dateForm, s.Moved[i].Date, last.Location()); err == nil && !day.Before(last) {
			last = day.AddDate(0, 0, 1)
		}
	}
	return last
}

func (s *Sessions) skips(day time.Time, holidays map[string]bool) bool {
	if len(s.Skip) == 0 {
		return false
	}
	date := day.Format(dateForm)
	return slices.Contains(s.Skip, date) || holidays[date] && slices.Contains(s.Skip, skipHolidays)
}

// recurrence is how often the group meets from start on, as RFC 5545 has it, at the local time of start. The start itself is
// always a session.
func (s *Sessions) recurrence(start time.Time) (*rrule.Set, error) {
	rule, err := rrule.NewRRule(s.rule(start))
	if err != nil {
		return nil, err
	}
	set := &rrule.Set{}
	set.RRule(rule)
	set.RDate(start)
	return set, nil
}

// rule of recurrence. Twice or three times a week is the weekday of start and those two and four days later; by the month it
// is the weekday of start in its week: the second Tuesday, or the second and the fourth. A fifth one stands for the last
// (monthly), or for the first and third.
func (s *Sessions) rule(start time.Time) rrule.ROption {
	at := func(days int) rrule.Weekday { return weekdays[(int(start.Weekday())+days)%len(weekdays)] }
	day := at(0)
	o := rrule.ROption{Freq: rrule.WEEKLY, Dtstart: start}
	nth := (start.Day()-1)/7 + 1
	switch s.Every {
	case EveryDay:
		o.Freq = rrule.DAILY
	case EveryTwiceWeek:
		o.Byweekday = []rrule.Weekday{day, at(2)}
	case EveryThriceWeek:
		o.Byweekday = []rrule.Weekday{day, at(2), at(4)}
	case EveryMonth:
		if nth == fifth {
			nth = -1
		}
		o.Freq, o.Byweekday = rrule.MONTHLY, []rrule.Weekday{day.Nth(nth)}
	case EveryTwiceMonth:
		first := 2 - nth%2
		o.Freq, o.Byweekday = rrule.MONTHLY, []rrule.Weekday{day.Nth(first), day.Nth(first + 2)}
	}
	return o
}

// weekdays as time.Weekday numbers them.
var weekdays = [...]rrule.Weekday{rrule.SU, rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA}

// FirstSessionAfter gives the group's first session that starts after t.
func (c *Catalog) FirstSessionAfter(g *Group, t time.Time) (time.Time, bool) {
	i := sort.Search(len(g.Dates), func(i int) bool { return g.Dates[i].After(t) })
	if i == len(g.Dates) {
		return time.Time{}, false
	}
	return g.Dates[i], true
}

// StartOf is the date of a group's session 1, YYYY-MM-DD, in the network's zone; of an ongoing group the one that its catalog
// says it began on.
func (c *Catalog) StartOf(g *Group) string {
	if g.Sessions.Count == 0 || len(g.Dates) == 0 {
		return g.Sessions.Start
	}
	return g.Dates[0].In(c.Location).Format(dateForm)
}

// LastSession gives the group's last session; of an ongoing group the last that is listed. False: it has none.
func (c *Catalog) LastSession(g *Group) (time.Time, bool) {
	if len(g.Dates) == 0 {
		return time.Time{}, false
	}
	return g.Dates[len(g.Dates)-1], true
}

// LastSessionFor gives the last session of a participant whose first is at or after entry: the group's last, or
// the Each-th where a rolling group limits how many one participant attends.
func (c *Catalog) LastSessionFor(g *Group, entry time.Time) (time.Time, bool) {
	i := sort.Search(len(g.Dates), func(i int) bool { return !g.Dates[i].Before(entry) })
	if i == len(g.Dates) {
		return time.Time{}, false
	}
	last := len(g.Dates) - 1
	if g.Enrolment == EnrolmentRolling && g.Sessions.Each > 0 {
		last = min(last, i+g.Sessions.Each-1)
	}
	return g.Dates[last], true
}

// BusinessDays gives the time n business days after t, at the same local time: Saturdays, Sundays and the
// network's holidays do not count. It panics on a negative n.
func (c *Catalog) BusinessDays(t time.Time, n int) time.Time {
	if n < 0 {
		panic("program: business days run forward")
	}
	local := t.In(c.Location)
	for n > 0 {
		local = local.AddDate(0, 0, 1)
		weekend := local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
		if !weekend && !c.index.holidays[local.Format(dateForm)] {
			n--
		}
	}
	return local.UTC()
}
