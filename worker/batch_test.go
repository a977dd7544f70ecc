package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// batchOf has n messages, the head last.
func batchOf(n int, size int) []Msg {
	msgs := make([]Msg, n)
	for i := range msgs {
		msgs[i] = Msg{Subject: DecisionSubject("north", fmt.Sprintf("r%d", i)), Data: make([]byte, size)}
	}
	msgs[n-1].Subject = HeadSubject("north")
	return msgs
}

// ledgerEnd is the sequence of the last message stored.
func ledgerEnd(t *testing.T, c *Conn) uint64 {
	t.Helper()
	last, err := lastSequence(t.Context(), c.JS, PlacementsStream("north"))
	if err != nil {
		t.Fatal(err)
	}
	return last
}

func TestAppend(t *testing.T) {
	s := startTest(t)
	c := connectTest(t, s, User{Role: RoleWorker})
	head := uint64(0)
	for _, n := range []int{1, 2, 257, 1000} {
		got, err := Append(t.Context(), c.JS, batchOf(n, 100), HeadSubject("north"), head)
		if err != nil || got != head+uint64(n) {
			t.Fatalf("batch of %d: head %d, %v; want %d", n, got, err, head+uint64(n))
		}
		head = got
	}
	msgs := batchOf(2, 10)
	msgs[0].Header = map[string][]string{"X": {"1"}}
	if _, err := Append(t.Context(), c.JS, msgs, HeadSubject("north"), head); err != nil || len(msgs[0].Header) != 1 {
		t.Errorf("the caller's header became %v, %v", msgs[0].Header, err)
	}
}

func TestAppendConflictStoresNothing(t *testing.T) {
	s := startTest(t)
	c := connectTest(t, s, User{Role: RoleWorker})
	if _, err := Append(t.Context(), c.JS, batchOf(3, 10), HeadSubject("north"), 0); err != nil {
		t.Fatal(err)
	}
	for _, stale := range []uint64{0, 2, 4} {
		if _, err := Append(t.Context(), c.JS, batchOf(3, 10), HeadSubject("north"), stale); !errors.Is(err, ErrConflict) || errors.Is(err, ErrUnknown) {
			t.Errorf("fenced by %d: %v, want ErrConflict", stale, err)
		}
	}
	if end := ledgerEnd(t, c); end != 3 {
		t.Errorf("ledger ends at %d, want 3", end)
	}
}

func TestRacingWritersNeverBothWin(t *testing.T) {
	s := startTest(t)
	const writers, rounds = 4, 25
	won := make([][]uint64, writers) // expected sequences whose batch was stored
	var all sync.WaitGroup
	for w := range writers {
		c := connectTest(t, s, User{Role: RoleWorker})
		all.Go(func() {
			for range rounds {
				head := uint64(0)
				if m, err := readLast(t.Context(), c.Conn, PlacementsStream("north"), HeadSubject("north")); err == nil {
					head = m.Sequence
				} else if !errors.Is(err, ErrNotStored) {
					t.Error(err)
				}
				_, err := Append(t.Context(), c.JS, batchOf(5, 10), HeadSubject("north"), head)
				switch {
				case err == nil:
					won[w] = append(won[w], head)
				case !errors.Is(err, ErrConflict):
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	winner := map[uint64]int{}
	for w, heads := range won {
		for _, h := range heads {
			if other, taken := winner[h]; taken {
				t.Errorf("writers %d and %d both appended to head %d", other, w, h)
			}
			winner[h] = w
		}
	}
	if end := ledgerEnd(t, connectTest(t, s, User{Role: RoleWorker})); end != uint64(5*len(winner)) || len(winner) == 0 {
		t.Errorf("ledger ends at %d after %d batches of 5", end, len(winner))
	}
}

func TestAppendTooLargeSendsNothing(t *testing.T) {
	s := startTest(t)
	c := connectTest(t, s, User{Role: RoleWorker})
	for name, msgs := range map[string][]Msg{"message": batchOf(2, serverPayloadMax), "batch": batchOf(batchMessagesMax+1, 1)} {
		if _, err := Append(t.Context(), c.JS, msgs, HeadSubject("north"), 0); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v, want ErrTooLarge", name, err)
		}
	}
	if end := ledgerEnd(t, c); end != 0 {
		t.Errorf("ledger ends at %d", end)
	}
	// The largest message that fits does.
	msgs := batchOf(2, 0)
	msgs[0].Data = []byte(strings.Repeat("x", serverPayloadMax-batchHeaderBytes))
	if _, err := Append(t.Context(), c.JS, msgs, HeadSubject("north"), 0); err != nil {
		t.Error(err)
	}
}

func TestAppendHeadMustBeLast(t *testing.T) {
	s := startTest(t)
	c := connectTest(t, s, User{Role: RoleWorker})
	msgs := batchOf(2, 1)
	msgs[0], msgs[1] = msgs[1], msgs[0]
	if _, err := Append(t.Context(), c.JS, msgs, HeadSubject("north"), 0); err == nil {
		t.Error("a batch with its head first was stored")
	}
	if _, err := Append(t.Context(), c.JS, nil, HeadSubject("north"), 0); err == nil {
		t.Error("an empty batch was stored")
	}
}

func TestAppendWithoutAnAnswerIsUnknown(t *testing.T) {
	s := startTest(t)
	c := connectTest(t, s, User{Role: RoleWorker})
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	if _, err := Append(ctx, c.JS, batchOf(1, 1), HeadSubject("north"), 0); !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
}

// BenchmarkAppend stores batches of 3 KB messages, each synced to disk.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{16, 256, 900} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := startTest(b)
			c := connectTest(b, s, User{Role: RoleWorker})
			msgs, head := batchOf(n, 3<<10), uint64(0)
			for b.Loop() {
				var err error
				if head, err = Append(b.Context(), c.JS, msgs, HeadSubject("north"), head); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}
