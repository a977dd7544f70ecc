package engine

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	json "github.com/goccy/go-json"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/confirm"
	"github.com/convene-health/convene/mapping/roster"
)

// job is one message to write.
type job struct {
	input    uint64
	decision *roster.Decision
	notice   *mapping.Notice
	// request in force at that moment; nil: ask the ledger for key.
	request *mapping.Referral
	key     uint64
	writer  *confirm.Writer
	out     Message
	err     error
}

// errSource marks what the engine was not given: no fault of an input, so nothing is refused for it.
var errSource = errors.New("not given")

// write runs the jobs on all cores. The first fault, by input, is returned, or an error if a source failed.
func (e *Engine) write(b *Batch, jobs []job) (*Fault, error) {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	pens := make([]pen, min(runtime.GOMAXPROCS(0), max(1, len(jobs))))
	run := func(p *pen) {
		for i := int(next.Add(1)) - 1; i < len(jobs) && failed.Load() == nil; i = int(next.Add(1)) - 1 {
			jobs[i].err = e.writeOne(&jobs[i], p)
			if errors.Is(jobs[i].err, errSource) {
				failed.Store(&jobs[i].err)
			}
		}
	}
	for i := range pens[1:] {
		wg.Go(func() { run(&pens[1+i]) })
	}
	run(&pens[0])
	wg.Wait()
	for i := range pens {
		b.slabs = append(b.slabs, pens[i].used...)
	}
	if err := failed.Load(); err != nil {
		return nil, *err
	}
	for i := range jobs {
		j := &jobs[i]
		var f *Fault
		switch {
		case errors.As(j.err, &f):
			return f, nil
		case j.err != nil:
			return &Fault{Input: j.input, Value: j.err}, nil
		}
	}
	return nil, nil
}

// writeOne turns a job into a message.
func (e *Engine) writeOne(j *job, p *pen) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &Fault{j.input, v, debug.Stack()}
		}
	}()
	if j.decision != nil {
		err = e.writeDecision(j, p)
	} else {
		err = e.writeNotice(j, p)
	}
	j.out.Input = j.input
	return err
}

// writeDecision writes a decision with the request in force, but for an erased referral.
func (e *Engine) writeDecision(j *job, p *pen) (err error) {
	var request []byte
	switch {
	case j.decision.Record.Erased:
	case j.request != nil:
		p.request = mapping.AppendReferral(p.request[:0], j.request)
		request = p.request
	default:
		if request, err = e.stored(j.key); err != nil {
			return err
		}
	}
	j.out.Entry = roster.Entry{Key: roster.KeyOf('r', j.key), Decision: true}
	j.out.Data, err = p.write(func(dst []byte) ([]byte, error) { return j.decision.Append(dst, request), nil })
	return err
}

func (e *Engine) writeNotice(j *job, p *pen) (err error) {
	if j.notice.Request = j.request; j.request == nil && j.key != 0 {
		data, err := e.stored(j.key)
		if err != nil {
			return err
		}
		j.notice.Request = new(mapping.Referral)
		if err := json.Unmarshal(data, j.notice.Request); err != nil {
			return fmt.Errorf("request of r%d: %w", j.key, err)
		}
	}
	j.out.Entry = roster.Entry{Key: j.notice.Key, Source: j.notice.Source}
	j.out.Status = j.notice.Status
	if j.notice.Status == mapping.Refused {
		j.out.Codes = codesOf(j.notice.Issues)
	}
	j.out.Data, err = p.write(func(dst []byte) ([]byte, error) { return j.writer.Append(dst, j.notice) })
	return err
}

// stored is the request in force of a referral, from the ledger.
func (e *Engine) stored(key uint64) ([]byte, error) {
	data, err := e.sources.Request(key)
	if err != nil {
		return nil, fmt.Errorf("request of r%d: %w: %w", key, errSource, err)
	}
	return data, nil
}

func codesOf(issues mapping.Issues) []string {
	codes := make([]string, len(issues))
	for i, x := range issues {
		codes[i] = x.Code
	}
	return codes
}
