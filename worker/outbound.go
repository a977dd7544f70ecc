package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/hl7v2"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// Outbound writes into OUTBOUND-<network> what the sources that the catalog calls hl7v2 are told, in HL7 v2: each answer
// once, in the order of the ledger. It reads the ledger behind the decisions and never holds them up.
//
// Its position is in the stream itself: the last message names the head, and the place in it, that it answers, and the next
// is stored only behind that one. An answer is a function of the ledger, the catalog it names and the inputs, so that
// whoever goes on writes the same.
type Outbound struct {
	Conn    *Conn
	Network string
	// Active reports whether this worker decides now; another's answers are left to it. nil: always.
	Active func() bool
	Log    zerolog.Logger

	ledger *LedgerReader
	// head is the sequence of the last head done; part is how far the one after it is done already.
	head uint64
	part int
	// input up to which inputs are answered.
	input uint64
	// last sequence of the stream: what the next message must follow.
	last uint64
	// catalog whose sources these are, by name with their zone.
	catalog string
	sources map[string]*time.Location
}

// Headers of an answer: where on the ledger what it says stands.
const (
	headerHead = "Convene-Head"
	headerPart = "Convene-Part"
)

// outboundRetry is how long to wait after a failure; a stream that is not there is looked for again.
const outboundRetry = 5 * time.Second

// Run writes until ctx ends. What fails is tried again: answers are late then, not lost.
func (o *Outbound) Run(ctx context.Context) {
	for ctx.Err() == nil {
		err := o.run(ctx)
		if err == nil || ctx.Err() != nil {
			continue
		}
		if !errors.Is(err, errOvertaken) {
			o.Log.Warn().Str("network", o.Network).Err(err).Msg("outbound: trying again")
		}
		select {
		case <-ctx.Done():
		case <-time.After(outboundRetry):
		}
	}
}

// errOvertaken: another worker has written answers.
var errOvertaken = errors.New("another worker writes the answers")

