package worker

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"
)

// memory is a ledger in memory that fails as a simulation plans. Its fence is that of the real stream:
// TestMemoryIsALedger holds both to the same.
type memory struct {
	network string

	mu   sync.Mutex
	msgs []Stored
	last map[string]int // index of a subject's last message

	// plans of the next appends, in order; none left: they succeed.
	plans []plan
	// half is how many messages of the last batch a reader sees; 0: all. It holds for one reading.
	half int
}

// plan is what becomes of one append.
type plan struct {
	// before runs when the batch is sealed and on its way; may be nil.
	before func()
	lost   bool // nothing is stored and nobody is told
	untold bool // it is stored and nobody is told
}

func newMemory(network string) *memory { return &memory{network: network, last: map[string]int{}} }

func (m *memory) Close() {}

func (m *memory) next() plan {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.plans) == 0 {
		return plan{}
	}
	p := m.plans[0]
	m.plans = m.plans[1:]
	return p
}

func (m *memory) Append(_ context.Context, msgs []Msg, headSubject string, expected uint64) (uint64, error) {
	p := m.next()
	if p.before != nil {
		p.before()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case len(msgs) == 0 || msgs[len(msgs)-1].Subject != headSubject:
		return 0, errors.New("the head must be last")
	case p.lost:
		return 0, ErrUnknown
	case m.lastSequence(headSubject) != expected:
		return 0, ErrConflict
	}
	for _, one := range msgs {
		m.last[one.Subject] = len(m.msgs)
		m.msgs = append(m.msgs, Stored{Subject: one.Subject, Sequence: uint64(len(m.msgs) + 1), Data: append([]byte(nil), one.Data...)})
	}
	if p.untold {
		return 0, ErrUnknown
	}
	return uint64(len(m.msgs)), nil
}

func (m *memory) lastSequence(subject string) uint64 {
	if i, ok := m.last[subject]; ok {
		return m.msgs[i].Sequence
	}
	return 0
}

func (m *memory) Last(_ context.Context, subject string) (Stored, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.last[subject]
	if !ok {
		return Stored{}, ErrNotStored
	}
	return m.msgs[i], nil
}

func (m *memory) Head(ctx context.Context) (Stored, error) {
	return m.Last(ctx, HeadSubject(m.network))
}

func (m *memory) At(_ context.Context, sequence uint64) (Stored, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if sequence == 0 || sequence > uint64(len(m.msgs)) {
		return Stored{}, ErrNotStored
	}
	return m.msgs[sequence-1], nil
}

// Fold gives decisions and heads, as far as they can be seen.
func (m *memory) Fold(_ context.Context, from uint64) iter.Seq2[Stored, error] {
	m.mu.Lock()
	end := max(0, len(m.msgs)-m.half)
	seen := m.msgs[min(int(from-1), end):end]
	m.half = 0
	m.mu.Unlock()
	return func(yield func(Stored, error) bool) {
		for _, s := range seen {
			if s.Subject[0] != 'p' && !yield(s, nil) {
				return
			}
		}
	}
}

// hide lets the next reader see the last batch without its last messages, the head among them.
func (m *memory) hide(n int) {
	batch := 0
	for i := len(m.msgs) - 1; i >= 0 && (batch == 0 || m.msgs[i].Subject != HeadSubject(m.network)); i-- {
		batch++
	}
	m.half = min(n, batch)
}

// TestMemoryIsALedger: what the simulation stores in behaves as the stream does, as far as a worker can tell.
func TestMemoryIsALedger(t *testing.T) {
	const network = "north"
	head, decision := HeadSubject(network), DecisionSubject(network, "r1")
	for name, ledger := range map[string]stream{"memory": newMemory(network), "stream": realLedger(t, network)} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			batch := func(n string) []Msg {
				return []Msg{{Subject: decision, Data: []byte("d" + n)}, {Subject: ConfirmationSubject(network, "north", "r1"), Data: []byte("c" + n)}, {Subject: head, Data: []byte("h" + n)}}
			}
			if _, err := ledger.Head(ctx); !errors.Is(err, ErrNotStored) {
				t.Errorf("head of an empty ledger: %v", err)
			}
			if seq, err := ledger.Append(ctx, batch("1"), head, 0); err != nil || seq != 3 {
				t.Fatalf("first batch: %d, %v", seq, err)
			}
			for _, stale := range []uint64{0, 1, 4} {
				if _, err := ledger.Append(ctx, batch("x"), head, stale); !errors.Is(err, ErrConflict) {
					t.Errorf("fenced by %d: %v, want ErrConflict", stale, err)
				}
			}
			if _, err := ledger.Append(ctx, batch("x")[:2], head, 3); err == nil {
				t.Error("a batch without its head was stored")
			}
			if seq, err := ledger.Append(ctx, batch("2"), head, 3); err != nil || seq != 6 {
				t.Fatalf("second batch: %d, %v", seq, err)
			}
			var got string
			for s, err := range ledger.Fold(ctx, 2) {
				if err != nil {
					t.Fatal(err)
				}
				got += fmt.Sprintf("%d:%s ", s.Sequence, s.Data)
			}
			if got != "3:h1 4:d2 6:h2 " {
				t.Errorf("fold from 2 reads %s", got)
			}
			last, err := ledger.Last(ctx, decision)
			at, err2 := ledger.At(ctx, 2)
			if err != nil || err2 != nil || string(last.Data) != "d2" || string(at.Data) != "c1" {
				t.Errorf("last decision %s (%v), at 2 %s (%v)", last.Data, err, at.Data, err2)
			}
			if _, err := ledger.At(ctx, 7); !errors.Is(err, ErrNotStored) {
				t.Errorf("beyond the end: %v", err)
			}
		})
	}
}

// realLedger of a network on an embedded server.
func realLedger(t *testing.T, network string) stream {
	reader, err := OpenLedger(connectTest(t, startTest(t), User{Role: RoleWorker}), network)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reader.Close)
	return fencedLedger{reader}
}
