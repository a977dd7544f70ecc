package roster

import (
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// DecideBy is by when a person is to have decided a placement in review: so many business days of the network's calendar
// after it was first decided, fewer for urgent referrals and above (policy.reviewDays, reviewDaysUrgent). Nothing happens
// by itself then. It reports false where nobody is waited for.
func DecideBy(cat *program.Catalog, pl *Placement, priority mapping.Priority) (time.Time, bool) {
	if pl.Status != mapping.Review {
		return time.Time{}, false
	}
	policy := cat.Policy.Filled()
	days := policy.ReviewDays
	if lane(priority) > 0 {
		days = policy.ReviewDaysUrgent
	}
	return cat.BusinessDays(instant(pl.Opened), days), true
}
