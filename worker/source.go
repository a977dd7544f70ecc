package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
)

// Intake reads a network's inputs by sequence. It keeps no position and acknowledges nothing: the position is in the
// ledger's head. Safe for concurrent use, but Wait wakes only one waiter.
type Intake struct {
	conn    *Conn
	network string
	wake    *waker
}

// Chunk is a run of inputs without a hole that Gaps does not name.
type Chunk struct {
	Inputs []mapping.Input // in order
	Gaps   []Gap           // in order; what lies before an input of this chunk and is gone
}

// Gap is a run of sequences, both ends included, that were stored once and are gone: erased or aged.
type Gap struct{ From, To uint64 }

// OpenIntake of one network.
func OpenIntake(conn *Conn, network string) (*Intake, error) {
	wake, err := newWaker(conn.Conn, storedSubject(network)+".referrals.*")
	if err != nil {
		return nil, fmt.Errorf("intake of %s: %w", network, err)
	}
	return &Intake{conn: conn, network: network, wake: wake}, nil
}

// Close ends the subscription that wakes readers.
func (in *Intake) Close() { in.wake.close() }

// Read returns up to max inputs that follow sequence after, at once; none if none is stored yet. A gap at the very end
// of the stream is not told until something is stored behind it. On an error the chunk holds what was read before it.
func (in *Intake) Read(ctx context.Context, after uint64, max int) (Chunk, error) {
	stream := ReferralsStream(in.network)
	stored, err := readDirect(ctx, in.conn.Conn, stream, after+1, max, "")
	if errors.Is(err, errHeader) {
		err = nil // taken up by the next call, from where this one stopped
		if len(stored) == 0 {
			var one Stored
			one, err = readNext(ctx, in.conn.Conn, stream, after+1, InputSubject(in.network, "*"))
			stored = append(stored, one)
		}
		if err != nil {
			return Chunk{}, err
		}
	}
	chunk := Chunk{Inputs: make([]mapping.Input, 0, len(stored))}
	for _, s := range stored {
		if s.Sequence != after+1 {
			if gone := in.confirmGap(ctx, after+1, s.Sequence); gone != nil {
				return chunk, errors.Join(gone, err)
			}
			chunk.Gaps = append(chunk.Gaps, Gap{From: after + 1, To: s.Sequence - 1})
		}
		chunk.Inputs = append(chunk.Inputs, in.input(s))
		after = s.Sequence
	}
	return chunk, err
}

// Wait returns when something may have been stored since it last returned: at once when told so by the server, else
// after a poll's time.
func (in *Intake) Wait(ctx context.Context) error { return in.wake.wait(ctx) }

// Last is the sequence of the last input ever stored.
func (in *Intake) Last(ctx context.Context) (uint64, error) {
	return lastSequence(ctx, in.conn.JS, ReferralsStream(in.network))
}

// adminScan is how many events of the administrator are looked through for the first catalog.
const adminScan = 100

// FirstCatalog is the hash that the first catalog event of the log names, or empty.
func (in *Intake) FirstCatalog(ctx context.Context) (string, error) {
	stored, err := readDirect(ctx, in.conn.Conn, ReferralsStream(in.network), 1, adminScan, InputSubject(in.network, mapping.SourceAdmin))
	if err != nil {
		return "", err
	}
	for _, s := range stored {
		if e := event.Decode(in.input(s)).Event; e != nil && e.Type == mapping.CatalogApplied {
			return e.Catalog, nil
		}
	}
	return "", nil
}

// confirmGap asks the stream's leader what follows, so that a replica that lost something is not taken for an erasure.
func (in *Intake) confirmGap(ctx context.Context, from, next uint64) error {
	stream := ReferralsStream(in.network)
	leaders, err := readNext(ctx, in.conn.Conn, stream, from, InputSubject(in.network, "*"))
	if err != nil {
		return err
	}
	if leaders.Sequence != next {
		return fmt.Errorf("a replica of %s skipped input %d: its copy is damaged", stream, leaders.Sequence)
	}
	return nil
}

func (in *Intake) input(s Stored) mapping.Input {
	return mapping.Input{
		Network:  in.network,
		Source:   s.Subject[strings.LastIndexByte(s.Subject, '.')+1:],
		Sequence: s.Sequence,
		Stored:   s.Time,
		Header:   InputHeader(s.Header),
		Data:     s.Data,
	}
}

// InputAt reads the stored message that a link names (mapping.InputLink), and the place in it. ErrNotStored: it is gone.
func InputAt(ctx context.Context, conn *Conn, link string) (in mapping.Input, place string, err error) {
	network, sequence, place, ok := mapping.ParseInputLink(link)
	if !ok {
		return in, "", errors.New("expected urn:convene:input:<network>:<sequence>#<place>")
	}
	stored, err := readDirect(ctx, conn.Conn, ReferralsStream(network), sequence, 1, "")
	if err != nil {
		return in, "", err
	}
	if len(stored) == 0 || stored[0].Sequence != sequence {
		return in, "", ErrNotStored
	}
	reader := Intake{conn: conn, network: network}
	return reader.input(stored[0]), place, nil
}

// InputHeader keeps what decoding needs: Content-Type and ce-*, by lower-case name, first value.
func InputHeader(header map[string][]string) map[string]string {
	var kept map[string]string
	for name, values := range header {
		lower := strings.ToLower(name)
		if (lower != "content-type" && !strings.HasPrefix(lower, "ce-")) || len(values) == 0 {
			continue
		}
		if kept == nil {
			kept = map[string]string{}
		}
		kept[lower] = values[0]
	}
	return kept
}

func lastSequence(ctx context.Context, js jetstream.JetStream, stream string) (uint64, error) {
	s, err := js.Stream(ctx, stream)
	if err != nil {
		return 0, fmt.Errorf("stream %s: %w", stream, err)
	}
	return s.CachedInfo().State.LastSeq, nil
}

// pollEvery bounds how late a reader notices what it was not told of: a lost wake-up, a foreign server without republish.
const pollEvery = 250 * time.Millisecond
