package confirm

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/convene-health/convene/fhir/fhirtest"
	"github.com/convene-health/convene/mapping"
)

const partner = "https://partner.example/fhir"

func messageOf(t *testing.T, confirmation []byte) []byte {
	t.Helper()
	b, err := Message(confirmation, partner)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestMessage: it begins with the header, whose focus is the Task; the Task's output is the document with the feedback; every
// reference leads to an entry, and a second message of the same confirmation has the same bytes.
func TestMessage(t *testing.T) {
	everyNotice(t, func(t *testing.T, w *Writer, n *mapping.Notice) {
		c, err := w.Append(nil, n)
		if err != nil {
			t.Fatal(err)
		}
		if !w.bser {
			if _, err := Message(c, partner); !errors.Is(err, ErrNoMessage) {
				t.Errorf("a message is made: %v", err)
			}
			return
		}
		b := messageOf(t, c)
		if !bytes.Equal(b, messageOf(t, c)) {
			t.Error("the second time it reads otherwise")
		}
		fhirtest.Read(t, b)
		var m testMessage
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		kinds := m.kinds()
		if kinds[0] != "MessageHeader" || kinds[len(kinds)-1] != "Bundle" || !slices.Contains(kinds, "Provenance") || slices.Contains(kinds, "HealthcareService") {
			t.Errorf("it holds %v", kinds)
		}
		m.resolved(t)
		document := m.Entry[len(m.Entry)-1]
		task := m.Entry[slices.Index(kinds, "Task")]
		if output := task.Resource["output"].([]any)[0].(map[string]any)["valueReference"].(map[string]any)["reference"]; output != document.FullURL {
			t.Errorf("the Task's output is %v, not %v", output, document.FullURL)
		}
		inner, _ := json.Marshal(document.Resource)
		var d testMessage
		if err := json.Unmarshal(inner, &d); err != nil {
			t.Fatal(err)
		}
		d.resolved(t)
		if kinds := d.kinds(); kinds[0] != "Composition" || slices.Contains(kinds, "Task") || !slices.Contains(kinds, "ServiceRequest") {
			t.Errorf("the feedback holds %v", kinds)
		}
		if !strings.Contains(string(inner), "Status: "+string(n.Status)) {
			t.Error("the feedback does not say the status")
		}
	})
}

func TestMessageOfARefusal(t *testing.T) {
	for _, c := range []string{"", "{}", "[]", `{"data":{"bundle":{"entry":[{"resource":null}]}}}`} {
		if b, err := Message([]byte(c), partner); err == nil {
			t.Errorf("of %s the message is %s", c, b)
		}
	}
}

type testMessage struct {
	Type  string
	Entry []struct {
		FullURL  string
		Resource map[string]any
	}
}

func (m *testMessage) kinds() (all []string) {
	for _, e := range m.Entry {
		all = append(all, e.Resource["resourceType"].(string))
	}
	return all
}

// resolved: every reference leads to an entry.
func (m *testMessage) resolved(t *testing.T) {
	t.Helper()
	known := map[string]bool{}
	for _, e := range m.Entry {
		if known[e.FullURL] {
			t.Errorf("%s stands twice", e.FullURL)
		}
		known[e.FullURL] = true
	}
	for _, e := range m.Entry {
		if e.Resource["resourceType"] == "Bundle" {
			continue
		}
		for _, to := range referencesIn(e.Resource, nil) {
			if !known[to] {
				t.Errorf("%s refers to %s, which is not here", e.Resource["resourceType"], to)
			}
		}
	}
}
