package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/roster"
)

// Erased is what an erasure deleted. Before: the referral had been erased already, and nothing was left but the notice of it.
type Erased struct {
	Inputs, Decisions, Confirmations, Answers int
	Before                                    bool
}

// ErrNoReferral: the network has no referral of that key.
var ErrNoReferral = errors.New("no such referral")

// eraseWait is how long the worker may take to decide the erasure.
const eraseWait = 30 * time.Second

// Erase closes a referral and then securely deletes its raw inputs, decisions, confirmations and answers in HL7 v2. What stays is the notice
// that it was erased, and hashes in the heads. It needs the admin and a running worker. One that was erased already is not
// closed again: what a broken erasure left is deleted. ErrNoReferral where there is none; nothing is published then.
func Erase(ctx context.Context, admin *Conn, network, key, actor, reason string) (Erased, error) {
	ledger, err := OpenLedger(admin, network)
	if err != nil {
		return Erased{}, err
	}
	defer ledger.Close()
	e := &eraser{ctx: ctx, admin: admin, ledger: ledger, network: network, key: key, inputs: map[uint64]bool{}, notices: map[uint64]bool{}}
	noticed, err := e.noticed()
	if err != nil {
		return Erased{}, err
	}
	head, err := ledger.End(ctx)
	if err == nil && !noticed {
		head, err = e.close(actor, reason)
	}
	if err != nil {
		return Erased{}, err
	}
	if err := e.find(head); err != nil {
		return Erased{}, err
	}
	if len(e.notices) == 0 {
		return Erased{}, ErrNoReferral // its order is refused, or is no order
	}
	if err := e.delete(); err != nil {
		return e.done, err
	}
	e.done.Before = noticed && e.done == Erased{}
	return e.done, nil
}

// noticed reports whether the ledger tells that the referral was erased; ErrNoReferral where it does not know it and no
// input is waiting that could be it.
func (e *eraser) noticed() (bool, error) {
	number, err := roster.ParseKey('r', e.key)
	if err != nil {
		return false, err
	}
	named := false
	for m, err := range e.ledger.On(e.ctx, ConfirmationSubject(e.network, "*", e.key)) {
		if err != nil {
			return false, err
		}
		if named = true; isNotice(m.Data) {
			return true, nil
		}
	}
	if named {
		return false, nil
	}
	if _, err := e.ledger.Last(e.ctx, DecisionSubject(e.network, e.key)); !errors.Is(err, ErrNotStored) {
		return false, err
	}
	var decided uint64
	switch m, err := e.ledger.Head(e.ctx); {
	case err == nil:
		head, err := roster.DecodeHead(m.Data)
		if err != nil {
			return false, err
		}
		decided = head.Input
	case !errors.Is(err, ErrNotStored):
		return false, err
	}
	referrals, err := e.admin.JS.Stream(e.ctx, ReferralsStream(e.network))
	if err != nil {
		return false, err
	}
	if number <= decided || number > referrals.CachedInfo().State.LastSeq {
		return false, ErrNoReferral
	}
	return false, nil
}

// isNotice reports whether a confirmation tells of an erasure, and of nothing else.
func isNotice(confirmation []byte) bool {
	var c struct {
		Data struct {
			Placement *struct{}
			Reasons   []struct{ Code string }
		}
	}
	err := json.Unmarshal(confirmation, &c)
	return err == nil && c.Data.Placement == nil && len(c.Data.Reasons) == 1 && c.Data.Reasons[0].Code == roster.RuleErased
}

// close publishes the erasure, waits until it is decided and returns its head's sequence on the ledger.
func (e *eraser) close(actor, reason string) (uint64, error) {
	input, err := PublishEvent(e.ctx, e.admin, e.network, &mapping.Event{
		Type: mapping.ReferralErased, ID: "erase-" + e.key, Source: mapping.SourceAdmin, Target: mapping.Target{Key: e.key}, Actor: actor, Reason: reason,
	})
	if err != nil {
		return 0, err
	}
	return decidedAt(e.ctx, e.ledger, input)
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
	ctx      context.Context
	admin    *Conn
	ledger   *LedgerReader
	network  string
	key      string
	inputs   map[uint64]bool
	notices  map[uint64]bool // inputs that erased it; they stay, as do the notices
	messages []uint64
	done     Erased
}

// find walks the ledger up to the head of the erasure: messages on the key's subjects, the inputs that caused them, and
// the inputs named unchanged for it. The notice of the erasure stays, and what asked for it.
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
			if input, own, err := roster.CauseOf(m.Data); err == nil && own {
				e.inputs[input] = true
			}
		case strings.HasPrefix(m.Subject, "placements.") && strings.HasSuffix(m.Subject, "."+e.key):
			if input, _, err := confirmationID(m.Data, e.network); err == nil && isNotice(m.Data) {
				e.notices[input] = true
				continue
			}
			e.messages = append(e.messages, m.Sequence)
			e.done.Confirmations++
		}
	}
	for input := range e.notices {
		delete(e.inputs, input)
	}
	return nil
}

// delete overwrites each message, inputs first: should it stop half-way, running it again finds the rest.
func (e *eraser) delete() error {
	referrals, err := e.admin.JS.Stream(e.ctx, ReferralsStream(e.network))
	if err != nil {
		return err
	}
	placements, err := e.admin.JS.Stream(e.ctx, PlacementsStream(e.network))
	if err != nil {
		return err
	}
	for input := range e.inputs {
		was, err := secureDelete(e.ctx, referrals, input)
		if err != nil {
			return fmt.Errorf("input %d: %w", input, err)
		}
		if was {
			e.done.Inputs++
		}
	}
	for _, sequence := range e.messages {
		if _, err := secureDelete(e.ctx, placements, sequence); err != nil {
			return fmt.Errorf("ledger message %d: %w", sequence, err)
		}
	}
	return e.deleteAnswers()
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
				if _, err := secureDelete(e.ctx, outbound, m.Sequence); err != nil {
					return fmt.Errorf("answer %d: %w", m.Sequence, err)
				}
				e.done.Answers++
				from = m.Sequence + 1
			}
		}
	}
	return nil
}

// secureDelete overwrites a message; was is false where it was gone already.
func secureDelete(ctx context.Context, s jetstream.Stream, sequence uint64) (was bool, err error) {
	err = s.SecureDeleteMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		return false, nil
	}
	return err == nil, err
}
