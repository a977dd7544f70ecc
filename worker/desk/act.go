package desk

import (
	"slices"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/roster"
)

// act is something a person may do about a referral. It becomes an event of the source _desk.
type act struct {
	ID   string
	Type mapping.EventType
	// On placements in one of these statuses.
	On     []mapping.Status
	Role   Role
	Fields []field
}

// field of an act's form.
type field struct {
	Name     string
	Type     string // of the input element
	Required bool
	// Choices there are; none: it is typed.
	Choices []string
}

var (
	undecided = []mapping.Status{mapping.Review, mapping.NeedsInfo}
	seated    = []mapping.Status{mapping.Offered, mapping.Placed, mapping.Enrolled}
	reason    = field{Name: "reason", Type: "text", Required: true}
)

// acts there are, in the order in which they are offered.
var acts = []act{
	{ID: "release", Type: mapping.SeatReleased, On: seated, Role: Coordinator, Fields: []field{
		{Name: "outcome", Required: true, Choices: outcomes()}, reason}},
	{ID: "cancel", Type: mapping.ReferralCancelled, On: slices.Concat(undecided, []mapping.Status{mapping.Waitlisted, mapping.Offered, mapping.Placed}),
		Role: Coordinator, Fields: []field{reason}},
}

func outcomes() (list []string) {
	for _, s := range event.Outcomes {
		list = append(list, string(s))
	}
	return list
}

// actNamed finds an act.
func actNamed(id string) *act {
	for i := range acts {
		if acts[i].ID == id {
			return &acts[i]
		}
	}
	return nil
}

// event of the act, as the form fills it in.
func (a *act) event(key, actor string, value func(string) string) *mapping.Event {
	e := &mapping.Event{
		Type: a.Type, Source: mapping.SourceDesk, Actor: actor, Reason: value("reason"),
		Target: mapping.Target{Key: key, Placement: value("placement")},
	}
	for _, f := range a.Fields {
		switch f.Name {
		case "outcome":
			e.Outcome = mapping.Status(value("outcome"))
		}
	}
	return e
}

// actForm is an act as it is offered for one referral.
type actForm struct {
	ID         string
	Placements []option
	Fields     []fieldForm
}

type fieldForm struct {
	field
	Options []option
}

// actsOf lists what the person may do about a referral as it stands.
func (v *visit) actsOf(s *story, rec *roster.Record) (forms []actForm) {
	if rec == nil {
		return nil
	}
	for _, a := range acts {
		if !v.person.May(a.Role) {
			continue
		}
		form := actForm{ID: a.ID}
		for i := range rec.Placements {
			if pl := &rec.Placements[i]; slices.Contains(a.On, pl.Status) {
				label := v.words.Status(pl.Status)
				if i < len(s.Placements) && s.Placements[i].Program != "" {
					label = s.Placements[i].Program + ", " + label
				}
				form.Placements = append(form.Placements, option{pl.ID.String(), label})
			}
		}
		if len(form.Placements) == 0 {
			continue
		}
		for _, f := range a.Fields {
			ff := fieldForm{field: f}
			for _, c := range f.Choices {
				ff.Options = append(ff.Options, option{c, v.words.T(f.Name + "." + c)})
			}
			form.Fields = append(form.Fields, ff)
		}
		forms = append(forms, form)
	}
	return forms
}

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
	Form      map[string]string
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
