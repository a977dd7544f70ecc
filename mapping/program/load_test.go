package program

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
)

func load(t testing.TB, name string) *Catalog {
	t.Helper()
	data, err := os.ReadFile("../../testdata/week/" + name)
	if err != nil {
		t.Fatal(err)
	}
	c, ps := Load(data)
	for _, p := range ps {
		t.Errorf("%s:%s", name, p)
	}
	if c == nil {
		t.FailNow()
	}
	return c
}

func TestWeekCatalogs(t *testing.T) {
	c := load(t, "catalog.yaml")
	if len(c.Groups) < 100 || len(c.Programs) < 45 {
		t.Errorf("%d groups of %d programs", len(c.Groups), len(c.Programs))
	}
	serves := map[string]bool{}
	for _, p := range c.Programs {
		for _, k := range p.Conditions {
			serves[k] = true
		}
	}
	for _, k := range Conditions() {
		if !serves[k.Key] {
			t.Errorf("nothing for %s", k.Key)
		}
	}
	small := load(t, "catalog-lakeside.yaml")
	if c.Hash == small.Hash || len(c.Hash) != len("sha256-")+64 || !strings.HasPrefix(c.Hash, "sha256-") {
		t.Errorf("hashes %q and %q", c.Hash, small.Hash)
	}
}

// What is left out is filled from the template, then from the kind.
func TestFill(t *testing.T) {
	c, ps := Load([]byte(base))
	if c == nil {
		t.Fatal(ps)
	}
	p, _ := c.Program("depression-cbt")
	if p.Name != "Group CBT for depression" || p.Kind != mapping.Therapy || !p.Licensed || p.Acceptance != AcceptanceAuto ||
		p.Attendance != AttendanceExpected || p.Criteria.AgeFrom != 18 || p.Participant != mapping.ParticipantPatient ||
		p.Codes.Category != "409063005" || !slices.Contains(p.Criteria.Excludes, "suicide_acute") || p.Provider.Name != "Test Network" {
		t.Errorf("%+v", p)
	}
	p, _ = c.Program("own-therapy")
	if !p.Licensed || p.Acceptance != AcceptanceOffer || p.Criteria.AgeFrom != 20 {
		t.Errorf("%+v", p)
	}
	g, _ := c.Group("own-1")
	if g.Enrolment != EnrolmentClosed || g.Seats != (Seats{Min: 6, Max: 8}) || g.Sessions.Minutes != 60 || g.Sessions.Every != EveryWeek || g.Sessions.Count != 8 || g.Name != "Own therapy" {
		t.Errorf("%+v", g)
	}
	g, _ = c.Group("circle-1")
	if g.Enrolment != EnrolmentOpen || g.Seats.Max != 0 || g.Sessions.Count != 0 || g.Languages[0] != "en" {
		t.Errorf("%+v", g)
	}
	if _, ok := c.Group("none"); ok {
		t.Error("found a group that is not there")
	}
	want := map[mapping.Priority]Urgency{mapping.Routine: {0, 1}, mapping.Urgent: {40, 2}, mapping.ASAP: {60, 3}, mapping.Stat: {120, 4}}
	if fmt.Sprint(c.Policy.Urgency) != fmt.Sprint(want) || c.Policy.OfferDays != 5 || c.Policy.OfferDaysUrgent != 2 || c.Policy.HandoverDays != 28 {
		t.Errorf("%+v", c.Policy)
	}
}

// Filling never writes into the shipped templates.
func TestTemplatesStay(t *testing.T) {
	before := fmt.Sprintf("%+v", Templates())
	load(t, "catalog.yaml")
	if after := fmt.Sprintf("%+v", Templates()); after != before {
		t.Error("a template changed")
	}
}

func TestAnchors(t *testing.T) {
	text := strings.Replace(base, "languages: [en]", "languages: &spoken [en, es]", 1)
	text = strings.Replace(text, "    link: https", "    languages: *spoken\n    link: https", 1)
	c, ps := Load([]byte(text))
	if c == nil {
		t.Fatal(ps)
	}
	if g, _ := c.Group("own-1"); !slices.Equal(g.Languages, []string{"en", "es"}) {
		t.Errorf("%v", g.Languages)
	}
}

