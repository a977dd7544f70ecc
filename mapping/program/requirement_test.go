package program

import (
	"slices"
	"strings"
	"testing"

	"github.com/convene-health/convene/mapping"
)

// What the catalog fills in and refuses by the requirements of the source articles, named by their rows.
func TestRequirementsOfPrograms(t *testing.T) {
	kinds := func(k mapping.Kind) KindDefault {
		d, ok := DefaultsOfKind(k)
		if !ok {
			t.Fatalf("no defaults of %s", k)
		}
		return d
	}
	therapy, support := kinds(mapping.Therapy), kinds(mapping.Support)
	t.Run("A3_an_hour_unless_the_catalog_says_otherwise", func(t *testing.T) {
		for _, k := range mapping.Kinds {
			if d := kinds(k); d.Minutes != 60 {
				t.Errorf("%s lasts %d minutes", k, d.Minutes)
			}
		}
		c, ps := Load([]byte(strings.Replace(base, `time: "17:30"`, `time: "17:30", minutes: 90`, 1)))
		if c == nil || c.Groups[0].Sessions.Minutes != 90 || c.Groups[1].Sessions.Minutes != 60 {
			t.Errorf("minutes are not taken: %v", ps)
		}
	})
	t.Run("A4_therapy_is_a_closed_cohort_once_a_week_for_eight_weeks", func(t *testing.T) {
		if therapy.Enrolment != EnrolmentClosed || therapy.Every != EveryWeek || therapy.Sessions < 6 || therapy.Sessions > 8 {
			t.Errorf("%+v", therapy)
		}
	})
	t.Run("A5_support_is_open_ongoing_weekly_or_twice_a_month", func(t *testing.T) {
		if support.Enrolment != EnrolmentOpen || support.Sessions != 0 || support.Every != EveryWeek || support.Attendance != AttendanceDropIn {
			t.Errorf("%+v", support)
		}
		if every := TemplateByKey("condition_support_group").Every; every != EveryTwiceMonth {
			t.Errorf("the shipped support group meets %s", every)
		}
	})
	t.Run("A8_therapy_needs_goals_and_a_curriculum", func(t *testing.T) {
		refused(t, strings.Replace(base, "    curriculum: Own manual\n", "", 1), "no-curriculum")
		refused(t, strings.Replace(base, "    goals: [coping-strategies]\n", "", 1), "no-goals")
	})
	t.Run("A9_support_needs_no_curriculum", func(t *testing.T) {
		if c, ps := Load([]byte(base)); c == nil || c.Programs[2].Kind != mapping.Support || c.Programs[2].Curriculum != "" {
			t.Errorf("%v", ps)
		}
	})
	t.Run("A14_size_is_a_range_of_each_group", func(t *testing.T) {
		if therapy.Seats != (Seats{Min: 6, Max: 8}) || kinds(mapping.Education).Seats.Max <= 8 {
			t.Errorf("therapy %+v, education %+v", therapy.Seats, kinds(mapping.Education).Seats)
		}
		c, ps := Load([]byte(base))
		if c == nil || c.Groups[0].Seats.Max == 0 || c.Groups[0].Seats.Max > therapy.SeatsLimit {
			t.Errorf("%v", ps)
		}
		refused(t, strings.Replace(base, "seats: {min: 6, max: 8}", "seats: {min: 6, max: 16}", 1), "seats-limit")
	})
	t.Run("B2_support_needs_no_leader_or_any", func(t *testing.T) {
		for _, leader := range []string{"", "    leader: peer\n", "    leader: ames\n"} {
			data := strings.Replace(base, "    program: circle\n", "    program: circle\n"+leader, 1)
			if c, ps := Load([]byte(data)); c == nil {
				t.Errorf("%q: %v", leader, ps)
			}
		}
		data := strings.Replace(base, "    type: peer\n", "    type: rotating\n", 1)
		if c, ps := Load([]byte(data)); c == nil {
			t.Errorf("members who take turns: %v", ps)
		}
	})
}

// TestNamesThatTell: what a name may say depends on the group's own topic; what is no name of a condition says nothing.
func TestNamesThatTell(t *testing.T) {
	for name, want := range map[string]string{
		"Living with pain": "chronic_pain", "Positive living": "", "Breathing better": "", "Families of people in recovery": "", "Life skills after 60": "",
		"Traumatic brain injury club": "tbi", "Opioids and pain": "opioid_use_disorder", "Grupo de ansiedad": "anxiety", "HIV/hepatitis": "hiv",
		"Survivors of domestic violence": tellsDiscreet, "Sober, together": "alcohol_use_disorder", "Panicle ferns": "", "Heart and SUD": "coronary_heart_disease",
	} {
		told, found := shipped().toldBy(name), want == ""
		for _, x := range told {
			found = found || slices.Contains(x.word.conditions, want) || x.word.conditions == nil && x.word.tells == want
		}
		if !found || want == "" && len(told) > 0 {
			t.Errorf("%s tells %+v, not %q", name, told, want)
		}
	}
	labels := []string{"HIV", "SUD", "ETHUD", "OPIOIDUD", "PSY", "MH", "SCA"}
	named := map[string]string{}
	for _, w := range shipped().nameWords {
		for _, c := range w.conditions {
			if ConditionByKey(c) == nil {
				t.Errorf("names.csv: no condition %q", c)
			}
			named[c] = max(named[c], w.tells)
		}
	}
	for _, c := range Conditions() {
		if slices.ContainsFunc(c.Sensitivity, func(l string) bool { return slices.Contains(labels, l) }) && named[c.Key] == "" && c.Key != "prolonged_grief" {
			t.Errorf("%s is sensitive (%v) and no word of names.csv says so", c.Key, c.Sensitivity)
		}
	}
}

// refused holds that a catalog does not load for a code.
func refused(t *testing.T, data, code string) {
	t.Helper()
	c, ps := Load([]byte(data))
	for _, p := range ps {
		if p.Code == code && c == nil {
			return
		}
	}
	t.Errorf("%s is not refused: %v", code, ps)
}
