package desk

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/worker"
)

// catalog of network north: a group of one seat, so that the second waits; one that makes offers; one that began two weeks
// ago and meets daily.
func catalog(now time.Time) string {
	return fmt.Sprintf(`
network: north
zone: America/New_York
validFrom: %[1]s
organization: {name: North Network, identifier: {system: "http://hl7.org/fhir/sid/us-npi", value: "1000000004"}}
sources: [{name: clinic, production: true}]
assigners: [{system: "https://ids.north.example/mpi"}]
sites: [{id: hall, name: Hall, address: {city: Boston, state: MA, postalCode: "02118"}}]
leaders:
  - {id: lena, family: Lead, given: [Lena], type: professional, licences: [{title: RN, state: MA, to: 2049-12-31}]}
  - {id: omar, family: Other, given: [Omar], type: professional, licences: [{title: RN, state: MA, to: 2049-12-31}]}
programs:
  - {id: copd-ed, name: Living with COPD, kind: education, conditions: [copd], goals: [skill-building]}
  - {id: walk, name: Walking, kind: exercise-rehab, conditions: [hypertension], attendance: expected}
  - {id: pain, name: Pain skills, kind: skills, conditions: [chronic_pain], goals: [coping-strategies], acceptance: offer}
  - {id: sleep, name: Sleeping better, kind: skills, conditions: [insomnia], goals: [coping-strategies], acceptance: leader}
  - {id: breath, name: Breathing together, kind: skills, conditions: [asthma], goals: [coping-strategies], admission: therapist}
groups:
  - {id: copd-1, program: copd-ed, leader: lena, seats: {min: 1, max: 1}, enrolment: rolling, mode: in-person, site: hall, sessions: {start: 2046-11-16, time: "17:00", count: 30}}
  - {id: sleep-1, program: sleep, leader: lena, seats: {min: 1, max: 1}, enrolment: rolling, mode: in-person, site: hall, sessions: {start: 2046-11-16, time: "17:00", count: 30}}
  - {id: breath-1, program: breath, leader: lena, seats: {min: 1, max: 2}, enrolment: rolling, mode: in-person, site: hall, sessions: {start: 2046-11-16, time: "17:00", count: 30}}
  - {id: pain-1, program: pain, leader: omar, seats: {min: 1, max: 6}, enrolment: rolling, mode: in-person, site: hall, sessions: {start: 2046-11-16, time: "17:00", count: 30}}
  - {id: walk-1, program: walk, leader: lena, seats: {min: 1, max: 6}, enrolment: rolling, mode: in-person, site: hall, sessions: {start: %[1]s, time: "00:01", every: daily, count: 60}}
`, now.AddDate(0, 0, -14).Format(time.DateOnly))
}

var everyone = []Person{
	{ID: "vera", Role: Viewer},
	{ID: "ana", Name: "Ana Ruiz", Role: Coordinator},
	{ID: "bo", Name: "Bo Li", Role: Coordinator},
	{ID: "sam", Role: Supervisor},
	{ID: "sue", Role: Supervisor},
	{ID: "cho", Name: "D. Cho", Role: Viewer, Function: "psychiatrist"},
	{ID: "lena", Role: Leader, Leader: "lena"},
	{ID: "far", Role: Coordinator, Networks: []string{"south"}},
}

// rig is a worker and a desk of its own, on one network.
type rig struct {
	*testing.T
	folder string
	host   *worker.Host
	desk   *Desk
	stop   func() // the desk alone

	mu    sync.Mutex
	links map[string]string // the latest, by person
	log   strings.Builder
	sent  int
}