func TestDates(t *testing.T) {
	loc, err := LoadZone("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	holidays := map[string]bool{"2026-11-26": true}
	from := time.Date(2026, 11, 9, 0, 0, 0, 0, loc)
	for _, tt := range []struct {
		name string
		s    Sessions
		want string // the first dates, in local time
		n    int
	}{
		{"weekly, across the change of clocks", Sessions{Start: "2027-03-10", Time: "18:00", Count: 2}, "03-10 18:00 EST, 03-17 18:00 EDT", 2},
		{"a skipped date does not count", Sessions{Start: "2026-11-19", Time: "10:00", Count: 3, Skip: []string{"2026-11-26"}}, "11-19 10:00 EST, 12-03 10:00 EST, 12-10 10:00 EST", 3},
		{"skip: holidays", Sessions{Start: "2026-11-19", Time: "10:00", Count: 2, Skip: []string{"holidays"}}, "11-19 10:00 EST, 12-03 10:00 EST", 2},
		{"one on another day and at another time", Sessions{Start: "2026-11-10", Time: "10:00", Count: 3, Moved: []Moved{{"2026-11-17", "2026-11-20", "18:30"}}}, "11-10 10:00 EST, 11-20 18:30 EST, 11-24 10:00 EST", 3},
		{"behind the next one", Sessions{Start: "2026-11-10", Time: "10:00", Count: 3, Moved: []Moved{{"2026-11-10", "2026-11-18", ""}}}, "11-17 10:00 EST, 11-18 10:00 EST, 11-24 10:00 EST", 3},
		{"from a holiday that is left out", Sessions{Start: "2026-11-19", Time: "10:00", Count: 3, Skip: []string{"holidays"}, Moved: []Moved{{"2026-11-26", "2026-11-24", ""}}}, "11-19 10:00 EST, 11-24 10:00 EST, 12-03 10:00 EST", 3},
		{"left out by its date, so not moved", Sessions{Start: "2026-11-10", Time: "10:00", Count: 2, Skip: []string{"2026-11-17"}, Moved: []Moved{{"2026-11-17", "2026-11-20", ""}}}, "11-10 10:00 EST, 11-24 10:00 EST", 2},
		{"of an ongoing group, into the listed year and out of it", Sessions{Start: "2026-01-06", Time: "10:00", Moved: []Moved{{"2026-11-03", "2026-11-12", ""}, {"2026-11-10", "2026-11-05", ""}, {"2027-11-09", "2027-11-05", ""}, {"2027-11-02", "2027-11-11", ""}}}, "11-12 10:00 EST, 11-17 10:00 EST", 52},
		{"twice a week", Sessions{Start: "2026-11-17", Time: "10:00", Count: 4, Every: EveryTwiceWeek}, "11-17 10:00 EST, 11-19 10:00 EST, 11-24 10:00 EST, 11-26 10:00 EST", 4},
		{"three times a week", Sessions{Start: "2026-11-16", Time: "10:00", Count: 4, Every: EveryThriceWeek}, "11-16 10:00 EST, 11-18 10:00 EST, 11-20 10:00 EST, 11-23 10:00 EST", 4},
		{"daily", Sessions{Start: "2026-11-16", Time: "10:00", End: "2026-11-18", Every: EveryDay}, "11-16 10:00 EST, 11-17 10:00 EST, 11-18 10:00 EST", 3},
		{"second Tuesday", Sessions{Start: "2026-11-10", Time: "10:00", Count: 3, Every: EveryMonth}, "11-10 10:00 EST, 12-08 10:00 EST, 01-12 10:00 EST", 3},
		{"last Monday", Sessions{Start: "2026-11-30", Time: "10:00", Count: 2, Every: EveryMonth}, "11-30 10:00 EST, 12-28 10:00 EST", 2},
		{"second and fourth Tuesday", Sessions{Start: "2026-11-24", Time: "10:00", Count: 3, Every: EveryTwiceMonth}, "11-24 10:00 EST, 12-08 10:00 EST, 12-22 10:00 EST", 3},
		{"ongoing lists a year from the catalog's first day", Sessions{Start: "2026-01-06", Time: "10:00", Every: EveryWeek}, "11-10 10:00 EST, 11-17 10:00 EST", 52},
		{"up to its end", Sessions{Start: "2026-11-10", Time: "10:00", End: "2026-11-24"}, "11-10 10:00 EST, 11-17 10:00 EST, 11-24 10:00 EST", 3},
	} {
		var got []string
		dates, _ := tt.s.expand(loc, holidays, from)
		for _, d := range dates {
			if d.Location() != time.UTC {
				t.Errorf("%s: %v is not UTC", tt.name, d)
			}
			got = append(got, d.In(loc).Format("01-02 15:04 MST"))
		}
		if !strings.HasPrefix(strings.Join(got, ", "), tt.want) || len(dates) != tt.n {
			t.Errorf("%s: %d: %v, want %d: %s", tt.name, len(dates), got, tt.n, tt.want)
		}
	}
}

func TestSessionsOfAGroup(t *testing.T) {
	c := load(t, "catalog.yaml")
	g, _ := c.Group("depression-cbt-4")
	first, _ := c.FirstSessionAfter(g, time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC))
	second, _ := c.FirstSessionAfter(g, first)
	last, _ := c.LastSession(g)
	if first.Format(time.RFC3339) != "2026-11-19T22:00:00Z" || second.Format(time.DateOnly) != "2026-12-03" || len(g.Dates) != 8 {
		t.Errorf("first %v, second %v, %d sessions", first, second, len(g.Dates))
	}
	if _, ok := c.FirstSessionAfter(g, last); ok {
		t.Error("a session after the last")
	}
	rolling, _ := c.Group("recovery-counselling-1")
	entry, _ := c.FirstSessionAfter(rolling, time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC))
	until, ok := c.LastSessionFor(rolling, entry)
	i := slices.Index(rolling.Dates, entry)
	if !ok || slices.Index(rolling.Dates, until)-i != 11 {
		t.Errorf("from %v to %v", entry, until)
	}
	if whole, _ := c.LastSessionFor(g, second); whole != last {
		t.Errorf("closed group: until %v, want %v", whole, last)
	}
}

