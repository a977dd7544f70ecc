package main

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/convene-health/convene/testdata/week"
	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/generate"
)

var update = flag.Bool("update", false, "rewrite the recorded week and its golden confirmations")

const weekFolder = "../../testdata/week/"

// The recorded week is what `convene generate --week` writes, bit for bit. Only commit an updated one if you
// understand what caused the difference.
func TestWeekIsRemade(t *testing.T) {
	var made bytes.Buffer
	if err := writeGenerated(&made, generate.Week(week.Catalogs())); err != nil {
		t.Fatal(err)
	}
	golden(t, weekFolder+"events.ndjson", made.Bytes())
}

// golden compares with a file, or rewrites it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
		for i := range max(len(g), len(w)) {
			if one, other := lineAt(g, i), lineAt(w, i); !bytes.Equal(one, other) {
				t.Fatalf("%s: line %d differs (of %d made, %d kept)\n got %.300s\nwant %.300s", path, i+1, len(g), len(w), one, other)
			}
		}
	}
}

func lineAt(lines [][]byte, i int) []byte {
	if i < len(lines) {
		return lines[i]
	}
	return nil
}

// The week decided twice gives the same bytes, those of the golden file: a confirmation a line, in the order of the inputs.
func TestWeekConfirmations(t *testing.T) {
	once := weekConfirmations(t)
	if !bytes.Equal(once, weekConfirmations(t)) {
		t.Error("the week decided twice gave other bytes")
	}
	golden(t, weekFolder+"confirmations.ndjson", once)
}

func weekConfirmations(t *testing.T) []byte {
	t.Helper()
	replay, err := worker.NewReplay(nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
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
				out.Write(m.Data)
				out.WriteByte('\n')
			}
		}
	}
	return out.Bytes()
}
