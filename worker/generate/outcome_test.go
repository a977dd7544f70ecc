package generate

import (
	"encoding/json"
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
)

// confirmation is what the tests read of one.
type confirmation struct {
	Data struct {
		Network, Status string
		Referral        struct{ Key string }
		Placement       struct{ ID string }
		Reasons         []struct{ Code string }
		Issues          []struct{ Code string }
	}
}

// The week shows what Convene does: most referrals find a place at once, many wait, seats become free and are given on,
// and every story ends as it is meant to.
func TestWeekOutcomes(t *testing.T) {
	counts, placements := map[string]int{}, map[string]bool{}
	replay := engine.NewReplay()
	for _, l := range generated(t, Week(catalogs(t))) {
		if l.Catalog != nil {
			if err := replay.Catalog(l.Network, l.Hash, l.Catalog); err != nil {
				t.Fatal(err)
			}
			continue
		}
		messages, err := replay.Input(l.Input)
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		for _, m := range messages {
			if m.Decision {
				continue
			}
			told++
			var c confirmation
			if err := json.Unmarshal(m.Data, &c); err != nil {
				t.Fatal(err)
			}
			countOutcome(counts, placements, &c)
		}
		if told == 0 {
			counts["nothing new"]++
		}
	}
	for what, want := range map[string][2]int{"placed": {55, 68}, "waitlisted": {15, 25}, "review": {8, 16}, "needs-info": {1, 3}} {
		if got := 100 * counts["first "+what] / len(placements); got < want[0] || got > want[1] {
			t.Errorf("%d %% are %s at first, want %v; all: %v", got, what, want, counts)
		}
	}
	for what, least := range map[string]int{
		"promoted": 15, "already-placed": 8, "possible-duplicate": 3, "alert-identity-conflict": 2, "cancelled-by-referrer": 40,
		"cancelled-before-order": 2, "seat-released": 5, "deceased": 2, "patient-merged": 2, "alert-double-placement": 1,
		"safety-stop": 8, "safety-review": 12, "alert-safety-stop": 2, "no-suitable-group": 5, "birth-date-missing": 3,
		"issue unknown-code": 10, "issue identifier-minted": 1, "nothing new": 25, "refused": 25, "refused not-owner": 2,
		"refused unknown-referral": 3, "refused not-allowed": 2, "refused required": 2, "refused duplicate-key": 1,
	} {
		if counts[what] < least {
			t.Errorf("%d %s, want at least %d; all: %v", counts[what], what, least, counts)
		}
	}
}

// countOutcome counts reasons and issues, and the first status of each placement.
func countOutcome(counts map[string]int, placements map[string]bool, c *confirmation) {
	for _, r := range c.Data.Reasons {
		counts[r.Code]++
	}
	kind := "issue "
	if c.Data.Status == string(mapping.Refused) {
		kind = "refused "
	}
	for _, x := range c.Data.Issues {
		counts[kind+x.Code]++
	}
	placement := c.Data.Network + c.Data.Referral.Key + c.Data.Placement.ID
	if kind == "issue " && !placements[placement] {
		placements[placement] = true
		counts["first "+c.Data.Status]++
	}
}
