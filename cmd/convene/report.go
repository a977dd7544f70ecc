package main

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/report"
)

type reportCmd struct {
	connection
	Files   []string `arg:"" optional:"" name:"file" help:"Recorded files (.ndjson) to report on offline, instead of a ledger."`
	Network []string `placeholder:"NAME" help:"Networks; without it all of the data folder, or of the files."`
	From    string   `placeholder:"DATE" help:"First day on which referrals arrived, in the network's zone; without it the first there is."`
	To      string   `placeholder:"DATE" help:"Last such day; without it the last there is."`
	By      []string `placeholder:"WHAT" default:"program" help:"A table for each of program, site, source, language, payer; program+site breaks down by both (${default})."`
	CSV     bool     `name:"csv" xor:"form" help:"Comma-separated values, a line for each row."`
	JSON    bool     `name:"json" xor:"form" help:"One line of JSON for each network."`
}

func (c *reportCmd) Run(ctx context.Context, say *speaker, g *globals) error {
	options := report.Options{By: c.By}
	var err error
	if options.From, err = reportDay("--from", c.From); err != nil {
		return err
	}
	if options.To, err = reportDay("--to", c.To); err != nil {
		return err
	}
	if err := options.Validate(); err != nil {
		return usage("see `convene report --help`", "%v", err)
	}
	collected, err := c.collect(ctx, g)
	if err != nil {
		return err
	}
	for _, network := range slices.Sorted(maps.Keys(collected)) {
		r, err := collected[network].Make(options)
		if err != nil {
			return err
		}
		switch {
		case c.CSV:
			err = r.WriteCSV(say.out)
		case c.JSON:
			var line []byte
			line, err = json.Marshal(r)
			say.line("%s", line)
		default:
			err = r.WriteText(say.out)
			say.line("")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func reportDay(flag, date string) (time.Time, error) {
	if date == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return at, usage("give a date such as 2026-11-09", "%s %s is no date", flag, date)
	}
	return at, nil
}

// collect reads the ledgers, or decides the files.
func (c *reportCmd) collect(ctx context.Context, g *globals) (map[string]*report.Collector, error) {
	if len(c.Files) > 0 {
		return c.replay(ctx)
	}
	networks, err := namedNetworks(c.Network, g)
	if err != nil {
		return nil, err
	}
	out := map[string]*report.Collector{}
	for _, network := range networks {
		conn, err := c.connect(g, worker.User{Role: worker.RoleDeskReader, Network: network})
		if err != nil {
			return nil, err
		}
		out[network], err = report.FromLedger(ctx, conn, network)
		conn.Close()
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *reportCmd) replay(ctx context.Context) (map[string]*report.Collector, error) {
	replay, err := worker.NewReplay(nil)
	if err != nil {
		return nil, err
	}
	f := report.FromReplay{Replay: replay}
	for _, path := range c.Files {
		for line, err := range worker.ReadEventFile(path) {
			if err != nil {
				return nil, unreadable(path, err)
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err := f.Line(line); err != nil {
				return nil, replayImpossible(path, err)
			}
		}
	}
	out := f.Networks()
	for _, name := range c.Network {
		if out[name] == nil {
			return nil, usage("", "the files have no network %s, but %s", name, strings.Join(slices.Sorted(maps.Keys(out)), ", "))
		}
	}
	maps.DeleteFunc(out, func(name string, _ *report.Collector) bool {
		return len(c.Network) > 0 && !slices.Contains(c.Network, name)
	})
	return out, nil
}
