package main

import (
	"context"
	"errors"
	"os"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/fhirin"
	"github.com/convene-health/convene/mapping/hl7v2"
	"github.com/convene-health/convene/worker"
)

type documentCmd struct {
	connection
	Output string `short:"o" placeholder:"FILE" help:"Write it here; without: to stdout."`
	Link   string `arg:"" help:"Link of the document as confirmations have it: urn:convene:input:<network>:<sequence>#<place>."`
}

// Run fetches a document from the stored message that holds it. It needs the admin, who may read inputs.
func (c *documentCmd) Run(ctx context.Context, say *speaker, g *globals) error {
	conn, err := c.connect(g, worker.User{Role: worker.RoleAdmin})
	if err != nil {
		return err
	}
	defer conn.Close()
	in, place, err := worker.InputAt(ctx, conn, c.Link)
	if err != nil {
		return noDocument(c.Link, err)
	}
	content, err := documentIn(in, place)
	switch {
	case errors.Is(err, hl7v2.ErrNoDocument), errors.Is(err, fhirin.ErrNoDocument):
		return noDocument(c.Link, err)
	case err != nil:
		say.warn("%s", notAsEncoded(err))
	}
	if c.Output != "" {
		return os.WriteFile(c.Output, content, 0o600)
	}
	_, err = say.out.Write(content)
	return err
}

// documentIn a message, at a place of its format.
func documentIn(in mapping.Input, place string) ([]byte, error) {
	if !hl7v2.Claims(in) {
		return fhirin.Document(in.Data, place)
	}
	m, _ := hl7v2.Parse(in.Data)
	return hl7v2.Document(m, place)
}
