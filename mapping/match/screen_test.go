package match

import (
	"slices"
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

func icd(code string) mapping.Code { return mapping.Code{System: mapping.SystemICD10CM, Code: code} }

func TestScreenCodes(t *testing.T) {
	for _, c := range []struct {
		name     string
		code     mapping.Code
		clinical string
		verified string
		rule     string
		level    Level
	}{
		{"S1_ideation", icd("R45.851"), "", "", "suicide_acute", Stop},
		{"S1_ideation_without_dot", icd("r45851"), "active", "confirmed", "suicide_acute", Stop},
		{"S1_provisional_counts", icd("R45.851"), "", "provisional", "suicide_acute", Stop},
		{"S1_snomed", mapping.Code{System: mapping.SystemSNOMED, Code: "6471006"}, "", "", "suicide_acute", Stop},
		{"S1_without_system", mapping.Code{Code: "R45.851"}, "", "", "suicide_acute", Stop},
		{"S1_resolved_is_review", icd("R45.851"), "resolved", "", "suicide_acute", Review},
		{"S1_remission_is_review", icd("R45.851"), "remission", "", "suicide_acute", Review},
		{"S1_refuted", icd("R45.851"), "", "refuted", "", ""},
		{"S1_entered_in_error", icd("R45.851"), "", "entered-in-error", "", ""},
		{"S1_poisoning_initial", icd("T43.222A"), "", "", "suicide_acute", Stop},
		{"S1_poisoning_subsequent", icd("T43.222D"), "", "", "suicide_acute", Stop},
		{"S1_poisoning_sequela", icd("T43.222S"), "", "", "suicide_acute", Review},
		{"S1_poisoning_sequela_resolved", icd("T43.222S"), "resolved", "", "suicide_acute", Review},
		{"S1_poisoning_accidental", icd("T43.221A"), "", "", "", ""},
		{"S1_firearm_sequela", icd("X72.XXXS"), "", "", "suicide_acute", Review},
		{"S2_history", icd("Z91.51"), "resolved", "", "suicide_risk_history", Review},
		{"S3_homicidal", icd("R45.850"), "", "", "violence_homicidal", Stop},
		{"S3_homicidal_resolved", icd("R45.850"), "resolved", "", "violence_homicidal", Review},
		{"S4_psychosis", icd("F32.3"), "", "", "active_psychosis", Review},
		{"S4_psychosis_resolved", icd("F32.3"), "resolved", "", "", ""},
		{"S5_severe_dementia", icd("F03.C0"), "", "", "severe_cognitive_impairment", Review},
		{"S6_withdrawal", icd("F10.230"), "", "", "intoxication_withdrawal", Review},
		{"S11_pregnancy", icd("Z33.1"), "", "", "pregnancy", Filter},
		{"S11_pregnancy_over", icd("Z33.1"), "resolved", "", "", ""},
		{"S19_wheelchair", icd("Z99.3"), "", "", "mobility_need", Require},
		{"nothing", icd("I10"), "", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			hits := Screen(&mapping.Referral{Conditions: []mapping.Condition{{Codes: []mapping.Code{c.code}, ClinicalStatus: c.clinical, VerificationStatus: c.verified}}})
			switch {
			case c.rule == "" && len(hits) != 0:
				t.Errorf("got %+v", hits)
			case c.rule != "" && (len(hits) != 1 || hits[0].Rule != c.rule || hits[0].Level != c.level || hits[0].Path != "data.referral.conditions[0].codes[0]"):
				t.Errorf("got %+v, not %s %s", hits, c.level, c.rule)
			}
		})
	}
}

