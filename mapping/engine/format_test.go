package engine_test

import (
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
)

// Each format is told by its Content-Type, else by its first bytes; the first issue's path shows who read the input.
func TestFormatIsTold(t *testing.T) {
	const encounter, envelope = `{"resourceType":"Encounter"}`, `{"specversion":"1.0","data":{"resourceType":"Encounter"}}`
	for _, c := range []struct{ media, binary, data, path string }{
		{"", "", encounter, "Encounter"},
		{"application/fhir+json; fhirVersion=4.0", "", encounter, "Encounter"},
		{"Application/FHIR+JSON", "", `{}`, "resourceType"},
		{"application/json", "", "\uFEFF \n" + `{"id":"\"resourceType\"","meta":{"resourceType":[1,{"a":"}"}]},"resourceType":"Encounter"}`, "Encounter"},
		{"application/json", "", envelope, "type"},
		{"", "", envelope, "type"},
		{"application/json", "convene.clock", encounter, "ce-specversion"},
		{"application/cloudevents+json", "", encounter, "$"},
		{"", "", `["resourceType","Encounter"]`, "$"},
		{"", "", `{"a":{"resourceType":"Encounter"}}`, "specversion"},
		{"", "", `{"a`, "$"},
		{"", "", "", "$"},
		{"", "", "MSH|^~\\&|A\r", "MSH-10"},
	} {
		in := mapping.Input{Header: map[string]string{"content-type": c.media, "ce-type": c.binary}, Data: []byte(c.data)}
		if r := engine.Decode(in); r.Event != nil || len(r.Issues) == 0 || r.Issues[0].Path != c.path {
			t.Errorf("%q %q: %v, want an issue at %s first", c.media, c.data, r.Issues, c.path)
		}
	}
}
