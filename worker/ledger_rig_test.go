package worker

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
)

// ledgerCatalog of network north: one program whose group has a given number of seats, and one that makes offers.
func ledgerCatalog(seats int) []byte {
	return fmt.Appendf(nil, `
network: north
zone: America/New_York
validFrom: 2026-11-01
organization: {name: North Network, identifier: {system: "http://hl7.org/fhir/sid/us-npi", value: "1000000004"}}
sources: [{name: clinic, production: true}, {name: hospital, production: true}]
assigners: [{system: "https://ids.north.example/mpi"}]
sites: [{id: hall, name: Hall, address: {city: Boston, state: MA, postalCode: "02118"}}]
leaders: [{id: lena, family: Lead, given: [Lena], type: professional, licences: [{title: RN, state: MA, to: 2039-12-31}]}]
programs:
  - {id: copd-ed, name: Living with COPD, kind: education, conditions: [copd], goals: [skill-building]}
  - {id: pain, name: Pain skills, kind: skills, conditions: [chronic_pain], goals: [coping-strategies], acceptance: offer}
groups:
  - {id: copd-1, program: copd-ed, leader: lena, seats: {min: 1, max: %d}, enrolment: rolling, mode: in-person, site: hall, sessions: {start: 2036-11-17, time: "17:00", count: 30}}
  - {id: pain-1, program: pain, leader: lena, seats: {min: 1, max: 1}, enrolment: rolling, mode: in-person, site: hall, sessions: {start: 2036-11-17, time: "17:00", count: 30}}
`, seats)
}

// ledgerTest is one network on an embedded server, with a worker whose clock can be moved.
type ledgerTest struct {
	*testing.T
	server *Server
	admin  *Conn
	folder string
	log    bytes.Buffer
	logger zerolog.Logger // to log, from any number of workers

	mu    sync.Mutex
	ahead time.Duration
	// takeOver of workers started from now on; zero: the only one.
	takeOver time.Duration

	network *Network
	stop    func()
}

func newLedgerTest(t *testing.T, seats int) *ledgerTest {
	l := &ledgerTest{T: t, server: startTest(t), folder: t.TempDir()}
	l.admin, l.logger = connectTest(t, l.server, User{Role: RoleAdmin}), zerolog.New(zerolog.SyncWriter(&l.log))
	l.start()
	l.catalog(seats)
	return l
}

func (l *ledgerTest) now() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Now().Add(l.ahead)
}

func (l *ledgerTest) advance(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ahead += d
}

// start opens the network and works it until the test, or stop, ends it.
func (l *ledgerTest) start() {
	l.Helper()
	conn := connectTest(l.T, l.server, User{Role: RoleWorker})
	n, err := OpenNetwork(l.Context(), conn, NetworkConfig{Name: "north", Now: l.now, TakeOver: l.takeOver, Snapshot: filepath.Join(l.folder, "north"), Log: l.logger})
	if err != nil {
		l.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	l.network, l.stop = n, sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			l.Errorf("the worker stopped: %v", err)
		}
	})
	l.Cleanup(l.stop)
}

func (l *ledgerTest) catalog(seats int) {
	l.Helper()
	if err := ApplyCatalog(l.Context(), l.admin, "north", ledgerCatalog(seats), "test"); err != nil {
		l.Fatal(err)
	}
}

// refer publishes referrals numbered from to, and returns the sequence of the last.
func (l *ledgerTest) refer(code string, from, to int) (last uint64) {
	l.Helper()
	for i := from; i <= to; i++ {
		data, err := event.Encode(&mapping.Event{Type: mapping.ReferralCreated, ID: fmt.Sprint("e", i), Source: "clinic", Referral: &mapping.Referral{
			Identifier: mapping.Identifier{System: "https://orders.example", Value: fmt.Sprint("order", i)},
			Patient: mapping.Patient{
				Identifiers: []mapping.Identifier{{System: "https://ids.north.example/mpi", Value: fmt.Sprint("person", i)}},
				Name:        mapping.Name{Family: fmt.Sprint("Testfamily", i), Given: []string{"Pat"}}, BirthDate: "1961-05-05", Gender: "female",
			},
			Conditions: []mapping.Condition{{Codes: []mapping.Code{{System: mapping.SystemICD10CM, Code: code}}}},
		}})
		if err != nil {
			l.Fatal(err)
		}
		last = l.publish("clinic", data)
	}
	return last
}

func (l *ledgerTest) publish(source string, data []byte) uint64 {
	l.Helper()
	ack, err := l.admin.Publish(l.Context(), &nats.Msg{Subject: InputSubject("north", source), Data: data, Header: nats.Header{}})
	if err != nil {
		l.Fatal(err)
	}
	return ack.Sequence
}

// decided waits until an input is decided.
func (l *ledgerTest) decided(input uint64) {
	l.Helper()
	ledger, err := OpenLedger(l.admin, "north")
	if err != nil {
		l.Fatal(err)
	}
	defer ledger.Close()
	if _, err := decidedAt(l.Context(), ledger, input); err != nil {
		l.Fatal(err)
	}
}

// verify returns the faults that Verify finds.
func (l *ledgerTest) verify() *Report {
	l.Helper()
	report, err := Verify(l.Context(), l.admin, "north", nil)
	if err != nil {
		l.Fatal(err)
	}
	return report
}

func (l *ledgerTest) sound() *Report {
	l.Helper()
	r := l.verify()
	if len(r.Faults) > 0 {
		l.Fatalf("faults: %s", strings.Join(r.Faults, "\n"))
	}
	return r
}

// confirmations on the ledger of which ok holds.
func (l *ledgerTest) confirmations(ok func(string) bool) (n int) {
	l.Helper()
	ledger, err := OpenLedger(l.admin, "north")
	if err != nil {
		l.Fatal(err)
	}
	defer ledger.Close()
	for m, err := range ledger.All(l.Context(), 1) {
		if err != nil {
			l.Fatal(err)
		}
		if strings.HasPrefix(m.Subject, "placements.") && ok(string(m.Data)) {
			n++
		}
	}
	return n
}

func has(text string) func(string) bool {
	return func(s string) bool { return strings.Contains(s, text) }
}
