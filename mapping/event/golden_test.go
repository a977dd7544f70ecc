package event

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata from the events that the tests make")

// testdata holds one event of each type with every field set, as senders and ledgers know it: a
// difference here is a change of a public format. Only commit it if you understand what caused it.
func TestEventsAsRecorded(t *testing.T) {
	v := newValidator(t)
	for _, typ := range Types {
		name := filepath.Join("testdata", string(typ)+".json")
		if *update {
			var b bytes.Buffer
			if err := json.Indent(&b, whole(t, typ), "", "  "); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, append(b.Bytes(), '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d := decode(string(file))
		if d.Event == nil || len(d.Issues) > 0 {
			t.Errorf("%s: %v", name, d.Issues)
			continue
		}
		if err := v.validate(t, typ, file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, file); err != nil {
			t.Fatal(err)
		}
		if got := encode(t, d.Event); !bytes.Equal(got, compact.Bytes()) {
			t.Errorf("%s:\n got %s\nwant %s", name, got, compact.Bytes())
		}
	}
}
