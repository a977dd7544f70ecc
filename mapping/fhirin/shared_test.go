//go:build shared

package fhirin_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/convene-health/convene/fhir/fhirtest"
	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/fhirin"
	"github.com/convene-health/convene/testdata/week"
)

// Published examples of BSeR, US Core and Gravity SDOH-CC (CC0-1.0). They are not part of the project: the folder examples
// of CONVENE_SHARED, by default the folder shared beside the repository.

const (
	bserMessage = "bser/Bundle-bundle-bser-referral-message-bundle-eve-everywoman.json"
	rehab       = "us-core/servicerequest-rehab.json"
	amy         = "us-core/patient-example.json"
)

// examples and the first issue for which each is refused as it stands: none of them is a whole referral.
var examples = map[string]string{
	// The order is for Patient/patient-us-core-patient-eve-everywoman; the message holds patient-bser-patient-eve-everywoman.
	bserMessage: "Bundle.entry[1].resource.subject unresolved-reference",
	"bser/Bundle-bundle-batch-query-diabetes-prevention-request.json":                "Bundle no-referral",
	"bser/Composition-composition-bser-referral-request-diabetes-everywoman.json":    "Composition unsupported-resource",
	"bser/MessageHeader-messageheader-bser-referral-messageheader.json":              "MessageHeader unsupported-resource",
	"bser/Patient-patient-bser-patient-eve-everywoman.json":                          "Patient no-referral",
	"bser/ServiceRequest-servicerequest-bser-referral-servicerequest-arthritis.json": "ServiceRequest.subject unresolved-reference",
	"bser/Task-task-bser-referral-task.json":                                         "Task.focus unresolved-reference",
	rehab:                                                                            "ServiceRequest.subject unresolved-reference",
	amy:                                                                              "Patient no-referral",
	"gravity/HealthcareService-SDOHCC-HealthcareServiceSocialCareProgram.json":       "HealthcareService unsupported-resource",
	"gravity/Observation-SDOHCC-ObservationEnrollmentStatusExample.json":             "Observation unsupported-resource",
	"gravity/Task-SDOHCC-TaskReferralManagementOrderFulfillmentAcceptedExample.json": "Task.focus unresolved-reference",
}

// folder that holds the examples.
func folder() string {
	if shared := os.Getenv("CONVENE_SHARED"); shared != "" {
		return filepath.Join(shared, "examples")
	}
	return "../../../shared/examples"
}

func example(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder(), name))
	if err != nil {
		t.Fatalf("%v; set CONVENE_SHARED to the folder that holds examples", err)
	}
	return data
}

