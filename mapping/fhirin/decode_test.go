package fhirin_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/fhirin"
)

// Parts of the inputs below. PATIENT, ORDER and their like stand for the members that every one needs.
var parts = strings.NewReplacer(
	"PATIENT", `"resourceType":"Patient","identifier":[{"system":"https://ids.example/person","value":"P-1"}]`,
	"ORDER", `"resourceType":"ServiceRequest","status":"active","intent":"order","identifier":[{"system":"https://orders.example","value":"O-1"}]`,
	"TASK", `"resourceType":"Task","intent":"order"`,
	"COPD", `{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"J44.9"}]}`,
	"REASON", `"reasonCode":[{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"J44.9"}]}]`,
	"SNOMED", `"system":"http://snomed.info/sct"`, "LOINC", `"system":"http://loinc.org"`,
	"COLLECTION", `"resourceType":"Bundle","type":"collection"`,
	"MINE", `"subject":{"reference":"Patient/p"}`,
)

func decode(text string) mapping.Decoded {
	return fhirin.Decode(mapping.Input{Source: "orchard", Data: []byte(parts.Replace(text))})
}

// found lists issues as "path code".
func found(d mapping.Decoded) (all []string) {
	for _, i := range d.Issues {
		all = append(all, i.Path+" "+i.Code)
	}
	return all
}

// referral decodes what must be a referral with just these remarks.
func referral(t *testing.T, text string, remarks ...string) *mapping.Referral {
	t.Helper()
	d := decode(text)
	if diff := cmp.Diff(remarks, found(d)); diff != "" {
		t.Errorf("issues (-want +got):\n%s", diff)
	}
	if d.Event == nil || d.Event.Referral == nil {
		t.Fatalf("no referral: %v", d.Issues)
	}
	return d.Event.Referral
}

