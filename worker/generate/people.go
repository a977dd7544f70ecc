package generate

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/convene-health/convene/mapping"
)

// People makes up one referral at a time, of the same people as Generate and without what happens around them: the
// simulation tells that itself. Not safe for concurrent use.
type People struct {
	g *generator
	n *network
	// subjects of Cases that are about ordinary referrals, weighted by their share.
	subjects []weighted[func(*generator, *draft)]
}

// Drawn is a referral as its source sends it, and what is true of the person.
type Drawn struct {
	Source   string
	Referral mapping.Referral
	// Conditions that the person has, of the condition table, the reason for the referral first.
	Conditions []Had
}

// Had is a condition with its severity: mild, moderate, severe, or empty where that is not known.
type Had struct{ Key, Severity string }

// ordinary are the cases that say whom a referral is about and nothing odd.
var ordinary = []string{"therapy", "chronic", "caregiver", "minor", "goal-only"}

// NewPeople draws for the network of a catalog, from the first moment on.
func NewPeople(catalog []byte, start time.Time) (*People, error) {
	g := &generator{
		options: Options{Start: start}, rand: newRand(0), calendar: &calendar{start: start},
		taken: map[string]bool{}, turns: map[string]int{},
	}
	n, err := openNetwork(g.rand, catalog)
	if err != nil {
		return nil, err
	}
	g.networks = []*network{n}
	p := &People{g: g, n: n}
	left := 1000
	for _, c := range Cases() {
		if slices.Contains(ordinary, c.Name) {
			share := int(1000 * c.Share)
			p.subjects = append(p.subjects, weighted[func(*generator, *draft)]{c.who, share})
			left -= share
		}
	}
	p.subjects = append(p.subjects, weighted[func(*generator, *draft)]{(*generator).sampled, left})
	return p, nil
}

// Draw a referral that is sent at a moment. All chance comes from r.
func (p *People) Draw(r *rand.Rand, at time.Time) Drawn {
	p.g.rand = r
	s := one(r, p.n.sources)
	d := p.g.newDraft(s, at.Sub(p.g.calendar.start).Milliseconds())
	who, _ := draw(r, p.subjects, nil)
	who(p.g, d)
	out := Drawn{Source: s.Name, Referral: d.referral}
	for _, x := range d.problems {
		if x.key != "" {
			out.Conditions = append(out.Conditions, Had{x.key, x.severity})
		}
	}
	return out
}
