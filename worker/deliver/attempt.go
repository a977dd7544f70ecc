package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/confirm"
	"github.com/convene-health/convene/mapping/roster"
)

// Outcome of a confirmation that needs no more attempts.
type Outcome string

const (
	Written Outcome = "written" // by this process
	Skipped Outcome = "skipped" // the server has it, or a later one, already
	Refused Outcome = "refused" // and kept (see Refusals)
	Empty   Outcome = "empty"   // it has no bundle: the input was refused
)

// item is one confirmation on its way.
type item struct {
	sequence    uint64
	key         string // of the referral
	stored      time.Time
	data        []byte
	person      string       // that it is about, see personOf
	certain     bool         // nobody has tried to deliver it before
	acknowledge func() error // nil: it will come again, and be recognised
}

// confirmation is what delivery reads of one.
type confirmation struct {
	Data struct {
		Previous string           `json:"previousStatus"`
		Status   string           `json:"status"`
		Bundle   *bundle          `json:"bundle"`
		Reasons  []mapping.Reason `json:"reasons"`
	} `json:"data"`
}

// erased: all that was kept of the referral is gone.
func (c *confirmation) erased() bool {
	for _, r := range c.Data.Reasons {
		if r.Code == roster.RuleErased {
			return true
		}
	}
	return false
}

// sender delivers single confirmations to the server.
type sender struct {
	config    Config
	server    server
	breaker   *breaker
	slots     chan struct{}
	creations creations
	known     memory[standing] // by reference
	create    atomic.Int32     // a createGuard
	written   atomic.Uint64    // bundles that went through
	refusals  *Refusals
	count     func(attempt string)
}

func newSender(c Config, refusals *Refusals, count func(string)) *sender {
	return &sender{config: c, refusals: refusals, count: count, breaker: newBreaker(c), slots: make(chan struct{}, c.InFlight),
		server: server{base: strings.TrimRight(c.Server, "/"), http: c.HTTP, timeout: c.Timeout}}
}

// deliver one confirmation, trying until the server has taken or refused it. The error is the context's, or that a
// refusal could not be kept.
func (s *sender) deliver(ctx context.Context, it *item) (Outcome, error) {
	var c confirmation
	if err := json.Unmarshal(it.data, &c); err != nil {
		return Refused, s.refusals.keep(it, "", 0, nil, "the confirmation cannot be read")
	}
	if c.Data.Bundle == nil {
		if c.erased() {
			return Empty, s.refusals.Forget(it.key)
		}
		return Empty, nil
	}
	p, err := s.pack(it, c.Data.Bundle)
	if err != nil {
		return Refused, s.refusals.keep(it, "", 0, nil, err.Error())
	}
	fresh := it.certain && c.Data.Previous == ""
	outcome, refused, err := s.try(ctx, p, it, fresh)
	switch {
	case err != nil:
		return "", err
	case refused != nil:
		return Refused, s.refusals.keep(it, p.task, refused.status, refused.outcome, refused.Error())
	}
	return outcome, s.refusals.supersede(p.task, it.sequence)
}

// pack a confirmation as a transaction, or as a message that tells of it.
func (s *sender) pack(it *item, b *bundle) (*parcel, error) {
	p, err := pack(b, it.key, it.sequence)
	if err != nil || !s.config.Message {
		return p, err
	}
	p.news, p.own = nil, nil // the receiver's affair
	p.message, err = confirm.Message(it.data, s.server.base)
	return p, err
}

