package program

import (
	"slices"
	"strings"
	"testing"

	"github.com/convene-health/convene/mapping"
)

func keys(is []int) string {
	var ks []string
	for _, i := range is {
		ks = append(ks, Conditions()[i].Key)
	}
	return strings.Join(ks, " ")
}

func TestResolveICD10(t *testing.T) {
	for code, want := range map[string]string{
		"E11": "diabetes_t2", "E11.65": "diabetes_t2", "e1165": "diabetes_t2", " E11.9 ": "diabetes_t2",
		"I11.0": "heart_failure hypertension", "I11.9": "hypertension", "I13.2": "heart_failure hypertension",
		"C50.911": "cancer_active", "C7A.00": "cancer_active", "COVID": "", "C": "",
		"M54.50": "low_back_pain", "G35.B1": "multiple_sclerosis", "D57.3": "", "E66.3": "", "Z68.41": "obesity",
		"F32.3": "depression", "F17.210": "tobacco", "O24.410": "gestational_diabetes", "U09.9": "long_covid",
		"S06.0X0S": "tbi", "G47.00": "insomnia", "": "", "XYZ": "", "E11.65999": "",
	} {
		if got := keys(ResolveICD10(code)); got != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
}

func TestResolveSNOMED(t *testing.T) {
	for code, want := range map[string]string{
		"44054006": "diabetes_t2", "73211009": "diabetes_other", "53741008": "coronary_heart_disease",
		"15777000": "prediabetes", "239873007": "", "": "",
	} {
		if got := keys(ResolveSNOMED(code)); got != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
	bare := NewTables(false)
	if is := bare.ResolveSNOMED("15777000"); is != nil {
		t.Errorf("without the overlay: %v", is)
	}
	if is := bare.ResolveSNOMED("44054006"); len(is) != 1 {
		t.Errorf("without the overlay: %v", is)
	}
}

func TestResolveCodings(t *testing.T) {
	snomed := func(c string) mapping.Code { return mapping.Code{System: mapping.SystemSNOMED, Code: c} }
	icd := func(c string) mapping.Code { return mapping.Code{System: mapping.SystemICD10CM, Code: c} }
	for _, tt := range []struct {
		codes []mapping.Code
		want  string
	}{
		{[]mapping.Code{snomed("73211009"), icd("E11.9")}, "diabetes_t2"},
		{[]mapping.Code{snomed("73211009")}, "diabetes_other"},
		{[]mapping.Code{icd("I11.0"), snomed("38341003")}, "heart_failure hypertension"},
		{[]mapping.Code{icd("I10"), snomed("84114007")}, "hypertension heart_failure"},
		{[]mapping.Code{{System: "urn:oid:2.16.840.1.113883.6.90", Code: "J45.909"}}, "asthma"},
		{[]mapping.Code{{System: "urn:local", Code: "E11.9"}}, ""},
	} {
		if got := keys(Resolve(tt.codes)); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.codes, got, tt.want)
		}
	}
	// The shared answers are not written to.
	if got := keys(ResolveICD10("I10")); got != "hypertension" {
		t.Errorf("I10 became %q", got)
	}
}

