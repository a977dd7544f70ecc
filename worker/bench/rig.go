package bench

import (
	"context"
	"errors"
	"os"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/worker"
)

// plain is a second network, where the server alone does with the same messages what it does for Convene. Its name is as
// long as the other's, and so are its subjects.
const plain = "plain"

// rig is an embedded server as `convene run` starts it, with both networks.
type rig struct {
	folder string
	server *worker.Server
	admin  *worker.Conn
	worker *worker.Conn
	bare   *worker.Conn
}

func newRig(ctx context.Context, o Options) (*rig, error) {
	folder, err := os.MkdirTemp(o.Folder, "convene-bench-")
	if err != nil {
		return nil, err
	}
	r := &rig{folder: folder}
	if err := r.start(ctx); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *rig) start(ctx context.Context) (err error) {
	if r.server, err = worker.StartServer(worker.ServerConfig{Folder: r.folder, Networks: sourcesOf(network, plain), Log: zerolog.Nop()}); err != nil {
		return err
	}
	for conn, role := range map[**worker.Conn]worker.Role{&r.admin: worker.RoleAdmin, &r.worker: worker.RoleWorker, &r.bare: worker.RoleWorker} {
		if *conn, err = worker.Connect(worker.UserDial(r.server.URL(), r.server.Keys(), worker.User{Role: role})); err != nil {
			return err
		}
	}
	for _, name := range []string{network, plain} {
		if err := r.ensure(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func sourcesOf(names ...string) (out []worker.NetworkSources) {
	for _, name := range names {
		out = append(out, worker.NetworkSources{Name: name, Sources: []string{source}})
	}
	return out
}

// ensure makes the streams that a network lacks.
func (r *rig) ensure(ctx context.Context, name string) error {
	return worker.EnsureStreams(ctx, r.admin.JS, sourcesOf(name)[0], 1)
}

func (r *rig) close() {
	for _, conn := range []*worker.Conn{r.bare, r.worker, r.admin} {
		if conn != nil {
			conn.Close()
		}
	}
	if r.server != nil {
		r.server.Shutdown()
	}
	os.RemoveAll(r.folder)
}

// emptyLedger gives a network a new ledger.
func (r *rig) emptyLedger(ctx context.Context, name string) error {
	err := r.admin.JS.DeleteStream(ctx, worker.PlacementsStream(name))
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return err
	}
	return r.ensure(ctx, name)
}

// loadBatch is how many inputs are stored at once.
const loadBatch = 500

// load stores inputs for Convene to drain. They are stored in atomic batches, which sources do not send, because the
// server syncs the disk for each message else.
func (r *rig) load(ctx context.Context, inputs []mapping.Input) error {
	stream, err := r.admin.JS.Stream(ctx, worker.ReferralsStream(network))
	if err != nil {
		return err
	}
	config := stream.CachedInfo().Config
	config.AllowAtomicPublish = true
	if _, err := r.admin.JS.UpdateStream(ctx, config); err != nil {
		return err
	}
	for len(inputs) > 0 {
		n := min(loadBatch, len(inputs))
		batch := make([]*nats.Msg, n)
		for i, in := range inputs[:n] {
			batch[i] = inputMsg(network, in)
		}
		if _, err := jetstreamext.PublishMsgBatch(ctx, r.admin.JS, batch); err != nil {
			return err
		}
		inputs = inputs[n:]
	}
	return nil
}

// inputMsg is an input as its source publishes it.
func inputMsg(network string, in mapping.Input) *nats.Msg {
	return &nats.Msg{Subject: worker.InputSubject(network, source), Data: in.Data, Header: nats.Header{"Content-Type": {in.Header["content-type"]}}}
}

// open reads the ledger, ready to work it. observe may be nil.
func (r *rig) open(ctx context.Context, catalog []byte, snapshot string, observe func(worker.Observation)) (*worker.Network, error) {
	return worker.OpenNetwork(ctx, r.worker, worker.NetworkConfig{Name: network, Catalog: catalog, Snapshot: snapshot, Observe: observe, Log: zerolog.Nop()})
}

// errStalled: the network ended before it had decided every input.
var errStalled = errors.New("the worker stopped before the last input")

// work runs a network until input last is decided and stored, then calls decided and ends the network.
func work(ctx context.Context, open func(observe func(worker.Observation)) (*worker.Network, error), last uint64, begun, decided func()) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	reached := false
	n, err := open(func(o worker.Observation) {
		if !o.Conflict && o.Batch.Head.Input >= last && !o.Batch.Head.More && !reached {
			reached = true
			decided()
			stop()
		}
	})
	if err != nil {
		return err
	}
	begun()
	if err := n.Run(ctx); err != nil {
		return err
	}
	if !reached {
		return errStalled
	}
	return nil
}
