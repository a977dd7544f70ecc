package confirm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/convene-health/convene/fhir"
	"github.com/convene-health/convene/mapping"
)

// ErrNoMessage: the confirmation has no bundle of profile bser, of which alone a message is made.
var ErrNoMessage = errors.New("no bundle of profile bser")

const bserProfiles = "http://hl7.org/fhir/us/bser/StructureDefinition/"

// Message makes BSeR's message (BSeR-ReferralMessageBundle, IG 2.0.0-ballot) of a confirmation: the MessageHeader, the Task and all that
// the confirmation's transaction holds, and a document with the feedback (BSeR-ReferralFeedbackDocumentBundle), to which the
// Task refers as its output. Its receiver is the referrer, its sender the network; endpoint is the address that it goes to.
//
// The message depends on the confirmation and the endpoint alone. Its id is the confirmation's, by which a receiver knows one
// that comes again. Elements are in the order of their names, so that the bytes are the same each time.
func Message(confirmation []byte, endpoint string) ([]byte, error) {
	m := message{endpoint: endpoint}
	read := json.NewDecoder(bytes.NewReader(confirmation))
	read.UseNumber() // 1.50 is not 1.5
	if err := read.Decode(&m.confirmed); err != nil {
		return nil, err
	}
	for _, e := range m.confirmed.Data.Bundle.Entry {
		m.entries = append(m.entries, messageEntry{e.FullURL, e.Resource})
	}
	task, request := m.the("Task"), m.the("ServiceRequest")
	if task == nil || request == nil || !strings.Contains(fmt.Sprint(task.Resource["meta"]), bserProfiles) {
		return nil, ErrNoMessage
	}
	sender := m.sender()
	m.entries = append(m.entries, sender)
	feedback := m.feedback(request, sender.FullURL)
	task.Resource["output"] = []any{element{"type": element{"text": "Feedback"}, "valueReference": refer(feedback.FullURL)}}
	entries := append([]messageEntry{m.header(task, sender.FullURL)}, m.reached(task.FullURL, request.FullURL, sender.FullURL)...)
	return json.Marshal(element{"resourceType": "Bundle", "id": fhir.ID(m.confirmed.ID), "meta": meta("BSeR-ReferralMessageBundle"), "type": "message",
		"identifier": m.identifier("confirmation"), "timestamp": m.instant(), "entry": append(entries, feedback)})
}

// element of a message: a resource or a part of one.
type element = map[string]any

type messageEntry struct {
	FullURL  string  `json:"fullUrl"`
	Resource element `json:"resource"`
}

// message being made.
type message struct {
	endpoint  string
	entries   []messageEntry
	confirmed struct {
		ID   string
		Time time.Time
		Data struct {
			Network, Status string
			Program, Group  struct{ Name string }
			FirstSession    struct{ Start string }
			Reasons         []mapping.Reason
			Bundle          struct {
				Entry []struct {
					FullURL  string
					Resource element
				}
			}
		}
	}
}

func meta(profile string) element { return element{"profile": []any{bserProfiles + profile}} }

func refer(url string) element { return element{"reference": url} }

// the first entry of a type; nil where there is none.
func (m *message) the(kind string) *messageEntry {
	for i := range m.entries {
		if m.entries[i].Resource["resourceType"] == kind {
			return &m.entries[i]
		}
	}
	return nil
}

func (m *message) instant() string { return fhir.Instant(m.confirmed.Time.UTC()) }

func (m *message) network() string { return base + m.confirmed.Data.Network }

// identifier of something that is made of the confirmation once.
func (m *message) identifier(kind string) element {
	return element{"system": m.network() + "/" + kind, "value": m.confirmed.ID}
}

func (m *message) url(kind string) string { return fhir.FullURL(kind, m.confirmed.ID) }

// header says that a referral (HL7 v2 table 0003, I12) has come so far as its Task says.
func (m *message) header(task *messageEntry, sender string) messageEntry {
	to := element{"endpoint": m.endpoint, "receiver": task.Resource["requester"]}
	return messageEntry{m.url("MessageHeader"), element{"resourceType": "MessageHeader", "id": fhir.ID(m.confirmed.ID), "meta": meta("BSeR-ReferralMessageHeader"),
		"eventCoding": element{"system": "http://terminology.hl7.org/CodeSystem/v2-0003", "code": "I12"},
		"destination": []any{to}, "sender": refer(sender), "source": element{"name": "Convene", "endpoint": m.network()}, "focus": []any{refer(task.FullURL)}}}
}

