//go:build shared

package engine_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/fhir/fhirtest"
	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/testdata/week"
)

// TestSyntheaPatientsAreDecided refers every patient of a Synthea sample for each of their active conditions, with all
// their conditions as context: each referral gets a decision with its reasons, and none is refused.
//
// The sample is not part of the project: synthea-patients.ndjson, a line {"patient": Patient, "conditions": [Condition]} in
// FHIR R4, in the folder data of CONVENE_SHARED, by default the folder shared beside the repository.
func TestSyntheaPatientsAreDecided(t *testing.T) {
	shared := os.Getenv("CONVENE_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	file, err := os.Open(filepath.Join(shared, "data", "synthea-patients.ndjson"))
	if err != nil {
		t.Fatalf("%v; set CONVENE_SHARED to the folder that holds data/synthea-patients.ndjson", err)
	}
	defer file.Close()
	replay := engine.NewReplay()
	if err := replay.Catalog("riverside", "catalog", week.Catalogs()[0]); err != nil {
		t.Fatal(err)
	}
	patients, sequence := 0, uint64(0)
	outcomes := map[mapping.Status]int{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var s sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatalf("patient %d: %v", patients+1, err)
		}
		patients++
		for i, c := range s.Conditions {
			if c.ClinicalStatus.code() != "active" {
				continue
			}
			sequence++
			outcomes[decideSample(t, replay, sequence, s.referral(i))]++
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if patients < 200 || sequence < 800 {
		t.Errorf("only %d patients with %d active conditions: the sample is cut", patients, sequence)
	}
	t.Logf("%d patients, %d referrals: %v", patients, sequence, outcomes)
}

// decideSample decides one referral and returns its status.
func decideSample(t *testing.T, replay *engine.Replay, sequence uint64, r *mapping.Referral) mapping.Status {
	t.Helper()
	data, err := event.Encode(&mapping.Event{
		Type: mapping.ReferralCreated, ID: fmt.Sprint(sequence), Source: "epic-main", Referral: r,
	})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := replay.Input(mapping.Input{
		Network: "riverside", Source: "epic-main", Sequence: sequence, Data: data,
		Stored: time.Date(2026, 11, 9, 14, 0, int(sequence), 0, time.UTC),
		Header: map[string]string{"content-type": "application/cloudevents+json"},
	})
	if err != nil {
		t.Fatal(err)
	}
	key, decided, status := fmt.Sprintf("r%d", sequence), false, mapping.Status("")
	for _, m := range messages {
		if m.Decision {
			decided = decided || m.Key == key
			continue
		}
		var c struct {
			Data struct {
				Status  mapping.Status
				Reasons []mapping.Reason
				Issues  mapping.Issues
				Bundle  json.RawMessage
			}
		}
		if err := json.Unmarshal(m.Data, &c); err != nil {
			t.Fatal(err)
		}
		if m.Key != key {
			t.Errorf("referral %d caused a confirmation of %s: %s", sequence, m.Key, c.Data.Issues)
			continue
		}
		if status = c.Data.Status; len(c.Data.Reasons) == 0 {
			t.Errorf("%s is %s without a reason", key, status)
		}
		fhirtest.Check(t, c.Data.Bundle)
	}
	if !decided || status == "" {
		t.Errorf("%s: decided %v, confirmed %q; conditions %v", key, decided, status, r.Conditions)
	}
	return status
}

// sample is what the test reads of one line.
type sample struct {
	Patient struct {
		Identifier []struct {
			Type          concept
			System, Value string
		}
		Name          []mapping.Name
		BirthDate     string
		Gender        string
		Telecom       []struct{ System, Value string }
		Address       []mapping.Address
		Communication []struct{ Language concept }
	}
	Conditions []struct {
		ClinicalStatus, VerificationStatus concept
		Code                               concept
		OnsetDateTime                      string
	}
}

type concept struct {
	Coding []mapping.Code
	Text   string
}

func (c concept) code() string {
	if len(c.Coding) == 0 {
		return ""
	}
	return c.Coding[0].Code
}

// referral for the condition at an index; the others follow as context.
func (s *sample) referral(reason int) *mapping.Referral {
	r := &mapping.Referral{AuthoredOn: "2026-11-09"}
	p := &r.Patient
	for _, id := range s.Patient.Identifier {
		p.Identifiers = append(p.Identifiers, mapping.Identifier{System: id.System, Value: id.Value, Type: id.Type.code()})
	}
	p.Name, p.BirthDate, p.Gender = s.Patient.Name[0], s.Patient.BirthDate, s.Patient.Gender
	for _, t := range s.Patient.Telecom {
		if t.System == "phone" {
			p.Phone = t.Value
		}
	}
	p.Address = s.Patient.Address[0]
	p.Address.State = strings.Replace(p.Address.State, "Massachusetts", "MA", 1)
	for _, c := range s.Patient.Communication {
		p.Languages = append(p.Languages, c.Language.code())
	}
	order := []int{reason}
	for i := range s.Conditions {
		if i != reason {
			order = append(order, i)
		}
	}
	for _, i := range order {
		c := s.Conditions[i]
		r.Conditions = append(r.Conditions, mapping.Condition{Codes: c.Code.Coding, Text: c.Code.Text,
			ClinicalStatus: c.ClinicalStatus.code(), VerificationStatus: c.VerificationStatus.code(), Onset: c.OnsetDateTime})
	}
	r.Identifier = mapping.Identifier{System: "https://epic-main.riverside.example/orders",
		Value: fmt.Sprintf("%s-%d", strings.ToUpper(s.Patient.Identifier[0].Value), reason)}
	return r
}
