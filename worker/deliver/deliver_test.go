package deliver

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/convene-health/convene/worker"
)

func containsTask(body []byte, key string) bool {
	return bytes.Contains(body, []byte("Task/north-"+key+"-1"))
}

// TestDeliversInOrder: one ServiceRequest and Task a placement, each status in turn, everything acknowledged.
func TestDeliversInOrder(t *testing.T) {
	r := newRig(t)
	for _, key := range []string{"r1", "r2", "r3"} {
		r.confirmed([3]string{key, "requested"}, [3]string{key, "accepted", "requested"})
	}
	r.confirmed([3]string{"r1", "completed", "accepted"}, [3]string{"r9", "active"})
	d, stop := r.start(r.config())
	eventually(t, "all are written", func() bool { return d.Progress().Written == 8 })
	for reference, want := range map[string]string{
		"Task/north-r1-1": "requested accepted completed", "ServiceRequest/north-r1-1": "requested accepted completed",
		"Task/north-r2-1": "requested accepted", "Task/north-r3-1": "requested accepted", "Task/north-r9-1": "active",
	} {
		if got := r.fhir.statuses(reference); got != want {
			t.Errorf("%s has been %q, want %q", reference, got, want)
		}
	}
	if n, people := r.fhir.count("Device"), r.fhir.count("Patient"); n != 1 || people != 4 {
		t.Errorf("%d devices and %d patients, want 1 and 4", n, people)
	}
	stop()
	eventually(t, "everything is acknowledged", func() bool { return r.unacknowledged() == 0 })
}

// TestWaitsForTheHead: a confirmation of a batch that is not whole is not delivered.
func TestWaitsForTheHead(t *testing.T) {
	r := newRig(t)
	r.confirmed([3]string{"r1", "requested"})
	admin := r.connect(worker.User{Role: worker.RoleAdmin})
	if _, err := admin.JS.Publish(t.Context(), worker.ConfirmationSubject("north", "clinic", "r2"), confirmationOf("r2", "requested", "", person{id: "https://a.example|r2"}, 7)); err != nil {
		t.Fatal(err)
	}
	d, stop := r.start(r.config())
	eventually(t, "the second is held", func() bool { return d.Progress().Written == 1 && d.Progress().Held == 1 })
	if r.fhir.count("Task") != 1 {
		t.Error("a confirmation without a head was delivered")
	}
	if _, err := admin.JS.Publish(t.Context(), worker.HeadSubject("north"), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second is written", func() bool { return d.Progress().Written == 2 })
	stop()
}

// TestLateRequestsChangeNothing: requests that time out at the client are carried out after the next one, the very last after
// everything. No status goes back.
func TestLateRequestsChangeNothing(t *testing.T) {
	for name, strict := range map[string]bool{"as HAPI FHIR": false, "as RFC 9110": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.fhir.strictMatch = strict
			var mu sync.Mutex
			var late [][]byte
			posts := 0
			r.fhir.intercept(func(w http.ResponseWriter, q *http.Request, body []byte) bool {
				if q.Method != http.MethodPost {
					return false
				}
				mu.Lock()
				defer mu.Unlock()
				if posts++; posts%3 == 1 { // kept back, and the client is told nothing
					late = append(late, body)
					panic(http.ErrAbortHandler)
				}
				return false
			})
			d, stop := r.start(r.config())
			steps := []string{"requested", "accepted", "in-progress", "completed"}
			previous := ""
			for i, status := range steps {
				r.confirmed([3]string{"r1", status, previous})
				previous = status
				eventually(t, status, func() bool { return d.Progress().Written == i+1 })
				mu.Lock()
				for _, body := range late {
					r.fhir.answer(httptest.NewRecorder(), http.MethodPost, "/", body)
				}
				mu.Unlock()
			}
			stop()
			if len(late) < 2 {
				t.Fatalf("only %d requests were late", len(late))
			}
			if got, want := r.fhir.statuses("Task/north-r1-1"), strings.Join(steps, " "); got != want {
				t.Errorf("the task has been %q, want %q", got, want)
			}
		})
	}
}

// TestAnswerLost: what was done, though the client was not told, is not done again.
func TestAnswerLost(t *testing.T) {
	r := newRig(t)
	r.confirmed([3]string{"r1", "requested"})
	var once sync.Once
	r.fhir.intercept(func(w http.ResponseWriter, q *http.Request, body []byte) bool {
		if q.Method == http.MethodPost {
			once.Do(func() {
				r.fhir.answer(httptest.NewRecorder(), q.Method, "/", body)
				panic(http.ErrAbortHandler)
			})
		}
		return false
	})
	d, stop := r.start(r.config())
	eventually(t, "it is found there", func() bool { return d.Progress().Skipped == 1 })
	stop()
	if got := r.fhir.statuses("Task/north-r1-1"); got != "requested" {
		t.Errorf("the task has been %q", got)
	}
}

