package engine

import (
	"errors"
	"fmt"
	"slices"

	json "github.com/goccy/go-json"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/confirm"
	"github.com/convene-health/convene/mapping/roster"
)

// Message is one message of a batch, before its head.
type Message struct {
	roster.Entry
	// Data is good until the batch is released.
	Data []byte
	// Input that caused it, and its step.
	Input uint64
	// Status of a confirmation, for counting; empty for a decision. Codes are those of a refusal's problems, for the log.
	Status mapping.Status
	Codes  []string
}

// Batch is what a run of inputs caused, decided and written but not stored.
type Batch struct {
	Messages []Message
	// Head lacks Previous, the messages' hashes and Chain: see Seal.
	Head roster.Head
	// Inputs is how many of the inputs given were finished.
	Inputs int
	// Faults of Convene's own that became refusals: panics, bundles that fail their checks.
	Faults []*Fault

	slabs         []*slab // that hold the messages
	before, after int     // marks of the state
	book          *Book
	number        int
}

// jobsUsual is how many messages an input causes, most often: a decision and a confirmation.
const jobsUsual = 2

// Work takes inputs through decide and confirm, in order, until they are done or the batch is full. It returns at least
// one step of the first input, or an error that stops the network.
func (e *Engine) Work(inputs []Read, number int) (*Batch, error) {
	var faults []*Fault
	for {
		b, fault, err := e.work(inputs, number)
		switch {
		case err != nil:
			return nil, err
		case fault == nil:
			b.Faults = faults
			return b, nil
		}
		if e.poison[fault.Input] != nil {
			return nil, fmt.Errorf("refusing a faulty input failed too: %w", fault)
		}
		if _, told := fault.Value.(mapping.Issues); !told { // the sender's doing, a confirmation too large
			faults = append(faults, fault)
		}
		e.poison[fault.Input] = issuesOf(fault)
	}
}

// issuesOf is what the sender of a faulty input is told.
func issuesOf(f *Fault) mapping.Issues {
	if err, ok := f.Value.(error); ok {
		if issues := (mapping.Issues)(nil); errors.As(err, &issues) {
			return issues
		}
	}
	return panicked("decide", f.Value)
}

// work is one attempt of Work. A fault rolls everything back.
func (e *Engine) work(inputs []Read, number int) (b *Batch, fault *Fault, err error) {
	b = &Batch{before: e.State.Mark(), book: e.book, number: number}
	defer func() {
		if fault != nil || err != nil {
			e.Rollback(b)
		}
	}()
	jobs := make([]job, 0, jobsUsual*len(inputs))
	messages := 0
	b.Head.Catalog = e.State.Catalog
	for i := 0; i < len(inputs) && i < BatchInputs; {
		turn, mark := e.turn(inputs[i]), e.State.Mark()
		next, err := e.prepare(&turn)
		if i > 0 && (errors.Is(err, ErrNoCatalog) || next != nil) {
			break // a new catalog begins a batch, so that the head before names the old one
		}
		if err != nil {
			return b, nil, err
		}
		out, fault := e.decide(turn)
		if fault != nil {
			return b, fault, nil
		}
		locate(&out, turn.Decoded.Places)
		messages += len(out.Decisions) + len(out.Notices)
		if messages > BatchMessages && len(jobs) > 0 {
			e.State.Rollback(mark) // the next batch begins with this step
			break
		}
		e.follow(&out, next)
		jobs = e.schedule(jobs, &out, number)
		if out.Unchanged.Why != "" {
			b.Head.Unchanged = append(b.Head.Unchanged, out.Unchanged)
		}
		b.Head.Changes = append(b.Head.Changes, out.Changes...)
		if !out.More {
			i++
			b.Inputs = i
		}
	}
	b.Head.Position, b.Head.Engine, b.Head.Catalog = e.State.Position, roster.Engine, e.State.Catalog
	b.after = e.State.Mark()
	if fault, err = e.write(b, jobs); fault != nil || err != nil {
		return b, fault, err
	}
	return e.collect(b, jobs, inputs, number)
}

// prepare gives a catalog event its catalog, and one about a patient their referrals.
func (e *Engine) prepare(turn *roster.Turn) (*Book, error) {
	ev := turn.Decoded.Event
	if ev == nil {
		return nil, nil
	}
	if ev.Type != mapping.CatalogApplied {
		if e.book == nil {
			return nil, ErrNoCatalog
		}
		if ev.Type == mapping.PatientUpdated {
			return nil, e.recall(turn)
		}
		return nil, nil
	}
	if ev.Source != mapping.SourceAdmin && ev.Source != mapping.SourceDesk || e.State.Catalog == ev.Catalog {
		return nil, nil
	}
	next, issues, err := e.load(ev.Catalog)
	if err != nil {
		return nil, err
	}
	if len(issues) > 0 {
		turn.Decoded.Event, turn.Decoded.Issues = nil, issues
		return nil, nil
	}
	turn.Offer = next.offer
	return next, nil
}

