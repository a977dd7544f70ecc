package engine

import (
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// Explained is one placement of a preview with why it would be so, and why not elsewhere: as much as a source may know. Who
// else is in a group, or must not meet whom, is not in it.
type Explained struct {
	Status  mapping.Status `json:"status"`
	Role    mapping.Role   `json:"role,omitempty"`
	Program string         `json:"program,omitempty"`
	Name    string         `json:"name,omitempty"` // of the program
	Kind    mapping.Kind   `json:"kind,omitempty"`
	Group   string         `json:"group,omitempty"`
	// First session that the patient could attend, and the seats taken of how many, this one included.
	First      time.Time `json:"first,omitzero"`
	Zone       string    `json:"zone,omitempty"` // of the network, IANA
	SeatsTaken int       `json:"seatsTaken,omitempty"`
	SeatsMax   int       `json:"seatsMax,omitempty"`
	// Position in the waitlist from 1; 0 when not waiting.
	Position int              `json:"position,omitempty"`
	Expires  time.Time        `json:"expires,omitzero"`
	Reasons  []mapping.Reason `json:"reasons,omitempty"`
	// Missing are facts without which no group suits.
	Missing []mapping.Reason `json:"missing,omitempty"`
	// Others are groups that serve a condition or goal and were not chosen, best first; More counts those not listed.
	Others []Other        `json:"others,omitempty"`
	More   *match.More    `json:"more,omitempty"`
	Issues mapping.Issues `json:"issues,omitempty"`
}

// Other is a group that was not chosen.
type Other struct {
	Group   string           `json:"group"`
	Program string           `json:"program"`
	Outcome string           `json:"outcome"` // possible, full, excluded; chosen where a person has to decide first
	Reasons []mapping.Reason `json:"reasons,omitempty"`
}

func explain(cat *program.Catalog, n *mapping.Notice, d *roster.Decision) Explained {
	x := Explained{
		Status: n.Status, Role: n.Role, Program: n.Program, Group: n.Group, First: n.FirstSession, Position: n.Position, Expires: n.Expires,
		Reasons: n.Reasons, Issues: n.Issues, Zone: cat.Zone,
	}
	if p, ok := cat.Program(n.Program); ok {
		x.Name, x.Kind = p.Name, p.Kind
	}
	if g, ok := cat.Group(n.Group); ok {
		x.SeatsTaken, x.SeatsMax = n.SeatsTaken, g.Seats.Max
	}
	if d == nil {
		return x
	}
	for _, r := range d.Results {
		if r.Match != nil && r.Placement.String() == n.Placement {
			x.match(cat, r.Match)
		}
	}
	return x
}

func (x *Explained) match(cat *program.Catalog, m *match.Result) {
	for _, r := range m.NeedsInfo {
		x.Missing = append(x.Missing, r.Outward())
	}
	for i := range m.Candidates {
		c := &m.Candidates[i]
		if c.ID == x.Group {
			continue
		}
		o := Other{Group: c.ID, Outcome: c.Outcome.String()}
		if g, ok := cat.Group(c.ID); ok {
			o.Program = g.Program
		}
		for _, r := range c.Reasons() {
			o.Reasons = append(o.Reasons, r.Outward())
		}
		x.Others = append(x.Others, o)
	}
	if m.More != (match.More{}) {
		more := m.More
		x.More = &more
	}
}
