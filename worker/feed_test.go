package worker

import (
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
)

// Whatever was cut from the log, every input before the last is handed on, read or gone, in order and no more at once than a
// chunk.
func TestGapsAreHandedOnInChunks(t *testing.T) {
	read := func(sequences ...uint64) (out []engine.Read) {
		for _, s := range sequences {
			out = append(out, engine.Read{Input: mapping.Input{Network: "north", Sequence: s}})
		}
		return out
	}
	for name, c := range map[string]struct {
		after uint64
		reads []engine.Read
		gaps  []Gap
	}{
		"none":               {0, read(1, 2, 3), nil},
		"one before":         {4, read(6, 7), []Gap{{5, 5}}},
		"between":            {0, read(1, 2, 5, 6, 8), []Gap{{3, 4}, {7, 7}}},
		"a log cut far down": {0, read(5_000_000, 5_000_001), []Gap{{1, 4_999_999}}},
		"a chunk, and one":   {0, read(257, 514), []Gap{{1, 256}, {258, 513}}},
	} {
		last := c.after
		for chunk := range withGaps(c.reads, c.gaps) {
			if len(chunk) == 0 || len(chunk) > feedChunk {
				t.Fatalf("%s: %d inputs at once", name, len(chunk))
			}
			for _, r := range chunk {
				gone := false
				for _, g := range c.gaps {
					gone = gone || g.From <= r.Sequence && r.Sequence <= g.To
				}
				if r.Sequence != last+1 || r.Gone != gone || r.Network != "north" {
					t.Fatalf("%s: after %d comes %d of %s, gone %v", name, last, r.Sequence, r.Network, r.Gone)
				}
				last = r.Sequence
			}
		}
		if want := c.reads[len(c.reads)-1].Sequence; last != want {
			t.Errorf("%s: the last is %d, not %d", name, last, want)
		}
	}
}