// recall gives an event about a patient the referrals in force that it may change.
func (e *Engine) recall(turn *roster.Turn) error {
	turn.Requests = map[uint64]*mapping.Referral{}
	for _, key := range e.State.Concerned(turn.Decoded.Event, e.book.offer.Catalog) {
		r := e.youngest(key)
		if r == nil {
			data, err := e.sources.Request(key)
			if err != nil {
				return fmt.Errorf("request of r%d: %w: %w", key, errSource, err)
			}
			r = new(mapping.Referral)
			if err := json.Unmarshal(data, r); err != nil {
				return fmt.Errorf("request of r%d: %w", key, err)
			}
		}
		turn.Requests[key] = r
	}
	return nil
}

// schedule makes the jobs of one step, each with the request in force at that moment.
func (e *Engine) schedule(jobs []job, out *roster.Outcome, number int) []job {
	writer := e.writer()
	for _, d := range out.Decisions {
		key := d.Record.Key
		if d.Request != nil {
			e.young[key] = append(e.young[key], youngRequest{d.Request, number})
		}
		jobs = append(jobs, job{input: d.Cause, decision: d, key: key, writer: writer, request: e.youngest(key)})
	}
	for i := range out.Notices {
		n := &out.Notices[i]
		j := job{input: n.Sequence, notice: n, writer: writer}
		if key, err := roster.ParseKey('r', n.Key); err == nil && n.Placement != "" {
			j.key, j.request = key, e.youngest(key)
		}
		jobs = append(jobs, j)
	}
	return jobs
}

func (e *Engine) writer() *confirm.Writer {
	if e.book == nil {
		return confirm.NewRefuser(e.Network)
	}
	return e.book.writer
}

// youngest is the last request of a referral that may not be stored yet, or nil.
func (e *Engine) youngest(key uint64) *mapping.Referral {
	if y := e.young[key]; len(y) > 0 {
		return y[len(y)-1].referral
	}
	return nil
}

// dropYoung forgets the young requests of some batches.
func (e *Engine) dropYoung(drop func(batch int) bool) {
	for key, list := range e.young {
		list = slices.DeleteFunc(list, func(y youngRequest) bool { return drop(y.batch) })
		if e.young[key] = list; len(list) == 0 {
			delete(e.young, key)
		}
	}
}

// collect puts the messages together. A batch that grew too large in bytes is decided again with fewer inputs.
func (e *Engine) collect(b *Batch, jobs []job, inputs []Read, number int) (*Batch, *Fault, error) {
	size := 0
	for i := range jobs {
		size += len(jobs[i].out.Data)
	}
	if size > BatchBytes && b.Inputs > 1 {
		e.Rollback(b)
		return e.work(inputs[:b.Inputs/2], number)
	}
	b.Messages = make([]Message, len(jobs))
	b.Head.Messages = make([]roster.Entry, len(jobs))
	for i := range jobs {
		b.Messages[i], b.Head.Messages[i] = jobs[i].out, jobs[i].out.Entry
	}
	return b, nil, nil
}

// Seal hashes the messages into a copy of the head that follows one with chain before at sequence previous, and returns
// that head with the bytes to store. It only reads the batch, so the engine may go on meanwhile.
func (b *Batch) Seal(previous uint64, before [32]byte) (roster.Head, []byte, error) {
	head := b.Head
	head.Previous, head.Messages = previous, slices.Clone(b.Head.Messages)
	for i := range b.Messages {
		head.Messages[i].Hash = roster.HashBytes(b.Messages[i].Data)
	}
	data, err := head.Seal(before)
	return head, data, err
}

// Commit makes a stored batch final. Batches commit in the order in which they were worked.
func (e *Engine) Commit(b *Batch) {
	e.State.Commit(b.after)
	e.dropYoung(func(batch int) bool { return batch <= b.number })
	if len(e.poison) == 0 {
		return
	}
	for _, u := range b.Head.Messages {
		if seq, err := roster.ParseKey('i', u.Key); err == nil {
			delete(e.poison, seq)
		}
	}
}

// Rollback takes back a batch and all that were worked after it.
func (e *Engine) Rollback(b *Batch) {
	e.State.Rollback(b.before)
	e.book = b.book
	e.dropYoung(func(batch int) bool { return batch >= b.number })
}
