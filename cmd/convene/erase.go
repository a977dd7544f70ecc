package main

import (
	"context"
	"path/filepath"

	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/deliver"
)

type eraseCmd struct {
	connection
	Key     string `arg:"" help:"Key of the referral, e.g. r1042."`
	Network string `required:"" placeholder:"NAME" help:"Its network."`
	Actor   string `placeholder:"NAME" help:"Who erases; without it the user of this computer."`
	Reason  string `placeholder:"TEXT" help:"Why; kept with the erasure. Name nobody."`
}

func (c *eraseCmd) Run(ctx context.Context, say *speaker, g *globals) error {
	conn, err := c.connect(g, worker.User{Role: worker.RoleAdmin})
	if err != nil {
		return err
	}
	defer conn.Close()
	done, err := worker.Erase(ctx, conn, c.Network, c.Key, actor(c.Actor), c.Reason)
	if err != nil {
		return cannotErase(c.Key, err)
	}
	refusals, err := deliver.OpenRefusals(filepath.Join(g.Data, "refused", c.Network))
	if err == nil {
		err = refusals.Forget(c.Key)
	}
	if err != nil {
		return cannotForget(c.Key, err)
	}
	say.line("%s", erased(c.Key, done))
	return nil
}
