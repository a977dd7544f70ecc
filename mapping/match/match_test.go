package match

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// now is a Monday morning in the test network, 14:00 UTC.
var now = time.Date(2026, 11, 9, 14, 0, 0, 0, time.UTC)

var boston = func() *time.Location {
	l, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	return l
}()

// catalog builds a resolved catalog of one site, four leaders, and the given programs and groups.
func catalog(parts ...any) *program.Catalog {
	c := &program.Catalog{
		Network: "test", Location: boston,
		Sites: []program.Site{{ID: "main", Address: mapping.Address{State: "MA", PostalCode: "02118"}, Access: []string{"wheelchair"}}},
		Leaders: []program.Leader{
			{ID: "ames", Type: "professional", Licences: []program.Licence{{Title: "LICSW", State: "MA", To: "2028-12-31"}}},
			{ID: "brief", Type: "professional", Licences: []program.Licence{{Title: "LICSW", State: "MA", To: "2026-12-01"}}},
			{ID: "vega", Type: "professional", Licences: []program.Licence{{Title: "PsyD", State: "NH", To: "2028-12-31"}}},
			{ID: "pat", Type: "peer"},
		},
	}
	for _, p := range parts {
		switch p := p.(type) {
		case program.Program:
			c.Programs = append(c.Programs, p)
		case program.Group:
			c.Groups = append(c.Groups, p)
		case program.Source:
			c.Sources = append(c.Sources, p)
		case program.Site:
			c.Sites = append(c.Sites, p)
		}
	}
	return c
}

func offers(id string, kind mapping.Kind, conditions string, goals ...string) program.Program {
	return program.Program{ID: id, Name: id, Kind: kind, Conditions: strings.Fields(conditions), Goals: goals}
}

// meets is a group of 8 weekly sessions from a week after now, at 13:00 on Mondays, led by ames.
func meets(id, of string, change ...func(*program.Group)) program.Group {
	g := program.Group{
		ID: id, Program: of, Leader: "ames", Mode: "in-person", Site: "main", Enrolment: program.EnrolmentClosed,
		Seats: program.Seats{Min: 6, Max: 8}, Sessions: program.Sessions{Count: 8}, Cost: "low",
	}
	weekly(&g, time.Date(2026, 11, 16, 13, 0, 0, 0, boston), 8)
	for _, f := range change {
		f(&g)
	}
	return g
}

func weekly(g *program.Group, first time.Time, count int) {
	g.Dates = nil
	for i := range count {
		g.Dates = append(g.Dates, first.AddDate(0, 0, 7*i).UTC())
	}
}

// starting moves a group's first session by days and hours.
func starting(days, hours int) func(*program.Group) {
	return func(g *program.Group) {
		weekly(g, g.Dates[0].In(boston).AddDate(0, 0, days).Add(time.Duration(hours)*time.Hour), len(g.Dates))
	}
}

// dropIn makes a group open, under way for four weeks, led by a peer.
func dropIn(g *program.Group) {
	g.Enrolment, g.Leader, g.Seats, g.Sessions.Count = program.EnrolmentOpen, "pat", program.Seats{}, 0
	weekly(g, g.Dates[0].In(boston).AddDate(0, 0, -35), 52)
}

// adult is a referral of an adult in Massachusetts with conditions by key, each as "key" or "key:severity".
func adult(conditions string, goals ...string) *mapping.Referral {
	r := &mapping.Referral{Goals: goals, Patient: mapping.Patient{BirthDate: "1970-05-05", Address: mapping.Address{State: "MA", PostalCode: "02139"}}}
	for c := range strings.FieldsSeq(conditions) {
		key, severity, _ := strings.Cut(c, ":")
		r.Conditions = append(r.Conditions, mapping.Condition{Codes: []mapping.Code{codeOf(key)}, Severity: severity})
	}
	return r
}

// codeOf gives a coding of a condition.
func codeOf(key string) mapping.Code { return program.ConditionByKey(key).SNOMED[0] }

// matched matches a referral at now.
func matched(c *program.Catalog, r *mapping.Referral, change ...func(*Query)) (*Book, Result) {
	b := Compile(c)
	need, _ := b.Normalise(r, "ehr")
	q := Query{Need: &need, At: now, Program: -1}
	for _, f := range change {
		f(&q)
	}
	return b, b.Match(q)
}

// chosen is the id of the chosen group.
func chosen(b *Book, r Result) string {
	if r.Chosen < 0 {
		return ""
	}
	return b.GroupID(r.Chosen)
}

