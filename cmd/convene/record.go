package main

import (
	"bufio"
	"context"
	"io"
	"os"

	"github.com/convene-health/convene/worker"
)

type recordCmd struct {
	connection
	Network    []string `placeholder:"NAME" help:"Networks, written one after another by name; without it all of the data folder."`
	Output     string   `short:"o" placeholder:"FILE" help:"Where to write; without it stdout."`
	Deidentify bool     `help:"Replace names, addresses, phones, dates of birth and identifiers, the same person always by the same stand-in. A new input: its confirmations differ."`
}

func (c *recordCmd) Run(ctx context.Context, say *speaker, g *globals) error {
	networks, err := namedNetworks(c.Network, g)
	if err != nil {
		return err
	}
	conn, err := c.connect(g, worker.User{Role: worker.RoleAdmin})
	if err != nil {
		return err
	}
	defer conn.Close()
	var out io.Writer = say.out
	if c.Output != "" {
		file, err := os.OpenFile(c.Output, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return unreadable(c.Output, err)
		}
		defer file.Close()
		out = file
	}
	w := bufio.NewWriterSize(out, 1<<16)
	inputs, err := worker.Record(ctx, conn, networks, w, c.Deidentify)
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	say.note("%s", recordedSummary(inputs, networks))
	return nil
}