// TestResumesInOrder: a process that dies with confirmations fetched is followed by one that delivers them first.
func TestResumesInOrder(t *testing.T) {
	r := newRig(t)
	r.confirmed([3]string{"r1", "requested"}, [3]string{"r2", "requested"})
	c, err := r.connect(worker.User{Role: worker.RoleDelivery, Network: "north"}).JS.Consumer(t.Context(), "PLACEMENTS-north", worker.DeliveryDurable)
	if err != nil {
		t.Fatal(err)
	}
	fetched, err := c.Fetch(3)
	if err != nil {
		t.Fatal(err)
	}
	for range fetched.Messages() { // and nothing is acknowledged
	}
	r.confirmed([3]string{"r1", "accepted", "requested"})
	d, stop := r.start(r.config())
	eventually(t, "all are written", func() bool { return d.Progress().Written == 3 })
	stop()
	if got := r.fhir.statuses("Task/north-r1-1"); got != "requested accepted" {
		t.Errorf("the task has been %q", got)
	}
}

// TestOneSlowReferral holds up nobody else, and its own later confirmations wait.
func TestOneSlowReferral(t *testing.T) {
	r := newRig(t)
	go1 := make(chan struct{})
	var mu sync.Mutex
	under := 0
	r.fhir.intercept(func(w http.ResponseWriter, q *http.Request, body []byte) bool {
		if post(q, body, "r1") {
			mu.Lock()
			if under++; under > 1 {
				t.Error("two confirmations of one referral are on their way")
			}
			mu.Unlock()
			<-go1
			mu.Lock()
			under--
			mu.Unlock()
		}
		return false
	})
	r.confirmed([3]string{"r0", "requested"}) // so that what all create is there
	d, stop := r.start(r.config())
	eventually(t, "the first", func() bool { return d.Progress().Written == 1 })
	r.confirmed([3]string{"r1", "requested"}, [3]string{"r1", "accepted", "requested"}, [3]string{"r2", "requested"}, [3]string{"r3", "requested"})
	eventually(t, "the others are written", func() bool { return d.Progress().Written == 3 })
	if lag := d.Progress().Lag; lag <= 0 {
		t.Error("no lag while one waits")
	}
	close(go1)
	eventually(t, "all are written", func() bool { return d.Progress().Written == 5 })
	stop()
}

// TestRefusedIsKeptAndSentAgain: 422 stops nobody; Retry sends it once it is mended; a later success takes it away.
func TestRefusedIsKeptAndSentAgain(t *testing.T) {
	r := newRig(t)
	refuse := func(w http.ResponseWriter, q *http.Request, body []byte) bool {
		if post(q, body, "r1") || post(q, body, "r2") {
			outcome(w, http.StatusUnprocessableEntity, "invariant")
			return true
		}
		return false
	}
	r.fhir.intercept(refuse)
	r.confirmed([3]string{"r1", "requested"}, [3]string{"r2", "requested"}, [3]string{"r3", "requested"})
	d, stop := r.start(r.config())
	eventually(t, "two are refused", func() bool { p := d.Progress(); return p.Refused == 2 && p.Written == 1 && p.Kept == 2 })
	refusals, err := OpenRefusals(r.folder)
	if err != nil {
		t.Fatal(err)
	}
	all, err := refusals.All()
	if err != nil || len(all) != 2 || all[0].Key != "r1" || all[0].Status != 422 || !bytes.Contains(all[0].Outcome, []byte("invariant")) {
		t.Fatalf("kept: %+v, %v", all, err)
	}

	delivery := r.connect(worker.User{Role: worker.RoleDelivery, Network: "north"})
	if again, err := Retry(t.Context(), delivery, r.config(), "r1"); err != nil || len(again) != 1 || again[0].Outcome != Refused {
		t.Errorf("sent again: %+v, %v", again, err)
	}
	r.fhir.intercept(nil)
	if again, err := Retry(t.Context(), delivery, r.config(), "r1"); err != nil || len(again) != 1 || again[0].Outcome != Written {
		t.Errorf("sent again: %+v, %v", again, err)
	}
	if _, err := Retry(t.Context(), delivery, r.config(), "r1"); err != ErrNotRefused {
		t.Errorf("nothing is kept any more: %v", err)
	}
	r.confirmed([3]string{"r2", "accepted", "requested"})
	eventually(t, "the next goes through", func() bool { return d.Progress().Written == 2 })
	stop()
	if all, err := refusals.All(); err != nil || len(all) != 0 {
		t.Errorf("still kept: %+v, %v", all, err)
	}
}

