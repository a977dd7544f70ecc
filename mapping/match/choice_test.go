package match

import (
	"slices"
	"testing"

	"github.com/convene-health/convene/mapping"
)

// Of what is licensed first, where it is milder than moderately severe, a peer group is a first place where it is chosen: by a goal, a wish or its name. Unasked, what is led by
// the licensed comes first, and a full one is waited for.
func TestS7_peers_by_choice(t *testing.T) {
	alone := []any{offers("peers", mapping.Support, "depression anxiety adhd", "peer-support"), meets("peers-1", "peers", dropIn)}
	both := append([]any{offers("cbt", mapping.Therapy, "depression anxiety"), meets("cbt-1", "cbt")}, alone...)
	full := func(q *Query) { q.Taken = func(int32) int { return 8 } }
	for _, conditions := range []string{"depression:mild", "depression:moderate", "anxiety:mild", "depression:mild anxiety:moderate"} {
		_, result := matched(catalog(both...), adult(conditions), full)
		if result.Wait != 0 || !slices.Equal(rulesOf(result, "peers-1"), []string{"peer-by-choice"}) {
			t.Errorf("%s unasked: wait %d, %v", conditions, result.Wait, rulesOf(result, "peers-1"))
		}
		if _, result = matched(catalog(alone...), adult(conditions)); result.Chosen >= 0 || !slices.Contains(codes(result.Review), "peer-by-choice") {
			t.Errorf("%s, peers alone: %+v", conditions, result)
		}
		for name, choose := range map[string]func(*mapping.Referral){
			"goal": func(r *mapping.Referral) { r.Goals = []string{"social-connection"} },
			"wish": func(r *mapping.Referral) { r.Preferences.Kind = "support" },
			"name": func(r *mapping.Referral) { r.Programs = []string{"peers"} },
		} {
			r := adult(conditions)
			choose(r)
			if b, result := matched(catalog(alone...), r); chosen(b, result) != "peers-1" || result.Adjunct {
				t.Errorf("%s, chosen by %s: %q", conditions, name, chosen(b, result))
			}
		}
	}
	r := adult("depression")
	r.Preferences.Kind = "support"
	if _, result := matched(catalog(alone...), r); result.Chosen >= 0 {
		t.Error("severity unknown: peers alone")
	}
	diabetes := []any{offers("sugar", mapping.Support, "diabetes_t2"), meets("sugar-1", "sugar", dropIn)}
	if b, result := matched(catalog(diabetes...), adult("depression:mild diabetes_t2")); chosen(b, result) != "sugar-1" {
		t.Errorf("peers for what they are for: %q", chosen(b, result))
	}
}

// The condition that a referral lists first is its main reason.
func TestMainConditionFirst(t *testing.T) {
	c := catalog(
		offers("kidney", mapping.Support, "esrd"), meets("kidney-1", "kidney"),
		offers("lungs", mapping.ExerciseRehab, "copd"), meets("lungs-1", "lungs"),
		offers("heart", mapping.Education, "hypertension hyperlipidemia atrial_fibrillation", "coping-strategies"), meets("heart-1", "heart"),
	)
	for conditions, want := range map[string]string{
		"esrd hypertension hyperlipidemia": "kidney-1", "copd hyperlipidemia hypertension atrial_fibrillation": "lungs-1",
		"hypertension esrd": "heart-1", "atrial_fibrillation copd": "heart-1",
	} {
		if b, result := matched(c, adult(conditions)); chosen(b, result) != want {
			t.Errorf("%s: %q, not %q", conditions, chosen(b, result), want)
		}
	}
}

// Dementia and mild cognitive impairment, not severe, decide which kinds of group suit; what else the patient has opens
// no other.
func TestS5_cognitive_impairment_decides_the_kind(t *testing.T) {
	names := func(kind mapping.Kind, conditions string) []any {
		return []any{offers("p", kind, conditions), meets("g", "p")}
	}
	for _, c := range []struct {
		kind       mapping.Kind
		conditions string
		patient    string
		joins      bool
	}{
		{mapping.Therapy, "depression", "depression:mild dementia:mild", false},
		{mapping.Therapy, "depression", "depression:mild mild_cognitive_impairment", false},
		{mapping.MindBody, "hypertension", "hypertension dementia", false},
		{mapping.Education, "prediabetes", "prediabetes dementia:moderate", false},
		{mapping.Education, "any", "prediabetes dementia", false},
		{mapping.Education, "any", "dementia", false},
		{mapping.ExerciseRehab, "copd", "copd dementia", false},
		{mapping.ExerciseRehab, "copd dementia", "copd dementia", true},
		{mapping.ExerciseRehab, "dementia", "dementia", true},
		{mapping.ExerciseRehab, "copd", "copd mild_cognitive_impairment", true},
		{mapping.Education, "dementia", "dementia prediabetes", true},
		{mapping.Support, "heart_failure", "heart_failure dementia", true},
		{mapping.CognitiveRehab, "dementia", "prediabetes dementia", true},
		{mapping.Education, "prediabetes", "prediabetes", true},
	} {
		b, result := matched(catalog(names(c.kind, c.conditions)...), adult(c.patient))
		if (chosen(b, result) == "g") != c.joins {
			t.Errorf("%s in %s for %s: %q, %v", c.patient, c.kind, c.conditions, chosen(b, result), rulesOf(result, "g"))
		}
	}
	_, result := matched(catalog(names(mapping.MindBody, "hypertension")...), adult("hypertension dementia"))
	if !slices.Equal(rulesOf(result, "g"), []string{"cognitive-impairment"}) || !slices.Equal(codes(result.Causes), []string{"criteria"}) {
		t.Errorf("%v, %v", rulesOf(result, "g"), codes(result.Causes))
	}
}

// Asked for by name, a peer group still does not stand in for a licence: what it names asks for one first, whatever else the
// patient has that could do without.
func TestS7_peers_by_name(t *testing.T) {
	c := []any{offers("meeting", mapping.Support, "opioid_use_disorder", "peer-support"), meets("meeting-1", "meeting", dropIn)}
	r := adult("tbi opioid_use_disorder", "peer-support")
	r.Programs = []string{"meeting"}
	if b, result := matched(catalog(c...), r, func(q *Query) { q.Program = 0 }); result.Chosen >= 0 || !slices.Contains(rulesOf(result, "meeting-1"), "licensed-first") {
		t.Errorf("%q: %v", chosen(b, result), rulesOf(result, "meeting-1"))
	}
	r = adult("tbi", "peer-support")
	r.Programs = []string{"meeting"}
	if b, result := matched(catalog(c...), r, func(q *Query) { q.Program = 0 }); chosen(b, result) != "meeting-1" {
		t.Errorf("of what it names nothing: %q, %v", chosen(b, result), rulesOf(result, "meeting-1"))
	}
}
