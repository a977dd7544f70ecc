package jsontree

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func root(t *testing.T, doc string) (Cursor, *Report) {
	t.Helper()
	r := new(Report)
	c, ok := Parse([]byte(doc)).Read(r)
	if !ok {
		t.Fatalf("nothing was read of %s", doc)
	}
	return c, r
}

// one reads the only member of an object.
func one(t *testing.T, value string) (Cursor, *Report) {
	t.Helper()
	c, r := root(t, `{"x":`+value+`}`)
	for f := range c.Fields() {
		return f, r
	}
	t.Fatalf("no member in %s", value)
	return Cursor{}, nil
}

// Each reader takes its own type, treats null as absent and reports all else once, with the path.
func TestCursorReadsByType(t *testing.T) {
	readers := map[string]func(Cursor) any{
		"a string":      func(c Cursor) any { return c.Text(10) },
		"true or false": func(c Cursor) any { return c.Bool() },
		"a number":      func(c Cursor) any { v, _ := c.Float(); return v },
		"an array":      func(c Cursor) any { return strings.Join(c.Strings(3, 10), "+") },
		"an object": func(c Cursor) any {
			n := 0
			for range c.Fields() {
				n++
			}
			return n
		},
	}
	values := map[string]struct {
		text string
		want any
	}{
		"a string": {`" yes "`, "yes"}, "true or false": {`true`, true}, "a number": {`-2.5e1`, -25.0},
		"an array": {`["a","","b"]`, "a+b"}, "an object": {`{"a":null,"b":1}`, 2},
	}
	for want, read := range readers {
		for have, value := range values {
			c, r := one(t, value.text)
			got := read(c)
			switch {
			case have == want && (got != value.want || r.Failed()):
				t.Errorf("%s read as %s gives %v, %v", value.text, want, got, r.Issues())
			case have != want && r.Issues().Error() != "x: expected "+want+", found "+have+" (wrong-type)":
				t.Errorf("%s read as %s: %v", value.text, want, r.Issues())
			}
		}
		if c, r := one(t, `null`); !reflect.ValueOf(read(c)).IsZero() || r.Failed() {
			t.Errorf("null read as %s: %v", want, r.Issues())
		}
	}
}

func TestCursorLimits(t *testing.T) {
	for _, test := range []struct {
		value, want string
		read        func(Cursor)
	}{
		{`"éééé"`, "x: longer than 3 characters (too-long)", func(c Cursor) { c.Text(3) }},
		{`"ééé"`, "", func(c Cursor) { c.Text(3) }},
		{`[1,2,3]`, "x: 3 items, where at most 2 are allowed (too-large)", func(c Cursor) {
			for range c.Items(2) {
				t.Error("an item of a list that is too long")
			}
		}},
		{`["a",null]`, "x[1]: expected a string, found null (wrong-type)", func(c Cursor) { c.Strings(2, 2) }},
		{`1e999`, "x: this number is out of range (invalid-value)", func(c Cursor) { c.Float() }},
		{`"purple"`, "x: expected one of red, green (unknown-value)", func(c Cursor) { OneOf(c, []string{"red", "green"}) }},
		{`" red "`, "", func(c Cursor) { OneOf(c, []string{"red", "green"}) }},
		{`"a\u0001"`, "x: control characters are read as spaces (control-character)", func(c Cursor) {
			if got := c.Text(5); got != "a" {
				t.Errorf("read %q", got)
			}
		}},
	} {
		c, r := one(t, test.value)
		if test.read(c); r.Issues().Error() != test.want {
			t.Errorf("%s:\n got %v\nwant %s", test.value, r.Issues(), test.want)
		}
	}
}

func TestCursorRequire(t *testing.T) {
	for _, test := range []struct{ doc, want string }{
		{`{"x":1}`, ""},
		{`{"x":{}}`, ""},
		{`{"x":[0]}`, ""},
		{`{}`, "x required"},
		{`{"x":null}`, "x required"},
		{`{"x":" "}`, "x required"},
		{`{"x":[]}`, "x required"},
		{`{"x":["",""]}`, "x required"},
		{`[]`, ""},                  // not an object: its reader says so
		{`{"y":`, "$ invalid-json"}, // x may have followed
	} {
		c, r := root(t, test.doc)
		c.Require("x", "expected x")
		got := ""
		for _, issue := range r.Issues() {
			got += issue.Path + " " + issue.Code
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.doc, got, test.want)
		}
	}
}

