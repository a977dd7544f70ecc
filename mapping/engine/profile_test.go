package engine_test

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var (
	profileLine = regexp.MustCompile(`(?m)^profile:.*\n`)
	networkLine = regexp.MustCompile(`(?m)^network:.*\n`)
)

// withProfile is a catalog in another profile.
func withProfile(catalog []byte, profile string) []byte {
	return networkLine.ReplaceAll(profileLine.ReplaceAll(catalog, nil), []byte("${0}profile: "+profile+"\n"))
}

// storyIn replays a story in a profile: its catalogs say so, whatever they said.
func storyIn(t *testing.T, path, profile string) [][]byte {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := filesOf(archive)
	for _, f := range files {
		if networkLine.Match(f.Data) {
			f.Data = withProfile(f.Data, profile)
		}
	}
	return confirmationsOf(t, withProfile(catalogOf(t, files), profile), laterCatalogs(files, files["events.ndjson"].Data))
}

// taskOf is what BSeR's state machine looks at of a confirmation, and the Task's id; empty without a bundle.
func taskOf(t *testing.T, confirmation []byte) (id, state string) {
	t.Helper()
	var c struct {
		Data struct {
			Bundle json.RawMessage
		}
	}
	if err := json.Unmarshal(confirmation, &c); err != nil {
		t.Fatal(err)
	}
	if c.Data.Bundle == nil {
		return "", ""
	}
	var bundle struct {
		Entry []struct {
			Resource struct {
				ResourceType, ID, Status string
				BusinessStatus           struct{ Coding []struct{ Code string } }
			}
		}
	}
	// Some members have other types in other resources.
	_ = json.Unmarshal(c.Data.Bundle, &bundle)
	for _, e := range bundle.Entry {
		if r := e.Resource; r.ResourceType == "Task" {
			return r.ID, r.Status + " " + r.BusinessStatus.Coding[0].Code
		}
	}
	t.Fatalf("no Task in %s", c.Data.Bundle)
	return "", ""
}

// bserTransitions is BSeR's state machine (HL7/bser, IG 2.0.0-ballot, figure "Harmonized State Transitions"): what may
// follow a Task's status and business status. Where nothing may, the Task has ended.
var bserTransitions = map[string][]string{
	"":                  {"received 2.0"},
	"received 2.0":      {"accepted 3.0", "rejected 4.0", "in-progress 5.2"},
	"accepted 3.0":      {"rejected 4.0", "in-progress 5.1.1", "in-progress 5.1.4", "in-progress 5.2", "completed 7.0"},
	"in-progress 5.1.1": {"rejected 4.0", "in-progress 5.1.1", "in-progress 5.1.2", "in-progress 5.1.3", "in-progress 5.2", "in-progress 5.1.4", "completed 7.0"},
	"in-progress 5.1.2": {"rejected 4.0", "in-progress 5.1.1", "in-progress 5.1.3", "in-progress 5.2"},
	"in-progress 5.1.3": {"in-progress 5.1.1", "in-progress 5.2"},
	"in-progress 5.1.4": {"rejected 4.0", "in-progress 5.1.1", "in-progress 5.1.3", "in-progress 5.2", "in-progress 5.1.4", "completed 7.0"},
	"in-progress 5.2":   {"cancelled 6.0", "completed 7.0"},
	"rejected 4.0":      nil,
	"cancelled 6.0":     nil,
	"completed 7.0":     nil,
}

// bserAllows reports whether a Task may be told to go from one state to another. A state told again is no transition. Of
// what is decided at once, receipt and acceptance, only the last is told.
func bserAllows(from, to string) bool {
	if _, known := bserTransitions[to]; !known {
		return false
	}
	return from == to || slices.Contains(bserTransitions[from], to) ||
		from == "" && slices.Contains(bserTransitions["received 2.0"], to)
}

// TestEveryTaskFollowsBSeR replays every story in a network with profile bser: each Task goes its way by BSeR's table.
func TestEveryTaskFollowsBSeR(t *testing.T) {
	seen := map[string]bool{}
	for _, path := range stories(t) {
		states := map[string]string{}
		for _, c := range storyIn(t, path, "bser") {
			id, state := taskOf(t, c)
			if id == "" {
				continue
			}
			if !bserAllows(states[id], state) {
				t.Errorf("%s: Task %s goes from %q to %q", strings.TrimSuffix(filepath.Base(path), ".txtar"), id, states[id], state)
			}
			seen[states[id]+" > "+state] = true
			states[id] = state
		}
	}
	for _, want := range []string{" > received 2.0", "received 2.0 > accepted 3.0", "received 2.0 > in-progress 5.2", "accepted 3.0 > in-progress 5.2",
		"in-progress 5.2 > cancelled 6.0", "accepted 3.0 > completed 7.0", "accepted 3.0 > rejected 4.0", "received 2.0 > rejected 4.0"} {
		if !seen[want] {
			t.Errorf("no story shows %s", want)
		}
	}
}

// TestBSeRTableCanFail: what the table is for.
func TestBSeRTableCanFail(t *testing.T) {
	for _, c := range [][2]string{
		{"accepted 3.0", "cancelled 6.0"}, {"rejected 4.0", "accepted 3.0"}, {"accepted 3.0", "received 2.0"}, {"", "cancelled 6.0"},
		{"", "completed 7.0"}, {"in-progress 5.1.2", "in-progress 5.1.4"}, {"completed 7.0", "in-progress 5.1.1"}, {"accepted 3.0", "requested 2.0"},
	} {
		if bserAllows(c[0], c[1]) {
			t.Errorf("%q may follow %q", c[1], c[0])
		}
	}
}
