package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/worker"
)

// TestBadInputIsAnswered: what no worker should have to read is answered with a refusal that says why, and the worker
// goes on as if nothing had been.
func TestBadInputIsAnswered(t *testing.T) {
	const sizeMax = 512 << 10
	good := referralEvent(t, nil)
	cases := []struct {
		name, code string
		data       []byte
	}{
		{"one byte too many", "too-large", append(bytes.Repeat([]byte(" "), sizeMax+1-len(good)), good...)},
		{"nested 10,000 deep", "too-large", []byte(strings.Repeat(`{"data":`, 10_000) + "1" + strings.Repeat("}", 10_000))},
		{"100,000 conditions", "too-large", bytes.Replace(good, []byte(`"conditions":[`), []byte(`"conditions":[`+strings.Repeat("{},", 100_000)), 1)},
		{"invalid UTF-8", "invalid-utf8", bytes.Replace(good, []byte("Okonjo"), []byte("Ok\xffnjo"), 1)},
		{"a bundle too large", "too-large", referralEvent(t, func(r *mapping.Referral) {
			local := slices.Repeat([]mapping.Code{{System: "l", Code: "c"}}, 20) // each system becomes a URI
			for i := range 199 {
				r.Conditions = append(r.Conditions, mapping.Condition{Codes: local, Text: fmt.Sprint(i, strings.Repeat(" long", 200)), VerificationStatus: "confirmed"})
			}
		})},
		{"nothing", "", nil},
	}
	if last := cases[4]; len(last.data) > sizeMax {
		t.Fatalf("%s: %d bytes; it must be read and be refused for what it would cause", last.name, len(last.data))
	}
	w := newWeek(t, 1)
	p := w.run(t)
	var files []string
	for i, c := range append(cases, struct {
		name, code string
		data       []byte
	}{"good", "", good}) {
		path := filepath.Join(w.folder, fmt.Sprintf("%d.json", i))
		must(t, os.WriteFile(path, c.data, 0o600))
		files = append(files, path)
	}
	convene(t, append([]string{"send", "--data", w.data, "--network", "riverside", "--source", "epic-main"}, files...)...)

	f := follow(t, w.data, "riverside")
	last := f.lastInput(t)
	answers := refusals(t, f.confirmations(t, last))
	for i, c := range cases {
		input := last - uint64(len(cases)) + uint64(i)
		codes, ok := answers[fmt.Sprintf("i%d", input)]
		if !ok || c.code != "" && !slices.Contains(codes, c.code) {
			t.Errorf("%s: answered %v with %q, want a refusal with %q", c.name, ok, codes, c.code)
		}
	}
	if codes, ok := answers[fmt.Sprintf("r%d", last)]; !ok || codes != nil {
		t.Errorf("the good referral after them is answered %v, refused with %q", ok, codes)
	}
	if log := p.logs.String(); strings.Contains(log, "could not be decided") {
		t.Errorf("a fault in the log:\n%s", tail(log))
	}
	if !p.ready(t)["riverside"].Ready {
		t.Error("the worker is not ready")
	}
	_, stderr, code := conveneExit("send", "--data", w.data, "--nkey", worker.FolderKeys(w.data).Path(worker.User{Role: worker.RoleAdmin}),
		"--inbox", "_INBOX_admin", "--network", "nowhere", "--source", "epic-main", files[0])
	if code != 1 || !strings.Contains(stderr, "network nowhere is unknown") {
		t.Errorf("an unknown network: exit %d, %s", code, stderr)
	}
	p.stop(t)
}

// refusals are the issue codes of refused inputs by key; nil for what was confirmed.
func refusals(t *testing.T, confirmations []byte) map[string][]string {
	t.Helper()
	answers := map[string][]string{}
	for line := range bytes.Lines(confirmations) {
		var c struct {
			Type, Subject string
			Data          struct{ Issues mapping.Issues }
		}
		must(t, json.Unmarshal(line, &c))
		answers[c.Subject] = nil
		if c.Type == "convene.event.refused" {
			codes := []string{}
			for _, issue := range c.Data.Issues {
				codes = append(codes, issue.Code)
			}
			answers[c.Subject] = codes
		}
	}
	return answers
}

// referralEvent is a native event with a referral that a group of the week's catalog suits, changed.
func referralEvent(t *testing.T, change func(*mapping.Referral)) []byte {
	t.Helper()
	r := &mapping.Referral{
		Identifier: mapping.Identifier{System: "https://epic-main.riverside.example/orders", Value: "E-1"},
		Patient: mapping.Patient{
			Identifiers: []mapping.Identifier{{System: "https://ids.riverside.example/mrn", Value: "0000001", Type: "MR"}},
			Name:        mapping.Name{Family: "Okonjo", Given: []string{"Bea"}}, BirthDate: "1971-03-02", Gender: "female", Languages: []string{"en"},
		},
		Conditions: []mapping.Condition{{Codes: []mapping.Code{{System: mapping.SystemICD10CM, Code: "E11.9"}}, Text: "Type 2 diabetes"}},
	}
	if change != nil {
		change(r)
	}
	data, err := event.Encode(&mapping.Event{Type: mapping.ReferralCreated, ID: "e-1", Source: "epic-main", Referral: r})
	must(t, err)
	return data
}
