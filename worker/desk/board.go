package desk

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
)

// Board is what the desk knows of one network: its roster, the catalog in force and the latest confirmations. Safe for
// concurrent use; what is read of the roster is read under the lock, by View.
type Board struct {
	Network string
	names   bool
	refused string // folder of deliveries that were refused; empty: none
	log     zerolog.Logger
	mirror  *worker.Mirror

	mu      sync.RWMutex
	offer   *roster.Offering // nil before the first catalog
	ring    ring
	heads   []settled  // the latest, oldest first
	countMu sync.Mutex // taken under mu
	counted counted

	pulse *pulse // beats at each batch, of any network of the desk
	// edited says who put the catalog in force and when, as far as the board was there to see.
	edited edited

	down string // why it does not follow the ledger; empty while it does
}

// edited says by whom and when a catalog was put in force.
type edited struct {
	Actor string
	Time  time.Time
}

// settled says what became of the inputs of one batch that caused nothing.
type settled struct {
	input     uint64 // last input of the batch
	more      bool   // of which a step is still to come
	unchanged []roster.Unchanged
}

const (
	headsMax = 1024
	// preload is how far back the list begins, in messages of the ledger.
	preload = 4096
	// retryAfter an error that reading alone does not cure.
	retryAfter = time.Second
)

// openBoard reads a network's ledger.
func openBoard(ctx context.Context, conn *worker.Conn, config NetworkConfig, names bool, pulse *pulse, log zerolog.Logger) (*Board, error) {
	mirror, err := worker.OpenMirror(ctx, conn, config.Name, config.Snapshot)
	if err != nil {
		return nil, err
	}
	b := &Board{Network: config.Name, names: names, refused: config.Refused, log: log, mirror: mirror, pulse: pulse}
	if b.offer, err = b.catalogNamed(ctx, mirror.State().Catalog); err != nil {
		mirror.Close()
		return nil, err
	}
	b.putOff()
	if err := b.preload(ctx); err != nil {
		mirror.Close()
		return nil, err
	}
	return b, nil
}

// catalogNamed reads and compiles a catalog that the ledger names, so that it was stored; nil where it is the one in force.
func (b *Board) catalogNamed(ctx context.Context, hash string) (*roster.Offering, error) {
	if hash == "" || b.offer != nil && b.offer.Catalog.Hash == hash {
		return nil, nil
	}
	cat, err := b.mirror.Catalog(ctx, hash)
	if err != nil {
		return nil, err
	}
	return roster.NewOffering(cat), nil
}

// putOff lets the catalog have the starts that Convene put off.
func (b *Board) putOff() {
	if b.offer != nil {
		b.offer = b.offer.InForce(b.mirror.State())
	}
}

// next is the catalog that a batch puts in force, and by whom; nil where it puts none. It waits until it can be read.
func (b *Board) next(ctx context.Context, batch []worker.Stored) (*roster.Offering, edited) {
	head, err := roster.DecodeHead(batch[len(batch)-1].Data)
	if err != nil {
		return nil, edited{} // applying it says why
	}
	for {
		offer, err := b.catalogNamed(ctx, head.Catalog)
		if err == nil && offer == nil {
			return nil, edited{}
		}
		if err == nil {
			return offer, b.editor(ctx, head.Catalog)
		}
		b.note("the catalog in force cannot be read")
		select {
		case <-ctx.Done():
			return nil, edited{}
		case <-time.After(retryAfter):
		}
	}
}

// editor is who put a catalog in force: its event is the first input of the batch, as a catalog begins one.
func (b *Board) editor(ctx context.Context, hash string) edited {
	m, err := b.mirror.Input(ctx, b.mirror.State().Position.Input+1)
	if err != nil {
		return edited{}
	}
	e := event.Decode(mapping.Input{Network: b.Network, Sequence: m.Sequence, Data: m.Data}).Event
	if e == nil || e.Catalog != hash {
		return edited{}
	}
	return edited{e.Actor, m.Time}
}

// preload lists the confirmations of the last messages of the ledger, as far as the mirror has folded it.
func (b *Board) preload(ctx context.Context) error {
	from := uint64(1)
	if head := b.mirror.Head(); head > preload {
		from = head - preload
	}
	b.ring.lost = from - 1
	var batch []worker.Stored
	for m, err := range b.mirror.Ledger.All(ctx, from) {
		if err != nil {
			return err
		}
		if m.Sequence > b.mirror.Head() {
			break
		}
		if batch = append(batch, m); m.Subject == worker.HeadSubject(b.Network) {
			for _, e := range b.read(batch) {
				b.ring.add(e)
			}
			batch = nil
		}
	}
	return nil
}

