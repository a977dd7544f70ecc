package mllp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/convene-health/convene/worker"
)

// Delivery hands what a source is told in HL7 v2 to its partner by MLLP, in order, each until the partner has it.
type Delivery struct {
	Conn            *worker.Conn // of the source
	Network, Source string
	Sender          *Sender
	Log             zerolog.Logger

	// first and most wait between attempts; 0: 250 ms, doubling up to 30 s.
	first, most time.Duration
}

const (
	// refusedMax is how often a message is sent that the partner has and does not take. Then it stays in the stream, for
	// people, and the next goes.
	refusedMax = 5
	// pullMax is how long one pull waits; the server keeps the way back for two minutes.
	pullMax = time.Minute
	// holdEvery is how often the server is told that a message is still being sent: it would give it out again after 30 s.
	holdEvery = 10 * time.Second
)

// Run delivers until ctx ends.
func (d *Delivery) Run(ctx context.Context) {
	defer d.Sender.Close()
	wait := backoff{d.first, d.most}
	for ctx.Err() == nil {
		err := d.run(ctx)
		if err != nil && ctx.Err() == nil {
			d.log(err).Msg("mllp: answers cannot be fetched; trying again")
			_ = pause(ctx, wait.next())
		}
	}
}

func (d *Delivery) log(err error) *zerolog.Event {
	return d.Log.Warn().Str("network", d.Network).Str("source", d.Source).Str("to", d.Sender.Address).Err(err)
}

func (d *Delivery) run(ctx context.Context) error {
	js, err := d.Conn.JetStream()
	if err != nil {
		return err
	}
	stream, durable := worker.OutboundStream(d.Network), worker.SourceDurable(d.Source)
	pull, err := js.PullSubscribe("", durable, nats.Bind(stream, durable), nats.SkipConsumerLookup())
	if err != nil {
		return fmt.Errorf("%s of %s: %w", durable, stream, err)
	}
	defer func() { _ = pull.Unsubscribe() }()
	for {
		fetch, cancel := context.WithTimeout(ctx, pullMax)
		messages, err := pull.Fetch(1, nats.Context(fetch))
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
			continue // nothing to tell
		case err != nil:
			return err
		}
		for _, m := range messages {
			if err := d.deliver(ctx, m); err != nil {
				return err
			}
		}
	}
}

// deliver one message: again and again while the partner cannot be reached or is silent.
func (d *Delivery) deliver(ctx context.Context, m *nats.Msg) error {
	held := make(chan struct{})
	defer close(held)
	go hold(m, held)
	wait := backoff{d.first, d.most}
	for refusals := 0; ; {
		err := d.Sender.Send(ctx, m.Data)
		if err == nil {
			return m.AckSync()
		}
		if ctx.Err() != nil {
			return m.Nak() // the next start need not wait for it
		}
		var refused *RefusedError
		if errors.As(err, &refused) {
			if refusals++; refusals == refusedMax {
				d.log(err).Str("subject", m.Subject).Msg("mllp: the partner does not take this answer; it is left in the stream")
				return m.Term()
			}
		}
		d.log(err).Msg("mllp: not delivered; trying again")
		_ = pause(ctx, wait.next())
	}
}

// hold keeps the message ours while it is being sent.
func hold(m *nats.Msg, done <-chan struct{}) {
	tick := time.NewTicker(holdEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = m.InProgress()
		case <-done:
			return
		}
	}
}

// backoff gives longer and longer waits.
type backoff struct{ now, most time.Duration }

func (b *backoff) next() time.Duration {
	if b.now == 0 {
		b.now = 250 * time.Millisecond
	}
	if b.most == 0 {
		b.most = 30 * time.Second
	}
	now := min(b.now, b.most)
	b.now = now * 2
	return now
}
