package report

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/convene-health/convene/testdata/week"
	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/generate"
)

// A report of a ledger is that of its recording, decided again.
func TestLedgerAndRecordingAgree(t *testing.T) {
	folder, yaml := t.TempDir(), week.Catalogs()[0]
	path := filepath.Join(folder, "catalog.yaml")
	if err := os.WriteFile(path, yaml, 0o600); err != nil {
		t.Fatal(err)
	}
	host, err := worker.StartHost(t.Context(), worker.HostConfig{Folder: filepath.Join(folder, "data"), Catalogs: []string{path}, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- host.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		host.Close()
	})
	connect := func(u worker.User) *worker.Conn {
		c, err := worker.Connect(host.Dial(u))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	admin := connect(worker.User{Role: worker.RoleAdmin})
	last := sendAll(t, admin, yaml)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(20 * time.Second); host.Standings()["riverside"].Input < last; {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("not decided within 20 s")
		}
	}
	live, err := FromLedger(t.Context(), connect(worker.User{Role: worker.RoleDeskReader, Network: "riverside"}), "riverside")
	if err != nil {
		t.Fatal(err)
	}
	got, want := made(t, live), made(t, recorded(t, admin))
	if !bytes.Equal(got, want) {
		t.Errorf("the ledger says\n%s\nits recording\n%s", got, want)
	}
	var r Report
	if err := json.Unmarshal(got, &r); err != nil || r.Total.Received == nil || *r.Total.Received < 100 {
		t.Errorf("the rig sent more: %s, %v", got, err)
	}
}

// sendAll publishes some referrals and what goes with them, and gives the last input.
func sendAll(t *testing.T, admin *worker.Conn, yaml []byte) (last uint64) {
	t.Helper()
	lines, err := generate.Generate(generate.Options{Seed: 4, Count: 120, Start: time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC), Catalogs: [][]byte{yaml}})
	if err != nil {
		t.Fatal(err)
	}
	for l := range lines {
		if l.Catalog != nil || strings.HasPrefix(l.Input.Source, "_") {
			continue
		}
		m := nats.NewMsg(worker.InputSubject("riverside", l.Input.Source))
		m.Data = l.Input.Data
		for name, value := range l.Input.Header {
			m.Header.Set(name, value)
		}
		ack, err := admin.Publish(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		last = ack.Sequence
	}
	return last
}

// recorded is what a recording of the network holds.
func recorded(t *testing.T, admin *worker.Conn) *Collector {
	t.Helper()
	path := filepath.Join(t.TempDir(), "recorded.ndjson")
	var b bytes.Buffer
	if _, err := worker.Record(t.Context(), admin, []string{"riverside"}, &b, false); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	replay, err := worker.NewReplay(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := FromReplay{Replay: replay}
	for line, err := range worker.ReadEventFile(path) {
		if err == nil {
			err = f.Line(line)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return f.Networks()["riverside"]
}

func made(t *testing.T, c *Collector) []byte {
	t.Helper()
	r, err := c.Make(Options{By: []string{"program", "site", "source", "language", "payer"}})
	if err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return line
}