// bundled is an order for Patient/p in a collection with other resources.
func bundled(order string, others ...string) string {
	text := `{COLLECTION,"entry":[{"resource":{ORDER,MINE,` + order + `}},{"resource":{PATIENT,"id":"p"}}`
	for _, o := range others {
		text += `,{"resource":` + o + `}`
	}
	return text + `]}`
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		input string
		want  []string
	}{
		"not JSON":               {`{"resourceType":"Patient"`, []string{"Patient invalid-json"}},
		"no resource":            {`{"a":1}`, []string{"resourceType required"}},
		"a type of no text":      {`{"resourceType":[{}]}`, []string{"resourceType required"}},
		"an array":               {`[]`, []string{"$ wrong-type"}},
		"another resource":       {`{"resourceType":"Observation"}`, []string{"Observation unsupported-resource"}},
		"a history":              {`{"resourceType":"Bundle","type":"history"}`, []string{"Bundle unsupported-resource"}},
		"no bundle type":         {`{"resourceType":"Bundle"}`, []string{"Bundle.type required"}},
		"empty bundle":           {`{COLLECTION}`, []string{"Bundle no-referral"}},
		"entry of no type":       {`{COLLECTION,"entry":[{"resource":{}}]}`, []string{"Bundle.entry[0].resource required", "Bundle no-referral"}},
		"no status":              {`{"resourceType":"ServiceRequest","intent":"order","subject":{"reference":"#p"},"contained":[{PATIENT,"id":"p"}],REASON}`, []string{"ServiceRequest.status required"}},
		"no subject":             {`{ORDER,REASON}`, []string{"ServiceRequest.subject required"}},
		"subject of no use":      {`{ORDER,REASON,"subject":{"display":"somebody"}}`, []string{"ServiceRequest.subject required"}},
		"subject is a group":     {`{ORDER,REASON,"subject":{"reference":"#g"},"contained":[{"resourceType":"Group","id":"g"}]}`, []string{"ServiceRequest.subject wrong-target"}},
		"nameless number":        {`{ORDER,REASON,"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p","identifier":[{"value":"1"}]}]}`, []string{"ServiceRequest.contained[0].identifier required"}},
		"on hold":                {strings.Replace(parts.Replace(bundled("REASON")), `"active"`, `"on-hold"`, 1), []string{"Bundle.entry[0].resource.status not-active"}},
		"finished task":          {bundled("REASON", `{TASK,"status":"completed","focus":{"reference":"ServiceRequest/x"}}`), []string{"Bundle.entry[2].resource.status not-active", "Bundle.entry[2].resource.focus unresolved-reference"}},
		"revoked and nameless":   {`{"resourceType":"ServiceRequest","status":"revoked","intent":"order"}`, []string{"ServiceRequest.identifier required"}},
		"a task to approve":      {`{TASK,"status":"requested","code":{"coding":[{"system":"http://hl7.org/fhir/CodeSystem/task-code","code":"approve"}]},"focus":{"reference":"#o"},"contained":[{ORDER,"id":"o","subject":{"reference":"#p"},REASON},{PATIENT,"id":"p"}]}`, []string{"Task.code unsupported-resource"}},
		"a task for another":     {`{TASK,"status":"requested","for":{"reference":"#q"},"focus":{"reference":"#o"},"contained":[{ORDER,"id":"o","subject":{"reference":"#p"},REASON},{PATIENT,"id":"p"},{PATIENT,"id":"q"}]}`, []string{"Task.for other-patient"}},
		"an answer":              {`{"resourceType":"Bundle","type":"message","entry":[{"resource":{"resourceType":"MessageHeader","response":{"identifier":"1","code":"ok"}}}]}`, []string{"Bundle.entry[0].resource.response unsupported-resource"}},
		"a fullUrl given twice":  {`{COLLECTION,"entry":[{"fullUrl":"urn:uuid:1","resource":{ORDER,REASON,"subject":{"reference":"urn:uuid:2"}}},{"fullUrl":"urn:uuid:2","resource":{PATIENT}},{"fullUrl":"urn:uuid:2","resource":{PATIENT}}]}`, []string{"Bundle.entry[2] ambiguous-reference"}},
		"two patients of an id":  {`{COLLECTION,"entry":[{"resource":{ORDER,REASON,"subject":{"reference":"Patient/p"}}},{"resource":{PATIENT,"id":"p"}},{"resource":{PATIENT,"id":"p"}}]}`, []string{"Bundle.entry[0].resource.subject unresolved-reference", "Bundle.entry[0].resource.subject ambiguous-reference"}},
		"two contained of an id": {`{ORDER,REASON,"subject":{"reference":"#p"},"contained":[{PATIENT,"id":"p"},{"resourceType":"Patient","id":"p","identifier":[{"system":"a:b","value":"2"}]}]}`, []string{"ServiceRequest.contained[1] ambiguous-reference"}},
		"a merge with nobody":    {`{PATIENT,"link":[{"type":"replaced-by","other":{"reference":"Patient/9"}}]}`, []string{"Patient.link[0].other unresolved-reference"}},
		"two merges":             {`{PATIENT,"link":[{"type":"replaces","other":{"identifier":{"system":"a:b","value":"1"}}},{"type":"replaces","other":{"identifier":{"system":"a:b","value":"2"}}}]}`, []string{"Patient.link[1] several-referrals"}},
	} {
		d := decode(c.input)
		if diff := cmp.Diff(c.want, found(d)); diff != "" || d.Event != nil {
			t.Errorf("%s: event %v, issues (-want +got):\n%s", name, d.Event, diff)
		}
	}
}

func TestTooLarge(t *testing.T) {
	d := decode(strings.Repeat(" ", mapping.InputBytesMax) + "{}")
	if d.Event != nil || len(d.Issues) != 1 || d.Issues[0].Code != "too-large" {
		t.Errorf("got %v", d)
	}
	conditions := strings.TrimSuffix(strings.Repeat("COPD,", mapping.ConditionsMax+1), ",")
	condition := `{"resourceType":"Condition",MINE,"code":COPD}`
	many := make([]string, mapping.ConditionsMax+1)
	for i := range many {
		many[i] = condition
	}
	if got := found(decode(bundled("REASON", many...))); len(got) != 1 || got[0] != "Bundle.entry[0].resource too-large" {
		t.Errorf("got %v", got)
	}
	if got := found(decode(bundled(`"reasonCode":[` + conditions + `]`))); len(got) == 0 || got[0] != "Bundle.entry[0].resource.reasonCode too-large" {
		t.Errorf("got %v", got)
	}
}

