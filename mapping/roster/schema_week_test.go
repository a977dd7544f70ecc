package roster_test

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/convene-health/convene/mapping/roster"
	week "github.com/convene-health/convene/testdata/week"
	"github.com/convene-health/convene/worker"
)

// Every decision of the recorded week is as the schema says. Its objects are closed, so there is nothing in them that it
// does not list.
func TestDecisionSchemaDescribesTheWeek(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(roster.DecisionSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("decision.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("decision.json")
	if err != nil {
		t.Fatal(err)
	}
	replay, err := worker.NewReplay(nil)
	if err != nil {
		t.Fatal(err)
	}
	decisions := 0
	for line, err := range worker.ReadRecorded(bytes.NewReader(week.Events())) {
		if err != nil {
			t.Fatal(err)
		}
		messages, err := replay.Line(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			if !m.Decision {
				continue
			}
			decisions++
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(m.Data))
			if err != nil {
				t.Fatalf("%v in %s", err, m.Data)
			}
			if err := schema.Validate(v); err != nil {
				t.Errorf("%v\nin %s", err, m.Data)
			}
		}
	}
	if decisions < 400 {
		t.Errorf("only %d decisions", decisions)
	}
}
