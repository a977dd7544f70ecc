//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/worker"
)

// sent is what a test reads of a confirmation's bundle.
type sent struct {
	Data struct {
		Bundle *struct {
			Entry []struct {
				Resource struct {
					ResourceType, Status string
					Identifier           []json.RawMessage
				}
				Request struct{ Method, URL, IfNoneExist string }
			}
		}
	}
}

func sentOf(t testing.TB, confirmations []byte) (all []sent) {
	t.Helper()
	for line := range bytes.Lines(confirmations) {
		var s sent
		must(t, json.Unmarshal(line, &s))
		if s.Data.Bundle != nil {
			all = append(all, s)
		}
	}
	return all
}

const deliveredNetwork = "riverside"

// TestDeliverHAPI delivers a generated week to a real HAPI FHIR server, through a proxy that carries out requests late and
// loses answers. Server and delivery are killed in the middle. Afterwards the server has one ServiceRequest and Task a
// placement, with the ledger's last status, one of everything else, and the EHR's own patients as they were.
func TestDeliverHAPI(t *testing.T) {
	h := startHAPI(t)
	w := newWeek(t, 250)
	w.run(t)
	w.send(t)
	ledger := follow(t, w.data, deliveredNetwork)
	confirmed := sentOf(t, ledger.confirmations(t, ledger.lastInput(t)))

	ehrs := ownPatients(t, h, confirmed)
	proxy := startLateProxy(t, h.base())
	args := []string{"deliver", "--data", w.data, "--network", deliveredNetwork, "--fhir", proxy.URL, "--timeout", "3s", "--ops", "", "--log", "error"}
	first := startDelivery(t, args)
	waitWritten(t, h, len(confirmed)/8)
	h.kill()
	first.kill()
	second := startDelivery(t, args)
	h.start(t)
	waitWritten(t, h, len(confirmed)/4)
	second.kill()
	third := startDelivery(t, args)
	waitDelivered(t, ledger)
	proxy.releaseAll()
	third.stop(t)
	t.Logf("%d confirmations; proxy: %s", len(confirmed), proxy)
	if proxy.late < 5 || proxy.lost < 5 {
		t.Errorf("the proxy did too little: %s", proxy)
	}
	if out := convene(t, "deliver", "--data", w.data, "--network", deliveredNetwork, "--refused"); !strings.Contains(out, "nothing") {
		t.Errorf("refused:\n%s", out)
	}
	checkServer(t, h, confirmed)
	for id, want := range ehrs {
		var got json.RawMessage
		h.get(t, "Patient/"+id, &got)
		if string(got) != want {
			t.Errorf("the EHR's Patient/%s was changed:\n%s\n%s", id, want, got)
		}
	}
}

// ownPatients puts patients on the server before delivery, as an EHR has them. It returns them as the server keeps them.
func ownPatients(t *testing.T, h *hapi, confirmed []sent) map[string]string {
	t.Helper()
	seen := map[string]bool{}
	for _, s := range confirmed {
		for _, e := range s.Data.Bundle.Entry {
			if e.Resource.ResourceType != "Patient" || len(seen) >= 20 || seen[e.Request.IfNoneExist] || strings.Contains(e.Request.IfNoneExist, "convene.health") {
				continue
			}
			seen[e.Request.IfNoneExist] = true
			query, err := url.ParseQuery(e.Request.IfNoneExist)
			must(t, err)
			system, value, _ := strings.Cut(query.Get("identifier"), "|")
			body, err := json.Marshal(map[string]any{"resourceType": "Patient", "identifier": []any{map[string]string{"system": system, "value": value}},
				"name": []any{map[string]string{"text": "As the EHR has it"}}})
			must(t, err)
			h.post(t, "Patient", body)
		}
	}
	var found struct {
		Entry []struct{ Resource json.RawMessage }
	}
	h.get(t, "Patient?_count=100", &found)
	if len(found.Entry) != len(seen) || len(seen) < 10 {
		t.Fatalf("%d patients of the EHR on the server, want %d", len(found.Entry), len(seen))
	}
	patients := map[string]string{}
	for _, e := range found.Entry {
		var p struct{ ID string }
		must(t, json.Unmarshal(e.Resource, &p))
		var whole json.RawMessage
		h.get(t, "Patient/"+p.ID, &whole)
		patients[p.ID] = string(whole)
	}
	return patients
}