// Each way in which an order can refer to its patient.
func TestReferences(t *testing.T) {
	const two = `{COLLECTION,"entry":[{"fullUrl":"https://a.example/fhir/ServiceRequest/o","resource":{ORDER,REASON,"subject":{SUBJECT}}},
		{"fullUrl":"https://b.example/fhir/Patient/p","resource":{"resourceType":"Patient","identifier":[{"system":"https://ids.example/person","value":"P-2"}]}},
		{"fullUrl":"https://a.example/fhir/Patient/p","resource":{PATIENT,"id":"p"}}]}`
	for subject, want := range map[string]string{
		`"reference":"https://a.example/fhir/Patient/p"`:                      "P-1",
		`"reference":"https://b.example/fhir/Patient/p"`:                      "P-2",
		`"reference":"https://b.example/fhir/Patient/p/_history/3"`:           "P-2",
		`"reference":"Patient/p"`:                                             "P-1", // by the base of the order's own entry
		`"identifier":{"system":"https://ids.example/person","value":"P-2"}`:  "P-2",
		`"type":"Patient","identifier":{"system":"https://x","value":"P-77"}`: "P-77",
	} {
		var remarks []string
		if want == "P-77" {
			remarks = []string{"Bundle.entry[0].resource.subject unresolved-reference"}
		}
		x := referral(t, strings.Replace(two, "SUBJECT", subject, 1), remarks...)
		if got := x.Patient.Identifiers[0].Value; got != want {
			t.Errorf("%s leads to %s, not %s", subject, got, want)
		}
	}
}

func TestOrderIdentifier(t *testing.T) {
	const order = `{"resourceType":"ServiceRequest","status":"revoked","intent":"order","identifier":[ID],
		"contained":[{"resourceType":"Organization","id":"org","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"12"}]}]}`
	plac := `"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"PLAC"}]}`
	for id, want := range map[string]mapping.Identifier{
		`{"system":"a:b","value":"1"},{"system":"a:b","value":"2"}`:              {System: "a:b", Value: "1"},
		`{"system":"a:b","value":"1"},{` + plac + `,"system":"a:b","value":"2"}`: {System: "a:b", Value: "2", Type: "PLAC"},
		`{"value":"1","assigner":{"reference":"#org"}}`:                          {System: "http://hl7.org/fhir/sid/us-npi#12", Value: "1"},
		`{"value":"1","assigner":{"display":"Saint Anne"}}`:                      {System: "Saint Anne", Value: "1"},
		`{"value":"1","assigner":{"identifier":{"system":"c:d","value":"9"}}}`:   {System: "c:d#9", Value: "1"},
		`{"value":"1"}`: {Value: "1"},
		`{"use":"old","system":"a:b","value":"1"},{"system":"a:b","value":"2"}`: {System: "a:b", Value: "2"},
	} {
		d := decode(strings.Replace(order, "ID", id, 1))
		if d.Event == nil || d.Event.Type != mapping.ReferralCancelled || d.Event.Target.Identifier != want {
			t.Errorf("%s: %+v %v, want %v", id, d.Event, d.Issues, want)
		}
	}
}

