package generate

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/program"
)

// The workload's outcomes are in the shares that it promises, at few and at many groups.
func TestLoadMix(t *testing.T) {
	for _, l := range []Load{{Seed: 1, Events: 3000}, {Seed: 2, Events: 1200, Groups: 100}, {Seed: 3, Events: 3000, Groups: 1500}} {
		counts, size := replayLoad(t, l)
		total := float64(l.Events)
		for what, want := range map[string][2]float64{"placed": {55, 62}, "waitlisted": {20, 28}, "drop-in": {8, 12}, "other": {4, 8}} {
			if got := 100 * float64(counts[what]) / total; got < want[0] || got > want[1] {
				t.Errorf("%+v: %.1f %% %s, want %v; all: %v", l, got, what, want, counts)
			}
		}
		if size < 1600 || size > 2400 {
			t.Errorf("%+v: the median event has %d bytes", l, size)
		}
	}
}

// replayLoad counts the first status of each referral, drop-in placements apart, and gives the median size of an event.
func replayLoad(t *testing.T, l Load) (counts map[string]int, median int) {
	t.Helper()
	yaml := l.Catalog()
	cat, problems := program.Load(yaml)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	replay := engine.NewReplay()
	if err := replay.Catalog(LoadNetwork, cat.Hash, yaml); err != nil {
		t.Fatal(err)
	}
	counts = map[string]int{}
	var sizes []int
	for in := range l.Inputs() {
		sizes = append(sizes, len(in.Data))
		messages, err := replay.Input(in)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Data struct{ Group struct{ ID string } }
		}
		what := "other"
		for _, m := range messages {
			if m.Decision {
				continue
			}
			if err := json.Unmarshal(m.Data, &c); err != nil {
				t.Fatal(err)
			}
			g, _ := cat.Group(c.Data.Group.ID)
			switch {
			case m.Status == mapping.Placed && g.Enrolment == program.EnrolmentOpen:
				what = "drop-in"
			case m.Status == mapping.Placed || m.Status == mapping.Waitlisted:
				what = string(m.Status)
			default:
				counts["other "+string(m.Status)]++
			}
		}
		counts[what]++
	}
	slices.Sort(sizes)
	return counts, sizes[len(sizes)/2]
}

func TestLoadIsTheSameTwice(t *testing.T) {
	l := Load{Seed: 4, Events: 300}
	if !bytes.Equal(l.Catalog(), l.Catalog()) {
		t.Error("two catalogs differ")
	}
	var first [][]byte
	for in := range l.Inputs() {
		first = append(first, in.Data)
	}
	i := 0
	for in := range l.Inputs() {
		if !bytes.Equal(in.Data, first[i]) || in.Sequence != uint64(i)+2 {
			t.Fatalf("event %d differs", i)
		}
		i++
	}
	if i != 300 {
		t.Errorf("%d events", i)
	}
}

func BenchmarkLoad(b *testing.B) {
	b.Run("catalog of 10000 groups", func(b *testing.B) {
		for b.Loop() {
			Load{Events: 50000, Groups: 10000}.Catalog()
		}
	})
	b.Run("event", func(b *testing.B) {
		for range (Load{Events: b.N}).Inputs() {
		}
	})
}
