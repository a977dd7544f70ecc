package worker

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// LedgerReader reads a network's PLACEMENTS stream by sequence. It sees only whole batches. Safe for concurrent use,
// but Wait wakes only one waiter.
type LedgerReader struct {
	conn    *Conn
	network string
	wake    *waker
}

// stream is a network's ledger as its worker needs it: read in order, appended to behind the fence.
type stream interface {
	// Fold, Head, Last and At read, as LedgerReader does.
	Fold(ctx context.Context, from uint64) iter.Seq2[Stored, error]
	Head(ctx context.Context) (Stored, error)
	Last(ctx context.Context, subject string) (Stored, error)
	At(ctx context.Context, sequence uint64) (Stored, error)
	// Append stores a batch, as the function of this name does.
	Append(ctx context.Context, msgs []Msg, headSubject string, expectedLastSeq uint64) (uint64, error)
	Close()
}

// fencedLedger is a ledger that its worker may append to.
type fencedLedger struct{ *LedgerReader }

func (l fencedLedger) Append(ctx context.Context, msgs []Msg, headSubject string, expectedLastSeq uint64) (uint64, error) {
	return Append(ctx, l.conn.JS, msgs, headSubject, expectedLastSeq)
}

// OpenLedger of one network for reading.
func OpenLedger(conn *Conn, network string) (*LedgerReader, error) {
	wake, err := newWaker(conn.Conn, storedHeadSubject(network))
	if err != nil {
		return nil, fmt.Errorf("ledger of %s: %w", network, err)
	}
	return &LedgerReader{conn: conn, network: network, wake: wake}, nil
}

// Close ends the subscription that wakes readers.
func (l *LedgerReader) Close() { l.wake.close() }

// Wait returns when a head may have been stored since it last returned: at once when told so, else after a poll's time.
func (l *LedgerReader) Wait(ctx context.Context) error { return l.wake.wait(ctx) }

// Last message on a literal subject, or ErrNotStored.
func (l *LedgerReader) Last(ctx context.Context, subject string) (Stored, error) {
	return readLast(ctx, l.conn.Conn, PlacementsStream(l.network), subject)
}

// Head is the last head, or ErrNotStored on an empty ledger.
func (l *LedgerReader) Head(ctx context.Context) (Stored, error) {
	return l.Last(ctx, HeadSubject(l.network))
}

// End is the sequence of the last head, 0 on an empty ledger.
func (l *LedgerReader) End(ctx context.Context) (uint64, error) {
	head, err := l.Head(ctx)
	if errors.Is(err, ErrNotStored) {
		return 0, nil
	}
	return head.Sequence, err
}

// Before is the sequence of the last message stored before a time: what follows it was stored since.
func (l *LedgerReader) Before(ctx context.Context, t time.Time) (uint64, error) {
	first, err := askDirect(ctx, l.conn.Conn, PlacementsStream(l.network), directRequest{Batch: 1, Since: &t})
	if err != nil || len(first) == 0 {
		end, endErr := l.End(ctx)
		return end, errors.Join(err, endErr)
	}
	return first[0].Sequence - 1, nil
}

// readChunk messages in one request.
const readChunk = 1000

// All reads everything from a sequence on to the end of the ledger: confirmations, decisions, heads.
func (l *LedgerReader) All(ctx context.Context, from uint64) iter.Seq2[Stored, error] {
	return l.subject(ctx, from, "")
}

// Fold reads the decisions and heads from a sequence on, in order, to the end of the ledger. Confirmations, the bulk of a
// ledger, stay on the server.
func (l *LedgerReader) Fold(ctx context.Context, from uint64) iter.Seq2[Stored, error] {
	return l.subject(ctx, from, foldSubject(l.network))
}

// subject reads what is on a subject, which may have wildcards, to the end; the next request is under way while one is
// being worked on.
func (l *LedgerReader) subject(ctx context.Context, from uint64, subject string) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for chunk := range l.prefetch(ctx, from, subject) {
			for _, s := range chunk.stored {
				if !yield(s, nil) {
					return
				}
			}
			if chunk.err != nil {
				yield(Stored{}, chunk.err)
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(Stored{}, err)
		}
	}
}

// On reads what is stored on a subject, which may have wildcards, in order, to the end of the ledger.
func (l *LedgerReader) On(ctx context.Context, subject string) iter.Seq2[Stored, error] {
	return l.subject(ctx, 1, subject)
}

// Follow reads everything that follows sequence after, for ever, and releases a batch's messages when its head has come. An
// error (a server that is away) is passed on too; who goes on reading after one resumes where the last batch ended.
func (l *LedgerReader) Follow(ctx context.Context, after uint64) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		for ctx.Err() == nil {
			var batch []Stored
			for s, err := range l.All(ctx, after+1) {
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					if !yield(Stored{}, err) {
						return
					}
					break
				}
				if batch = append(batch, s); s.Subject != HeadSubject(l.network) {
					continue
				}
				for _, released := range batch {
					if !yield(released, nil) {
						return
					}
				}
				batch, after = nil, s.Sequence
			}
			if l.Wait(ctx) != nil {
				return
			}
		}
	}
}

type chunkRead struct {
	stored []Stored
	err    error
}

func (l *LedgerReader) prefetch(ctx context.Context, from uint64, subject string) <-chan chunkRead {
	chunks := make(chan chunkRead, 1)
	go func() {
		defer close(chunks)
		for {
			stored, err := readDirect(ctx, l.conn.Conn, PlacementsStream(l.network), from, readChunk, subject)
			if len(stored) == 0 && err == nil || errors.Is(ctx.Err(), context.Canceled) {
				return
			}
			select {
			case chunks <- chunkRead{stored, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
			from = stored[len(stored)-1].Sequence + 1
		}
	}()
	return chunks
}

// At is the message at a sequence, or ErrNotStored.
func (l *LedgerReader) At(ctx context.Context, sequence uint64) (Stored, error) {
	stored, err := readDirect(ctx, l.conn.Conn, PlacementsStream(l.network), sequence, 1, "")
	if err == nil && (len(stored) == 0 || stored[0].Sequence != sequence) {
		err = ErrNotStored
	}
	if err != nil {
		return Stored{}, err
	}
	return stored[0], nil
}
