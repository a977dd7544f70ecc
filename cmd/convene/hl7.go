package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/hl7v2"
	"github.com/convene-health/convene/worker"
)

type hl7Cmd struct {
	Explain  hl7ExplainCmd `cmd:"" help:"Show a message field by field: names, values, what Convene reads from it and what it ignores."`
	Document documentCmd   `cmd:"" help:"Fetch a document that a referral's message holds, by its link."`
}

type hl7ExplainCmd struct {
	NoValues bool   `name:"no-values" help:"Leave values out, for screens that others can see."`
	File     string `arg:"" help:"Message or batch (.hl7), or recorded events (.ndjson) of which the HL7 v2 ones are shown."`
}

func (c *hl7ExplainCmd) Run(say *speaker) error {
	shown := 0
	for line, err := range worker.ReadEventFile(c.File) {
		if err != nil {
			return usage("", "%v", err)
		}
		in := line.Input()
		if !hl7v2.Claims(in) {
			continue
		}
		if shown++; shown > 1 {
			say.line("")
		}
		m, _ := hl7v2.Parse(in.Data)
		c.message(say, m)
		if err := c.outcome(say, hl7v2.Decode(in)); err != nil {
			return err
		}
	}
	if shown == 0 {
		return noHL7(c.File)
	}
	return nil
}

// message lists the fields, one a line; the value comes last, for it can be long.
func (c *hl7ExplainCmd) message(say *speaker, m *hl7v2.Message) {
	var rows [][]string
	for _, l := range hl7v2.Explain(m) {
		if l.Segment {
			rows = append(rows, []string{l.Position, l.Name})
			continue
		}
		rows = append(rows, []string{"  " + l.Position, l.Name, explained(l.Becomes), c.value(l)})
	}
	say.columns(rows)
}

func (c *hl7ExplainCmd) value(l hl7v2.Line) string {
	switch {
	case !c.NoValues:
		return printable(l.Raw)
	case l.Raw == hl7v2.Null:
		return "null"
	}
	return fmt.Sprintf("%d characters, %d components", utf8.RuneCountInString(l.Raw), l.Components)
}

// printable has a mark for each character that would move the cursor.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// outcome says what Convene makes of the message: the event, or why it is refused.
func (c *hl7ExplainCmd) outcome(say *speaker, d mapping.Decoded) error {
	say.line("\n%s", hl7Outcome(d))
	for _, i := range d.Issues {
		say.line("  %s: %s (%s)", i.Path, i.Text, i.Code)
	}
	if d.Event != nil {
		for _, line := range hl7Awaits(d.Event) {
			say.line("  %s", line)
		}
	}
	if d.Event == nil || c.NoValues {
		return nil
	}
	native, err := event.Encode(d.Event)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, native, "", "  "); err != nil {
		return err
	}
	say.line("%s", text.String())
	return nil
}
