package roster_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// Business days leave out the weekend and the network's holidays; who is urgent has fewer; who is decided has none.
func TestDecideBy(t *testing.T) {
	cat, problems := program.Load([]byte(fmt.Sprintf(modelCatalog, "") + "holidays: [2026-11-26]\n"))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	friday := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC).UnixMilli()
	for name, c := range map[string]struct {
		status   mapping.Status
		priority mapping.Priority
		days     int
		want     string
	}{
		"routine":      {mapping.Review, mapping.Routine, 0, "2026-11-25"},
		"urgent":       {mapping.Review, mapping.Urgent, 0, "2026-11-23"},
		"stat":         {mapping.Review, mapping.Stat, 0, "2026-11-23"},
		"own policy":   {mapping.Review, mapping.Routine, 4, "2026-11-27"},
		"nobody asked": {mapping.Waitlisted, mapping.Routine, 0, ""},
	} {
		cat.Policy.ReviewDays = c.days
		by, ok := roster.DecideBy(cat, &roster.Placement{Status: c.status, Opened: friday}, c.priority)
		got := ""
		if ok {
			got = by.Format(time.DateOnly)
		}
		if got != c.want {
			t.Errorf("%s: by %q, want %q", name, got, c.want)
		}
	}
}
