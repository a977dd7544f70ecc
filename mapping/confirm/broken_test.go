package confirm

import (
	"bytes"
	"testing"

	"github.com/convene-health/convene/fhir/fhirtest"
)

// checks of bundles, and which of them a broken one must fail.
type check int

const (
	google check = 1 << iota // github.com/google/fhir with what fhirtest adds: R4 and the transaction's own rules
	hapi                     // HAPI's instance validator: R4's constraints and the profiles (tag shared)
	both   = google | hapi
)

// broken are the ways to break a good bundle: the first old becomes new, and the checks must say so.
var broken = map[string]struct {
	profile  string
	old, new string
	by       check
}{
	"unknown request status":    {"", `"status":"active","intent"`, `"status":"live","intent"`, both},
	"no request status":         {"", `"status":"active","intent"`, `"intent"`, both},
	"no intent":                 {"", `"intent":"order","category"`, `"category"`, both},
	"no subject":                {"", `"subject":{"reference":`, `"encounter":{"reference":`, both},
	"unknown task status":       {"", `"status":"accepted"`, `"status":"waiting"`, both},
	"unknown priority":          {"", `"priority":"routine","code"`, `"priority":"normal","code"`, both},
	"unknown element":           {"", `"authoredOn"`, `"orderedOn"`, both},
	"unknown gender":            {"", `"gender":"female"`, `"gender":"F"`, both},
	"birth date of no calendar": {"", `"birthDate":"1961-04-30"`, `"birthDate":"1961-04-31"`, both},
	"birth date as a number":    {"", `"birthDate":"1961-04-30"`, `"birthDate":1961`, both},
	"time without offset":       {"", `"authoredOn":"2026-11-11T09:30:00-05:00"`, `"authoredOn":"2026-11-11T09:30:00"`, both},
	"two onsets":                {"", `"onsetDateTime":"2024-02"`, `"onsetDateTime":"2024-02","onsetString":"long ago"`, both},
	"a list that is none":       {"", `"reasonReference":[`, `"performerType":[`, both},
	"one name for a list":       {"", `"given":["Ada"]`, `"given":"Ada"`, both},
	"id out of bounds":          {"", `"id":"riverside-r1042-1"`, `"id":"riverside r1042"`, both},
	"unknown resource":          {"", `"resourceType":"Task"`, `"resourceType":"Chore"`, both},
	"unknown contact system":    {"", `"system":"phone"`, `"system":"landline"`, both},
	"unknown verb":              {"", `"method":"PUT"`, `"method":"UPSERT"`, both},
	"no agent":                  {"", `"agent":[`, `"reason":[`, both},
	"null":                      {"", `"active":true`, `"active":null`, both},
	"text for a boolean":        {"", `"active":true`, `"active":"true"`, both},
	"empty text":                {"", `"family":"Okafor"`, `"family":""`, both},
	"dangling reference":        {"", `"focus":{"reference":"urn:uuid:`, `"focus":{"reference":"urn:uuid:0`, google},
	"create by another search":  {"", `"ifNoneExist":"identifier=http`, `"ifNoneExist":"name=http`, google},
	"another id in the URL":     {"", `"url":"Task/riverside-r1042-1"`, `"url":"Task/riverside-r1042-2"`, google},
	"no transaction":            {"", `"type":"transaction"`, `"type":"document"`, both},
	"cut short":                 {"", `]}`, ``, google},

	// R4's constraints.
	"refuted and active at once": {"", `condition-ver-status","code":"confirmed"`, `condition-ver-status","code":"entered-in-error"`, hapi},
	"task changed before it was": {"", `"lastModified":"2026`, `"lastModified":"2025`, hapi},
	"session without an end":     {"", `"end":"2026-11-17T19:00:00.000-05:00",`, ``, hapi},
	"session without a time":     {"", `"start":"2026-11-17T18:00:00.000-05:00","end":"2026-11-17T19:00:00.000-05:00",`, ``, hapi},
	"session in no state":        {"", `"status":"booked"`, `"status":"taken"`, both},
	"unknown clinical status":    {"", `condition-clinical","code":"active"`, `condition-clinical","code":"live"`, hapi},
	"unknown extension":          {"", `"gender":"female"`, `"gender":"female","extension":[{"url":"https://convene.health/x","valueString":"x"}]`, hapi},
	"extension without a value":  {"", `"gender":"female"`, `"gender":"female","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"}]`, hapi},

	// US Core.
	"patient without a name":         {"", `"name":[{"family":"Okafor","given":["Ada"]}],`, ``, hapi},
	"patient without a gender":       {"", `"gender":"female",`, ``, hapi},
	"identifier without a system":    {"", `"system":"urn:oid:2.16.840.1.113883.19.5",`, ``, hapi},
	"identifier without a value":     {"", `,"value":"000123"`, ``, hapi},
	"telecom without a value":        {"", `,"value":"555-0142"`, ``, hapi},
	"condition of no list":           {"", `"code":"problem-list-item"`, `"code":"encounter-diagnosis"`, hapi},
	"condition without a category":   {"", `"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-category","code":"problem-list-item"}]}],`, ``, hapi},
	"order without a category":       {"", `"category":[{"coding":[{"system":"http://snomed.info/sct","code":"409063005"}]}],`, ``, hapi},
	"order of nothing":               {"", `"orderDetail":[`, `"supportingInfo":[],"orderDetail":[`, hapi},
	"organization without a name":    {"", `"active":true,"name":"Riverside Care Network"`, `"active":true`, hapi},
	"organization not known to be":   {"", `"active":true,"name":"Riverside Care Network"`, `"name":"Riverside Care Network"`, hapi},
	"NPI with a wrong check digit":   {"", `"value":"1234567893"`, `"value":"1234567894"`, hapi},
	"NPI with eleven digits":         {"", `"value":"1234567893"`, `"value":"12345678931"`, hapi},
	"practitioner without a surname": {"", `"name":[{"family":"Lund","given":["Per"]}]`, `"name":[{"given":["Per"]}]`, hapi},
	"role out of reach":              {"", `"endpoint":[{"type":"Endpoint","identifier":{"system":"https://convene.health/fhir/riverside/endpoint","value":"north-ehr"}}]`, `"availabilityExceptions":"none"`, hapi},
	"order for an organization":      {"", `"requester":{"reference":"urn:uuid:`, `"requester":{"reference":"#`, google},
	"profile that nobody knows":      {"", `StructureDefinition/us-core-patient"`, `StructureDefinition/us-core-person"`, hapi},

	// BSeR.
	"no placer":                     {"bser", `"code":"PLAC"`, `"code":"MR"`, hapi},
	"two fillers":                   {"bser", `"code":"PLAC"`, `"code":"FILL"`, hapi},
	"order that is a plan":          {"bser", `"intent":"order"`, `"intent":"plan"`, hapi},
	"reason without words":          {"bser", `"text":"Chronic pain"},{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"F32.0"`, `"id":"x"},{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"F32.0"`, hapi},
	"task to approve":               {"bser", `task-code","code":"fulfill"`, `task-code","code":"approve"`, hapi},
	"task without an owner":         {"bser", `,"owner":{"reference":`, `,"partOf":{"reference":`, hapi},
	"task without a beginning":      {"bser", `"authoredOn":"2026-11-12T15:04:05.678Z",`, ``, hapi},
	"task for nobody":               {"bser", `"for":{"reference":`, `"encounter":{"reference":`, hapi},
	"business status unheard":       {"bser", `TaskBusinessStatusCS","code":"3.0"`, `TaskBusinessStatusCS","code":"3.1"`, hapi},
	"placement status unheard":      {"bser", `placement-status","code":"placed"`, `placement-status","code":"seated"`, hapi},
	"header without a receiver":     {"message", `"receiver":{`, `"target":{`, hapi},
	"header without a sender":       {"message", `"sender":{`, `"enterer":{`, hapi},
	"header of another event":       {"message", `"code":"I12"`, `"code":"I13"`, hapi},
	"message that is a collection":  {"message", `"type":"message"`, `"type":"collection"`, hapi},
	"feedback that is a collection": {"message", `"type":"document"`, `"type":"collection"`, hapi},
	"feedback without a summary":    {"message", `"code":"RSRFS"`, `"code":"RSRF"`, hapi},

	// Gravity.
	"task in a status not Gravity's": {"sdoh", `"status":"accepted"`, `"status":"received"`, hapi},
	"enrolment unsaid":               {"sdoh", `"valueCodeableConcept":{`, `"dataAbsentReason":{`, hapi},
	"enrolment of no category":       {"sdoh", `us-core-category","code":"sdoh"`, `us-core-category","code":"social"`, hapi},
	"reason for a status, mute":      {"bser", `"businessStatus":{`, `"statusReason":{"coding":[{"system":"urn:x","code":"y"}]},"businessStatus":{`, hapi},
}

