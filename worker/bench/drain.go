package bench

import (
	"context"
	"runtime"
	"strings"
	"time"

	"github.com/convene-health/convene/worker"
)

// Drain is how fast stored events are decided and their messages stored, each batch synced to disk, beside how fast
// the server stores the very same messages in the same batches from memory.
type Drain struct {
	EventsPerS float64 `json:"events_per_s"`
	BarePerS   float64 `json:"bare_per_s"`
	Ratio      float64 `json:"ratio"` // median of the runs' ratios
}

const drainRuns = 5

func measureDrain(ctx context.Context, o Options, r *Result) error {
	w := newWorkload(o.Seed, o.Events, today())
	g, err := newRig(ctx, o)
	if err != nil {
		return err
	}
	defer g.close()
	o.Progress("drain: storing %d events", o.Events)
	if err := g.load(ctx, w.Inputs); err != nil {
		return err
	}
	var drained, bare, ratio []float64
	for run := range drainRuns {
		o.Progress("drain: run %d of %d", run+1, drainRuns)
		took, err := g.drain(ctx, w)
		if err != nil {
			return err
		}
		alone, err := g.republish(ctx)
		if err != nil {
			return err
		}
		drained = append(drained, float64(o.Events)/took.Seconds())
		bare = append(bare, float64(o.Events)/alone.Seconds())
		ratio = append(ratio, alone.Seconds()/took.Seconds())
		o.Progress("drain: %.0f events/s, bare %.0f", drained[run], bare[run])
	}
	r.Drain = &Drain{EventsPerS: rounded(median(drained)), BarePerS: rounded(median(bare)), Ratio: rounded(median(ratio))}
	return nil
}

// drain lets the worker decide all that is stored, into an empty ledger.
func (g *rig) drain(ctx context.Context, w *workload) (took time.Duration, err error) {
	if err := g.emptyLedger(ctx, network); err != nil {
		return 0, err
	}
	open := func(observe func(worker.Observation)) (*worker.Network, error) {
		n, err := g.open(ctx, w.Catalog, "", observe)
		runtime.GC()
		return n, err
	}
	var began time.Time
	err = work(ctx, open, uint64(len(w.Inputs)), func() { began = time.Now() }, func() { took = time.Since(began) })
	return took, err
}

// republish stores the messages of the last drain again, batch for batch, in the ledger of the other network.
func (g *rig) republish(ctx context.Context) (time.Duration, error) {
	batches, err := g.batches(ctx)
	if err != nil {
		return 0, err
	}
	if err := g.emptyLedger(ctx, plain); err != nil {
		return 0, err
	}
	runtime.GC()
	began, head := time.Now(), uint64(0)
	for _, batch := range batches {
		if head, err = worker.Append(ctx, g.bare.JS, batch, worker.HeadSubject(plain), head); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

// batches of the ledger, addressed to the other network.
func (g *rig) batches(ctx context.Context) (batches [][]worker.Msg, err error) {
	ledger, err := worker.OpenLedger(g.bare, network)
	if err != nil {
		return nil, err
	}
	defer ledger.Close()
	var batch []worker.Msg
	for m, err := range ledger.All(ctx, 1) {
		if err != nil {
			return nil, err
		}
		batch = append(batch, worker.Msg{Subject: strings.Replace(m.Subject, "."+network+".", "."+plain+".", 1), Data: m.Data})
		if m.Subject == worker.HeadSubject(network) {
			batches, batch = append(batches, batch), nil
		}
	}
	return batches, nil
}
