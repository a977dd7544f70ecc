package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/worker"
)

type replayCmd struct {
	Files     []string  `arg:"" name:"file" help:"Recorded files (.ndjson) or single events (.json, .hl7), in order."`
	Catalog   string    `placeholder:"FILE" help:"Catalog for files that bring none."`
	JSON      bool      `name:"json" help:"One confirmation a line, byte for byte as the worker publishes it."`
	Decisions bool      `help:"Decisions too: candidates, scores and rules. They name people; keep them inside."`
	Expect    string    `placeholder:"FILE" help:"Compare with these confirmations, network by network; exit 1 on a difference."`
	At        time.Time `placeholder:"TIME" help:"The time (RFC 3339) at which events without a recorded one are decided."`
}

func (c *replayCmd) Run(ctx context.Context, say *speaker) error {
	replay, err := c.start()
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(say.out, 1<<16)
	defer out.Flush()
	p := &confirmationPrinter{say: &speaker{out: out, err: say.err}, json: c.JSON}
	got := map[string][][]byte{}
	for _, path := range c.Files {
		for line, err := range worker.ReadEventFile(path) {
			if err != nil {
				return unreadable(path, err)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			messages, err := replay.Line(line)
			if err != nil {
				return replayImpossible(path, err)
			}
			c.show(p, out, messages, got)
		}
	}
	if c.Expect == "" {
		return nil
	}
	out.Flush()
	return c.compare(say, got)
}

func (c *replayCmd) start() (*worker.Replay, error) {
	var catalog []byte
	if c.Catalog != "" {
		var err error
		if catalog, err = os.ReadFile(c.Catalog); err != nil {
			return nil, unreadable(c.Catalog, err)
		}
	}
	replay, err := worker.NewReplay(catalog)
	if err != nil {
		return nil, badCatalog(c.Catalog, err)
	}
	replay.At = c.At
	return replay, nil
}

// show prints what one line caused and keeps the confirmations for comparing.
func (c *replayCmd) show(p *confirmationPrinter, out *bufio.Writer, messages []engine.Message, got map[string][][]byte) {
	for _, m := range messages {
		switch {
		case m.Decision && c.Decisions:
			fmt.Fprintf(out, "%s\n", m.Data)
		case m.Decision:
		default:
			network := networkOf(m.Data)
			if c.Expect != "" {
				got[network] = append(got[network], m.Data)
			} else {
				p.print(network, m.Data)
			}
		}
	}
}

// networkOf reads the network from a confirmation's source, "urn:convene:<network>".
func networkOf(confirmation []byte) string {
	const before = `"source":"urn:convene:`
	_, rest, _ := bytes.Cut(confirmation, []byte(before))
	network, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(network)
}

// compare holds the confirmations against a file of expected ones, network by network.
func (c *replayCmd) compare(say *speaker, got map[string][][]byte) error {
	data, err := os.ReadFile(c.Expect)
	if err != nil {
		return unreadable(c.Expect, err)
	}
	want := map[string][][]byte{}
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			network := networkOf(line)
			want[network] = append(want[network], line)
		}
	}
	same, differ := 0, 0
	for network := range union(got, want) {
		for i := range max(len(got[network]), len(want[network])) {
			g, w := at(got[network], i), at(want[network], i)
			if bytes.Equal(g, w) {
				same++
				continue
			}
			if differ++; differ <= differencesShown {
				say.line("%s", difference(network, i+1, w, g))
			}
		}
	}
	if differ > 0 {
		return differs(differ, same, c.Expect)
	}
	say.line("%s", allSame(same, c.Expect))
	return nil
}

// differencesShown bounds what --expect prints.
const differencesShown = 10

func at(list [][]byte, i int) []byte {
	if i < len(list) {
		return list[i]
	}
	return nil
}

func union(a, b map[string][][]byte) map[string]bool {
	all := map[string]bool{}
	for _, m := range []map[string][][]byte{a, b} {
		for k := range m {
			all[k] = true
		}
	}
	return all
}

// difference shows the place where two confirmations part.
func difference(network string, n int, want, got []byte) string {
	i := 0
	for i < len(want) && i < len(got) && want[i] == got[i] {
		i++
	}
	return fmt.Sprintf("%s, confirmation %d, byte %d:\n  expected %s\n  got      %s", network, n, i, around(want, i), around(got, i))
}

// around is the text near a byte; an absent confirmation is said so.
func around(b []byte, i int) string {
	if b == nil {
		return "(none)"
	}
	return "…" + strings.ToValidUTF8(string(b[max(0, i-40):min(len(b), i+40)]), "?") + "…"
}
