package ask

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
)

// Preview says where a patient would go, were the referral sent at this moment. Nothing of it is kept.
type Preview struct {
	At      time.Time `json:"at"`
	Catalog string    `json:"catalog"`
	// Placements explain; Confirmations are what would be published. Their key is the one the referral would have, were it the
	// next input.
	Placements    []engine.Explained `json:"placements,omitempty"`
	Refused       mapping.Issues     `json:"refused,omitempty"`
	Unchanged     string             `json:"unchanged,omitempty"`
	Confirmations []json.RawMessage  `json:"confirmations,omitempty"`
	// Decision as the ledger would keep it, for inside only: sources are not given it.
	Decision json.RawMessage `json:"decision,omitempty"`
}

// Problem is why there is no answer: status as of HTTP, and what to do.
type Problem struct {
	Status int
	Text   string
}

func (p *Problem) Error() string { return p.Text }

// Preview decides a source's referral on a copy of the roster that is taken back, with the source's own rights.
func (w *Window) Preview(ctx context.Context, source string, header map[string]string, data []byte) (*Preview, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	eng, err := w.engine(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	read := engine.Decode(mapping.Input{
		Network: w.network, Source: source, Sequence: eng.State.Position.Input + 1, Stored: now, Header: header, Data: data,
	})
	found, err := eng.Preview(read)
	switch {
	case errors.Is(err, engine.ErrBusy):
		return nil, &Problem{http.StatusServiceUnavailable, err.Error() + "; ask again"}
	case errors.Is(err, engine.ErrNoReferral):
		return nil, &Problem{http.StatusBadRequest, err.Error()}
	case errors.Is(err, engine.ErrNoCatalog):
		return nil, &Problem{http.StatusServiceUnavailable, "the network has no catalog in force yet"}
	case err != nil:
		return nil, err
	}
	p := NewPreview(found, now, eng.State.Catalog)
	p.Decision = nil
	w.log.Info().Str("network", w.network).Str("source", source).Msg("ask: a referral was previewed")
	return p, nil
}

// NewPreview is the answer of what an engine found.
func NewPreview(found *engine.Preview, at time.Time, catalog string) *Preview {
	p := &Preview{At: at, Catalog: catalog, Placements: found.Placements, Refused: found.Refused, Unchanged: found.Unchanged, Decision: found.Decision}
	for _, c := range found.Confirmations {
		p.Confirmations = append(p.Confirmations, c)
	}
	return p
}

// engine over the mirror of the roster. w.mu is held.
func (w *Window) engine(ctx context.Context) (*engine.Engine, error) {
	if err := w.open(); err != nil {
		return nil, err
	}
	state := w.mirror.State()
	if state.Catalog != "" && (w.book == nil || w.book.Hash() != state.Catalog) {
		yaml, err := worker.GetCatalog(ctx, w.conn, w.network, state.Catalog)
		if err != nil {
			return nil, err
		}
		book, issues := engine.Compile(w.network, yaml)
		if len(issues) > 0 {
			return nil, issues
		}
		w.book = book
	}
	w.book = w.book.InForce(state)
	return engine.New(w.network, state, engine.Sources{
		Book: func(string) *engine.Book { return w.book },
		Request: func(key uint64) ([]byte, error) {
			m, err := w.ledger.Last(ctx, worker.DecisionSubject(w.network, roster.KeyOf('r', key)))
			if err != nil {
				return nil, err
			}
			return roster.RequestOf(m.Data)
		},
	})
}

// Standing is how one placement of a referral stands.
type Standing struct {
	Placement string         `json:"placement"`
	Status    mapping.Status `json:"status"`
	Program   string         `json:"program,omitempty"`
	Group     string         `json:"group,omitempty"`
	// Position in the program's waitlist from 1 and how many wait, as of At; absent when it does not wait.
	Position int       `json:"position,omitempty"`
	Waiting  int       `json:"waiting,omitempty"`
	Since    time.Time `json:"since"` // the place in the queue counts from here
	At       time.Time `json:"at"`
}

// Position says how a referral of the source stands, by Convene's key ("r1042") or by the order's identifier
// ("<system>|<value>", or the value alone where the source sends no system).
func (w *Window) Position(ctx context.Context, source, referral string) ([]Standing, error) {
	key, err := roster.ParseKey('r', referral)
	known := err == nil
	if !known {
		system, value, qualified := strings.Cut(referral, "|")
		if !qualified {
			system, value = "", referral
		}
		var text string
		if text, known, err = w.find(source, mapping.Identifier{System: system, Value: value}); err != nil {
			return nil, err
		}
		key, _ = roster.ParseKey('r', text)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	eng, err := w.engine(ctx)
	if err != nil {
		return nil, err
	}
	rec := eng.State.Record(key)
	if !known || rec == nil || rec.Source != source {
		return nil, &Problem{http.StatusNotFound, "you have no open referral " + referral}
	}
	var out []Standing
	for i := range rec.Placements {
		pl := &rec.Placements[i]
		at := time.UnixMilli(max(time.Now().UnixMilli(), eng.State.Position.Time)).UTC()
		s := Standing{Placement: pl.ID.String(), Status: pl.Status, Program: pl.Program, Group: pl.Group, Since: time.UnixMilli(pl.Arrival).UTC(), At: at}
		if s.Position = eng.PositionOf(pl, at); s.Position > 0 {
			s.Waiting = eng.State.Waiting(pl.Program)
		}
		out = append(out, s)
	}
	return out, nil
}
