//go:build e2e

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/deliver"
)

const (
	rateRounds   = 14
	rateWarm     = 2  // rounds that warm the server up, and do not count
	rateBundles  = 80 // in a round, for each side
	rateInFlight = 8
	// rateLeast fails the test. The aim is 0.9, and 0.97 was measured on two busy cores (12 rounds in turn, from 0.75 to 1.50): too
	// near to tell from chance, so this catches what became slower and does not show that the aim is met.
	rateLeast = 0.6
)

// TestDeliverRate holds delivery to HAPI FHIR against a plain loop that posts bundles of the same kind, 8 in flight, round
// by round on the same server. Delivery orders, tags, guards and acknowledges on top.
func TestDeliverRate(t *testing.T) {
	h := startHAPI(t)
	w := newWeek(t, 2700)
	w.run(t)
	w.send(t)
	w.settle(t)
	bundles := firstBundles(t, w.path("confirmations.ndjson"))
	if need := 2 * rateRounds * rateBundles; len(bundles) < need {
		t.Fatalf("%d bundles, want %d", len(bundles), need)
	}
	ledger := newBareLedger(t)
	d := ledger.deliverer(t, h.base())
	var ratios []float64
	for round := range rateRounds {
		loop, ours := bundles[:rateBundles], bundles[rateBundles:2*rateBundles]
		bundles = bundles[2*rateBundles:]
		var plain, delivery float64
		refused := 0
		sides := []func(){
			func() { plain, refused = postAll(t, h.base(), loop) },
			func() { delivery = ledger.deliverAll(t, d, ours) },
		}
		if round%2 == 1 { // the server gets faster all the while: neither side always goes last
			slices.Reverse(sides)
		}
		for _, side := range sides {
			side()
		}
		t.Logf("round %d: delivery %.1f bundles/s, plain loop %.1f (%d refused), ratio %.2f", round, delivery, plain, refused, delivery/plain)
		if round >= rateWarm {
			ratios = append(ratios, delivery/plain)
		}
	}
	slices.Sort(ratios)
	median := (ratios[len(ratios)/2] + ratios[(len(ratios)-1)/2]) / 2
	t.Logf("median ratio %.2f of %d rounds", median, len(ratios))
	if median < rateLeast {
		t.Errorf("delivery is at %.2f of a plain loop, below %.2f", median, rateLeast)
	}
}

type keyed struct {
	key          string
	confirmation []byte
	bundle       json.RawMessage
}

// firstBundles of each referral: no two are about the same resource of Convene's.
func firstBundles(t *testing.T, path string) (all []keyed) {
	t.Helper()
	seen := map[string]bool{}
	confirmations, err := os.ReadFile(path)
	must(t, err)
	for line := range bytes.Lines(confirmations) {
		var c struct {
			Subject string
			Data    struct {
				Network string
				Bundle  json.RawMessage
			}
		}
		must(t, json.Unmarshal(line, &c))
		if id := c.Data.Network + c.Subject; c.Data.Bundle != nil && !seen[id] {
			seen[id] = true
			all = append(all, keyed{id, bytes.Clone(line), c.Data.Bundle})
		}
	}
	return all
}

// postAll as a client without any care would. It returns bundles a second, and how many the server did not take: two that
// create the same resource at once.
func postAll(t *testing.T, base string, bundles []keyed) (perSecond float64, notTaken int) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: rateInFlight}}
	jobs := make(chan keyed)
	var wg sync.WaitGroup
	var refused atomic.Int32
	began := time.Now()
	for range rateInFlight {
		wg.Go(func() {
			for b := range jobs {
				answer, err := client.Post(base, "application/fhir+json", bytes.NewReader(b.bundle))
				if err != nil {
					t.Error(err)
					continue
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				if answer.StatusCode != http.StatusOK {
					refused.Add(1)
				}
			}
		})
	}
	for _, b := range bundles {
		jobs <- b
	}
	close(jobs)
	wg.Wait()
	notTaken = int(refused.Load())
	return float64(len(bundles)-notTaken) / time.Since(began).Seconds(), notTaken
}

// bareLedger is a server with one network to which the test appends confirmations itself.
type bareLedger struct {
	server *worker.Server
	conn   *worker.Conn
	head   uint64
}

const bareNetwork = "rate"

func newBareLedger(t *testing.T) *bareLedger {
	t.Helper()
	network := worker.NetworkSources{Name: bareNetwork, Sources: []string{"ehr"}}
	s, err := worker.StartServer(worker.ServerConfig{Folder: t.TempDir(), Networks: []worker.NetworkSources{network}})
	must(t, err)
	t.Cleanup(s.Shutdown)
	l := &bareLedger{server: s}
	admin := l.connect(t, worker.User{Role: worker.RoleAdmin})
	must(t, worker.EnsureStreams(t.Context(), admin.JS, network, 1))
	l.conn = l.connect(t, worker.User{Role: worker.RoleWorker})
	return l
}

func (l *bareLedger) connect(t *testing.T, u worker.User) *worker.Conn {
	t.Helper()
	c, err := worker.Connect(worker.UserDial(l.server.URL(), l.server.Keys(), u))
	must(t, err)
	t.Cleanup(c.Close)
	return c
}

func (l *bareLedger) append(t *testing.T, confirmations []keyed) {
	t.Helper()
	var batch []worker.Msg
	for _, c := range confirmations {
		batch = append(batch, worker.Msg{Subject: worker.ConfirmationSubject(bareNetwork, "ehr", c.key), Data: c.confirmation})
	}
	batch = append(batch, worker.Msg{Subject: worker.HeadSubject(bareNetwork), Data: []byte("{}")})
	_, err := worker.Append(t.Context(), l.conn.JS, batch, worker.HeadSubject(bareNetwork), l.head)
	must(t, err)
	l.head += uint64(len(batch))
}

// deliverer runs until the test ends.
func (l *bareLedger) deliverer(t *testing.T, base string) *deliver.Deliverer {
	t.Helper()
	client, err := deliver.Login{}.Client(base, rateInFlight)
	must(t, err)
	d, err := deliver.New(l.connect(t, worker.User{Role: worker.RoleDelivery, Network: bareNetwork}), deliver.Config{
		Network: bareNetwork, Server: base, HTTP: client, Folder: filepath.Join(t.TempDir(), "refused"), InFlight: rateInFlight, Log: zerolog.Nop()})
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return d
}

// deliverAll confirmations, and return how many a second: from before they are in the ledger until the last is written.
func (l *bareLedger) deliverAll(t *testing.T, d *deliver.Deliverer, confirmations []keyed) float64 {
	t.Helper()
	want := d.Progress().Written + len(confirmations)
	began := time.Now()
	l.append(t, confirmations)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for p := d.Progress(); p.Written < want; p = d.Progress() {
		if p.Refused > 0 || time.Since(began) > deliveryMax {
			t.Fatalf("delivery: %+v", p)
		}
		<-tick.C
	}
	return float64(len(confirmations)) / time.Since(began).Seconds()
}
