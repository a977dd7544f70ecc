package bench

import (
	"context"
	"path/filepath"
	"runtime"
	"time"

	"github.com/convene-health/convene/worker"
)

// Startup is how long a worker takes until it is ready, in seconds, with placementsFull placements on the ledger: from
// a snapshot, and from the ledger alone. The catalog, a group for every eight events, is loaded within that time.
type Startup struct {
	Snapshot float64 `json:"snapshot_s"`
	Fold     float64 `json:"fold_s"`
}

// placementsFull is how many placements the ledger holds in a full run. One event of twenty makes none.
const placementsFull = 200_000

func measureStartup(ctx context.Context, o Options, r *Result) error {
	w := newWorkload(o.Seed, o.scaled(placementsFull*20/19, 100), today())
	g, err := newRig(ctx, o)
	if err != nil {
		return err
	}
	defer g.close()
	o.Progress("startup: a ledger of %d events", len(w.Inputs))
	if err := g.load(ctx, w.Inputs); err != nil {
		return err
	}
	snapshot := filepath.Join(g.folder, "snapshot")
	open := func(observe func(worker.Observation)) (*worker.Network, error) {
		return g.open(ctx, w.Catalog, snapshot, observe)
	}
	if err := work(ctx, open, uint64(len(w.Inputs)), func() {}, func() {}); err != nil {
		return err
	}
	last := uint64(len(w.Inputs))
	w.Inputs = nil
	o.Progress("startup: with a snapshot, without one")
	s := &Startup{}
	if s.Snapshot, err = g.startWorker(ctx, w.Catalog, snapshot, last); err != nil {
		return err
	}
	s.Fold, err = g.startWorker(ctx, w.Catalog, "", last)
	r.Startup = s
	return err
}

// startWorker opens the network and returns the seconds until it was ready, at input last.
func (g *rig) startWorker(ctx context.Context, catalog []byte, snapshot string, last uint64) (float64, error) {
	runtime.GC()
	began := time.Now()
	n, err := g.open(ctx, catalog, snapshot, nil)
	took := rounded(time.Since(began).Seconds())
	if err == nil && n.Standing().Input != last {
		err = errStalled
	}
	return took, err
}
