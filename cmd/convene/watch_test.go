//go:build e2e

package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// watchMax is how long a confirmation may take to be printed after the server is back.
const watchMax = time.Minute

// TestWatchReconnects: the server goes away while somebody watches. The watch says so, goes on by itself when it is back, and
// prints what came before, meanwhile and after once each.
func TestWatchReconnects(t *testing.T) {
	folder := t.TempDir()
	data, catalog := filepath.Join(folder, "data"), filepath.Join(folder, "catalog.yaml")
	must(t, os.WriteFile(catalog, []byte(watchCatalog), 0o600))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	must(t, err)
	must(t, listener.Close())
	send := func(n int) {
		file := filepath.Join(folder, fmt.Sprintf("%d.json", n))
		must(t, os.WriteFile(file, []byte(fmt.Sprintf(watchEvent, n)), 0o600))
		if out, err := exec.Command("convene", "send", "--data", data, "--network", "north", "--source", "clinic", file).CombinedOutput(); err != nil {
			t.Fatalf("send: %v\n%s", err, out)
		}
	}
	p := startWorker(t, "--data", data, "--catalog", catalog, "--port", port)

	watch := exec.Command("convene", "watch", "--data", data, "--network", "north", "--json", "--all", "-n", "4")
	said := &logFile{}
	watch.Stderr = said
	out, err := watch.StdoutPipe()
	must(t, err)
	must(t, watch.Start())
	defer func() { _ = watch.Process.Kill() }()
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	next := func(key string) {
		t.Helper()
		select {
		case line := <-lines:
			if !strings.Contains(line, `"subject":"`+key+`"`) {
				t.Fatalf("printed %.300s, want %s", line, key)
			}
		case <-time.After(watchMax):
			t.Fatalf("%s is not printed\n%s", key, said)
		}
	}
	// The catalog is the first input.
	send(1)
	next("r2")
	send(2)
	next("r3")
	p.stop(t)
	p = startWorker(t, "--data", data, "--catalog", catalog, "--port", port)
	send(3)
	next("r4")
	send(4)
	next("r5")
	if line, more := <-lines; more {
		t.Errorf("printed again: %.300s", line)
	}
	must(t, watch.Wait())
	p.stop(t)
}

const watchCatalog = `
network: north
zone: America/New_York
validFrom: 2026-11-01
organization: {name: North Network, identifier: {system: "http://hl7.org/fhir/sid/us-npi", value: "1000000004"}}
sources: [{name: clinic, production: true}]
sites: [{id: hall, name: Hall, address: {city: Boston, state: MA, postalCode: "02118"}}]
programs: [{id: copd-ed, name: Living with COPD, kind: education, conditions: [copd], goals: [skill-building]}]
groups:
  - {id: copd-1, program: copd-ed, seats: {min: 1, max: 6}, enrolment: rolling, mode: in-person, site: hall, sessions: {start: 2046-11-16, time: "17:00", count: 30}}
`

const watchEvent = `{"specversion":"1.0","id":"e%[1]d","source":"urn:ehr:clinic","type":"convene.referral.created","time":"2026-11-22T15:00:00Z",
 "data":{"referral":{"identifier":{"system":"https://orders.example","value":"o%[1]d"},
  "patient":{"identifiers":[{"system":"https://ids.example/mrn","value":"m%[1]d"}],"name":{"family":"Okafor","given":["Amara"]},
   "birthDate":"1961-05-05","gender":"female","address":{"state":"MA","postalCode":"02118"}},
  "conditions":[{"codes":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"J44.9"}]}]}}}`
