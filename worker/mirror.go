package worker

import (
	"context"
	"iter"

	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// Mirror is a read-only copy of a network's roster, folded from its ledger with a connection of its own: a worker does not
// notice it. Reading (Follow, Ledger) may run beside anything; Apply and State need the caller's lock.
type Mirror struct {
	Ledger *LedgerReader
	conn   *Conn
	fold   *folder
}

// OpenMirror folds a ledger to its end. snapshot is a file that a worker wrote and that spares the beginning; empty: none.
func OpenMirror(ctx context.Context, conn *Conn, network, snapshot string) (*Mirror, error) {
	ledger, err := OpenLedger(conn, network)
	if err != nil {
		return nil, err
	}
	m := &Mirror{Ledger: ledger, conn: conn}
	n := Network{NetworkConfig: NetworkConfig{Name: network, Snapshot: snapshot}, ledger: fencedLedger{ledger}}
	m.fold = n.startState(ctx)
	for s, err := range ledger.Fold(ctx, m.fold.head+1) {
		if err == nil {
			err = m.fold.add(s)
		}
		if err != nil {
			ledger.Close()
			return nil, err
		}
	}
	return m, nil
}

// State as of the last batch applied.
func (m *Mirror) State() *roster.State { return m.fold.state }

// Head is the stream sequence of the last batch applied.
func (m *Mirror) Head() uint64 { return m.fold.head }

// Follow yields what follows the last batch applied, batch by batch, its head last; the caller applies each before it
// asks for the next. An error is passed on and the read tried again; it ends with ctx.
func (m *Mirror) Follow(ctx context.Context) iter.Seq2[[]Stored, error] {
	return func(yield func([]Stored, error) bool) {
		var batch []Stored
		for s, err := range m.Ledger.Follow(ctx, m.fold.head) {
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			if batch = append(batch, s); s.Subject != HeadSubject(m.fold.network) {
				continue
			}
			if !yield(batch, nil) {
				return
			}
			batch = nil
		}
	}
}

// Apply folds one batch and gives its head. After an error the mirror is as before and must not be used on.
func (m *Mirror) Apply(batch []Stored) (*roster.Head, error) {
	for _, s := range batch {
		if s.Subject != HeadSubject(m.fold.network) && len(s.Subject) > 0 && s.Subject[0] == 'p' {
			continue // a confirmation
		}
		if err := m.fold.add(s); err != nil {
			return nil, err
		}
	}
	return roster.DecodeHead(batch[len(batch)-1].Data)
}

// Catalog of this hash, read from the server.
func (m *Mirror) Catalog(ctx context.Context, hash string) (*program.Catalog, error) {
	return loadCatalog(ctx, m.conn, m.fold.network, hash)
}

// CatalogText is the YAML of a catalog.
func (m *Mirror) CatalogText(ctx context.Context, hash string) ([]byte, error) {
	return GetCatalog(ctx, m.conn, m.fold.network, hash)
}

// Input as it was stored in REFERRALS, or ErrNotStored: it is erased or aged.
func (m *Mirror) Input(ctx context.Context, sequence uint64) (Stored, error) {
	stored, err := readDirect(ctx, m.conn.Conn, ReferralsStream(m.fold.network), sequence, 1, "")
	if err == nil && (len(stored) == 0 || stored[0].Sequence != sequence) {
		err = ErrNotStored
	}
	if err != nil {
		return Stored{}, err
	}
	return stored[0], nil
}

// Close ends the subscription that wakes it.
func (m *Mirror) Close() { m.Ledger.Close() }
