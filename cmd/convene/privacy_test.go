package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/convene-health/convene/testdata/week"
	"github.com/convene-health/convene/worker"
)

// TestNothingPersonalInLogsSubjectsAndMetrics sends every story and the recorded week to a worker that logs all it can, and
// looks for their patients' names, dates of birth, addresses, phones, e-mail addresses and identifiers in what an operator
// sees: logs, output, health, metrics, subjects and headers of the ledger.
func TestNothingPersonalInLogsSubjectsAndMetrics(t *testing.T) {
	folder := t.TempDir()
	data, events := filepath.Join(folder, "data"), append([]byte{}, week.Events()...)
	stories, err := filepath.Glob("../../testdata/story/*.txtar")
	must(t, err)
	for _, path := range stories {
		archive, err := txtar.ParseFile(path)
		must(t, err)
		for _, f := range archive.Files {
			if f.Name == "events.ndjson" {
				events = append(events, f.Data...)
			}
		}
	}
	args := []string{"--data", data, "--port", "0", "--log", "debug", "--catalog", "../../testdata/story/meadow.yaml"}
	for _, yaml := range week.Catalogs() {
		path := filepath.Join(folder, networkOfCatalog(t, yaml)+".yaml")
		must(t, os.WriteFile(path, yaml, 0o600))
		args = append(args, "--catalog", path)
	}
	path := filepath.Join(folder, "events.ndjson")
	must(t, os.WriteFile(path, events, 0o600))
	p := startWorker(t, args...)
	convene(t, "send", "--data", data, path)
	seen := map[string]string{}
	for _, network := range []string{"lakeside", "meadow", "riverside"} {
		f := follow(t, data, network)
		f.confirmations(t, f.lastInput(t))
		seen["subjects of "+network] = f.subjects(t)
	}
	seen["metrics"], seen["health"] = p.metrics(t), p.get(t, "/readyz")
	p.stop(t)
	seen["log"] = p.logs.String()

	personal := personalIn(events)
	if len(stories) < 10 || len(personal) < 1000 {
		t.Errorf("only %d stories with %d personal values: the test looks for too little", len(stories), len(personal))
	}
	for where, text := range seen {
		if len(text) < 100 {
			t.Errorf("%s: %q is too little to look at", where, text)
		}
		text = measured.ReplaceAllString(text, "#")
		for value := range personal {
			if at := indexWord(text, value); at >= 0 {
				t.Errorf("%s: %q in %q", where, value, text[max(0, at-100):min(len(text), at+100)])
			}
		}
	}
}

// What tells who somebody is, wherever it stands in an event that may be cut or wrong.
var (
	personalText = regexp.MustCompile(`"(?:family|birthDate|phone|email|city|postalCode|value)":"([^"]+)"`)
	personalList = regexp.MustCompile(`"(?:given|line)":\[([^\]]*)`)
	quoted       = regexp.MustCompile(`"([^"]+)"`)
)

// measured is a decimal or a port: chance gives them the digits of a postal code.
var measured = regexp.MustCompile(`\b[0-9]+[.:][0-9]+`)

// personalBytes is the least length looked for: shorter values turn up by chance.
const personalBytes = 5

func personalIn(events []byte) map[string]bool {
	found := map[string]bool{}
	note := func(value []byte) {
		if len(value) >= personalBytes {
			found[string(value)] = true
		}
	}
	for line := range bytes.Lines(events) {
		for _, m := range personalText.FindAllSubmatch(line, -1) {
			note(m[1])
		}
		for _, m := range personalList.FindAllSubmatch(line, -1) {
			for _, one := range quoted.FindAllSubmatch(m[1], -1) {
				note(one[1])
			}
		}
	}
	return found
}

// indexWord finds a value that is not part of a longer word or number: a postal code turns up in nanoseconds.
func indexWord(text, value string) int {
	for from := 0; ; {
		at := strings.Index(text[from:], value)
		if at < 0 {
			return -1
		}
		start := from + at
		end := start + len(value)
		if (start == 0 || !isWord(text[start-1])) && (end == len(text) || !isWord(text[end])) {
			return start
		}
		from = start + 1
	}
}

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// subjects of the network's streams with the headers of the ledger, a message a line.
func (f *follower) subjects(t testing.TB) string {
	t.Helper()
	var out strings.Builder
	ledger, err := worker.OpenLedger(f.conn, f.network)
	must(t, err)
	defer ledger.Close()
	for m, err := range ledger.All(context.Background(), 1) {
		must(t, err)
		out.WriteString(m.Subject)
		for name, values := range m.Header {
			out.WriteString(" " + name + "=" + strings.Join(values, ","))
		}
		out.WriteByte('\n')
	}
	return out.String()
}
