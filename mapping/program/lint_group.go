package program

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
)

var languageShape = regexp.MustCompile(`^[a-z]{2,3}$`)

// groups checks each group, as filled, and expands its sessions.
func (l *linter) groups() {
	seen := make(map[string]bool, len(l.catalog.Groups))
	validFrom, _ := time.ParseInLocation(dateForm, l.catalog.ValidFrom, l.catalog.Location)
	for i := range l.catalog.Groups {
		g := &l.catalog.Groups[i]
		l.id(seen, g.ID, "group", "groups", i, "id")
		l.words(g, i)
		l.where(g, i)
		l.sessions(g, i, validFrom)
		p, ok := l.catalog.Program(g.Program)
		if !ok {
			l.problem("unknown-program", didYouMean(g.Program, slices.Sorted(maps.Keys(l.catalog.index.programs)), "name the id of one of programs"), fmt.Sprintf("no program %q", g.Program), "groups", i, "program")
			continue
		}
		l.enrolment(g, p, i)
		l.seats(g, p, i)
		l.leader(g, p, i)
	}
	l.secondStarts()
}

// words checks the closed lists.
func (l *linter) words(g *Group, i int) {
	l.word(g.Mode, []string{"in-person", "telehealth"}, "unknown-mode", "groups", i, "mode")
	if g.Gender != "" {
		l.word(g.Gender, []string{"female", "male", "non-binary"}, "unknown-gender", "groups", i, "gender")
	}
	if g.Cost != "" {
		l.word(g.Cost, []string{"free", "low", "medium", "high"}, "unknown-cost", "groups", i, "cost")
	}
	for j, a := range g.Access {
		l.word(a, accessValues, "unknown-access", "groups", i, "access", j)
	}
	l.languages(g.Languages, "groups", i, "languages")
}

func (l *linter) where(g *Group, i int) {
	if g.Site == "" {
		if g.Mode == "in-person" {
			l.problem("no-site", "name the id of one of sites, or set mode: telehealth", "a group in person needs a site", "groups", i, "site")
		}
	} else if _, ok := l.catalog.Site(g.Site); !ok {
		l.problem("unknown-site", didYouMean(g.Site, slices.Sorted(maps.Keys(l.catalog.index.sites)), "name the id of one of sites"), fmt.Sprintf("no site %q", g.Site), "groups", i, "site")
	}
	if g.Mode == "telehealth" && g.Link == "" {
		l.warning("no-link", "set link to where participants join", "a telehealth group without a link", "groups", i)
	}
}

// sessions checks the dates and expands them; a session on a holiday is a problem, not a silent shift.
func (l *linter) sessions(g *Group, i int, validFrom time.Time) {
	s := &g.Sessions
	if s.Every != "" {
		l.word(s.Every, everyValues, "unknown-every", "groups", i, "sessions", "every")
	}
	for _, n := range []struct {
		key        string
		value, max int
	}{{"minutes", s.Minutes, 12 * 60}, {"count", s.Count, sessionsMax}, {"each", s.Each, sessionsMax}} {
		if n.value < 0 || n.value > n.max {
			l.problem("bad-number", fmt.Sprintf("0 to %d", n.max), fmt.Sprintf("sessions.%s is %d", n.key, n.value), "groups", i, "sessions", n.key)
		}
	}
	l.date(g.Seats.UrgentUntil, false, "groups", i, "seats", "urgentUntil")
	ok := l.date(s.Start, true, "groups", i, "sessions", "start")
	if _, err := time.Parse(clockForm, s.Time); err != nil {
		ok = false
		l.problem("bad-time", `write HH:MM, such as "18:30"`, fmt.Sprintf("%q is not a time of day", s.Time), "groups", i, "sessions", "time")
	}
	if l.date(s.End, false, "groups", i, "sessions", "end") && s.End != "" && ok && s.End < s.Start {
		ok = false
		l.problem("date-order", "end on or after start", fmt.Sprintf("it ends on %s, before it starts on %s", s.End, s.Start), "groups", i, "sessions", "end")
	}
	l.second(g, i)
	for j, d := range s.Skip {
		if d != skipHolidays {
			l.date(d, true, "groups", i, "sessions", "skip", j)
		}
	}
	if !l.movedDates(s, i) || !ok {
		return
	}
	var met []string
	g.Dates, met = s.expand(l.catalog.Location, l.holidays, validFrom)
	l.movedSessions(g, i, met)
	l.onHolidays(g, i)
	if n := len(g.Dates); n == 0 || g.Dates[n-1].Before(validFrom) {
		l.warning("past", "remove it, or check its dates", fmt.Sprintf("no session on or after %s", l.catalog.ValidFrom), "groups", i, "sessions", "start")
	}
	if g.Cancelled {
		g.Dates = nil
	}
}