func TestResolveDoesNotAllocate(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { ResolveICD10("i11.0"); ResolveSNOMED("44054006") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestTables(t *testing.T) {
	if n := len(Conditions()); n != 59 {
		t.Errorf("%d conditions", n)
	}
	if n := len(Templates()); n != 33 {
		t.Errorf("%d programs", n)
	}
	if n := len(Goals()); n != 24 {
		t.Errorf("%d goals", n)
	}
	for _, c := range Conditions() {
		bare := c.Key == "gambling" || c.Key == "family_substance_use" // no code of theirs is in the Global Patient Set that we know
		if len(c.ICD10CM) == 0 || len(c.SNOMED) == 0 != bare || ConditionByKey(c.Key).Name != c.Name {
			t.Errorf("%+v", c)
		}
		for _, s := range c.SNOMED {
			if !validSNOMED(s.Code) || s.Display == "" {
				t.Errorf("%s: %v", c.Key, s)
			}
		}
	}
	for _, k := range mapping.Kinds {
		if d, ok := DefaultsOfKind(k); !ok || d.Source == "" || d.SeatsLimit == 0 {
			t.Errorf("%s: %+v", k, d)
		}
	}
	for _, g := range Goals() {
		if g.Source == "" || GoalByCode(g.Code).Name != g.Name {
			t.Errorf("%+v", g)
		}
	}
}

// A shipped program is lintable as it stands: its words are known and its codes well formed.
func TestTemplates(t *testing.T) {
	for _, p := range Templates() {
		c := &Catalog{Programs: []Program{{ID: "x", From: p.Key}}}
		c.fillPrograms()
		got := c.Programs[0]
		if got.Name == "" || got.Kind == "" || len(got.Goals) == 0 || len(got.Conditions) == 0 && p.Key != "relationship_skills_group" || p.Source == "" {
			t.Errorf("%s: %+v", p.Key, got)
		}
		if got.Kind == mapping.Therapy && (!got.Licensed || got.Curriculum == "") && p.Key != "psychotherapy_group_generic" {
			t.Errorf("%s is therapy: licensed %v, curriculum %q", p.Key, got.Licensed, got.Curriculum)
		}
		for _, k := range got.Conditions {
			if k != "any" && ConditionByKey(k) == nil {
				t.Errorf("%s: no condition %q", p.Key, k)
			}
		}
		for _, k := range got.Criteria.Excludes {
			if ConditionByKey(k) == nil && !IsSafetyRule(k) {
				t.Errorf("%s: no exclusion %q", p.Key, k)
			}
		}
		for _, g := range got.Goals {
			if GoalByCode(g) == nil {
				t.Errorf("%s: no goal %q", p.Key, g)
			}
		}
		for _, s := range got.Codes.SNOMED {
			if !validSNOMED(s) {
				t.Errorf("%s: SNOMED CT %q", p.Key, s)
			}
		}
		for _, h := range append(slices.Clone(got.Codes.HCPCS), p.HCPCSRelated...) {
			if !hcpcsShape.MatchString(h) || h == "G9887" || h == "G9871" || h == "G0424" {
				t.Errorf("%s: HCPCS %q", p.Key, h)
			}
		}
	}
}

func TestSafetyTableIsWhole(t *testing.T) {
	count := map[string]int{}
	for _, r := range SafetyRules() {
		kind := "code"
		if strings.HasPrefix(r.Status, "ICD-10-CM FY2026 order file") {
			kind = "stem"
		}
		count[kind]++
		count[r.Rule]++
		if r.System == "" || r.Code == "" || r.Display == "" || r.Status == "" {
			t.Errorf("%+v", r)
		}
		// Every row is active: its own code raises it.
		if !slices.ContainsFunc(SafetyOf(mapping.Code{System: r.System, Code: r.Code}), func(h SafetyHit) bool { return h.Code == r.Code && h.Rule == r.Rule }) {
			t.Errorf("%s does not raise %s", r.Code, r.Rule)
		}
	}
	for kind, want := range map[string]int{
		"code": 173, "stem": 322, "suicide_acute": 77 + 322, "suicide_risk_history": 8, "safety_flag": 1, "behavioral_flag": 1, "self_harm_nonsuicidal": 3,
		"violence_homicidal": 2, "violence_risk": 3, "active_psychosis": 13, "current_mania": 4, "intoxication_withdrawal": 25,
		"severe_cognitive_impairment": 4, "intimate_partner_violence": 6, "pregnancy": 13, "hearing_need": 5, "mobility_need": 4,
		"vision_need": 1, "oxygen": 1, "interpreter_need": 1,
	} {
		if count[kind] != want {
			t.Errorf("%s: %d rows, want %d", kind, count[kind], want)
		}
	}
}

func TestSafetyLevels(t *testing.T) {
	for _, tt := range []struct{ system, code, want string }{
		{mapping.SystemICD10CM, "R45.851", "suicide_acute STOP"},
		{mapping.SystemICD10CM, "r45851", "suicide_acute STOP"},
		{mapping.SystemICD10CM, "T36.0X2A", "suicide_acute STOP"},
		{mapping.SystemICD10CM, "T36.0X2D", "suicide_acute STOP"},
		{mapping.SystemICD10CM, "T36.0X2S", "suicide_acute REVIEW"},
		{mapping.SystemICD10CM, "T36.0X2", "suicide_acute STOP"},
		{mapping.SystemICD10CM, "T36.0X2Q", "suicide_acute STOP"},
		{mapping.SystemICD10CM, "T36.0X1A", ""}, // accidental
		{mapping.SystemICD10CM, "T36.92XS", "suicide_acute REVIEW"},
		{mapping.SystemICD10CM, "X78.1XXS", "suicide_acute REVIEW"},
		{mapping.SystemICD10CM, "X78.1XXA", "suicide_acute STOP"},
		{mapping.SystemICD10CM, "T14.91XA", "suicide_acute STOP"},
		{mapping.SystemICD10CM, "Z91.51", "suicide_risk_history REVIEW"},
		{mapping.SystemICD10CM, "F31.2", "current_mania REVIEW"},
		{mapping.SystemICD10CM, "O24.410", "pregnancy FILTER"},
		{mapping.SystemICD10CM, "Z99.3", "mobility_need REQUIRE"},
		{mapping.SystemSNOMED, "6471006", "suicide_acute STOP"},
		{"urn:oid:2.16.840.1.113883.6.96", "6471006", "suicide_acute STOP"},
		{mapping.SystemSNOMED, "55680006", "suicide_acute REVIEW"},
		{mapping.SystemSNOMED, "64710061", ""},
	} {
		var got []string
		for _, h := range SafetyOf(mapping.Code{System: tt.system, Code: tt.code}) {
			got = append(got, h.Rule+" "+string(h.Level))
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s: %v, want %q", tt.code, got, tt.want)
		}
	}
}

func TestAnswerLevel(t *testing.T) {
	hits := SafetyOf(mapping.Code{System: mapping.SystemLOINC, Code: "44260-8"})
	if len(hits) != 1 || !hits[0].ByAnswer() {
		t.Fatalf("%v", hits)
	}
	number := func(f float64) *float64 { return &f }
	for _, tt := range []struct {
		value  *float64
		answer string
		want   Level
	}{
		{number(0), "", ""}, {number(1), "", Review}, {number(2), "", Stop}, {number(3), "", Stop},
		{nil, "LA6568-5", ""}, {nil, "LA6569-3", Review}, {nil, "LA6570-1", Stop}, {nil, "LA6571-9", Stop},
		{nil, "", Review}, {nil, "LA9999-9", Review}, {number(2), "LA6568-5", Stop}, {number(-1), "", Review},
	} {
		if got := hits[0].AnswerLevel(tt.value, &mapping.Code{System: mapping.SystemLOINC, Code: tt.answer}); got != tt.want {
			t.Errorf("%v %q: %q, want %q", tt.value, tt.answer, got, tt.want)
		}
	}
}

func TestAllowedKinds(t *testing.T) {
	for _, tt := range []struct {
		condition, severity, goals string
		want                       string
		licensed                   bool
	}{
		{"depression", "", "", "therapy skills education", true},
		{"depression", "mild", "", "therapy skills mind-body support exercise-rehab education", false},
		{"depression", "mild", "social-support", "support therapy skills mind-body exercise-rehab education", false},
		{"depression", "mild", "behaviour-change", "therapy skills mind-body support exercise-rehab education", false},
		{"depression", "moderately-severe", "social-support", "therapy skills education", true},
		{"depression", "unknown", "social-support", "therapy skills education", true},
		{"anxiety", "severe", "", "therapy skills education", true},
		{"ptsd", "mild", "", "therapy skills", true},
		{"opioid_use_disorder", "mild", "peer-support", "therapy", true},
		{"schizophrenia", "", "", "skills education", true},
		{"borderline_pd", "", "", "skills therapy", true},
		{"tbi", "", "social-cognition", "cognitive-rehab skills support education", false},
		{"diabetes_t2", "", "", "education skills exercise-rehab support", false},
		{"diabetes_t2", "severe", "social-connection peer-support", "support education skills exercise-rehab", false},
		{"", "", "social-support", "support", false},
		{"", "", "behaviour-change", "therapy skills", false},
		{"", "", "coping-strategies skill-building", "skills education therapy", false},
	} {
		row, ok := AllowedKinds(tt.condition, tt.severity, strings.Fields(tt.goals))
		var got []string
		for _, k := range row.Kinds {
			got = append(got, string(k))
		}
		if !ok || row.Licensed != tt.licensed || row.Source == "" {
			t.Errorf("%+v: %v %+v", tt, ok, row)
		}
		if tt.condition != "" && strings.Join(got, " ") != tt.want || tt.condition == "" && len(got) != len(strings.Fields(tt.want)) {
			t.Errorf("%s %s %s: %v, want %s", tt.condition, tt.severity, tt.goals, got, tt.want)
		}
	}
	for _, none := range [][2]string{{"no_such", ""}, {"", ""}} {
		if _, ok := AllowedKinds(none[0], none[1], nil); ok {
			t.Errorf("%v allows kinds", none)
		}
	}
}

// Every condition has a row for every severity and for the unknown one, and a serious one never has a peer group first.
func TestKindRows(t *testing.T) {
	for _, c := range Conditions() {
		for _, s := range append([]string{""}, Severities...) {
			row, ok := AllowedKinds(c.Key, s, nil)
			if !ok || len(row.Kinds) == 0 {
				t.Errorf("%s %s: no kinds", c.Key, s)
			}
			if row.Licensed && slices.Contains(row.Kinds, mapping.Support) {
				t.Errorf("%s %s: licensed first, but %v", c.Key, s, row.Kinds)
			}
			milder := s == "mild" || s == "moderate"
			if c.LicensedFirst && !milder && !row.Licensed {
				t.Errorf("%s %q is not licensed first", c.Key, s)
			}
		}
	}
	for _, r := range KindRows() {
		if r.Source == "" || r.Condition == "" && r.Goal == "" {
			t.Errorf("%+v", r)
		}
		if r.Goal != "" && GoalByCode(r.Goal) == nil {
			t.Errorf("no goal %q", r.Goal)
		}
	}
}
