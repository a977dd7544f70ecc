package match

import "math/bits"

// lookAtGroups scores groups, program after program, until no other can be better than what is found.
func (s *search) lookAtGroups() {
	for i := range s.prospect {
		p := &s.prospect[i]
		if p.why != 0 || s.settled(p.later, p.need) {
			break
		}
		if s.settled(p.bound, p.need) {
			continue
		}
		for _, r := range s.joinable(p.program) {
			s.lookAtRun(p, r)
		}
	}
}

func (s *search) lookAtRun(p *prospect, r run) {
	base := p.need + p.wish
	for i := r.start >> 6; i<<6 < r.end; i++ {
		for w := s.word(p, i) & r.mask(i); w != 0; w &= w - 1 {
			at := i<<6 + int32(bits.TrailingZeros64(w))
			t := &s.traits[at]
			bound := base + startMax
			if t.closed {
				bound = base + s.startPoints(t.until)
				if s.settled(bound+s.groupMax-startMax+int32(s.programs[p.program].panel), p.need) {
					return // those that follow start later still
				}
			}
			switch bound += s.groupPoints(t) + int32(s.panelPoints(p.program, at)); {
			case s.settled(bound, p.need):
			case s.listed(bound) && s.isFull(t):
				s.fulls++ // only a free seat would have mattered
			default:
				s.lookAt(p, at)
			}
		}
	}
}

// settled: nothing that scores at most bound, in a program with these points for the need, changes the result.
func (s *search) settled(bound, need int32) bool {
	if s.bests < len(s.best) || s.best[s.bests-1].total <= bound {
		return false
	}
	if s.equivalent(need) {
		return s.free.at >= 0 && s.free.total > bound
	}
	return true
}

// listed: better groups fill the list, and a better one is full.
func (s *search) listed(bound int32) bool {
	return s.bests == len(s.best) && s.best[s.bests-1].total > bound && s.full.at >= 0 && s.full.total > bound
}

func (s *search) isFull(t *traits) bool {
	return t.seats > 0 && s.q.Taken != nil && s.q.Taken(t.group) >= int(t.seats)
}

// equivalent: a program with these points for the need fits about as well as the best.
func (s *search) equivalent(need int32) bool { return s.bestNeed < 0 || need >= s.bestNeed-waitMargin }

// lookAt scores one group that passes the filters.
func (s *search) lookAt(p *prospect, at int32) {
	g := &s.groups[at]
	k := g.next(s.now)
	if s.dayWhy(p, g, k) != 0 || s.conflict(g) != 0 {
		s.late++
		return
	}
	c := s.score(p, at, k)
	if c.full = s.isFull(&s.traits[at]); c.full {
		s.fulls++
	}
	if s.bestNeed < 0 {
		s.bestNeed = p.need
	}
	if s.equivalent(p.need) {
		if c.full && (s.full.at < 0 || s.better(&c, &s.full)) {
			s.full = c
		}
		if !c.full && (s.free.at < 0 || s.better(&c, &s.free)) {
			s.free = c
		}
	}
	s.keep(c)
}

// keep inserts a scored group among the best, in order.
func (s *search) keep(c scored) {
	i := s.bests
	for i > 0 && s.better(&c, &s.best[i-1]) {
		i--
	}
	if i == len(s.best) {
		return
	}
	s.bests = min(s.bests+1, len(s.best))
	copy(s.best[i+1:s.bests], s.best[i:])
	s.best[i] = c
}

// next is the index of the first session after now.
func (g *meeting) next(now int64) int {
	lo, hi := 0, len(g.starts)
	for lo < hi {
		if mid := (lo + hi) / 2; g.starts[mid] > now {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// conflict is the caller's rule against a group.
func (s *search) conflict(g *meeting) why {
	if s.q.Conflict == nil {
		return 0
	}
	if id := s.q.Conflict(g.group); id != "" {
		return 1 << ruleOf(id)
	}
	return 0
}
