package deliver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/convene-health/convene/worker"
)

// Deliverer delivers one network's confirmations to one server. Run it once; two at a time, in two processes, do no
// harm, but may leave out a status that is already followed by another.
type Deliverer struct {
	config  Config
	conn    *worker.Conn
	sender  *sender
	metrics *metrics

	mu      sync.Mutex
	held    map[uint64]*item         // fetched, and neither delivered nor acknowledged
	bytes   int                      // of those
	batch   []*item                  // those whose head has not come, in order
	last    map[string]chan struct{} // by referral and by person: closed when the last one to enter is done
	settled map[uint64]struct{}      // delivered, but to be acknowledged when they come again
	head    uint64                   // the last that has come
	room    chan struct{}            // told when something is settled
	working sync.WaitGroup
	failed  error
	stop    context.CancelFunc
}

// New checks the configuration and reads what was refused before.
func New(conn *worker.Conn, config Config) (*Deliverer, error) {
	config = config.withDefaults()
	refusals, err := OpenRefusals(config.Folder)
	if err != nil {
		return nil, err
	}
	d := &Deliverer{config: config, conn: conn, held: map[uint64]*item{}, last: map[string]chan struct{}{},
		settled: map[uint64]struct{}{}, room: make(chan struct{}, 1)}
	d.metrics = newMetrics(d)
	d.sender = newSender(config, refusals, d.metrics.attempted)
	return d, nil
}

// ErrNoConsumer: the ledger has no consumer for delivery, or this user may not read it.
var ErrNoConsumer = errors.New("the ledger has no consumer " + worker.DeliveryDurable + " that this user may read")

// Run delivers until the context ends; requests under way may finish. What is held then, the next Run begins with. An error
// means that it could not go on.
func (d *Deliverer) Run(ctx context.Context) error {
	stream := worker.PlacementsStream(d.config.Network)
	consumer, err := d.conn.JS.Consumer(ctx, stream, worker.DeliveryDurable)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoConsumer, err)
	}
	ctx, d.stop = context.WithCancel(ctx)
	defer d.stop()
	if err := d.resume(ctx, consumer.CachedInfo()); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := d.pull(ctx, consumer); err != nil && ctx.Err() == nil {
			d.config.Log.Warn().Err(err).Msg("no confirmations can be fetched; trying again")
			_ = pause(ctx, d.config.RetryFirst, nil)
		}
	}
	d.working.Wait()
	if err := d.conn.FlushTimeout(acknowledgeMax); err != nil { // heads are acknowledged without waiting
		d.config.Log.Warn().Err(err).Msg("some acknowledgements may be lost; what they are of will come again")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

// resume delivers first what a former process fetched and may not have delivered. The server would give it back only
// after a while, and later confirmations of the same referrals before that. What was delivered is recognised.
func (d *Deliverer) resume(ctx context.Context, info *jetstream.ConsumerInfo) error {
	ledger, err := worker.OpenLedger(d.conn, d.config.Network)
	if err != nil {
		return err
	}
	defer ledger.Close()
	if d.head, err = ledger.End(ctx); err != nil || info.NumAckPending == 0 {
		return err
	}
	for m, err := range ledger.All(ctx, info.AckFloor.Stream+1) {
		if err != nil {
			return err
		}
		if m.Sequence > info.Delivered.Stream {
			break
		}
		if key, ok := d.keyOf(m.Subject); ok && m.Sequence < d.head {
			d.take(ctx, &item{sequence: m.Sequence, key: key, stored: m.Time, data: m.Data})
		}
	}
	return nil
}

// keyOf the referral that a subject, placements.<network>.<source>.<key>, is about.
func (d *Deliverer) keyOf(subject string) (key string, ok bool) {
	rest, ok := strings.CutPrefix(subject, "placements."+d.config.Network+".")
	if !ok {
		return "", false
	}
	return rest[strings.LastIndexByte(rest, '.')+1:], true
}

// pull fetches once, when there is room.
func (d *Deliverer) pull(ctx context.Context, consumer jetstream.Consumer) error {
	for d.full() {
		if err := pause(ctx, d.config.RetryMost, d.room); err != nil {
			return err
		}
	}
	waiting, cancel := context.WithTimeout(ctx, pullMax)
	defer cancel()
	messages, err := consumer.Fetch(fetchMost, jetstream.FetchContext(waiting), jetstream.FetchHeartbeat(pullMax/4))
	if err != nil {
		return err
	}
	for m := range messages.Messages() {
		if err := d.fetched(ctx, m); err != nil {
			d.config.Log.Warn().Err(err).Msg("a message is not read; it will come again")
		}
	}
	if err := messages.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

func (d *Deliverer) full() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.bytes > heldBytesMax
}

// fetched sorts one message: a head releases its batch, a confirmation waits for its head.
func (d *Deliverer) fetched(ctx context.Context, m jetstream.Msg) error {
	meta, err := m.Metadata()
	if err != nil {
		return err
	}
	sequence := meta.Sequence.Stream
	key, confirmation := d.keyOf(m.Subject())
	if !confirmation {
		d.headCame(ctx, sequence)
		return m.Ack()
	}
	d.mu.Lock()
	_, settled := d.settled[sequence]
	held := d.held[sequence]
	if held != nil && held.acknowledge == nil {
		held.acknowledge = acknowledgement(ctx, m)
	}
	d.mu.Unlock()
	switch {
	case settled:
		return d.acknowledge(sequence, acknowledgement(ctx, m))
	case held != nil:
		return nil // on its way; an earlier copy's acknowledgement counts for this one too
	}
	d.take(ctx, &item{sequence: sequence, key: key, stored: meta.Timestamp, data: m.Data(),
		certain: meta.NumDelivered == 1, acknowledge: acknowledgement(ctx, m)})
	return nil
}

// acknowledgement of a message, which the server confirms. It may come after ctx has ended: what is done is done.
func acknowledgement(ctx context.Context, m jetstream.Msg) func() error {
	return func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), acknowledgeMax)
		defer cancel()
		return m.DoubleAck(ctx)
	}
}

