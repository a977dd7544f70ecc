// Package engine takes inputs through decode, decide and confirm: run, replay, simulation, tests and the benchmark all
// call it. It does no I/O of its own; catalogs and earlier requests come from the functions it is given.
//
// Reading (Decode) and writing (inside Work) run in parallel, deciding is sequential. What Work returns is decided but not
// stored: Commit it once it is, or Rollback. Several batches may be under way; they commit in order and roll back together.
package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// Limits of one batch, below what the stream takes (1,000 messages).
const (
	BatchInputs   = 256
	BatchMessages = 900
	BatchBytes    = 32 << 20
)

// ErrNoCatalog: the next input needs a catalog and the network has none in force.
var ErrNoCatalog = errors.New("the network has no catalog in force")

// Sources of what the engine does not keep itself.
type Sources struct {
	// Catalog returns the YAML of a content hash. An error stops the network.
	Catalog func(hash string) ([]byte, error)
	// Book returns a catalog that is compiled already, or nil; may be nil.
	Book func(hash string) *Book
	// Request returns the referral in force of a key, as JSON, from the ledger. It must be safe for concurrent use.
	Request func(key uint64) ([]byte, error)
}

// Engine of one network. Not safe for concurrent use.
type Engine struct {
	Network string
	State   *roster.State
	sources Sources

	book *Book
	// young holds the requests of batches that may not be stored yet.
	young map[uint64][]youngRequest
	// poison names inputs that could not be decided or written, and why; they are refused.
	poison map[uint64]mapping.Issues
}

type youngRequest struct {
	referral *mapping.Referral
	batch    int
}

// New is an engine that goes on from a state. A catalog in force is loaded at once.
func New(network string, state *roster.State, sources Sources) (*Engine, error) {
	e := &Engine{Network: network, State: state, sources: sources, young: map[uint64][]youngRequest{}, poison: map[uint64]mapping.Issues{}}
	if state.Catalog == "" {
		return e, nil
	}
	b, issues, err := e.load(state.Catalog)
	if err == nil && len(issues) > 0 {
		err = fmt.Errorf("the catalog in force does not load: %w", issues)
	}
	e.book = b.InForce(state)
	return e, err
}

// Use puts a catalog in force that no event announced: only while the ledger names none.
func (e *Engine) Use(data []byte) error {
	if e.State.Catalog != "" {
		return nil
	}
	cat, problems := program.Load(data)
	if err := problems.Err(); err != nil {
		return err
	}
	if cat.Network != e.Network {
		return fmt.Errorf("the catalog is of network %s, not of %s", cat.Network, e.Network)
	}
	e.book = newBook(cat)
	e.State.Use(cat.Hash)
	return nil
}

// Catalog in force, or nil.
func (e *Engine) Catalog() *program.Catalog {
	if e.book == nil {
		return nil
	}
	return e.book.offer.Catalog
}

// load fetches and compiles a catalog. issues: it is there but may not be put in force.
func (e *Engine) load(hash string) (*Book, mapping.Issues, error) {
	if e.sources.Book != nil {
		if b := e.sources.Book(hash); b != nil {
			return b, nil, nil
		}
	}
	data, err := e.sources.Catalog(hash)
	if err != nil {
		return nil, nil, fmt.Errorf("catalog %s: %w", hash, err)
	}
	b, issues := Compile(e.Network, data)
	return b, issues, nil
}

// Read is an input with what decoding made of it.
type Read struct {
	mapping.Input
	mapping.Decoded
	// Format that it was read as: FormatJSON, FormatFHIR or FormatHL7.
	Format string
	// Gone: the input was stored once but can no longer be read. It is accounted for and changes nothing.
	Gone bool
}

// Decode reads one input. It is pure and safe for concurrent use; a panic becomes a refusal.
func Decode(in mapping.Input) (r Read) {
	defer func() {
		if p := recover(); p != nil {
			r = Read{Input: in, Decoded: mapping.Decoded{Issues: panicked("decode", p)}}
		}
	}()
	name, decode := format(in)
	return Read{Input: in, Decoded: decode(in), Format: name}
}

// panicked is the issue of a fault of Convene's own. The stack is for the log, not for the sender.
func panicked(stage string, p any) mapping.Issues {
	return mapping.Issues{{Path: "data", Code: "internal", Text: fmt.Sprintf("Convene could not %s this message; it is kept and the fault is reported to its makers", stage)}}
}

// Fault is a recovered panic, for the log.
type Fault struct {
	Input uint64
	Value any
	Stack []byte
}

func (f *Fault) Error() string { return fmt.Sprintf("input %d: %v\n%s", f.Input, f.Value, f.Stack) }

// decide applies one step of one input, turning a panic into a Fault.
func (e *Engine) decide(turn roster.Turn) (out roster.Outcome, fault *Fault) {
	defer func() {
		if p := recover(); p != nil {
			fault = &Fault{turn.Input.Sequence, p, debug.Stack()}
		}
	}()
	var offer *roster.Offering
	if e.book != nil {
		offer = e.book.offer
	}
	return e.State.Decide(turn, offer), nil
}

// Outcome decides the next step of one input, as Work does, and writes nothing: for who wants to know what follows and not
// how it is told. More: call it again with the same input. Commit or roll back the State yourself.
func (e *Engine) Outcome(r Read) (roster.Outcome, error) {
	turn := e.turn(r)
	next, err := e.prepare(&turn)
	if err != nil {
		return roster.Outcome{}, err
	}
	out, fault := e.decide(turn)
	if fault != nil {
		return out, fault
	}
	e.follow(&out, next)
	return out, nil
}

// follow takes on the catalog that a step put in force; next is the one that its event names, compiled, or nil.
func (e *Engine) follow(out *roster.Outcome, next *Book) {
	switch {
	case out.Offer == nil:
	case next != nil && next.offer == out.Offer:
		e.book = next
	default:
		e.book = bookOf(out.Offer)
	}
}

// turn times an input: never before the previous one, nor below the floor.
func (e *Engine) turn(r Read) roster.Turn {
	at := e.State.Position
	t := roster.Turn{Input: r.Input, Decoded: r.Decoded, Gone: r.Gone, Time: max(r.Stored.UnixMilli(), at.Time, at.Floor)}
	if issues := e.poison[r.Sequence]; issues != nil {
		t.Decoded.Event, t.Decoded.Issues = nil, issues
	}
	if e.book != nil {
		Settle(&t.Decoded, r.Format, e.book.offer.Catalog)
	}
	return t
}

// NextDue is when time itself changes something next, Unix milliseconds; false when nothing is due ever.
func (e *Engine) NextDue() (int64, bool) {
	if e.book == nil {
		return e.State.NextDue()
	}
	return e.book.offer.NextDue(e.State)
}

// Time of the last input decided.
func (e *Engine) Time() time.Time { return time.UnixMilli(e.State.Position.Time).UTC() }

// Refresh loads the catalog in force anew after the state was folded on.
func (e *Engine) Refresh() error {
	if e.State.Catalog == "" {
		return nil
	}
	b := e.book
	if b == nil || b.Hash() != e.State.Catalog {
		loaded, issues, err := e.load(e.State.Catalog)
		if err == nil && len(issues) > 0 {
			err = fmt.Errorf("the catalog in force does not load: %w", issues)
		}
		if b = loaded; err != nil {
			e.book = nil
			return err
		}
	}
	e.book = b.InForce(e.State)
	return nil
}
