//go:build e2e

package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping/hl7v2"
	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/mllp"
)

// hl7Run is a worker that listens by MLLP, as a process, on the network Meadow with Orchard sending HL7 v2.
type hl7Run struct {
	folder, data, catalog, address string
	args                           []string
	process                        *process
}

func newHL7Run(t *testing.T, args ...string) *hl7Run {
	t.Helper()
	folder := t.TempDir()
	yaml, err := os.ReadFile("../../testdata/story/meadow.yaml")
	must(t, err)
	const orchard = "{name: orchard, production: true}"
	if !strings.Contains(string(yaml), orchard) {
		t.Fatal("the catalog has no " + orchard)
	}
	r := &hl7Run{folder: folder, data: filepath.Join(folder, "data"), catalog: filepath.Join(folder, "meadow.yaml"), address: freeAddress(t), args: args}
	must(t, os.WriteFile(r.catalog, []byte(strings.Replace(string(yaml), orchard, "{name: orchard, production: true, format: hl7v2}", 1)), 0o600))
	r.start(t)
	return r
}

// freeAddress is one on which nobody listens now.
func freeAddress(t testing.TB) string {
	t.Helper()
	on, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer on.Close()
	return on.Addr().String()
}

func (r *hl7Run) start(t *testing.T) {
	t.Helper()
	r.process = startWorker(t, append([]string{"--data", r.data, "--port", "0", "--catalog", r.catalog, "--mllp", r.address + "=meadow/orchard"}, r.args...)...)
}

// referralMessage is a REF^I12 of its own patient and order.
func referralMessage(n int) []byte {
	return fmt.Appendf(nil, "MSH|^~\\&|ORCHARD|ORCHARD CLINIC|CONVENE|MEADOW|20261109090000-0500||REF^I12^REF_I12|M-%d|P|2.5.1|||AL|AL\r"+
		"RF1||R||||O-%d^ORCHARD\rPRD|RP|REYES^TOMAS\rPID|1||P-%d^^^ORCHARD^MR||PERSON%d^PAT||1960%02d%02d|F|||1 Elm St^^AMHERST^MA^01002\rDG1|1||J44.9^COPD^I10\r",
		n, n, n, n, n%12+1, n%28+1)
}

const (
	mllpMessages    = 10_000
	mllpConnections = 20
)

// TestMLLPKilled kills the worker, and with it the embedded server, in the middle of 10,000 messages on 20 connections. Every message that
// got a positive answer is in REFERRALS, each referral is there once, and each is answered.
func TestMLLPKilled(t *testing.T) {
	r := newHL7Run(t)
	var mu sync.Mutex
	acked, again := map[string]bool{}, 0
	half := make(chan bool)
	work := make(chan int)
	var senders sync.WaitGroup
	for range mllpConnections {
		senders.Go(func() {
			s := &mllp.Sender{Address: r.address, AnswerMax: 10 * time.Second}
			defer s.Close()
			for n := range work {
				for end := time.Now().Add(time.Minute); s.Send(t.Context(), referralMessage(n)) != nil; {
					mu.Lock()
					again++
					mu.Unlock()
					if time.Now().After(end) {
						t.Errorf("message %d is never acknowledged", n)
						break
					}
					pause(t.Context(), 20*time.Millisecond)
				}
				mu.Lock()
				if acked[fmt.Sprint("M-", n)] = true; len(acked) == mllpMessages/2 {
					close(half)
				}
				mu.Unlock()
			}
		})
	}
	go func() {
		defer close(work)
		for n := range mllpMessages {
			work <- n
		}
	}()
	<-half
	r.process.kill()
	r.start(t)
	senders.Wait()

	f := follow(t, r.data, "meadow")
	last := f.lastInput(t)
	f.confirmations(t, last)
	stored := storedIDs(t, f)
	for id := range acked {
		if !stored[id] {
			t.Errorf("%s was acknowledged and is not stored", id)
		}
	}
	var report worker.Report
	must(t, json.Unmarshal([]byte(convene(t, "verify", "--json", "--network", "meadow", "--data", r.data)), &report))
	if len(report.Faults) > 0 || report.Pending > 0 || report.Counts.Referrals != mllpMessages {
		t.Errorf("verify: %+v", report)
	}
	orders := answeredOrders(t, f)
	if len(orders) != mllpMessages {
		t.Errorf("%d referrals are answered", len(orders))
	}
	t.Logf("%d messages acknowledged, %d attempts failed, %d inputs stored, %d referrals", len(acked), again, last, report.Counts.Referrals)
	r.process.stop(t)
}

// storedIDs are the MSH-10 of all that Orchard sent.
func storedIDs(t *testing.T, f *follower) map[string]bool {
	t.Helper()
	in, err := worker.OpenIntake(f.conn, f.network)
	must(t, err)
	defer in.Close()
	ids := map[string]bool{}
	for after := uint64(0); ; {
		chunk, err := in.Read(t.Context(), after, 1000)
		must(t, err)
		if len(chunk.Inputs) == 0 {
			return ids
		}
		for _, i := range chunk.Inputs {
			m, _ := hl7v2.Parse(i.Data)
			ids[m.First("MSH").Field(10).Text()], after = true, i.Sequence
		}
	}
}

// answeredOrders waits until each order has its answer; none has two with one id.
func answeredOrders(t *testing.T, f *follower) map[string]bool {
	t.Helper()
	orders, ids := map[string]bool{}, map[string]bool{}
	stream, err := f.conn.JS.Stream(t.Context(), worker.OutboundStream(f.network))
	must(t, err)
	next := uint64(1)
	for end := time.Now().Add(2 * time.Minute); len(orders) < mllpMessages && time.Now().Before(end); {
		info, err := stream.Info(t.Context())
		must(t, err)
		for ; next <= info.State.LastSeq; next++ {
			stored, err := stream.GetMsg(t.Context(), next)
			must(t, err)
			m, _ := hl7v2.Parse(stored.Data)
			id := m.First("MSH").Field(10).Text()
			if ids[id] {
				t.Errorf("answer %s is there twice", id)
			}
			if ids[id] = true; m.First("RF1") != nil {
				orders[m.First("RF1").Field(6).Component(1).Text()] = true
			}
		}
		pause(t.Context(), 50*time.Millisecond)
	}
	return orders
}
