package program

import (
	"errors"
	"strings"
	"testing"
)

// blocks and braces are the two ways to write groups; comments and order stay.
const editable = `network: north # ours
groups:
  # The Mondays.
  - id: copd-1   # one seat only, ärztlich geprüft
    program: copd
    seats:
      min: 1 # legal minimum
      max: 1
    mode: in-person
    sessions:
      start: 2046-11-16
      time: "17:00"
      skip:
        - holidays
        - 2046-12-24 # Christmas Eve
  - {id: «café», name: x, program: copd}
  - {id: pain-1, program: pain, leader: omar, seats: {max: 6}, sessions: {start: 2046-11-16, time: "17:00", skip: [2047-01-01]}} # Omar's
# The end.
leaders: # in order of age
  - {id: omar, family: Other, type: peer}
zone: UTC
`

func TestEditChangesOneValueAndNothingElse(t *testing.T) {
	for _, c := range []struct {
		name     string
		edit     func() ([]byte, error)
		old, new string
	}{
		{"a value in a block", func() ([]byte, error) { return SetGroup([]byte(editable), "copd-1", "seats.max", 2) }, "      max: 1\n", "      max: 2\n"},
		{"a value in braces", func() ([]byte, error) { return SetGroup([]byte(editable), "pain-1", "leader", "lena") }, "leader: omar", "leader: lena"},
		{"a quoted value", func() ([]byte, error) { return SetGroup([]byte(editable), "pain-1", "sessions.time", "18:30") }, `pain, leader: omar, seats: {max: 6}, sessions: {start: 2046-11-16, time: "17:00"`, `pain, leader: omar, seats: {max: 6}, sessions: {start: 2046-11-16, time: "18:30"`},
		{"a new value in a block", func() ([]byte, error) { return SetGroup([]byte(editable), "copd-1", "cancelled", true) }, "ärztlich geprüft\n", "ärztlich geprüft\n    cancelled: true\n"},
		{"a new value in braces", func() ([]byte, error) { return SetGroup([]byte(editable), "pain-1", "seats.min", 2) }, "{max: 6}", "{max: 6, min: 2}"},
		{"a new mapping", func() ([]byte, error) { return SetGroup([]byte(editable), "«café»", "seats.max", 4) }, "name: x, program: copd}", "name: x, program: copd, seats: {max: 4}}"},
		{"another date in a block", func() ([]byte, error) { return SkipSession([]byte(editable), "copd-1", "2046-12-31") }, "# Christmas Eve\n", "# Christmas Eve\n        - 2046-12-31\n"},
		{"another date in brackets", func() ([]byte, error) { return SkipSession([]byte(editable), "pain-1", "2047-01-08") }, "[2047-01-01]", "[2047-01-01, 2047-01-08]"},
		{"a session moved, in a block", func() ([]byte, error) {
			return MoveSession([]byte(editable), "copd-1", Moved{Date: "2046-11-23", To: "2046-11-24", Time: "18:00"})
		}, "      start: 2046-11-16\n", "      start: 2046-11-16\n      moved: [{date: \"2046-11-23\", to: \"2046-11-24\", time: \"18:00\"}]\n"},
		{"a session moved, in braces", func() ([]byte, error) {
			return MoveSession([]byte(editable), "pain-1", Moved{Date: "2046-11-23", To: "2046-11-24"})
		}, "[2047-01-01]}}", "[2047-01-01], moved: [{date: \"2046-11-23\", to: \"2046-11-24\"}]}}"},
		{"a session moved twice", func() ([]byte, error) {
			once, err := MoveSession([]byte(editable), "pain-1", Moved{Date: "2046-11-23", To: "2046-11-24"})
			if err != nil {
				return nil, err
			}
			return MoveSession(once, "pain-1", Moved{Date: "2046-11-23", To: "2046-11-25", Time: "09:00"})
		}, "[2047-01-01]}}", "[2047-01-01], moved: [{date: \"2046-11-23\", to: \"2046-11-25\", time: \"09:00\"}]}}"},
		{"another session moved", func() ([]byte, error) {
			once, err := MoveSession([]byte(editable), "pain-1", Moved{Date: "2046-11-23", To: "2046-11-24"})
			if err != nil {
				return nil, err
			}
			return MoveSession(once, "pain-1", Moved{Date: "2046-11-30", To: "2046-12-01"})
		}, "[2047-01-01]}}", "[2047-01-01], moved: [{date: \"2046-11-23\", to: \"2046-11-24\"}, {date: \"2046-11-30\", to: \"2046-12-01\"}]}}"},
		{"a list in a block", func() ([]byte, error) {
			return Set([]byte(editable), "groups", "copd-1", "sessions.skip", []string{"holidays"})
		}, "      skip:\n        - holidays\n        - 2046-12-24 # Christmas Eve\n", "      skip: [holidays]\n"},
		{"a list in brackets", func() ([]byte, error) {
			return Set([]byte(editable), "groups", "pain-1", "sessions.skip", []string{})
		}, "[2047-01-01]", "[]"},
		{"a new list of things", func() ([]byte, error) {
			return Set([]byte(editable), "leaders", "omar", "licences", []Licence{{Title: "RN", State: "MA", To: "2049-12-31"}})
		}, "type: peer}", "type: peer, licences: [{title: RN, state: MA, to: \"2049-12-31\"}]}"},
		{"one more leader", func() ([]byte, error) {
			with, err := Add([]byte(editable), "leaders", "lena")
			if err != nil {
				return nil, err
			}
			return Set(with, "leaders", "lena", "family", "Lead: er")
		}, "type: peer}\n", "type: peer}\n  - {id: lena, family: \"Lead: er\"}\n"},
		{"one more group", func() ([]byte, error) {
			return AddGroup([]byte(editable), &Group{ID: "copd-2", Program: "copd", Mode: "telehealth", Sessions: Sessions{Start: "2046-11-17", Time: "09:00", Count: 8}})
		}, "# Omar's\n", "# Omar's\n  - {id: copd-2, program: copd, sessions: {start: \"2046-11-17\", time: \"09:00\", count: 8}, mode: telehealth}\n"},
	} {
		got, err := c.edit()
		if want := strings.Replace(editable, c.old, c.new, 1); err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", c.name, err, got, want)
		}
	}
}

