package worker

import (
	"context"
	"time"

	"github.com/convene-health/convene/mapping/engine"
)

// follow watches the heads of another worker. It becomes active when an input has waited TakeOver without the head moving.
func (n *Network) follow(ctx context.Context) error {
	before := n.fold.head
	if err := n.catchUp(ctx); err != nil {
		return err
	}
	if n.fold.head != before {
		if err := n.engine.Refresh(); err != nil {
			return err
		}
		n.skipDecided()
	}
	n.stand("")
	if since, ok := n.waitingSince(); n.TakeOver == 0 || ok && n.Now().Sub(later(n.moved, since)) > n.TakeOver+n.jitter {
		n.active = true
		n.stand("")
		n.Log.Info().Str("network", n.Name).Uint64("input", n.fold.state.Position.Input).Msg("active")
		return nil
	}
	timer := time.NewTimer(min(n.TakeOver/8, 250*time.Millisecond))
	defer timer.Stop()
	out := n.feed.out
	if len(n.queue) >= engine.BatchInputs {
		out = nil
	}
	select {
	case <-ctx.Done():
	case <-timer.C:
	case err := <-n.feed.failed:
		return err
	case reads := <-out:
		n.queue = append(n.queue, reads...)
	}
	return nil
}

// waitingSince is when the first input that is not decided was stored, or when time fell due without one.
func (n *Network) waitingSince() (time.Time, bool) {
	if len(n.queue) > 0 {
		return n.queue[0].Stored, true
	}
	due, ok := n.engine.NextDue()
	return time.UnixMilli(due), ok
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// skipDecided drops what another worker has decided from the queue.
func (n *Network) skipDecided() {
	done := n.fold.state.Position.Input
	if n.fold.state.Position.More {
		done--
	}
	for len(n.queue) > 0 && n.queue[0].Sequence <= done {
		n.queue = n.queue[1:]
	}
}
