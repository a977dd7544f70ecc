// Package bench measures Convene: how fast it drains, answers, maps and starts, and what it keeps in memory.
//
// Every figure stands beside one of the same machine and the same minute: what the server does with the same messages
// alone, what a plain codec does with the same bytes. Machines differ by far more than versions of Convene do, so
// the ratios are what to compare. The workload is made up from a seed; see newWorkload.
package bench

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Sections that can be measured, in the order in which they are.
var Sections = []string{"mapping", "memory", "latency", "drain", "startup"}

// Options of one run.
type Options struct {
	// Only lists the sections to measure; empty: all.
	Only []string
	// Events to drain; 0: 50,000. What the other sections work on shrinks or grows in proportion.
	Events int
	// Seed of the workload.
	Seed uint64
	// Folder for the server's files, which are removed again; empty: the system's temporary one. Its disk is what is measured.
	Folder string
	// Progress is told what is being measured; may be nil.
	Progress func(format string, args ...any)
}

// eventsFull is the number of events to drain in a run that is not shortened.
const eventsFull = 50_000

// Result holds what was measured; a section that was not is absent.
type Result struct {
	Drain   *Drain   `json:"drain,omitempty"`
	Latency *Latency `json:"latency,omitempty"`
	Mapping *Mapping `json:"mapping,omitempty"`
	Memory  *Memory  `json:"memory,omitempty"`
	Startup *Startup `json:"startup,omitempty"`
	Sizes   *Sizes   `json:"sizes,omitempty"`
}

// Validate reports options that make no sense.
func (o Options) Validate() error {
	for _, name := range o.Only {
		if !slices.Contains(Sections, name) {
			return fmt.Errorf("no section %q: there are %s", name, strings.Join(Sections, ", "))
		}
	}
	if o.Events < 0 {
		return fmt.Errorf("%d events: give a number above 0, or 0 for %d", o.Events, eventsFull)
	}
	return nil
}

// Run measures the sections, one after the other.
func Run(ctx context.Context, o Options) (*Result, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Events == 0 {
		o.Events = eventsFull
	}
	if o.Progress == nil {
		o.Progress = func(string, ...any) {}
	}
	r := &Result{}
	measures := map[string]func(context.Context, Options, *Result) error{
		"mapping": measureMapping, "memory": measureMemory, "latency": measureLatency, "drain": measureDrain, "startup": measureStartup,
	}
	for _, name := range Sections {
		if len(o.Only) > 0 && !slices.Contains(o.Only, name) {
			continue
		}
		if err := measures[name](ctx, o, r); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return r, nil
}

// scaled is a full run's number in proportion to the events of this one, at least least.
func (o Options) scaled(full, least int) int { return max(least, full*o.Events/eventsFull) }

// today is the day on which the workload's events are sent.
func today() time.Time { return time.Now().UTC().Truncate(24 * time.Hour) }

// quantile q of the values, which it sorts; 0 without any.
func quantile[T int | float64](values []T, q float64) T {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[min(len(values)-1, int(q*float64(len(values))))]
}

// rounded to three decimals: more say nothing.
func rounded(x float64) float64 { return math.Round(x*1000) / 1000 }

func median[T int | float64](values []T) T { return quantile(values, 0.5) }