// confirmed replays one input against the week's catalog and returns status, and issues as "path code".
func confirmed(t *testing.T, data []byte) (status mapping.Status, issues []string, identifier mapping.Identifier) {
	t.Helper()
	replay := engine.NewReplay()
	if err := replay.Catalog("riverside", "catalog", week.Catalogs()[0]); err != nil {
		t.Fatal(err)
	}
	messages, err := replay.Input(mapping.Input{
		Network: "riverside", Source: "epic-main", Sequence: 1, Data: data, Header: map[string]string{"content-type": "application/fhir+json; fhirVersion=4.0"},
		Stored: time.Date(2026, 11, 9, 14, 0, 0, 0, time.UTC),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		if m.Decision {
			continue
		}
		var c struct {
			Data struct {
				Status   mapping.Status
				Issues   mapping.Issues
				Bundle   json.RawMessage
				Referral struct{ Identifier mapping.Identifier }
			}
		}
		if err := json.Unmarshal(m.Data, &c); err != nil {
			t.Fatal(err)
		}
		if c.Data.Bundle != nil {
			fhirtest.Check(t, c.Data.Bundle)
		}
		return c.Data.Status, found(mapping.Decoded{Issues: c.Data.Issues}), c.Data.Referral.Identifier
	}
	t.Fatal("no confirmation")
	return "", nil, mapping.Identifier{}
}

func TestEveryExampleIsAnswered(t *testing.T) {
	for name, want := range examples {
		status, issues, _ := confirmed(t, example(t, name))
		if status != "refused" || len(issues) == 0 || issues[0] != want {
			t.Errorf("%s is %s: %v, want %s", name, status, issues, want)
		}
	}
	for _, guide := range []string{"bser", "us-core", "gravity"} {
		present, err := filepath.Glob(filepath.Join(folder(), guide, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range present {
			if name := guide + "/" + filepath.Base(path); examples[name] == "" {
				t.Errorf("nothing is expected of %s", name)
			}
		}
	}
}

// repaired is the BSeR message with its references to the patient put right.
func repaired(t testing.TB) []byte {
	return bytes.ReplaceAll(example(t, bserMessage), []byte("Patient/patient-us-core-patient-eve-everywoman"), []byte("Patient/patient-bser-patient-eve-everywoman"))
}

// With its patient the BSeR message is placed or waits for a person, and all that hangs together by reference is read.
func TestBSeRMessageRepaired(t *testing.T) {
	data := repaired(t)
	d := fhirin.Decode(mapping.Input{Data: data})
	if d.Event == nil {
		t.Fatal(d.Issues)
	}
	x := d.Event.Referral
	saintLuke := mapping.Identifier{System: mapping.SystemNPI, Value: "1063494177"}
	for _, diff := range []string{
		cmp.Diff([]string{"Bundle.entry[4].resource.practitioner unresolved-reference"}, found(d)),
		cmp.Diff(mapping.Identifier{System: mapping.SystemNPI + "#1063494177", Value: "88888888", Type: "PLAC"}, x.Identifier),
		cmp.Diff([]mapping.Identifier{{System: "http://hospital.smarthealthit.org", Value: "1032702", Type: "MR"}}, x.Patient.Identifiers),
		cmp.Diff(mapping.Name{Family: "Everywoman", Given: []string{"Eve", "L"}}, x.Patient.Name),
		cmp.Diff("1974-11-24 female GA 2020-02-14", strings.Join([]string{x.Patient.BirthDate, x.Patient.Gender, x.Patient.Address.State, x.AuthoredOn}, " ")),
		cmp.Diff([]mapping.Condition{{Codes: []mapping.Code{{System: mapping.SystemSNOMED, Code: "3723001", Display: "Arthritis (disorder)"}}, Text: "Arthritis (disorder)"}}, x.Conditions),
		cmp.Diff([]string{"saint-lukes-hospital-of-kansas-city"}, x.Payers),
		cmp.Diff(mapping.Party{Identifier: saintLuke, Name: "Saint Luke's Hospital of Kansas City", Phone: "(816)932-2000"}, x.Requester.Organization),
		cmp.Diff(mapping.Party{Identifier: mapping.Identifier{System: mapping.SystemNPI, Value: "1111111111"}, Name: "Henry Seven, MD"}, x.Requester.Practitioner),
	} {
		if diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	codes := []string{}
	for _, o := range x.Observations {
		codes = append(codes, o.Code.Code)
	}
	slices.Sort(codes)
	if diff := cmp.Diff([]string{"2106-3", "29463-7", "39156-5", "82589-3", "8302-2", "8462-4", "8480-6"}, codes); diff != "" {
		t.Errorf("observations of the document inside (-want +got):\n%s", diff)
	}
	status, issues, identifier := confirmed(t, data)
	if status != mapping.Review || !slices.Contains(issues, unknown) || identifier.Value != "88888888" {
		t.Errorf("the message is %s as %v: %v", status, identifier, issues)
	}
}

// The US Core order for rehabilitation with its patient: the reason leads nowhere, its display goes to a person.
func TestUSCoreOrderWithItsPatient(t *testing.T) {
	data := []byte(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + string(example(t, rehab)) + `},{"resource":` + string(example(t, amy)) + `}]}`)
	d := fhirin.Decode(mapping.Input{Data: data})
	if d.Event == nil {
		t.Fatal(d.Issues)
	}
	x := d.Event.Referral
	for _, diff := range []string{
		cmp.Diff("Baxter 74048 true", x.Patient.Name.Family+" "+x.Patient.Address.PostalCode+" "+map[bool]string{true: "true"}[x.Patient.Interpreter]),
		cmp.Diff([]string{"es"}, x.Patient.Languages),
		cmp.Diff([]mapping.Condition{{Text: "Alcohol use disorder (disorder)"}}, x.Conditions),
		cmp.Diff("2021-11-12T18:59:38Z", d.Event.Sent.Format(time.RFC3339)),
	} {
		if diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if status, issues, _ := confirmed(t, data); status != mapping.Review {
		t.Errorf("the order is %s: %v", status, issues)
	}
}

// unknown: the condition table has no "arthritis" without a kind, so a person decides.
const unknown = "Bundle.entry[1].resource.reasonCode[0] unknown-code"

// BenchmarkBSeRMessage decodes the repaired message, about 49 kB of indented JSON with a document inside.
func BenchmarkBSeRMessage(b *testing.B) {
	data := repaired(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if d := fhirin.Decode(mapping.Input{Data: data}); d.Event == nil {
			b.Fatal(d.Issues)
		}
	}
}
