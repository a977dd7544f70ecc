package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/convene-health/convene/worker"
)

type askCmd struct {
	connection
	Network  string `required:"" placeholder:"NAME" help:"Network to ask."`
	Source   string `required:"" placeholder:"NAME" help:"Source to ask as: it sees its own only."`
	Output   string `short:"o" placeholder:"FILE" help:"Write the answer here; without: to stdout."`
	Question string `arg:"" help:"Path and query, e.g. Task/north-r5-1, 'Task?identifier=https://orders.example|o1', HealthcareService, Organization/<id>, metadata; or 'Task/north-r5-1/$calendar', the sessions of a placement as an .ics file."`
}

// askMax is how long a worker may take to answer.
const askMax = 15 * time.Second

// Run asks a worker as a source would.
func (c *askCmd) Run(ctx context.Context, say *speaker, g *globals) error {
	conn, err := c.connect(g, worker.User{Role: worker.RoleSource, Network: c.Network, Source: c.Source})
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, askMax)
	defer cancel()
	answer, err := conn.RequestWithContext(ctx, worker.AskSubject(c.Network, c.Source), []byte(c.Question))
	if errors.Is(err, nats.ErrNoResponders) {
		return nobodyAsked(c.Network, err)
	}
	if err != nil {
		return err
	}
	if status := answer.Header.Get("Status"); status != "200" {
		return notAnswered(status, answer.Data)
	}
	if c.Output != "" {
		return os.WriteFile(c.Output, answer.Data, 0o600)
	}
	_, err = say.out.Write(answer.Data)
	return err
}
