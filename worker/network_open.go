package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/roster"
)

// OpenNetwork reads the ledger and is then ready to Run.
func OpenNetwork(ctx context.Context, conn *Conn, config NetworkConfig) (*Network, error) {
	if config.Now == nil {
		config.Now = time.Now
	}
	n := &Network{NetworkConfig: config, conn: conn}
	var err error
	if n.intake, err = OpenIntake(conn, n.Name); err != nil {
		return nil, err
	}
	reader, err := OpenLedger(conn, n.Name)
	if err != nil {
		return nil, err
	}
	n.ledger = fencedLedger{reader}
	if err := n.open(ctx, n.compileAhead(ctx)); err != nil {
		return nil, err
	}
	return n, nil
}

// open reads the ledger, from a snapshot where one fits. book gives a catalog that is compiled already, or nil.
func (n *Network) open(ctx context.Context, book func(hash string) *engine.Book) (err error) {
	n.fold = n.startState(ctx)
	if err := n.catchUp(ctx); err != nil {
		return err
	}
	if n.engine, err = engine.New(n.Name, n.fold.state, engine.Sources{Catalog: n.catalog, Book: book, Request: n.request}); err != nil {
		return fmt.Errorf("network %s: %w", n.Name, err)
	}
	if n.Catalog != nil {
		if err := n.engine.Use(n.Catalog); err != nil {
			return fmt.Errorf("network %s: the configured catalog: %w", n.Name, err)
		}
	}
	n.snapped = n.fold.state.Position.Input
	n.stand("")
	return nil
}

// catalog of a hash: the configured one if it is that, else from the object store.
func (n *Network) catalog(hash string) ([]byte, error) {
	if n.Catalog != nil && CatalogHash(n.Catalog) == hash {
		return n.Catalog, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*requestMax)
	defer cancel()
	return GetCatalog(ctx, n.conn, n.Name, hash)
}

// compileAhead compiles the catalog that the ledger names last while its other messages are being read: both take long.
// The function it returns waits for the book and gives it once, if it is the one asked for.
func (n *Network) compileAhead(ctx context.Context) func(hash string) *engine.Book {
	ahead := make(chan *engine.Book, 1)
	go func() {
		defer close(ahead)
		m, err := n.ledger.Head(ctx)
		if err != nil {
			return
		}
		head, err := roster.DecodeHead(m.Data)
		if err != nil || head.Catalog == "" {
			return
		}
		if data, err := n.catalog(head.Catalog); err == nil {
			if book, _ := engine.Compile(n.Name, data); book != nil {
				ahead <- book
			}
		}
	}()
	return func(hash string) *engine.Book {
		if book := <-ahead; book != nil && book.Hash() == hash {
			return book
		}
		return nil
	}
}

// request in force of a referral, from its last decision.
func (n *Network) request(key uint64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), requestMax)
	defer cancel()
	m, err := n.ledger.Last(ctx, DecisionSubject(n.Name, roster.KeyOf('r', key)))
	if err != nil {
		return nil, err
	}
	request, err := roster.RequestOf(m.Data)
	if err == nil && request == nil {
		// Who decides does not know yet that it was erased: another worker has, and is ahead.
		return nil, fmt.Errorf("r%d was erased meanwhile: %w", key, ErrConflict)
	}
	return request, err
}
