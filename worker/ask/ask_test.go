package ask

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/testdata/week"
	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/generate"
)

// rig is a running worker of one network with some referrals decided.
type rig struct {
	*testing.T
	host    *worker.Host
	window  *Window
	catalog *program.Catalog
}

func startRig(t *testing.T) *rig {
	t.Helper()
	folder := t.TempDir()
	yaml := week.Catalogs()[0]
	path := filepath.Join(folder, "catalog.yaml")
	if err := os.WriteFile(path, yaml, 0o600); err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t}
	r.catalog, _ = program.Load(yaml)
	var err error
	if r.host, err = worker.StartHost(t.Context(), worker.HostConfig{Folder: filepath.Join(folder, "data"), Catalogs: []string{path}, Log: zerolog.Nop()}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.host.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		r.host.Close()
	})
	if r.window, err = Open(r.connect(worker.User{Role: worker.RoleWorker}), r.catalog.Network, zerolog.Nop()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.window.Close)
	if err := r.window.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	r.send(generate.Options{Seed: 3, Count: 40, Start: time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC), Days: 7, Catalogs: [][]byte{yaml}})
	return r
}

func (r *rig) connect(u worker.User) *worker.Conn {
	r.Helper()
	c, err := worker.Connect(r.host.Dial(u))
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(c.Close)
	return c
}

