package program

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// What members hear of between two catalogs: what is off, moved or new and still to come, and nothing else.
func TestSessionChanges(t *testing.T) {
	base := `network: north
zone: America/New_York
validFrom: 2026-11-02
organization: {name: North}
sources: [{name: ehr}]
programs: [{id: circle, from: condition_support_group}]
groups:
  - {id: g, program: circle, mode: telehealth, link: "https://meet.example/g", sessions: {start: 2026-01-08, time: "18:00", every: weekly}}
`
	counted := strings.Replace(base, `every: weekly`, `every: weekly, count: 50`, 1)
	at := time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct{ name, old, from, to, want string }{
		{"nothing", base, "", "", ""},
		{"the year moves on", base, "validFrom: 2026-11-02", "validFrom: 2027-05-03", ""},
		{"the year moves back", base, "validFrom: 2026-11-02", "validFrom: 2026-02-02", ""},
		{"one is left out", base, `weekly`, `weekly, skip: [2026-11-19]`, "11-19 18:00>-"},
		{"one was left out", base, `weekly`, `weekly, skip: [2026-11-05]`, ""},
		{"one is moved", base, `weekly`, `weekly, moved: [{date: 2026-11-19, to: 2026-11-21, time: "10:00"}]`, "11-19 18:00>11-21 10:00"},
		{"one is at another time", base, `weekly`, `weekly, moved: [{date: 2026-11-19, to: 2026-11-19, time: "10:00"}]`, "11-19 18:00>11-19 10:00"},
		{"moved into the past", base, `weekly`, `weekly, moved: [{date: 2026-11-12, to: 2026-11-09}]`, "11-12 18:00>-"},
		{"the end comes sooner", base, `weekly`, `weekly, end: 2027-10-15`, "10-21 18:00>-, 10-28 18:00>-"},
		{"made up for at the end", counted, "count: 50", "count: 50, skip: [2026-11-19]", "11-19 18:00>-, 12-24 18:00"},
		{"one less", counted, "count: 50", "count: 49", "12-17 18:00>-"},
		{"one more", counted, "count: 50", "count: 51", "12-24 18:00"},
		{"moved beyond the last", counted, "count: 50", "count: 50, moved: [{date: 2026-11-19, to: 2027-01-05}]", "11-19 18:00>01-05 18:00"},
	} {
		old, now := mustLoad(t, c.old), mustLoad(t, strings.Replace(c.old, c.from, c.to, 1))
		// A catalog that says it once more, of a later day, changes nothing.
		for _, again := range []struct {
			a, b *Catalog
			want string
		}{{old, now, c.want}, {now, now, ""}} {
			var got []string
			for _, x := range SessionChanges(again.a, again.b, &again.a.Groups[0], &again.b.Groups[0], at) {
				s := ""
				if !x.Was.IsZero() {
					s = x.Was.In(now.Location).Format("01-02 15:04") + ">"
				}
				if !x.Is.IsZero() {
					s += x.Is.In(now.Location).Format("01-02 15:04")
				} else {
					s += "-"
				}
				got = append(got, s)
			}
			if text := strings.Join(got, ", "); text != again.want {
				t.Errorf("%s: %s, want %s", c.name, text, again.want)
			}
		}
	}
}

// A session that was moved and is moved again, or back, is still the one of its date.
func TestMovedAgain(t *testing.T) {
	with := func(moved string) *Catalog {
		return mustLoad(t, fmt.Sprintf(`network: north
zone: America/New_York
validFrom: 2026-11-02
organization: {name: North}
sources: [{name: ehr}]
programs: [{id: circle, from: condition_support_group}]
groups:
  - {id: g, program: circle, mode: telehealth, link: "https://meet.example/g", sessions: {start: 2026-11-05, time: "18:00", every: weekly, count: 6%s}}
`, moved))
	}
	none, once, twice := with(""), with(", moved: [{date: 2026-11-19, to: 2026-11-21}]"), with(", moved: [{date: 2026-11-19, to: 2026-12-01}]")
	for _, c := range []struct {
		a, b    *Catalog
		was, is string
	}{{once, twice, "2026-11-21", "2026-12-01"}, {twice, none, "2026-12-01", "2026-11-19"}} {
		got := SessionChanges(c.a, c.b, &c.a.Groups[0], &c.b.Groups[0], time.Time{})
		if len(got) != 1 || got[0].Was.In(c.a.Location).Format(dateForm) != c.was || got[0].Is.In(c.a.Location).Format(dateForm) != c.is {
			t.Errorf("from %s to %s: %v", c.was, c.is, got)
		}
	}
	g := &once.Groups[0]
	if !once.IsMoved(g, g.Dates[2]) || once.IsMoved(g, g.Dates[1]) || g.Sessions.PlannedDate("2026-11-21") != "2026-11-19" {
		t.Errorf("which one is moved: %v", g.Dates)
	}
}

func mustLoad(t *testing.T, text string) *Catalog {
	t.Helper()
	c, problems := Load([]byte(text))
	if c == nil {
		t.Fatalf("%v\n%s", problems, text)
	}
	return c
}
