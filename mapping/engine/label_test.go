package engine_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// ofTheNetwork are resources of a bundle that are made of the catalog and tell of nobody.
func ofTheNetwork(kind, name string) bool {
	return kind == "HealthcareService" || kind == "Location" || kind == "Organization" && name == "Meadow Health"
}

// S13: every resource that is made of data under 42 CFR Part 2 carries the labels, and each that has room for a note the
// notice, through update, merge and cancellation; nothing else does.
func TestPart2IsLabelledWhereverItGoes(t *testing.T) {
	labelled, plain := 0, 0
	for _, c := range bundlesOf(t, "part_2_labels_and_notice_stay") {
		for _, e := range c.Data.Bundle.Entry {
			var r struct {
				ResourceType string
				Name         json.RawMessage
				Meta         struct{ Security []struct{ Code string } }
				Note         []struct{ Text, Time string }
			}
			if err := json.Unmarshal(e.Resource, &r); err != nil {
				t.Fatal(err)
			}
			var codes []string
			for _, s := range r.Meta.Security {
				codes = append(codes, s.Code)
			}
			got := strings.Join(codes, " ")
			if c.Data.Referral.Source != "brook" || ofTheNetwork(r.ResourceType, strings.Trim(string(r.Name), `"`)) {
				plain++
				if got != "" || len(r.Note) > 0 {
					t.Errorf("%s of %s has labels %s, notes %v", r.ResourceType, c.ID, got, r.Note)
				}
				continue
			}
			labelled++
			if got != "OPIOIDUD 42CFRPart2 NORDSCLCD PERSISTLABEL" {
				t.Errorf("%s of %s has labels %q", r.ResourceType, c.ID, got)
			}
			switch r.ResourceType {
			case "Condition", "ServiceRequest", "Task":
				if len(r.Note) != 1 || r.Note[0].Text != "42 CFR part 2 prohibits unauthorized disclosure of these records." || r.Note[0].Time != "2026-02-16" {
					t.Errorf("%s of %s has notes %v", r.ResourceType, c.ID, r.Note)
				}
			}
		}
	}
	if labelled < 20 || plain < 10 {
		t.Errorf("only %d resources labelled, %d not", labelled, plain)
	}
}

// S14, S28: what is labelled as not to be told again is in no bundle, and the order tells the patient of confidentiality.
func TestKeptFactsAreNotTold(t *testing.T) {
	told := false
	for _, c := range bundlesOf(t, "labelled_facts_are_not_told_again") {
		for _, e := range c.Data.Bundle.Entry {
			for _, secret := range []string{"B20", "psychotherapy", "Assaulted", "D57", "HIV", "PSYTHPN", "SDV", "SCA"} {
				if bytes.Contains(e.Resource, []byte(secret)) {
					t.Errorf("%s tells of %s: %s", c.ID, secret, e.Resource)
				}
			}
			told = told || bytes.Contains(e.Resource, []byte(`"patientInstruction":"What is said in the group stays in the group.`))
		}
	}
	if !told {
		t.Error("the patient is told nothing of confidentiality")
	}
}

type bundled struct {
	ID   string
	Data struct {
		Referral struct{ Source string }
		Bundle   struct {
			Entry []struct{ Resource json.RawMessage }
		}
	}
}

// bundlesOf a story's confirmations.
func bundlesOf(t *testing.T, story string) (all []bundled) {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("../../testdata/story", story+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	files := filesOf(archive)
	for _, data := range confirmationsOf(t, catalogOf(t, files), laterCatalogs(files, files["events.ndjson"].Data)) {
		var c bundled
		if err := json.Unmarshal(data, &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}