// rulesOf are the rules that keep the patient out of a listed group.
func rulesOf(r Result, group string) (rules []string) {
	for i := range r.Candidates {
		if r.Candidates[i].ID == group {
			for _, reason := range r.Candidates[i].Reasons() {
				rules = append(rules, reason.Rule)
			}
		}
	}
	return rules
}

func codes(reasons []Reason) (out []string) {
	for _, r := range reasons {
		out = append(out, r.Code)
	}
	return out
}

// Each filter by itself: with the fault the group is excluded by that rule alone, without it the patient gets it.
func TestFilters(t *testing.T) {
	pain := offers("pain", mapping.Therapy, "chronic_pain", "coping-strategies")
	remote := func(g *program.Group) { g.Mode, g.Site = "telehealth", "" }
	for _, c := range []struct {
		name  string
		rule  string
		p     program.Program
		group func(*program.Group)
		need  func(*mapping.Referral)
	}{
		{name: "A13_family_only_in_family_programs", rule: "participant-role", need: func(r *mapping.Referral) { r.Participant = mapping.ParticipantFamily }},
		{name: "A13_patients_not_in_family_programs", rule: "participant-role",
			p: func() program.Program { p := pain; p.Participant = mapping.ParticipantFamily; return p }()},
		{name: "C9_kind_of_the_condition", rule: "kind-not-allowed", p: offers("pain", mapping.CognitiveRehab, "chronic_pain")},
		{name: "B1_unlicensed_never_places", rule: "leader-licence", group: func(g *program.Group) { g.Leader = "pat" }},
		{name: "B1_no_leader_never_places", rule: "leader-licence", group: func(g *program.Group) { g.Leader = "" }},
		{name: "S22_licence_ends_before_last_session", rule: "leader-licence", group: func(g *program.Group) { g.Leader = "brief" }},
		{name: "S22_licence_of_another_state", rule: "leader-licence", group: func(g *program.Group) { g.Leader = "vega" }},
		{name: "S9_minor_not_in_adult_group", rule: "age-band", need: func(r *mapping.Referral) { r.Patient.BirthDate = "2012-01-01" }},
		{name: "S9_minor_not_in_group_of_all_ages", rule: "minors-apart", need: func(r *mapping.Referral) { r.Patient.BirthDate = "2012-01-01" },
			p: func() program.Program { p := pain; p.Criteria.AgeFrom = 13; return p }()},
		{name: "S9_eighteen_the_day_after_session_one", rule: "age-band", need: func(r *mapping.Referral) { r.Patient.BirthDate = "2008-11-17" }},
		{name: "S9_too_old", rule: "age-band", p: func() program.Program { p := pain; p.Criteria.AgeTo = 55; return p }()},
		{name: "S18_language", rule: "language", need: func(r *mapping.Referral) { r.Patient.Languages = []string{"es-MX", "pt"} }},
		{name: "S19_access", rule: "access", need: func(r *mapping.Referral) { r.Patient.Access = []string{"hearing"} }},
		{name: "S21_telehealth_licence_of_the_patients_state", rule: "licence-state", group: remote,
			need: func(r *mapping.Referral) { r.Patient.Address.State = "NH" }},
		{name: "S20_one_gender_only_by_wish", rule: "gender-group", group: func(g *program.Group) { g.Gender = "female" },
			need: func(r *mapping.Referral) { r.Patient.Gender = "female" }},
		{name: "C1_times", rule: "times", need: func(r *mapping.Referral) { r.Preferences.Times = []string{"weekday-morning", "weekend"} }},
		{name: "C1_payer", rule: "payer", group: func(g *program.Group) { g.Payers = []string{"medicare"} },
			need: func(r *mapping.Referral) { r.Payers = []string{"medicaid"} }},
		{name: "criteria_exclude", rule: "criteria-excludes", need: func(r *mapping.Referral) { r.Conditions = append(r.Conditions, adult("bipolar").Conditions...) },
			p: func() program.Program { p := pain; p.Criteria.Excludes = []string{"bipolar"}; return p }()},
		{name: "criteria_exclude_by_safety_rule", rule: "criteria-excludes", p: func() program.Program { p := pain; p.Criteria.Excludes = []string{"pregnancy"}; return p }(),
			need: func(r *mapping.Referral) {
				r.Conditions = append(r.Conditions, mapping.Condition{Codes: []mapping.Code{{System: mapping.SystemSNOMED, Code: "77386006"}}})
			}},
		{name: "criteria_severity", rule: "criteria-severity", need: func(r *mapping.Referral) { r.Conditions[0].Severity = "severe" },
			p: func() program.Program { p := pain; p.Criteria.Severity = []string{"mild", "moderate"}; return p }()},
		{name: "C1_required_mode", rule: "required-mode", need: func(r *mapping.Referral) {
			r.Preferences = mapping.Preferences{Mode: "telehealth", Required: []string{"mode"}}
		}},
		{name: "C1_required_language", rule: "required-language", need: func(r *mapping.Referral) {
			r.Preferences = mapping.Preferences{Language: "es", Required: []string{"language"}}
		}},
		{name: "C1_required_gender", rule: "required-gender", need: func(r *mapping.Referral) {
			r.Preferences = mapping.Preferences{Gender: "female", Required: []string{"gender"}}
		}},
		{name: "C1_required_kind", rule: "required-kind", need: func(r *mapping.Referral) {
			r.Preferences = mapping.Preferences{Kind: "skills", Required: []string{"kind"}}
		}},
		{name: "C1_required_site", rule: "required-site", need: func(r *mapping.Referral) {
			r.Preferences = mapping.Preferences{Site: "north", Required: []string{"site"}}
		}},
		{name: "A4_closed_after_session_one", rule: "enrolment-closed", group: starting(-7, -4)},
		{name: "A1_no_overlap_no_place", rule: "no-overlap", p: offers("pain", mapping.Therapy, "prolonged_grief", "coping-strategies")},
		{name: "S8_eating_disorder_never_in_weight_programs", rule: "eating-disorder-weight", p: offers("pain", mapping.Education, "obesity prediabetes"),
			need: func(r *mapping.Referral) { r.Conditions = adult("obesity eating_disorder").Conditions }},
		{name: "S11_pregnancy_never_in_DPP", rule: "pregnancy-dpp", p: offers("pain", mapping.Education, "prediabetes"),
			need: func(r *mapping.Referral) {
				r.Conditions = append(adult("prediabetes").Conditions, mapping.Condition{Codes: []mapping.Code{{System: mapping.SystemICD10CM, Code: "Z33.1"}}})
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, p, g := adult("chronic_pain", "coping-strategies"), c.p, c.group
			if p.ID == "" {
				p = pain
			}
			if c.need != nil {
				c.need(r)
			}
			if g == nil {
				g = func(*program.Group) {}
			}
			b, result := matched(catalog(p, meets("g", "pain", g)), r)
			if got := rulesOf(result, "g"); result.Chosen >= 0 || !slices.Equal(got, []string{c.rule}) {
				t.Errorf("chosen %q, excluded by %v, not by %s alone", chosen(b, result), got, c.rule)
			}
			if len(result.Review)+len(result.NeedsInfo) == 0 {
				t.Error("nobody is asked to look")
			}
			if b, sound := matched(catalog(pain, meets("g", "pain")), adult("chronic_pain", "coping-strategies")); chosen(b, sound) != "g" {
				t.Errorf("without the fault: %+v", sound)
			}
		})
	}
}

