package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// NetworkConfig says how to work one network. Nothing in it changes a decision but Catalog, and that only while the ledger
// names none.
type NetworkConfig struct {
	Name string
	// Catalog is the YAML to use while the ledger has none; may be nil.
	Catalog []byte
	// Snapshot is the file that speeds up the next start; empty: none.
	Snapshot string
	// TakeOver is how long an input waits before a worker that is not active decides it; zero: this worker is the only one.
	TakeOver time.Duration
	// Now is the wall clock, for the floor and the clock; nil: time.Now.
	Now func() time.Time
	Log zerolog.Logger
	// Observe is told of every batch stored; may be nil. It must not block.
	Observe func(Observation)
}

// Observation is one batch stored, for metrics.
type Observation struct {
	Network  string
	Batch    *engine.Batch
	Took     time.Duration // to append
	Lag      time.Duration // from the last input's storing to now
	Counts   roster.Counts
	Conflict bool // nothing was stored: another worker was faster
	State    *roster.State
	Catalog  *program.Catalog // in force; nil before the first
}

// behindMax is how old the next input may be before time gets a floor: nobody is seated in a cohort that began during an
// outage.
const behindMax = 5 * time.Minute

// Network is the worker of one network: it follows the ledger's heads and, when active, decides inputs and appends.
type Network struct {
	NetworkConfig
	conn   *Conn
	intake *Intake
	ledger stream

	fold   *folder
	engine *engine.Engine
	number int // of the next batch
	flying *flight
	queue  []engine.Read
	feed   *feed
	active bool
	moved  time.Time // when the head last moved
	// jitter beside TakeOver, so that two workers seldom take over at once.
	jitter time.Duration
	polled time.Time // when the clock last published
	// snapped is the input position of the last snapshot.
	snapped uint64

	mu       sync.Mutex
	standing Standing
}

// Standing is how a network does, for health and metrics.
type Standing struct {
	Ready  bool `json:"ready"`
	Active bool `json:"active"` // it decides; else it follows another worker
	// Why it is not ready.
	Why   string `json:"why,omitempty"`
	Input uint64 `json:"input"` // last input decided and stored
	Head  uint64 `json:"head"`  // stream sequence of the last head
	// Catalog in force, for reading; nil before the first.
	Catalog *program.Catalog `json:"-"`
}

// catchUp folds what the ledger has beyond the last head applied.
func (n *Network) catchUp(ctx context.Context) error {
	n.fold.open = n.fold.open[:0]
	before := n.fold.head
	for m, err := range n.ledger.Fold(ctx, n.fold.head+1) {
		if err != nil {
			return fmt.Errorf("ledger of %s: %w", n.Name, err)
		}
		if err := n.fold.add(m); err != nil {
			return err
		}
	}
	if n.fold.head != before {
		n.moved = n.Now()
	}
	return n.fold.settled()
}

// again catches up, and loads the catalog that is then in force.
func (n *Network) again(ctx context.Context) error {
	if err := n.catchUp(ctx); err != nil {
		return err
	}
	return n.engine.Refresh()
}

// Run works until ctx ends, then finishes the batch in hand. It returns an error only when the network must stop: a
// broken ledger, a missing catalog, a fault that refusing does not cure.
func (n *Network) Run(ctx context.Context) error {
	n.moved, n.jitter = n.Now(), rand.N(n.TakeOver/2+1)
	n.feed = n.openFeed(ctx)
	defer func() {
		n.feed.close()
		n.intake.Close()
		n.ledger.Close()
	}()
	for ctx.Err() == nil {
		if err := n.turn(ctx); err != nil && ctx.Err() == nil {
			if stops(err) {
				n.stand(err.Error())
				return fmt.Errorf("network %s: %w", n.Name, err)
			}
			n.Log.Warn().Str("network", n.Name).Err(err).Msg("trying again")
			if !errors.Is(err, ErrConflict) {
				n.stand(err.Error())
				n.pause(ctx, retryAfter)
			}
			if err := n.recover(ctx); err != nil {
				return err
			}
		}
	}
	if err := n.land(); err != nil && !errors.Is(err, ErrConflict) {
		n.Log.Warn().Str("network", n.Name).Err(err).Msg("last batch")
		return nil
	}
	return n.snapshot()
}

