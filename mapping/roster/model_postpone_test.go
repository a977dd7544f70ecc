package roster_test

import (
	"pgregory.net/rapid"

	"github.com/convene-health/convene/mapping/roster"
)

// follow takes on the catalog that a step put in force, and holds every start put off against the rule: once a group, to a
// later day, from the day that its catalog gave, a cohort with members below its minimum, before it begins.
func (m *model) follow(t *rapid.T, out roster.Outcome) {
	for _, c := range out.Changes {
		if c.Type != roster.ChangePostponed {
			continue
		}
		if to, before := m.postponed[c.Group]; before {
			t.Fatalf("%s was put off to %s before, now to %s", c.Group, to, c.To)
		}
		m.postponed[c.Group] = c.To
		g, ok := m.offer.Catalog.Group(c.Group)
		if !ok || g.Sessions.Start != c.From || c.To <= c.From || !m.now.Before(g.Dates[0]) {
			t.Fatalf("%s is put off from %s to %s at %v: %+v", c.Group, c.From, c.To, m.now, g)
		}
	}
	if out.Offer != nil {
		m.offer = out.Offer
	}
}

// checkPostponed: the catalog decided with is the one that the folded state gives for what the ledger names, and in it a
// group that was put off begins on that day or on one that a later catalog names.
func (m *model) checkPostponed(t *rapid.T) {
	if m.folded.InForce(m.offer.Catalog) != m.offer.Catalog {
		t.Fatal("the catalog decided with lacks a start that was put off")
	}
	for i := range m.offer.Catalog.Groups {
		g := &m.offer.Catalog.Groups[i]
		p, put := m.folded.PutOff(g.ID)
		if put != (m.postponed[g.ID] != "") || p.To != m.postponed[g.ID] {
			t.Fatalf("%s: %+v on the ledger, put off to %q", g.ID, p, m.postponed[g.ID])
		}
		if g.Planned != nil && g.Sessions.Start != p.To || put && g.Sessions.Start == p.From {
			t.Fatalf("%s begins on %s, put off %+v", g.ID, g.Sessions.Start, p)
		}
	}
}