// sender is the network's role. US Core wants a way to reach it (pd-1): its own endpoint.
func (m *message) sender() messageEntry {
	r := element{"resourceType": "PractitionerRole", "active": true, "identifier": []any{element{"system": m.network() + "/role", "value": "network"}},
		"meta":     element{"profile": []any{"http://hl7.org/fhir/us/core/StructureDefinition/us-core-practitionerrole"}},
		"endpoint": []any{element{"type": "Endpoint", "identifier": element{"system": m.network() + "/endpoint", "value": m.confirmed.Data.Network}}}}
	if o := m.the("Organization"); o != nil { // the network's stands first
		r["organization"] = refer(o.FullURL)
	}
	return messageEntry{fhir.FullURL("PractitionerRole", m.network(), "sender"), r}
}

// feedback is a document on what became of the order, with all that it leads to.
func (m *message) feedback(request *messageEntry, author string) messageEntry {
	section := element{"title": "Referral feedback", "focus": refer(request.FullURL),
		"code": element{"coding": []any{element{"system": "http://hl7.org/fhir/us/bser/CodeSystem/bser", "code": "RSRFS"}}},
		"text": element{"status": "generated", "div": `<div xmlns="http://www.w3.org/1999/xhtml"><p>` + html.EscapeString(m.words()) + `</p></div>`}}
	if entries := m.told(); len(entries) > 0 {
		section["entry"] = entries
	}
	composition := messageEntry{m.url("Composition"), element{"resourceType": "Composition", "meta": meta("BSeR-ReferralFeedbackComposition"),
		"identifier": m.identifier("feedback"), "status": "final", "title": "Referral feedback", "date": m.instant(), "author": []any{refer(author)},
		"type": element{"coding": []any{element{"system": mapping.SystemLOINC, "code": "57133-1"}}}, "subject": request.Resource["subject"], "section": []any{section}}}
	from := append([]messageEntry{composition}, m.entries...)
	entries := append([]messageEntry{composition}, m.follow(from, composition.FullURL)...)
	return messageEntry{m.url("Bundle"), element{"resourceType": "Bundle", "id": fhir.ID(m.confirmed.ID, "feedback"), "meta": meta("BSeR-ReferralFeedbackDocumentBundle"),
		"type": "document", "identifier": m.identifier("feedback"), "timestamp": m.instant(), "entry": entries}}
}

// told are the entries that say more than the order does: sessions, and what was seen at them.
func (m *message) told() (all []any) {
	for _, e := range m.entries {
		if kind := e.Resource["resourceType"]; kind == "Appointment" || kind == "Observation" {
			all = append(all, refer(e.FullURL))
		}
	}
	return all
}

// words for a person to read.
func (m *message) words() string {
	d := &m.confirmed.Data
	said := []string{"Status: " + d.Status + "."}
	if d.Program.Name != "" {
		said = append(said, "Program: "+d.Program.Name+".")
	}
	if d.Group.Name != "" {
		said = append(said, "Group: "+d.Group.Name+".")
	}
	if d.FirstSession.Start != "" {
		said = append(said, "First session: "+d.FirstSession.Start+".")
	}
	for _, r := range d.Reasons {
		said = append(said, r.Text)
	}
	return clean(strings.Join(said, " "))
}

// reached are the entries that the Task or the sender leads to, however far, and those that refer to Task or order, such as a
// Provenance. What nothing of the message has to do with stays out.
func (m *message) reached(task, request, sender string) (all []messageEntry) {
	in := map[string]bool{task: true, sender: true}
	for _, e := range m.follow(m.entries, task, sender) {
		in[e.FullURL] = true
	}
	for _, e := range m.entries {
		for _, to := range referencesIn(e.Resource, nil) {
			in[e.FullURL] = in[e.FullURL] || to == task || to == request
		}
	}
	for _, e := range m.entries {
		if in[e.FullURL] {
			all = append(all, e)
		}
	}
	return all
}

// follow gives the entries that some others lead to, however far, in order and without those.
func (m *message) follow(entries []messageEntry, from ...string) (all []messageEntry) {
	known := map[string]element{}
	for _, e := range entries {
		known[e.FullURL] = e.Resource
	}
	seen, next := map[string]bool{}, from
	for len(next) > 0 {
		url := next[0]
		next = next[1:]
		if !seen[url] && known[url] != nil {
			seen[url] = true
			next = referencesIn(known[url], next)
		}
	}
	for _, url := range from {
		delete(seen, url)
	}
	for _, e := range entries {
		if seen[e.FullURL] {
			all = append(all, e)
		}
	}
	return all
}

// referencesIn appends the targets of all references in a resource.
func referencesIn(v any, to []string) []string {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			to = referencesIn(one, to)
		}
	case element:
		if url, ok := v["reference"].(string); ok {
			to = append(to, url)
		}
		for _, part := range v {
			to = referencesIn(part, to)
		}
	}
	return to
}
