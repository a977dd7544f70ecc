package deliver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/convene-health/convene/worker"
)

// told appends one batch with a confirmation each, as it is, and its head.
func (r *rig) told(key string, confirmations ...string) {
	r.t.Helper()
	var batch []worker.Msg
	for _, c := range confirmations {
		batch = append(batch, worker.Msg{Subject: worker.ConfirmationSubject("north", "clinic", key), Data: []byte(c)})
	}
	batch = append(batch, worker.Msg{Subject: worker.HeadSubject("north"), Data: []byte("{}")})
	if _, err := worker.Append(r.t.Context(), r.worker.JS, batch, worker.HeadSubject("north"), r.head); err != nil {
		r.t.Fatal(err)
	}
	r.head += uint64(len(batch))
}

// bser is a confirmation of profile bser.
func bser(id, status string) string {
	return fmt.Sprintf(`{"id":%q,"time":"2026-11-12T15:04:05Z","data":{"network":"north","status":%[2]q,"bundle":{"resourceType":"Bundle","type":"transaction","entry":[
{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Organization","name":"North"},"request":{"method":"POST","url":"Organization","ifNoneExist":"identifier=a%%7C1"}},
{"fullUrl":"urn:uuid:2","resource":{"resourceType":"ServiceRequest","id":"north-r1-1"},"request":{"method":"PUT","url":"ServiceRequest/north-r1-1"}},
{"fullUrl":"urn:uuid:3","resource":{"resourceType":"Task","id":"north-r1-1","meta":{"profile":["http://hl7.org/fhir/us/bser/StructureDefinition/BSeR-ReferralTask"]},"status":%[2]q,
"focus":{"reference":"urn:uuid:2"},"requester":{"reference":"urn:uuid:1"}},"request":{"method":"PUT","url":"Task/north-r1-1"}}]}}}`, id, status)
}

const accepted = `{"resourceType":"Bundle","type":"message","entry":[{"resource":{"resourceType":"MessageHeader","response":{"identifier":"x","code":"ok"}}}]}`

// TestMessages: each confirmation is one message, in order; one that the receiver cannot take now comes again, with the same id; one
// that it will not take is kept, with what it says; a confirmation of another profile is kept too.
func TestMessages(t *testing.T) {
	r := newRig(t)
	var mu sync.Mutex
	var seen []string
	answers := []string{"", strings.Replace(accepted, `"ok"`, `"transient-error"`, 1), accepted, "{}",
		`{"resourceType":"Bundle","type":"message","entry":[{"resource":{"resourceType":"MessageHeader","response":{"code":"fatal-error"}}},{"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"x"}]}}]}`}
	r.fhir.intercept(func(w http.ResponseWriter, q *http.Request, body []byte) bool {
		mu.Lock()
		defer mu.Unlock()
		var b struct {
			ID    string
			Type  string
			Entry []struct{ Resource struct{ ResourceType string } }
		}
		if err := json.Unmarshal(body, &b); err != nil || b.Type != "message" || b.Entry[0].Resource.ResourceType != "MessageHeader" {
			t.Errorf("it is sent %s (%v)", body, err)
		}
		seen = append(seen, q.Method+" "+q.URL.Path+" "+b.ID)
		if answer := answers[0]; answer == "" {
			w.WriteHeader(http.StatusServiceUnavailable)
		} else {
			fmt.Fprint(w, answer)
		}
		answers = answers[1:]
		return true
	})
	r.told("r1", bser("north-1-1", "received"), bser("north-1-2", "accepted"), bser("north-2-1", "completed"))
	r.confirmed([3]string{"r2", "requested"})
	config := r.config()
	config.Message = true
	d, stop := r.start(config)
	eventually(t, "two are taken and two are not", func() bool { p := d.Progress(); return p.Written == 2 && p.Refused == 2 })
	stop()
	want := "POST /$process-message north-1-1 POST /$process-message north-1-1 POST /$process-message north-1-1 POST /$process-message north-1-2 POST /$process-message north-2-1"
	if got := strings.Join(seen, " "); got != want {
		t.Errorf("seen were\n%s, want\n%s", got, want)
	}
	kept, err := mustRefusals(t, r.folder).All()
	if err != nil || len(kept) != 2 || kept[0].Outcome == nil || kept[0].Task != "Task/north-r1-1" || !strings.Contains(kept[1].Problem, "bser") {
		t.Errorf("kept are %+v, %v", kept, err)
	}
}

func mustRefusals(t *testing.T, folder string) *Refusals {
	t.Helper()
	refusals, err := OpenRefusals(folder)
	if err != nil {
		t.Fatal(err)
	}
	return refusals
}

// TestErasedIsForgotten: what was refused of a referral goes with it, and nobody else's.
func TestErasedIsForgotten(t *testing.T) {
	r := newRig(t)
	r.fhir.intercept(func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		outcome(w, http.StatusUnprocessableEntity, "processing")
		return true
	})
	r.confirmed([3]string{"r1", "requested"}, [3]string{"r2", "requested"})
	d, _ := r.start(r.config())
	eventually(t, "both are refused", func() bool { return d.Progress().Kept == 2 })
	r.told("r1", `{"data":{"status":"closed","reasons":[{"code":"erased","text":"The referral was erased."}]}}`)
	eventually(t, "one is forgotten", func() bool { return d.Progress().Kept == 1 })
	kept, err := mustRefusals(t, r.folder).All()
	if err != nil || len(kept) != 1 || kept[0].Key != "r2" {
		t.Errorf("kept are %+v, %v", kept, err)
	}
}

// TestFirstOfAPersonIsLookedForByTheirIdentifierAlone, which servers find fastest; a later referral, or a second attempt, by
// Convene's key too.
func TestFirstOfAPersonIsLookedForByTheirIdentifierAlone(t *testing.T) {
	who := person{"https://a.example|1", []string{"https://convene.health/fhir/north/patient|p1", "https://a.example|1"}}
	for key, first := range map[string]bool{"r1": true, "r11": false, "r2": false, "": false} {
		p, err := pack(bundleIn(t, confirmationOf("r1", "requested", "", who, 1)), key, 1)
		if err != nil || p.first != first || p.wide == "" {
			t.Errorf("%q: first %v, wide %q, %v", key, p.first, p.wide, err)
		}
	}
}

func bundleIn(t *testing.T, data []byte) *bundle {
	t.Helper()
	var c confirmation
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	return c.Data.Bundle
}
