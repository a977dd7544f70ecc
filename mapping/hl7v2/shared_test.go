//go:build shared

package hl7v2_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/hl7v2"
)

// The samples are those of microsoft/FHIR-Converter (data/SampleData/Hl7v2), which are not part of the project: *.hl7 in
// the folder examples/hl7v2 of CONVENE_SHARED, by default the folder shared beside the repository.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	shared := os.Getenv("CONVENE_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	files, err := filepath.Glob(filepath.Join(shared, "examples", "hl7v2", "*.hl7"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v; set CONVENE_SHARED to the folder that holds examples/hl7v2", err)
	}
	all := map[string][]byte{}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = data
	}
	return all
}

// outcomes of the samples: the event and the referral it names, and the issues by place and code.
var outcomes = map[string]struct {
	event      mapping.EventType
	identifier mapping.Identifier
	issues     string
}{
	"REF-I12-01.hl7": {mapping.ReferralCreated, mapping.Identifier{System: "EPIC", Value: "226839", Type: "PLAC"}, "PV1-2 inpatient"},
	"REF-I14-01.hl7": {mapping.ReferralCancelled, mapping.Identifier{System: "EPIC", Value: "226839", Type: "PLAC"}, ""},
	// An order of a laboratory whose status changed: nothing to place.
	"OMG-O19-01.hl7": {"", mapping.Identifier{}, "ORC-1 unknown-value"},
}

func TestSamples(t *testing.T) {
	found := 0
	for name, data := range samples(t) {
		m, problems := hl7v2.Parse(data)
		if !bytes.Equal(m.Encode(), data) || problems != nil {
			t.Errorf("%s: encoding does not give back what was parsed, or it is not sound: %v", name, problems)
		}
		want, known := outcomes[name]
		if !known {
			t.Errorf("%s: no outcome is expected of it", name)
			continue
		}
		found++
		got := hl7v2.Decode(mapping.Input{Source: "ehr", Data: data})
		var event mapping.EventType
		identifier := got.Target.Identifier
		if e := got.Event; e != nil {
			event, identifier = e.Type, e.Target.Identifier
			if e.Referral != nil {
				identifier = e.Referral.Identifier
			}
		}
		var issues []string
		for _, i := range got.Issues {
			issues = append(issues, i.Path+" "+i.Code)
		}
		if event != want.event || identifier != want.identifier || strings.Join(issues, ", ") != want.issues {
			t.Errorf("%s: %q %v %v", name, event, identifier, got.Issues)
		}
		if lines := hl7v2.Explain(m); len(lines) < 50 {
			t.Errorf("%s: explained in %d lines only", name, len(lines))
		}
	}
	if found != len(outcomes) {
		t.Errorf("%d of %d samples are there", found, len(outcomes))
	}
}

// What is read of the referral, beside what that converter makes of it: the same patient, diagnosis and times.
func TestSampleReferral(t *testing.T) {
	got := hl7v2.Decode(mapping.Input{Source: "ehr", Data: samples(t)["REF-I12-01.hl7"]})
	if got.Event == nil {
		t.Fatal(got.Issues)
	}
	r := got.Event.Referral
	p := r.Patient
	if sent := got.Event.Sent.Format("2006-01-02T15:04:05Z07:00"); sent != "2022-01-25T16:20:00Z" {
		t.Errorf("sent %s", sent)
	}
	if p.Name.Family != "EVERYMAN" || len(p.Name.Given) != 2 || p.BirthDate != "1961-06-15" || p.Gender != "male" || p.Address.State != "KY" || len(p.Languages) != 1 || p.Languages[0] != "en" {
		t.Errorf("patient %+v", p)
	}
	if len(p.Identifiers) != 2 || p.Identifiers[0].System != "ADT1" || p.Identifiers[1].System != mapping.SystemSSN {
		t.Errorf("identifiers %+v", p.Identifiers)
	}
	if len(r.Conditions) != 1 || r.Conditions[0].Codes[0] != (mapping.Code{System: mapping.SystemICD10CM, Code: "K63.3", Display: "Ulcer of Intestine"}) || r.Conditions[0].Onset != "2022-01-01T12:30:09Z" {
		t.Errorf("conditions %+v", r.Conditions)
	}
	if r.Requester.Practitioner.Family != "POWELL" || r.Requester.Organization.Name != "GOOD HEALTH HOSPITAL" || r.Priority != mapping.Routine {
		t.Errorf("requester %+v, priority %s", r.Requester, r.Priority)
	}
}

// BenchmarkDecodeSample parses and decodes REF-I12-01, 5.8 kB in 23 segments.
func BenchmarkDecodeSample(b *testing.B) {
	in := mapping.Input{Source: "ehr", Data: samples(b)["REF-I12-01.hl7"]}
	b.SetBytes(int64(len(in.Data)))
	b.ReportAllocs()
	for b.Loop() {
		if d := hl7v2.Decode(in); d.Event == nil {
			b.Fatal(d.Issues)
		}
	}
}
