package mllp

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Listener answers the connections of one address.
type Listener struct {
	// Handle takes one message and returns the answer; nil sends none. err is ErrTooLarge where message is only its
	// beginning. It is called from many connections at once.
	Handle func(ctx context.Context, message []byte, err error) []byte
	// TLS of the listener; nil: none.
	TLS *tls.Config
	// BytesMax of one message; 0: 1 MiB.
	BytesMax int
	// ConnectionsMax at once; one more is closed at once. 0: 256.
	ConnectionsMax int
	// IdleMax is how long a connection may be silent between messages; 0: an hour.
	IdleMax time.Duration
	// MessageMax is how long one message may take to come, and its answer to go; 0: 30 s.
	MessageMax time.Duration
	// Log gets addresses and errors, nothing of a message.
	Log zerolog.Logger
}

// Serve accepts connections until ctx ends, then lets each finish the message it is answering.
func (l *Listener) Serve(ctx context.Context, on net.Listener) error {
	if l.TLS != nil {
		on = tls.NewListener(on, l.TLS)
	}
	stop := context.AfterFunc(ctx, func() { _ = on.Close() })
	defer stop()
	var open sync.WaitGroup
	defer open.Wait()
	room := make(chan struct{}, cmp.Or(l.ConnectionsMax, 256))
	for {
		conn, err := on.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // too many open files, say
			l.Log.Warn().Err(err).Msg("mllp: accept")
			if pause(ctx, acceptAgain) != nil {
				return nil
			}
			continue
		}
		select {
		case room <- struct{}{}:
			open.Go(func() {
				defer func() { <-room }()
				l.serve(ctx, conn)
			})
		default:
			l.Log.Warn().Stringer("from", conn.RemoteAddr()).Int("connections", cap(room)).Msg("mllp: too many connections")
			_ = conn.Close()
		}
	}
}

// acceptAgain is how long to wait after a connection could not be taken.
const acceptAgain = 100 * time.Millisecond

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	return ctx.Err()
}

// serve one connection: a message, its answer, the next.
func (l *Listener) serve(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	// Ends the waiting for the next message, not the answering of this one.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	in := NewReader(conn, cmp.Or(l.BytesMax, 1<<20))
	for {
		if err := l.one(ctx, conn, in); err != nil {
			if !errors.Is(err, io.EOF) && ctx.Err() == nil {
				l.Log.Warn().Stringer("from", conn.RemoteAddr()).Err(err).Msg("mllp: connection closed")
			}
			return
		}
	}
}

func (l *Listener) one(ctx context.Context, conn net.Conn, in *Reader) error {
	messageMax := cmp.Or(l.MessageMax, 30*time.Second)
	_ = conn.SetReadDeadline(time.Now().Add(cmp.Or(l.IdleMax, time.Hour)))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := in.Await(); err != nil {
		return err
	}
	_ = conn.SetReadDeadline(time.Now().Add(messageMax))
	message, err := in.Next()
	if message == nil {
		return err
	}
	answer := l.Handle(ctx, message, err)
	if answer == nil {
		return nil
	}
	_ = conn.SetWriteDeadline(time.Now().Add(messageMax))
	_, err = conn.Write(Frame(answer))
	return err
}
