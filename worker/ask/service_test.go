package ask

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/micro"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
)

// amara is a referral that suits a group of the recorded week's larger network.
const amara = `{"specversion":"1.0","id":"e1","source":"urn:ehr:main","type":"convene.referral.created","time":"2026-11-22T15:00:00Z",
 "data":{"referral":{"identifier":{"system":"https://orders.example","value":"o1"},
  "patient":{"identifiers":[{"system":"https://ids.riverside.example/mrn","value":"m1"}],"name":{"family":"Okafor","given":["Amara"]},
   "birthDate":"1961-05-05","gender":"female","address":{"state":"MA","postalCode":"02118"}},
  "conditions":[{"codes":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"I10"}]}],"goals":["coping-strategies"]}}}`

// request of a source, and the status and body of the answer.
func request(t *testing.T, c *worker.Conn, subject, data string) (int, []byte) {
	t.Helper()
	m, err := c.Request(subject, []byte(data), 10*time.Second)
	if err != nil {
		t.Fatalf("%s: %v", subject, err)
	}
	if code := m.Header.Get(micro.ErrorCodeHeader); code != "" {
		status, _ := strconv.Atoi(code)
		return status, []byte(m.Header.Get(micro.ErrorHeader))
	}
	return http.StatusOK, m.Data
}

// A running worker previews for a source, tells it where its own stand, and keeps nothing: ledger, inputs and roster are the same.
func TestServicePreviewsAndKeepsNothing(t *testing.T) {
	r := startRig(t)
	if err := r.window.Serve(t.Context()); err != nil {
		t.Fatal(err)
	}
	source := r.connect(worker.User{Role: worker.RoleSource, Network: "riverside", Source: "epic-main"})
	subject := worker.PreviewSubject("riverside", "epic-main")
	request(t, source, subject, amara) // opens the mirror
	before := r.traces()
	for name, c := range map[string]struct {
		data   string
		status int
		shows  string
	}{
		"a referral":    {amara, 200, `"kind":"education"`},
		"unreadable":    {`{"specversion":"1.0"}`, 200, `"refused":[{`},
		"another event": {`{"specversion":"1.0","id":"e2","source":"x","type":"convene.clock","data":{}}`, 400, "only a new or changed referral"},
		"a cancel":      {`{"specversion":"1.0","id":"e3","source":"x","type":"convene.referral.cancelled","data":{"target":{"identifier":{"system":"https://orders.example","value":"o1"}}}}`, 400, "only a new or changed referral"},
	} {
		status, body := request(t, source, subject, c.data)
		if status != c.status || !bytes.Contains(body, []byte(c.shows)) {
			t.Errorf("%s: %d %.300s", name, status, body)
		}
		if bytes.Contains(body, []byte(`"decision"`)) {
			t.Errorf("%s: the decision is for inside only", name)
		}
	}
	if after := r.traces(); !bytes.Equal(before, after) {
		t.Errorf("a preview left traces:\n%.200q\n%.200q", before, after)
	}
	if _, err := source.Request(worker.PreviewSubject("riverside", "clinic-north"), []byte(amara), 200*time.Millisecond); err == nil {
		t.Error("a source previewed as another")
	}
	admin := r.connect(worker.User{Role: worker.RoleAdmin})
	if m, err := admin.Request("$SRV.INFO.convene-riverside", nil, 5*time.Second); err != nil || !bytes.Contains(m.Data, []byte("position")) {
		t.Errorf("the service is not found: %v", err)
	}
}

// traces are all that a preview could leave: ends of the streams, and the roster.
func (r *rig) traces() []byte {
	r.Helper()
	var b bytes.Buffer
	for _, stream := range []string{"REFERRALS-riverside", "PLACEMENTS-riverside"} {
		s, err := r.connect(worker.User{Role: worker.RoleAdmin}).JS.Stream(r.Context(), stream)
		if err != nil {
			r.Fatal(err)
		}
		b.WriteString(strconv.FormatUint(s.CachedInfo().State.LastSeq, 10) + " ")
	}
	r.window.mu.Lock()
	defer r.window.mu.Unlock()
	if err := r.window.mirror.State().WriteSnapshot(&b, roster.SnapshotMark{}); err != nil {
		r.Fatal(err)
	}
	return b.Bytes()
}

// Every waiting referral is told its place in line, by key and by identifier, to its own source alone.
func TestPositionIsOnesOwn(t *testing.T) {
	r := startRig(t)
	if err := r.window.Serve(t.Context()); err != nil {
		t.Fatal(err)
	}
	sources := map[string]*worker.Conn{}
	for _, s := range r.catalog.Sources {
		sources[s.Name] = r.connect(worker.User{Role: worker.RoleSource, Network: "riverside", Source: s.Name})
	}
	if _, err := r.window.Position(t.Context(), "epic-main", "r1"); err == nil {
		t.Error("nobody's referral stands somewhere")
	}
	told := 0
	for _, key := range r.window.mirror.State().LiveKeys() {
		rec := r.window.mirror.State().Record(key)
		name := roster.KeyOf('r', key)
		for source, c := range sources {
			status, body := request(t, c, worker.PositionSubject("riverside", source), name)
			if source != rec.Source {
				if status != http.StatusNotFound {
					t.Errorf("%s of %s told %s %s", name, rec.Source, source, body)
				}
				continue
			}
			var list []Standing
			if err := json.Unmarshal(body, &list); err != nil || len(list) != len(rec.Placements) {
				t.Fatalf("%s: %d %s", name, status, body)
			}
			for _, s := range list {
				if (s.Status == mapping.Waitlisted) != (s.Position > 0) || s.Position > s.Waiting {
					t.Errorf("%s stands %+v", name, s)
				}
				told++
			}
		}
	}
	if told < 20 {
		t.Errorf("%d placements told, the rig has more", told)
	}
	found := 0
	for _, order := range r.orders() {
		id := order.identifier.Get("identifier")
		if strings.HasPrefix(id, base) || !slices.Contains([]string{"requested", "accepted", "in-progress"}, order.status) {
			continue
		}
		status, body := request(t, sources[order.source], worker.PositionSubject("riverside", order.source), id)
		if found++; status != http.StatusOK || !bytes.Contains(body, []byte(`"`+strings.TrimPrefix(order.id, "riverside-")+`"`)) {
			t.Errorf("%s of %s: %d %s", id, order.source, status, body)
		}
	}
	if found < 10 {
		t.Errorf("%d found by identifier, the rig has more", found)
	}
}
