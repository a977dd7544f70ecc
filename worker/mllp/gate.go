package mllp

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/hl7v2"
	"github.com/convene-health/convene/mapping/jsontree"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/worker"
)

// Gate stores what one source sends and acknowledges it. MSH-3 and MSH-4 are not believed: the source is that of the
// address. Safe for concurrent use.
type Gate struct {
	Conn            *worker.Conn // of the source
	Network, Source string
	// Catalog in force, nil before the first; may be nil. By it the only answer of original mode knows what will be refused.
	Catalog func() *program.Catalog
	// Observe is told of each message what became of it; may be nil.
	Observe func(hl7v2.Receipt)
	Log     zerolog.Logger
}

// Handle stores a message and answers it, positively only once JetStream has its bytes. Stored is whatever is one message,
// readable or not: what it says is answered by its confirmation.
func (g *Gate) Handle(ctx context.Context, data []byte, tooLarge error) []byte {
	m, issues := hl7v2.Parse(data)
	receipt, problems := hl7v2.NeverStored, issues
	switch n := m.Count("MSH"); {
	case tooLarge != nil:
		problems = mapping.Issues{{Path: "MSH", Code: jsontree.TooLarge, Text: tooLarge.Error()}}
	case n == 0:
	case n > 1:
		problems = mapping.Issues{{Path: "MSH[2]", Code: hl7v2.SeveralMessages, Text: "send each message in a block of its own"}}
	default:
		receipt, problems = g.store(ctx, data)
	}
	if receipt == hl7v2.Stored && !hl7v2.Enhanced(m.First("MSH")) {
		// In original mode this is the only answer: it says at once what cannot be read, or the catalog refuses.
		problems = g.refusal(data)
	}
	if g.Observe != nil {
		g.Observe(receipt)
	}
	return hl7v2.Acknowledge(m, receipt, problems, time.Now())
}

// refusal is why a message will be refused, as far as the message and the catalog in force say; nil where they do not.
func (g *Gate) refusal(data []byte) mapping.Issues {
	d := hl7v2.Decode(mapping.Input{Network: g.Network, Source: g.Source, Data: data})
	if g.Catalog != nil {
		if cat := g.Catalog(); cat != nil {
			engine.Settle(&d, engine.FormatHL7, cat)
		}
	}
	if d.Event != nil {
		return nil
	}
	return d.Issues
}

// store publishes the bytes and waits for JetStream.
func (g *Gate) store(ctx context.Context, data []byte) (hl7v2.Receipt, mapping.Issues) {
	m := nats.NewMsg(worker.InputSubject(g.Network, g.Source))
	m.Header.Set("Content-Type", event.TypeHL7v2)
	m.Data = data
	// What has come is stored, even while the listener ends.
	_, err := g.Conn.Publish(context.WithoutCancel(ctx), m)
	problem := mapping.Issue{Path: "MSH", Code: hl7v2.NotKept}
	receipt := hl7v2.NeverStored
	switch {
	case err == nil:
		return hl7v2.Stored, nil
	case errors.Is(err, nats.ErrMaxPayload):
		problem.Code, problem.Text = jsontree.TooLarge, "the message is larger than the server takes"
	case errors.Is(err, jetstream.ErrNoStreamResponse):
		problem.Text = "this network is not known"
	case errors.Is(err, worker.ErrDenied):
		problem.Text = "this source may not send to this network"
	default:
		receipt, problem.Text = hl7v2.NotStored, "the message could not be stored now; send it again"
	}
	g.Log.Warn().Str("network", g.Network).Str("source", g.Source).Err(err).Msg("mllp: not stored")
	return receipt, mapping.Issues{problem}
}
