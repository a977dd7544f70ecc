package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"runtime"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/roster"
)

// Mapping is the processor time that one event takes on one core, the garbage collector's included: decode, decide, write the
// decision and the confirmation.
type Mapping struct {
	// With a catalog of 100 groups and of 10,000, microseconds.
	PerEvent      float64 `json:"us_per_event"`
	PerEvent10000 float64 `json:"us_per_event_10k_groups"`
	PerFHIREvent  float64 `json:"us_per_event_fhir"` // the same referrals as FHIR messages, 100 groups
	CodecPerEvent float64 `json:"codec_us"`          // decoding and encoding the same bytes with encoding/json
}

// Sizes of messages in bytes.
type Sizes struct {
	InputMedian        int `json:"input_median"`
	FHIRInputMedian    int `json:"input_median_fhir"`
	ConfirmationMedian int `json:"confirmation_median"`
	ConfirmationP99    int `json:"confirmation_p99"`
}

// mappingBatch is how many inputs are worked at once, as when draining.
const mappingBatch = 128

// mappingRuns with few groups and with many. The least of them counts: whatever else the machine does only adds.
const mappingRuns, mappingRunsMany = 25, 3

func measureMapping(ctx context.Context, o Options, r *Result) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	few := newWorkload(o.Seed, o.scaled(800, 80), today())
	s := &sampler{}
	o.Progress("mapping: 100 groups")
	if _, err := mapAll(few, s); err != nil { // to warm up, and for the bytes
		return err
	}
	r.Sizes = s.sizes(few)
	small, err := least(ctx, mappingRuns, func() (float64, error) { return mapAll(few, nil) })
	if err != nil {
		return err
	}
	plain, err := least(ctx, mappingRuns, func() (float64, error) { return s.codec(few) })
	if err != nil {
		return err
	}
	o.Progress("mapping: FHIR")
	fhir := newFHIRWorkload(o.Seed, o.scaled(800, 80), today())
	messages, err := least(ctx, mappingRuns, func() (float64, error) { return mapAll(fhir, nil) })
	if err != nil {
		return err
	}
	r.Sizes.FHIRInputMedian = medianSize(fhir)
	o.Progress("mapping: 10,000 groups")
	many := newWorkload(o.Seed, o.scaled(80_000, 160), today())
	large, err := least(ctx, mappingRunsMany, func() (float64, error) { return mapAll(many, nil) })
	r.Mapping = &Mapping{PerEvent: rounded(small), PerEvent10000: rounded(large), PerFHIREvent: rounded(messages), CodecPerEvent: rounded(plain)}
	return err
}

// least of some runs.
func least(ctx context.Context, runs int, run func() (float64, error)) (float64, error) {
	best := math.Inf(1)
	for range runs {
		took, err := run()
		if err != nil {
			return 0, err
		}
		if best = min(best, took); ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	return best, nil
}

// mapAll takes a workload through the engine, from an empty roster, and returns the microseconds of processor time an event took.
func mapAll(w *workload, s *sampler) (float64, error) {
	e, err := engine.New(network, roster.New(), engine.Sources{Request: notAsked})
	if err == nil {
		err = e.Use(w.Catalog)
	}
	if err != nil {
		return 0, err
	}
	runtime.GC()
	began := processorTime()
	reads := make([]engine.Read, 0, mappingBatch)
	for done, number := 0, 0; done < len(w.Inputs); number++ {
		reads = reads[:0]
		for _, in := range w.Inputs[done:min(done+mappingBatch, len(w.Inputs))] {
			reads = append(reads, engine.Decode(in))
		}
		b, err := e.Work(reads, number)
		if err != nil {
			return 0, err
		}
		s.add(b)
		e.Commit(b)
		b.Release()
		done += b.Inputs
	}
	return float64((processorTime() - began).Microseconds()) / float64(len(w.Inputs)), nil
}

// notAsked: every referral of the workload is decided in the batch that brings it.
func notAsked(key uint64) ([]byte, error) { return nil, fmt.Errorf("request of r%d is not kept", key) }

// sampler keeps what a workload gave. A nil one keeps nothing.
type sampler struct {
	confirmations []int
	outputs       []any // every message, read by encoding/json
	err           error
}

func (s *sampler) add(b *engine.Batch) {
	if s == nil {
		return
	}
	for _, m := range b.Messages {
		if !m.Decision {
			s.confirmations = append(s.confirmations, len(m.Data))
		}
		var v any
		if err := json.Unmarshal(m.Data, &v); err != nil {
			s.err = err
		}
		s.outputs = append(s.outputs, v)
	}
}

func (s *sampler) sizes(w *workload) *Sizes {
	return &Sizes{InputMedian: medianSize(w), ConfirmationMedian: median(s.confirmations), ConfirmationP99: quantile(s.confirmations, 0.99)}
}

func medianSize(w *workload) int {
	inputs := make([]int, len(w.Inputs))
	for i := range w.Inputs {
		inputs[i] = len(w.Inputs[i].Data)
	}
	return median(inputs)
}

// plainEvent is an input for encoding/json.
type plainEvent struct {
	Type, Source, ID, Time string
	Data                   struct {
		Referral mapping.Referral `json:"referral"`
	}
}

// codec is what decoding the inputs and encoding the messages takes with encoding/json alone, microseconds of processor
// time an event.
// Bad inputs cost it what it takes to see that they are bad.
func (s *sampler) codec(w *workload) (float64, error) {
	if s.err != nil {
		return 0, s.err
	}
	runtime.GC()
	began := processorTime()
	for i := range w.Inputs {
		var e plainEvent
		_ = json.Unmarshal(w.Inputs[i].Data, &e)
	}
	for _, v := range s.outputs {
		if _, err := json.Marshal(v); err != nil {
			return 0, err
		}
	}
	return float64((processorTime() - began).Microseconds()) / float64(len(w.Inputs)), nil
}
