package report

import (
	"context"
	"fmt"

	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
)

// FromLedger collects what the ledger of a network holds. conn may read ledger and catalogs.
func FromLedger(ctx context.Context, conn *worker.Conn, network string) (*Collector, error) {
	ledger, err := worker.OpenLedger(conn, network)
	if err != nil {
		return nil, err
	}
	defer ledger.Close()
	c, hash := NewCollector(network), ""
	var batch [][]byte // until its head says under which catalog
	for m, err := range ledger.Fold(ctx, 1) {
		if err != nil {
			return nil, fmt.Errorf("ledger of %s: %w", network, err)
		}
		if m.Subject != worker.HeadSubject(network) {
			batch = append(batch, m.Data)
			continue
		}
		head, err := roster.DecodeHead(m.Data)
		if err != nil {
			return nil, err
		}
		if head.Catalog != "" && head.Catalog != hash {
			yaml, err := worker.GetCatalog(ctx, conn, network, head.Catalog)
			if err != nil {
				return nil, err
			}
			cat, problems := program.Load(yaml)
			if err := problems.Err(); err != nil {
				return nil, err
			}
			c.Catalog(cat)
			hash = head.Catalog
		}
		for _, data := range batch {
			if err := c.Decision(data); err != nil {
				return nil, err
			}
		}
		batch = batch[:0]
	}
	return c, nil
}

// FromReplay decides recorded files and collects each network's decisions, by name.
type FromReplay struct {
	Replay   *worker.Replay
	networks map[string]*Collector
}

// Line decides one line of a recorded file.
func (f *FromReplay) Line(line worker.Recorded) error {
	messages, err := f.Replay.Line(line)
	if err != nil {
		return err
	}
	network, _ := line.Address()
	eng := f.Replay.Engine(network)
	if len(messages) == 0 || eng == nil {
		return nil
	}
	c := f.networks[network]
	if c == nil {
		if f.networks == nil {
			f.networks = map[string]*Collector{}
		}
		c = NewCollector(network)
		f.networks[network] = c
	}
	if cat := eng.Catalog(); cat != nil {
		c.Catalog(cat)
	}
	for _, m := range messages {
		if m.Decision {
			if err := c.Decision(m.Data); err != nil {
				return err
			}
		}
	}
	return nil
}

// Networks collected, by name.
func (f *FromReplay) Networks() map[string]*Collector { return f.networks }
