package worker

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/convene-health/convene/mapping/roster"
)

// snapshotEvery inputs a snapshot is taken when nothing else is to do.
const snapshotEvery = 50_000

// startState is the state to fold on from: the snapshot's where it fits the ledger, else nothing.
func (n *Network) startState(ctx context.Context) *folder {
	f := newFolder(n.Name)
	if n.Snapshot == "" {
		return f
	}
	data, err := os.ReadFile(n.Snapshot)
	if err != nil {
		return f
	}
	mark, dec, err := roster.ReadSnapshotMark(bytes.NewReader(data))
	if err == nil {
		err = n.fits(ctx, mark)
	}
	if err == nil {
		var state *roster.State
		if state, err = roster.ReadSnapshot(dec); err == nil {
			f.state, f.head, f.chain = state, mark.Head, mark.Chain
			return f
		}
	}
	n.Log.Info().Str("network", n.Name).Err(err).Msg("snapshot discarded; reading the whole ledger")
	return newFolder(n.Name)
}

// fits checks that a snapshot is of this ledger.
func (n *Network) fits(ctx context.Context, mark roster.SnapshotMark) error {
	if mark.Network != n.Name {
		return fmt.Errorf("it is of network %s", mark.Network)
	}
	m, err := n.ledger.At(ctx, mark.Head)
	if err != nil {
		return fmt.Errorf("its head %d: %w", mark.Head, err)
	}
	head, err := roster.DecodeHead(m.Data)
	if err != nil {
		return err
	}
	if head.Chain != mark.Chain || head.Engine != roster.Engine {
		return fmt.Errorf("chain or engine differ")
	}
	return nil
}

// snapshotWhenIdle writes one when enough has happened since the last.
func (n *Network) snapshotWhenIdle() error {
	if n.fold.state.Position.Input < n.snapped+snapshotEvery {
		return nil
	}
	return n.snapshot()
}

// snapshot writes the state to a file beside the last one and puts it in its place. Failing is no reason to stop.
func (n *Network) snapshot() error {
	n.snapped = n.fold.state.Position.Input
	if n.Snapshot == "" || n.fold.head == 0 {
		return nil
	}
	if err := n.writeSnapshot(); err != nil {
		n.Log.Warn().Str("network", n.Name).Err(err).Msg("no snapshot; the next start reads the whole ledger")
	}
	return nil
}

func (n *Network) writeSnapshot() error {
	if err := os.MkdirAll(filepath.Dir(n.Snapshot), 0o700); err != nil {
		return err
	}
	tmp := n.Snapshot + ".new"
	file, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(file, 1<<20)
	err = n.fold.state.WriteSnapshot(w, roster.SnapshotMark{Network: n.Name, Head: n.fold.head, Chain: n.fold.chain})
	for _, step := range []func() error{w.Flush, file.Sync, file.Close} {
		if e := step(); err == nil {
			err = e
		}
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp, n.Snapshot)
}
