package worker

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// Record writes what was decided in a form that Replay reads: for each network, by name, its inputs up to the head with t
// as decided, and each catalog before the first input it was in force for. It returns how many inputs it wrote.
func Record(ctx context.Context, conn *Conn, networks []string, w io.Writer, deidentify bool) (int, error) {
	total := 0
	for _, network := range slices.Sorted(slices.Values(networks)) {
		r := &recorder{ctx: ctx, conn: conn, network: network, w: w, catalogs: map[string]bool{}}
		if deidentify {
			r.mask = newMask()
		}
		if err := r.run(); err != nil {
			return total, fmt.Errorf("record network %s: %w", network, err)
		}
		total += r.written
	}
	return total, nil
}

// recorder joins the inputs of a network with its heads.
type recorder struct {
	ctx      context.Context
	conn     *Conn
	network  string
	w        io.Writer
	mask     *mask
	catalogs map[string]bool
	intake   *Intake
	last     uint64 // input written last
	t        int64
	floor    int64
	written  int
}

func (r *recorder) run() error {
	ledger, err := OpenLedger(r.conn, r.network)
	if err != nil {
		return err
	}
	defer ledger.Close()
	if r.intake, err = OpenIntake(r.conn, r.network); err != nil {
		return err
	}
	defer r.intake.Close()
	for m, err := range ledger.subject(r.ctx, 1, HeadSubject(r.network)) {
		if err != nil {
			return err
		}
		head, err := roster.DecodeHead(m.Data)
		if err != nil {
			return err
		}
		if err := r.until(head); err != nil {
			return err
		}
	}
	return nil
}

// until writes the inputs that a head is the first to cover.
func (r *recorder) until(head *roster.Head) error {
	r.floor = head.Floor
	if head.Catalog != "" {
		if err := r.catalog(head.Catalog); err != nil {
			return err
		}
	}
	for _, c := range head.Changes {
		if c.Type == roster.ChangeCatalog {
			if err := r.catalog(c.Catalog); err != nil {
				return err
			}
		}
	}
	for r.last < head.Input {
		chunk, err := r.intake.Read(r.ctx, r.last, int(min(head.Input-r.last, feedChunk)))
		if err != nil {
			return err
		}
		if len(chunk.Inputs) == 0 {
			r.last = head.Input // the rest of what the head covers is gone
			return nil
		}
		for _, in := range chunk.Inputs {
			if in.Sequence > head.Input {
				return nil
			}
			r.t = max(r.t, in.Stored.UnixMilli(), r.floor)
			line := RecordInput(in, time.UnixMilli(r.t).UTC())
			if r.mask != nil {
				line.Data = r.mask.hide(line.Data)
			}
			if err := WriteRecorded(r.w, line); err != nil {
				return err
			}
			r.last = in.Sequence
			r.written++
		}
	}
	return nil
}

// catalog writes one once, before the first input that it decides.
func (r *recorder) catalog(hash string) error {
	if r.catalogs[hash] {
		return nil
	}
	data, err := GetCatalog(r.ctx, r.conn, r.network, hash)
	if err != nil {
		return err
	}
	if cat, _ := program.Load(data); r.mask != nil && cat != nil && cat.NamesPatients() {
		return fmt.Errorf("catalog %s names patients (pairs, apart, clients, staff), whom no stand-in can replace; record without --deidentify", hash)
	}
	r.catalogs[hash] = true
	return WriteRecorded(r.w, RecordCatalog(r.network, data))
}
