package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/confirm"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// schemas by name.
var schemas = map[string]func() []byte{
	"catalog":      program.Schema,
	"confirmation": confirm.Schema,
	"decision":     roster.DecisionSchema,
	"event":        event.CombinedSchema,
	"transitions":  transitions,
}

// transitions are the changes of status that may be, one a line.
func transitions() []byte {
	var b bytes.Buffer
	for _, t := range mapping.Transitions {
		line, _ := json.Marshal(t)
		b.Write(append(line, '\n'))
	}
	return b.Bytes()
}

type schemaCmd struct {
	Name string `arg:"" help:"Which: ${schemas}."`
}

func (c *schemaCmd) Run(say *speaker) error {
	schema, known := schemas[c.Name]
	if !known {
		return usage("there are: "+strings.Join(slices.Sorted(maps.Keys(schemas)), ", "), "no schema %q", c.Name)
	}
	say.line("%s", strings.TrimSpace(string(schema())))
	return nil
}
