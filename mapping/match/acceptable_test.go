package match

import (
	"math/bits"
	"slices"
)

// acceptable are all groups of a program that suit, full or not, best first.
func (b *Book) acceptable(q Query, program int32) []int32 {
	var s search
	s.begin(b, q)
	p := s.judge(program)
	var found []scored
	for _, r := range s.joinable(program) {
		for i := r.start >> 6; i<<6 < r.end; i++ {
			for w := s.word(&p, i) & r.mask(i); w != 0; w &= w - 1 {
				at := i<<6 + int32(bits.TrailingZeros64(w))
				g := &s.groups[at]
				k := g.next(s.now)
				if s.dayWhy(&p, g, k) == 0 && s.conflict(g) == 0 {
					found = append(found, s.score(&p, at, k))
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b scored) int { return compareBool(s.better(&b, &a), s.better(&a, &b)) })
	groups := make([]int32, len(found))
	for i := range found {
		groups[i] = s.groups[found[i].at].group
	}
	return groups
}