// stops reports whether an error is for an operator: a damaged ledger, a catalog that is missing or does not load, a message
// that the server can never take, a fault that refusing does not cure. Whatever else goes wrong is the server's or the
// network's, and passes.
func stops(err error) bool {
	var fault *engine.Fault
	var issues mapping.Issues
	return errors.Is(err, ErrDamaged) || errors.Is(err, ErrNoCatalog) || errors.Is(err, ErrTooLarge) ||
		errors.As(err, &fault) || errors.As(err, &issues)
}

// retryAfter is how long to leave a server alone that failed.
const retryAfter = 200 * time.Millisecond

// turn does the next thing: take inputs in, decide, land a batch, or wait.
func (n *Network) turn(ctx context.Context) error {
	n.take()
	switch {
	case !n.active:
		return n.follow(ctx)
	case n.flying != nil && n.landed():
		return n.land()
	case len(n.queue) > 0 && (n.flying == nil || len(n.queue) >= decideAhead):
		return n.decide(ctx)
	case n.flying == nil:
		if done, err := n.clock(ctx); done || err != nil {
			return err
		}
		if err := n.snapshotWhenIdle(); err != nil {
			return err
		}
	}
	return n.wait(ctx)
}

// take empties the feed into the queue. What another worker decided before the feed came to it is dropped.
func (n *Network) take() {
	defer n.skipDecided()
	for len(n.queue) < 4*engine.BatchInputs {
		select {
		case reads := <-n.feed.out:
			n.queue = append(n.queue, reads...)
		default:
			return
		}
	}
}

// wait until there is something to do.
func (n *Network) wait(ctx context.Context) error {
	var done chan struct{}
	out := n.feed.out
	if n.flying != nil {
		done = n.flying.done
	}
	if len(n.queue) >= 4*engine.BatchInputs {
		out = nil
	}
	timer := time.NewTimer(n.untilDue())
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-done:
	case <-timer.C:
	case err := <-n.feed.failed:
		return err
	case reads := <-out:
		n.queue = append(n.queue, reads...)
	}
	return nil
}

// untilDue is how long nothing falls due: at most a second, so that a wall clock that jumps is noticed.
func (n *Network) untilDue() time.Duration {
	due, ok := n.engine.NextDue()
	if !ok {
		return time.Second
	}
	return min(time.Second, max(time.Millisecond, time.UnixMilli(due).Sub(n.Now())))
}

// decide works what waits and sends it off. When a batch is under way it lands first: the head's sequence is its fence.
func (n *Network) decide(ctx context.Context) error {
	if oldest := n.queue[0].Stored; n.Now().Sub(oldest) > behindMax {
		n.engine.State.SetFloor(n.Now().UnixMilli())
	}
	batch, err := n.engine.Work(n.queue[:min(len(n.queue), engine.BatchInputs)], n.number)
	if errors.Is(err, engine.ErrNoCatalog) {
		return n.awaitCatalog(ctx)
	}
	if err != nil {
		return err
	}
	n.number++
	for _, f := range batch.Faults {
		n.Log.Error().Str("network", n.Name).Uint64("input", f.Input).Bytes("stack", f.Stack).Msg("an input could not be decided and is refused")
	}
	if n.flying != nil {
		if err := n.land(); err != nil {
			return err // land has rolled this batch back too
		}
	}
	n.queue = n.queue[batch.Inputs:]
	n.launch(ctx, batch)
	return nil
}

// awaitCatalog lets the inputs before the first catalog event be decided by that catalog: they came to a network that had
// none. Until it is announced nothing is decided and nothing is lost.
func (n *Network) awaitCatalog(ctx context.Context) error {
	announced, err := n.intake.FirstCatalog(ctx)
	if err != nil {
		return fmt.Errorf("first catalog: %w", err)
	}
	if announced == "" {
		n.stand("the network has no catalog: put one in force with `convene catalog apply FILE`")
		n.pause(ctx, 500*time.Millisecond)
		return nil
	}
	data, err := n.catalog(announced)
	if err != nil {
		return err
	}
	return n.engine.Use(data)
}

func (n *Network) pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Standing of the network now. Safe for concurrent use.
func (n *Network) Standing() Standing {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.standing
}

func (n *Network) stand(why string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.standing = Standing{Ready: why == "", Active: n.active, Why: why, Input: n.fold.state.Position.Input, Head: n.fold.head}
	if n.engine != nil {
		n.standing.Catalog = n.engine.Catalog()
	}
}
