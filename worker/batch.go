package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// Msg is one message to append.
type Msg struct {
	Subject string
	Data    []byte
	Header  nats.Header // may be nil; is not changed
}

// Errors of Append.
var (
	// ErrConflict: the head has moved, nothing was stored. Catch up from the ledger and decide again.
	ErrConflict = errors.New("another writer moved the head")
	// ErrUnknown: the batch was sent whole but no answer came, so it may or may not be stored. Catch up from the ledger.
	ErrUnknown = errors.New("not told whether the batch is stored")
	// ErrTooLarge: a batch that the server would refuse whole; nothing was sent.
	ErrTooLarge = errors.New("batch too large")
)

// batchMessagesMax is JetStream's limit of one atomic batch.
const batchMessagesMax = 1000

// batchAckEvery bounds what is under way before the server has taken it in.
const batchAckEvery = 256

// JetStream's codes of a fence that does not hold (nats-server, errors.json).
const (
	codeWrongLastSequence         jetstream.ErrorCode = 10071
	codeWrongLastSequenceConstant jetstream.ErrorCode = 10164 // clusters: another fenced write is in flight
)

// Append stores the messages as one atomic batch, all or none, in order and without others between them. The last one
// must be on headSubject, and is stored only if the last message there has sequence expectedLastSeq (0: there is none).
// It returns the new head's sequence. Errors other than ErrUnknown mean that nothing was stored.
func Append(ctx context.Context, js jetstream.JetStream, msgs []Msg, headSubject string, expectedLastSeq uint64) (uint64, error) {
	if len(msgs) == 0 || msgs[len(msgs)-1].Subject != headSubject {
		return 0, fmt.Errorf("append: the last message must be on %s", headSubject)
	}
	if err := fits(msgs, js.Conn().MaxPayload()); err != nil {
		return 0, err
	}
	batch, err := jetstreamext.NewBatchPublisher(js,
		jetstreamext.BatchFlowControl{AckFirst: true, AckEvery: batchAckEvery, AckTimeout: requestMax})
	if err != nil {
		return 0, fmt.Errorf("append: %w", err)
	}
	last := len(msgs) - 1
	for i := range msgs[:last] {
		if err := errors.Join(ctx.Err(), batch.AddMsg(msgs[i].nats())); err != nil {
			return 0, fmt.Errorf("append: message %d of %d: %w", i+1, len(msgs), err)
		}
	}
	head := msgs[last].nats()
	head.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(expectedLastSeq, 10))
	ack, err := batch.CommitMsg(ctx, head)
	if err != nil {
		return 0, commitError(err)
	}
	return ack.Sequence, nil
}

// commitError sorts what a commit failed with. Only a refusal by the server, or a commit that found no server, is
// proof that nothing is stored.
func commitError(err error) error {
	var refused *jetstream.APIError
	switch {
	case errors.As(err, &refused):
		if refused.ErrorCode == codeWrongLastSequence || refused.ErrorCode == codeWrongLastSequenceConstant {
			return fmt.Errorf("append: %w: %w", ErrConflict, err)
		}
		return fmt.Errorf("append: %w", err)
	case errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("append: no stream takes the batch: %w", err)
	}
	return fmt.Errorf("append: %w: %w", ErrUnknown, err)
}

// fits checks the server's limits before anything is sent: one message too large would fail the whole batch late.
func fits(msgs []Msg, payloadMax int64) error {
	if len(msgs) > batchMessagesMax {
		return fmt.Errorf("%w: %d messages, at most %d", ErrTooLarge, len(msgs), batchMessagesMax)
	}
	for _, m := range msgs {
		if size := m.size(); size > payloadMax {
			return fmt.Errorf("%w: message on %s has %d bytes with its headers, the server takes %d", ErrTooLarge, m.Subject, size, payloadMax)
		}
	}
	return nil
}

// batchHeaderBytes is room for the headers that a batch adds to each message.
const batchHeaderBytes = 256

// size on the wire, rounded up.
func (m Msg) size() int64 {
	n := len(m.Data) + batchHeaderBytes
	for k, values := range m.Header {
		for _, v := range values {
			n += len(k) + len(v) + len(": \r\n")
		}
	}
	return int64(n)
}

func (m Msg) nats() *nats.Msg {
	header := make(nats.Header, len(m.Header)+4)
	maps.Copy(header, m.Header)
	return &nats.Msg{Subject: m.Subject, Data: m.Data, Header: header}
}