func (l *linter) onHolidays(g *Group, i int) {
	if len(l.holidays) == 0 || slices.Contains(g.Sessions.Skip, skipHolidays) {
		return
	}
	var days []string
	for _, t := range g.Dates {
		if day := t.In(l.catalog.Location).Format(dateForm); l.holidays[day] && g.Sessions.Planned(day) == nil {
			days = append(days, day)
		}
	}
	if len(days) > 0 {
		list := strings.Join(days, ", ")
		l.problem("holiday", "add to sessions: skip: ["+list+"], or skip: [holidays]", "a session on a holiday: "+list, "groups", i, "sessions", "skip")
	}
}

func (l *linter) enrolment(g *Group, p *Program, i int) {
	if _, ok := DefaultsOfKind(p.Kind); !ok && g.Enrolment == "" {
		return // the kind is reported; its defaults are unknown
	}
	l.word(g.Enrolment, []string{EnrolmentClosed, EnrolmentRolling, EnrolmentOpen}, "unknown-enrolment", "groups", i, "enrolment")
	switch {
	case g.Enrolment == EnrolmentClosed && g.Sessions.Count == 0 && g.Sessions.End == "":
		l.problem("closed-count", "set sessions.count", "a closed group has an end: how many sessions?", "groups", i, "sessions", "count")
	case g.Enrolment == EnrolmentOpen && p.Kind == mapping.Therapy:
		l.problem("open-therapy", "closed, or rolling for ongoing treatment", "a therapy group is not drop-in", "groups", i, "enrolment")
	case g.Enrolment == EnrolmentOpen && p.Acceptance != AcceptanceAuto:
		l.problem("open-offer", "acceptance: auto on its program", "an open group holds no seat, so there is nothing to offer", "groups", i, "enrolment")
	case g.Enrolment == EnrolmentOpen && g.Seats.Min > 0:
		l.problem("open-min", "leave seats.min out", "an open group starts with whoever comes", "groups", i, "seats", "min")
	}
	if g.Sessions.Each > 0 && g.Enrolment != EnrolmentRolling {
		l.problem("each-rolling", "leave sessions.each out", "only a rolling group limits the sessions of one participant", "groups", i, "sessions", "each")
	}
}

// seatsMax is more than any kind allows.
const seatsMax = 100

func (l *linter) seats(g *Group, p *Program, i int) {
	d, ok := DefaultsOfKind(p.Kind)
	if !ok {
		return
	}
	switch {
	case g.Seats.Min < 0 || g.Seats.Max < 0:
		l.problem("bad-number", "seats are 1 or more", fmt.Sprintf("seats from %d to %d", g.Seats.Min, g.Seats.Max), "groups", i, "seats")
	case g.Seats.Urgent < 0 || g.Seats.Urgent > seatsMax:
		l.problem("bad-number", fmt.Sprintf("0 to %d", seatsMax), fmt.Sprintf("%d urgent seats", g.Seats.Urgent), "groups", i, "seats", "urgent")
	case g.Seats.Max > 0 && g.Seats.Urgent > g.Seats.Max:
		l.problem("urgent-seats", "at most seats.max", fmt.Sprintf("%d urgent seats of %d", g.Seats.Urgent, g.Seats.Max), "groups", i, "seats", "urgent")
	case g.Seats.Max > 0 && g.Seats.Max < g.Seats.Min:
		l.problem("seats-order", "max at least min; an unset one is taken from the program or kind", fmt.Sprintf("seats.max %d is below seats.min %d", g.Seats.Max, g.Seats.Min), "groups", i, "seats", "max")
	case g.Seats.Max > d.SeatsLimit:
		l.problem("seats-limit", fmt.Sprintf("at most %d for %s", d.SeatsLimit, p.Kind), fmt.Sprintf("%d seats in a %s group", g.Seats.Max, p.Kind), "groups", i, "seats", "max")
	}
}

