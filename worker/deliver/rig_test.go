package deliver

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/convene-health/convene/worker"
)

// rig is a ledger to deliver from and a FHIR server to deliver to.
type rig struct {
	t      *testing.T
	nats   *worker.Server
	worker *worker.Conn
	fhir   *fakeServer
	folder string
	head   uint64  // the last
	person *person // of what is confirmed next; nil: one of each referral
}

// person as a referral knows them, identifiers as "system|value".
type person struct {
	id  string // by which the Patient is created
	ids []string
}

func (p person) entry() string {
	var ids []string
	for _, id := range p.ids {
		system, value, _ := strings.Cut(id, "|")
		ids = append(ids, fmt.Sprintf(`{"system":%q,"value":%q}`, system, value))
	}
	return fmt.Sprintf(`{"fullUrl":"urn:uuid:2","resource":{"resourceType":"Patient","identifier":[%s]},"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=%s"}}`,
		strings.Join(ids, ","), strings.ReplaceAll(p.id, "|", "%7C"))
}

func newRig(t *testing.T) *rig {
	t.Helper()
	north := worker.NetworkSources{Name: "north", Sources: []string{"clinic"}}
	folder := t.TempDir()
	s, err := worker.StartServer(worker.ServerConfig{Folder: folder, Networks: []worker.NetworkSources{north}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	r := &rig{t: t, nats: s, fhir: newFake(t), folder: filepath.Join(folder, "refused")}
	if err := worker.EnsureStreams(t.Context(), r.connect(worker.User{Role: worker.RoleAdmin}).JS, north, 1); err != nil {
		t.Fatal(err)
	}
	r.worker = r.connect(worker.User{Role: worker.RoleWorker})
	return r
}

func (r *rig) connect(u worker.User) *worker.Conn {
	r.t.Helper()
	c, err := worker.Connect(worker.UserDial(r.nats.URL(), r.nats.Keys(), u))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(c.Close)
	return c
}

// confirmed appends one batch with a confirmation for each "key status previous", and its head.
func (r *rig) confirmed(said ...[3]string) {
	r.t.Helper()
	var batch []worker.Msg
	for i, c := range said {
		who := person{"https://a.example|" + c[0], []string{"https://a.example|" + c[0]}}
		if r.person != nil {
			who = *r.person
		}
		batch = append(batch, worker.Msg{Subject: worker.ConfirmationSubject("north", "clinic", c[0]), Data: confirmationOf(c[0], c[1], c[2], who, r.head+uint64(i))})
	}
	batch = append(batch, worker.Msg{Subject: worker.HeadSubject("north"), Data: []byte("{}")})
	if _, err := worker.Append(r.t.Context(), r.worker.JS, batch, worker.HeadSubject("north"), r.head); err != nil {
		r.t.Fatal(err)
	}
	r.head += uint64(len(batch))
}

// confirmationOf a placement, with the entries that confirmations have.
func confirmationOf(key, status, previous string, who person, n uint64) []byte {
	return fmt.Appendf(nil, `{"data":{"status":%[2]q,"previousStatus":%[3]q,"bundle":{"resourceType":"Bundle","type":"transaction","entry":[
{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Device","identifier":[{"system":"https://a.example","value":"convene"}]},"request":{"method":"POST","url":"Device","ifNoneExist":"identifier=https://a.example%%7Cconvene"}},
%[5]s,
{"fullUrl":"urn:uuid:3","resource":{"resourceType":"ServiceRequest","id":"north-%[1]s-1","status":%[2]q},"request":{"method":"PUT","url":"ServiceRequest/north-%[1]s-1"}},
{"fullUrl":"urn:uuid:4","resource":{"resourceType":"Task","id":"north-%[1]s-1","meta":{"profile":["https://a.example/p"]},"status":%[2]q},"request":{"method":"PUT","url":"Task/north-%[1]s-1"}},
{"fullUrl":"urn:uuid:5","resource":{"resourceType":"Provenance","id":"north-%[4]d-1"},"request":{"method":"PUT","url":"Provenance/north-%[4]d-1"}}]}}}`, key, status, previous, n, who.entry())
}

func (r *rig) config() Config {
	login, err := Login{}.Client(r.fhir.URL, 8)
	if err != nil {
		r.t.Fatal(err)
	}
	return Config{Network: "north", Server: r.fhir.URL, HTTP: login, Folder: r.folder, Log: zerolog.New(zerolog.NewTestWriter(r.t)),
		Timeout: 5 * time.Second, RetryFirst: time.Millisecond, RetryMost: 20 * time.Millisecond, BreakFor: 20 * time.Millisecond}
}

// start delivers until the function that it returns is called, or the test ends.
func (r *rig) start(config Config) (d *Deliverer, stop func()) {
	r.t.Helper()
	conn, err := worker.Connect(worker.UserDial(r.nats.URL(), r.nats.Keys(), worker.User{Role: worker.RoleDelivery, Network: "north"}))
	if err != nil {
		r.t.Fatal(err)
	}
	if d, err = New(conn, config); err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			r.t.Error(err)
		}
		conn.Close()
	}
	r.t.Cleanup(stop)
	return d, stop
}

// eventually waits for a condition, asking again every few milliseconds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not within 20 s: %s", what)
		case <-tick.C:
		}
	}
}

// unacknowledged messages of the durable, and those not fetched.
func (r *rig) unacknowledged() int {
	r.t.Helper()
	c, err := r.connect(worker.User{Role: worker.RoleAdmin}).JS.Consumer(r.t.Context(), "PLACEMENTS-north", worker.DeliveryDurable)
	if err != nil {
		r.t.Fatal(err)
	}
	return c.CachedInfo().NumAckPending + int(c.CachedInfo().NumPending)
}

// post tells whether a request is a transaction about this referral.
func post(r *http.Request, body []byte, key string) bool {
	return r.Method == http.MethodPost && containsTask(body, key)
}