// startDelivery runs `convene deliver` until it is stopped or killed.
func startDelivery(t *testing.T, args []string) *process {
	t.Helper()
	p := &process{cmd: exec.Command("convene", args...), logs: &logFile{}, done: make(chan struct{})}
	p.cmd.Stderr, p.cmd.Stdout = p.logs, p.logs
	must(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("delivery:\n%s", tail(p.logs.String()))
		}
	})
	return p
}

// deliveryMax is how long a whole delivery may take.
const deliveryMax = 8 * time.Minute

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(deliveryMax)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not within %s: %s", deliveryMax, what)
		case <-tick.C:
		}
	}
}

// waitWritten until the server has that many Provenances, one a bundle.
func waitWritten(t *testing.T, h *hapi, n int) {
	t.Helper()
	await(t, "bundles on the server", func() bool { return h.count(t, "Provenance") >= n })
}

// waitDelivered until nothing is left in the consumer.
func waitDelivered(t *testing.T, ledger *follower) {
	t.Helper()
	await(t, "everything is acknowledged", func() bool {
		c, err := ledger.conn.JS.Consumer(t.Context(), worker.PlacementsStream(ledger.network), worker.DeliveryDurable)
		must(t, err)
		info := c.CachedInfo()
		return info.NumPending == 0 && info.NumAckPending == 0
	})
}

// checkServer compares the server with the ledger.
func checkServer(t *testing.T, h *hapi, confirmed []sent) {
	t.Helper()
	last, created, people := map[string]string{}, map[string]bool{}, map[string]string{}
	for _, s := range confirmed {
		for _, e := range s.Data.Bundle.Entry {
			switch kind := e.Resource.ResourceType; {
			case kind == "Patient":
				people[e.Request.IfNoneExist] = ownKeyOf(t, e.Resource.Identifier)
			case e.Request.IfNoneExist != "":
				created[kind+"?"+e.Request.IfNoneExist] = true
			case e.Request.Method == http.MethodPut && kind != "Provenance":
				last[e.Request.URL] = e.Resource.Status
			}
		}
	}
	count := map[string]int{}
	for reference, want := range last {
		kind, _, _ := strings.Cut(reference, "/")
		count[kind]++
		var got struct{ Status string }
		if h.get(t, reference, &got); got.Status != want {
			t.Errorf("%s is %s, the ledger's last status is %s", reference, got.Status, want)
		}
	}
	for kind, want := range count {
		if got := h.count(t, kind); got != want {
			t.Errorf("%d %ss on the server, want %d", got, kind, want)
		}
	}
	for search := range created {
		if got := h.count(t, search); got != 1 {
			t.Errorf("%s: %d on the server, want one", search, got)
		}
	}
	for query, own := range people {
		// A person whom an earlier referral knew by another identifier is there under that, and Convene's key.
		theirs, ours := h.count(t, "Patient?"+query), h.count(t, "Patient?identifier="+url.QueryEscape(own))
		if theirs > 1 || ours > 1 || theirs+ours == 0 {
			t.Errorf("Patient?%s: %d on the server, by Convene's key %s: %d; want one", query, theirs, own, ours)
		}
	}
	if got := h.count(t, "Provenance"); got != len(confirmed) {
		t.Logf("%d Provenances for %d confirmations", got, len(confirmed))
	}
	t.Logf("compared %d ServiceRequests, %d Tasks, %d patients and %d other resources", count["ServiceRequest"], count["Task"], len(people), len(created))
}

// ownKeyOf a patient: the identifier that Convene gave, "system|value".
func ownKeyOf(t *testing.T, identifiers []json.RawMessage) string {
	t.Helper()
	for _, data := range identifiers {
		var id struct{ System, Value string }
		must(t, json.Unmarshal(data, &id))
		if id.System == "https://convene.health/fhir/"+deliveredNetwork+"/patient" {
			return id.System + "|" + id.Value
		}
	}
	t.Fatal("a patient without Convene's key")
	return ""
}
