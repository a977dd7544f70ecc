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
