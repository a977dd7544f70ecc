package mllp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping/hl7v2"
)

// acknowledge as a partner does, in original mode.
func acknowledge(_ context.Context, message []byte, _ error) []byte {
	m, _ := hl7v2.Parse(message)
	return hl7v2.Acknowledge(m, hl7v2.Stored, nil, time.Unix(0, 0).UTC())
}

func messageOf(id string) []byte {
	return []byte("MSH|^~\\&|||||||RRI^I12|" + id + "|P|2.5.1\rRF1|A\r")
}

func ack(code, id string) []byte {
	return []byte("MSH|^~\\&\rMSA|" + code + "|" + id + "\rERR||||||||why\r")
}

func TestSendUntilAcknowledged(t *testing.T) {
	address, _ := listen(t, &Listener{Handle: acknowledge})
	s := &Sender{Address: address}
	defer s.Close()
	for i := range 5 {
		if err := s.Send(t.Context(), messageOf(fmt.Sprint("m", i))); err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			s.conn.Close() // the connection breaks: told, and mended by the next
			if err := s.Send(t.Context(), messageOf("broken")); err == nil {
				t.Error("sent over a broken connection")
			}
		}
	}
	if err := s.Send(t.Context(), []byte("PID|1\r")); err == nil {
		t.Error("a message without an id is sent")
	}
}

func TestSendIsRefused(t *testing.T) {
	for _, code := range []string{"AE", "AR", "CE", "CR", "??"} {
		address, _ := listen(t, &Listener{Handle: func(context.Context, []byte, error) []byte { return ack(code, "m1") }})
		s := &Sender{Address: address}
		var refused *RefusedError
		if err := s.Send(t.Context(), messageOf("m1")); !errors.As(err, &refused) || refused.Code != code || refused.Text != "why" {
			t.Errorf("%s: %v", code, err)
		}
		s.Close()
	}
}

// What is not the acknowledgement of this very message is none: another's that comes first is stepped over, and after a
// silence the connection is given up, so that an answer which then comes meets nobody.
func TestLateAnswersAreNobodys(t *testing.T) {
	late := make(chan bool)
	address, _ := listen(t, &Listener{Handle: func(ctx context.Context, m []byte, _ error) []byte {
		switch {
		case strings.Contains(string(m), "|m1|"):
			<-late // until the sender has given up
			return ack("AA", "m1")
		case strings.Contains(string(m), "|m2|"):
			return []byte(string(ack("AA", "m1")) + "\x1c\r\x0bno message\x1c\r\x0b" + string(ack("CA", "m2")))
		}
		return ack("AA", "m2") // for m3
	}})
	s := &Sender{Address: address, AnswerMax: 50 * time.Millisecond}
	defer s.Close()
	if err := s.Send(t.Context(), messageOf("m1")); err == nil {
		t.Error("silence is taken for an answer")
	}
	if s.conn != nil {
		t.Error("the connection on which an answer may still come is kept")
	}
	close(late)
	s.AnswerMax = time.Minute
	if err := s.Send(t.Context(), messageOf("m2")); err != nil {
		t.Error(err)
	}
	s.AnswerMax = 50 * time.Millisecond
	if err := s.Send(t.Context(), messageOf("m3")); err == nil {
		t.Error("the answer to another message is taken")
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	hold := make(chan bool)
	address, _ := listen(t, &Listener{Handle: func(context.Context, []byte, error) []byte { <-hold; return nil }})
	t.Cleanup(func() { close(hold) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	s := &Sender{Address: address, AnswerMax: time.Hour}
	defer s.Close()
	if err := s.Send(ctx, messageOf("m1")); err == nil || ctx.Err() == nil {
		t.Errorf("%v before its time", err)
	}
}
