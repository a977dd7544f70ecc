package desk

import (
	"github.com/convene-health/convene/mapping"
)

// standingOf says which placements are counted; an empty field takes all.
type standingOf struct {
	program  string
	priority mapping.Priority
	source   string
}

// counted keeps what was counted of one state of the roster, for however many desks ask. Guarded by its board's countMu.
type counted struct {
	head uint64
	by   map[standingOf]map[mapping.Status]int
}

// countedMax different questions are remembered of one state.
const countedMax = 64

// standing counts the placements that are not final, by status. The result must not be changed.
func (b *Board) standing(of standingOf) map[mapping.Status]int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	b.countMu.Lock()
	defer b.countMu.Unlock()
	if head := b.mirror.Head(); b.counted.head != head || b.counted.by == nil || len(b.counted.by) >= countedMax {
		b.counted = counted{head, map[standingOf]map[mapping.Status]int{}}
	}
	if n, ok := b.counted.by[of]; ok {
		return n
	}
	n := map[mapping.Status]int{}
	state := b.mirror.State()
	for _, key := range state.LiveKeys() {
		rec := state.Record(key)
		if of.priority != "" && of.priority != rec.Priority || of.source != "" && of.source != rec.Source {
			continue
		}
		for i := range rec.Placements {
			if pl := &rec.Placements[i]; !pl.Status.Final() && (of.program == "" || of.program == pl.Program) {
				n[pl.Status]++
			}
		}
	}
	b.counted.by[of] = n
	return n
}