// run finds its place and goes on from there until something fails or this worker is no longer the active one.
func (o *Outbound) run(ctx context.Context) (err error) {
	if o.ledger, err = OpenLedger(o.Conn, o.Network); err != nil {
		return err
	}
	defer o.ledger.Close()
	for o.Active != nil && !o.Active() {
		if err := o.ledger.Wait(ctx); err != nil {
			return err
		}
	}
	if err := o.resume(ctx); err != nil {
		return err
	}
	for o.Active == nil || o.Active() {
		for m, err := range o.ledger.subject(ctx, o.head+1, HeadSubject(o.Network)) {
			if err == nil {
				err = o.answer(ctx, m)
			}
			if err != nil {
				return err
			}
		}
		if err := o.ledger.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// resume takes the position from the last answer.
func (o *Outbound) resume(ctx context.Context) error {
	o.head, o.part, o.input = 0, 0, 0
	var err error
	if o.last, err = lastSequence(ctx, o.Conn.JS, OutboundStream(o.Network)); err != nil || o.last == 0 {
		return err
	}
	m, err := readLast(ctx, o.Conn.Conn, OutboundStream(o.Network), OutboundSubject(o.Network, "*", "*"))
	if errors.Is(err, ErrNotStored) {
		return nil // all deleted: told again from the beginning rather than never
	}
	if err != nil {
		return err
	}
	at, err := strconv.ParseUint(lastValue(m.Header, headerHead), 10, 64)
	part, err2 := strconv.Atoi(lastValue(m.Header, headerPart))
	if err := errors.Join(err, err2); err != nil {
		return fmt.Errorf("message %d of %s: %w", m.Sequence, OutboundStream(o.Network), err)
	}
	head, err := o.headAt(ctx, at)
	if err != nil {
		return err
	}
	o.head, o.part = head.Previous, part
	if head.Previous == 0 {
		return nil
	}
	before, err := o.headAt(ctx, head.Previous)
	o.input = finished(before)
	return err
}

func (o *Outbound) headAt(ctx context.Context, sequence uint64) (*roster.Head, error) {
	m, err := o.ledger.At(ctx, sequence)
	if err != nil {
		return nil, err
	}
	return roster.DecodeHead(m.Data)
}

// finished is the last input that a head leaves nothing to do of.
func finished(h *roster.Head) uint64 {
	if h.More {
		return h.Input - 1
	}
	return h.Input
}

// answer writes what one head and its messages give to tell.
func (o *Outbound) answer(ctx context.Context, m Stored) error {
	head, err := roster.DecodeHead(m.Data)
	if err != nil {
		return err
	}
	if err := o.useCatalog(ctx, head.Catalog); err != nil {
		return err
	}
	if len(o.sources) > 0 {
		b := &answers{Outbound: o, ctx: ctx, at: m.Sequence, head: head, inputs: map[uint64]*hl7v2.Message{}, told: map[uint64]bool{}}
		if err := b.write(); err != nil {
			return err
		}
	}
	o.head, o.part, o.input = m.Sequence, 0, finished(head)
	return nil
}

// useCatalog finds the sources that are answered in HL7 v2.
func (o *Outbound) useCatalog(ctx context.Context, hash string) error {
	if hash == o.catalog {
		return nil
	}
	sources := map[string]*time.Location{}
	if hash != "" {
		data, err := GetCatalog(ctx, o.Conn, o.Network, hash)
		if err != nil {
			return err
		}
		cat, problems := program.Load(data)
		if err := problems.Err(); err != nil {
			return err
		}
		for _, s := range cat.Sources {
			if s.Format == "hl7v2" {
				sources[s.Name] = cat.SourceLocation(s.Name)
			}
		}
	}
	o.catalog, o.sources = hash, sources
	return nil
}

// answers are those of one head.
type answers struct {
	*Outbound
	ctx  context.Context
	at   uint64 // of the head
	head *roster.Head
	// inputs read, by sequence; nil where they are gone or no HL7 v2. told are those that have their answer.
	inputs map[uint64]*hl7v2.Message
	told   map[uint64]bool
}

// write answers with each confirmation, then accepts what no confirmation answers.
func (b *answers) write() error {
	first := b.at - uint64(len(b.head.Messages))
	for i, e := range b.head.Messages {
		if zone := b.sources[e.Source]; zone != nil && !e.Decision {
			if err := b.confirmation(i+1, first+uint64(i), e, zone); err != nil {
				return err
			}
		}
	}
	return b.accept()
}

// confirmation tells its source what a confirmation says.
func (b *answers) confirmation(part int, sequence uint64, e roster.Entry, zone *time.Location) error {
	m, err := b.ledger.At(b.ctx, sequence)
	if errors.Is(err, ErrNotStored) {
		return nil // erased
	}
	if err != nil {
		return err
	}
	input, _, err := confirmationID(m.Data, b.Network)
	if err != nil {
		return err
	}
	told := hl7v2.Told{Confirmation: m.Data, Zone: zone}
	if told.Cause, err = b.input(input, e.Source); err != nil {
		return err
	}
	if key, err := roster.ParseKey('r', e.Key); err == nil {
		if told.Original, err = b.input(key, e.Source); err != nil {
			return err
		}
	}
	message, answers, err := hl7v2.Answer(told)
	if err != nil { // the same every time: the others are not to wait for it
		b.Log.Error().Str("network", b.Network).Uint64("message", sequence).Err(err).Msg("outbound: cannot be told in HL7 v2")
		return nil
	}
	if answers {
		b.told[input] = true
	}
	return b.store(part, e.Source, e.Key, message)
}

// acceptance is the answer to an input that no confirmation answers.
type acceptance struct {
	input   uint64
	source  string
	message []byte
}

// accept answers the inputs that were decided and of whose own referral nothing was said, in the order in which they were stored,
// whoever sent them: where the answers end says what is done, so they may not go back.
func (b *answers) accept() error {
	var all []acceptance
	for source := range b.sources {
		found, err := b.unanswered(source)
		if err != nil {
			return err
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(x, y acceptance) int { return cmp.Compare(x.input, y.input) })
	for _, a := range all {
		part := len(b.head.Messages) + int(a.input-b.Outbound.input)
		if err := b.store(part, a.source, roster.KeyOf('i', a.input), a.message); err != nil {
			return err
		}
	}
	return nil
}

// unanswered are the acceptances for the inputs of a source that the head covers and that have no answer.
func (b *answers) unanswered(source string) (all []acceptance, err error) {
	for after := b.Outbound.input; ; {
		inputs, err := readDirect(b.ctx, b.Conn.Conn, ReferralsStream(b.Network), after+1, readChunk, InputSubject(b.Network, source))
		if err != nil || len(inputs) == 0 {
			return all, err
		}
		for _, s := range inputs {
			if after = s.Sequence; after > finished(b.head) {
				return all, nil
			}
			if b.told[after] {
				continue
			}
			if m := messageOf(s); m != nil {
				name := b.Network + "-" + strconv.FormatUint(after, 10) + "-0"
				all = append(all, acceptance{after, source, hl7v2.Accept(m, name, time.UnixMilli(b.head.Time).In(b.sources[source]))})
			}
		}
	}
}

// input is the message that a source sent at a sequence; nil if it is gone, another's or not HL7 v2.
func (b *answers) input(sequence uint64, source string) (*hl7v2.Message, error) {
	if m, read := b.inputs[sequence]; read {
		return m, nil
	}
	stored, err := readDirect(b.ctx, b.Conn.Conn, ReferralsStream(b.Network), sequence, 1, "")
	if err != nil {
		return nil, err
	}
	var m *hl7v2.Message
	if len(stored) == 1 && stored[0].Sequence == sequence && stored[0].Subject == InputSubject(b.Network, source) {
		m = messageOf(stored[0])
	}
	b.inputs[sequence] = m
	return m, nil
}

func messageOf(s Stored) *hl7v2.Message {
	if !hl7v2.Claims(mapping.Input{Header: InputHeader(s.Header), Data: s.Data}) {
		return nil
	}
	m, _ := hl7v2.Parse(s.Data)
	return m
}

// store appends one answer behind the last, unless that is done or there is nothing to tell.
func (b *answers) store(part int, source, key string, message []byte) error {
	if message == nil || b.head.Previous == b.Outbound.head && part <= b.Outbound.part {
		return nil
	}
	m := nats.NewMsg(OutboundSubject(b.Network, source, key))
	m.Header.Set("Content-Type", event.TypeHL7v2)
	m.Header.Set(headerHead, strconv.FormatUint(b.at, 10))
	m.Header.Set(headerPart, strconv.Itoa(part))
	m.Data = message
	ctx, cancel := context.WithTimeout(b.ctx, requestMax)
	defer cancel()
	ack, err := b.Conn.JS.PublishMsg(ctx, m, jetstream.WithExpectLastSequence(b.last))
	var refused *jetstream.APIError
	switch {
	case errors.As(err, &refused) && refused.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence:
		return errOvertaken
	case err != nil:
		return err
	}
	b.last = ack.Sequence
	return nil
}
