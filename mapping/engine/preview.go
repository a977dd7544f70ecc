package engine

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/roster"
)

// Preview is what one referral would cause, were it the next input. Nothing of it is remembered.
type Preview struct {
	// Confirmations as they would be published, and the decision as the ledger would keep it; none for one that changes nothing.
	Confirmations [][]byte
	Decision      []byte
	// Placements says in short what the confirmations say, and why.
	Placements []Explained
	// Refused lists what is wrong with an input that would be refused.
	Refused mapping.Issues
	// Unchanged says why the referral would change nothing.
	Unchanged string
}

// Errors of Preview.
var (
	// ErrBusy: an event that concerns many is half done; ask again.
	ErrBusy = errors.New("an event that concerns many referrals is being worked on")
	// ErrNoReferral: the input is of another kind.
	ErrNoReferral = errors.New("only a new or changed referral can be previewed")
)

// previewSteps bounds what is tried: one referral, and what is due before it.
const previewSteps = 50

// Preview decides an input as Work would, on the engine's own state, and takes everything back. What others would be told is
// left out. The input's sequence must be the next one.
func (e *Engine) Preview(r Read) (*Preview, error) {
	switch {
	case e.State.Position.More || e.State.Pending != nil:
		return nil, ErrBusy
	case r.Event != nil && r.Event.Type != mapping.ReferralCreated && r.Event.Type != mapping.ReferralUpdated:
		return nil, ErrNoReferral
	case e.book == nil:
		return nil, ErrNoCatalog
	}
	mark, book := e.State.Mark(), e.book
	defer func() {
		e.State.Rollback(mark)
		e.book = book
	}()
	p, own := &Preview{}, []string{roster.KeyOf('r', r.Sequence), roster.KeyOf('i', r.Sequence)}
	if r.Event != nil {
		key, _ := e.State.Find(r.Event.Referral.Identifier, r.Event.Source)
		if rec := e.State.Record(key); rec != nil && rec.Source == r.Event.Source { // else it is refused, and none of theirs
			own = append(own, roster.KeyOf('r', key))
		}
	}
	for range previewSteps {
		out, err := e.Outcome(r)
		if fault := (*Fault)(nil); errors.As(err, &fault) {
			p.Refused = issuesOf(fault)
			return p, nil
		}
		if err != nil {
			return nil, err
		}
		if err := e.preview(p, &out, own); err != nil {
			return nil, err
		}
		if !out.More {
			return p, nil
		}
	}
	return nil, ErrBusy
}

// preview adds what one step says of the referral itself.
func (e *Engine) preview(p *Preview, out *roster.Outcome, own []string) error {
	if out.Unchanged.Why != "" {
		p.Unchanged = out.Unchanged.Why
	}
	var decision *roster.Decision
	for _, d := range out.Decisions {
		if slices.Contains(own, roster.KeyOf('r', d.Record.Key)) {
			decision = d
			j := job{input: d.Cause, decision: d, key: d.Record.Key, request: d.Request}
			data, err := e.previewed(&j)
			if err != nil {
				return err
			}
			p.Decision = data
		}
	}
	for i := range out.Notices {
		n := &out.Notices[i]
		if !slices.Contains(own, n.Key) {
			continue
		}
		j := job{input: n.Sequence, notice: n, writer: e.writer()}
		if n.Status == mapping.Refused {
			p.Refused = append(p.Refused, n.Issues...)
		} else {
			j.key, _ = roster.ParseKey('r', n.Key)
			if decision != nil {
				j.request = decision.Request
			}
			p.Placements = append(p.Placements, explain(e.book.offer.Catalog, n, decision))
		}
		data, err := e.previewed(&j)
		if err != nil {
			return err
		}
		p.Confirmations = append(p.Confirmations, data)
	}
	return nil
}

// previewed writes one message into memory of its own.
func (e *Engine) previewed(j *job) ([]byte, error) {
	var own pen
	defer func() {
		for _, s := range own.used {
			s.b = s.b[:0]
			slabs.Put(s)
		}
	}()
	if err := e.writeOne(j, &own); err != nil {
		return nil, fmt.Errorf("preview: %w", err)
	}
	return bytes.Clone(j.out.Data), nil
}

// PositionOf is the position from 1 of a placement in its program's waitlist at a time; 0 when it does not wait.
func (e *Engine) PositionOf(pl *roster.Placement, at time.Time) int {
	if e.book == nil {
		return 0
	}
	return e.State.PositionOf(pl, e.book.offer, at.UnixMilli())
}
