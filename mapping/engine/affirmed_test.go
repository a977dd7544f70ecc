package engine_test

import (
	"strings"
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
)

// form is one way to tell of a risk, and the level that it must raise.
type form struct {
	name string
	sent mapping.Decoded
	want match.Level
}

func raises(t *testing.T, forms []form) {
	for _, f := range forms {
		t.Run(strings.ReplaceAll(f.name, " ", "_"), func(t *testing.T) {
			if got := gravest(t, f.sent); got != f.want {
				t.Errorf("level %q, not %q; read as %+v, notes %q", got, f.want, f.sent.Event.Referral.Observations, f.sent.Event.Referral.Notes)
			}
		})
	}
}

// TestS1_free_text_of_FHIR: what people write beside codes is looked through wherever it stands.
func TestS1_free_text_of_FHIR(t *testing.T) {
	observation := func(rest string) mapping.Decoded {
		return inBundle(`{"resourceType":"Observation","status":"final",SUBJECT,` + rest + `}`)
	}
	const local = `"code":{"coding":[{"system":"urn:l","code":"A"}],"text":"Assessment"}`
	raises(t, []form{
		{"note of an observation", observation(`"code":{"coding":[{LOINC,"code":"8867-4"}]},"valueInteger":70,"note":[{"text":"Wants to kill herself"}]`), match.Review},
		{"story as value", observation(local + `,"valueString":"Patient wants to kill herself"`), match.Review},
		{"long story as value", observation(local + `,"valueString":"` + strings.Repeat("Walks daily. ", 100) + `Wants to kill herself"`), match.Review},
		{"code in words", observation(`"code":{"text":"Suicidal ideation"},"valueBoolean":true`), match.Review},
		{"code in words denied", observation(`"code":{"text":"Suicidal ideation"},"valueBoolean":false`), ""},
		{"text beside a local code", observation(`"code":{"coding":[{"system":"urn:l","code":"Q1"}],"text":"Suicidal ideation"},"valueCodeableConcept":{"text":"Yes"}`), match.Review},
		{"safety code beside LOINC", observation(`"code":{"coding":[{LOINC,"code":"75618-9"},{SNOMED,"code":"6471006"}]},"valueBoolean":true`), match.Stop},
		{"name of a questionnaire", observation(`"code":{"coding":[{LOINC,"code":"93373-9","display":"Columbia suicide severity rating scale screener"}]}`), ""},
		{"story that denies", observation(local + `,"valueString":"Denies suicidal ideation"`), ""},
	})
}

// TestS1_affirmed_findings: a finding that is asked about holds unless the answer is clearly no.
func TestS1_affirmed_findings(t *testing.T) {
	of := func(code, rest string) mapping.Decoded {
		return native(`"observations":[{"code":{` + code + `}` + rest + `}]`)
	}
	const suicidal, local = `"system":"http://snomed.info/sct","code":"6471006"`, `"system":"urn:local","code":"SI","display":"Suicidal ideation"`
	snomed := func(code string) string {
		return `,"answer":{"system":"http://snomed.info/sct","code":"` + code + `"}`
	}
	loinc := func(code string) string { return `,"answer":{"system":"http://loinc.org","code":"` + code + `"}` }
	raises(t, []form{
		{"no answer", of(suicidal, ""), match.Stop},
		{"yes", of(suicidal, snomed("373066001")), match.Stop},
		{"present", of(suicidal, snomed("52101004")), match.Stop},
		{"value 1", of(suicidal, `,"value":1`), match.Stop},
		{"ICD yes", of(`"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"R45.851"`, snomed("373066001")), match.Stop},
		{"unknown answer", of(suicidal, `,"answer":{"system":"urn:l","code":"17","display":"Unclear"}`), match.Stop},
		{"no", of(suicidal, snomed("373067005")), ""},
		{"absent", of(suicidal, snomed("2667000")), ""},
		{"LOINC no", of(suicidal, loinc("LA32-8")), ""},
		{"value 0", of(suicidal, `,"value":0`), ""},
		{"local N", of(suicidal, `,"answer":{"code":"N"}`), ""},
		{"ordered", of(suicidal, `,"answer":{"system":"`+mapping.SystemFinding+`","code":"ordered"}`), ""},
		{"display, yes", of(local, `,"answer":{"code":"Y"}`), match.Review},
		{"display, no", of(local, `,"answer":{"code":"N","display":"No"}`), ""},
		{"display of the answer", of(`"system":"urn:local","code":"RISK","display":"Finding"`, `,"answer":{"code":"H","display":"Active suicidal ideation with plan"}`), match.Review},
		{"CSSRS 1", of(`"system":"http://loinc.org","code":"93246-7"`, loinc("LA33-6")), match.Review},
		{"CSSRS 2", of(`"system":"http://loinc.org","code":"93247-5"`, loinc("LA33-6")), match.Stop},
		{"CSSRS 2 by SNOMED", of(`"system":"http://loinc.org","code":"93247-5"`, snomed("373066001")), match.Stop},
		{"CSSRS 2 no", of(`"system":"http://loinc.org","code":"93247-5"`, loinc("LA32-8")), ""},
		{"CSSRS ever", of(`"system":"http://loinc.org","code":"93267-3"`, loinc("LA33-6")), match.Review},
		{"risk high", of(`"system":"http://loinc.org","code":"93374-7"`, loinc("LA9193-9")), match.Stop},
		{"ASQ 5", of(`"system":"http://loinc.org","code":"115571-2"`, loinc("LA33-6")), match.Stop},
	})
}

