package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/convene-health/convene/testdata/week"
	"github.com/convene-health/convene/worker/generate"
)

// TestRecordReplays: send -> run -> record -> replay gives run's confirmations, byte for byte, and the ledger checks out.
func TestRecordReplays(t *testing.T) {
	w := newWeek(t, 80)
	p := w.run(t)
	w.send(t)
	w.settle(t)
	w.replays(t)
	p.stop(t)
}

// weekRun is an embedded worker of the recorded week's networks, and what is sent to it.
type weekRun struct {
	folder, data, events string
	catalogs             []string
}

// newWeek makes up events of this many referrals, the same each time but for their dates, which are around now.
func newWeek(t testing.TB, referrals int) *weekRun {
	folder := t.TempDir()
	w := &weekRun{folder: folder, data: filepath.Join(folder, "data"), events: filepath.Join(folder, "events.ndjson")}
	for _, yaml := range week.Catalogs() {
		path := filepath.Join(folder, networkOfCatalog(t, yaml)+".yaml")
		must(t, os.WriteFile(path, yaml, 0o600))
		w.catalogs = append(w.catalogs, "--catalog", path)
	}
	w.more(t, referrals, 11)
	return w
}

// more makes up the events to send next.
func (w *weekRun) more(t testing.TB, referrals int, seed uint64) {
	t.Helper()
	makeEvents(t, w.events, generate.Options{Seed: seed, Count: referrals, Start: time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC), Catalogs: week.Catalogs()})
}

func (w *weekRun) run(t testing.TB) *process {
	t.Helper()
	return startWorker(t, append([]string{"--data", w.data, "--port", "0"}, w.catalogs...)...)
}

func (w *weekRun) send(t testing.TB) {
	t.Helper()
	convene(t, "send", "--data", w.data, w.events)
}

var weekNetworks = []string{"lakeside", "riverside"}

// settle waits until everything sent is decided, and keeps the confirmations.
func (w *weekRun) settle(t testing.TB) {
	t.Helper()
	var all []byte
	for _, network := range weekNetworks {
		f := follow(t, w.data, network)
		all = append(all, f.confirmations(t, f.lastInput(t))...)
	}
	must(t, os.WriteFile(w.path("confirmations.ndjson"), all, 0o600))
}

// replays records the running worker's ledger and expects the replay to give the confirmations kept, and the ledger to
// check out.
func (w *weekRun) replays(t testing.TB) {
	t.Helper()
	convene(t, "record", "--data", w.data, "-o", w.path("recorded.ndjson"))
	t.Log(convene(t, "replay", "--expect", w.path("confirmations.ndjson"), w.path("recorded.ndjson")))
	t.Log(convene(t, "verify", "--data", w.data))
}

func (w *weekRun) path(name string) string { return filepath.Join(w.folder, name) }