func TestScreenItem9(t *testing.T) {
	loinc := func(code string) *mapping.Code { return &mapping.Code{System: mapping.SystemLOINC, Code: code} }
	value := func(v float64) *float64 { return &v }
	item := mapping.Code{System: mapping.SystemLOINC, Code: "44260-8"}
	for _, c := range []struct {
		name  string
		given []mapping.Observation
		want  []Level
	}{
		{"0", []mapping.Observation{{Code: item, Value: value(0)}}, nil},
		{"1", []mapping.Observation{{Code: item, Value: value(1)}}, []Level{Review}},
		{"2", []mapping.Observation{{Code: item, Value: value(2)}}, []Level{Stop}},
		{"3", []mapping.Observation{{Code: item, Value: value(3)}}, []Level{Stop}},
		{"LA6568-5", []mapping.Observation{{Code: item, Answer: loinc("LA6568-5")}}, nil},
		{"LA6569-3", []mapping.Observation{{Code: item, Answer: loinc("LA6569-3")}}, []Level{Review}},
		{"LA6570-1", []mapping.Observation{{Code: item, Answer: loinc("LA6570-1")}}, []Level{Stop}},
		{"LA6571-9", []mapping.Observation{{Code: item, Answer: loinc("LA6571-9")}}, []Level{Stop}},
		{"not readable", []mapping.Observation{{Code: item, Answer: loinc("LA0")}}, []Level{Review}},
		{"older", []mapping.Observation{{Code: item, Value: value(3), Date: "2026-01-01"}, {Code: item, Value: value(0), Date: "2026-10-01"}}, []Level{Review}},
		{"newer", []mapping.Observation{{Code: item, Value: value(3), Date: "2026-10-01"}, {Code: item, Value: value(0), Date: "2026-01-01"}}, []Level{Stop}},
		{"total is no item", []mapping.Observation{{Code: mapping.Code{System: mapping.SystemLOINC, Code: "44261-6"}, Value: value(20)}}, nil},
		{"pregnant", []mapping.Observation{{Code: *loinc("82810-3"), Answer: &mapping.Code{System: mapping.SystemSNOMED, Code: "77386006"}}}, []Level{Filter}},
	} {
		var got []Level
		for _, h := range Screen(&mapping.Referral{Observations: c.given}) {
			got = append(got, h.Level)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", c.name, got, c.want)
		}
	}
}

func TestS26_deceased(t *testing.T) {
	hits := Screen(&mapping.Referral{Patient: mapping.Patient{Deceased: true}})
	if len(hits) != 1 || hits[0].Rule != RuleDeceased || hits[0].Level != Final {
		t.Errorf("got %+v", hits)
	}
}

// Every code of the shipped table raises its rule, at its level, when it stands alone on an active condition.
func TestScreenKnowsEveryCode(t *testing.T) {
	for _, s := range program.SafetyRules() {
		if s.ByAnswer() {
			continue
		}
		code := mapping.Code{System: s.System, Code: s.Code}
		hits := Screen(&mapping.Referral{Conditions: []mapping.Condition{{Codes: []mapping.Code{code}}}})
		if !slices.ContainsFunc(hits, func(h Hit) bool { return h.Rule == s.Rule && h.Level == s.Level }) {
			t.Errorf("%s %s raises %+v", s.Rule, s.Code, hits)
		}
	}
}

func TestSafetyTextsAreComplete(t *testing.T) {
	for _, s := range program.SafetyRules() {
		if !slices.ContainsFunc(SafetyTexts, func(r RuleText) bool { return r.ID == s.Rule && r.Text != "" && r.Source != "" }) {
			t.Errorf("%s has no text", s.Rule)
		}
	}
}

// What an EHR shows of a code that nobody knows is text.
func TestScreenReadsDisplaysOfUnknownCodes(t *testing.T) {
	r := &mapping.Referral{Conditions: []mapping.Condition{{Codes: []mapping.Code{{System: "local", Code: "17", Display: "Suicidal thoughts"}}, Text: "Suicidal thoughts"}}}
	if hits := Screen(r); len(hits) != 1 || hits[0].Rule != RuleTextSelfHarm {
		t.Errorf("got %+v", hits)
	}
}
