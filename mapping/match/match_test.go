package match

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// Choosing: to seek social support is a support group, to solve problems or make a change is therapy
// ("What is group therapy").
func TestC9_goal_decides_between_support_and_therapy(t *testing.T) {
	c := catalog(
		offers("cbt", mapping.Therapy, "depression", "symptom-reduction", "behaviour-change", "problem-solving"), meets("cbt-1", "cbt"),
		offers("peers", mapping.Support, "depression", "social-support", "peer-support"), meets("peers-1", "peers", dropIn),
	)
	for goal, want := range map[string]string{
		"social-support": "peers-1", "peer-support": "peers-1",
		"behaviour-change": "cbt-1", "problem-solving": "cbt-1", "symptom-reduction": "cbt-1", "": "cbt-1",
	} {
		r := adult("depression:mild", goal)
		if goal == "" {
			r.Goals = nil
		}
		if b, result := matched(c, r); chosen(b, result) != want {
			t.Errorf("%q: %q, not %q", goal, chosen(b, result), want)
		}
	}
}

// For serious clinical issues a peer group is offered only beside a licensed service.
func TestB3_licensed_first(t *testing.T) {
	c := catalog(
		offers("cbt", mapping.Therapy, "depression ptsd alcohol_use_disorder", "symptom-reduction"),
		offers("peers", mapping.Support, "depression ptsd alcohol_use_disorder", "peer-support"), meets("peers-1", "peers", dropIn),
		offers("talk", mapping.Education, "depression"), meets("talk-1", "talk", func(g *program.Group) { g.Leader = "pat" }),
	)
	for _, conditions := range []string{"depression", "depression:severe", "depression:moderately-severe", "ptsd:mild", "ptsd", "alcohol_use_disorder"} {
		_, result := matched(c, adult(conditions, "peer-support"))
		if result.Chosen >= 0 || !slices.Contains(codes(result.Review), "licensed-first") {
			t.Errorf("%s: a peer group alone, %+v", conditions, result)
		}
		b, beside := matched(c, adult(conditions, "peer-support"), func(q *Query) { q.Held, q.Beside = []int32{0}, []int32{0} })
		if beside.Join != 0 && (chosen(b, beside) != "peers-1" || !beside.Adjunct) {
			t.Errorf("%s: beside a licensed program %q, adjunct %v", conditions, chosen(b, beside), beside.Adjunct)
		}
		b, asked := matched(c, adult(conditions, "peer-support"), func(q *Query) { q.Held, q.Beside, q.Program = []int32{0}, []int32{0}, 1 })
		if chosen(b, asked) != "peers-1" || !asked.Adjunct {
			t.Errorf("%s: asked for beside a licensed program: %q, adjunct %v", conditions, chosen(b, asked), asked.Adjunct)
		}
		_, waiting := matched(c, adult(conditions, "peer-support"), func(q *Query) { q.Held, q.Program = []int32{0}, 1 })
		if waiting.Chosen >= 0 || !slices.Contains(codes(waiting.Review), "licensed-first") {
			t.Errorf("%s: a peer group beside a licensed one that is only waited for: %+v", conditions, waiting)
		}
	}
	for _, conditions := range []string{"depression:mild", "depression:moderate"} {
		if b, result := matched(c, adult(conditions, "peer-support")); chosen(b, result) != "peers-1" || result.Adjunct {
			t.Errorf("%s: milder ones may choose a peer group, not %q", conditions, chosen(b, result))
		}
	}
}

func TestUnknownSeverityIsNeverMild(t *testing.T) {
	mildOnly := offers("walk", mapping.Therapy, "depression")
	mildOnly.Criteria.Severity = []string{"mild"}
	_, result := matched(catalog(mildOnly, meets("walk-1", "walk")), adult("depression"))
	if result.Chosen >= 0 || !slices.Contains(codes(result.NeedsInfo), "severity-missing") {
		t.Errorf("got %+v", result)
	}
}

