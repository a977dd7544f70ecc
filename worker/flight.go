package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/roster"
)

// flight is a batch being stored while the next is decided.
type flight struct {
	batch *engine.Batch
	head  roster.Head
	began time.Time
	seq   uint64
	err   error
	done  chan struct{}
}

// decideAhead is how many inputs must wait before deciding them while a batch is being stored pays.
const decideAhead = 64

func (n *Network) landed() bool {
	select {
	case <-n.flying.done:
		return true
	default:
		return false
	}
}

// launch seals and stores a batch in the background.
func (n *Network) launch(ctx context.Context, batch *engine.Batch) {
	f := &flight{batch: batch, head: batch.Head, began: n.Now(), done: make(chan struct{})}
	n.flying = f
	previous, chain := n.fold.head, n.fold.chain
	go func() {
		defer close(f.done)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*requestMax)
		defer cancel()
		f.seq, f.err = n.store(ctx, f, previous, chain)
	}()
}

// store appends a flight's messages and their head, which follows that at sequence previous with the chain before.
func (n *Network) store(ctx context.Context, f *flight, previous uint64, before [32]byte) (uint64, error) {
	head, data, err := f.batch.Seal(previous, before)
	if err != nil {
		return 0, fmt.Errorf("head: %w", err)
	}
	f.head = head
	messages := make([]Msg, 0, len(f.batch.Messages)+1)
	for _, m := range f.batch.Messages {
		messages = append(messages, Msg{Subject: roster.SubjectOf(n.Name, m.Entry), Data: m.Data})
	}
	messages = append(messages, Msg{Subject: HeadSubject(n.Name), Data: data})
	return n.ledger.Append(ctx, messages, HeadSubject(n.Name), previous)
}

// land waits for the batch under way and makes it final, or takes it back and what was decided after it.
func (n *Network) land() error {
	f := n.flying
	if f == nil {
		return nil
	}
	<-f.done
	n.flying = nil
	if f.err != nil {
		n.engine.Rollback(f.batch)
		n.observe(f, true)
		f.batch.Release()
		return f.err
	}
	n.engine.Commit(f.batch)
	n.fold.head, n.fold.chain = f.seq, f.head.Chain
	for _, c := range f.head.Changes {
		if c.Type == roster.ChangeErased {
			n.fold.erased[roster.KeyOf('r', c.Key)] = true
		}
	}
	n.moved = n.Now()
	n.observe(f, false)
	f.batch.Release()
	n.stand("")
	return nil
}

func (n *Network) observe(f *flight, conflict bool) {
	took := n.Now().Sub(f.began)
	log := n.Log.Info()
	if conflict {
		log = n.Log.Warn().Err(f.err)
	}
	log.Str("network", n.Name).Uint64("input", f.head.Input).Uint64("head", f.seq).Int("inputs", f.batch.Inputs).
		Int("messages", len(f.batch.Messages)).Int("unchanged", len(f.head.Unchanged)).Dur("took", took).Msg("batch")
	if !conflict {
		for i := range f.batch.Messages {
			if m := &f.batch.Messages[i]; m.Codes != nil {
				n.Log.Info().Str("network", n.Name).Uint64("input", m.Input).Strs("codes", m.Codes).Msg("refused")
			}
		}
	}
	if n.Observe != nil {
		n.Observe(Observation{
			Network: n.Name, Batch: f.batch, Took: took, Lag: n.Now().Sub(time.UnixMilli(f.head.Time)),
			Counts: n.engine.State.Count(), Conflict: conflict, State: n.engine.State, Catalog: n.engine.Catalog(),
		})
	}
}

// recover follows again after a failure: the ledger says what holds.
func (n *Network) recover(ctx context.Context) error {
	n.active = false
	if n.flying != nil {
		_ = n.land() // a failure rolls back, a success needs no more
	}
	n.feed.close()
	n.queue = nil
	for {
		err := n.again(ctx)
		if err == nil {
			break
		}
		n.stand("the ledger cannot be read: " + err.Error())
		if stops(err) {
			return fmt.Errorf("network %s: %w", n.Name, err)
		}
		if n.pause(ctx, retryAfter); ctx.Err() != nil {
			return nil
		}
	}
	n.feed = n.openFeed(ctx)
	return nil
}
