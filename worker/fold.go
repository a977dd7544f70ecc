package worker

import (
	"errors"
	"fmt"

	"github.com/convene-health/convene/mapping/roster"
)

// folder turns the ledger's messages back into state. It applies a batch only when its head has arrived and chain, count
// and hashes agree.
type folder struct {
	network string
	state   *roster.State
	// last head applied: its stream sequence and chain.
	head  uint64
	chain [32]byte
	// open holds the decisions since then.
	open []Stored
	// erased are referrals whose messages may be missing, gone those found missing.
	erased, gone map[string]bool
}

// ErrDamaged: what the ledger holds does not fit together. Nothing may be decided on it.
var ErrDamaged = errors.New("the ledger is damaged")

func newFolder(network string) *folder {
	return &folder{network: network, state: roster.New(), erased: map[string]bool{}, gone: map[string]bool{}}
}

// add takes the next decision or head, in stream order.
func (f *folder) add(m Stored) error {
	if m.Subject != HeadSubject(f.network) {
		f.open = append(f.open, m)
		return nil
	}
	head, err := roster.DecodeHead(m.Data)
	if err != nil {
		return f.broken(m.Sequence, err)
	}
	if head.Previous != f.head {
		return f.broken(m.Sequence, fmt.Errorf("it follows head %d, but the last is %d", head.Previous, f.head))
	}
	if err := head.Follows(f.chain); err != nil {
		return f.broken(m.Sequence, err)
	}
	decisions, err := f.match(head)
	if err != nil {
		return f.broken(m.Sequence, err)
	}
	if err := f.state.Fold(decisions, head); err != nil {
		return f.broken(m.Sequence, err)
	}
	f.head, f.chain, f.open = m.Sequence, head.Chain, f.open[:0]
	for _, c := range head.Changes {
		if c.Type == roster.ChangeErased {
			f.erased[roster.KeyOf('r', c.Key)] = true
		}
	}
	return nil
}

// match holds the open decisions against the head's list. One that is missing must turn out to be erased.
func (f *folder) match(head *roster.Head) (decisions []roster.Stored, err error) {
	rest := f.open
	for _, e := range head.Messages {
		if !e.Decision {
			continue
		}
		subject := DecisionSubject(f.network, e.Key)
		if len(rest) == 0 || rest[0].Subject != subject || roster.HashBytes(rest[0].Data) != e.Hash {
			key, err := roster.ParseKey('r', e.Key)
			if err != nil {
				return nil, err
			}
			decisions, f.gone[e.Key] = append(decisions, roster.Stored{Key: key}), true
			continue
		}
		d, err := roster.DecodeDecision(rest[0].Data)
		if err != nil {
			return nil, err
		}
		decisions, rest = append(decisions, d), rest[1:]
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%s (sequence %d) is not what the head lists", rest[0].Subject, rest[0].Sequence)
	}
	return decisions, nil
}

// settled checks, at the end of the ledger, that whatever was missing is erased.
func (f *folder) settled() error {
	for key := range f.gone {
		if !f.erased[key] {
			return fmt.Errorf("ledger of %s: a decision of %s is missing or altered, and %s was never erased: %w; restore it from a backup or replica", f.network, key, key, ErrDamaged)
		}
	}
	return nil
}

func (f *folder) broken(sequence uint64, err error) error {
	return fmt.Errorf("ledger of %s: the head at sequence %d does not fit: %w: %w; this network stops: restore the stream from a backup or replica", f.network, sequence, err, ErrDamaged)
}
