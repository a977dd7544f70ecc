package worker

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
)

// feed reads inputs ahead of the decisions and decodes them, in parallel, in order.
type feed struct {
	out    chan []engine.Read
	failed chan error
	stop   context.CancelFunc
	ended  chan struct{}
}

// feedChunk is how many inputs are read at once.
const feedChunk = 256

// openFeed reads on from the position of the state.
func (n *Network) openFeed(ctx context.Context) *feed {
	after := n.fold.state.Position.Input
	if n.fold.state.Position.More {
		after--
	}
	ctx, stop := context.WithCancel(ctx)
	f := &feed{out: make(chan []engine.Read, 4), failed: make(chan error, 1), stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(f.ended)
		for ctx.Err() == nil {
			if err := f.next(ctx, n.intake, &after); err != nil && ctx.Err() == nil {
				f.failed <- fmt.Errorf("intake: %w", err)
				return
			}
		}
	}()
	return f
}

func (f *feed) close() {
	f.stop()
	<-f.ended
}

// next reads, decodes and hands on one chunk, or waits for more.
func (f *feed) next(ctx context.Context, intake *Intake, after *uint64) error {
	chunk, err := intake.Read(ctx, *after, feedChunk)
	if len(chunk.Inputs) == 0 {
		if err != nil {
			return err
		}
		return intake.Wait(ctx)
	}
	for reads := range withGaps(decodeAll(chunk.Inputs), chunk.Gaps) {
		select {
		case f.out <- reads:
			*after = reads[len(reads)-1].Sequence
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// decodeAll decodes inputs on two cores.
func decodeAll(inputs []mapping.Input) []engine.Read {
	reads := make([]engine.Read, len(inputs))
	decode := func(from, to int) {
		for i := from; i < to; i++ {
			reads[i] = engine.Decode(inputs[i])
		}
	}
	if len(inputs) < 16 {
		decode(0, len(inputs))
		return reads
	}
	var wg sync.WaitGroup
	wg.Go(func() { decode(0, len(inputs)/2) })
	decode(len(inputs)/2, len(inputs))
	wg.Wait()
	return reads
}

// withGaps puts a mark in the place of each input that is gone, so that the head accounts for it. A gap of any width, as a log
// has that was cut below the head, is handed on a chunk at a time.
func withGaps(reads []engine.Read, gaps []Gap) iter.Seq[[]engine.Read] {
	return func(yield func([]engine.Read) bool) {
		for _, gap := range gaps {
			i := slices.IndexFunc(reads, func(r engine.Read) bool { return r.Sequence > gap.To })
			if i > 0 && !yield(reads[:i:i]) {
				return
			}
			reads = reads[i:]
			for from := gap.From; from <= gap.To; from += feedChunk {
				if !yield(gone(from, min(from+feedChunk-1, gap.To), &reads[0])) {
					return
				}
			}
		}
		yield(reads)
	}
}

// gone are marks for the inputs from one to another, of the time of what came after them.
func gone(from, to uint64, before *engine.Read) []engine.Read {
	out := make([]engine.Read, 0, to-from+1)
	for seq := from; seq <= to; seq++ {
		r := engine.Read{Gone: true}
		r.Sequence, r.Network, r.Stored = seq, before.Network, before.Stored
		out = append(out, r)
	}
	return out
}