func TestPatient(t *testing.T) {
	x := referral(t, `{ORDER,REASON,"subject":{"reference":"#p"},"contained":[{PATIENT,"id":"p",
		"name":[{"use":"old","family":"Shore"},{"family":"Bay","period":{"end":"2020"}},{"use":"usual","family":" Reed ","given":[null,"Una"],"_given":[{"id":"x"},null]}],
		"telecom":[{"system":"phone","value":"1","use":"home"},{"system":"phone","value":"2","use":"mobile"},{"system":"email","value":"u@r.example"},{"system":"phone","use":"old","rank":1,"value":"3"}],
		"gender":"other","birthDate":"1950-02","deceasedDateTime":"2026-01-01",
		"address":[{"use":"old","city":"Mounds"},{"line":["1 Elm St"],"city":"Hadley","state":"MA","postalCode":"01035","country":"US"}],
		"communication":[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"en"}]}},{"language":{"text":"Spanish"}},{"preferred":true,"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"es-MX"}]}}],
		"extension":[{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-interpreter-needed","valueCoding":{SNOMED,"code":"373066001"}},
			{"url":"http://hl7.org/fhir/StructureDefinition/individual-genderIdentity","extension":[{"url":"value","valueCodeableConcept":{"coding":[{SNOMED,"code":"33791000087105"}]}}]},
			{"url":"http://hl7.org/fhir/StructureDefinition/patient-disability","valueCodeableConcept":{"coding":[{SNOMED,"code":"0"}]}},
			{"url":"https://other.example","valueString":"x"}]}]}`,
		"ServiceRequest.contained[0].extension[2].valueCodeableConcept unknown-value")
	want := mapping.Patient{
		Identifiers: []mapping.Identifier{{System: "https://ids.example/person", Value: "P-1"}},
		Name:        mapping.Name{Family: "Reed", Given: []string{"Una"}}, BirthDate: "1950-02", Gender: "other", GenderIdentity: "non-binary", Deceased: true,
		Phone: "2", Email: "u@r.example", Languages: []string{"es-MX", "en", "Spanish"}, Interpreter: true,
		Address: mapping.Address{Line: []string{"1 Elm St"}, City: "Hadley", State: "MA", PostalCode: "01035", Country: "US"},
	}
	if diff := cmp.Diff(want, x.Patient); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDisabilityAsksForAccess(t *testing.T) {
	x := referral(t, `{ORDER,REASON,"subject":{"reference":"#p"},"contained":[{PATIENT,"id":"p","extension":[
		{"url":"http://hl7.org/fhir/StructureDefinition/patient-disability","valueCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"Z99.3"}]}}]}]}`)
	if diff := cmp.Diff([]string{"wheelchair"}, x.Patient.Access); diff != "" {
		t.Error(diff)
	}
}

func TestConditions(t *testing.T) {
	x := referral(t, bundled(`"reasonReference":[{"reference":"Condition/a"},{"reference":"Condition/none","display":"Trouble with sleep"}],
		"reasonCode":[COPD,{"text":"Lonely"},{"coding":[{SNOMED,"code":"2"}]}]`,
		`{"resourceType":"Condition","id":"a",MINE,"code":COPD,"severity":{"coding":[{SNOMED,"code":"24484000"}]},"onsetPeriod":{"start":"2020-05"},"note":[{"text":"Worse at night"}]}`,
		`{"resourceType":"Condition","id":"b",MINE,"code":{"coding":[{SNOMED,"code":"2","display":"Two"}]},"abatementDateTime":"2021","verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"refuted"}]}}`,
		`{"resourceType":"Condition","id":"c",MINE,"code":{"text":"Third"},"severity":{"text":"not too bad"}}`,
		`{"resourceType":"Condition","id":"d",MINE,"code":{"text":"Never read"},"modifierExtension":[{"url":"x:y","valueBoolean":true}]}`),
		"Bundle.entry[0].resource.reasonReference[1] unresolved-reference", "Bundle.entry[4].resource.severity unknown-value",
		"Bundle.entry[5].resource.modifierExtension modifier-extension", "Bundle.entry[0].resource.reasonCode[2] contradiction")
	want := []mapping.Condition{
		{Codes: []mapping.Code{{System: mapping.SystemICD10CM, Code: "J44.9"}}, Severity: "severe", Onset: "2020-05"},
		{Text: "Trouble with sleep"},
		{Codes: []mapping.Code{{System: mapping.SystemSNOMED, Code: "2", Display: "Two"}}, ClinicalStatus: "resolved", VerificationStatus: "refuted"},
		{Text: "Third"}, {Text: "Lonely"},
	}
	if diff := cmp.Diff(want, x.Conditions); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Worse at night"}, x.Notes); diff != "" {
		t.Error(diff)
	}
}

