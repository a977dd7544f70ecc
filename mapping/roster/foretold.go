package roster

import (
	"bytes"
	"cmp"

	"github.com/convene-health/convene/mapping"
)

// foretold is a cancel of a referral not seen yet: the sender's time and when it came, Unix milliseconds, and its source by
// index. at is 0 in a ledger written before it was kept.
type foretold struct {
	sent, at int64
	source   uint16
}

// foretoldMax is how many such cancels a network remembers: a source that cancels whatever it orders anywhere would fill
// memory and snapshots.
const foretoldMax = 10_000

// foretoldBy is what is remembered of a source's cancel of a referral that nobody has sent yet.
func foretoldBy(source string, identity Hash) Hash {
	return HashOf("foretold", source, identity.String())
}

// foretell remembers a cancel, the latest of several, so that the order, should it come late, is not placed.
func (d *step) foretell(source string, identity Hash, sent int64) {
	told := foretoldBy(source, identity)
	was, had := d.foretold[told]
	if !had && len(d.foretold) >= foretoldMax {
		d.change(Change{Type: ChangeForetold, Identity: d.leastForetold()})
	}
	d.change(Change{Type: ChangeForetold, Identity: told, Sent: max(sent, was.sent), At: d.t, Source: source})
}

// leastForetold is what is forgotten first to make room: the oldest, if it holds no more, else the oldest of the source that
// has sent the most, so that none makes another's be forgotten.
func (d *step) leastForetold() Hash {
	type group struct {
		n      int
		oldest Hash
	}
	by := make([]group, len(d.sources))
	before := func(a, b Hash) bool {
		return cmp.Or(cmp.Compare(d.foretold[a].at, d.foretold[b].at), bytes.Compare(a[:], b[:])) < 0
	}
	for h, f := range d.foretold {
		g := &by[f.source]
		if g.n++; g.n == 1 || before(h, g.oldest) {
			g.oldest = h
		}
	}
	var most, oldest *group
	for i := range by { // sources are numbered as they came, which a snapshot does not keep
		switch g := &by[i]; {
		case g.n == 0:
		case most == nil:
			most, oldest = g, g
		default:
			if g.n > most.n || g.n == most.n && before(g.oldest, most.oldest) {
				most = g
			}
			if before(g.oldest, oldest.oldest) {
				oldest = g
			}
		}
	}
	if !d.holds(d.foretold[oldest.oldest]) {
		return oldest.oldest
	}
	return most.oldest
}

// holds reports whether a cancel still speaks of an order that comes now.
func (d *step) holds(f foretold) bool {
	return f.at == 0 || d.t-f.at <= int64(d.offer.Catalog.Policy.Filled().CancelDays)*dayMillis
}

// cancelledBefore reports whether someone who may change the referral cancelled it before it came, not before it was sent.
func (d *step) cancelledBefore(rec *Record) bool {
	if len(d.foretold) == 0 {
		return false
	}
	for _, source := range [...]string{rec.Source, mapping.SourceDesk, mapping.SourceAdmin} {
		told := foretoldBy(source, rec.Identity)
		if f, ok := d.foretold[told]; ok {
			d.change(Change{Type: ChangeForetold, Identity: told}) // it has come: no longer to be remembered
			if rec.Sent <= f.sent && d.holds(f) {
				return true
			}
		}
	}
	return false
}

// putForetold remembers a cancel, or forgets it where it has no time.
func (s *State) putForetold(identity Hash, f foretold) {
	was, had := s.foretold[identity]
	if s.foretold[identity] = f; f.sent == 0 {
		delete(s.foretold, identity)
	}
	s.onUndo(func() {
		if s.foretold[identity] = was; !had {
			delete(s.foretold, identity)
		}
	})
}
