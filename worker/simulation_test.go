package worker

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
)

var (
	seeds     = flag.Uint64("seeds", 20, "how many seeds TestSimulation plays")
	firstSeed = flag.Uint64("seed", 1, "the first of them")
)

// simulated is the network in which it all plays; a failing seed becomes a story, and this is where stories play.
const simulated = "meadow"

// actionsOfASeed is how long a seed is.
const actionsOfASeed = 90

// TestSimulation plays seeds. Each drives two workers of one network, the code that runs in production, over a ledger in
// memory: order across sources, duplicates, stale messages, acts of people, merges, catalogs, clocks that jump, batches
// lost, untold, half visible or overtaken, crashes between any two effects, snapshots lost, stale or damaged. A witness
// who reads nothing but the ledger checks it after every step; see witness.
func TestSimulation(t *testing.T) {
	began := time.Now()
	var steps atomic.Int64
	t.Run("seeds", func(t *testing.T) {
		for seed := *firstSeed; seed < *firstSeed+*seeds; seed++ {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				w := newWorld(seed, t.TempDir())
				if w.play(actionsOfASeed); len(w.faults) > 0 {
					t.Errorf("%v\nrepeat it: go test ./worker -run TestSimulation -seed %d -seeds 1\n%s", w.faults, seed, w.story(seed))
				}
				steps.Add(int64(w.steps))
			})
		}
	})
	t.Logf("%d seeds, %d steps, %.0f steps a second", *seeds, steps.Load(), float64(steps.Load())/time.Since(began).Seconds())
}

// world is what one seed plays in.
type world struct {
	rng    *rand.Rand
	folder string
	// now is the streams' clock.
	now    time.Time
	reads  []engine.Read // REFERRALS, decoded
	ledger *memory
	hosts  []*host
	*catalogs
	*witness
	people
	steps  int
	faults []string
}

// host is one worker process.
type host struct {
	*Network
	// skew of its clock.
	skew time.Duration
}

func newWorld(seed uint64, folder string) *world {
	w := &world{
		rng: rand.New(rand.NewPCG(seed, 1)), folder: folder, now: time.Date(2026, 11, 9, 13, 0, 0, 0, time.UTC),
		ledger: newMemory(simulated), catalogs: newCatalogs(),
	}
	w.people = people{orders: map[string]*order{}, outbox: map[string][]letter{}}
	w.catalogs.add(w.rng, 2)
	w.witness = newWitness(w.catalogs, w.input)
	w.hosts = []*host{{}, {skew: time.Duration(w.rng.IntN(400)) * time.Second}}
	w.send(w.refer()) // before any catalog event: the configured catalog serves
	w.deliver()
	for _, h := range w.hosts {
		w.open(h)
	}
	return w
}

// open starts a worker on what its folder and the ledger hold.
func (w *world) open(h *host) {
	h.Network = &Network{ledger: w.ledger, NetworkConfig: NetworkConfig{
		Name: simulated, Catalog: w.catalogs.first(), Snapshot: filepath.Join(w.folder, fmt.Sprint(slices.Index(w.hosts, h))), Log: zerolog.Nop(),
		Now: func() time.Time { return w.now.Add(h.skew) },
		Observe: func(o Observation) {
			for _, f := range o.Batch.Faults {
				w.fault("input %d could not be decided: %v", f.Input, f.Value)
			}
		},
	}}
	if err := h.Network.open(context.Background(), w.catalogs.book); err != nil {
		w.fault("a worker cannot start: %v", err)
	}
}

