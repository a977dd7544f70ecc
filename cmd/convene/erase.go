package main

import (
	"context"

	"github.com/convene-health/convene/worker"
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
	say.line("%s", erased(c.Key, done))
	return nil
}
