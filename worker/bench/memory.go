package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// Memory is what the roster keeps of one referral: bytes of HeapAlloc after a collection, the catalog not counted.
type Memory struct {
	// PerReferral of the live ones, half of them waiting; PerClosed once all have ended.
	PerReferral float64 `json:"bytes_per_referral"`
	PerClosed   float64 `json:"bytes_per_closed"`
}

// liveFull is how many live referrals the roster holds in a full run.
const liveFull = 200_000

// liveForGroup: with a group for so many live referrals, half of those find no seat.
const liveForGroup = 12

func measureMemory(ctx context.Context, o Options, r *Result) error {
	live := o.scaled(liveFull, 400)
	cat, problems := program.Load(catalogYAML(live/liveForGroup, today()))
	if err := problems.Err(); err != nil {
		return err
	}
	k := &keeper{offer: roster.NewOffering(cat), state: roster.New()}
	k.state.Use(cat.Hash)
	before := heap()
	o.Progress("memory: %d live referrals", live)
	if err := k.fill(ctx, o.Seed, live); err != nil {
		return err
	}
	count := k.state.Count()
	m := &Memory{PerReferral: rounded(float64(heap()-before) / float64(count.Live))}
	o.Progress("memory: %d live, %d of them waiting; closing them", count.Live, count.Waiting)
	if err := k.closeAll(ctx); err != nil {
		return err
	}
	m.PerClosed = rounded(float64(heap()-before) / float64(count.Referrals))
	runtime.KeepAlive(k)
	r.Memory = m
	return nil
}

// keeper decides events and keeps nothing but the roster.
type keeper struct {
	offer *roster.Offering
	state *roster.State
	last  uint64
}

func (k *keeper) fill(ctx context.Context, seed uint64, live int) error {
	r := rand.New(rand.NewPCG(seed, 0x6c697665))
	for i := range live {
		if err := k.decide(ctx, encoded(r, event.Encode, i, today())); err != nil {
			return err
		}
	}
	return nil
}

// closeAll cancels every referral, those that wait first: a seat given up would go to one of them.
func (k *keeper) closeAll(ctx context.Context) error {
	for _, waiting := range []bool{true, false} {
		for _, key := range k.state.LiveKeys() {
			rec := k.state.Record(key)
			if rec == nil || waiting != (rec.Placements[0].Status == mapping.Waitlisted) {
				continue
			}
			data, err := event.Encode(&mapping.Event{Type: mapping.ReferralCancelled, ID: roster.KeyOf('c', key), Source: source, Sent: today().Add(time.Hour),
				Target: mapping.Target{Key: roster.KeyOf('r', key)}})
			if err != nil {
				return err
			}
			if err := k.decide(ctx, data); err != nil {
				return err
			}
		}
	}
	if count := k.state.Count(); count.Live > 0 {
		return fmt.Errorf("%d referrals are still live", count.Live)
	}
	return nil
}

func (k *keeper) decide(ctx context.Context, data []byte) error {
	k.last++
	in := mapping.Input{Network: network, Source: source, Sequence: k.last, Stored: today(), Data: data}
	turn := roster.Turn{Input: in, Decoded: engine.Decode(in).Decoded, Time: today().UnixMilli()}
	if out := k.state.Decide(turn, k.offer); out.More {
		return fmt.Errorf("input %d needs several steps", k.last)
	}
	k.state.Commit(k.state.Mark())
	return ctx.Err()
}

// heap in use after a collection.
func heap() int64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC() // finalizers and pools need a second one
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}