// A risk is not less for want of a link: what an order contains counts though nothing refers to it, and so do the words for
// the patient. What is about somebody else does not.
func TestContainedWithoutLink(t *testing.T) {
	const order = `{ORDER,REASON,"id":"o","subject":{"reference":"#p"},"patientInstruction":"Call if you wish to be dead."`
	const others = `{PATIENT,"id":"p"},{PATIENT,"id":"q"},{"resourceType":"Condition","subject":{"reference":"#q"},"code":COPD},
		{"resourceType":"Condition","id":"c","subject":{"reference":"#p"},"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"R45.851"}]}}`
	for input, remark := range map[string]string{
		order + `,"contained":[` + others + `]}`: "ServiceRequest.contained[2].subject other-patient",
		`{TASK,"status":"requested","focus":{"reference":"#o"},"contained":[` + order + `},` + others + `]}`: "Task.contained[3].subject other-patient",
	} {
		x := referral(t, input, remark)
		if len(x.Conditions) != 2 || x.Conditions[0].Codes[0].Code != "R45.851" {
			t.Errorf("conditions %+v of %s", x.Conditions, input)
		}
		if diff := cmp.Diff([]string{"Call if you wish to be dead."}, x.Notes); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
	}
}

func TestObservations(t *testing.T) {
	x := referral(t, bundled("REASON",
		`{"resourceType":"Observation","status":"final",MINE,"code":{"coding":[{SNOMED,"code":"1"},{LOINC,"code":"44261-6"}]},"effectiveDateTime":"2026-10-01","valueInteger":12}`,
		`{"resourceType":"Observation","status":"final",MINE,"code":{"coding":[{LOINC,"code":"4548-4"}]},"valueQuantity":{"value":6.5,"unit":"percent","code":"%"}}`,
		`{"resourceType":"Observation","status":"final",MINE,"code":{"coding":[{LOINC,"code":"44260-8"}]},"valueCodeableConcept":{"coding":[{LOINC,"code":"LA6569-3"}]}}`,
		`{"resourceType":"Observation","status":"final",MINE,"code":{"coding":[{LOINC,"code":"85354-9"}]},"component":[{"code":{"coding":[{LOINC,"code":"8480-6"}]},"valueQuantity":{"value":107}}]}`,
		`{"resourceType":"Observation","status":"final",MINE,"code":{"coding":[{LOINC,"code":"33914-3"}]},"valueQuantity":{"value":60,"comparator":">"}}`,
		`{"resourceType":"Observation","status":"entered-in-error",MINE,"code":{"coding":[{LOINC,"code":"44261-6"}]},"valueInteger":27}`,
		`{"resourceType":"Flag","status":"active",MINE,"code":{"coding":[{SNOMED,"code":"6471006","display":"Suicidal thoughts"}]},"period":{"start":"2026-09-09"}}`,
		`{"resourceType":"Flag","status":"inactive",MINE,"code":{"text":"Old"}}`,
	), "Bundle.entry[6].resource.valueQuantity not-used")
	number := func(v float64) *float64 { return &v }
	code := func(code string) mapping.Code { return mapping.Code{System: mapping.SystemLOINC, Code: code} }
	answer := code("LA6569-3")
	want := []mapping.Observation{
		{Code: code("44261-6"), Value: number(12), Date: "2026-10-01"},
		{Code: code("4548-4"), Value: number(6.5), Unit: "%"},
		{Code: code("44260-8"), Answer: &answer},
		{Code: code("8480-6"), Value: number(107)},
		{Code: mapping.Code{System: mapping.SystemSNOMED, Code: "6471006", Display: "Suicidal thoughts"}, Date: "2026-09-09"},
	}
	if diff := cmp.Diff(want, x.Observations); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Suicidal thoughts"}, x.Notes); diff != "" {
		t.Error(diff)
	}
}

