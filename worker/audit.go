package worker

import (
	"context"
	"errors"
	"time"
)

// AuditEnd is the sequence up to which the audit stream was written, 0 while it is empty.
func (m *Mirror) AuditEnd(ctx context.Context) (uint64, error) {
	last, err := readLast(ctx, m.conn.Conn, AuditStream(m.fold.network), AuditSubject(m.fold.network))
	if errors.Is(err, ErrNotStored) {
		return 0, nil
	}
	return last.Sequence, err
}

// AuditSince is the sequence of the first record of the audit stream that was stored at a time or later, or 0 where there is
// none.
func (m *Mirror) AuditSince(ctx context.Context, t time.Time) (uint64, error) {
	first, err := askDirect(ctx, m.conn.Conn, AuditStream(m.fold.network), directRequest{Batch: 1, Since: &t})
	if err != nil || len(first) == 0 {
		return 0, err
	}
	return first[0].Sequence, nil
}

// Audit reads up to max records of the audit stream from a sequence on, in order.
func (m *Mirror) Audit(ctx context.Context, from uint64, max int) ([]Stored, error) {
	return readDirect(ctx, m.conn.Conn, AuditStream(m.fold.network), from, max, "")
}
