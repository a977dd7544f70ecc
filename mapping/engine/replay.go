package engine

import (
	"fmt"
	"sync"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/roster"
)

// Replay decides recorded inputs of any number of networks with nothing but memory behind it.
type Replay struct {
	catalogs map[string][]byte // by hash
	networks map[string]*replayed
}

// replayed is one network of a replay.
type replayed struct {
	engine  *Engine
	mu      sync.Mutex
	latest  map[uint64][]byte // last decision of a referral, for its request
	catalog []byte            // the last catalog seen, used when no event has put one in force
	batches int
}

// NewReplay is a replay about which nothing is known.
func NewReplay() *Replay {
	return &Replay{catalogs: map[string][]byte{}, networks: map[string]*replayed{}}
}

// Catalog makes a catalog known. It is put in force by the event that names it, or by the first other event of a network
// that has none.
func (r *Replay) Catalog(network, hash string, data []byte) error {
	r.catalogs[hash] = data
	n, err := r.network(network)
	if err == nil {
		n.catalog = data
	}
	return err
}

func (r *Replay) network(name string) (*replayed, error) {
	if n := r.networks[name]; n != nil {
		return n, nil
	}
	n := &replayed{latest: map[uint64][]byte{}}
	eng, err := New(name, roster.New(), Sources{Catalog: r.catalog, Request: n.request})
	n.engine = eng
	r.networks[name] = n
	return n, err
}

func (r *Replay) catalog(hash string) ([]byte, error) {
	data, ok := r.catalogs[hash]
	if !ok {
		return nil, fmt.Errorf("no catalog line with this hash came before the event that names it")
	}
	return data, nil
}

func (n *replayed) request(key uint64) ([]byte, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	data, ok := n.latest[key]
	if !ok {
		return nil, fmt.Errorf("no decision of r%d", key)
	}
	return roster.RequestOf(data)
}

// Engine of a network, or nil before its first line.
func (r *Replay) Engine(network string) *Engine {
	if n := r.networks[network]; n != nil {
		return n.engine
	}
	return nil
}

// Preview says what an input would cause after those decided so far. It is not decided.
func (r *Replay) Preview(in mapping.Input) (*Preview, error) {
	n, err := r.network(in.Network)
	if err != nil {
		return nil, err
	}
	if n.engine.book == nil && n.catalog != nil {
		if err := n.engine.Use(n.catalog); err != nil {
			return nil, err
		}
	}
	return n.engine.Preview(Decode(in))
}

// Input decides one input and returns every message it caused, decisions before confirmations of each step.
func (r *Replay) Input(in mapping.Input) ([]Message, error) {
	n, err := r.network(in.Network)
	if err != nil {
		return nil, err
	}
	read := Decode(in)
	if n.engine.book == nil && n.catalog != nil && (read.Event == nil || read.Event.Type != mapping.CatalogApplied) {
		if err := n.engine.Use(n.catalog); err != nil {
			return nil, err
		}
	}
	var out []Message
	for done := false; !done; {
		n.batches++
		b, err := n.engine.Work([]Read{read}, n.batches)
		if err != nil {
			return nil, fmt.Errorf("network %s, input %d: %w", in.Network, in.Sequence, err)
		}
		n.engine.Commit(b)
		for _, m := range b.Messages {
			if m.Decision {
				n.mu.Lock()
				key, _ := roster.ParseKey('r', m.Key)
				n.latest[key] = m.Data
				n.mu.Unlock()
			}
		}
		out = append(out, b.Messages...)
		done = !b.Head.More
	}
	return out, nil
}
