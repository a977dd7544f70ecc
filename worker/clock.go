package worker

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/convene-health/convene/mapping"
)

// clockRetry is how long a clock event may take to come back before another is sent; a second one changes nothing.
const clockRetry = time.Second

// clock publishes a clock event when something is due and no input came that would let time pass. It reports whether it did.
func (n *Network) clock(ctx context.Context) (bool, error) {
	due, ok := n.engine.NextDue()
	now := n.Now()
	if !ok || now.UnixMilli() < due || now.Sub(n.polled) < clockRetry {
		return false, nil
	}
	n.polled = now
	m := nats.NewMsg(InputSubject(n.Name, mapping.SourceClock))
	m.Header.Set("Content-Type", "application/cloudevents+json")
	m.Data = []byte(`{"specversion":"1.0","id":"due-` + strconv.FormatInt(due, 10) + `","source":"urn:convene:clock","type":"convene.clock","data":{}}`)
	if _, err := n.conn.Publish(ctx, m); err != nil {
		return false, fmt.Errorf("clock: %w", err)
	}
	return true, nil
}
