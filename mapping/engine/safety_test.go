package engine_test

import (
	"testing"
	"time"

	"github.com/convene-health/convene/mapping/hl7v2"
)

// TestSafety proves the rules of safety S1 to S28, one subtest each.
func TestSafety(t *testing.T) { prove(t, safetyRules) }

var safetyRules = []row{
	{"S1", "thoughts of suicide stop", []proof{
		{"stop_by_code", []string{"r1 review stat safety-stop", "never r1 placed"}, func(t *testing.T, told []confirmation) {
			if text := told[0].Data.Reasons[0].Text; !containsAll(text, "988") {
				t.Errorf("the reason shows no crisis line: %s", text)
			}
		}},
		{"stop_by_an_answer", []string{"r1 review stat safety-stop", "r2 review safety-review", "never r2 stat", "r3 placed", "r4 review safety-stop"}, nil},
		{"text_is_silent_only_where_it_denies", []string{"r1 review safety-review", "r2 review safety-review", "r3 review safety-review", "r4 review safety-review", "r5 placed"}, nil},
		{"fhir_flag_stops_and_others_are_not_mixed_in", []string{"r1 review stat safety-stop"}, nil},
		{"self_harm_poisoning_and_its_sequela", []string{"r1 review safety-stop", "r2 review safety-review", "r3 placed"}, nil},
	}},
	{"S2", "a history of self harm is reviewed", []proof{
		{"resolved_stop_is_a_review", []string{"r1 review safety-review", "r2 review safety-review", "r3 placed"}, nil},
		{"review_on_someone_placed_is_an_alert", []string{"r1 placed alert-safety-review"}, nil},
	}},
	{"S3", "thoughts of killing stop, violence is reviewed", []proof{
		{"thoughts_of_harming_others_stop_too", []string{"r1 review stat safety-stop", "r2 review safety-review", "never r2 stat"}, nil},
	}},
	{"S4", "psychosis and mania now are reviewed", []proof{
		{"thoughts_of_harming_others_stop_too", []string{"r3 review safety-review", "r4 review safety-review"}, nil},
	}},
	{"S5", "severe impairment is reviewed, milder ones have groups of their own", []proof{
		{"severe_impairment_is_for_a_person_to_decide", []string{"r1 placed memory", "r2 review safety-review", "r3 placed memory", "never r3 pain"}, nil},
		{"diagnosis_in_doubt_excludes_and_never_fits", []string{"r7 review criteria", "never r7 placed", "r8 placed pain"}, nil},
	}},
	{"S6", "intoxication and withdrawal are reviewed", []proof{
		{"thoughts_of_harming_others_stop_too", []string{"r5 review safety-review"}, nil},
	}},
	{"S7", "licensed first, peers beside it", []proof{
		{"licensed_first_then_peers_beside_it", []string{"r1 review licensed-first", "r3 placed adjunct"}, nil},
		{"bridge_to_peers_alone_is_for_a_person_to_decide", []string{"r6 review licensed-first", "never r6 placed"}, nil},
		{"family_of_a_user_and_gambling_have_groups_of_their_own", []string{"r3 review licensed-first"}, nil},
		{"peers_whose_licensed_group_ends_are_looked_at", []string{"r2 placed adjunct", "r2 placed alert-group-no-longer-suits licensed-first"}, nil},
	}},
	{"S8", "an eating disorder bars weight programs", []proof{
		{"eating_disorder_bars_weight_programs", []string{"r1 review criteria", "never r1 placed", "r2 placed weight"}, nil},
		{"eating_disorder_bars_whatever_weight_program", []string{"r1 review criteria", "never r1 placed", "r2 placed lighter"}, nil},
		{"diagnosis_in_doubt_excludes_and_never_fits", []string{"r1 review criteria", "r2 review criteria", "r3 review criteria", "r4 review criteria", "r5 placed weight", "r6 placed weight"}, nil},
		{"update_by_which_a_place_no_longer_suits_is_an_alert", []string{"r1 placed alert-group-no-longer-suits criteria"}, nil},
		{"who_joined_outside_is_looked_at_and_no_minor_is_among_adults", []string{"r7 enrolled alert-group-no-longer-suits criteria"}, nil},
	}},
	{"S9", "minors and adults are apart", []proof{
		{"minors_and_adults_are_never_mixed", []string{"r1 placed teen", "r2 review age", "r3 review age", "r4 review age"}, nil},
		{"desk_overrides_a_filter_but_never_that_minors_are_apart", []string{"i5 refused age"}, nil},
		{"update_by_which_a_place_no_longer_suits_is_an_alert", []string{"r4 placed alert-group-no-longer-suits age"}, nil},
		{"who_joined_outside_is_looked_at_and_no_minor_is_among_adults", []string{"i2 refused age", "i4 refused age", "i6 refused age"}, nil},
	}},
	{"S10", "a minor joins with a guardian who can be reached and consents, but for care that the state lets minors have", []proof{
		{"minors_join_with_a_guardian_who_consents", []string{"r1 needs-info guardian-missing", "r2 needs-info guardian-consent-missing", "r3 placed teen", "r4 placed", "r5 needs-info", "r1 placed was:needs-info"}, nil},
		{"guardian_who_refuses_has_not_consented", []string{"r1 needs-info guardian-consent-missing", "r2 needs-info guardian-consent-missing", "r3 needs-info guardian-consent-missing", "r4 needs-info guardian-consent-missing", "r5 placed teen", "r6 placed teen"}, nil},
		{"guardians_consent_holds_for_whom_and_as_long_as_it_says", []string{"r1 placed teen", "r2 needs-info guardian-consent-missing", "r3 needs-info guardian-consent-missing", "r4 needs-info guardian-consent-missing", "r5 needs-info guardian-consent-missing", "r6 placed teen"}, nil},
	}},
	{"S11", "pregnancy bars diabetes prevention while it lasts", []proof{
		{"pregnancy_bars_diabetes_prevention", []string{"r1 review criteria", "r2 placed prevention", "r3 placed prevention", "r4 review criteria"}, nil},
		{"pregnancy_is_known_in_several_forms", []string{"r1 review criteria", "r2 review criteria", "r3 review criteria", "r4 review criteria", "r5 review criteria", "r6 review criteria", "r7 placed prevention", "r8 placed prevention", "r9 placed prevention"}, nil},
	}},
	{"S12", "consent is active, for this recipient and purpose", []proof{
		{"consent_must_be_for_this_recipient_and_purpose", []string{"r1 needs-info missing-consent", "r5 needs-info missing-consent", "r6 placed", "r1 placed was:needs-info"}, nil},
		{"who_waits_is_told_when_consent_or_a_test_runs_out", []string{"r2 waitlisted alert-consent-lapsed missing-consent input:7", "never r2 placed input:7", "r2 placed promoted input:10", "never r4 placed"}, nil},
		{"acceptance_is_checked_by_what_is_known_then", []string{"r2 offered alert-consent-lapsed missing-consent", "never r2 placed input:8", "r2 placed by:n.ruiz"}, nil},
		{"consent_that_denies_always_bars", []string{"r2 review consent-denied", "i3 refused consent-denied", "never r2 placed"}, nil},
	}},
	{"S13", "42 CFR Part 2 needs written consent, and its labels and notice stay", []proof{
		{"part_2_needs_a_written_consent", []string{"r1 needs-info missing-consent", "i4 refused missing-consent", "r5 placed"}, nil},
		{"part_2_labels_and_notice_stay", nil, func(t *testing.T, told []confirmation) {
			for _, c := range told {
				for _, kind := range []string{"ServiceRequest", "Task"} {
					r := c.resource(kind)
					if c.Data.Referral.Key == "r1" && (at(r, "meta", "security", 0, "code") == nil || at(r, "note", 0, "text") == nil) {
						t.Errorf("%s: the %s has labels %v and notice %v", c.ID, kind, at(r, "meta", "security"), at(r, "note"))
					}
				}
				const notice = "42 CFR part 2 prohibits unauthorized disclosure of these records. (2026-02-16)"
				answer, _, err := hl7v2.Answer(hl7v2.Told{Confirmation: c.raw, Zone: time.UTC})
				if part2 := c.Data.Referral.Key == "r1"; err != nil || part2 != containsAll(string(answer), "NTE|", "||"+notice) {
					t.Errorf("%s: the answer in HL7 v2 has the notice or has it not: %s", c.ID, answer)
				}
			}
		}},
	}},
	{"S14", "psychotherapy notes, HIV and abuse are not told again", []proof{
		{"labelled_facts_are_not_told_again", []string{"r1 placed pain"}, func(t *testing.T, told []confirmation) {
			conditions := 0
			for _, e := range told[0].Data.Bundle.Entry {
				for _, word := range []string{"HIV", "B20", "PSYTHPN", "SDV"} {
					if containsAll(string(e.Resource), word) {
						t.Errorf("%s is told again in %s", word, e.Resource)
					}
				}
				if containsAll(string(e.Resource), `"resourceType":"Condition"`) {
					conditions++
				}
			}
			if conditions != 1 {
				t.Errorf("%d conditions are told, and one may be", conditions)
			}
		}},
	}},
	{"S15", "who must not meet does not, and nobody learns why", []proof{
		{"conflict_in_the_catalog_keeps_two_apart", []string{"r1 placed pain-barn", "r2 placed pain-mill", "never r2 conflict", "never r2 not-offered"}, nil},
		{"conflict_is_heeded_when_a_seat_frees", []string{"r6 placed promoted input:8", "never r5 placed input:8", "r5 placed promoted input:9"}, nil},
	}},
	{"S16", "relatives are not in one therapy group", []proof{
		{"relatives_are_not_in_one_therapy_group", []string{"r1 placed pain-barn", "r2 placed pain-mill", "r6 placed class-barn", "r7 placed class-barn", "r8 placed couples-barn", "r9 placed couples-barn"}, nil},
	}},
	{"S17", "a leader who is a relative, unwanted or of the same workplace is not theirs", []proof{
		{"leader_who_is_a_relative_or_unwanted_is_not_theirs", []string{"never r1 pain-barn", "never r2 pain-barn", "never r5 pain-barn", "r6 review not-offered", "r7 placed pain-barn"}, nil},
	}},
	{"S18", "the group's language is spoken or interpreted", []proof{
		{"language_is_spoken_or_interpreted_or_not_offered", []string{"r1 placed corazon", "r2 review language", "r3 review language"}, nil},
		{"language_that_cannot_be_read_is_asked_for", []string{"r1 needs-info language-missing", "r2 needs-info language-missing", "r3 placed corazon", "r4 placed corazon", "r5 review language", "r6 review language", "r1 placed was:needs-info"}, nil},
	}},
	{"S19", "unknown is not accessible", []proof{
		{"unknown_accessibility_is_a_review", []string{"r1 placed", "r2 review attribute-unknown", "r4 review access"}, nil},
	}},
	{"S20", "groups for one gender are a wish, never inferred", []proof{
		{"groups_for_one_gender_are_a_wish", []string{"r1 review gender-group", "r2 placed recovery-women", "r3 review gender-group"}, nil},
	}},
	{"S21", "a telehealth leader is licensed where the patient sits", []proof{
		{"telehealth_needs_a_licence_where_the_patient_sits", []string{"r1 placed mood-online", "r2 review licence-state", "r3 needs-info state-missing"}, nil},
		{"temporary_address_is_where_the_patient_sits", []string{"r1 review licence-state", "r2 placed mood-online", "r3 review licence-state"}, nil},
		{"update_by_which_a_place_no_longer_suits_is_an_alert", []string{"r3 placed alert-group-no-longer-suits licence-state"}, nil},
		{"who_joined_outside_is_looked_at_and_no_minor_is_among_adults", []string{"i10 refused licence-state"}, nil},
	}},
	{"S22", "the licence holds through the last session", []proof{
		{"licence_holds_at_the_first_session", []string{"r1 placed", "r2 review leader-licence"}, nil},
		{"acceptance_is_checked_by_what_is_known_then", []string{"r3 offered alert-group-no-longer-suits input:9", "r3 offered alert-group-no-longer-suits input:14", "never r3 placed"}, nil},
	}},
	{"S23", "a program's gates ask for what is missing and never assume", []proof{
		{"gate_asks_for_the_test_and_the_update_resumes", []string{"r2 needs-info gate-missing", "r2 waitlisted was:needs-info"}, nil},
		{"who_waits_is_told_when_consent_or_a_test_runs_out", []string{"r6 waitlisted alert-gate-unmet gate-missing input:8", "r6 placed was:waitlisted input:11"}, nil},
		{"gate_for_pulmonary_rehabilitation", []string{"r1 placed", "r2 review criteria", "r3 needs-info gate-missing"}, nil},
		{"gate_for_a_signed_order_with_hours_and_topics", []string{"r1 needs-info gate-missing", "r2 placed"}, nil},
		{"facts_dated_in_the_future_tell_nothing", []string{"r1 needs-info gate-missing", "r2 placed prevention"}, nil},
	}},
	{"S24", "outdated screening is asked again before therapy", []proof{
		{"outdated_screening_is_asked_again_before_therapy", []string{"r2 review risk-outdated", "r3 waitlisted alert-risk-outdated", "never r3 placed"}, nil},
		{"facts_dated_in_the_future_tell_nothing", []string{"r3 review risk-outdated", "r4 placed mood"}, nil},
		{"acceptance_is_checked_by_what_is_known_then", []string{"r1 offered alert-risk-outdated risk-outdated", "never r1 placed input:7", "r1 placed was:offered input:12", "r5 placed was:offered",
			"r4 review risk-outdated input:15", "r4 review nominated overridden-by-person", "r4 placed chosen-by-leader input:17"}, nil},
	}},
	{"S25", "what one person has but once is not given twice", []proof{
		{"benefit_that_one_person_has_but_once", []string{"r1 review criteria", "r7 review criteria", "never r7 placed"}, nil},
		{"program_asked_for_twice_is_one_placement", []string{"r1 placed pain seats:1/2"}, nil},
	}},
	{"S26", "who died, was merged or called off holds nothing", []proof{
		{"deceased_closes_and_frees", []string{"r1 closed deceased", "r2 placed promoted", "r4 closed deceased"}, nil},
		{"fhir_order_entered_in_error_and_native_cancel", []string{"r1 cancelled entered-in-error"}, nil},
		{"merge_carries_a_risk_to_the_other_record", []string{"r2 placed patient-merged", "never r2 closed"}, nil},
	}},
	{"S28", "before the first session everybody learns that the others are not bound", []proof{
		{"labelled_facts_are_not_told_again", nil, func(t *testing.T, told []confirmation) {
			if text, _ := at(told[0].resource("ServiceRequest"), "patientInstruction").(string); text == "" {
				t.Error("the order tells the patient nothing of confidentiality")
			}
		}},
	}},
	{"S27", "a person overrides with name and reason, a STOP only with a second role", []proof{
		{"stop_needs_a_second_person_in_another_role", []string{"i2 refused needs-approver", "i3 refused needs-approver", "r1 placed overridden-by-person by:n.ruiz"}, nil},
		{"approval_holds_for_what_was_known_then", []string{"r2 waitlisted approved-by-person", "r2 waitlisted alert-safety-stop", "never r2 placed promoted", "r2 placed by:n.ruiz"}, nil},
		{"desk_enrols_nobody_alone_whom_a_stop_holds_back", []string{"i2 refused needs-approver", "r1 enrolled by:n.ruiz", "r7 enrolled alert-safety-stop"}, nil},
		{"stop_set_aside_leaves_what_else_is_new_to_be_seen", []string{"r2 waitlisted alert-safety-review", "never r2 placed promoted", "r2 placed by:n.ruiz"}, nil},
		{"merge_brings_a_risk_that_nobody_has_looked_at", []string{"r3 waitlisted approved-by-person", "r3 waitlisted alert-safety-stop", "never r3 placed"}, nil},
	}},
}