// What is not known excludes nothing; where a fact is needed it is asked for.
func TestSilence(t *testing.T) {
	pain := offers("pain", mapping.Therapy, "chronic_pain")
	remote := func(g *program.Group) { g.Mode, g.Site = "telehealth", "" }
	for _, c := range []struct {
		name   string
		group  func(*program.Group)
		need   func(*mapping.Referral)
		placed bool
		asks   string // code of NeedsInfo
		review string // code of Review
	}{
		{name: "no_payer_times_or_language_known", placed: true,
			group: func(g *program.Group) { g.Payers, g.Languages = []string{"medicare"}, []string{"es"} }},
		{name: "no_birth_date", need: func(r *mapping.Referral) { r.Patient.BirthDate = "" }, asks: "birth-date-missing"},
		{name: "birth_year_that_may_be_18", need: func(r *mapping.Referral) { r.Patient.BirthDate = "2008" }, asks: "birth-date-missing"},
		{name: "birth_month_that_is_18", need: func(r *mapping.Referral) { r.Patient.BirthDate = "2008-10" }, placed: true},
		{name: "telehealth_without_the_patients_state", group: remote, need: func(r *mapping.Referral) { r.Patient.Address = mapping.Address{} }, asks: "state-missing"},
		{name: "in_person_without_the_patients_state", need: func(r *mapping.Referral) { r.Patient.Address = mapping.Address{} }, placed: true},
		{name: "self_pay", placed: true, group: func(g *program.Group) { g.Payers, g.SelfPay = []string{"medicare"}, true },
			need: func(r *mapping.Referral) { r.Payers = []string{"medicaid"} }},
		{name: "interpreter", placed: true, group: func(g *program.Group) { g.Interpreter = true },
			need: func(r *mapping.Referral) { r.Patient.Languages = []string{"vi"} }},
		{name: "access_not_stated", group: func(g *program.Group) { g.Site = "bare" }, review: "attribute-unknown",
			need: func(r *mapping.Referral) { r.Patient.Access = []string{"wheelchair"} }},
		{name: "wheelchair_by_telehealth", group: remote, placed: true,
			need: func(r *mapping.Referral) { r.Patient.Access = []string{"wheelchair", "oxygen"} }},
		{name: "unserved_comorbidity", placed: true, need: func(r *mapping.Referral) { r.Conditions = append(adult("asthma").Conditions, r.Conditions...) }},
		{name: "unknown_comorbidity", placed: true, need: func(r *mapping.Referral) {
			r.Conditions = append(r.Conditions, mapping.Condition{Codes: []mapping.Code{{System: "local", Code: "X1"}}})
		}},
		{name: "nothing_but_an_unknown_code", review: "unknown-code", need: func(r *mapping.Referral) {
			r.Conditions = []mapping.Condition{{Codes: []mapping.Code{{System: "local", Code: "X1"}}}}
		}},
		{name: "nothing_asked", review: "no-suitable-group", need: func(r *mapping.Referral) { r.Conditions = nil }},
		{name: "resolved_condition", review: "no-suitable-group", need: func(r *mapping.Referral) { r.Conditions[0].ClinicalStatus = "resolved" }},
		{name: "refuted_condition", review: "no-suitable-group", need: func(r *mapping.Referral) { r.Conditions[0].VerificationStatus = "refuted" }},
		{name: "provisional_condition", review: "no-suitable-group", need: func(r *mapping.Referral) { r.Conditions[0].VerificationStatus = "provisional" }},
		{name: "recurring_condition", placed: true, need: func(r *mapping.Referral) { r.Conditions[0].ClinicalStatus = "recurrence" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := adult("chronic_pain")
			if c.need != nil {
				c.need(r)
			}
			var g []func(*program.Group)
			if c.group != nil {
				g = append(g, c.group)
			}
			_, result := matched(catalog(pain, program.Site{ID: "bare", Address: mapping.Address{State: "MA"}}, meets("g", "pain", g...)), r)
			if (result.Chosen >= 0) != c.placed {
				t.Errorf("placed is %v", result.Chosen >= 0)
			}
			if c.asks != "" && !slices.Contains(codes(result.NeedsInfo), c.asks) || c.asks == "" && len(result.NeedsInfo) > 0 {
				t.Errorf("asks for %v, not %q", codes(result.NeedsInfo), c.asks)
			}
			if c.review != "" && !slices.Contains(codes(result.Review), c.review) || c.review == "" && len(result.Review) > 0 {
				t.Errorf("review for %v, not %q", codes(result.Review), c.review)
			}
		})
	}
}

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
		b, beside := matched(c, adult(conditions, "peer-support"), func(q *Query) { q.Held = []int32{0} })
		if beside.Join != 0 && (chosen(b, beside) != "peers-1" || !beside.Adjunct) {
			t.Errorf("%s: beside a licensed program %q, adjunct %v", conditions, chosen(b, beside), beside.Adjunct)
		}
		b, asked := matched(c, adult(conditions, "peer-support"), func(q *Query) { q.Held, q.Program = []int32{0}, 1 })
		if chosen(b, asked) != "peers-1" || !asked.Adjunct {
			t.Errorf("%s: asked for beside a licensed program: %q, adjunct %v", conditions, chosen(b, asked), asked.Adjunct)
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
	for birth, want := range map[string]string{"2010-01-01": "minors-apart", "2016-01-01": "age-band", "2004-01-01": "", "1980-01-01": "age-band"} {
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
		if wait != "" && !slices.Equal(result.Acceptable, []int32{0, 1}) {
			t.Errorf("full %v: acceptable %v", c.full, result.Acceptable)
		}
		for _, id := range c.full {
			if got := rulesOf(result, id); !slices.Equal(got, []string{"full"}) {
				t.Errorf("full %v: %s is %v", c.full, id, got)
			}
		}
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