func TestFirstGroupOfACatalog(t *testing.T) {
	g := &Group{ID: "a", Program: "p", Mode: "telehealth"}
	for _, start := range []string{"network: north", "network: north\ngroups: []\n", "groups:\n- id: z\nnetwork: north\n"} {
		got, err := AddGroup([]byte(start), g)
		if err != nil {
			t.Errorf("%q: %v", start, err)
		}
		if c, err := Written(got); err != nil || c.Network != "north" || c.Groups[len(c.Groups)-1].ID != "a" {
			t.Errorf("%q becomes %q", start, got)
		}
	}
}

func TestWhatCannotBeEditedIsSaid(t *testing.T) {
	shared := "x: &at {start: 2046-11-16}\ngroups:\n  - {id: a, sessions: *at}\n  - id: b\n    seats: {max: &m 6}\n"
	if _, err := SetGroup([]byte(strings.Replace(shared, "x:", "holidays:", 1)), "a", "sessions.start", "2046-11-17"); !errors.Is(err, ErrUneditable) {
		t.Errorf("an alias: %v", err)
	}
	if _, err := SetGroup([]byte(editable), "nobody", "leader", "lena"); !errors.Is(err, ErrNoGroup) {
		t.Errorf("no group: %v", err)
	}
	if _, err := SetGroup([]byte(editable), "copd-1", "nothing", "x"); !errors.Is(err, ErrUneditable) {
		t.Errorf("no such value: %v", err)
	}
	got, err := SetGroup([]byte(editable), "copd-1", "leader", "a\nb: c")
	if err == nil {
		var c *Catalog
		if c, err = Written(got); err == nil && c.Groups[0].Leader == "a\nb: c" {
			return
		}
	}
	t.Errorf("a value that looks like YAML: %v\n%s", err, got)
}