// read parses the confirmations of one batch and gives each its patient's name.
func (b *Board) read(batch []worker.Stored) (entries []*Entry) {
	names := map[string]string{}
	for _, m := range batch {
		switch {
		case strings.HasPrefix(m.Subject, "decisions."):
			if b.names {
				key, name := parseName(m.Data)
				names[key] = name
			}
		case strings.HasPrefix(m.Subject, "placements."):
			e, err := parseEntry(b.Network, m.Sequence, m.Data)
			if err != nil {
				b.log.Warn().Str("network", b.Network).Uint64("sequence", m.Sequence).Msg("desk: a confirmation cannot be read")
				continue
			}
			entries = append(entries, e)
		}
	}
	for _, e := range entries {
		e.Name = names[e.Key]
	}
	return entries
}

// follow keeps the board up to date until ctx ends. A ledger that does not fit is a reason to stop showing it.
func (b *Board) follow(ctx context.Context) error {
	for batch, err := range b.mirror.Follow(ctx) {
		if err != nil {
			b.note("the server is away: " + err.Error())
			b.log.Warn().Str("network", b.Network).Err(err).Msg("desk")
			continue
		}
		entries := b.read(batch)
		offer, by := b.next(ctx, batch)
		if ctx.Err() != nil {
			return nil
		}
		if err := b.apply(batch, entries, offer, by); err != nil {
			b.note(err.Error())
			return err
		}
	}
	return nil
}

func (b *Board) note(why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = why
}

// apply takes one batch, with the catalog that it puts in force where it does.
func (b *Board) apply(batch []worker.Stored, entries []*Entry, offer *roster.Offering, by edited) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	head, err := b.mirror.Apply(batch)
	if err != nil {
		return err
	}
	if offer != nil {
		b.offer, b.edited = offer, by
	}
	b.putOff()
	for _, e := range entries {
		b.ring.add(e)
	}
	if len(b.heads) >= 2*headsMax {
		b.heads = append([]settled(nil), b.heads[headsMax:]...)
	}
	b.heads = append(b.heads, settled{head.Input, head.More, head.Unchanged})
	b.down = ""
	b.pulse.beat()
	return nil
}

// After gives the confirmations that follow a sequence, oldest first, and the sequence up to which they are whole. ok is
// false when the list does not go back so far.
func (b *Board) After(sequence uint64) (list []*Entry, end uint64, ok bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	list, ok = b.ring.after(sequence)
	return list, b.mirror.Head(), ok
}

// Latest gives up to max confirmations that f takes, newest first, and the sequence up to which the list is whole.
func (b *Board) Latest(max int, f func(*Entry) bool) (list []*Entry, end uint64) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	b.ring.newest(func(e *Entry) bool {
		if f(e) {
			list = append(list, e)
		}
		return len(list) < max
	})
	return list, b.mirror.Head()
}

// View calls f with the roster and the offering in force, nil before the first catalog. f keeps neither and changes
// nothing.
func (b *Board) View(f func(*roster.State, *roster.Offering)) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	f(b.mirror.State(), b.offer)
}

// Catalog in force, or nil.
func (b *Board) Catalog() *program.Catalog {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.offer == nil {
		return nil
	}
	return b.offer.Catalog
}

// Location of the network's clock.
func (b *Board) Location() *time.Location {
	if cat := b.Catalog(); cat != nil {
		return cat.Location
	}
	return time.UTC
}

// Down says why the board is not up to date, or nothing.
func (b *Board) Down() string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.down
}

// ErrUndecided: the worker has not decided the input in time; it will.
var ErrUndecided = errors.New("not decided yet")

// Outcome waits until an input is decided and gives what it caused, or why it changed nothing.
func (b *Board) Outcome(ctx context.Context, input uint64) (caused []*Entry, unchanged string, err error) {
	for {
		more := b.pulse.next()
		b.mu.RLock()
		decided := false
		for _, h := range b.heads {
			decided = decided || h.input > input || h.input == input && !h.more
			for _, u := range h.unchanged {
				if u.Input == input {
					unchanged = u.Why
				}
			}
		}
		if decided {
			b.ring.newest(func(e *Entry) bool {
				if e.Data.Cause.Sequence == input {
					caused = append(caused, e)
				}
				return e.Data.Cause.Sequence >= input
			})
		}
		b.mu.RUnlock()
		if decided {
			return caused, unchanged, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil, "", ErrUndecided
		}
	}
}