// A referral without a diagnosis is placed by its goals, in programs that are not for a condition.
func TestA12_goals_alone(t *testing.T) {
	c := catalog(
		offers("relate", mapping.Therapy, "any", "interpersonal-skills"), meets("relate-1", "relate"),
		offers("copd", mapping.Therapy, "copd", "interpersonal-skills"), meets("copd-1", "copd", starting(-1, 0)),
	)
	b, result := matched(c, adult("", "interpersonal-skills"))
	if chosen(b, result) != "relate-1" {
		t.Errorf("got %q", chosen(b, result))
	}
	if got := rulesOf(result, "copd-1"); !slices.Equal(got, []string{"no-overlap"}) {
		t.Errorf("a group for another condition: %v", got)
	}
	r := adult("", "interpersonal-skills")
	r.Programs = []string{"copd"}
	if b, result := matched(c, r, func(q *Query) { q.Program = 1 }); chosen(b, result) != "copd-1" {
		t.Errorf("asked for by name: %q", chosen(b, result))
	}
}

// A shared goal is overlap enough in a program open to every condition, even for what is not chronic.
func TestA1_goal_overlap_in_open_programs(t *testing.T) {
	c := catalog(offers("circle", mapping.Support, "any", "peer-support"), meets("circle-1", "circle", dropIn))
	if b, result := matched(c, adult("social_isolation", "peer-support")); chosen(b, result) != "circle-1" {
		t.Errorf("with the goal: %v", rulesOf(result, "circle-1"))
	}
	if _, result := matched(c, adult("social_isolation", "affordability")); result.Chosen >= 0 {
		t.Error("placed without overlap")
	}
}

// A group with a seat that is passed over for a waitlist says so.
func TestWaitingSaysWhy(t *testing.T) {
	c := catalog(
		offers("pain", mapping.Therapy, "chronic_pain"), meets("a", "pain"),
		offers("all", mapping.Education, "any"), meets("any", "all"),
	)
	_, result := matched(c, adult("chronic_pain"), func(q *Query) { q.Taken = func(g int32) int { return 8 - int(g)*8 } })
	if result.Wait != 0 || !slices.Equal(rulesOf(result, "any"), []string{"behind"}) || !slices.Equal(rulesOf(result, "a"), []string{"full"}) {
		t.Errorf("wait %d: any %v, a %v", result.Wait, rulesOf(result, "any"), rulesOf(result, "a"))
	}
}

func TestAgesOfMixedBands(t *testing.T) {
	p := offers("p", mapping.Support, "asthma")
	p.Criteria = program.Criteria{AgeFrom: 13, AgeTo: 25}
	for birth, want := range map[string]string{"2010-01-01": "minors-apart", "2016-01-01": "minors-apart", "2004-01-01": "", "1980-01-01": "age-band"} {
		r := adult("asthma")
		r.Patient.BirthDate = birth
		_, result := matched(catalog(p, meets("g", "p", dropIn)), r)
		if got := strings.Join(rulesOf(result, "g"), " "); got != want {
			t.Errorf("born %s: %q, not %q", birth, got, want)
		}
	}
}

func TestC1_preference_decides_at_equal_need(t *testing.T) {
	c := catalog(
		offers("pain", mapping.Therapy, "chronic_pain"), meets("here", "pain"),
		meets("far", "pain", func(g *program.Group) { g.Mode, g.Site = "telehealth", "" }),
	)
	for mode, want := range map[string]string{"in-person": "here", "telehealth": "far"} {
		r := adult("chronic_pain")
		r.Preferences.Mode = mode
		if b, result := matched(c, r); chosen(b, result) != want {
			t.Errorf("%s: %q", mode, chosen(b, result))
		}
	}
}

func TestS20_one_gender_by_wish(t *testing.T) {
	c := catalog(offers("pain", mapping.Therapy, "chronic_pain"), meets("women", "pain", func(g *program.Group) { g.Gender = "female" }))
	for _, x := range []struct {
		identity, wish string
		placed         bool
	}{{"", "female", true}, {"female", "female", true}, {"male", "female", false}, {"female", "", false}, {"female", "male", false}} {
		r := adult("chronic_pain")
		r.Patient.GenderIdentity, r.Preferences.Gender = x.identity, x.wish
		if _, result := matched(c, r); (result.Chosen >= 0) != x.placed {
			t.Errorf("%+v: placed is %v", x, result.Chosen >= 0)
		}
	}
}

