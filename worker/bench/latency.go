package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/worker"
)

// Latency is the time from the storing of an input to the moment when the worker knows that all it caused is stored, at
// a steady rate, in milliseconds. Bare is a worker that reads the inputs the same way and stores messages of the same
// sizes without looking at them. Each figure is the median of its windows'.
type Latency struct {
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	BareP50 float64 `json:"bare_p50_ms"`
	BareP99 float64 `json:"bare_p99_ms"`
}

const (
	latencyWindows = 10 // half of them bare
	latencyRate    = 500
	latencySeconds = 10
)

func measureLatency(ctx context.Context, o Options, r *Result) error {
	events := o.scaled(latencyRate*latencySeconds, 50)
	w := newWorkload(o.Seed, events*latencyWindows/2, today())
	g, err := newRig(ctx, o)
	if err != nil {
		return err
	}
	defer g.close()
	ctx, stop := context.WithCancel(ctx)
	var working sync.WaitGroup
	defer working.Wait()
	defer stop()
	convene, echo := newWatch(network), newWatch(plain)
	n, err := g.open(ctx, w.Catalog, "", convene.observe)
	if err != nil {
		return err
	}
	working.Go(func() { convene.ended(n.Run(ctx)) })
	working.Go(func() { echo.ended((&echoWorker{rig: g, watch: echo, like: convene}).run(ctx)) })
	var p50, p99 [2][]float64
	for window := range latencyWindows {
		bare := window % 2
		on := []*watch{convene, echo}[bare]
		inputs := w.Inputs[window/2*events:][:events]
		o.Progress("latency: window %d of %d, %s", window+1, latencyWindows, []string{"convene", "bare"}[bare])
		took, err := g.window(ctx, on, inputs)
		if err != nil {
			return err
		}
		p50[bare], p99[bare] = append(p50[bare], median(took)), append(p99[bare], quantile(took, 0.99))
	}
	r.Latency = &Latency{median(p50[0]), median(p99[0]), median(p50[1]), median(p99[1])}
	return nil
}

// window publishes inputs at the rate and returns how long each took, in milliseconds.
func (g *rig) window(ctx context.Context, on *watch, inputs []mapping.Input) ([]float64, error) {
	first := on.last + 1
	if err := g.publish(ctx, on.network, inputs); err != nil {
		return nil, err
	}
	on.last += uint64(len(inputs))
	if err := on.wait(ctx, on.last); err != nil {
		return nil, err
	}
	intake, err := worker.OpenIntake(g.admin, on.network)
	if err != nil {
		return nil, err
	}
	defer intake.Close()
	took := make([]float64, 0, len(inputs))
	for after := first - 1; after < on.last; {
		chunk, err := intake.Read(ctx, after, 256)
		if err != nil || len(chunk.Inputs) == 0 {
			return nil, fmt.Errorf("input %d cannot be read: %w", after+1, err)
		}
		for _, in := range chunk.Inputs {
			took = append(took, float64(on.confirmed(in.Sequence).Sub(in.Stored).Microseconds())/1000)
			after = in.Sequence
		}
	}
	return took, nil
}

// publish sends inputs at the rate, whatever becomes of them, and waits until all are stored.
func (g *rig) publish(ctx context.Context, name string, inputs []mapping.Input) error {
	tick := time.NewTicker(time.Second / latencyRate)
	defer tick.Stop()
	for _, in := range inputs {
		if _, err := g.admin.JS.PublishMsgAsync(inputMsg(name, in)); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	select {
	case <-g.admin.JS.PublishAsyncComplete():
	case <-ctx.Done():
	}
	return ctx.Err()
}

// watch notes when inputs were confirmed.
type watch struct {
	network string
	last    uint64 // published

	mu      sync.Mutex
	batches []confirmedBatch
	moved   chan struct{} // signalled when a batch is noted
	failed  chan error
	// What was stored, for the echo.
	decisions, confirmations tally
}

// confirmedBatch: all inputs up to one were confirmed at a moment.
type confirmedBatch struct {
	upTo uint64
	at   time.Time
}

// tally sums sizes.
type tally struct{ messages, bytes int }

func (t tally) mean() int { return t.bytes / max(1, t.messages) }

func newWatch(name string) *watch {
	return &watch{network: name, moved: make(chan struct{}, 1), failed: make(chan error, 1)}
}

func (w *watch) ended(err error) {
	if err != nil {
		w.failed <- err
	}
}

func (w *watch) observe(o worker.Observation) {
	if o.Conflict {
		return
	}
	w.mu.Lock()
	for _, m := range o.Batch.Messages {
		t := &w.confirmations
		if m.Decision {
			t = &w.decisions
		}
		t.messages, t.bytes = t.messages+1, t.bytes+len(m.Data)
	}
	w.mu.Unlock()
	w.note(o.Batch.Head.Input)
}

// sizes of a decision and of a confirmation so far, on average, in bytes.
func (w *watch) sizes() (decision, confirmation int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.decisions.mean(), w.confirmations.mean()
}

func (w *watch) note(upTo uint64) {
	w.mu.Lock()
	w.batches = append(w.batches, confirmedBatch{upTo, time.Now()})
	w.mu.Unlock()
	select {
	case w.moved <- struct{}{}:
	default:
	}
}

// wait until an input is confirmed.
func (w *watch) wait(ctx context.Context, input uint64) error {
	for {
		w.mu.Lock()
		n := len(w.batches)
		reached := n > 0 && w.batches[n-1].upTo >= input
		w.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-w.moved:
		case err := <-w.failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// confirmed is when an input was.
func (w *watch) confirmed(input uint64) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	i, _ := slices.BinarySearchFunc(w.batches, input, func(b confirmedBatch, input uint64) int { return cmp.Compare(b.upTo, input) })
	return w.batches[i].at
}
