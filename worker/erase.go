package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/roster"
)

// Erased is what an erasure deleted.
type Erased struct{ Inputs, Decisions, Confirmations, Answers int }

// eraseWait is how long the worker may take to decide the erasure.
const eraseWait = 30 * time.Second

// Erase closes a referral and then securely deletes its raw inputs, decisions, confirmations and answers in HL7 v2. What stays is the notice
// that it was erased, and hashes in the heads. It needs the admin and a running worker.
func Erase(ctx context.Context, admin *Conn, network, key, actor, reason string) (Erased, error) {
	if _, err := roster.ParseKey('r', key); err != nil {
		return Erased{}, err
	}
	sequence, err := PublishEvent(ctx, admin, network, &mapping.Event{
		Type: mapping.ReferralErased, ID: "erase-" + key, Source: mapping.SourceAdmin, Target: mapping.Target{Key: key}, Actor: actor, Reason: reason,
	})
	if err != nil {
		return Erased{}, err
	}
	ledger, err := OpenLedger(admin, network)
	if err != nil {
		return Erased{}, err
	}
	defer ledger.Close()
	head, err := decidedAt(ctx, ledger, sequence)
	if err != nil {
		return Erased{}, err
	}
	e := &eraser{event: sequence, ctx: ctx, admin: admin, ledger: ledger, network: network, key: key, inputs: map[uint64]bool{}}
	if err := e.find(head); err != nil {
		return Erased{}, err
	}
	return e.delete()
}

// decidedAt waits for the head that covers an input and returns its sequence on the ledger.
func decidedAt(ctx context.Context, ledger *LedgerReader, input uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, eraseWait)
	defer cancel()
	for {
		m, err := ledger.Head(ctx)
		if err == nil {
			head, err := roster.DecodeHead(m.Data)
			if err != nil {
				return 0, err
			}
			if head.Input >= input && !(head.Input == input && head.More) {
				return m.Sequence, nil
			}
		} else if !errors.Is(err, ErrNotStored) && ctx.Err() == nil {
			return 0, err
		}
		if err := ledger.Wait(ctx); err != nil || ctx.Err() != nil {
			return 0, errors.New("no worker decided the erasure in time; it stands in the log: run this again once a worker runs")
		}
	}
}

// eraser finds and deletes what belongs to a referral.
type eraser struct {
	event    uint64 // the erasure itself, which stays
	ctx      context.Context
	admin    *Conn
	ledger   *LedgerReader
	network  string
	key      string
	inputs   map[uint64]bool
	messages []uint64
	done     Erased
}

// find walks the ledger up to the head of the erasure: messages on the key's subjects, the inputs that caused them, and
// the inputs named unchanged for it. Messages that the erasure itself caused stay.
func (e *eraser) find(last uint64) error {
	for m, err := range e.ledger.All(e.ctx, 1) {
		if err != nil {
			return err
		}
		if m.Sequence > last {
			break
		}
		switch {
		case m.Subject == HeadSubject(e.network):
			head, err := roster.DecodeHead(m.Data)
			if err != nil {
				return err
			}
			for _, u := range head.Unchanged {
				if u.Key == e.key {
					e.inputs[u.Input] = true
				}
			}
		case m.Subject == DecisionSubject(e.network, e.key):
			e.messages = append(e.messages, m.Sequence)
			e.done.Decisions++
			if input, own, err := roster.CauseOf(m.Data); err == nil && own && input != e.event {
				e.inputs[input] = true
			}
		case strings.HasPrefix(m.Subject, "placements.") && strings.HasSuffix(m.Subject, "."+e.key):
			if input, _, err := confirmationID(m.Data, e.network); err == nil && input == e.event {
				continue
			}
			e.messages = append(e.messages, m.Sequence)
			e.done.Confirmations++
		}
	}
	return nil
}

// delete overwrites each message, inputs first: should it stop half-way, running it again finds the rest.
func (e *eraser) delete() (Erased, error) {
	referrals, err := e.admin.JS.Stream(e.ctx, ReferralsStream(e.network))
	if err != nil {
		return e.done, err
	}
	placements, err := e.admin.JS.Stream(e.ctx, PlacementsStream(e.network))
	if err != nil {
		return e.done, err
	}
	for input := range e.inputs {
		if err := secureDelete(e.ctx, referrals, input); err != nil {
			return e.done, fmt.Errorf("input %d: %w", input, err)
		}
		e.done.Inputs++
	}
	for _, sequence := range e.messages {
		if err := secureDelete(e.ctx, placements, sequence); err != nil {
			return e.done, fmt.Errorf("ledger message %d: %w", sequence, err)
		}
	}
	return e.done, e.deleteAnswers()
}

// deleteAnswers deletes what was said of the referral, and of its inputs, in HL7 v2. It comes last: what is still being
// written is made of what is gone by then.
func (e *eraser) deleteAnswers() error {
	outbound, err := e.admin.JS.Stream(e.ctx, OutboundStream(e.network))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	keys := []string{e.key}
	for input := range e.inputs {
		keys = append(keys, roster.KeyOf('i', input))
	}
	for _, key := range keys {
		for from := uint64(1); ; {
			stored, err := readDirect(e.ctx, e.admin.Conn, OutboundStream(e.network), from, readChunk, OutboundSubject(e.network, "*", key))
			if err != nil {
				return err
			}
			if len(stored) == 0 {
				break
			}
			for _, m := range stored {
				if err := secureDelete(e.ctx, outbound, m.Sequence); err != nil {
					return fmt.Errorf("answer %d: %w", m.Sequence, err)
				}
				e.done.Answers++
				from = m.Sequence + 1
			}
		}
	}
	return nil
}

func secureDelete(ctx context.Context, s jetstream.Stream, sequence uint64) error {
	err := s.SecureDeleteMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		return nil // gone already
	}
	return err
}
