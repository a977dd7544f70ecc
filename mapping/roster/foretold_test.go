package roster_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
)

// cancelOf is a source's cancel of an order, sent at a time.
func cancelOf(source string, order int, sent time.Time) *mapping.Event {
	return &mapping.Event{Type: mapping.ReferralCancelled, Source: source, Sent: sent, Target: ordered{value: fmt.Sprint("o", order)}.target()}
}

// ordered sends the order at a time and tells how it stands.
func (c *clinic) ordered(source string, order int, sent time.Time) mapping.Status {
	c.Helper()
	e := refer(order, "pain")
	e.Source, e.Sent = source, sent
	notices := c.says(e)
	if len(notices) != 1 {
		c.Fatalf("order %d: %+v", order, notices)
	}
	return notices[0].Status
}

// A cancel that overtakes its order is remembered for as long as the network says, the latest of several.
func TestCancelIsRememberedForSomeDays(t *testing.T) {
	c := newClinic(t, fmt.Sprintf(modelGroup, "pain-0", "pain", 3, false))
	sent := c.now
	for _, order := range []int{1, 2, 3} {
		c.says(cancelOf("north", order, sent))
	}
	c.says(cancelOf("north", 2, sent.Add(-2*time.Hour)))
	if got := c.ordered("north", 2, sent.Add(-time.Hour)); got != mapping.Cancelled {
		t.Errorf("cancelled again by an older message: %s", got)
	}
	c.now = sent.AddDate(0, 0, 30)
	if got := c.ordered("north", 1, sent); got != mapping.Cancelled {
		t.Errorf("after 30 days: %s", got)
	}
	c.now = sent.AddDate(0, 0, 31)
	if got := c.ordered("north", 3, sent); got != mapping.Offered {
		t.Errorf("after 31 days: %s", got)
	}
}

// A source that cancels without end what nobody has ordered is forgotten from its oldest on, and makes no other forgotten.
func TestCancelsOfOneSourceCrowdOutNoOther(t *testing.T) {
	c := newClinic(t, fmt.Sprintf(modelGroup, "pain-0", "pain", 3, false))
	sent := c.now
	c.says(cancelOf("south", 1, sent))
	const many = 10_050
	for order := range many {
		c.now = c.now.Add(time.Second)
		c.says(cancelOf("north", order+10, sent))
	}
	if n := c.state.Foretold(); n != 10_000 {
		t.Errorf("%d cancels are remembered", n)
	}
	if got := c.ordered("south", 1, sent); got != mapping.Cancelled {
		t.Errorf("the other source's order: %s", got)
	}
	if got := c.ordered("north", 10, sent); got != mapping.Offered {
		t.Errorf("the order cancelled first of too many: %s", got)
	}
	if got := c.ordered("north", many+9, sent); got != mapping.Cancelled {
		t.Errorf("the order cancelled last: %s", got)
	}
}