func TestBusinessDays(t *testing.T) {
	c := load(t, "catalog.yaml")
	at := func(s string) time.Time {
		x, err := time.ParseInLocation("2006-01-02 15:04", s, c.Location)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for _, tt := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-11-16 09:00", 0, "2026-11-16 09:00"},
		{"2026-11-16 09:00", 5, "2026-11-23 09:00"},
		{"2026-11-10 16:30", 1, "2026-11-12 16:30"}, // Veterans Day between
		{"2026-11-25 10:00", 1, "2026-11-30 10:00"}, // Thanksgiving, the day after, a weekend
		{"2027-03-12 10:00", 1, "2027-03-15 10:00"}, // the change of clocks between
	} {
		if got := c.BusinessDays(at(tt.from), tt.n); !got.Equal(at(tt.want)) || got.Location() != time.UTC {
			t.Errorf("%s + %d: %v, want %s", tt.from, tt.n, got.In(c.Location), tt.want)
		}
	}
	if !c.Holiday(at("2026-11-26 23:30")) || c.Holiday(at("2026-11-27 23:30").AddDate(0, 0, 1)) {
		t.Error("holidays go by the local date")
	}
}

// Zones are the embedded ones: a name that only a host could know is unknown.
func TestLoadZone(t *testing.T) {
	t.Setenv("ZONEINFO", t.TempDir())
	for _, name := range []string{"UTC", "America/New_York", "America/Indiana/Knox", "Pacific/Honolulu"} {
		if _, err := LoadZone(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", "Local", "America", "America/", "../etc/passwd", "EST5"} {
		if loc, err := LoadZone(name); err == nil {
			t.Errorf("%q gave %v", name, loc)
		}
	}
}

// large is a catalog of n groups over 100 programs.
func large(n int) []byte {
	var b strings.Builder
	b.WriteString(base[:strings.Index(base, "programs:")])
	b.WriteString("programs:\n")
	for i := range 100 {
		fmt.Fprintf(&b, "  - id: program-%d\n    from: cbt_group_depression\n", i)
	}
	b.WriteString("groups:\n")
	for i := range n {
		fmt.Fprintf(&b, `  - id: group-%d
    program: program-%d
    leader: ames
    seats: {min: 6, max: 8}
    sessions: {start: 2026-11-%02d, time: "18:00", skip: [2026-11-26]}
    mode: in-person
    site: main
    languages: [en, es]
    cost: low
    payers: [medicare, medicaid]
`, i, i%100, 10+i%15)
	}
	return []byte(b.String())
}

func TestLoadLarge(t *testing.T) {
	c, ps := Load(large(2000))
	if c == nil || len(c.Groups) != 2000 {
		t.Fatalf("%v", ps)
	}
	if g, ok := c.Group("group-1999"); !ok || len(g.Dates) != 8 {
		t.Errorf("%+v", g)
	}
}

func BenchmarkLoad10kGroups(b *testing.B) {
	data := large(10_000)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if c, ps := Load(data); c == nil {
			b.Fatal(ps)
		}
	}
}

func BenchmarkResolveICD10(b *testing.B) {
	for b.Loop() {
		ResolveICD10("E11.65")
	}
}
