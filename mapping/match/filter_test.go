package match

import (
	"slices"
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

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
		{name: "S9_minor_not_in_adult_group", rule: "minors-apart", need: func(r *mapping.Referral) { r.Patient.BirthDate = "2012-01-01" }},
		{name: "S9_minor_not_in_group_of_all_ages", rule: "minors-apart", need: func(r *mapping.Referral) { r.Patient.BirthDate = "2012-01-01" },
			p: func() program.Program { p := pain; p.Criteria.AgeFrom = 13; return p }()},
		{name: "S9_eighteen_the_day_after_session_one", rule: "minors-apart", need: func(r *mapping.Referral) { r.Patient.BirthDate = "2008-11-17" }},
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
