package main

import (
	"context"
	"encoding/json"

	"github.com/convene-health/convene/worker"
)

type verifyCmd struct {
	connection
	Network []string `placeholder:"NAME" help:"Networks; without it all of the data folder."`
	JSON    bool     `name:"json" help:"One report a line."`
}

func (c *verifyCmd) Run(ctx context.Context, say *speaker, g *globals) error {
	networks, err := namedNetworks(c.Network, g)
	if err != nil {
		return err
	}
	conn, err := c.connect(g, worker.User{Role: worker.RoleAdmin})
	if err != nil {
		return err
	}
	defer conn.Close()
	faults := 0
	for _, network := range networks {
		report, err := worker.Verify(ctx, conn, network, nil)
		if err != nil {
			return err
		}
		faults += len(report.Faults)
		if c.JSON {
			line, _ := json.Marshal(report)
			say.line("%s", line)
			continue
		}
		say.line("%s", verified(report))
		for _, f := range report.Faults {
			say.line("  fault: %s", f)
		}
	}
	if faults > 0 {
		return ledgerFaulty(faults)
	}
	return nil
}

// namedNetworks are those named, or all that the data folder has keys for.
func namedNetworks(names []string, g *globals) ([]string, error) {
	if len(names) > 0 {
		return names, nil
	}
	names, err := worker.FolderKeys(g.Data).Networks()
	if err != nil || len(names) == 0 {
		return nil, usage(watchNeedsNetwork, "no network is named and the data folder %s knows none", g.Data)
	}
	return names, nil
}
