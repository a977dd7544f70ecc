package deliver

import (
	"context"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

// breaker holds everything back while the server fails, and lets one through now and then to see. Safe for
// concurrent use.
type breaker struct {
	circuit *gobreaker.TwoStepCircuitBreaker[struct{}]
	poll    time.Duration

	mu      sync.Mutex
	changed chan struct{} // closed when the state changes
}

func newBreaker(c Config) *breaker {
	b := &breaker{poll: c.BreakFor / 4, changed: make(chan struct{})}
	b.circuit = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests: 1,
		Timeout:     c.BreakFor,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= c.BreakAfter },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			c.Log.Warn().Stringer("from", from).Stringer("to", to).Msg("circuit breaker of the FHIR server")
			b.mu.Lock()
			defer b.mu.Unlock()
			close(b.changed)
			b.changed = make(chan struct{})
		},
	})
	return b
}

// enter waits until a request may be made. The function it returns is told the outcome: nil, or why the server failed.
func (b *breaker) enter(ctx context.Context) (func(error), error) {
	for {
		b.mu.Lock()
		changed := b.changed
		b.mu.Unlock()
		done, err := b.circuit.Allow()
		if err == nil {
			return done, nil
		}
		if err := pause(ctx, b.poll, changed); err != nil {
			return nil, err
		}
	}
}

// open tells whether requests are held back.
func (b *breaker) open() bool { return b.circuit.State() == gobreaker.StateOpen }

// pause waits for a time, or less if told to go on. A nil channel never tells.
func pause(ctx context.Context, wait time.Duration, on <-chan struct{}) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-on:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
