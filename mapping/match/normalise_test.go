package match

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

func TestNormaliseSeverity(t *testing.T) {
	value := func(v float64) *float64 { return &v }
	phq := func(v float64, date string) mapping.Observation {
		return mapping.Observation{Code: mapping.Code{System: mapping.SystemLOINC, Code: "44261-6"}, Value: value(v), Date: date}
	}
	gad := func(v float64) mapping.Observation {
		return mapping.Observation{Code: mapping.Code{System: mapping.SystemLOINC, Code: "70274-6"}, Value: value(v)}
	}
	for _, c := range []struct {
		name     string
		code     mapping.Code
		severity string
		given    []mapping.Observation
		want     Severity
	}{
		{"nothing", codeOf("depression"), "", nil, SeverityUnknown},
		{"stated", codeOf("depression"), "moderate", []mapping.Observation{phq(22, "")}, Moderate},
		{"F32.0", icd("F32.0"), "", []mapping.Observation{phq(22, "")}, Mild},
		{"F33.1", icd("F33.1"), "", nil, Moderate},
		{"F33.2", icd("f332"), "", nil, Severe},
		{"F32.A", icd("F32.A"), "", nil, SeverityUnknown},
		{"F32.9 with a total", icd("F32.9"), "", []mapping.Observation{phq(10, "")}, Moderate},
		{"total 4", codeOf("depression"), "", []mapping.Observation{phq(4, "")}, SeverityUnknown},
		{"total 5", codeOf("depression"), "", []mapping.Observation{phq(5, "")}, Mild},
		{"total 14", codeOf("depression"), "", []mapping.Observation{phq(14, "")}, Moderate},
		{"total 15", codeOf("depression"), "", []mapping.Observation{phq(15, "")}, ModeratelySevere},
		{"total 20", codeOf("depression"), "", []mapping.Observation{phq(20, "")}, Severe},
		{"latest total", codeOf("depression"), "", []mapping.Observation{phq(20, "2026-01-01"), phq(7, "2026-10-01")}, Mild},
		{"GAD-7 says nothing of depression", codeOf("depression"), "", []mapping.Observation{gad(15)}, SeverityUnknown},
		{"GAD-7 5", codeOf("anxiety"), "", []mapping.Observation{gad(5)}, Mild},
		{"GAD-7 10", codeOf("anxiety"), "", []mapping.Observation{gad(10)}, Moderate},
		{"GAD-7 15", codeOf("anxiety"), "", []mapping.Observation{gad(15)}, Severe},
		{"dementia F03.B", icd("F03.B0"), "", nil, Moderate},
	} {
		need, _ := Compile(catalog()).Normalise(&mapping.Referral{
			Conditions: []mapping.Condition{{Codes: []mapping.Code{c.code}, Severity: c.severity}}, Observations: c.given}, "ehr")
		if len(need.Conditions) != 1 || need.Conditions[0].Severity != c.want {
			t.Errorf("%s: %+v", c.name, need.Conditions)
		}
	}
}

