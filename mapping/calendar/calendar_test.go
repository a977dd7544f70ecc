package calendar_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/convene-health/convene/mapping/calendar"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/testdata/week"
)

// TestEveryGroup: the calendar of each group of the week reads back with its sessions, and names nobody.
func TestEveryGroup(t *testing.T) {
	cat, problems := program.Load(week.Catalogs()[0])
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	for i := range cat.Groups {
		g := &cat.Groups[i]
		from := g.Dates[len(g.Dates)/2]
		text, ok := calendar.Group(cat, g.ID, from)
		if again, _ := calendar.Group(cat, g.ID, from); !ok || again != text {
			t.Fatalf("%s: the second time it reads %s", g.ID, again)
		}
		read, err := ics.ParseCalendar(strings.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", g.ID, err)
		}
		events := read.Events()
		if want := len(g.Dates) - len(g.Dates)/2; len(events) != want {
			t.Errorf("%s: %d sessions, want %d", g.ID, len(events), want)
		}
		if start, err := events[0].GetStartAt(); err != nil || !start.Equal(from) {
			t.Errorf("%s begins at %v, want %v (%v)", g.ID, start, from, err)
		}
		for _, l := range cat.Leaders {
			if regexp.MustCompile(`\b` + l.Family + `\b`).MatchString(text) {
				t.Errorf("%s names %s", g.ID, l.Family)
			}
		}
		if strings.Contains(text, "ATTENDEE") || strings.Contains(text, "ORGANIZER") {
			t.Errorf("%s names somebody: %s", g.ID, text)
		}
	}
	if _, ok := calendar.Group(cat, "no-such-group", time.Time{}); ok {
		t.Error("a group that is none has a calendar")
	}
}

// A session that was moved is the same event at another time: what a calendar has of it moves.
func TestMovedSessionKeepsItsUID(t *testing.T) {
	const text = `network: north
zone: America/New_York
validFrom: 2026-11-02
organization: {name: North}
sources: [{name: ehr}]
programs: [{id: circle, from: condition_support_group}]
groups:
  - {id: g, program: circle, mode: telehealth, link: "https://meet.example/g", sessions: {start: 2026-11-05, time: "18:00", every: weekly, count: 4}}
`
	events := func(yaml string) []*ics.VEvent {
		cat, problems := program.Load([]byte(yaml))
		if cat == nil {
			t.Fatal(problems)
		}
		text, _ := calendar.Group(cat, "g", time.Time{})
		read, err := ics.ParseCalendar(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return read.Events()
	}
	was := events(text)
	is := events(strings.Replace(text, "count: 4", `count: 4, moved: [{date: 2026-11-12, to: 2026-11-14, time: "10:00"}]`, 1))
	for i := range was {
		start, err := is[i].GetStartAt()
		if err != nil || is[i].Id() != was[i].Id() || len(is) != len(was) {
			t.Fatalf("%s is %s (%v)", was[i].Id(), is[i].Id(), err)
		}
		revised := is[i].GetProperty(ics.ComponentPropertySequence)
		if i == 1 && (start.UTC().Format(time.RFC3339) != "2026-11-14T15:00:00Z" || revised == nil || revised.Value != "1") || i != 1 && revised != nil {
			t.Errorf("session %d begins at %v, revised %v", i+1, start, revised)
		}
	}
}
