package mllp

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/convene-health/convene/mapping/hl7v2"
	"github.com/convene-health/convene/worker"
)

// partner is an EHR that hears answers. Safe for concurrent use.
type partner struct {
	mu    sync.Mutex
	heard []string // MSH-10
	reply func(n int, id string) []byte
	came  chan bool
}

func (p *partner) handle(_ context.Context, message []byte, _ error) []byte {
	m, _ := hl7v2.Parse(message)
	id := m.First("MSH").Field(10).Text()
	p.mu.Lock()
	p.heard = append(p.heard, id)
	n := len(p.heard)
	p.mu.Unlock()
	defer func() { p.came <- true }()
	return p.reply(n, id)
}

// Answers reach the partner in order, each at least once, whatever it does: not there yet, silent, breaking off, refusing.
func TestDelivery(t *testing.T) {
	s := startNATS(t)
	admin := connect(t, s, worker.User{Role: worker.RoleAdmin})
	for i := range 4 {
		m := nats.NewMsg(worker.OutboundSubject("meadow", "harbor", "r1"))
		m.Data = messageOf(fmt.Sprint("m", i))
		if _, err := admin.Publish(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	on, err := net.Listen("tcp", "127.0.0.1:0") // an address where nobody answers yet
	if err != nil {
		t.Fatal(err)
	}
	address := on.Addr().String()
	on.Close()

	d := &Delivery{Conn: harbor(t, s), Network: "meadow", Source: "harbor", Sender: &Sender{Address: address, AnswerMax: 100 * time.Millisecond},
		Log: zerolog.New(zerolog.NewTestWriter(t)), first: time.Millisecond, most: 10 * time.Millisecond}
	ctx, cancel := context.WithCancel(t.Context())
	var delivering sync.WaitGroup
	delivering.Go(func() { d.Run(ctx) })

	p := &partner{came: make(chan bool, 100), reply: func(n int, id string) []byte {
		switch {
		case n == 1:
			return nil // silent once
		case n == 2:
			return ack("AA", "another")
		case id == "m1" && n < 5:
			return ack("AE", id)
		case id == "m2":
			return ack("AR", id) // never
		}
		return ack("CA", id)
	}}
	if on, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- (&Listener{Handle: p.handle}).Serve(ctx, on) }()
	for range 11 {
		<-p.came
	}
	cancel()
	delivering.Wait()
	if err := <-served; err != nil {
		t.Error(err)
	}
	// m0 is silent, then wrongly answered; m1 is refused once; m2 refusedMax times.
	want := "m0 m0 m0 m1 m1 m2 m2 m2 m2 m2 m3"
	if got := strings.Join(p.heard, " "); got != want {
		t.Errorf("heard %s, want %s", got, want)
	}
	info, err := admin.JS.Consumer(t.Context(), "OUTBOUND-meadow", "ehr-harbor")
	if err != nil || info.CachedInfo().NumPending != 0 {
		t.Errorf("%v: something waits", err)
	}
}

func TestBackoffGrowsToItsLimit(t *testing.T) {
	b := backoff{most: time.Second}
	var waits []time.Duration
	for range 5 {
		waits = append(waits, b.next())
	}
	want := []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second, time.Second, time.Second}
	if !slices.Equal(waits, want) {
		t.Error(waits)
	}
}