func (w *world) fault(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// once is true in one of n cases.
func (w *world) once(n int) bool { return w.rng.IntN(n) == 0 }

// play takes some actions, checks after each, and ends with everything decided and everything due done.
func (w *world) play(actions int) {
	for range actions {
		w.act()
		if w.check(); len(w.faults) > 0 {
			return
		}
	}
	w.finish()
}

// act does one thing, drawn by weight.
func (w *world) act() {
	h := w.hosts[w.rng.IntN(len(w.hosts))]
	switch n := w.rng.IntN(100); {
	case n < 34:
		for range 1 + w.rng.IntN(5) {
			w.send(w.compose())
			w.deliver()
		}
	case n < 76:
		w.work(h, true)
	case n < 82:
		w.tick(h)
	case n < 86:
		w.jump()
	case n < 90:
		w.resend()
	case n < 94:
		w.crash(h)
	case n < 97:
		_ = h.snapshot()
	default:
		w.ledger.hide(1 + w.rng.IntN(4))
		if err := h.again(context.Background()); err != nil {
			w.fault("a reader who sees half a batch: %v", err)
		}
	}
}

// jump moves the clock: by hours or days, and seldom back.
func (w *world) jump() {
	d := time.Duration(1+w.rng.IntN(240)) * time.Hour
	if w.once(5) {
		d = -time.Duration(w.rng.IntN(90)) * time.Minute
	}
	w.now = w.now.Add(d)
}

// tick publishes a clock event where something is due, now and then twice.
func (w *world) tick(h *host) {
	due, ok := h.engine.NextDue()
	if !ok {
		return
	}
	if at := time.UnixMilli(due).UTC(); w.once(3) && at.After(w.now) {
		w.now = at
	}
	for w.now.UnixMilli() >= due {
		w.store(mapping.SourceClock, []byte(fmt.Sprintf(`{"specversion":"1.0","id":"due-%d","source":"urn:convene:clock","type":"convene.clock","data":{}}`, due)))
		if !w.once(4) {
			return
		}
	}
}

// store puts a message into REFERRALS.
func (w *world) store(source string, data []byte) {
	w.now = w.now.Add(time.Duration(w.rng.IntN(90)) * time.Second)
	w.keep(mapping.Input{
		Network: simulated, Source: source, Sequence: uint64(len(w.reads) + 1), Stored: w.now.Truncate(time.Millisecond),
		Header: map[string]string{"content-type": "application/cloudevents+json"}, Data: data,
	})
}

func (w *world) keep(in mapping.Input) { w.reads = append(w.reads, engine.Decode(in)) }

// input is one of REFERRALS, by sequence.
func (w *world) input(sequence uint64) engine.Read { return w.reads[sequence-1] }

// feed gives a worker up to n inputs that it has not seen.
func (w *world) feed(h *host, n int) {
	after := h.fold.state.Position.Input
	if h.fold.state.Position.More {
		after--
	}
	if k := len(h.queue); k > 0 {
		after = h.queue[k-1].Sequence
	}
	h.queue = append(h.queue, w.reads[after:min(after+uint64(n), uint64(len(w.reads)))]...)
}

// work lets a worker decide and store what it has, with whatever may befall it between two effects.
func (w *world) work(h *host, adversity bool) {
	w.feed(h, 1+w.rng.IntN(9))
	if h.skipDecided(); len(h.queue) == 0 {
		return
	}
	var p plan
	pipelined, dies := false, false
	if adversity {
		switch w.rng.IntN(12) {
		case 0:
			p.lost = true
		case 1:
			p.untold = true
		case 2, 3:
			p.before = func() { w.rival(h) }
		case 4:
			p.lost, dies = true, true
		case 5:
			dies = true
		case 6, 7:
			pipelined = true
		}
	}
	w.ledger.plans = []plan{p}
	err := h.decide(context.Background())
	if pipelined && err == nil {
		if w.feed(h, 5); len(h.queue) > 0 {
			err = h.decide(context.Background())
		}
	}
	if dies {
		if h.flying != nil {
			<-h.flying.done
		}
		w.crash(h)
		return
	}
	if err == nil {
		err = h.land()
	}
	if err != nil {
		w.recover(h, err)
	}
}

// rival is another worker, which takes the same inputs for its own just before a batch is stored.
func (w *world) rival(h *host) {
	other := w.hosts[0]
	if other == h {
		other = w.hosts[1]
	}
	if other.flying == nil {
		w.again(other)
		w.work(other, false)
	}
}

// recover is what a worker does after a failure: what is under way lands or is taken back, then the ledger says what holds.
func (w *world) recover(h *host, err error) {
	if stops(err) {
		w.fault("a worker stops: %v", err)
		return
	}
	if h.flying != nil {
		_ = h.land()
	}
	h.queue = nil
	w.again(h)
}

func (w *world) again(h *host) {
	if err := h.Network.again(context.Background()); err != nil {
		w.fault("a worker cannot go on: %v", err)
	}
}

// crash kills a worker and starts another in its folder, whose snapshot may be gone, damaged or old.
func (w *world) crash(h *host) {
	switch w.rng.IntN(5) {
	case 0:
		_ = os.Remove(h.Snapshot)
	case 1:
		if data, err := os.ReadFile(h.Snapshot); err == nil {
			_ = os.WriteFile(h.Snapshot, data[:w.rng.IntN(len(data)+1)], 0o600)
		}
	}
	w.open(h)
}

// check lets the witness read on and holds every worker that is up to date against it.
func (w *world) check() {
	w.steps++
	w.faults = append(w.faults, w.witness.read(w.ledger.msgs)...)
	for i, h := range w.hosts {
		if h.flying == nil && h.fold.head > 0 && h.fold.head == w.witness.fold.head {
			if d := w.witness.differs(h.fold.state); d != "" {
				w.fault("worker %d: %s", i, d)
			}
		}
	}
}

// finish decides what is left, lets all that is due happen, and holds the whole against a replay.
func (w *world) finish() {
	for round := 0; round < 400 && len(w.faults) == 0; round++ {
		h := w.hosts[round%len(w.hosts)]
		w.again(h)
		w.work(h, false)
		if w.check(); h.fold.state.Position.Input < uint64(len(w.reads)) || h.fold.state.Position.More {
			continue
		}
		due, ok := h.engine.NextDue()
		if !ok {
			break
		}
		w.now = time.UnixMilli(max(due, w.now.UnixMilli())).UTC()
		w.tick(h)
	}
	if len(w.faults) == 0 {
		w.faults = append(w.faults, w.witness.last(uint64(len(w.reads)))...)
	}
	if len(w.faults) == 0 {
		w.faults = append(w.faults, w.replayed()...)
	}
}

// replayed holds the confirmations against those of a replay of what was recorded: they are the same bytes.
func (w *world) replayed() []string {
	again, err := replayOf(w.catalogs, w.recorded())
	if err != nil {
		return []string{"replay: " + err.Error()}
	}
	var stored [][]byte
	for _, m := range w.ledger.msgs {
		if m.Subject[0] == 'p' {
			stored = append(stored, m.Data)
		}
	}
	for i := range max(len(stored), len(again)) {
		if i >= len(stored) || i >= len(again) || string(stored[i]) != string(again[i]) {
			return []string{fmt.Sprintf("confirmation %d of %d differs from that of a replay, which has %d", i+1, len(stored), len(again))}
		}
	}
	return nil
}

// recorded are the inputs with t as decided, as Record writes them; those not decided yet have the time they were stored.
func (w *world) recorded() []Recorded {
	var out []Recorded
	var t int64
	for _, h := range append(w.witness.heads, timed{uint64(len(w.reads)), 0}) {
		for len(out) < int(h.input) {
			in := w.reads[len(out)].Input
			t = max(t, in.Stored.UnixMilli(), h.floor)
			out = append(out, RecordInput(in, time.UnixMilli(t).UTC()))
		}
	}
	return out
}

// timed is a head: how far it goes, and the floor of its time.
type timed struct {
	input uint64
	floor int64
}

// replayOf gives the confirmations of recorded inputs. Catalogs come just before the event that names them.
func replayOf(c *catalogs, lines []Recorded) (out [][]byte, err error) {
	replay, err := NewReplay(c.first())
	if err != nil {
		return nil, err
	}
	for _, line := range lines {
		if named := c.named(line.Data); named != nil {
			err = cmp.Or(err, replay.Catalog(simulated, CatalogHash(named), named))
		}
		messages, lineErr := replay.Line(line)
		if err = cmp.Or(err, lineErr); err != nil {
			return nil, err
		}
		for _, m := range messages {
			if !m.Decision {
				out = append(out, slices.Clone(m.Data))
			}
		}
	}
	return out, nil
}
