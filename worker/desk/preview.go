package desk

import (
	"net/url"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/roster"
)

// effect is one confirmation that an act would cause.
type effect struct {
	Key              string
	Previous, Status mapping.Status
	Program, Group   string
	Reasons          []mapping.Reason
}

// preview is what an act would do, were it done now.
type preview struct {
	Network, Key, Act string
	Effects           []effect
	// Freed are the groups with a seat more than before.
	Freed     []string
	Unchanged string
	Refused   []mapping.Issue
	Conflict  *decision // somebody else was first
	Form      url.Values
}

// stepsMax of one event are tried; no act of the desk takes as many.
const stepsMax = 20

// Try says what an event would cause if it were decided now: it is decided on the board's own copy and taken back.
func (b *Board) Try(e *mapping.Event, now time.Time) (p preview) {
	data, err := event.Encode(e)
	if err != nil {
		p.Refused = mapping.Issues{{Code: "invalid", Text: err.Error()}}
		return p
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	state := b.mirror.State()
	if b.offer == nil || state.Position.More {
		p.Unchanged = "busy"
		return p
	}
	in := mapping.Input{Network: b.Network, Source: e.Source, Sequence: state.Position.Input + 1, Stored: now.UTC(), Data: data}
	turn := roster.Turn{Input: in, Decoded: event.Decode(in), Time: max(now.UnixMilli(), state.Position.Time, state.Position.Floor)}
	before := map[string]int{}
	for _, g := range b.offer.Catalog.Groups {
		before[g.ID] = state.Taken(g.ID)
	}
	mark := state.Mark()
	defer state.Rollback(mark)
	defer func() {
		if fault := recover(); fault != nil { // the worker would refuse the event, and log why
			p = preview{Refused: mapping.Issues{{Code: "internal", Text: "Convene cannot decide this."}}}
		}
	}()
	for range stepsMax {
		out := state.Decide(turn, b.offer)
		p.add(out)
		if !out.More {
			break
		}
	}
	for _, g := range b.offer.Catalog.Groups {
		if state.Taken(g.ID) < before[g.ID] {
			p.Freed = append(p.Freed, g.ID)
		}
	}
	return p
}

func (p *preview) add(out roster.Outcome) {
	for _, n := range out.Notices {
		if n.Status == mapping.Refused {
			p.Refused = append(p.Refused, n.Issues...)
			continue
		}
		p.Effects = append(p.Effects, effect{n.Key, n.Previous, n.Status, n.Program, n.Group, n.Reasons})
	}
	if out.Unchanged.Why != "" {
		p.Unchanged = out.Unchanged.Why
	}
}
