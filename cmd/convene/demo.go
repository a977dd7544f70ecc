package main

import (
	"bytes"
	"context"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/testdata/week"
	"github.com/convene-health/convene/worker"
)

type demoCmd struct {
	Pace  time.Duration `default:"8s" help:"How long the week takes; 0s for as fast as it goes (${default})."`
	Serve bool          `help:"Keep running after the summary, with the coordinators' desk, and for send and watch with --data, until Ctrl-C."`
	deskFlags
}

// demoMax bounds the demo beyond its pace, so that it ends by itself whatever happens.
const demoMax = 11 * time.Second

func (c *demoCmd) Run(ctx context.Context, say *speaker, g *globals) error {
	if c.Serve {
		if err := c.deskFlags.check(say, g); err != nil {
			return err
		}
	}
	folder, err := os.MkdirTemp("", "convene-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	lines, networks, err := demoWeek(time.Now())
	if err != nil {
		return err
	}
	host, err := worker.StartHost(ctx, worker.HostConfig{Folder: folder, Sources: networks, Log: g.logger()})
	if err != nil {
		return cannotRun(err)
	}
	defer host.Close()
	d := &demo{cmd: c, globals: g, say: say, host: host, folder: folder, networks: networks, tally: newTally(), sent: map[string]uint64{}}
	for _, line := range demoBegins(folder) {
		say.line("%s", line)
	}
	return d.run(ctx, lines)
}

// demoWeek is the recorded week, moved so that it begins today, and the networks in it.
func demoWeek(now time.Time) (lines []worker.Recorded, networks []worker.NetworkSources, err error) {
	recorded := worker.ReadRecorded(bytes.NewReader(week.Events()))
	for line, err := range worker.ShiftRecorded(recorded, now) {
		if err != nil {
			return nil, nil, err
		}
		if line.IsCatalog() {
			cat, problems := program.Load(line.Data)
			if err := problems.Err(); err != nil {
				return nil, nil, err
			}
			networks = append(networks, worker.SourcesOf(cat))
		}
		lines = append(lines, line)
	}
	return lines, networks, nil
}

// demo is one run: it sends the week, prints what comes back and sums it up.
type demo struct {
	cmd      *demoCmd
	globals  *globals
	say      *speaker
	host     *worker.Host
	folder   string
	networks []worker.NetworkSources
	tally    *tally
	sent     map[string]uint64 // last sequence stored, by network
}

func (d *demo) run(ctx context.Context, lines []worker.Recorded) error {
	pace := d.cmd.Pace
	working, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	limited, cancel := context.WithTimeoutCause(ctx, demoMax+pace, demoStuck())
	defer cancel()
	limited, fail := context.WithCancelCause(limited)
	defer fail(nil)
	wg.Go(func() {
		if err := d.host.Run(working); err != nil {
			fail(networkStopped(err)) // no use waiting for it
		}
	})
	for _, n := range d.networks {
		wg.Go(func() { d.print(working, n.Name) })
	}
	if err := d.send(limited, lines, pace); err != nil {
		return d.ended(ctx, err)
	}
	if err := d.decided(limited); err != nil {
		return d.ended(ctx, err)
	}
	if err := d.sumUp(limited); err != nil {
		return d.ended(ctx, err)
	}
	if !d.cmd.Serve {
		return nil
	}
	d.say.line("%s", serving(d.folder))
	return d.desk(ctx)
}

// desk is served until Ctrl-C.
func (d *demo) desk(ctx context.Context) error {
	if d.cmd.Desk == "" {
		<-ctx.Done()
		return nil
	}
	var names []string
	for _, n := range d.networks {
		names = append(names, n.Name)
	}
	config, err := d.cmd.config(d.say, d.globals, d.folder, names, d.host.Dial)
	if err != nil {
		return err
	}
	return serveDesk(ctx, d.say, config)
}

// ended is how the demo ends when it does not finish: quietly after Ctrl-C.
func (d *demo) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		d.say.line("%s", stopped)
		return nil
	}
	return err
}

// send publishes the week as the sources would, spread over the pace.
func (d *demo) send(ctx context.Context, lines []worker.Recorded, pace time.Duration) error {
	began := time.Now()
	for i, line := range lines {
		if line.IsCatalog() {
			if _, err := worker.PutCatalog(ctx, d.host.Admin(), line.Network, line.Data); err != nil {
				return err
			}
			continue
		}
		network, source := line.Address()
		if source == mapping.SourceClock {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Until(began.Add(pace * time.Duration(i) / time.Duration(len(lines))))):
		}
		m := &nats.Msg{Subject: line.Subject, Data: line.Data, Header: nats.Header{}}
		for name, value := range line.Headers {
			if name == "content-type" {
				name = "Content-Type"
			}
			m.Header.Set(name, value)
		}
		ack, err := d.host.Admin().Publish(ctx, m)
		if err != nil {
			return err
		}
		d.sent[network] = ack.Sequence
		d.tally.received++
	}
	return nil
}

// print shows a network's confirmations as they land.
func (d *demo) print(ctx context.Context, network string) {
	ledger, err := worker.OpenLedger(d.host.Admin(), network)
	if err != nil {
		d.say.warn("%s", watchBroken(network, err))
		return
	}
	defer ledger.Close()
	for m, err := range ledger.Follow(ctx, 0) {
		if err != nil {
			continue // said by the worker
		}
		switch {
		case m.Subject == worker.HeadSubject(network):
			d.tally.head(network, m.Data)
		case bytes.HasPrefix([]byte(m.Subject), []byte("placements.")):
			d.say.line("%s", d.tally.take(network, m.Data))
		}
	}
}

// decided waits until everything sent is decided and printed.
func (d *demo) decided(ctx context.Context) error {
	for !d.tally.reached(d.sent) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-d.tally.moved:
		}
	}
	return nil
}

// sumUp prints the tables and what verify finds. A ledger with a fault is a failure.
func (d *demo) sumUp(ctx context.Context) error {
	faults := 0
	d.tally.show(d.say)
	for _, n := range d.networks {
		state, cat, err := worker.ReadState(ctx, d.host.Admin(), n.Name)
		if err != nil {
			return err
		}
		showSeats(d.say, cat, state)
	}
	d.say.line("")
	for _, n := range d.networks {
		report, err := worker.Verify(ctx, d.host.Admin(), n.Name, nil)
		if err != nil {
			return err
		}
		d.say.line("%s", verified(report))
		for _, f := range report.Faults {
			d.say.line("  fault: %s", f)
		}
		faults += len(report.Faults)
	}
	if faults > 0 {
		return ledgerFaulty(faults)
	}
	for _, line := range demoEnds {
		d.say.line("%s", line)
	}
	return nil
}
