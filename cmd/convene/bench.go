package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/convene-health/convene/worker/bench"
)

type benchCmd struct {
	JSON   bool     `name:"json" help:"One line of JSON."`
	Only   []string `placeholder:"SECTION" help:"Measure these only: mapping, memory, latency, drain, startup."`
	Events int      `short:"n" placeholder:"N" help:"Events to drain, 50000 unless told; the other sections shrink in proportion."`
	Seed   uint64   `default:"1" help:"Of the workload (${default})."`
	Folder string   `type:"existingdir" placeholder:"FOLDER" help:"Where the server keeps its files meanwhile; without it the system's temporary folder. Its disk is what is measured."`
}

func (c *benchCmd) Run(ctx context.Context, say *speaker) error {
	options := bench.Options{Only: c.Only, Events: c.Events, Seed: c.Seed, Folder: c.Folder}
	if err := options.Validate(); err != nil {
		return usage("see `convene bench --help`", "%v", err)
	}
	if isTerminal(os.Stderr) {
		options.Progress = func(format string, args ...any) { fmt.Fprintf(say.err, format+"\n", args...) }
	}
	result, err := bench.Run(ctx, options)
	if err != nil {
		return err
	}
	if c.JSON {
		line, err := json.Marshal(result)
		say.line("%s", line)
		return err
	}
	say.columns(benchRows(result))
	return nil
}

// isTerminal reports whether a person reads along.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
