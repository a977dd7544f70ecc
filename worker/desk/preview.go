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
	Key, Name        string
	Previous, Status mapping.Status
	Program, Group   string
	Reasons          []mapping.Reason
	Sessions         []mapping.SessionChange // in the network's zone
}

// preview is what an act would do, were it done now.
type preview struct {
	Network, Key, Act string
	Effects           []effect
	More              int // that are not shown
	// Freed are the groups with a seat more than before.
	Freed     []string
	Unchanged string
	Refused   []mapping.Issue
	Conflict  *decision // somebody else was first
	Second    string    // "propose": a second person must agree; "nobody": and there is none
	Form      url.Values
}

// Nothing is the message for an act without effect.
func (p preview) Nothing() string { return "act.nothing" }

// stepsMax of one event are tried: at about 200 referrals each, more than a network has.
const stepsMax = 1000

// Try says what events would cause if they were decided now, one after the other: they are decided on the board's own copy
// and taken back. next is the catalog that an event puts in force, compiled; nil where none does.
func (b *Board) Try(next *roster.Offering, now time.Time, events ...*mapping.Event) (p preview) {
	b.mu.Lock()
	defer b.mu.Unlock()
	state := b.mirror.State()
	if b.offer == nil || state.Position.More {
		p.Unchanged = "busy"
		return p
	}
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
	for _, e := range events {
		b.try(&p, e, next, now)
	}
	for _, g := range b.offer.Catalog.Groups {
		if state.Taken(g.ID) < before[g.ID] {
			p.Freed = append(p.Freed, g.ID)
		}
	}
	return p
}

// try decides one event, under the lock.
func (b *Board) try(p *preview, e *mapping.Event, next *roster.Offering, now time.Time) {
	state, offer := b.mirror.State(), b.offer
	data, err := event.Encode(e)
	if err != nil {
		p.Refused = append(p.Refused, mapping.Issue{Code: "invalid-value", Text: err.Error()})
		return
	}
	in := mapping.Input{Network: b.Network, Source: e.Source, Sequence: state.Position.Input + 1, Stored: now.UTC(), Data: data}
	turn := roster.Turn{Input: in, Decoded: event.Decode(in), Time: max(now.UnixMilli(), state.Position.Time, state.Position.Floor), Offer: next}
	for range stepsMax {
		out := state.Decide(turn, offer)
		p.add(out, offer.Catalog.Location)
		if out.Offer != nil {
			offer = out.Offer
		}
		if !out.More {
			return
		}
	}
}

// sessionsIn a zone, for who reads them.
func sessionsIn(zone *time.Location, changes []mapping.SessionChange) (out []mapping.SessionChange) {
	for _, c := range changes {
		if !c.Was.IsZero() {
			c.Was = c.Was.In(zone)
		}
		if !c.Is.IsZero() {
			c.Is = c.Is.In(zone)
		}
		out = append(out, c)
	}
	return out
}

// keys of the referrals that it shows.
func (p *preview) keys() (keys []string) {
	for _, e := range p.Effects {
		keys = append(keys, e.Key)
	}
	return keys
}

// effectsMax of one event are shown; the others are counted.
const effectsMax = 100

func (p *preview) add(out roster.Outcome, zone *time.Location) {
	for _, n := range out.Notices {
		switch {
		case n.Status == mapping.Refused:
			p.Refused = append(p.Refused, n.Issues...)
		case len(p.Effects) == effectsMax:
			p.More++
		default:
			p.Effects = append(p.Effects, effect{Key: n.Key, Previous: n.Previous, Status: n.Status, Program: n.Program, Group: n.Group, Reasons: n.Reasons, Sessions: sessionsIn(zone, n.Sessions)})
		}
	}
	if out.Unchanged.Why != "" {
		p.Unchanged = out.Unchanged.Why
	}
}