// Full groups: another program that fits as well is taken, one that fits clearly less is not.
func TestCapacity(t *testing.T) {
	full := func(ids ...string) func(*Query) {
		return func(q *Query) { q.Taken = func(g int32) int { return 8 * len(ids) } }
	}
	near := catalog(
		offers("pain", mapping.Therapy, "chronic_pain"), meets("a", "pain"), meets("b", "pain", starting(7, 0)),
		offers("skills", mapping.Skills, "chronic_pain"), meets("s", "skills"),
		offers("all", mapping.Education, "any"), meets("any", "all"),
	)
	taken := func(full ...string) func(*Query) {
		return func(q *Query) {
			q.Taken = func(g int32) int {
				if slices.Contains(full, near.Groups[g].ID) {
					return 8
				}
				return 7
			}
		}
	}
	r := adult("chronic_pain")
	for _, c := range []struct {
		full         []string
		chosen, wait string
	}{
		{nil, "a", ""},
		{[]string{"a"}, "b", ""},
		{[]string{"a", "s"}, "b", ""},
		{[]string{"a", "b"}, "s", ""},
		{[]string{"a", "b", "s"}, "", "pain"},
		{[]string{"a", "b", "s", "any"}, "", "pain"},
	} {
		b, result := matched(near, r, taken(c.full...))
		wait := ""
		if result.Wait >= 0 {
			wait = b.ProgramID(result.Wait)
		}
		if chosen(b, result) != c.chosen || wait != c.wait {
			t.Errorf("full %v: chosen %q, wait %q", c.full, chosen(b, result), wait)
		}
		for _, id := range c.full {
			if got := rulesOf(result, id); !slices.Equal(got, []string{"full"}) {
				t.Errorf("full %v: %s is %v", c.full, id, got)
			}
		}
	}
	b := Compile(near)
	need, _ := b.Normalise(r, "ehr")
	if groups := b.acceptable(Query{Need: &need, At: now, Program: -1}, b.Program("pain")); !slices.Equal(groups, []int32{0, 1}) {
		t.Errorf("acceptable %v", groups)
	}
	open := catalog(offers("peers", mapping.Support, "chronic_pain"), meets("p", "peers", dropIn))
	if b, result := matched(open, r, full("p")); chosen(b, result) != "p" {
		t.Error("A5: an open group without a cap is never full")
	}
}

func TestJoin(t *testing.T) {
	c := catalog(
		offers("pain", mapping.Therapy, "chronic_pain"), meets("a", "pain"),
		offers("all", mapping.Education, "any"), meets("any", "all"),
		offers("skills", mapping.Skills, "chronic_pain"), meets("s", "skills"),
	)
	for _, x := range []struct {
		held    []int32
		program int32
		join    int32
		chosen  string
	}{
		{[]int32{0}, -1, 0, ""},   // the best
		{[]int32{2}, -1, 2, ""},   // another that names the condition
		{[]int32{1}, -1, -1, "a"}, // open to any: not what this referral needs
		{[]int32{0}, 2, -1, "s"},  // asked for another by name
		{[]int32{1}, 1, 1, ""},
	} {
		b, result := matched(c, adult("chronic_pain"), func(q *Query) { q.Held, q.Program = x.held, x.program })
		if result.Join != x.join || chosen(b, result) != x.chosen {
			t.Errorf("held %v, asked %d: join %d, chosen %q", x.held, x.program, result.Join, chosen(b, result))
		}
	}
}

func TestS15_conflict_is_not_told(t *testing.T) {
	c := catalog(offers("pain", mapping.Therapy, "chronic_pain"), meets("a", "pain"))
	_, result := matched(c, adult("chronic_pain"), func(q *Query) { q.Conflict = func(int32) string { return "relative" } })
	if got := rulesOf(result, "a"); !slices.Equal(got, []string{"relative"}) {
		t.Fatalf("excluded by %v", got)
	}
	out := result.Candidates[0].Reasons()[0].Outward()
	if out.Code != "not-offered" || strings.Contains(strings.ToLower(out.Text), "relative") {
		t.Errorf("outward %+v", out)
	}
}

