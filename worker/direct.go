package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Stored is one message as a stream holds it.
type Stored struct {
	Subject  string
	Sequence uint64
	Time     time.Time // UTC
	Header   nats.Header
	Data     []byte
}

// ErrNotStored: there is no such message.
var ErrNotStored = errors.New("no such message")

// directBytesMax is where one answer ends: appends to the stream wait while it is being sent.
const directBytesMax = 8 << 20

// directRequest of JetStream's DIRECT.GET (ADR-31).
type directRequest struct {
	Seq      uint64 `json:"seq,omitempty"`
	Batch    int    `json:"batch,omitempty"`
	MaxBytes int    `json:"max_bytes,omitempty"`
	NextFor  string `json:"next_by_subj,omitempty"`
	// Since is the time from which on, where there is no sequence.
	Since *time.Time `json:"start_time,omitempty"`
}

// readDirect reads up to max stored messages from sequence from on, in order; with a subject (wildcards allowed) only
// those on it. Deleted ones are stepped over. Nothing there is not an error. An answer that breaks off is one: it
// returns what came before it, which is whole and in order. It never shows a part of an open batch.
func readDirect(ctx context.Context, nc *nats.Conn, stream string, from uint64, max int, subject string) ([]Stored, error) {
	return askDirect(ctx, nc, stream, directRequest{Seq: from, Batch: max, MaxBytes: directBytesMax, NextFor: subject})
}

func askDirect(ctx context.Context, nc *nats.Conn, stream string, ask directRequest) ([]Stored, error) {
	request, err := json.Marshal(ask)
	if err != nil {
		return nil, err
	}
	from, max := ask.Seq, ask.Batch
	inbox := nc.NewInbox()
	answers := make(chan *nats.Msg, max+1) // the messages and the end: never full
	subscription, err := nc.ChanSubscribe(inbox, answers)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", stream, err)
	}
	defer subscription.Unsubscribe()
	if err := nc.PublishRequest("$JS.API.DIRECT.GET."+stream, inbox, request); err != nil {
		return nil, fmt.Errorf("read %s: %w", stream, err)
	}
	var read []Stored
	for {
		m, err := nextAnswer(ctx, answers)
		if err != nil {
			return read, fmt.Errorf("read %s at %d: %w", stream, from, err)
		}
		s, err := storedOf(m)
		if errors.Is(err, errHeader) && m.Header != nil && len(m.Data) == 0 {
			return read, endOf(stream, m.Header)
		}
		if err != nil {
			return read, fmt.Errorf("read %s after %d messages: %w", stream, len(read), err)
		}
		read = append(read, s)
	}
}

// nextAnswer waits at most requestMax, however long the context lives.
func nextAnswer(ctx context.Context, answers <-chan *nats.Msg) (*nats.Msg, error) {
	select {
	case m := <-answers:
		return m, nil
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, requestMax)
	defer cancel()
	select {
	case m := <-answers:
		return m, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// readLast reads the last message on a literal subject, or ErrNotStored.
func readLast(ctx context.Context, nc *nats.Conn, stream, subject string) (Stored, error) {
	ctx, cancel := context.WithTimeout(ctx, requestMax)
	defer cancel()
	m, err := nc.RequestWithContext(ctx, "$JS.API.DIRECT.GET."+stream+"."+subject, nil)
	if err != nil {
		return Stored{}, fmt.Errorf("read %s of %s: %w", subject, stream, err)
	}
	if len(m.Data) == 0 && m.Header.Get("Status") == "404" {
		return Stored{}, fmt.Errorf("%s of %s: %w", subject, stream, ErrNotStored)
	}
	return storedOf(m)
}

// errHeader: a stored message whose headers are not NATS headers. A client that writes the protocol by hand can store
// one, and then nothing of the message can be told from a direct get.
var errHeader = errors.New("headers cannot be read")

// endOf tells why no more messages come.
func endOf(stream string, header nats.Header) error {
	switch status := header.Get("Status"); status {
	case "204", "404": // end of batch; nothing there
		return nil
	case "503":
		return fmt.Errorf("read %s: %w", stream, nats.ErrNoResponders)
	default:
		return fmt.Errorf("read %s: status %q %s", stream, status, header.Get("Description"))
	}
}

// storedOf takes apart an answer of a direct get: the message with headers that the server appends. A sender may have
// used the same names, so the last value of each counts.
func storedOf(m *nats.Msg) (Stored, error) {
	sequence, err := strconv.ParseUint(lastValue(m.Header, jetstream.SequenceHeader), 10, 64)
	if err != nil {
		return Stored{}, errHeader
	}
	at, err := time.Parse(time.RFC3339Nano, lastValue(m.Header, jetstream.TimeStampHeaer))
	if err != nil {
		return Stored{}, errHeader
	}
	return Stored{Subject: lastValue(m.Header, jetstream.SubjectHeader), Sequence: sequence, Time: at.UTC(), Header: m.Header, Data: m.Data}, nil
}

func lastValue(header nats.Header, name string) string {
	if values := header[name]; len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

// readNext asks the stream's leader for the first message from a sequence on that is on subject, which may have
// wildcards. It is slower than a direct get, but authoritative and unharmed by any header. Headers are left out.
func readNext(ctx context.Context, nc *nats.Conn, stream string, from uint64, subject string) (Stored, error) {
	request, err := json.Marshal(directRequest{Seq: from, NextFor: subject})
	if err != nil {
		return Stored{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestMax)
	defer cancel()
	m, err := nc.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+stream, request)
	if err != nil {
		return Stored{}, fmt.Errorf("read %s at %d: %w", stream, from, err)
	}
	var answer struct {
		Error   *jetstream.APIError `json:"error"`
		Message struct {
			Subject string    `json:"subject"`
			Seq     uint64    `json:"seq"`
			Data    []byte    `json:"data"`
			Time    time.Time `json:"time"`
		} `json:"message"`
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		return Stored{}, fmt.Errorf("read %s at %d: %w", stream, from, err)
	}
	if answer.Error != nil {
		return Stored{}, fmt.Errorf("read %s at %d: %w", stream, from, answer.Error)
	}
	a := answer.Message
	return Stored{Subject: a.Subject, Sequence: a.Seq, Time: a.Time.UTC(), Data: a.Data}, nil
}
