package desk

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

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
	down  string // why it does not follow the ledger; empty while it does
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
	if err := b.useCatalog(ctx); err != nil {
		mirror.Close()
		return nil, err
	}
	if err := b.preload(ctx); err != nil {
		mirror.Close()
		return nil, err
	}
	return b, nil
}

// useCatalog compiles the catalog in force, where it is another than before. The ledger has named it, so it was stored.
func (b *Board) useCatalog(ctx context.Context) error {
	if b.offer != nil && b.offer.Catalog.Hash == b.mirror.State().Catalog {
		return nil
	}
	cat, err := b.mirror.Catalog(ctx)
	if err != nil || cat == nil {
		return err
	}
	offer := roster.NewOffering(cat)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.offer = offer
	return nil
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
		if err := b.apply(batch, entries); err != nil {
			b.note(err.Error())
			return err
		}
		for b.useCatalog(ctx) != nil {
			b.note("the catalog in force cannot be read")
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(retryAfter):
			}
		}
	}
	return nil
}

func (b *Board) note(why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = why
}

func (b *Board) apply(batch []worker.Stored, entries []*Entry) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	head, err := b.mirror.Apply(batch)
	if err != nil {
		return err
	}
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
