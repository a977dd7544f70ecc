package roster_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// TestDecideBy: business days leave out the weekend and the network's holidays; who is urgent has fewer, and may come to be so;
// a review that nobody decides in time is told of once. Who is decided has no such time.
func TestDecideBy(t *testing.T) {
	friday := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		first, then mapping.Priority
		days        int
		program     string
		want        string
	}{
		"routine":        {"", "", 0, "none", "2026-11-25"},
		"urgent":         {mapping.Urgent, "", 0, "none", "2026-11-23"},
		"stat":           {mapping.Stat, "", 0, "none", "2026-11-23"},
		"own policy":     {"", "", 4, "none", "2026-11-27"},
		"becomes urgent": {"", mapping.Urgent, 0, "none", "2026-11-24"},
		"is put off":     {mapping.Urgent, mapping.Routine, 0, "none", "2026-11-23"},
		"nobody asked":   {"", "", 0, "pain", ""},
	} {
		cat, problems := program.Load([]byte(fmt.Sprintf(modelCatalog, fmt.Sprintf(modelGroup, "pain-1", "pain", 2, false)) + "holidays: [2026-11-26]\n"))
		if err := problems.Err(); err != nil {
			t.Fatal(err)
		}
		cat.Policy.ReviewDays = c.days
		k := &clinic{T: t, state: roster.New(), offer: roster.NewOffering(cat), now: friday}
		k.state.Use(cat.Hash)
		e := refer(1, c.program)
		e.Referral.Priority = c.first
		k.says(e)
		if c.then != "" {
			k.now = friday.Add(71 * time.Hour)
			e = refer(1, c.program)
			e.Type, e.Referral.Priority = mapping.ReferralUpdated, c.then
			k.says(e)
		}
		pl := &k.state.Record(1).Placements[0]
		by, ok := roster.DecideBy(pl)
		if got := map[bool]string{true: by.Format(time.DateOnly)}[ok]; got != c.want {
			t.Errorf("%s: by %q, want %q", name, got, c.want)
		}
		if !ok {
			continue
		}
		var told []string
		for _, at := range []time.Duration{-time.Minute, 0, 24 * time.Hour} {
			k.now = by.Add(at)
			for _, n := range k.says(clock) {
				told = append(told, at.String()+" "+string(n.Previous)+" "+string(n.Status)+" "+n.Reasons[0].Code)
			}
		}
		if want := []string{"0s review review alert-review-overdue"}; !slices.Equal(told, want) {
			t.Errorf("%s: told %q", name, told)
		}
	}
}
