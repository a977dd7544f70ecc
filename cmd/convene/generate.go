package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/convene-health/convene/testdata/week"
	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/generate"
)

type generateCmd struct {
	Catalog []string           `placeholder:"FILE" help:"Catalogs (YAML), one for each network; without it those of the recorded week."`
	Count   int                `default:"100" help:"How many referrals; what happens around them comes on top (${default})."`
	Seed    uint64             `default:"1" help:"The same seed and flags give the same bytes (${default})."`
	Start   string             `placeholder:"DATE" default:"2026-11-09" help:"First day, in the first network's zone (${default})."`
	Days    int                `default:"7" help:"Days over which the events fall, by office hours (${default})."`
	Rate    float64            `placeholder:"N" help:"Events a second from the first midnight on, instead of days."`
	Share   map[string]float64 `placeholder:"CASE=SHARE" help:"Another share, 0 to 1, of a special case; --cases lists them."`
	Cases   bool               `help:"List the special cases with their shares."`
	Week    bool               `help:"The recorded week, bit for bit; other flags than --output do not count."`
	Output  string             `short:"o" placeholder:"FILE" help:"Where to write; without it stdout."`
}

func (c *generateCmd) Run(say *speaker) error {
	if c.Cases {
		listCases(say)
		return nil
	}
	options, err := c.options()
	if err != nil {
		return err
	}
	if c.Output == "" {
		return writeGenerated(say.out, options)
	}
	file, err := os.OpenFile(c.Output, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return unreadable(c.Output, err)
	}
	if err := writeGenerated(file, options); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

func (c *generateCmd) options() (generate.Options, error) {
	if c.Week {
		return generate.Week(week.Catalogs()), nil
	}
	start, err := time.Parse(time.DateOnly, c.Start)
	if err != nil {
		return generate.Options{}, usage("give a date such as 2026-11-09", "--start %s is no date", c.Start)
	}
	o := generate.Options{Seed: c.Seed, Count: c.Count, Start: start, Days: c.Days, Rate: c.Rate, Shares: c.Share, Catalogs: week.Catalogs()}
	if len(c.Catalog) > 0 {
		o.Catalogs = nil
	}
	for _, path := range c.Catalog {
		data, err := os.ReadFile(path)
		if err != nil {
			return o, unreadable(path, err)
		}
		o.Catalogs = append(o.Catalogs, data)
	}
	return o, nil
}

// writeGenerated makes the events up and writes them as a recorded file.
func writeGenerated(w io.Writer, o generate.Options) error {
	lines, err := generate.Generate(o)
	if err != nil {
		return usage("see `convene generate --help`", "%v", err)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	for line := range lines {
		recorded := worker.RecordInput(line.Input, line.Input.Stored)
		if line.Catalog != nil {
			recorded = worker.RecordCatalog(line.Network, line.Catalog)
		}
		if err := worker.WriteRecorded(out, recorded); err != nil {
			return err
		}
	}
	return out.Flush()
}

func listCases(say *speaker) {
	var rows [][]string
	for _, c := range generate.Cases() {
		rows = append(rows, []string{c.Name, fmt.Sprintf("%.3f", c.Share), c.About})
	}
	say.columns(rows)
}