// send events and wait until they are decided.
func (r *rig) send(o generate.Options) {
	r.Helper()
	lines, err := generate.Generate(o)
	if err != nil {
		r.Fatal(err)
	}
	admin, last := r.connect(worker.User{Role: worker.RoleAdmin}), uint64(0)
	for l := range lines {
		if l.Catalog != nil || strings.HasPrefix(l.Input.Source, "_") {
			continue
		}
		m := nats.NewMsg(worker.InputSubject(r.catalog.Network, l.Input.Source))
		m.Data = l.Input.Data
		for name, value := range l.Input.Header {
			m.Header.Set(name, value)
		}
		ack, err := admin.Publish(r.Context(), m)
		if err != nil {
			r.Fatal(err)
		}
		last = ack.Sequence
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(20 * time.Second); r.host.Standings()[r.catalog.Network].Input < last; {
		select {
		case <-tick.C:
		case <-deadline:
			r.Fatal("not decided within 20 s")
		}
	}
}

// order is a placement as its source was last told.
type order struct {
	source, id, status    string
	identifier, qualified url.Values
}

// orders that the ledger has.
func (r *rig) orders() map[string]order {
	r.Helper()
	all := map[string]order{}
	for m, err := range r.window.ledger.On(r.Context(), worker.ConfirmationSubject(r.catalog.Network, "*", "*")) {
		if err != nil {
			r.Fatal(err)
		}
		var c struct {
			Data struct {
				Referral struct {
					Identifier struct{ System, Value string }
					Source     string
				}
				Bundle struct {
					Entry []struct {
						Resource struct {
							ResourceType, ID, Status string
							Identifier               []struct{ System, Value string }
						}
					}
				}
			}
		}
		if err := json.Unmarshal(m.Data, &c); err != nil {
			r.Fatal(err)
		}
		o := order{source: c.Data.Referral.Source}
		sent := c.Data.Referral.Identifier
		o.identifier = url.Values{"identifier": {sent.System + "|" + sent.Value}}
		if sent.Value == "" { // Convene knows it by its key
			o.identifier = url.Values{"identifier": {base + r.catalog.Network + "/referral|" + m.Subject[strings.LastIndexByte(m.Subject, '.')+1:]}}
		}
		for _, e := range c.Data.Bundle.Entry {
			switch e.Resource.ResourceType {
			case "ServiceRequest":
				o.qualified = url.Values{"identifier": {e.Resource.Identifier[0].System + "|" + e.Resource.Identifier[0].Value}}
			case "Task":
				o.id, o.status = e.Resource.ID, e.Resource.Status
			}
		}
		if o.id != "" {
			all[o.id] = o
		}
	}
	return all
}

func decode(t *testing.T, a Answer, into any) {
	t.Helper()
	if a.Status != http.StatusOK {
		t.Fatalf("%d: %s", a.Status, a.Body)
	}
	if err := json.Unmarshal(a.Body, into); err != nil {
		t.Fatal(err)
	}
}

type searched struct {
	Total int
	Entry []struct {
		FullURL  string
		Resource struct{ ResourceType, ID, Status, Name string }
		Search   struct{ Mode string }
	}
}

// TestSourceSeesItsOwn: every placement by id and by identifier, as last confirmed; to other sources it is not there.
func TestSourceSeesItsOwn(t *testing.T) {
	r := startRig(t)
	orders := r.orders()
	if len(orders) < 25 {
		t.Fatalf("only %d placements", len(orders))
	}
	for id, o := range orders {
		for _, kind := range []string{"Task", "ServiceRequest"} {
			a := r.window.Ask(t.Context(), o.source, kind+"/"+id)
			var got struct{ ResourceType, ID, Status string }
			decode(t, a, &got)
			if got.ResourceType != kind || got.ID != id || kind == "Task" && got.Status != o.status {
				t.Errorf("%s/%s is %+v, want status %s", kind, id, got, o.status)
			}
			if bytes.Contains(a.Body, []byte("urn:uuid:")) || !strings.HasPrefix(a.ETag, `W/"`) {
				t.Errorf("%s/%s, ETag %s, refers to what is not there: %s", kind, id, a.ETag, a.Body)
			}
			for _, query := range []url.Values{o.identifier, o.qualified, {"identifier": {base + r.catalog.Network + "/order|" + strings.TrimPrefix(id, r.catalog.Network+"-")}}} {
				var found searched
				decode(t, r.window.Ask(t.Context(), o.source, kind+"?"+query.Encode()), &found)
				if found.Total < 1 || found.Entry[0].Resource.ResourceType != kind || !strings.HasPrefix(found.Entry[0].FullURL, "urn:uuid:") {
					t.Errorf("%s?%v finds %+v", kind, query, found)
				}
				for _, other := range r.catalog.Sources {
					if other.Name == o.source {
						continue
					}
					if decode(t, r.window.Ask(t.Context(), other.Name, kind+"?"+query.Encode()), &found); found.Total != 0 {
						t.Errorf("%s finds %s of %s", other.Name, id, o.source)
					}
					if a := r.window.Ask(t.Context(), other.Name, kind+"/"+id); a.Status != http.StatusNotFound {
						t.Errorf("%s reads %s of %s", other.Name, id, o.source)
					}
				}
			}
		}
	}
}

// TestOffered: the programs of the catalog in force, and what can be asked.
func TestOffered(t *testing.T) {
	r := startRig(t)
	var found searched
	decode(t, r.window.Ask(t.Context(), r.catalog.Sources[0].Name, "HealthcareService"), &found)
	if found.Total != len(r.catalog.Programs) || found.Entry[0].Resource.Name == "" {
		t.Errorf("%d services for %d programs", found.Total, len(r.catalog.Programs))
	}
	if last := found.Entry[len(found.Entry)-1]; last.Resource.ResourceType != "Organization" || last.Search.Mode != "include" {
		t.Errorf("who provides them: %+v", last)
	}
	for _, e := range found.Entry {
		if e.FullURL != "urn:uuid:"+e.Resource.ID {
			t.Errorf("%s %s stands under %q", e.Resource.ResourceType, e.Resource.ID, e.FullURL)
		}
		var one struct{ ResourceType, ID string }
		if decode(t, r.window.Ask(t.Context(), "any", e.Resource.ResourceType+"/"+e.Resource.ID), &one); one.ID != e.Resource.ID || one.ResourceType != e.Resource.ResourceType {
			t.Errorf("read, it is %+v", one)
		}
	}
	if a := r.window.Ask(t.Context(), "any", "HealthcareService/nope"); a.Status != http.StatusNotFound {
		t.Errorf("a service that is none: %d", a.Status)
	}
	var can struct{ ResourceType, FHIRVersion string }
	if decode(t, r.window.Ask(t.Context(), "any", "metadata"), &can); can.ResourceType != "CapabilityStatement" || can.FHIRVersion != "4.0.1" {
		t.Errorf("metadata: %+v", can)
	}
}

func TestQuestionsThatWillNotDo(t *testing.T) {
	w := &Window{network: "north", log: zerolog.Nop()}
	for question, want := range map[string]int{
		"": 404, "Patient": 404, "Patient/p1": 404, "Task": 400, "Task/": 404, "Task/south-r1-1": 404, "Task/north-r1x-1": 404, "Task/north->": 404,
		"Task?status=accepted": 400, "Task?identifier=a|b&status=accepted": 400, "Task?identifier=a|b&identifier=c|d": 400, "Task?identifier=o1": 400,
		"Task?identifier=a|": 400, "https://elsewhere.example/Task": 400, "//elsewhere.example/Task": 404, "HealthcareService?name=x": 404, "%zz": 400,
		"Appointment?identifier=a|b": 400, "Task/north-x/$calendar": 404, "ServiceRequest/north-r1-1/$calendar": 404, "Organization": 404,
		"Task?identifier=" + strings.Repeat("x", uriMax): 400,
	} {
		a := w.Ask(t.Context(), "clinic", question)
		if a.Status != want || !bytes.Contains(a.Body, []byte("OperationOutcome")) {
			t.Errorf("%.60q is answered %d %s, want %d", question, a.Status, a.Body, want)
		}
	}
	if a := w.Ask(t.Context(), "clinic", "Patient/1"); !bytes.Contains(a.Body, []byte("HealthcareService, Organization/")) {
		t.Errorf("what can be asked is told without Organization: %s", a.Body)
	}
}

// TestOverNATSAndHTTP: the same answers; a source asks in its own name only.
func TestOverNATSAndHTTP(t *testing.T) {
	r := startRig(t)
	var o order
	for _, o = range r.orders() {
		break
	}
	want := r.window.Ask(t.Context(), o.source, "Task/"+o.id)
	source := r.connect(worker.User{Role: worker.RoleSource, Network: r.catalog.Network, Source: o.source})
	answer, err := source.RequestWithContext(t.Context(), worker.AskSubject(r.catalog.Network, o.source), []byte("Task/"+o.id))
	if err != nil || !bytes.Equal(answer.Data, want.Body) || answer.Header.Get("Status") != "200" || answer.Header.Get("ETag") != want.ETag {
		t.Errorf("over NATS: %v, %v", answer, err)
	}
	for _, other := range r.catalog.Sources {
		if other.Name == o.source {
			continue
		}
		if _, err := source.Publish(t.Context(), &nats.Msg{Subject: worker.AskSubject(r.catalog.Network, other.Name)}); !errors.Is(err, worker.ErrDenied) {
			t.Errorf("%s asks as %s: %v", o.source, other.Name, err)
		}
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.window.ServeHTTP(w, q, o.source) }))
	defer s.Close()
	got, err := http.Get(s.URL + "/fhir/Task/" + o.id)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(got.Body); err != nil || !bytes.Equal(body.Bytes(), want.Body) || got.Header.Get("ETag") != want.ETag ||
		got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "application/fhir+json" {
		t.Errorf("over HTTP: %s %s, %v", got.Status, body.String(), err)
	}
}