// goodBundle is a bundle that breaks in all these ways.
func goodBundle(t *testing.T, profile string) []byte {
	t.Helper()
	b, err := New(catalog(t, profile)).Append(nil, placed())
	if err != nil {
		t.Fatal(err)
	}
	return bundleOf(t, b)
}

func goodMessage(t *testing.T) []byte {
	t.Helper()
	b, err := New(catalog(t, "bser")).Append(nil, placed())
	if err != nil {
		t.Fatal(err)
	}
	return messageOf(t, b)
}

// breakBy breaks bundles in the ways that a check must see, by name of the way.
func breakBy(t *testing.T, by check) map[string][]byte {
	t.Helper()
	good := map[string][]byte{"": goodBundle(t, ""), "bser": goodBundle(t, "bser"), "sdoh": goodBundle(t, "sdoh"), "message": goodMessage(t)}
	all := map[string][]byte{}
	for name, c := range broken {
		if !bytes.Contains(good[c.profile], []byte(c.old)) {
			t.Errorf("%s: %s is not in %s", name, c.old, good[c.profile])
		} else if c.by&by != 0 {
			all[name] = bytes.Replace(good[c.profile], []byte(c.old), []byte(c.new), 1)
		}
	}
	return all
}

// TestBrokenBundlesFail shows that the check of every bundle can fail, and on what.
func TestBrokenBundlesFail(t *testing.T) {
	for _, profile := range []string{"", "bser", "sdoh"} {
		if err := fhirtest.Validate(goodBundle(t, profile)); err != nil {
			t.Fatal(err)
		}
	}
	for name, bundle := range breakBy(t, google) {
		if err := fhirtest.Validate(bundle); err == nil {
			t.Errorf("%s: %s for %s passes", name, broken[name].new, broken[name].old)
		}
	}
}
