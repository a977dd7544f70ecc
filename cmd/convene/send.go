package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/worker"
)

type sendCmd struct {
	connection
	Network string   `placeholder:"NAME" help:"Network of plain files; of a recorded file, send only this network's lines."`
	Source  string   `placeholder:"NAME" help:"Source of plain files; of a recorded file, send only this source's lines."`
	Shift   bool     `help:"Move all dates by whole days, so that the first event falls in the last 24 hours."`
	Files   []string `arg:"" name:"file" help:"Recorded events (.ndjson), native or FHIR events (.json), HL7 v2 messages (.hl7)."`
}

func (c *sendCmd) Run(ctx context.Context, say *speaker, g *globals) error {
	for _, path := range c.Files {
		if err := worker.CheckEventFile(path); err != nil {
			return unreadable(path, err)
		}
	}
	conn, err := c.connect(g, c.user())
	if err != nil {
		return err
	}
	defer conn.Close()
	s := &sending{sendCmd: c, ctx: ctx, say: say, conn: conn}
	for _, path := range c.Files {
		lines := worker.ReadEventFile(path)
		if c.Shift {
			lines = worker.ShiftRecorded(lines, time.Now())
		}
		if err := s.file(path, lines); err != nil {
			return errors.Join(s.settle(0), err)
		}
	}
	if err := s.settle(0); err != nil {
		return err
	}
	say.line("%s", sentSummary(s.stored, s.catalogs, s.clocks, s.others))
	if s.failed > 0 {
		return notAllSent(s.failed)
	}
	return nil
}

// user to connect as: the source where one is named, else the admin, who may send for all.
func (c *sendCmd) user() worker.User {
	if c.Network != "" && c.Source != "" && !strings.HasPrefix(c.Source, "_") {
		return worker.User{Role: worker.RoleSource, Network: c.Network, Source: c.Source}
	}
	return worker.User{Role: worker.RoleAdmin}
}

// sending is one run of send. What is under way is bounded and settled in order.
type sending struct {
	*sendCmd
	ctx  context.Context
	say  *speaker
	conn *worker.Conn

	under                                    []underWay
	stored, catalogs, clocks, others, failed int
}

type underWay struct {
	subject string
	wait    func(context.Context) (*jetstream.PubAck, error)
}

// underWayMax messages are sent ahead of their acknowledgements.
const underWayMax = 256

func (s *sending) file(path string, lines iter.Seq2[worker.Recorded, error]) error {
	for line, err := range lines {
		if err != nil {
			return usage("", "%v", err)
		}
		if err := s.line(path, line); err != nil {
			return err
		}
	}
	return nil
}

func (s *sending) line(path string, r worker.Recorded) error {
	network, source := r.Address()
	if r.Subject == "" && !r.IsCatalog() {
		if s.Network == "" || s.Source == "" {
			return noAddress(path)
		}
		network, source = s.Network, s.Source
		r.Subject = worker.InputSubject(network, source)
	}
	switch {
	case source == mapping.SourceClock:
		s.clocks++ // the worker makes its own
		return nil
	case s.Network != "" && network != s.Network, s.Source != "" && source != s.Source:
		s.others++
		return nil
	case r.IsCatalog():
		return s.catalog(r)
	}
	return s.event(r)
}

func (s *sending) catalog(r worker.Recorded) error {
	hash, err := worker.PutCatalog(s.ctx, s.conn, r.Network, r.Data)
	if err != nil {
		return needsAdmin("catalog "+r.Catalog+" of network "+r.Network, err)
	}
	s.catalogs++
	s.say.line("%s  %s", worker.CatalogsBucket(r.Network), hash)
	return nil
}

func (s *sending) event(r worker.Recorded) error {
	m := &nats.Msg{Subject: r.Subject, Data: r.Data, Header: nats.Header{}}
	for name, value := range r.Headers {
		if name == "content-type" {
			name = "Content-Type"
		}
		m.Header.Set(name, value)
	}
	wait, err := s.conn.PublishAsync(m)
	if errors.Is(err, nats.ErrMaxPayload) {
		s.failed++
		s.say.warn("%s", tooLarge(r.Subject, m.Size(), s.conn.MaxPayload()))
		return nil
	}
	if err != nil {
		return err
	}
	s.under = append(s.under, underWay{r.Subject, wait})
	return s.settle(underWayMax - 1)
}

// settle waits until at most this many messages are under way.
func (s *sending) settle(most int) error {
	for len(s.under) > most {
		first := s.under[0]
		s.under = s.under[1:]
		ack, err := first.wait(s.ctx)
		switch {
		case errors.Is(err, jetstream.ErrNoStreamResponse):
			return unknownNetwork(first.subject, err)
		case errors.Is(err, worker.ErrDenied):
			return sendDenied(first.subject, err)
		case err != nil:
			return err
		case ack.Duplicate:
			s.failed++
			s.say.warn("%s: the server took it for a repetition of message %d and did not store it", first.subject, ack.Sequence)
			continue
		}
		s.stored++
		s.say.line("%s  %d  %s", ack.Stream, ack.Sequence, fmt.Sprint(first.subject))
	}
	return nil
}
