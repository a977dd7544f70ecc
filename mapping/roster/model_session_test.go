package roster_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// oneSession of a group is left out or moved, or none is; never in the first catalog.
func (m *model) oneSession(t *rapid.T, group string) string {
	date := time.Date(2026, 11, 23+7*rapid.IntRange(0, 12).Draw(t, "session"), 0, 0, 0, 0, time.UTC)
	to := date.AddDate(0, 0, rapid.IntRange(-6, 6).Draw(t, "by"))
	change := ""
	switch kind := rapid.IntRange(0, 3).Draw(t, "kind"); {
	case m.catalogs == 0 || kind < 2:
	case kind == 2:
		change = ", skip: [" + date.Format(time.DateOnly) + "]"
	default:
		change = fmt.Sprintf(`, moved: [{date: %s, to: %s, time: "18:00"}]`, date.Format(time.DateOnly), to.Format(time.DateOnly))
	}
	return strings.Replace(group, "count: 30", "count: 30"+change, 1)
}

// checkFirst holds that who has not begun is expected at a session that the group has.
func (m *model) checkFirst(t *rapid.T) {
	for _, key := range m.state.LiveKeys() {
		for _, pl := range m.state.Record(key).Placements {
			first := time.UnixMilli(pl.First).UTC()
			g, ok := m.offer.Catalog.Group(pl.Group)
			if !ok || !pl.Status.HoldsSeat() || pl.Status == mapping.Enrolled || !first.After(m.now) {
				continue
			}
			if !slices.ContainsFunc(g.Dates, first.Equal) {
				t.Fatalf("%s is expected in %s at %v, when it does not meet: %v", pl.ID, g.ID, first, g.Sessions)
			}
		}
	}
}

// watchSessions holds that members are told of sessions to come only, each as the group has it now.
func (m *model) watchSessions(t *rapid.T, notices []mapping.Notice) {
	for _, n := range notices {
		for _, c := range n.Sessions {
			g, _ := m.offer.Catalog.Group(n.Group)
			if c.First().Before(m.now) || !c.Is.IsZero() && !meets(g, c.Is) || !c.Was.IsZero() && meets(g, c.Was) {
				t.Fatalf("%s of %s is told of %v", n.Placement, n.Group, c)
			}
		}
	}
}

func meets(g *program.Group, at time.Time) bool { return slices.ContainsFunc(g.Dates, at.Equal) }
