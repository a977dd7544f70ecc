package generate

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
)

// Options say what to make up. The zero value of a field means its default.
type Options struct {
	// Seed of all randomness.
	Seed uint64
	// Count of referrals; stories and bad messages come on top. Default 100.
	Count int
	// Start is the first day. Only its date counts, as a day of the first network's zone. Required.
	Start time.Time
	// Days over which the events fall, by office hours. Default 7.
	Days int
	// Rate in events a second, instead of Days, around the clock.
	Rate float64
	// Catalogs of the networks, as YAML; one at least.
	Catalogs [][]byte
	// Shares of special cases among Count, by the names of Cases, instead of their defaults. 0 leaves a case out.
	Shares map[string]float64
}

// Line of a recording: a catalog, or an input.
type Line struct {
	// Input is the zero value on the line of a catalog.
	Input mapping.Input
	// Catalog is the YAML of the catalog that the next event of its network puts in force; nil on an input.
	Catalog []byte
	// Network and Hash of the catalog.
	Network, Hash string
}

// generator is one run of Generate.
type generator struct {
	options  Options
	rand     *rand.Rand
	calendar *calendar
	networks []*network
	messages []message
	taken    map[string]bool // name and birth date
	given    int             // last unique number
	turns    map[string]int  // how often each kind of case was dealt
}

// message is one that a source sends.
type message struct {
	net    *network
	source string
	at     time.Time
	header map[string]string
	data   []byte
}

// Generate makes up the lines of a recorded file, in order of time: each network's catalog, the event that puts it in
// force, then its events, numbered from 1 for each network. All of it is held in memory, about 3 KB a referral.
func Generate(o Options) (iter.Seq[Line], error) {
	g, err := open(o)
	if err != nil {
		return nil, err
	}
	for _, n := range g.networks {
		g.sendEvent(n, g.options.Start.UTC(), mapping.Event{Type: mapping.CatalogApplied, Source: mapping.SourceAdmin, Catalog: n.Hash, Actor: "catalog desk"})
	}
	g.drafts()
	g.badMessages()
	g.clocks()
	slices.SortStableFunc(g.messages, func(a, b message) int { return a.at.Compare(b.at) })
	return g.lines, nil
}

func open(o Options) (*generator, error) {
	o.Count, o.Days = cmp.Or(o.Count, 100), cmp.Or(o.Days, 7)
	switch {
	case len(o.Catalogs) == 0:
		return nil, errors.New("generate: no catalog")
	case o.Start.IsZero():
		return nil, errors.New("generate: no start")
	case o.Count < 0 || o.Days < 0 || o.Rate < 0:
		return nil, errors.New("generate: count, days and rate must be above 0")
	}
	for name, share := range o.Shares {
		if !slices.ContainsFunc(Cases(), func(c Case) bool { return c.Name == name }) || share < 0 || share > 1 {
			return nil, fmt.Errorf("generate: share %s=%g: expected the name of a case and a share from 0 to 1", name, share)
		}
	}
	g := &generator{options: o, rand: newRand(o.Seed), taken: map[string]bool{}, turns: map[string]int{}}
	for _, yaml := range o.Catalogs {
		n, err := openNetwork(g.rand, yaml)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(g.networks, func(other *network) bool { return other.Network == n.Network }) {
			return nil, fmt.Errorf("generate: two catalogs of network %s", n.Network)
		}
		g.networks = append(g.networks, n)
	}
	g.weigh()
	g.options.Start = time.Date(o.Start.Year(), o.Start.Month(), o.Start.Day(), 0, 0, 0, 0, g.networks[0].Location)
	o = g.options
	if g.calendar = officeDays(o.Start, o.Days, g.networks[0].Holiday); o.Rate > 0 {
		g.calendar = steady(o.Start, o.Count, o.Rate)
	}
	return g, nil
}

// newRand is the only source of randomness.
func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x636f6e76656e65)) }

// number of the referrals that a case takes: at least one where it is wanted at all.
func (g *generator) number(c *Case) int {
	share, ok := g.options.Shares[c.Name]
	if !ok {
		share = c.Share
	}
	n := share * float64(g.options.Count)
	if n > 0 && n < 1 {
		return 1
	}
	return int(n + 0.5)
}

// lines numbers the messages and puts the catalogs before the first of their network.
func (g *generator) lines(yield func(Line) bool) {
	last := map[*network]uint64{}
	for _, m := range g.messages {
		if last[m.net]++; last[m.net] == 1 && !yield(Line{Network: m.net.Network, Hash: m.net.Hash, Catalog: m.net.yaml}) {
			return
		}
		in := mapping.Input{Network: m.net.Network, Source: m.source, Sequence: last[m.net], Stored: m.at, Header: m.header, Data: m.data}
		if !yield(Line{Input: in}) {
			return
		}
	}
}

// send queues an event of a source, sent at a position and stored a moment later. It returns the sender's time.
func (g *generator) send(s *source, at int64, e mapping.Event) time.Time {
	e.Source = s.Name
	stored := g.calendar.at(at)
	if e.Sent.IsZero() {
		e.Sent = stored.Add(-time.Duration(150+g.rand.IntN(2400)) * time.Millisecond)
	}
	g.sendEvent(s.net, stored, e)
	return e.Sent
}

// sendEvent queues an event in structured mode; a referral in one of ten cases in binary mode.
func (g *generator) sendEvent(n *network, stored time.Time, e mapping.Event) {
	e.ID = g.uuid()
	e.Sent = cmp.Or(e.Sent, stored)
	if e.Referral != nil && chance(g.rand, 10) {
		g.sendBinary(n, stored, &e)
		return
	}
	data, err := event.Encode(&e)
	if err != nil {
		panic(err) // the generator made an event that cannot be: a fault of its own
	}
	header := map[string]string{"content-type": event.TypeCloudEvents}
	if chance(g.rand, 15) {
		header = nil // the worker tells the format by the content
	}
	g.messages = append(g.messages, message{n, e.Source, stored, header, data})
}

func (g *generator) sendBinary(n *network, stored time.Time, e *mapping.Event) {
	body := append(mapping.AppendReferral([]byte(`{"referral":`), e.Referral), '}')
	g.messages = append(g.messages, message{n, e.Source, stored, map[string]string{
		"content-type": event.TypeJSON, "ce-specversion": "1.0", "ce-type": string(e.Type), "ce-source": e.Source,
		"ce-id": e.ID, "ce-time": e.Sent.UTC().Format(time.RFC3339Nano),
	}, body})
}

// last message queued.
func (g *generator) last() message { return g.messages[len(g.messages)-1] }

// again queues a message once more, byte for byte, at a position.
func (g *generator) again(m message, at int64) {
	m.at = g.calendar.at(at)
	g.messages = append(g.messages, m)
}

func (g *generator) uuid() string {
	a, b := g.rand.Uint64(), g.rand.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

// turn counts the cases of a kind, so that its variants come in turn.
func (g *generator) turn(kind string) int {
	g.turns[kind]++
	return g.turns[kind] - 1
}

// weigh gives no network less than a sixth of the groups of all, so that a small one is heard too.
func (g *generator) weigh() {
	total := 0
	for _, n := range g.networks {
		total += n.weight
	}
	for _, n := range g.networks {
		n.weight = max(n.weight, total/6)
	}
}
