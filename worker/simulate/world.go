package simulate

import (
	"container/heap"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker/generate"
)

// world is one simulation under way.
type world struct {
	Options
	network string
	engine  *engine.Engine
	people  *generate.People
	supply  *supply
	book    *engine.Book // the catalog announced last
	agenda  agenda
	listed  uint64 // entries ever put on the agenda
	input   uint64 // last input sent
	now     time.Time
	end     time.Time
	counts  time.Time // from when on arrivals are counted
	byKey   map[string]*patient
	tally   *tally
}

// entry of the agenda: something that happens to a patient, or to the network (patient nil).
type entry struct {
	at      int64 // Unix milliseconds
	order   uint64
	what    happening
	patient *patient
	plan    int // of the patient; another plan made since voids the entry
}

type happening uint8

const (
	arrives happening = iota
	announces
	samples
	answers
	isCalled
	sits
	looks
	sendsMore
	givesUp
	isCancelled
)

// Run plays a simulation to its end.
func Run(ctx context.Context, o Options) (*Result, error) {
	w, err := open(o)
	if err != nil {
		return nil, err
	}
	for len(w.agenda) > 0 {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if due, ok := w.engine.NextDue(); ok && due <= w.agenda[0].at && due < w.end.UnixMilli() {
			w.now = time.UnixMilli(max(due, w.now.UnixMilli())).UTC()
			if err := w.send(&mapping.Event{Type: mapping.Clock, Source: mapping.SourceClock}); err != nil {
				return nil, err
			}
			continue
		}
		e := heap.Pop(&w.agenda).(entry)
		if e.at >= w.end.UnixMilli() {
			break
		}
		w.now = time.UnixMilli(e.at).UTC()
		if err := w.happen(&e); err != nil {
			return nil, err
		}
	}
	return w.result(), nil
}

func open(o Options) (*world, error) {
	cat, err := o.check()
	if err != nil {
		return nil, err
	}
	w := &world{Options: o, network: cat.Network, byKey: map[string]*patient{}, now: o.Start.UTC()}
	w.end = o.Start.AddDate(0, 0, o.Months*daysPerMonth)
	w.counts = o.Start.AddDate(0, 0, 7*o.WarmUpWeeks)
	w.tally = newTally(cat)
	if w.people, err = generate.NewPeople(o.Catalog, o.Start); err != nil {
		return nil, err
	}
	if w.supply, err = newSupply(&w.Options, cat); err != nil {
		return nil, err
	}
	w.engine, err = engine.New(cat.Network, roster.New(), engine.Sources{Book: func(string) *engine.Book { return w.book }})
	if err != nil {
		return nil, err
	}
	w.list(w.now, announces, nil)
	w.arrivals()
	w.list(w.now.Add(week), samples, nil)
	return w, nil
}

// arrivals lists all of them: by a Poisson process the times between are exponential.
func (w *world) arrivals() {
	r := rand.New(rand.NewPCG(w.Seed, 0x61727269766573))
	at, n := w.now, 0
	for {
		at = at.Add(time.Duration(r.ExpFloat64() / w.PerWeek * float64(week)))
		if !at.Before(w.end) {
			return
		}
		n++
		w.list(at, arrives, &patient{number: n})
	}
}

func (w *world) list(at time.Time, what happening, p *patient) {
	e := entry{at: at.UnixMilli(), order: w.listed, what: what, patient: p}
	w.listed++
	if p != nil {
		e.plan = p.plan
	}
	heap.Push(&w.agenda, e)
}

// happen lets an entry of the agenda take place, unless the patient's plans have changed.
func (w *world) happen(e *entry) error {
	p := e.patient
	if p != nil && (e.plan != p.plan && !e.what.lasts() || p.status.Final()) {
		return nil
	}
	switch e.what {
	case announces:
		return w.announce()
	case samples:
		w.tally.sample(w)
		w.list(w.now.Add(week), samples, nil)
		return nil
	case arrives:
		return w.arrive(p)
	}
	return w.live(e.what, p)
}

// lasts: it comes whatever place the patient has by then.
func (h happening) lasts() bool { return h == givesUp || h == isCancelled || h == looks }

const announceEvery = 2 * week

// announce puts the catalog of the day in force.
func (w *world) announce() error {
	book, err := w.supply.at(w.now)
	if err != nil {
		return err
	}
	w.book = book
	w.list(w.now.Add(announceEvery), announces, nil)
	return w.send(&mapping.Event{Type: mapping.CatalogApplied, Source: mapping.SourceAdmin, Catalog: book.Hash(), Actor: "simulation"})
}

// send an event as its bytes, and let everybody hear what it causes.
func (w *world) send(e *mapping.Event) error {
	w.input++
	e.ID, e.Sent = fmt.Sprintf("s%d", w.input), w.now
	data, err := event.Encode(e)
	if err != nil {
		return err
	}
	read := engine.Decode(mapping.Input{Network: w.network, Source: e.Source, Sequence: w.input, Stored: w.now, Data: data})
	for more := true; more; {
		out, err := w.engine.Outcome(read)
		if err != nil {
			return fmt.Errorf("input %d, %s: %w", w.input, e.Type, err)
		}
		w.engine.State.Commit(w.engine.State.Mark())
		if out.Offer != nil {
			w.supply.current = w.engine.State.InForce(w.supply.current)
		}
		for i := range out.Notices {
			w.hear(&out.Notices[i])
		}
		w.tally.Events++
		more = out.More
	}
	return nil
}

// agenda orders by time, then by when an entry was listed.
type agenda []entry

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].order < a[j].order
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(entry)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	*a = (*a)[:last]
	return x
}