// TestOutage: while the server fails the breaker holds everything back; then all is delivered.
func TestOutage(t *testing.T) {
	r := newRig(t)
	var mu sync.Mutex
	down, asked := true, 0
	r.fhir.intercept(func(w http.ResponseWriter, q *http.Request, body []byte) bool {
		mu.Lock()
		defer mu.Unlock()
		if down {
			asked++
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return down
	})
	for _, key := range []string{"r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9"} {
		r.confirmed([3]string{key, "requested"})
	}
	config := r.config()
	config.BreakFor = time.Hour
	d, stop := r.start(config)
	eventually(t, "the breaker opens", func() bool { return d.Progress().Open })
	stop()
	mu.Lock()
	if asked > int(config.withDefaults().BreakAfter)+config.withDefaults().InFlight {
		t.Errorf("%d requests to a server that fails", asked)
	}
	down = false
	mu.Unlock()
	d, stop = r.start(r.config())
	eventually(t, "all are written", func() bool { p := d.Progress(); return p.Written+p.Skipped == 9 })
	stop()
	if n := r.fhir.count("Task"); n != 9 {
		t.Errorf("%d tasks, want 9", n)
	}
}

// TestAlwaysFailingBundle: a bundle that makes the server fail, while others go through, is refused in the end.
func TestAlwaysFailingBundle(t *testing.T) {
	r := newRig(t)
	r.fhir.intercept(func(w http.ResponseWriter, q *http.Request, body []byte) bool {
		if post(q, body, "r1") {
			outcome(w, http.StatusInternalServerError, "exception")
			return true
		}
		return false
	})
	r.confirmed([3]string{"r0", "requested"})
	d, stop := r.start(r.config())
	eventually(t, "the first", func() bool { return d.Progress().Written == 1 })
	r.confirmed([3]string{"r1", "requested"})
	n := 0
	eventually(t, "it is refused", func() bool {
		if p := d.Progress(); p.Written == n+1 {
			n++
			r.confirmed([3]string{"r2", "accepted", "requested"})
		}
		return d.Progress().Refused == 1
	})
	if n < refusedAfter {
		t.Errorf("refused after %d others", n)
	}
	stop()
}

// TestSharedCreationIsSerial: bundles that would create the same resource do not travel together.
func TestSharedCreationIsSerial(t *testing.T) {
	r := newRig(t)
	var mu sync.Mutex
	under, most := 0, 0
	r.fhir.intercept(func(w http.ResponseWriter, q *http.Request, body []byte) bool {
		if q.Method != http.MethodPost || r.fhir.count("Device") > 0 {
			return false
		}
		mu.Lock()
		under++
		most = max(most, under)
		mu.Unlock()
		r.fhir.answer(w, q.Method, "/", body)
		mu.Lock()
		under--
		mu.Unlock()
		return true
	})
	r.confirmed([3]string{"r1", "requested"}, [3]string{"r2", "requested"}, [3]string{"r3", "requested"}, [3]string{"r4", "requested"})
	d, stop := r.start(r.config())
	eventually(t, "all are written", func() bool { return d.Progress().Written == 4 })
	stop()
	if most != 1 {
		t.Errorf("%d bundles at once created the same", most)
	}
}

// TestOnePersonOfManyIdentifiers: two referrals of a person that name another identifier each make one Patient, in the order of the
// ledger; where the server has the EHR's and ours, the bundle's identifier decides and nothing is refused.
func TestOnePersonOfManyIdentifiers(t *testing.T) {
	r := newRig(t)
	known := func(key, id, previous string, ids ...string) {
		r.person = &person{id: id, ids: append([]string{"https://convene.health/fhir/north/patient|p1"}, ids...)}
		r.confirmed([3]string{key, "requested", previous})
	}
	r.confirmed([3]string{"r0", "requested"}) // so that what all create is there
	d, stop := r.start(r.config())
	eventually(t, "the first", func() bool { return d.Progress().Written == 1 })

	hold := make(chan struct{})
	release := sync.OnceFunc(func() { close(hold) })
	var overtaken atomic.Bool
	r.fhir.intercept(func(_ http.ResponseWriter, q *http.Request, body []byte) bool {
		switch {
		case post(q, body, "r1"):
			<-hold
		case post(q, body, "r2"), post(q, body, "r3"):
			select {
			case <-hold:
			default:
				overtaken.Store(true)
			}
		}
		return false
	})
	t.Cleanup(release)
	known("r1", "https://a.example|mrn1", "", "https://a.example|mrn1", "https://b.example|member1")
	known("r2", "https://b.example|member1", "", "https://b.example|member1")
	known("r3", "https://c.example|other1", "", "https://c.example|other1")
	r.person = nil
	r.confirmed([3]string{"r9", "requested"})
	eventually(t, "another person, who is later, is not held up", func() bool { return d.Progress().Written >= 2 })
	release()
	eventually(t, "all are written", func() bool { return d.Progress().Written == 5 })
	if overtaken.Load() {
		t.Error("a later referral of the person went before the first was through")
	}
	const others = 2 // r0 and r9
	if n := r.fhir.count("Patient") - others; n != 1 {
		t.Errorf("%d patients, want one", n)
	}
	r.fhir.mu.Lock()
	r.fhir.put("Patient/ehr", map[string]any{"resourceType": "Patient", "identifier": []any{map[string]any{"system": "https://d.example", "value": "ehr1"}}})
	r.fhir.mu.Unlock()
	known("r4", "https://d.example|ehr1", "", "https://d.example|ehr1")
	eventually(t, "the EHR's patient is taken", func() bool { return d.Progress().Written == 6 })
	stop()
	if n := r.fhir.count("Patient") - others; n != 2 || d.Progress().Refused != 0 {
		t.Errorf("%d patients, want ours and the EHR's; %+v", n, d.Progress())
	}
}
