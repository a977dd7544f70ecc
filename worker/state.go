package worker

import (
	"context"

	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// ReadState folds a network's whole ledger, for reading: the roster as of its last head and the catalog in force, with the
// starts that Convene put off, nil before the first.
func ReadState(ctx context.Context, conn *Conn, network string) (*roster.State, *program.Catalog, error) {
	ledger, err := OpenLedger(conn, network)
	if err != nil {
		return nil, nil, err
	}
	defer ledger.Close()
	f := newFolder(network)
	for m, err := range ledger.Fold(ctx, 1) {
		if err != nil {
			return nil, nil, err
		}
		if err := f.add(m); err != nil {
			return nil, nil, err
		}
	}
	if err := f.settled(); err != nil || f.state.Catalog == "" {
		return f.state, nil, err
	}
	cat, err := loadCatalog(ctx, conn, network, f.state.Catalog)
	if err != nil {
		return f.state, nil, err
	}
	return f.state, f.state.InForce(cat), nil
}
