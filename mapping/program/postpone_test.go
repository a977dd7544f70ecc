package program

import (
	"strings"
	"testing"
	"time"
)

// cohorts are two of one leader on one weekday, the second after the first, and one of another leader up to a date.
const cohorts = `network: testnet
zone: America/New_York
validFrom: 2026-11-02
organization: {name: Test Network}
holidays: [2027-01-01]
sources: [{name: ehr-one}]
sites: [{id: main, name: Main, address: {state: MA}}]
leaders:
  - {id: ames, family: Ames, type: professional, licences: [{title: PsyD, state: MA, to: 2027-03-31}]}
  - {id: brook, family: Brook, type: professional, licences: [{title: PsyD, state: MA, to: 2027-03-31}]}
programs:
  - {id: skills, name: Skills, kind: skills, licensed: true, conditions: [chronic_pain], goals: [coping-strategies]}
groups:
  - {id: early, program: skills, leader: ames, enrolment: closed, seats: {min: 2, max: 8, urgent: 1}, mode: in-person, site: main,
     sessions: {start: 2026-12-01, time: "17:30", minutes: 90, count: 4}}
  - {id: late, program: skills, leader: ames, enrolment: closed, seats: {min: 2, max: 8}, mode: in-person, site: main,
     sessions: {start: 2027-01-12, time: "18:30", count: 4}}
  - {id: ending, program: skills, leader: brook, enrolment: closed, seats: {min: 2, max: 8}, mode: in-person, site: main,
     sessions: {start: 2026-12-02, time: "10:00", end: 2026-12-23}}
`

func cohortsWith(t *testing.T, old, now string) *Catalog {
	t.Helper()
	if strings.Count(cohorts, old) != 1 && old != "" {
		t.Fatalf("%q is not there once", old)
	}
	c, ps := Load([]byte(strings.Replace(cohorts, old, now, 1)))
	if c == nil {
		t.Fatal(ps)
	}
	return c
}

func days(g *Group, loc *time.Location) string {
	var out []string
	for _, d := range g.Dates {
		out = append(out, d.In(loc).Format("01-02 15:04"))
	}
	return strings.Join(out, ", ")
}

// A start is put off by two weeks, or to the day that the group names; sessions and end follow, and nothing else changes.
func TestPutOff(t *testing.T) {
	for _, x := range []struct{ old, now, id, want string }{
		{"", "", "early", "12-15 17:30, 12-22 17:30, 12-29 17:30, 01-05 17:30"},
		{"", "", "ending", "12-16 10:00, 12-23 10:00, 12-30 10:00, 01-06 10:00"},
		{"start: 2026-12-01,", "start: 2026-12-01, second: 2026-12-10,", "early", "12-10 17:30, 12-17 17:30, 12-24 17:30, 12-31 17:30"},
		{"holidays:", "policy: {postponeWeeks: 1}\nholidays:", "early", "12-08 17:30, 12-15 17:30, 12-22 17:30, 12-29 17:30"},
		// A session that it has only then can be moved as well.
		{"start: 2026-12-01,", "start: 2026-12-01, moved: [{date: 2027-01-05, to: 2027-01-06}],", "early", "12-15 17:30, 12-22 17:30, 12-29 17:30, 01-06 17:30"},
		{`start: 2026-12-01, time: "17:30"`, `start: 2026-12-04, skip: [holidays], time: "17:30"`, "early", "12-18 17:30, 12-25 17:30, 01-08 17:30, 01-15 17:30"},
	} {
		c := cohortsWith(t, x.old, x.now)
		before, _ := c.Group(x.id)
		was := days(before, c.Location)
		later, why := c.PutOff(x.id)
		if later == nil {
			t.Errorf("%s %q: %v", x.id, x.now, why)
			continue
		}
		g, _ := later.Group(x.id)
		if got := days(g, c.Location); got != x.want || days(before, c.Location) != was || g.Planned[0] != before.Dates[0] || later.Hash != c.Hash {
			t.Errorf("%s %q is put off to %s, want %s", x.id, x.now, got, x.want)
		}
		other, _ := later.Group("late")
		if same, _ := c.Group("late"); days(other, c.Location) != days(same, c.Location) || other.Planned != nil {
			t.Errorf("another group moved: %s", days(other, c.Location))
		}
	}
}

// What a person would be warned of is not done: a holiday, a licence that ends, sessions that are lost, a leader who is busy.
func TestNotPutOff(t *testing.T) {
	for _, x := range []struct{ old, now, id, code string }{
		{"start: 2026-12-01,", "start: 2026-11-27,", "early", "holiday"},
		{"to: 2027-03-31}]}\n  - {id: brook", "to: 2027-02-02}]}\n  - {id: brook", "late", "licence-ends"},
		{"end: 2026-12-23", "end: 2026-12-23, skip: [2027-01-06]", "ending", "fewer-sessions"},
		{"start: 2026-12-01,", "start: 2026-12-01, moved: [{date: 2026-12-22, to: 2026-12-29}],", "early", "session-clash"},
		{"start: 2027-01-12,", "start: 2027-01-05,", "early", "leader-busy"},
		{"holidays:", "policy: {postponeWeeks: 0}\nholidays:", "early", ""},
		{"leader: ames, enrolment: closed, seats: {min: 2, max: 8, urgent: 1}", "leader: ames, enrolment: rolling, seats: {min: 2, max: 8}", "early", ""},
		{`time: "17:30"`, `time: "17:30"`, "nobody", ""},
	} {
		c := cohortsWith(t, x.old, x.now)
		later, why := c.PutOff(x.id)
		switch {
		case later != nil:
			t.Errorf("%s %q is put off", x.id, x.now)
		case x.code == "" && len(why) > 0, x.code != "" && (len(why) != 1 || why[0].Code != x.code):
			t.Errorf("%s %q: %v, want %s", x.id, x.now, why, x.code)
		}
	}
	// Two groups that a leader leads at once already stay so.
	c := cohortsWith(t, `start: 2027-01-12, time: "18:30"`, `start: 2026-12-08, time: "18:30"`)
	if later, why := c.PutOff("early"); later == nil {
		t.Errorf("what overlaps already hinders: %v", why)
	}
}