func TestEnrolment(t *testing.T) {
	rolling := func(g *program.Group) {
		g.Enrolment = program.EnrolmentRolling
		weekly(g, g.Dates[0].In(boston).AddDate(0, 0, -21), 8)
	}
	for _, c := range []struct {
		name   string
		kind   mapping.Kind
		change func(*program.Group)
		first  time.Time // zero: not placed
	}{
		{"closed", mapping.Therapy, starting(0, 0), time.Date(2026, 11, 16, 18, 0, 0, 0, time.UTC)},
		{"closed, session 1 begins now", mapping.Therapy, func(g *program.Group) { g.Dates[0] = now }, time.Time{}},
		{"rolling", mapping.Therapy, rolling, time.Date(2026, 11, 9, 18, 0, 0, 0, time.UTC)},
		{"open", mapping.Support, dropIn, time.Date(2026, 11, 9, 18, 0, 0, 0, time.UTC)},
		{"over", mapping.Support, func(g *program.Group) { dropIn(g); g.Dates = g.Dates[:4] }, time.Time{}},
	} {
		_, result := matched(catalog(offers("p", c.kind, "chronic_pain"), meets("g", "p", c.change)), adult("chronic_pain"))
		if !result.First.Equal(c.first) || (result.Chosen >= 0) != !c.first.IsZero() {
			t.Errorf("%s: chosen %d, first %v", c.name, result.Chosen, result.First)
		}
	}
}

// Renewed licences count as one; an ongoing group asks for what covers the first session.
func TestS22_licences(t *testing.T) {
	c := catalog(offers("p", mapping.Therapy, "chronic_pain"), meets("g", "p", func(g *program.Group) { g.Leader = "renewed" }))
	c.Leaders = append(c.Leaders, program.Leader{ID: "renewed", Licences: []program.Licence{
		{State: "MA", From: "2026-12-01", To: "2028-11-30"}, {State: "MA", From: "2024-12-01", To: "2026-11-30"}}})
	if b, result := matched(c, adult("chronic_pain")); chosen(b, result) != "g" {
		t.Errorf("renewed: %v", rulesOf(result, "g"))
	}
	c.Leaders[len(c.Leaders)-1].Licences[0].From = "2026-12-02"
	if _, result := matched(c, adult("chronic_pain")); result.Chosen >= 0 {
		t.Error("a day without a licence")
	}
	ongoing := func(g *program.Group) {
		g.Leader, g.Enrolment, g.Sessions.Count = "brief", program.EnrolmentRolling, 0
		weekly(g, g.Dates[0].In(boston), 52)
	}
	if b, result := matched(catalog(c.Programs[0], meets("g", "p", ongoing)), adult("chronic_pain")); chosen(b, result) != "g" {
		t.Errorf("ongoing: %v", rulesOf(result, "g"))
	}
}

func TestSuits(t *testing.T) {
	c := catalog(offers("pain", mapping.Therapy, "chronic_pain"), meets("a", "pain"), meets("far", "pain", func(g *program.Group) { g.Languages = []string{"es"} }))
	b := Compile(c)
	r := adult("chronic_pain")
	r.Patient.Languages = []string{"en"}
	need, _ := b.Normalise(r, "ehr")
	if !b.Suits(&need, 0, now) {
		t.Errorf("a does not suit: %+v", b.WhyNot(&need, 0, now))
	}
	if why := b.WhyNot(&need, 1, now); b.Suits(&need, 1, now) || len(why) != 1 || why[0].Rule != "language" {
		t.Errorf("far: %+v", why)
	}
	if b.Suits(&need, 0, now.AddDate(0, 0, 14)) {
		t.Error("a suits after session 1")
	}
}

// D2: the explanation of a placement names the goals it serves.
func TestD2_why(t *testing.T) {
	c := catalog(offers("pain", mapping.Therapy, "chronic_pain", "coping-strategies", "self-awareness"), meets("a", "pain"))
	_, result := matched(c, adult("chronic_pain", "coping-strategies", "peer-support"))
	var got []string
	for _, r := range result.Why() {
		got = append(got, r.Text)
	}
	want := []string{"The program is for: Chronic pain.", "It serves the goal: Coping strategies: stress management, symptom tips."}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// A program for any chronic condition says which of the patient's it is for.
func TestWhyAnyChronicCondition(t *testing.T) {
	c := catalog(offers("circle", mapping.Support, "any"), meets("a", "circle"))
	_, result := matched(c, adult("copd"))
	if got := result.Why(); len(got) != 1 || got[0] != (mapping.Reason{Code: "serves-condition", Text: "The program is for any chronic condition: Chronic obstructive pulmonary disease."}) {
		t.Errorf("got %q", got)
	}
}