func TestNormaliseIssues(t *testing.T) {
	b := Compile(catalog(offers("pain", mapping.Therapy, "chronic_pain"), program.Source{Name: "ehr", Codes: map[string]string{"P1": "chronic_pain", "urn:x|P2": "chronic_pain"}}))
	r := &mapping.Referral{
		Conditions: []mapping.Condition{
			{Codes: []mapping.Code{{Code: "P1"}}},
			{Codes: []mapping.Code{{System: "urn:x", Code: "P2"}}},
			{Codes: []mapping.Code{codeOf("asthma")}},
			{Codes: []mapping.Code{{System: "urn:x", Code: "P1"}}},
			{Text: "Sore"},
			{Codes: []mapping.Code{{System: "urn:x", Code: "P9"}}, ClinicalStatus: "resolved"},
		},
		Goals:    []string{"coping-strategies", "wealth"},
		Programs: []string{"pain", "gone"},
	}
	need, issues := b.Normalise(r, "ehr")
	var got []string
	for _, i := range issues {
		got = append(got, i.Path+" "+i.Code)
	}
	want := []string{
		"data.referral.conditions[2] unserved-condition", "data.referral.conditions[3].codes unknown-code",
		"data.referral.conditions[4] uncoded-condition", "data.referral.goals[1] unknown-goal", "data.referral.programs[1] unknown-program",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if len(need.Conditions) != 2 || !need.Unknown {
		t.Errorf("need %+v", need)
	}
	if other, _ := b.Normalise(r, "stranger"); len(other.Conditions) != 1 {
		t.Errorf("another source's codes: %+v", other.Conditions)
	}
}

func TestNormaliseAccessFromCodes(t *testing.T) {
	r := &mapping.Referral{Conditions: []mapping.Condition{{Codes: []mapping.Code{icd("Z99.3")}}, {Codes: []mapping.Code{icd("Z99.81")}}, {Codes: []mapping.Code{icd("H90.3")}, ClinicalStatus: "resolved"}}}
	need, issues := Compile(catalog()).Normalise(r, "ehr")
	if got, _ := json.Marshal(&need); string(got) != `{"access":["wheelchair","oxygen"]}` || len(issues) > 0 {
		t.Errorf("need %s, issues %v", got, issues)
	}
}

// drawReferral makes any referral that the matcher understands.
func drawReferral(t *rapid.T) *mapping.Referral {
	some := func(name string, of ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, min(4, len(of)), rapid.ID[string]).Draw(t, name)
	}
	one := func(name string, of ...string) string { return rapid.SampledFrom(append(of, "")).Draw(t, name) }
	r := &mapping.Referral{
		Participant: mapping.Participant(one("participant", "family", "patient", "patient")),
		Goals:       some("goals", "peer-support", "coping-strategies", "social-support", "behaviour-change", "social-cognition", "wealth"),
		Programs:    some("programs", "p0", "p1", "a \"quoted\" é"),
		Payers:      some("payers", "medicare", "medicaid", "aetna"),
		Patient: mapping.Patient{
			BirthDate: one("birth", "1950-02-03", "2010-11-16", "1980", "1990-12", "2008"), GenderIdentity: one("identity", "female", "male", "non-binary"),
			Languages: some("languages", "en", "es-MX", "vi", "zho"), Interpreter: rapid.Bool().Draw(t, "interpreter"),
			Access:  some("access", "wheelchair", "hearing", "stairs"),
			Address: mapping.Address{State: one("state", "MA", "NH"), PostalCode: one("postal", "02118", "02139-1234", "012")},
		},
		Preferences: mapping.Preferences{
			Mode: one("mode", "in-person", "telehealth"), Language: one("language", "es", "en-US"), Gender: one("gender", "female", "male"),
			Kind: one("kind", "therapy", "support"), Site: one("site", "main", "north"),
			Times: some("times", timeWords[1:]...), Required: some("required", "mode", "language", "gender", "kind", "site"),
		},
	}
	for _, key := range some("conditions", "depression", "chronic_pain", "copd", "eating_disorder", "obesity", "ptsd", "tbi", "bereavement") {
		r.Conditions = append(r.Conditions, mapping.Condition{Codes: []mapping.Code{codeOf(key)}, Severity: one("severity", "mild", "moderate", "severe")})
	}
	for _, key := range some("doubted", "dementia", "diabetes_t2", "eating_disorder") {
		r.Conditions = append(r.Conditions, mapping.Condition{Codes: []mapping.Code{codeOf(key)}, VerificationStatus: "provisional"})
	}
	if rapid.Bool().Draw(t, "pregnant") {
		r.Conditions = append(r.Conditions, mapping.Condition{Codes: []mapping.Code{icd("Z33.1")}})
	}
	return r
}

// A need survives its JSON, by our own reader and by encoding/json, and equal needs have equal bytes.
func TestNeedJSON(t *testing.T) {
	b := Compile(catalog(offers("p0", mapping.Therapy, "depression")))
	rapid.Check(t, func(t *rapid.T) {
		need, _ := b.Normalise(drawReferral(t), "ehr")
		data := need.AppendJSON(nil)
		if !json.Valid(data) {
			t.Fatalf("not JSON: %s", data)
		}
		back, err := ParseNeed(data)
		if err != nil || !reflect.DeepEqual(need, back) {
			t.Fatalf("%s: %v\n%+v\n%+v", data, err, need, back)
		}
		var std Need
		indented, _ := json.MarshalIndent(&need, "", "  ")
		if err := json.Unmarshal(indented, &std); err != nil || !reflect.DeepEqual(need, std) {
			t.Fatalf("%s: %v", indented, err)
		}
		if again := back.AppendJSON(nil); string(again) != string(data) {
			t.Fatalf("%s\n%s", data, again)
		}
	})
}

func TestParseNeedRefuses(t *testing.T) {
	for _, s := range []string{``, `[]`, `{"conditions":[{"key":"plague"}]}`, `{"goals":["wealth"]}`, `{"birth":"1950"}x`, `{"x":1}`, `{"birth":1}`,
		`{"languages":["en","es","fr","de","pt"]}`, `{"programs":["a"`, `{"programs":["a" "b"]}`, `{"access":["stairs"]}`, `{"interpreter":false}`, `{"site":"`} {
		if n, err := ParseNeed([]byte(s)); err == nil {
			t.Errorf("%s gives %+v", s, n)
		}
	}
}

func FuzzParseNeed(f *testing.F) {
	f.Add(`{"conditions":[{"key":"copd","severity":"moderate"}],"goals":["peer-support"],"birth":"1961-05","languages":["es"],"preferences":{"times":["weekend"]}}`)
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := ParseNeed([]byte(s)); err == nil {
			if back, err := ParseNeed(n.AppendJSON(nil)); err != nil || !reflect.DeepEqual(n, back) {
				t.Errorf("%q: %+v, %+v, %v", s, n, back, err)
			}
		}
	})
}

// The roster keeps one need for each live placement.
func TestNeedIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(Need{}); size > 200 {
		t.Errorf("a need takes %d bytes", size)
	}
}