func newRig(t *testing.T, change func(*Config)) *rig {
	r := &rig{T: t, folder: t.TempDir(), links: map[string]string{}}
	file := filepath.Join(r.folder, "north.yaml")
	if err := os.WriteFile(file, []byte(catalog(time.Now())), 0o600); err != nil {
		t.Fatal(err)
	}
	host, err := worker.StartHost(t.Context(), worker.HostConfig{Folder: r.folder, Catalogs: []string{file}, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	r.host = host
	ctx, stop := context.WithCancel(context.Background())
	var working sync.WaitGroup
	working.Go(func() { _ = host.Run(ctx) })
	t.Cleanup(func() { stop(); working.Wait(); host.Close() })
	r.startDesk("127.0.0.1:0", change)
	return r
}

// startDesk on an address; once more after stop.
func (r *rig) startDesk(address string, change func(*Config)) {
	config := Config{Address: address, Folder: r.folder, People: everyone, Log: zerolog.New(lockedWriter{r}), Told: func(p Person, link string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.links[p.ID] = link
	}, Networks: []NetworkConfig{{
		Name:   "north",
		Reader: r.host.Dial(worker.User{Role: worker.RoleDeskReader, Network: "north"}),
		Actor:  r.host.Dial(worker.User{Role: worker.RoleDesk, Network: "north"}),
	}}}
	if change != nil {
		change(&config)
	}
	ctx, cancel := context.WithCancel(context.Background())
	d, err := Start(ctx, config)
	if err != nil {
		cancel()
		r.Fatal(err)
	}
	r.desk = d
	r.stop = sync.OnceFunc(func() { cancel(); d.Wait() })
	r.Cleanup(r.stop)
}

type lockedWriter struct{ *rig }

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

// send a referral of a patient with conditions, and wait until it is decided and the desk knows.
func (r *rig) send(family string, conditions ...string) (key string) {
	r.Helper()
	r.sent++
	id := fmt.Sprint(r.sent)
	input, err := worker.PublishEvent(r.Context(), r.host.Admin(), "north", &mapping.Event{
		Type: mapping.ReferralCreated, Source: "clinic", ID: "e" + id, Referral: &mapping.Referral{
			Identifier: mapping.Identifier{System: "https://clinic.example/orders", Value: id},
			Patient: mapping.Patient{
				Identifiers: []mapping.Identifier{{System: "https://ids.north.example/mpi", Value: id}},
				Name:        mapping.Name{Family: family, Given: []string{"Test"}}, BirthDate: "1961-05-0" + id[:1], Gender: "female",
				Address: mapping.Address{State: "MA", PostalCode: "02118"},
			},
			Conditions: coded(conditions),
		},
	})
	if err != nil {
		r.Fatal(err)
	}
	r.decided(input)
	return fmt.Sprintf("r%d", input)
}

func coded(icd10 []string) (list []mapping.Condition) {
	for _, code := range icd10 {
		list = append(list, mapping.Condition{Codes: []mapping.Code{{System: "http://hl7.org/fhir/sid/icd-10-cm", Code: code}}})
	}
	return list
}

func (r *rig) decided(input uint64) []*Entry {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	caused, _, err := r.desk.boards["north"].Outcome(ctx, input)
	if err != nil {
		r.Fatal(err)
	}
	return caused
}

// browser of a person; empty: of nobody.
type browser struct {
	*rig
	client *http.Client
}

func (r *rig) browser(person string) *browser {
	r.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.Fatal(err)
	}
	b := &browser{r, &http.Client{Jar: jar}}
	if person != "" {
		r.mu.Lock()
		link := r.links[person]
		r.mu.Unlock()
		if status, _ := b.get(strings.TrimPrefix(link, r.desk.URL)); status != http.StatusOK {
			r.Fatalf("%s cannot sign in: %d", person, status)
		}
	}
	return b
}

func (b *browser) get(path string) (int, string) {
	b.Helper()
	return b.ask(http.MethodGet, path, nil)
}

func (b *browser) post(path string, form url.Values) (int, string) {
	b.Helper()
	return b.ask(http.MethodPost, path, form)
}

func (b *browser) ask(method, path string, form url.Values) (int, string) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), method, b.desk.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	response, err := b.client.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// must get a page.
func (b *browser) must(path string) string {
	b.Helper()
	status, body := b.get(path)
	if status != http.StatusOK {
		b.Fatalf("%s: %d\n%s", path, status, body)
	}
	return body
}

// events of a stream, one at a time.
type events struct {
	*browser
	body  io.Reader
	lines *bufio.Scanner
	close func()
}

type sent struct{ name, id, data string }

// follow a stream from a position on, given as browsers do after a break, or in the address.
func (b *browser) follow(address, lastID string) *events {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, b.desk.URL+address, nil)
	if err != nil {
		b.Fatal(err)
	}
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	response, err := b.client.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		b.Fatalf("%s: %d", address, response.StatusCode)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 8<<20)
	e := &events{b, response.Body, lines, func() { response.Body.Close() }}
	b.Cleanup(e.close)
	return e
}

// next event of this name.
func (e *events) next(name string) (s sent) {
	e.Helper()
	var data strings.Builder
	for e.lines.Scan() {
		line := e.lines.Text()
		field, value, _ := strings.Cut(line, ": ")
		switch field {
		case "event":
			s.name = value
		case "id":
			s.id = value
		case "data":
			data.WriteString(value + "\n")
		}
		if line == "" {
			if s.name == name {
				s.data = data.String()
				return s
			}
			s = sent{}
			data.Reset()
		}
	}
	e.Fatalf("the stream ended: %v", e.lines.Err())
	return s
}