func TestGoalsPayersProgramsRequester(t *testing.T) {
	x := referral(t, bundled(`REASON,"performer":[{"identifier":{"system":"https://net.example/program","value":"pain-cbt"}},{"reference":"HealthcareService/s"}],
		"insurance":[{"reference":"Coverage/c"}],"requester":{"reference":"PractitionerRole/r"},
		"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal","valueReference":{"reference":"Goal/g"}}],"note":[{"text":" Call first "}],"priority":"asap"`,
		`{"resourceType":"HealthcareService","id":"s","identifier":[{"system":"https://net.example/program","value":"sleep"}]}`,
		`{"resourceType":"Coverage","id":"c","status":"active","payor":[{"display":"Children's Plan (MA)"},{"reference":"Patient/p"}]}`,
		`{"resourceType":"Coverage","status":"active","beneficiary":{"reference":"Patient/p"},"class":[{"type":{"coding":[{"code":"plan"}]},"value":"B5"}]}`,
		`{"resourceType":"PractitionerRole","id":"r","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"11"}],"practitioner":{"display":"Iris Holm"},"organization":{"reference":"Organization/o"},"telecom":[{"system":"phone","value":"5"}]}`,
		`{"resourceType":"Organization","id":"o","identifier":[{"system":"a:b","value":"1"},{"system":"http://hl7.org/fhir/sid/us-npi","value":"22"}],"name":"Orchard"}`,
		`{"resourceType":"Goal","id":"g","lifecycleStatus":"active",MINE,"description":{"text":"Peer support"}}`,
		`{"resourceType":"Goal","id":"h","lifecycleStatus":"active",MINE,"description":{"text":"Climb the hill"}}`,
		`{"resourceType":"Goal","id":"i","lifecycleStatus":"rejected",MINE,"description":{"text":"Social support"}}`,
	), "Bundle.entry[8].resource.description unknown-goal")
	npi := func(v string) mapping.Identifier { return mapping.Identifier{System: mapping.SystemNPI, Value: v} }
	for _, diff := range []string{
		cmp.Diff([]string{"peer-support"}, x.Goals), cmp.Diff([]string{"childrens-plan-ma", "self-pay", "b5"}, x.Payers),
		cmp.Diff([]string{"pain-cbt", "sleep"}, x.Programs), cmp.Diff([]string{"Call first"}, x.Notes), cmp.Diff(mapping.ASAP, x.Priority),
		cmp.Diff(mapping.Requester{Practitioner: mapping.Party{Identifier: npi("11"), Name: "Iris Holm", Phone: "5"}, Organization: mapping.Party{Identifier: npi("22"), Name: "Orchard"}}, x.Requester),
	} {
		if diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestSentTime(t *testing.T) {
	for members, want := range map[string]string{
		`"timestamp":"2026-11-01T10:00:00Z","entry":[{"resource":{ORDER,REASON,MINE,"meta":{"lastUpdated":"2026-11-03T10:00:00Z"}}}`:       "2026-11-01T10:00:00Z",
		`"entry":[{"resource":{ORDER,REASON,MINE,"meta":{"lastUpdated":"2026-11-03T10:00:00+02:00"},"authoredOn":"2026-11-09T10:00:00Z"}}`: "2026-11-03T08:00:00Z",
		`"entry":[{"resource":{ORDER,REASON,MINE,"authoredOn":"2026-11-09T10:00:00Z"}}`:                                                    "2026-11-09T10:00:00Z",
		`"entry":[{"resource":{ORDER,REASON,MINE,"authoredOn":"2026-11-09"}}`:                                                              "0001-01-01T00:00:00Z",
	} {
		d := decode(`{COLLECTION,` + members + `,{"resource":{PATIENT,"id":"p"}}]}`)
		if d.Event == nil || d.Event.Sent.Format(time.RFC3339) != want {
			t.Errorf("%s: %v %v, want %s", members, d.Event, d.Issues, want)
		}
	}
}

func TestCancellations(t *testing.T) {
	for name, input := range map[string]string{
		"I14":       `{"resourceType":"Bundle","type":"message","entry":[{"resource":{"resourceType":"MessageHeader","eventCoding":{"code":"I14"},"focus":[{"reference":"ServiceRequest/o"}]}},{"resource":{ORDER,"id":"o"}}]}`,
		"cancelled": `{TASK,"status":"cancelled","focus":{"reference":"#o"},"contained":[{ORDER,"id":"o"}]}`,
		"BSeR 5.2":  `{TASK,"status":"in-progress","businessStatus":{"coding":[{"system":"http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS","code":"5.2"}]},"focus":{"identifier":{"system":"https://orders.example","value":"O-1"}}}`,
	} {
		d := decode(input)
		if d.Event == nil || d.Event.Type != mapping.ReferralCancelled || d.Event.Target.Identifier.Value != "O-1" {
			t.Errorf("%s: %+v %v", name, d.Event, d.Issues)
		}
	}
}

// BenchmarkOrder decodes an order of common size: patient, requester, two conditions, a score.
func BenchmarkOrder(b *testing.B) {
	data := []byte(parts.Replace(bundled(`"reasonReference":[{"reference":"Condition/a"}],"authoredOn":"2026-11-08","priority":"urgent","requester":{"reference":"Practitioner/i"}`,
		`{"resourceType":"Condition","id":"a",MINE,"code":COPD,"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]}}`,
		`{"resourceType":"Condition","id":"b",MINE,"code":{"coding":[{SNOMED,"code":"44054006","display":"Diabetes mellitus type 2"}]}}`,
		`{"resourceType":"Observation","status":"final",MINE,"code":{"coding":[{LOINC,"code":"44261-6"}]},"effectiveDateTime":"2026-10-01","valueInteger":12}`,
		`{"resourceType":"Practitioner","id":"i","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"1300003022"}],"name":[{"family":"Holm","given":["Iris"]}]}`)))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if d := fhirin.Decode(mapping.Input{Data: data}); d.Event == nil {
			b.Fatal(d.Issues)
		}
	}
}

func FuzzDecode(f *testing.F) {
	stories, err := filepath.Glob("../../testdata/story/fhir_*.txtar")
	if err != nil || len(stories) < 6 {
		f.Fatalf("%d stories, %v", len(stories), err)
	}
	for _, path := range stories {
		story, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(story)) {
			if _, data, ok := strings.Cut(line, `"data":`); ok {
				f.Add([]byte(strings.TrimSuffix(strings.TrimSpace(data), "}")))
			}
		}
	}
	f.Add([]byte(parts.Replace(`{TASK,"status":"requested","focus":{"reference":"#"},"contained":[{"resourceType":"Bundle","id":"b","type":"document","entry":[{"resource":{}}]}]}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := fhirin.Decode(mapping.Input{Source: "fuzz", Data: data})
		if d.Event == nil && len(d.Issues) == 0 {
			t.Error("refused without a reason")
		}
		if d.Event != nil && d.Event.Type == "" {
			t.Error("an event without a type")
		}
	})
}

// Each type of bundle that asks for something, and the two extensions by which an interpreter is asked for.
func TestBundleTypesAndInterpreters(t *testing.T) {
	for _, kind := range []string{"message", "document", "transaction", "batch", "collection", "searchset"} {
		for extension, want := range map[string]bool{
			`"url":"http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired","valueBoolean":true`:                                                         true,
			`"url":"http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired","valueBoolean":false`:                                                        false,
			`"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-interpreter-needed","valueCoding":{"system":"http://snomed.info/sct","code":"373066001"}`: true,
			`"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-interpreter-needed","valueCoding":{"system":"http://snomed.info/sct","code":"373067005"}`: false,
		} {
			text := `{"resourceType":"Bundle","type":"` + kind + `","entry":[{"request":{"method":"GET","url":"Patient"}},{"resource":{"resourceType":"MessageHeader"}},
				{"resource":{ORDER,MINE,REASON}},{"resource":{PATIENT,"id":"p","extension":[{` + extension + `}]}}]}`
			if x := referral(t, text); x.Patient.Interpreter != want || len(x.Conditions) != 1 {
				t.Errorf("%s with %s: %+v", kind, extension, x)
			}
		}
	}
}

// What JSON or a choice says twice refuses the order, with the place of the second.
func TestSaidTwice(t *testing.T) {
	for text, want := range map[string]string{
		bundled(`REASON,"authoredOn":"2026-01-01","authoredOn":"2026-01-02"`):                                                                                 "Bundle.entry[0].resource.authoredOn duplicate-key",
		bundled(`REASON,"occurrenceDateTime":"2026-01-01","occurrencePeriod":{"start":"2026-01-01"}`):                                                         "Bundle.entry[0].resource.occurrencePeriod choice",
		bundled(`REASON`, `{"resourceType":"Condition",MINE,"code":COPD,"onsetString":"a","onsetDateTime":"2020"}`):                                           "Bundle.entry[2].resource.onsetDateTime choice",
		bundled(`REASON`, `{"resourceType":"Observation","status":"final",MINE,"code":{"coding":[{LOINC,"code":"1-1"}]},"valueInteger":1,"valueString":"1"}`): "Bundle.entry[2].resource.valueString choice",
	} {
		if d := decode(text); d.Event != nil || !slices.Contains(found(d), want) {
			t.Errorf("issues %v, want %s", found(d), want)
		}
	}
}
