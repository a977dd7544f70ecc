package desk

import (
	"cmp"
	"net/url"
	"slices"
	"time"

	"github.com/convene-health/convene/mapping/program"
)

// postponeGroup lets a group begin on another day. One that has begun pauses until then: the sessions before do not take
// place, and those of a group with a number of sessions follow at the end.
func postponeGroup(yaml []byte, cat *program.Catalog, form url.Values, now time.Time) ([]byte, error) {
	g, err := groupOfForm(cat, form)
	if err != nil {
		return nil, err
	}
	day := form.Get("start")
	until, err := time.ParseInLocation(time.DateOnly, day, cat.Location)
	if err != nil {
		return nil, errDate
	}
	if len(g.Dates) == 0 || g.Dates[0].After(now) {
		if day == g.Sessions.Start {
			return nil, errNothing
		}
		out, err := program.SetGroup(yaml, g.ID, "sessions.start", day)
		if err == nil && string(out) == string(yaml) { // the start that Convene put off stands in the file still
			return nil, errPutOff
		}
		return out, err
	}
	out := yaml
	for _, d := range g.Dates {
		if d.After(now) && d.Before(until) {
			if out, err = program.SkipSession(out, g.ID, g.Sessions.PlannedDate(d.In(cat.Location).Format(time.DateOnly))); err != nil {
				return nil, err
			}
		}
	}
	if len(out) == len(yaml) {
		return nil, errNothing
	}
	return out, nil
}

// sessionAhead is a session still to come that a form names by the day on which it is to be held.
func sessionAhead(cat *program.Catalog, form url.Values, now time.Time) (*program.Group, time.Time, error) {
	g, err := groupOfForm(cat, form)
	if err != nil {
		return nil, time.Time{}, err
	}
	i := slices.IndexFunc(g.Dates, func(d time.Time) bool {
		return d.After(now) && d.In(cat.Location).Format(time.DateOnly) == form.Get("session")
	})
	if i < 0 {
		return nil, time.Time{}, errNoSession
	}
	return g, g.Dates[i].In(cat.Location), nil
}

// skipSession takes one session out; it is made up for at the end, or the group has one less.
func skipSession(yaml []byte, cat *program.Catalog, form url.Values, now time.Time) ([]byte, error) {
	g, at, err := sessionAhead(cat, form, now)
	if err != nil {
		return nil, err
	}
	out, err := program.SkipSession(yaml, g.ID, g.Sessions.PlannedDate(at.Format(time.DateOnly)))
	if err != nil || form.Get("instead") != "none" || g.Sessions.Count == 0 {
		return out, err
	}
	if g.Sessions.Count == 1 {
		return nil, errLast
	}
	return program.SetGroup(out, g.ID, "sessions.count", g.Sessions.Count-1)
}

// moveSession lets one session be held on another day, at another time of day, or both.
func moveSession(yaml []byte, cat *program.Catalog, form url.Values, now time.Time) ([]byte, error) {
	g, at, err := sessionAhead(cat, form, now)
	if err != nil {
		return nil, err
	}
	clock := cmp.Or(form.Get("time"), at.Format("15:04"))
	to, err := time.ParseInLocation(time.DateOnly+" 15:04", form.Get("to")+" "+clock, cat.Location)
	switch {
	case err != nil:
		return nil, errDate
	case to.Equal(at):
		return nil, errNothing
	case !to.After(now):
		return nil, errPast
	}
	date := at.Format(time.DateOnly)
	m := program.Moved{Date: g.Sessions.PlannedDate(date), To: to.Format(time.DateOnly), Time: clock}
	if clock == g.Sessions.Time && g.Sessions.Planned(date) == nil {
		m.Time = ""
	}
	return program.MoveSession(yaml, g.ID, m)
}
