package mllp

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/convene-health/convene/mapping/hl7v2"
)

// Sender hands messages to one partner, one at a time, over a connection that it keeps. Not safe for concurrent use.
type Sender struct {
	Address string // host:port
	TLS     *tls.Config
	// ConnectMax and AnswerMax bound the connecting, and the wait for an answer; 0: 10 s and 30 s.
	ConnectMax, AnswerMax time.Duration

	conn net.Conn
	in   *Reader
}

// RefusedError: the partner has the message and does not take it.
type RefusedError struct {
	Code string // of MSA-1: AE, AR, CE, CR or what else it said
	Text string // of MSA-3 or ERR-8, where it gave one
}

// Error leaves the partner's text out: it may name a patient.
func (e *RefusedError) Error() string { return fmt.Sprintf("the partner answered %q", e.Code) }

// answerBytesMax of an acknowledgement.
const answerBytesMax = 64 << 10

// Send sends a message and waits for its acknowledgement: AA or CA with its id. Any other error than RefusedError closes the
// connection, so that an answer that comes late meets nobody: whether the partner has the message is then not known, and
// it is to be sent again.
func (s *Sender) Send(ctx context.Context, message []byte) error {
	m, _ := hl7v2.Parse(message)
	id := m.First("MSH").Field(10).Text()
	if id == "" {
		return errors.New("a message without an id cannot be acknowledged")
	}
	err := s.send(ctx, message, id)
	var refused *RefusedError
	if err != nil && !errors.As(err, &refused) {
		s.Close()
	}
	return err
}

func (s *Sender) send(ctx context.Context, message []byte, id string) error {
	if err := s.connect(ctx); err != nil {
		return err
	}
	conn := s.conn // Send forgets a connection that it closes, perhaps before this is called
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := s.conn.SetDeadline(time.Now().Add(cmp.Or(s.AnswerMax, 30*time.Second))); err != nil || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	if _, err := s.conn.Write(Frame(message)); err != nil {
		return err
	}
	for {
		if err := s.in.Await(); err != nil {
			return fmt.Errorf("no answer: %w", unexpected(err))
		}
		answer, err := s.in.Next()
		if err != nil {
			return fmt.Errorf("no answer: %w", err)
		}
		if mine, err := judge(answer, id); mine {
			return err
		}
	}
}

// judge reads an answer. mine: it is of the message with this id.
func judge(answer []byte, id string) (mine bool, err error) {
	m, _ := hl7v2.Parse(answer)
	msa := m.First("MSA")
	if msa == nil || msa.Field(2).Text() != id {
		return false, nil
	}
	switch code := msa.Field(1).Text(); code {
	case "AA", "CA":
		return true, nil
	default:
		return true, &RefusedError{code, cmp.Or(m.First("ERR").Field(8).Text(), msa.Field(3).Text())}
	}
}

func (s *Sender) connect(ctx context.Context) (err error) {
	if s.conn != nil {
		return nil
	}
	dialer := &net.Dialer{Timeout: cmp.Or(s.ConnectMax, 10*time.Second)}
	if s.TLS != nil {
		s.conn, err = (&tls.Dialer{NetDialer: dialer, Config: s.TLS}).DialContext(ctx, "tcp", s.Address)
	} else {
		s.conn, err = dialer.DialContext(ctx, "tcp", s.Address)
	}
	if err != nil {
		s.conn = nil
		return err
	}
	s.in = NewReader(s.conn, answerBytesMax)
	return nil
}

// Close ends the connection; the next message makes a new one.
func (s *Sender) Close() {
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}