// take holds an item until its head has come, then lets it enter.
func (d *Deliverer) take(ctx context.Context, it *item) {
	it.person = personOf(it.data)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held[it.sequence] = it
	d.bytes += len(it.data)
	if it.sequence > d.head {
		d.batch = append(d.batch, it)
		return
	}
	d.enter(ctx, it)
}

func (d *Deliverer) headCame(ctx context.Context, sequence uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.head = max(d.head, sequence)
	kept := d.batch[:0]
	for _, it := range d.batch {
		if it.sequence < d.head {
			d.enter(ctx, it)
		} else {
			kept = append(kept, it)
		}
	}
	d.batch = kept
}

// enter starts an item behind those before it of its referral and of its person. Whoever waits, waits for what is earlier in
// the ledger, so that no two wait for each other. d.mu is held.
func (d *Deliverer) enter(ctx context.Context, it *item) {
	done := make(chan struct{})
	var before []chan struct{}
	names := []string{it.key}
	if it.person != "" {
		names = append(names, it.person)
	}
	for _, name := range names {
		if last := d.last[name]; last != nil {
			before = append(before, last)
		}
		d.last[name] = done
	}
	d.working.Go(func() {
		defer d.leave(names, done)
		for _, earlier := range before {
			select {
			case <-earlier:
			case <-ctx.Done():
				return
			}
		}
		d.drive(ctx, it)
	})
}

// leave lets those behind go on.
func (d *Deliverer) leave(names []string, done chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(done)
	for _, name := range names {
		if d.last[name] == done {
			delete(d.last, name)
		}
	}
}

// drive delivers one item, unless all shall end: what is held then comes again.
func (d *Deliverer) drive(ctx context.Context, it *item) {
	if ctx.Err() != nil {
		return
	}
	outcome, err := d.sender.deliver(ctx, it)
	if err != nil {
		d.giveUp(ctx, err)
		return
	}
	d.metrics.delivered(outcome)
	d.settle(it)
}

// giveUp stops everything, unless it is being stopped already.
func (d *Deliverer) giveUp(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	d.mu.Lock()
	d.failed = errors.Join(d.failed, err)
	d.mu.Unlock()
	d.stop()
}

// settle acknowledges a delivered item, now or when it comes again.
func (d *Deliverer) settle(it *item) {
	d.mu.Lock()
	delete(d.held, it.sequence)
	d.bytes -= len(it.data)
	acknowledge := it.acknowledge
	d.settled[it.sequence] = struct{}{}
	d.mu.Unlock()
	select {
	case d.room <- struct{}{}:
	default:
	}
	if acknowledge == nil {
		return
	}
	if err := d.acknowledge(it.sequence, acknowledge); err != nil {
		d.config.Log.Warn().Uint64("sequence", it.sequence).Err(err).Msg("delivered, not acknowledged; it will come again")
	}
}

func (d *Deliverer) acknowledge(sequence uint64, acknowledge func() error) error {
	if err := acknowledge(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.settled, sequence)
	return nil
}

// Progress of a Deliverer.
type Progress struct {
	Written, Skipped, Refused int           // confirmations, since the start
	Held                      int           // fetched and not delivered
	Lag                       time.Duration // age of the oldest of those, 0 if there are none
	Open                      bool          // the breaker holds everything back
	Kept                      int           // refusals that await a person
}

// Progress so far.
func (d *Deliverer) Progress() Progress {
	p := d.metrics.progress()
	p.Open, p.Kept = d.sender.breaker.open(), d.sender.refusals.Count()
	d.mu.Lock()
	defer d.mu.Unlock()
	p.Held = len(d.held)
	for _, it := range d.held {
		p.Lag = max(p.Lag, time.Since(it.stored))
	}
	return p
}
