package worker

import (
	"context"
	"fmt"
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
	reads := decodeAll(chunk.Inputs)
	reads = withGaps(reads, chunk.Gaps)
	*after = chunk.Inputs[len(chunk.Inputs)-1].Sequence
	select {
	case f.out <- reads:
	case <-ctx.Done():
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

// withGaps puts a mark in the place of inputs that are gone, so that the head accounts for them.
func withGaps(reads []engine.Read, gaps []Gap) []engine.Read {
	if len(gaps) == 0 {
		return reads
	}
	var out []engine.Read
	for _, r := range reads {
		for len(gaps) > 0 && gaps[0].From < r.Sequence {
			for seq := gaps[0].From; seq <= gaps[0].To; seq++ {
				gone := engine.Read{Gone: true}
				gone.Sequence, gone.Network, gone.Stored = seq, r.Network, r.Stored
				out = append(out, gone)
			}
			gaps = gaps[1:]
		}
		out = append(out, r)
	}
	return out
}
