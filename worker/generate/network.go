package generate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// network is a catalog seen from the outside: who sends, and what there is to ask for.
type network struct {
	*program.Catalog
	yaml    []byte
	sources []*source
	payers  []string
	places  []weighted[place]
	serving map[string][]*program.Program // by condition key
	weight  int
}

// source is one EHR and the people who refer through it.
type source struct {
	*program.Source
	net    *network
	number int // among the network's
	// own is the assigner of its medical record numbers; shared, where there is one, of numbers that other sources
	// of the network know too.
	own, shared string
	// orders is the namespace of its referrals: a URI, a local name or an OID.
	orders      string
	requesters  []mapping.Requester
	nextPatient int
	nextOrder   int
}

func openNetwork(r *rand.Rand, yaml []byte) (*network, error) {
	cat, problems := program.Load(yaml)
	if err := problems.Err(); err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	if len(cat.Sources) == 0 {
		return nil, fmt.Errorf("the catalog of %s names no source", cat.Network)
	}
	n := &network{Catalog: cat, yaml: yaml, serving: map[string][]*program.Program{}, weight: 1 + len(cat.Groups)}
	for i := range cat.Groups {
		for _, p := range cat.Groups[i].Payers {
			if !slices.Contains(n.payers, p) {
				n.payers = append(n.payers, p)
			}
		}
	}
	for i := range cat.Programs {
		for _, key := range cat.Programs[i].Conditions {
			n.serving[key] = append(n.serving[key], &cat.Programs[i])
		}
	}
	n.places = placesOf(cat)
	for i := range cat.Sources {
		n.sources = append(n.sources, openSource(r, n, i))
	}
	return n, nil
}

// placesOf are the towns of the states where the network has sites; all towns where it has none of them.
func placesOf(cat *program.Catalog) []weighted[place] {
	var out []weighted[place]
	for _, p := range tables().places {
		if slices.ContainsFunc(cat.Sites, func(s program.Site) bool { return s.Address.State == p.what.state }) {
			out = append(out, p)
		}
	}
	if out == nil {
		return tables().places
	}
	return out
}

func openSource(r *rand.Rand, n *network, i int) *source {
	s := &source{Source: &n.Catalog.Sources[i], net: n, number: i, nextPatient: 100_001 + 37*i, nextOrder: 40_001}
	for _, a := range n.Assigners {
		switch {
		case !slices.Contains(a.Sources, s.Name):
		case len(a.Sources) == 1 && s.own == "":
			s.own = a.System
		case len(a.Sources) > 1 && s.shared == "":
			s.shared = a.System
		}
	}
	if s.own == "" {
		s.own = "https://" + s.Name + "." + n.Network + ".example/mrn"
	}
	switch i % 3 {
	case 0:
		s.orders = "https://" + s.Name + "." + n.Network + ".example/orders"
	case 1:
		s.orders = "orders"
	case 2:
		s.orders = fmt.Sprintf("urn:oid:2.999.%d.%d", 100+len(n.Network), 1+i)
	}
	title := strings.ReplaceAll(s.Name, "-", " ")
	for range 6 {
		s.requesters = append(s.requesters, mapping.Requester{
			Practitioner: mapping.Party{
				Identifier: mapping.Identifier{System: mapping.SystemNPI, Value: npi(r), Type: "NPI"},
				Family:     one(r, families), Given: []string{one(r, female)}, Phone: phone(r, "617"),
			},
			Organization: mapping.Party{
				Identifier: mapping.Identifier{System: mapping.SystemNPI, Value: npi(r), Type: "NPI"},
				Name:       one(r, []string{"Primary care", "Family medicine", "Internal medicine", "Social work"}) + ", " + title,
			},
		})
	}
	return s
}

// patientNumber is the next medical record number of the source.
func (s *source) patientNumber(r *rand.Rand) string {
	s.nextPatient += 1 + r.IntN(90)
	return fmt.Sprintf("%07d", s.nextPatient)
}

// orderNumber is the next identifier of a referral.
func (s *source) orderNumber() mapping.Identifier {
	s.nextOrder++
	return mapping.Identifier{System: s.orders, Value: fmt.Sprintf("%s-%d", strings.ToUpper(s.Name[:1]), s.nextOrder), Type: "PLAC"}
}

// sharing is another source of the network that knows people by the same number, or nil.
func (s *source) sharing() *source {
	for _, other := range s.net.sources {
		if other != s && other.shared != "" && other.shared == s.shared {
			return other
		}
	}
	return nil
}

// neighbour is any other source of the network, or nil.
func (s *source) neighbour() *source {
	if len(s.net.sources) < 2 {
		return nil
	}
	return s.net.sources[(s.number+1)%len(s.net.sources)]
}

// global reports whether the namespace of its referrals means the same everywhere.
func (s *source) global() bool { return strings.Contains(s.orders, ":") }
