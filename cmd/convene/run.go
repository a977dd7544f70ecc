package main

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/desk"
)

type runCmd struct {
	connection
	listening
	deskFlags
	Catalog  []string      `placeholder:"FILE" help:"Catalog of a network to work, one file each. It serves until the ledger names another (convene catalog apply)."`
	Network  []string      `placeholder:"NAME" help:"Network to work whose ledger names its catalog already."`
	Port     int           `default:"4222" help:"Port of the embedded server on 127.0.0.1; 0 takes a free one (${default})."`
	TakeOver time.Duration `default:"2s" help:"With --nats: how long an input waits for another worker before this one takes over (${default})."`
	Ops      string        `default:"127.0.0.1:9464" placeholder:"ADDR" help:"Loopback address of /healthz, /readyz and /metrics; empty for none (${default})."`
}

func (c *runCmd) Run(ctx context.Context, say *speaker, g *globals) error {
	if len(c.Catalog)+len(c.Network) == 0 {
		return usage(runNeedsNetwork, "no catalog and no network is given")
	}
	metrics := worker.NewMetrics()
	config := worker.HostConfig{
		Folder: g.Data, Port: c.Port, Catalogs: c.Catalog, Networks: c.Network, Log: g.logger(), Observe: metrics.Observe,
	}
	if c.NATS != "" {
		dial := c.dial(g, worker.User{Role: worker.RoleWorker})
		config.Dial, config.TakeOver = &dial, c.TakeOver
	}
	host, err := worker.StartHost(ctx, config)
	if err != nil {
		return cannotRun(err)
	}
	defer host.Close()
	ops := ""
	if c.Ops != "" {
		if ops, err = worker.ServeOps(ctx, c.Ops, metrics, host.Standings); err != nil {
			return cannotServe(c.Ops, err)
		}
	}
	pages, err := c.pages(say, g, host)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	doors := &doors{listening: c.listening, global: g, conn: c.connection, host: host, metrics: metrics}
	defer func() {
		stop()
		doors.wait()
	}()
	if err := doors.start(ctx); err != nil {
		return err
	}
	for _, line := range running(g.Data, host, ops, doors.said) {
		say.line("%s", line)
	}
	go c.reload(ctx, say, host)
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	ended := c.desk(ctx, fail, say, pages)
	err = host.Run(ctx)
	fail(nil)
	<-ended
	switch cause := context.Cause(ctx); {
	case err != nil:
		return networkStopped(err)
	case errors.As(cause, new(*failure)):
		return cause
	}
	say.line("%s", stopped)
	return nil
}

// pages says how the desk is to be served, nil for none. What is wrong with it is told before work begins.
func (c *runCmd) pages(say *speaker, g *globals, host *worker.Host) (*desk.Config, error) {
	dial := host.Dial
	if c.NATS != "" {
		dial = func(u worker.User) worker.Dial {
			own := connection{NATS: c.NATS, CA: c.connection.CA, Cert: c.connection.Cert, Key: c.connection.Key}
			return own.dial(g, u)
		}
	}
	networks := slices.Sorted(maps.Keys(host.Standings()))
	if c.Desk != "" && c.NATS != "" && len(networks) > 0 && dial(worker.User{Role: worker.RoleDeskReader, Network: networks[0]}).NKey == "" {
		say.line("%s", deskNeedsKeys(g.Data))
		c.Desk = ""
	}
	if c.Desk == "" {
		return nil, nil
	}
	config, err := c.config(say, g, g.Data, networks, dial)
	if err != nil {
		return nil, err
	}
	if err := config.Check(); err != nil {
		return nil, badDesk(config.Address, err)
	}
	return &config, nil
}

// desk is served beside the worker, which does not wait for it. A desk that cannot begin ends the command with why. The
// channel closes when it has ended.
func (c *runCmd) desk(ctx context.Context, fail context.CancelCauseFunc, say *speaker, config *desk.Config) <-chan struct{} {
	ended := make(chan struct{})
	if config == nil {
		close(ended)
		return ended
	}
	go func() {
		defer close(ended)
		if err := serveDesk(ctx, say, *config); err != nil {
			fail(err)
		}
	}()
	return ended
}

// reload applies the catalogs anew at each SIGHUP.
func (c *runCmd) reload(ctx context.Context, say *speaker, host *worker.Host) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			if err := host.Reload(ctx); err != nil {
				say.warn("%s", notReloaded(err))
			} else {
				say.line("%s", reloaded)
			}
		}
	}
}

// cannotRun adds what to do to why the worker did not start.
func cannotRun(err error) error {
	var cat *worker.CatalogError
	var unfit *worker.UnfitError
	var unstored *worker.UnstoredError
	var busy *worker.BusyError
	switch {
	case errors.As(err, &cat):
		return badCatalog(cat.Path, cat.Err)
	case errors.As(err, &unfit):
		f := streamsUnfit(unfit.Network).(*failure)
		f.what, f.exit = unfit.Error(), exitUsage
		return f
	case errors.As(err, &unstored):
		return &failure{what: err.Error(), hint: catalogUnstoredHint, exit: exitUsage, err: err}
	case errors.As(err, &busy):
		return &failure{what: err.Error(), hint: runBusyHint, exit: exitUsage, err: err}
	}
	return &failure{what: err.Error(), hint: runFailedHint, exit: exitFailed, err: err}
}