// try until the server takes the parcel or refuses it. fresh: nothing of this placement is on the server yet.
func (s *sender) try(ctx context.Context, p *parcel, it *item, fresh bool) (Outcome, *refusal, error) {
	wait := &backoff.ExponentialBackOff{InitialInterval: s.config.RetryFirst, MaxInterval: s.config.RetryMost, Multiplier: 2, RandomizationFactor: 0.5}
	conflicts, answers, others := 0, 0, s.written.Load()
	p.find(!fresh || !p.first)
	for {
		outcome, err := s.attempt(ctx, p, it.sequence, fresh)
		fresh = false
		if err == nil {
			return outcome, nil, nil
		}
		if ctx.Err() != nil {
			return "", nil, ctx.Err()
		}
		var later *laterError
		var refused *refusal
		after := wait.NextBackOff()
		switch {
		case errors.As(err, &later):
			if through := s.written.Load(); later.answered && through > others {
				answers, others = answers+1, through
			}
			if errors.As(err, &refused) && answers >= refusedAfter {
				return "", refused, nil
			}
			after = max(after, later.after)
		case errors.As(err, &refused):
			if conflicts++; !refused.conflict() || conflicts >= conflictsMax {
				return "", refused, nil
			}
			p.find(refused.status != http.StatusPreconditionFailed)
			after = min(after, s.config.RetryFirst)
		default:
			return "", nil, err
		}
		s.config.Log.Warn().Str("key", it.key).Uint64("sequence", it.sequence).Dur("wait", after).Err(err).Msg("not delivered yet")
		if err := pause(ctx, after, nil); err != nil {
			return "", nil, err
		}
	}
}

// attempt reads what is not known and writes what is not there. Its place among those in flight is free again afterwards.
func (s *sender) attempt(ctx context.Context, p *parcel, sequence uint64, fresh bool) (Outcome, error) {
	release, err := s.creations.claim(ctx, p.news)
	if err != nil {
		return "", err
	}
	created := false
	defer func() { release(created) }()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	done, err := s.breaker.enter(ctx)
	if err != nil {
		return "", err
	}
	outcome, err := s.exchange(ctx, p, sequence, fresh)
	s.count(attemptOf(outcome, err))
	var later *laterError
	if errors.As(err, &later) {
		done(err)
	} else {
		done(nil)
	}
	created = err == nil
	return outcome, err
}

// exchange requests with the server: reads, then at most one write.
func (s *sender) exchange(ctx context.Context, p *parcel, sequence uint64, fresh bool) (Outcome, error) {
	if p.message != nil {
		if err := s.server.process(ctx, p.message); err != nil {
			return "", err
		}
		s.written.Add(1)
		return Written, nil
	}
	at, read, err := s.standings(ctx, p, fresh)
	if err != nil {
		return "", err
	}
	if at[p.task].sequence >= sequence {
		return Skipped, nil
	}
	guard := createGuard(s.create.Load())
	p.guard(at, guard)
	body, err := p.encode()
	if err != nil {
		return "", err
	}
	for reference := range at {
		s.known.forget(reference) // until the answer tells
	}
	versions, err := s.server.transaction(ctx, body)
	var refused *refusal
	if errors.As(err, &refused) && refused.status == http.StatusPreconditionFailed && guard == createIfMatch && read && at[p.task].version == "" {
		// Read just now, it was not there: this server takes If-Match as HTTP does, which then never holds.
		s.create.CompareAndSwap(int32(createIfMatch), int32(createIfNoneMatch))
	}
	if err != nil {
		return "", err
	}
	s.written.Add(1)
	for _, i := range p.own {
		if i < len(versions) && versions[i] != "" {
			s.known.set(p.bundle.Entry[i].Request.URL, standing{versions[i], sequence})
		}
	}
	return Written, nil
}

// standings of the parcel's own resources: as this process left them, else as the server says. read: all that are not
// there were looked for just now.
func (s *sender) standings(ctx context.Context, p *parcel, fresh bool) (at map[string]standing, read bool, err error) {
	at = make(map[string]standing, len(p.own))
	for _, i := range p.own {
		reference := p.bundle.Entry[i].Request.URL
		known, ok := s.known.get(reference)
		if !ok && !fresh {
			if known, err = s.server.read(ctx, reference); err != nil {
				return nil, false, err
			}
		}
		at[reference] = known
	}
	return at, !fresh, nil
}

// attemptOf is the label under which an attempt is counted.
func attemptOf(outcome Outcome, err error) string {
	var later *laterError
	var refused *refusal
	switch {
	case err == nil:
		return string(outcome)
	case errors.As(err, &refused) && refused.conflict():
		return "conflict"
	case errors.As(err, &later):
		return "later"
	case refused != nil:
		return "refused"
	}
	return "stopped"
}
