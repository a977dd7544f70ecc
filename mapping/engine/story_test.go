package engine_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/convene-health/convene/fhir/fhirtest"
	"github.com/convene-health/convene/worker"
)

var update = flag.Bool("update", false, "rewrite the golden confirmations; only commit what you can explain")

// TestStories replays every testdata/story/*.txtar: a prose comment, catalog.yaml or a line naming a shared one, the events
// as recorded lines, and the confirmations they must cause, without their bundles. Every bundle is read by an independent
// FHIR implementation. A catalog that an event puts in force is a file of its own; the event says "hash of" its name.
func TestStories(t *testing.T) {
	for _, path := range stories(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { story(t, path) })
	}
}

// stories are the paths of all.
func stories(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/story/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	return paths
}

func story(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(bytes.TrimSpace(archive.Comment)) == 0 {
		t.Error("a story begins with what it shows, in prose")
	}
	files := filesOf(archive)
	if files["events.ndjson"] == nil || files["confirmations.ndjson"] == nil {
		t.Fatal("a story has events.ndjson and confirmations.ndjson")
	}
	got := replayStory(t, catalogOf(t, files), laterCatalogs(files, files["events.ndjson"].Data))
	want := files["confirmations.ndjson"]
	if *update && !bytes.Equal(got, want.Data) {
		want.Data = got
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(lines(want.Data), lines(got)); diff != "" {
		t.Errorf("confirmations differ (-want +got); -update rewrites them:\n%s", diff)
	}
}

func filesOf(archive *txtar.Archive) map[string]*txtar.File {
	files := map[string]*txtar.File{}
	for i := range archive.Files {
		files[archive.Files[i].Name] = &archive.Files[i]
	}
	return files
}

func lines(b []byte) []string { return strings.Split(strings.TrimSpace(string(b)), "\n") }

// catalogOf is the story's own catalog, or the one that "catalog" names.
func catalogOf(t *testing.T, files map[string]*txtar.File) []byte {
	if f := files["catalog.yaml"]; f != nil {
		return f.Data
	}
	if f := files["catalog"]; f != nil {
		data, err := os.ReadFile(filepath.Join("../../testdata", strings.TrimSpace(string(f.Data))))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	return nil
}

// laterCatalogs puts each catalog that an event names by file into a line of its own before that event.
func laterCatalogs(files map[string]*txtar.File, events []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(events) {
		for name, f := range files {
			if by := []byte("hash of " + name); bytes.Contains(line, by) {
				worker.WriteRecorded(&out, worker.RecordCatalog(storyNetwork, f.Data))
				line = bytes.ReplaceAll(line, by, []byte(worker.CatalogHash(f.Data)))
			}
		}
		out.Write(line)
	}
	return out.Bytes()
}

// storyNetwork is where every story plays.
const storyNetwork = "meadow"

// replayStory returns the confirmations, one a line, without their bundles.
func replayStory(t *testing.T, catalog, events []byte) []byte {
	var out bytes.Buffer
	for _, c := range confirmationsOf(t, catalog, events) {
		out.Write(brief(t, c))
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// confirmationsOf replays recorded lines.
func confirmationsOf(t *testing.T, catalog, events []byte) (all [][]byte) {
	t.Helper()
	replay, err := worker.NewReplay(catalog)
	if err != nil {
		t.Fatal(err)
	}
	for line, err := range worker.ReadRecorded(bytes.NewReader(events)) {
		if err != nil {
			t.Fatal(err)
		}
		messages, err := replay.Line(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			if !m.Decision {
				all = append(all, m.Data)
			}
		}
	}
	return all
}

// brief checks a confirmation's bundle and leaves it out, with the parts of the envelope that never vary.
func brief(t *testing.T, confirmation []byte) []byte {
	var c struct {
		ID   string          `json:"id"`
		Type string          `json:"type"`
		Time string          `json:"time"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(confirmation, &c); err != nil {
		t.Fatalf("%v in %s", err, confirmation)
	}
	var data map[string]json.RawMessage
	if err := json.Unmarshal(c.Data, &data); err != nil {
		t.Fatal(err)
	}
	if bundle := data["bundle"]; bundle != nil {
		fhirtest.Check(t, bundle)
	}
	delete(data, "bundle")
	delete(data, "catalog")
	c.Data, _ = json.Marshal(data)
	out, _ := json.Marshal(c)
	return out
}
