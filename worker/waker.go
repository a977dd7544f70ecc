package worker

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
)

// waker tells a reader that its stream has stored something. The server republishes the headers of what it stored;
// signals coalesce, and a poll covers those that are lost.
type waker struct {
	subscription *nats.Subscription
	signal       chan struct{}
}

func newWaker(nc *nats.Conn, subject string) (*waker, error) {
	w := &waker{signal: make(chan struct{}, 1)}
	var err error
	w.subscription, err = nc.Subscribe(subject, func(*nats.Msg) {
		select {
		case w.signal <- struct{}{}:
		default:
		}
	})
	return w, err
}

func (w *waker) close() { _ = w.subscription.Unsubscribe() }

func (w *waker) wait(ctx context.Context) error {
	poll := time.NewTimer(pollEvery)
	defer poll.Stop()
	select {
	case <-w.signal:
	case <-poll.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
