package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/program"
)

// HostConfig says what one process works. Nothing in it changes a decision.
type HostConfig struct {
	// Folder for the embedded server, keys and snapshots.
	Folder string
	// Dial is the server to use; nil starts the embedded one.
	Dial *Dial
	// Port of the embedded server on 127.0.0.1; 0 takes a free one.
	Port int
	// Catalogs are files, one a network. On the embedded server each is put in force at the start if the ledger names none.
	Catalogs []string
	// Sources of networks whose catalog an event will bring; embedded server only.
	Sources []NetworkSources
	// Networks to work beside those of the catalogs, whose ledger names a catalog already.
	Networks []string
	// TakeOver is how long an input waits before this worker takes over from another; zero: it is the only one.
	TakeOver time.Duration
	Log      zerolog.Logger
	Observe  func(Observation)
}

// Host is a running worker: the embedded server if there is one, and a Network for each network.
type Host struct {
	// Stale names networks whose ledger names another catalog than the configured file, which is left alone.
	Stale []string

	config   HostConfig
	server   *Server
	admin    *Conn // of the embedded server
	conn     *Conn
	networks []*Network
	sources  []NetworkSources
	catalogs map[string][]byte

	mu      sync.Mutex
	adopted map[string]string // catalog whose sources may connect, by network
	working sync.WaitGroup
}

// StartHost reads catalogs, starts or connects to the server, checks the streams and reads the ledgers.
func StartHost(ctx context.Context, config HostConfig) (*Host, error) {
	h := &Host{config: config, catalogs: map[string][]byte{}, adopted: map[string]string{}}
	if err := h.readCatalogs(); err != nil {
		return nil, err
	}
	if err := h.connect(ctx); err != nil {
		h.Close()
		return nil, err
	}
	for _, n := range h.sources {
		if err := h.open(ctx, n); err != nil {
			h.Close()
			return nil, err
		}
	}
	return h, nil
}

// CatalogError is a configured catalog that cannot be used.
type CatalogError struct {
	Path string
	Err  error
}

// ErrTwoCatalogs: a network has one.
var ErrTwoCatalogs = errors.New("two catalogs are given for it")

func (e *CatalogError) Error() string { return e.Path + ": " + e.Err.Error() }
func (e *CatalogError) Unwrap() error { return e.Err }

func (h *Host) readCatalogs() error {
	for _, path := range h.config.Catalogs {
		data, err := os.ReadFile(path)
		if err != nil {
			return &CatalogError{path, err}
		}
		cat, problems := program.Load(data)
		if err := problems.Err(); err != nil {
			return &CatalogError{path, err}
		}
		if h.catalogs[cat.Network] != nil {
			return &CatalogError{path, fmt.Errorf("network %s: %w", cat.Network, ErrTwoCatalogs)}
		}
		h.catalogs[cat.Network] = data
		h.sources = append(h.sources, SourcesOf(cat))
	}
	h.sources = append(h.sources, h.config.Sources...)
	for _, name := range h.config.Networks {
		if h.catalogs[name] == nil {
			h.sources = append(h.sources, NetworkSources{Name: name})
		}
	}
	return nil
}

// SourcesOf are the sources that a catalog names.
func SourcesOf(cat *program.Catalog) NetworkSources {
	n := NetworkSources{Name: cat.Network}
	for _, s := range cat.Sources {
		n.Sources = append(n.Sources, s.Name)
	}
	return n
}

// UnfitError: the streams of a foreign server do not keep what the ledger needs.
type UnfitError struct {
	Network  string
	Findings []Finding
}

func (e *UnfitError) Error() string {
	text := "the streams of network " + e.Network + " do not keep what the ledger needs"
	for _, f := range e.Findings {
		text += "\n  " + f.String()
	}
	return text
}

// connect to the configured server, or to the embedded one after making its streams.
func (h *Host) connect(ctx context.Context) (err error) {
	if h.config.Dial != nil {
		if h.conn, err = Connect(*h.config.Dial); err != nil {
			return err
		}
		return h.check(ctx)
	}
	server := ServerConfig{Folder: h.config.Folder, Port: h.config.Port, Networks: h.sources, Log: h.config.Log}
	if h.server, err = StartServer(server); err != nil {
		return err
	}
	if h.admin, err = Connect(h.Dial(User{Role: RoleAdmin})); err != nil {
		return err
	}
	for _, n := range h.sources {
		if err := EnsureStreams(ctx, h.admin.JS, n, 1); err != nil {
			return err
		}
	}
	h.conn, err = Connect(h.Dial(User{Role: RoleWorker}))
	return err
}

// Dial as a user of the embedded server.
func (h *Host) Dial(u User) Dial {
	d := UserDial(h.server.URL(), h.server.Keys(), u)
	d.Log = h.config.Log
	return d
}

func (h *Host) check(ctx context.Context) error {
	for _, n := range h.sources {
		findings, err := CheckStreams(ctx, h.conn.JS, n)
		if err != nil {
			return err
		}
		if Fatal(findings) {
			return &UnfitError{n.Name, findings}
		}
		for _, f := range findings {
			h.config.Log.Warn().Str("network", n.Name).Msg(f.String())
		}
	}
	return nil
}

