package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/fhirin"
	"github.com/convene-health/convene/mapping/hl7v2"
	"github.com/convene-health/convene/mapping/match"
)

// gravest is the level that a message's risk raises.
func gravest(t *testing.T, d mapping.Decoded) match.Level {
	t.Helper()
	if d.Event == nil || d.Event.Referral == nil {
		t.Fatalf("no referral: %v", d.Issues)
	}
	level := match.Level("")
	for _, h := range match.Screen(d.Event.Referral) {
		if h.Level == match.Stop || level == "" {
			level = h.Level
		}
	}
	return level
}

// native is a referral with this member.
func native(member string) mapping.Decoded {
	return event.Decode(mapping.Input{Source: "orchard", Data: []byte(`{"specversion":"1.0","type":"convene.referral.created","source":"orchard","id":"o-1","time":"2026-11-09T14:00:00Z","data":{"referral":{
"identifier":{"system":"https://orchard.example/order","value":"O-1"},"patient":{"identifiers":[{"system":"https://ids.meadow.example/person","value":"P-1"}]},"conditions":[{"codes":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"J44.9"}]}],` + member + `}}}`)})
}

// inBundle is an order in a FHIR bundle with this resource, of which SUBJECT stands for the patient.
func inBundle(resource string) mapping.Decoded {
	resource = strings.NewReplacer("SUBJECT", `"subject":{"reference":"Patient/p"}`, "LOINC", `"system":"http://loinc.org"`, "SNOMED", `"system":"http://snomed.info/sct"`,
		"ITEM9", `"code":{"coding":[{"system":"http://loinc.org","code":"44260-8"}]}`).Replace(resource)
	return fhirin.Decode(mapping.Input{Source: "orchard", Data: []byte(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"ServiceRequest","id":"o","status":"active","intent":"order",
"identifier":[{"system":"https://orchard.example/order","value":"O-1"}],"subject":{"reference":"Patient/p"},"reasonCode":[{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"J44.9"}]}]}},
{"resource":{"resourceType":"Patient","id":"p","identifier":[{"system":"https://ids.meadow.example/person","value":"P-1"}]}},{"resource":` + resource + `}]}`)})
}

// message is a referral in HL7 v2 with these segments.
func message(segments ...string) mapping.Decoded {
	return hl7v2.Decode(mapping.Input{Source: "orchard", Data: []byte("MSH|^~\\&|ORCHARD|CLINIC|CONVENE|MEADOW|20261109090000-0500||REF^I12^REF_I12|OR-1|P|2.5.1||||||UNICODE UTF-8\rRF1||R||||R-1^ORCHARD\rPRD|RP|REYES^TOMAS\r" +
		"PID|1||P-1^^^MEADOW&https://ids.meadow.example/person&URI^PI||ORR^ONA||19790514|F\rDG1|1||J44.9^^I10|||F\r" + strings.Join(segments, "\r") + "\r")})
}

// TestS1_item_9_in_every_form: "nearly every day" is a STOP however it is sent, what cannot be read a REVIEW, "not at all" nothing.
func TestS1_item_9_in_every_form(t *testing.T) {
	observation := func(value string) func() mapping.Decoded {
		return func() mapping.Decoded {
			return inBundle(`{"resourceType":"Observation","status":"final",SUBJECT,ITEM9` + value + `}`)
		}
	}
	response := func(status, link, words, value string) func() mapping.Decoded {
		return func() mapping.Decoded {
			return inBundle(`{"resourceType":"QuestionnaireResponse","status":"` + status + `",SUBJECT,"item":[{"linkId":"` + link + `","text":"` + words + `","answer":[{` + value + `}]}]}`)
		}
	}
	obx := func(kind, value string) func() mapping.Decoded {
		return func() mapping.Decoded {
			return message("OBX|1|" + kind + "|44260-8^PHQ9 Q9^LN||" + value + "||||||F")
		}
	}
	json := func(code, answer string) func() mapping.Decoded {
		return func() mapping.Decoded { return native(`"observations":[{"code":{` + code + `},` + answer + `}]`) }
	}
	const item9, linked = `"system":"http://loinc.org","code":"44260-8"`, "/44249-1/44260-8"
	const asked = "Thoughts that you would be better off dead, or of hurting yourself"
	for _, c := range []struct {
		form string
		sent func() mapping.Decoded
		want match.Level
	}{
		{"native number", json(item9, `"value":3`), match.Stop},
		{"native LOINC answer", json(item9, `"answer":{"system":"http://loinc.org","code":"LA6571-9"}`), match.Stop},
		{"native bare score as code", json(item9, `"answer":{"code":"3"}`), match.Stop},
		{"native local code with words", json(item9, `"answer":{"system":"urn:local","code":"Q9D","display":"Nearly every day"}`), match.Stop},
		{"native 1", json(item9, `"value":1`), match.Review},
		{"native 0", json(item9, `"value":0`), ""},
		{"native not at all", json(item9, `"answer":{"system":"http://loinc.org","code":"LA6568-5"}`), ""},
		{"native unknown answer", json(item9, `"answer":{"system":"http://loinc.org","code":"LA99"}`), match.Review},
		{"native without system", json(`"code":"44260-8"`, `"value":3`), match.Stop},
		{"native by OID", json(`"system":"urn:oid:2.16.840.1.113883.6.1","code":"44260-8"`, `"value":3`), match.Stop},
		{"native https", json(`"system":"https://loinc.org/","code":"44260-8"`, `"value":3`), match.Stop},
		{"native LN", json(`"system":"LN","code":"44260-8"`, `"value":3`), match.Stop},
		{"native in a system that is not known", json(`"system":"urn:local","code":"44260-8"`, `"value":3`), match.Review},

		{"FHIR integer", observation(`,"valueInteger":3`), match.Stop},
		{"FHIR string", observation(`,"valueString":"Nearly every day"`), match.Stop},
		{"FHIR Spanish string", observation(`,"valueString":"Casi todos los días"`), match.Stop},
		{"FHIR number in a string", observation(`,"valueString":"3"`), match.Stop},
		{"FHIR number and words", observation(`,"valueString":"(3) Nearly every day"`), match.Stop},
		{"FHIR several days", observation(`,"valueString":"1 - Several days"`), match.Review},
		{"FHIR not at all", observation(`,"valueString":"0 - Not at all."`), ""},
		{"FHIR share of three", observation(`,"valueString":"0/3"`), ""},
		{"FHIR other words", observation(`,"valueString":"Declined to answer"`), match.Review},
		{"FHIR no, but", observation(`,"valueString":"Not at all, though last week yes"`), match.Review},
		{"FHIR text of a concept", observation(`,"valueCodeableConcept":{"text":"Nearly every day"}`), match.Stop},
		{"FHIR LOINC beside SNOMED CT", observation(`,"valueCodeableConcept":{"coding":[{SNOMED,"code":"123"},{LOINC,"code":"LA6571-9"}]}`), match.Stop},
		{"FHIR quantity", observation(`,"valueQuantity":{"value":2}`), match.Stop},
		{"FHIR bound", observation(`,"valueQuantity":{"value":2,"comparator":">="}`), match.Stop},
		{"FHIR bound above nothing", observation(`,"valueQuantity":{"value":0,"comparator":">"}`), match.Review},
		{"FHIR boolean", observation(`,"valueBoolean":true`), match.Review},
		{"FHIR range", observation(`,"valueRange":{"low":{"value":2}}`), match.Review},
		{"FHIR absent", observation(`,"dataAbsentReason":{"text":"unknown"}`), match.Review},
		{"FHIR status unknown", func() mapping.Decoded {
			return inBundle(`{"resourceType":"Observation","status":"unknown",SUBJECT,ITEM9,"valueInteger":3}`)
		}, match.Stop},
		{"FHIR component", func() mapping.Decoded {
			return inBundle(`{"resourceType":"Observation","status":"final",SUBJECT,"code":{"coding":[{LOINC,"code":"44249-1"}]},"component":[{ITEM9,"valueString":"Nearly every day"}]}`)
		}, match.Stop},
		{"FHIR item 9 beside a local code", func() mapping.Decoded {
			return inBundle(`{"resourceType":"Observation","status":"final",SUBJECT,"code":{"coding":[{"system":"urn:l","code":"Q9"},{LOINC,"code":"44260-8"}]},"valueInteger":3}`)
		}, match.Stop},
		{"FHIR questionnaire, integer", response("completed", linked, "", `"valueInteger":3`), match.Stop},
		{"FHIR questionnaire, string", response("completed", linked, "", `"valueString":"Nearly every day"`), match.Stop},
		{"FHIR questionnaire, display", response("completed", linked, asked, `"valueCoding":{"display":"Nearly every day"}`), match.Stop},
		{"FHIR questionnaire, not at all", response("completed", linked, asked, `"valueCoding":{"display":"Not at all"}`), ""},
		{"FHIR questionnaire, not finished", response("in-progress", linked, asked, `"valueInteger":3`), match.Stop},
		{"FHIR questionnaire, own link", response("completed", "phq9.9", asked, `"valueCoding":{LOINC,"code":"LA6571-9","display":"Nearly every day"}`), match.Review},
		{"FHIR questionnaire, own link, not at all", response("completed", "phq9.9", asked, `"valueCoding":{LOINC,"code":"LA6568-5","display":"Not at all"}`), ""},
		{"FHIR questionnaire, own words", response("completed", "c1", "Anything else?", `"valueString":"I want to kill myself"`), match.Review},

		{"HL7 NM", obx("NM", "3"), match.Stop},
		{"HL7 ST with a number", obx("ST", "3"), match.Stop},
		{"HL7 ST in words", obx("ST", "Nearly every day"), match.Stop},
		{"HL7 TX not at all", obx("TX", "Not at all"), ""},
		{"HL7 SN bound", obx("SN", ">=^2"), match.Stop},
		{"HL7 SN", obx("SN", "^3"), match.Stop},
		{"HL7 CE with words alone", obx("CE", "^Nearly every day"), match.Stop},
		{"HL7 CE, local code", obx("CE", "3^Nearly every day^L"), match.Stop},
		{"HL7 CE, local code of nothing", obx("CE", "0^Not at all^L"), ""},
		{"HL7 IS", obx("IS", "3"), match.Stop},
		{"HL7 NM with a sign behind", obx("NM", "3+"), match.Stop},
		{"HL7 without a type", obx("", "3"), match.Stop},
		{"HL7 without a value", obx("NM", ""), match.Review},
		{"HL7 by OID", func() mapping.Decoded {
			return message("OBX|1|NM|44260-8^Q9^2.16.840.1.113883.6.1||3||||||F")
		}, match.Stop},
	} {
		t.Run(strings.ReplaceAll(c.form, " ", "_"), func(t *testing.T) {
			d := c.sent()
			if got := gravest(t, d); got != c.want {
				t.Errorf("level %q, not %q; read as %s", got, c.want, fmt.Sprintf("%+v", d.Event.Referral.Observations))
			}
		})
	}
}
