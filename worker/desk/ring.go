package desk

import "slices"

// ringMax confirmations of one network are at hand for the list and for browsers that catch up.
const ringMax = 8192

// ring keeps the latest entries in order of sequence. It is guarded by its board.
type ring struct {
	entries []*Entry // oldest first, from start on
	start   int
	// lost is the highest sequence that fell off, or was never read: who is behind it cannot catch up here.
	lost uint64
}

func (r *ring) len() int { return len(r.entries) - r.start }

func (r *ring) add(e *Entry) {
	r.entries = append(r.entries, e)
	if r.len() > ringMax {
		r.lost = r.entries[r.start].Sequence
		r.entries[r.start] = nil
		r.start++
	}
	if r.start >= ringMax { // at most twice as long as it holds
		r.entries, r.start = slices.Clone(r.entries[r.start:]), 0
	}
}

// after gives the entries that follow a sequence, oldest first. ok is false when some of them are not here.
func (r *ring) after(sequence uint64) (list []*Entry, ok bool) {
	if sequence < r.lost {
		return nil, false
	}
	from := len(r.entries)
	for from > r.start && r.entries[from-1].Sequence > sequence {
		from--
	}
	return slices.Clone(r.entries[from:]), true
}

// newest calls f with each entry, the latest first, until f returns false.
func (r *ring) newest(f func(*Entry) bool) {
	for i := len(r.entries) - 1; i >= r.start; i-- {
		if !f(r.entries[i]) {
			return
		}
	}
}