// leader checks that the leader exists and, where one is needed, is licensed through the last session: in the
// site's state in person, in any state by telehealth (the patient's own state is checked at placement).
func (l *linter) leader(g *Group, p *Program, i int) {
	leader, known := l.catalog.Leader(g.Leader)
	if g.Leader != "" && !known {
		l.problem("unknown-leader", didYouMean(g.Leader, slices.Sorted(maps.Keys(l.catalog.index.leaders)), "name the id of one of leaders"), fmt.Sprintf("no leader %q", g.Leader), "groups", i, "leader")
		return
	}
	if known {
		l.spoken(g, leader, i)
	}
	if !p.Licensed {
		return
	}
	if g.Leader == "" || len(leader.Licences) == 0 {
		l.problem("no-licence", "name a leader with a licence", fmt.Sprintf("a %s group of %q needs a licensed leader", p.Kind, p.ID), "groups", i, "leader")
		return
	}
	state := ""
	if g.Mode == "in-person" {
		site, ok := l.catalog.Site(g.Site)
		if !ok {
			return // reported as no-site or unknown-site
		}
		if state = site.Address.State; state == "" {
			l.problem("no-state", "set address.state of the site", fmt.Sprintf("the state of site %q is unknown, so no licence can be checked", g.Site), "groups", i, "site")
			return
		}
	}
	l.licensed(g, leader, state, i)
}

// spoken remarks languages of a group that its leader is not said to speak, where no interpreter can be had.
func (l *linter) spoken(g *Group, leader *Leader, i int) {
	if len(leader.Languages) == 0 || g.Interpreter {
		return
	}
	for j, x := range g.Languages {
		if !slices.Contains(leader.Languages, x) {
			l.warning("leader-language", "add it to the leader's languages, or name another leader", fmt.Sprintf("the group is held in %q, which its leader %q is not said to speak", x, g.Leader), "groups", i, "languages", j)
		}
	}
}

// licensed checks that one licence covers the sessions of a group. An ongoing group has no last session: a
// licence that ends within the listed year is a warning.
func (l *linter) licensed(g *Group, leader *Leader, state string, i int) {
	if len(g.Dates) == 0 {
		return
	}
	loc := l.catalog.Location
	first, last := g.Dates[0].In(loc).Format(dateForm), g.Dates[len(g.Dates)-1].In(loc).Format(dateForm)
	inState, until := false, ""
	for _, x := range leader.Licences {
		if state != "" && x.State != state {
			continue
		}
		inState = true
		if x.From <= first && x.To >= last {
			return
		}
		if x.From <= first {
			until = max(until, x.To)
		}
	}
	ongoing := g.Sessions.Count == 0 && g.Sessions.End == ""
	switch {
	case !inState:
		l.problem("licence-state", "a leader licensed in "+state+", or a site in the leader's state", fmt.Sprintf("leader %q has no licence in %s", g.Leader, state), "groups", i, "leader")
	case until == "" || until < first:
		l.problem("licence-inactive", "renew the licence in the catalog, or name another leader", fmt.Sprintf("leader %q has no licence that is valid on %s, the first session", g.Leader, first), "groups", i, "leader")
	case ongoing:
		l.warning("licence-ends", "renew it in the catalog before then", fmt.Sprintf("the licence of %q ends on %s", g.Leader, until), "groups", i, "leader")
	default:
		l.problem("licence-ends", "renew the licence in the catalog, or name another leader", fmt.Sprintf("the licence of %q ends on %s, before the last session on %s", g.Leader, until, last), "groups", i, "leader")
	}
}