func (h *Host) open(ctx context.Context, sources NetworkSources) error {
	n, err := OpenNetwork(ctx, h.conn, NetworkConfig{
		Name: sources.Name, Catalog: h.catalogs[sources.Name], TakeOver: h.config.TakeOver, Log: h.config.Log, Observe: h.observe,
		Snapshot: filepath.Join(h.config.Folder, "snapshots", sources.Name),
	})
	if err != nil {
		return err
	}
	h.networks = append(h.networks, n)
	if cat := n.engine.Catalog(); cat != nil && h.server != nil {
		h.adopt(SourcesOf(cat))
	}
	data := h.catalogs[sources.Name]
	switch {
	case data == nil:
	case h.admin != nil && n.fold.head == 0:
		return ApplyCatalog(ctx, h.admin, sources.Name, data, "convene run")
	case n.fold.head == 0:
		return h.stored(ctx, sources.Name)
	case n.fold.state.Catalog != CatalogHash(data):
		h.Stale = append(h.Stale, sources.Name)
	}
	return nil
}

// UnstoredError: the ledger would name a catalog that only this worker has. No other could verify, record or go on from it.
type UnstoredError struct{ Network string }

func (e *UnstoredError) Error() string {
	return "the catalog of network " + e.Network + " is not stored on the server"
}

// stored checks that the server has the configured catalog of a network whose ledger is still empty.
func (h *Host) stored(ctx context.Context, network string) error {
	_, err := GetCatalog(ctx, h.conn, network, CatalogHash(h.catalogs[network]))
	if errors.Is(err, ErrNoCatalog) {
		return &UnstoredError{network}
	}
	return err
}

// observe passes an observation on. A catalog newly in force lets its sources connect to the embedded server.
func (h *Host) observe(o Observation) {
	if h.config.Observe != nil {
		h.config.Observe(o)
	}
	if h.server == nil || o.Catalog == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.adopted[o.Network] == o.Catalog.Hash {
		return
	}
	h.adopted[o.Network] = o.Catalog.Hash
	n := SourcesOf(o.Catalog)
	h.working.Go(func() { h.adopt(n) })
}

// adopt makes users and durables of a network's sources. Sources that a catalog no longer names keep theirs until the
// next start: what was placed for them is still to be told.
func (h *Host) adopt(n NetworkSources) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.sources, func(s NetworkSources) bool { return s.Name == n.Name })
	fresh := false
	for _, source := range n.Sources {
		if !slices.Contains(h.sources[i].Sources, source) {
			h.sources[i].Sources, fresh = append(h.sources[i].Sources, source), true
		}
	}
	if !fresh {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*requestMax)
	defer cancel()
	if err := errors.Join(h.server.Allow(h.sources), EnsureStreams(ctx, h.admin.JS, h.sources[i], 1)); err != nil {
		h.config.Log.Error().Str("network", n.Name).Err(err).Msg("new sources cannot connect yet; restart to try again")
	}
}

// ApplyCatalog stores a catalog and announces it. It is in force once the worker has decided the event.
func ApplyCatalog(ctx context.Context, admin *Conn, network string, data []byte, actor string) error {
	hash, err := PutCatalog(ctx, admin, network, data)
	if err != nil {
		return err
	}
	_, err = PublishEvent(ctx, admin, network, &mapping.Event{
		Type: mapping.CatalogApplied, ID: "catalog-" + hash, Source: mapping.SourceAdmin, Catalog: hash, Actor: actor,
	})
	return err
}

// PublishEvent publishes an event as its source and returns the sequence at which it is stored.
func PublishEvent(ctx context.Context, conn *Conn, network string, e *mapping.Event) (uint64, error) {
	data, err := event.Encode(e)
	if err != nil {
		return 0, err
	}
	m := nats.NewMsg(InputSubject(network, e.Source))
	m.Header.Set("Content-Type", "application/cloudevents+json")
	m.Data = data
	ack, err := conn.Publish(ctx, m)
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// Run works until ctx ends and returns once every network has finished the batch in hand. A network that must stop says
// why in its Standing; the others go on. The error joins those.
func (h *Host) Run(ctx context.Context) error {
	errs := make([]error, len(h.networks))
	var wg sync.WaitGroup
	for i, n := range h.networks {
		answers := &Outbound{Conn: h.conn, Network: n.Name, Active: func() bool { return n.Standing().Active }, Log: h.config.Log}
		wg.Go(func() { answers.Run(ctx) })
		wg.Go(func() {
			if errs[i] = n.Run(ctx); errs[i] != nil {
				h.config.Log.Error().Str("network", n.Name).Err(errs[i]).Msg("network stopped")
			}
		})
	}
	wg.Wait()
	h.working.Wait()
	return errors.Join(errs...)
}

// Reload reads the configured catalog files again and announces them (SIGHUP); one that is in force already changes nothing. Only the embedded server's
// admin may; elsewhere use `convene catalog apply`.
func (h *Host) Reload(ctx context.Context) error {
	if h.admin == nil {
		return errors.New("only the embedded server's worker applies catalogs itself")
	}
	fresh := &Host{config: h.config, catalogs: map[string][]byte{}}
	if err := fresh.readCatalogs(); err != nil {
		return err
	}
	for network, data := range fresh.catalogs {
		if err := ApplyCatalog(ctx, h.admin, network, data, "convene run"); err != nil {
			return err
		}
	}
	return nil
}

// Sources by network that may connect to the embedded server.
func (h *Host) Sources() []NetworkSources {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.sources)
}

// Server is the embedded server, or nil.
func (h *Host) Server() *Server { return h.server }

// Admin is the connection of the embedded server's admin, or nil.
func (h *Host) Admin() *Conn { return h.admin }

// Standings says, by network, how each does.
func (h *Host) Standings() map[string]Standing {
	out := map[string]Standing{}
	for _, n := range h.networks {
		out[n.Name] = n.Standing()
	}
	return out
}

// Close ends the connections and the embedded server.
func (h *Host) Close() {
	for _, c := range []*Conn{h.conn, h.admin} {
		if c != nil {
			c.Close()
		}
	}
	if h.server != nil {
		h.server.Shutdown()
	}
}