func TestCursorPaths(t *testing.T) {
	c, _ := root(t, `{"a":[{"b":1},[2,{"c d":3}]],"`+strings.Repeat("k", 100)+`":4}`)
	var got []string
	var visit func(Cursor)
	visit = func(c Cursor) {
		switch c.Kind() {
		case Object:
			for f := range c.Fields() {
				visit(f)
			}
		case Array:
			for item := range c.Items(9) {
				visit(item)
			}
		default:
			got = append(got, c.Path())
		}
	}
	visit(c)
	want := []string{"a[0].b", "a[1][0]", `a[1][1]["c d"]`, `["` + strings.Repeat("k", keyMax) + `..."]`}
	want[3] = "$" + want[3]
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

func TestReportListsFailuresFirst(t *testing.T) {
	var r Report
	for range IssuesMax + 5 {
		r.Remark("a", UnknownField, "x")
	}
	r.Fail("b", Required, "y")
	issues := r.Issues()
	if len(issues) != IssuesMax+1 || issues[0].Path != "b" || issues[IssuesMax].Text != "6 more problems are not listed" {
		t.Errorf("%d issues, first %v, last %v", len(issues), issues[0], issues[len(issues)-1])
	}
}

func TestDates(t *testing.T) {
	for _, test := range []struct {
		text           string
		date, dateTime bool
		time           string // in UTC; empty: not a time
	}{
		{"2026", true, true, ""},
		{"2026-11", true, true, ""},
		{"2026-11-09", true, true, ""},
		{"2024-02-29", true, true, ""},
		{"2000-02-29", true, true, ""},
		{"1900-02-29", false, false, ""},
		{"2026-02-30", false, false, ""},
		{"2026-04-31", false, false, ""},
		{"2026-13", false, false, ""},
		{"2026-00-01", false, false, ""},
		{"2026-11-00", false, false, ""},
		{"0000-01-01", false, false, ""},
		{"26-11-09", false, false, ""},
		{"2026-1-9", false, false, ""},
		{"2026-11-9x", false, false, ""},
		{"20261109", false, false, ""},
		{"2026-11-09T08:30:00Z", false, true, "2026-11-09T08:30:00Z"},
		{"2026-11-09T08:30:00.123456789+14:00", false, true, "2026-11-08T18:30:00.123456789Z"},
		{"2026-11-09T08:30:00-05:30", false, true, "2026-11-09T14:00:00Z"},
		{"2026-11-09T08:30:00", false, false, ""},
		{"2026-11-09T08:30Z", false, false, ""},
		{"2026-11-09 08:30:00Z", false, false, ""},
		{"2026-11-09T24:00:00Z", false, false, ""},
		{"2026-11-09T08:60:00Z", false, false, ""},
		{"2026-11-09T23:59:60Z", false, false, ""},
		{"2026-11-09T08:30:00.Z", false, false, ""},
		{"2026-11-09T08:30:00+14:01", false, false, ""},
		{"2026-11-09T08:30:00+1400", false, false, ""},
		{"0001-01-01T00:00:00+14:00", false, true, ""}, // a year before the first in UTC
	} {
		c, r := one(t, `"`+test.text+`"`)
		if got := c.Date(); (got == test.text) != test.date || r.Failed() == test.date {
			t.Errorf("%s as date: %q, %v", test.text, got, r.Issues())
		}
		c, r = one(t, `"`+test.text+`"`)
		if got := c.DateTime(); (got == test.text) != test.dateTime || r.Failed() == test.dateTime {
			t.Errorf("%s as dateTime: %q, %v", test.text, got, r.Issues())
		}
		c, r = one(t, `"`+test.text+`"`)
		var got string
		if at := c.Time(); !at.IsZero() {
			got = at.Format(time.RFC3339Nano)
		}
		if got != test.time || r.Failed() == (test.time != "") {
			t.Errorf("%s as time: %q, %v", test.text, got, r.Issues())
		}
	}
}
