package fhirin_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"crypto/sha256"

	"github.com/google/go-cmp/cmp"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/fhirin"
)

// What the order refers to and nothing here reads goes onward as a link, behind which it is as it came: what it contains,
// extensions of primitives and elements that nobody knows.
func TestDocumentsAreLinkedAndKeptByteForByte(t *testing.T) {
	const plan = `{"resourceType":"CarePlan", "id":"plan","title":"Plan of care","contained":[{"resourceType":"CareTeam","id":"team"}],
		"_status":{"extension":[{"url":"https://a.example/why","valueString":"draft\/final"}]},"unknown":[1.50, null],"subject":{"reference":"Patient/p"}}`
	const letter = `{"resourceType":"DocumentReference","id":"letter","content":[{"attachment":{"contentType":"text/plain","data":"RGVhciBjb2xsZWFndWU=","title":"Letter"}},
		{"attachment":{"contentType":"application/pdf","url":"https://documents.example/1"}}]}`
	text := parts.Replace(bundled(`REASON,"supportingInfo":[{"reference":"CarePlan/plan"},{"reference":"DocumentReference/letter","display":"From the ward"},{"reference":"Bundle/form"}]`,
		plan, letter, `{"resourceType":"Bundle","id":"form","type":"document","entry":[]}`, `{"resourceType":"CarePlan","id":"other"}`))
	in := mapping.Input{Network: "meadow", Sequence: 7, Data: []byte(text)}
	d := fhirin.Decode(in)
	if d.Event == nil {
		t.Fatal(d.Issues)
	}
	link := func(place string) string { return "urn:convene:input:meadow:7#" + place }
	hash := func(s string) string { return fmt.Sprintf("sha256-%x", sha256.Sum256([]byte(s))) }
	want := []mapping.Document{
		{Title: "Plan of care", Media: "application/fhir+json", Link: link("Bundle.entry[2].resource"), Hash: hash(plan)},
		{Title: "Letter", Media: "text/plain", Link: link("Bundle.entry[3].resource.content[0].attachment.data"), Hash: hash("Dear colleague")},
		{Title: "From the ward", Media: "application/pdf", Link: "https://documents.example/1"},
		{Title: "Bundle", Media: "application/fhir+json", Link: link("Bundle.entry[4].resource"), Hash: hash(`{"resourceType":"Bundle","id":"form","type":"document","entry":[]}`)},
	}
	if diff := cmp.Diff(want, d.Event.Referral.Documents); diff != "" {
		t.Fatalf("documents (-want +got):\n%s", diff)
	}
	for place, content := range map[string]string{"Bundle.entry[2].resource": plan, "Bundle.entry[3].resource.content[0].attachment.data": "Dear colleague"} {
		if got, err := fhirin.Document(in.Data, place); err != nil || string(got) != content {
			t.Errorf("%s holds %q, %v", place, got, err)
		}
	}
	for _, place := range []string{"", "Bundle.entry[9].resource", "Bundle.entry", "Patient.name", "OBX[1]-5"} {
		if got, err := fhirin.Document(in.Data, place); !errors.Is(err, fhirin.ErrNoDocument) {
			t.Errorf("%q holds %q, %v", place, got, err)
		}
	}
}

func TestAttachmentThatIsNoBase64(t *testing.T) {
	x := referral(t, bundled(`REASON,"supportingInfo":[{"reference":"DocumentReference/l"}]`, `{"resourceType":"DocumentReference","id":"l","content":[{"attachment":{"data":"§"}}]}`),
		"Bundle.entry[2].resource.content[0].attachment.data invalid-value")
	if len(x.Documents) != 1 || !strings.HasSuffix(x.Documents[0].Link, "#Bundle.entry[2].resource") {
		t.Errorf("got %v", x.Documents)
	}
}

func TestTooManyDocuments(t *testing.T) {
	plans, refs := []string{}, []string{}
	for i := range mapping.DocumentsMax + 1 {
		plans = append(plans, fmt.Sprintf(`{"resourceType":"CarePlan","id":"c%d"}`, i))
		refs = append(refs, fmt.Sprintf(`{"reference":"CarePlan/c%d"}`, i))
	}
	d := decode(bundled(`REASON,"supportingInfo":[`+strings.Join(refs, ",")+`]`, plans...))
	if d.Event != nil || !slices.Contains(found(d), "Bundle.entry[0].resource too-large") {
		t.Errorf("got %v", found(d))
	}
}

// What deciding finds wrong is told where the sender wrote it.
func TestPlaces(t *testing.T) {
	d := decode(bundled(`REASON,"note":[{"text":"a"},{"text":"b"}],"performer":[{"identifier":{"system":"https://a.example/program","value":"x"}}],"reasonReference":[{"reference":"Condition/c"},{"display":"tired"}]`,
		`{"resourceType":"Condition","id":"c",MINE,"code":{"text":"sad"}}`,
		`{"resourceType":"Goal",MINE,"lifecycleStatus":"active","description":{"text":"coping strategies"}}`,
		`{"resourceType":"Observation","status":"final",MINE,"code":{"coding":[{LOINC,"code":"1-1"}]},"component":[{"code":{"coding":[{LOINC,"code":"44261-6"}]},"valueInteger":3}]}`))
	if d.Event == nil {
		t.Fatal(d.Issues)
	}
	for part, want := range map[string]string{
		"data.referral.conditions[0].codes":        "Bundle.entry[2].resource.code",
		"data.referral.conditions[1]":              "Bundle.entry[0].resource.reasonReference[1]",
		"data.referral.conditions[2].codes[0]":     "Bundle.entry[0].resource.reasonCode[0]",
		"data.referral.conditions[3]":              "Bundle.entry[0].resource",
		"data.referral.notes[1]":                   "Bundle.entry[0].resource.note[1]",
		"data.referral.programs[0]":                "Bundle.entry[0].resource.performer[0].identifier",
		"data.referral.goals[0]":                   "Bundle.entry[3].resource.description",
		"data.referral.observations[0]":            "Bundle.entry[4].resource.component[0]",
		"data.referral.identifier":                 "Bundle.entry[0].resource.identifier",
		"data.target":                              "Bundle.entry[0].resource.identifier",
		"data.referral.patient.deceased":           "Bundle.entry[1].resource",
		"data.referral.patient.languages[0]":       "Bundle.entry[1].resource",
		"data.referral.preferences.mode":           "Bundle.entry[0].resource",
		"data":                                     "data",
		"Bundle.entry[0].resource.requester":       "Bundle.entry[0].resource.requester",
		"data.referral.conditions[99999999999999]": "Bundle.entry[0].resource",
	} {
		if got := d.Places.Of(part); got != want {
			t.Errorf("%s is at %s, want %s", part, got, want)
		}
	}
	alone := decode(`{ORDER,"subject":{"reference":"#p"},"contained":[{PATIENT,"id":"p","communication":[{"language":{"coding":[{"code":"xx"}]}},{"preferred":true,"language":{"coding":[{"code":"yy"}]}}]}],REASON}`)
	for part, want := range map[string]string{
		"data.referral.conditions[0].codes":  "ServiceRequest.reasonCode[0]",
		"data.referral.patient.languages[0]": "ServiceRequest.contained[0].communication[1]",
		"data.referral.patient.languages[1]": "ServiceRequest.contained[0].communication[0]",
	} {
		if got := alone.Places.Of(part); got != want {
			t.Errorf("%s is at %s, want %s", part, got, want)
		}
	}
}