// TestS1_codes_of_odd_systems: a risk is known however its code system is spelled.
func TestS1_codes_of_odd_systems(t *testing.T) {
	var forms []form
	add := func(want match.Level, code string, systems ...string) {
		for _, s := range systems {
			forms = append(forms, form{code + " of " + strings.ReplaceAll(s, "/", "_"), native(`"observations":[{"code":{"system":"` + s + `","code":"` + code + `"}}]`), want})
		}
	}
	add(match.Stop, "R45.851", "", "http://hl7.org/fhir/sid/icd-10-cm/", "https://hl7.org/fhir/sid/icd-10-cm", "HTTP://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-10-cm|2026",
		"ICD-10-CM", "ICD10", "I10", "I10C", "2.16.840.1.113883.6.90", "urn:oid:2.16.840.1.113883.6.90")
	add(match.Review, "R45.851", "http://hl7.org/fhir/sid/icd-10", "urn:local", "L")
	add(match.Stop, "6471006", "http://snomed.info/sct/731000124108", "https://snomed.info/sct", "http://snomed.info/sct/731000124108/version/20260901", "SNOMED CT", "urn:oid:2.16.840.1.113883.6.96")
	add(match.Stop, "X64", "http://hl7.org/fhir/sid/icd-10", "urn:oid:2.16.840.1.113883.6.3")
	add(match.Stop, "V62.84", "http://hl7.org/fhir/sid/icd-9-cm", "ICD9", "2.16.840.1.113883.6.103")
	add(match.Stop, "E950.0", "I9")
	add("", "J44.9", "urn:local", "ICD10")
	add("", "H90", "urn:local") // of a system that is not known only risks count
	for _, name := range []string{"I10", "i10", "I10C", "I10M", "ICD-10", "ICD10-CM", "2.16.840.1.113883.6.90"} {
		forms = append(forms, form{"HL7 " + name, message("DG1|2||R45.851^x^" + name + "|||F"), match.Stop})
	}
	raises(t, append(forms, form{"HL7 L", message("DG1|2||R45.851^x^L|||F"), match.Review}, form{"HL7 I9", message("DG1|2||V62.84^x^I9|||F"), match.Stop}))
}

// TestS1_active_flags: an active flag of category safety stops, whatever it says; a behavioral one is reviewed.
func TestS1_active_flags(t *testing.T) {
	flag := func(status, category, code string) mapping.Decoded {
		return inBundle(`{"resourceType":"Flag","status":"` + status + `",SUBJECT,"category":[{` + category + `}],"code":{` + code + `}}`)
	}
	category := func(code string) string {
		return `"coding":[{"system":"http://terminology.hl7.org/CodeSystem/flag-category","code":"` + code + `"}]`
	}
	const words, local = `"text":"High risk alert"`, `"coding":[{"system":"urn:l","code":"SR3"}]`
	raises(t, []form{
		{"safety in words", flag("active", category("safety"), words), match.Stop},
		{"safety by a local code", flag("active", category("safety"), local), match.Stop},
		{"category in words", flag("active", `"text":"Safety"`, local), match.Stop},
		{"behavioral", flag("active", category("behavioral"), `"text":"See me first"`), match.Review},
		{"danger to self", flag("active", category("behavioral"), `"text":"Danger to self"`), match.Review},
		{"clinical", flag("active", category("clinical"), `"text":"Diabetic foot"`), ""},
		{"over", flag("inactive", category("safety"), words), ""},
		{"wrong", flag("entered-in-error", category("safety"), words), ""},
		{"native finding", native(`"observations":[{"code":{"system":"` + mapping.SystemFinding + `","code":"safety-flag"}}]`), match.Stop},
	})
}
