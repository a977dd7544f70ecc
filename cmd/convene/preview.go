package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/ask"
)

type previewCmd struct {
	connection
	Files    []string  `arg:"" optional:"" name:"file" help:"Referrals as they would be sent (.json, .hl7, .ndjson), each asked about for itself."`
	Catalog  string    `placeholder:"FILE" help:"Decide offline, in a network of this catalog where nobody sits yet."`
	After    []string  `placeholder:"FILE" help:"Offline: decide these recorded files first."`
	At       time.Time `placeholder:"TIME" help:"Offline: the time (RFC 3339); without it that of the event, else the last recorded."`
	Network  string    `placeholder:"NAME" help:"Ask a running worker about this network, as --source."`
	Source   string    `placeholder:"NAME" help:"The source that would send it."`
	Position string    `placeholder:"REFERRAL" help:"Ask a running worker where a referral of the source stands in line: Convene's key, or the order's <system>|<value>."`
	JSON     bool      `name:"json" help:"One line of JSON for each: placements, reasons, confirmations; offline the decision too, which names people."`
}

func (c *previewCmd) Run(ctx context.Context, say *speaker, g *globals) error {
	offline := c.Catalog != "" || len(c.After) > 0
	switch {
	case offline && (c.Network != "" || c.NATS != "" || c.Position != ""):
		return usage("--catalog and --after decide here; --network, --nats and --position ask a running worker", "offline or live, not both")
	case c.Position == "" && len(c.Files) == 0:
		return usage(previewHint, "no file with a referral")
	case offline:
		return c.offline(ctx, say)
	case c.Network == "" || c.Source == "":
		return usage(previewHint, "--network and --source say who asks")
	}
	return c.live(ctx, say, g)
}

// offline decides after what is recorded, in memory.
func (c *previewCmd) offline(ctx context.Context, say *speaker) error {
	replay, err := (&replayCmd{Catalog: c.Catalog}).start()
	if err != nil {
		return err
	}
	network := ""
	for _, path := range c.After {
		for line, err := range worker.ReadEventFile(path) {
			if err != nil {
				return unreadable(path, err)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if _, err := replay.Line(line); err != nil {
				return replayImpossible(path, err)
			}
			if network == "" {
				network, _ = line.Address()
			}
		}
	}
	replay.At = c.At
	return c.each(func(path string, line worker.Recorded) error {
		if line.Subject == "" {
			line.Network = network
			if c.Source != "" && network != "" {
				line.Subject = worker.InputSubject(network, c.Source)
			}
		}
		found, in, err := replay.Preview(line)
		if errors.Is(err, engine.ErrNoReferral) {
			say.warn("%s: %v", path, err)
			return nil
		}
		if err != nil {
			return replayImpossible(path, err)
		}
		eng := replay.Engine(in.Network)
		return c.show(say, ask.NewPreview(found, in.Stored, eng.State.Catalog))
	})
}

// each calls f for each referral of the files.
func (c *previewCmd) each(f func(path string, line worker.Recorded) error) error {
	for _, path := range c.Files {
		for line, err := range worker.ReadEventFile(path) {
			if err != nil {
				return unreadable(path, err)
			}
			if line.IsCatalog() {
				continue
			}
			if err := f(path, line); err != nil {
				return err
			}
		}
	}
	return nil
}

// live asks a running worker, as the source.
func (c *previewCmd) live(ctx context.Context, say *speaker, g *globals) error {
	conn, err := c.connect(g, worker.User{Role: worker.RoleSource, Network: c.Network, Source: c.Source})
	if err != nil {
		return err
	}
	defer conn.Close()
	if c.Position != "" {
		data, err := c.request(ctx, conn, nats.NewMsg(worker.PositionSubject(c.Network, c.Source)), []byte(c.Position))
		if err != nil {
			return err
		}
		return showStandings(say, data, c.JSON)
	}
	return c.each(func(_ string, line worker.Recorded) error {
		m := nats.NewMsg(worker.PreviewSubject(c.Network, c.Source))
		for name, value := range line.Headers {
			m.Header.Set(name, value)
		}
		data, err := c.request(ctx, conn, m, line.Data)
		if err != nil {
			return err
		}
		var p ask.Preview
		if err := json.Unmarshal(data, &p); err != nil {
			return err
		}
		return c.show(say, &p)
	})
}

const previewWait = 12 * time.Second

// request and its answer, or the service's own words.
func (c *previewCmd) request(ctx context.Context, conn *worker.Conn, m *nats.Msg, data []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, previewWait)
	defer cancel()
	m.Data = data
	answer, err := conn.RequestMsgWithContext(ctx, m)
	switch {
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, context.DeadlineExceeded):
		return nil, nobodyAnswers(c.Network, err)
	case err != nil:
		return nil, err
	case answer.Header.Get(micro.ErrorCodeHeader) != "":
		return nil, &failure{what: answer.Header.Get(micro.ErrorHeader), exit: exitFailed}
	}
	return answer.Data, nil
}

func (c *previewCmd) show(say *speaker, p *ask.Preview) error {
	if c.JSON {
		line, err := json.Marshal(p)
		say.line("%s", line)
		return err
	}
	sayPreview(say, p)
	return nil
}

func showStandings(say *speaker, data []byte, asJSON bool) error {
	if asJSON {
		say.line("%s", data)
		return nil
	}
	var list []ask.Standing
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	for _, s := range list {
		say.line("%s", standing(s))
	}
	return nil
}
