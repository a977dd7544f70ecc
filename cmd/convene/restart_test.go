//go:build e2e

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReplayAfterKillAndRestarts: a worker killed while it decides, then restarted with its snapshot and without,
// has confirmed what one replay of the record confirms, byte for byte.
func TestReplayAfterKillAndRestarts(t *testing.T) {
	w := newWeek(t, 1500)
	p := w.run(t)
	f := follow(t, w.data, "riverside")
	sending := exec.Command("convene", "send", "--data", w.data, w.events)
	must(t, sending.Start())
	f.confirmations(t, 200)
	p.kill() // the embedded server with it
	_ = sending.Wait()

	p = w.run(t)
	if last := follow(t, w.data, "riverside").lastInput(t); last < 200 {
		t.Fatalf("%d inputs stored before the kill, want 200 at least", last)
	}
	w.send(t) // all again: what came twice changes nothing
	w.settle(t)
	w.replays(t)
	p.stop(t)

	snapshots, err := filepath.Glob(filepath.Join(w.data, "snapshots", "*"))
	must(t, err)
	if len(snapshots) != len(weekNetworks) {
		t.Fatalf("snapshots %v, want one a network", snapshots)
	}
	p = w.run(t) // with them
	w.more(t, 300, 12)
	w.send(t)
	w.settle(t)
	w.replays(t)
	p.stop(t)
	if log := p.logs.String(); strings.Contains(log, "snapshot discarded") {
		t.Errorf("the snapshots were not used:\n%s", tail(log))
	}

	for _, s := range snapshots {
		must(t, os.Remove(s))
	}
	p = w.run(t) // without
	w.more(t, 300, 13)
	w.send(t)
	w.settle(t)
	w.replays(t)
	p.stop(t)
}
