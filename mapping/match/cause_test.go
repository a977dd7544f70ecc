package match

import (
	"slices"
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// Where there is no place, the causes are what excludes the groups that serve the need, the most frequent first; where none
// serves it, why not.
func TestC4_causes_of_no_place(t *testing.T) {
	spanish := func(g *program.Group) { g.Languages = []string{"es"} }
	evening := func(g *program.Group) { starting(0, 5)(g); g.Languages = []string{"es"} }
	over := starting(-14, 0)
	pain := offers("pain", mapping.Therapy, "chronic_pain")
	other := []any{offers("asthma", mapping.Education, "asthma", "coping-strategies"), meets("x", "asthma", spanish), meets("y", "asthma", spanish)}
	unknown := mapping.Condition{Codes: []mapping.Code{icd("L20.9")}}
	for name, c := range map[string]struct {
		catalog        []any
		need           func(*mapping.Referral)
		review, causes []string
	}{
		"most frequent first, no other program's": {append([]any{pain, meets("a", "pain", spanish), meets("b", "pain", evening)}, other...),
			func(r *mapping.Referral) {
				r.Patient.Languages, r.Preferences.Times = []string{"vi"}, []string{"weekday-afternoon"}
			}, []string{"no-suitable-group"}, []string{"language", "times"}},
		"an unknown code hides nothing": {[]any{pain, meets("a", "pain", spanish)},
			func(r *mapping.Referral) {
				r.Patient.Languages, r.Conditions = []string{"vi"}, append(r.Conditions, unknown)
			}, []string{"no-suitable-group"}, []string{"language"}},
		"an unknown code and nothing that is served": {[]any{offers("asthma", mapping.Education, "asthma"), meets("a", "asthma")},
			func(r *mapping.Referral) { r.Conditions = append(r.Conditions, unknown) }, []string{"unknown-code"}, nil},
		"what has begun, where all has": {[]any{pain, meets("a", "pain", over)}, nil, []string{"no-suitable-group"}, []string{"enrolment-closed"}},
		"what has begun is no cause beside what has not": {[]any{pain, meets("a", "pain", over), meets("b", "pain", spanish)},
			func(r *mapping.Referral) { r.Patient.Languages = []string{"vi"} }, []string{"no-suitable-group"}, []string{"language"}},
		"kind": {[]any{offers("pain", mapping.CognitiveRehab, "chronic_pain"), meets("a", "pain", spanish)},
			func(r *mapping.Referral) { r.Patient.Languages = []string{"vi"} }, []string{"no-suitable-group"}, []string{"kind-not-allowed"}},
		"a goal alone": {other, func(r *mapping.Referral) { r.Goals = []string{"coping-strategies"} }, []string{"no-suitable-group"}, []string{"no-overlap"}},
	} {
		r := adult("chronic_pain")
		if c.need != nil {
			c.need(r)
		}
		_, result := matched(catalog(c.catalog...), r)
		if !slices.Equal(codes(result.Review), c.review) || !slices.Equal(codes(result.Causes), c.causes) {
			t.Errorf("%s: review %v because of %v", name, codes(result.Review), codes(result.Causes))
		}
	}
}

// At most three causes are told, and of people none says more than that it is not offered.
func TestCausesAreFewAndDiscreet(t *testing.T) {
	pain := offers("pain", mapping.Therapy, "chronic_pain")
	pain.Criteria.Excludes = []string{"bipolar"}
	r := adult("chronic_pain bipolar")
	r.Patient.Languages, r.Patient.Access, r.Payers = []string{"vi"}, []string{"hearing"}, []string{"medicaid"}
	c := catalog(pain, meets("a", "pain", func(g *program.Group) { g.Payers = []string{"medicare"} }))
	if _, result := matched(c, r); !slices.Equal(codes(result.Causes), []string{"language", "access", "payer"}) {
		t.Errorf("causes %v", codes(result.Causes))
	}
	_, result := matched(catalog(pain, meets("a", "pain")), adult("chronic_pain"), func(q *Query) { q.Conflict = func(int32) string { return "relative" } })
	if len(result.Causes) != 1 || result.Causes[0].Outward() != (mapping.Reason{Code: "not-offered", Text: "The group is not offered."}) {
		t.Errorf("causes %+v", result.Causes)
	}
}

// Who waits while another group of the program has a free seat is told why it is none for them.
func TestCausesOfWaitingBesideFreeSeats(t *testing.T) {
	spanish := func(g *program.Group) { g.Languages = []string{"es"} }
	c := catalog(offers("pain", mapping.Therapy, "chronic_pain"), meets("full", "pain"), meets("free", "pain", spanish), meets("begun", "pain", starting(-14, 0)))
	r := adult("chronic_pain")
	r.Patient.Languages = []string{"en"}
	_, result := matched(c, r, func(q *Query) { q.Taken = func(g int32) int { return []int{8, 3, 8}[g] } })
	if result.Wait != 0 || !slices.Equal(codes(result.Causes), []string{"language"}) {
		t.Errorf("wait %d because of %v", result.Wait, codes(result.Causes))
	}
	_, result = matched(c, r, func(q *Query) { q.Taken = func(int32) int { return 8 } })
	if result.Wait != 0 || result.Causes != nil {
		t.Errorf("all full: wait %d because of %v", result.Wait, codes(result.Causes))
	}
}

// A fact that would help is asked for, whatever else of the referral is not understood.
func TestMissingFactBesideAnUnknownCode(t *testing.T) {
	r := adult("chronic_pain")
	r.Patient.BirthDate = ""
	r.Conditions = append(r.Conditions, mapping.Condition{Codes: []mapping.Code{icd("L20.9")}})
	_, result := matched(catalog(offers("pain", mapping.Therapy, "chronic_pain"), meets("a", "pain")), r)
	if len(result.Review) > 0 || !slices.Equal(codes(result.NeedsInfo), []string{"birth-date-missing"}) {
		t.Errorf("review %v, needs info %v", codes(result.Review), codes(result.NeedsInfo))
	}
}
