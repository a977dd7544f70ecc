package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
	recorded "github.com/convene-health/convene/testdata/week"
	"github.com/convene-health/convene/worker/generate"
)

// small is a simulation of a few weeks of the recorded week's larger network.
func small(seed uint64) Options {
	o := Base()
	o.Catalog, o.Seed, o.Months, o.WarmUpWeeks, o.PerWeek = recorded.Catalogs()[0], seed, 1, 1, 160
	return o
}

func run(t *testing.T, o Options) *Result {
	t.Helper()
	r, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// No risk that a referral told may lead to an unsafe place, whatever the seed; that the untold ones do is not hidden.
func TestNothingToldIsPlacedUnsafely(t *testing.T) {
	uncoded := 0
	for seed := uint64(1); seed <= 2; seed++ {
		r := run(t, small(seed))
		if r.UnsafeCarried != 0 {
			t.Errorf("seed %d: %d unsafe places: %+v", seed, r.UnsafeCarried, r.Unsafe)
		}
		if r.Refused != 0 {
			t.Errorf("seed %d: %d events of the simulation were refused", seed, r.Refused)
		}
		uncoded += r.UnsafeUncoded
	}
	if uncoded == 0 {
		t.Error("no untold risk led to an unsafe place: the judge looks away, or nobody is placed")
	}
}

// The judge is able to find fault: with rules that hear nothing, and with a catalog that promises what is not so.
func TestJudgeFails(t *testing.T) {
	for name, spoil := range map[string]func(*Options){
		"rules switched off": func(o *Options) {
			o.deaf = func(r *mapping.Referral) {
				r.Notes, r.Observations = nil, nil
				for i := range r.Conditions {
					if c := r.Conditions[i].Codes[0].Code; c == "R45.851" || c == "R45.850" || c == "Z91.51" || c == "6471006" || c == "T74.11XA" {
						r.Conditions[i].VerificationStatus = "entered-in-error"
					}
				}
			}
		},
		"sites marked accessible that are not": func(o *Options) {
			o.told = func(catalog []byte) []byte {
				return regexp.MustCompile(`(?m)^  address:\n`).ReplaceAll(regexp.MustCompile(`(?m)^  access:\n(  - \w+\n)+`).ReplaceAll(catalog, nil),
					[]byte("  access: [wheelchair, hearing, vision, oxygen]\n  address:\n"))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := small(1)
			spoil(&o)
			if r := run(t, o); r.UnsafeCarried == 0 {
				t.Errorf("nothing unsafe found among %d places", r.Judged)
			}
		})
	}
}

// The same seed gives the same bytes, another one does not.
func TestSameSeedSameBytes(t *testing.T) {
	write := func(seed uint64) []byte {
		o := small(seed)
		o.Catalog = recorded.Catalogs()[1] // a small one
		r := run(t, o)
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var page bytes.Buffer
		if err := r.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		return append(line, page.Bytes()...)
	}
	once := write(7)
	if !bytes.Equal(once, write(7)) {
		t.Error("two runs of one seed differ")
	}
	if bytes.Equal(once, write(8)) {
		t.Error("two seeds give the same")
	}
}

// The page asks for nothing: no file, no script, no picture from elsewhere.
func TestPageStandsAlone(t *testing.T) {
	var page bytes.Buffer
	if err := run(t, small(1)).WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	if m := regexp.MustCompile(`(?i)<(link|img|iframe|script[^>]+src)|@import|[^a-z]url\(`).Find(page.Bytes()); m != nil {
		t.Errorf("the page has %q", m)
	}
	if !bytes.Contains(page.Bytes(), []byte("default-src 'none'")) {
		t.Error("the page lacks the policy that keeps it from asking")
	}
}

// What is put in comes out: arrivals, who comes to a first session, and every counted referral once.
func TestFiguresFollowAssumptions(t *testing.T) {
	o := small(3)
	o.Months, o.WarmUpWeeks, o.PerWeek, o.LeadOdds, o.Risk, o.Cancelled = 3, 4, 200, 1, 0, 0
	r := run(t, o)
	if want := o.PerWeek * 90 / 7; float64(r.Arrivals) < 0.93*want || float64(r.Arrivals) > 1.07*want {
		t.Errorf("%d arrivals, want about %.0f", r.Arrivals, want)
	}
	if r.UnsafeUncoded != 0 || r.RightlyHeld != 0 {
		t.Errorf("%d unsafe and %d rightly held without any risk", r.UnsafeUncoded, r.RightlyHeld)
	}
	if r.Attendance.ShareCame < 0.58 || r.Attendance.ShareCame > 0.72 {
		t.Errorf("%.2f of those with a place came, want about %.2f", r.Attendance.ShareCame, o.AttendFirst)
	}
	sum := 0
	for _, c := range r.Outcomes {
		sum += c.Count
	}
	if sum != r.Referrals {
		t.Errorf("outcomes of %d referrals, want %d", sum, r.Referrals)
	}
	sum = 0
	for _, w := range r.Waits {
		sum += w.Referrals
	}
	if sum != r.Referrals {
		t.Errorf("waits of %d referrals, want %d", sum, r.Referrals)
	}
}

// A risk that is told is heard, one that is not told is not: the truth does not reach the rules that place by another way.
func TestRiskIsHeardOrNot(t *testing.T) {
	o := small(5)
	o.Risk, o.Coded, o.Text = 1, 1, 0
	told := run(t, o)
	o.Coded = 0
	untold := run(t, o)
	if told.UnsafeUncoded != 0 || untold.UnsafeCarried != 0 || untold.RightlyHeld != 0 || told.RightlyHeld == 0 {
		t.Errorf("all told: %d uncoded, %d held; none told: %d carried, %d held", told.UnsafeUncoded, told.RightlyHeld, untold.UnsafeCarried, untold.RightlyHeld)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, spoil := range map[string]func(*Options){
		"share":   func(o *Options) { o.NoShow = 1.5 },
		"sum":     func(o *Options) { o.Coded, o.Text = 0.8, 0.3 },
		"months":  func(o *Options) { o.Months = 0 },
		"rate":    func(o *Options) { o.PerWeek = 0 },
		"warm-up": func(o *Options) { o.WarmUpWeeks = 9 },
		"catalog": func(o *Options) { o.Catalog = []byte("network: x") },
	} {
		o := small(1)
		spoil(&o)
		if _, err := Run(context.Background(), o); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
}

// Each rule of the judge by an example and its opposite.
func TestJudge(t *testing.T) {
	home := truth{risk: -1, born: day("1970-01-01"), languages: []string{"en-US"}, state: "MA"}
	with := func(change func(*truth)) truth {
		one := home
		change(&one)
		return one
	}
	risky := func(name string) truth {
		return with(func(t *truth) {
			for i := range risks {
				if risks[i].Name == name {
					t.risk, t.carrier = i, carriedCode
				}
			}
		})
	}
	class := place{group: &program.Group{Mode: "in-person", Languages: []string{"en"}}, program: &program.Program{Kind: mapping.Education, Conditions: []string{"prediabetes"}, Criteria: program.Criteria{AgeFrom: 18}},
		site: &program.Site{Address: mapping.Address{State: "MA"}}, first: time.Date(2026, 12, 1, 15, 0, 0, 0, time.UTC), last: time.Date(2027, 1, 1, 15, 0, 0, 0, time.UTC)}
	at := func(change func(*place)) place {
		one := class
		g, p := *class.group, *class.program
		one.group, one.program = &g, &p
		change(&one)
		return one
	}
	led := func(to string) func(*place) {
		return func(p *place) {
			p.program.Kind = mapping.Therapy
			p.leader = &program.Leader{Licences: []program.Licence{{State: "MA", From: "2020-01-01", To: to}}}
		}
	}
	for name, c := range map[string]struct {
		truth    truth
		place    place
		approved bool
		want     string
	}{
		"nothing":                {home, class, false, ""},
		"suicidal":               {risky("suicidal now"), class, false, judgedRisk},
		"suicidal, seen":         {risky("suicidal now"), class, true, ""},
		"eating disorder":        {risky("eating disorder"), class, true, judgedWeight},
		"pregnant":               {risky("pregnant"), class, false, judgedDPP},
		"pregnant, other group":  {risky("pregnant"), at(func(p *place) { p.program.Conditions = []string{"copd"} }), false, ""},
		"wheelchair":             {risky("wheelchair"), class, false, judgedAccess},
		"wheelchair, from home":  {risky("wheelchair"), at(func(p *place) { p.group.Mode = "telehealth" }), false, ""},
		"hearing, from home":     {risky("hearing loss"), at(func(p *place) { p.group.Mode = "telehealth" }), false, judgedAccess},
		"minor":                  {with(func(t *truth) { t.born = day("2010-05-05") }), class, false, judgedAge},
		"adult among minors":     {home, at(func(p *place) { p.program.Criteria = program.Criteria{AgeFrom: 13, AgeTo: 17} }), false, judgedAge},
		"language":               {with(func(t *truth) { t.languages = []string{"zh"} }), class, false, judgedLanguage},
		"language, interpreter":  {with(func(t *truth) { t.languages = []string{"zh"} }), at(func(p *place) { p.group.Interpreter = true }), false, ""},
		"therapy, no leader":     {home, at(func(p *place) { p.program.Kind = mapping.Therapy }), false, judgedLicence},
		"therapy, licence ends":  {home, at(led("2026-12-20")), false, judgedLicence},
		"therapy, licence lasts": {home, at(led("2027-12-20")), false, ""},
		"peers for a grave need": {with(func(t *truth) { t.conditions = had("bipolar") }), at(func(p *place) { p.program.Kind, p.program.Conditions = mapping.Support, []string{"bipolar"} }), false, judgedPeers},
		"peers for a mild need":  {with(func(t *truth) { t.conditions = had("depression") }), at(func(p *place) { p.program.Kind, p.program.Conditions = mapping.Support, []string{"depression"} }), false, ""},
	} {
		no := judge(&c.truth, &c.place, c.approved)
		got := ""
		if len(no) > 0 {
			got = no[0].rule
		}
		if got != c.want || len(no) > 1 {
			t.Errorf("%s: %v, want %q", name, no, c.want)
		}
	}
}

func day(s string) time.Time {
	at, _ := time.Parse(time.DateOnly, s)
	return at
}

func had(key string) []generate.Had { return []generate.Had{{Key: key}} }
