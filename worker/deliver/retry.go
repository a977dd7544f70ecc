package deliver

import (
	"context"
	"errors"

	"github.com/convene-health/convene/worker"
)

// Retried is what came of sending a refused confirmation again. Erased: it is no longer in the ledger.
type Retried struct {
	Refusal
	Outcome Outcome
	Erased  bool
}

// ErrNotRefused: nothing that was refused is kept of this referral.
var ErrNotRefused = errors.New("nothing refused is kept of it")

// Retry sends again what was refused of a referral, as the ledger has it. What is refused again is kept again.
func Retry(ctx context.Context, conn *worker.Conn, config Config, key string) ([]Retried, error) {
	config = config.withDefaults()
	refusals, err := OpenRefusals(config.Folder)
	if err != nil {
		return nil, err
	}
	ledger, err := worker.OpenLedger(conn, config.Network)
	if err != nil {
		return nil, err
	}
	defer ledger.Close()
	all, err := refusals.All()
	if err != nil {
		return nil, err
	}
	s := newSender(config, refusals, func(string) {})
	var done []Retried
	for _, r := range all {
		if r.Key != key {
			continue
		}
		one, err := s.again(ctx, ledger, r)
		if err != nil {
			return done, err
		}
		done = append(done, one)
	}
	if len(done) == 0 {
		return nil, ErrNotRefused
	}
	return done, nil
}

func (s *sender) again(ctx context.Context, ledger *worker.LedgerReader, r Refusal) (Retried, error) {
	stored, err := ledger.At(ctx, r.Sequence)
	if errors.Is(err, worker.ErrNotStored) {
		return Retried{Refusal: r, Erased: true}, s.refusals.remove(r)
	}
	if err != nil {
		return Retried{}, err
	}
	outcome, err := s.deliver(ctx, &item{sequence: r.Sequence, key: r.Key, stored: stored.Time, data: stored.Data})
	return Retried{Refusal: r, Outcome: outcome}, err
}
