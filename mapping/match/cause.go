package match

import (
	"cmp"
	"math/bits"
	"slices"
)

// CausesMax is how many causes a result names; causesFrom how many excluded groups they are counted in, those of the best
// programs first.
const (
	CausesMax  = 3
	causesFrom = 64
)

// exclusions counts the groups that each rule excludes.
type exclusions struct {
	by     [lastExclusion]int
	groups int
}

func (e *exclusions) add(w why, groups int) {
	e.groups += groups
	for ; w != 0; w &= w - 1 {
		e.by[bits.TrailingZeros64(uint64(w))] += groups
	}
}

// causes of there being no place: what excludes the groups that serve the need. Where none do, why their programs do
// not; where no program is for the need, that. What is told already is left out.
func (s *search) causes(told []Reason) []Reason {
	var serving, unfitting, apart exclusions
	for i := range s.prospect {
		p := &s.prospect[i]
		o := &s.programs[p.program]
		switch {
		case p.why&unfit == 0:
			s.exclusions(&serving, p)
		case !p.why.has(ruleOverlap):
			unfitting.add(p.why&unfit, o.groups())
		default:
			apart.add(p.why&unfit, o.groups())
		}
	}
	for _, e := range []*exclusions{&serving, &unfitting, &apart} {
		if e.groups > 0 {
			return e.top(told)
		}
	}
	return nil
}

// exclusions of the groups of a program: of those that can be joined, else of those that have begun.
func (s *search) exclusions(e *exclusions, p *prospect) {
	before := e.groups
	for _, r := range s.joinable(p.program) {
		for at := r.start; at < r.end && e.groups < causesFrom; at++ {
			e.add(s.why(p, at), 1)
		}
	}
	if e.groups == before {
		o := &s.programs[p.program]
		for _, r := range [2]run{o.closed, o.open} {
			for at := r.start; at < r.end && e.groups < causesFrom; at++ {
				e.add(s.why(p, at), 1)
			}
		}
	}
}

// passedOver is why the groups of a program that have a free seat and are not over are none for the patient.
func (s *search) passedOver(program int32) []Reason {
	var e exclusions
	p := &s.prospect[slices.IndexFunc(s.prospect, func(p prospect) bool { return p.program == program })]
	o := &s.programs[program]
	for _, r := range [2]run{o.closed, o.open} {
		for at := r.start; at < r.end && e.groups < causesFrom; at++ {
			days := s.groups[at].days
			if s.isFull(&s.traits[at]) || len(days) > 0 && days[len(days)-1] < s.today {
				continue
			}
			e.add(s.why(p, at), 1)
		}
	}
	return e.top(nil)
}

// top are the causes that exclude most groups, each code once and with the words of its most frequent rule; equal ones
// in the order of the filters.
func (e *exclusions) top(told []Reason) []Reason {
	if e.groups == 0 {
		return nil
	}
	type cause struct {
		rule   rule
		groups int
	}
	var all []cause
	for r := noRule + 1; r < lastExclusion; r++ {
		code := Rules[r].Code
		if e.by[r] == 0 || slices.ContainsFunc(told, func(t Reason) bool { return t.Code == code }) {
			continue
		}
		i := slices.IndexFunc(all, func(c cause) bool { return Rules[c.rule].Code == code })
		if i < 0 {
			all = append(all, cause{r, e.by[r]})
			continue
		}
		all[i].groups += e.by[r]
		if e.by[r] > e.by[all[i].rule] {
			all[i].rule = r
		}
	}
	slices.SortStableFunc(all, func(a, b cause) int { return cmp.Compare(b.groups, a.groups) })
	out := make([]Reason, 0, CausesMax)
	for _, c := range all[:min(len(all), CausesMax)] {
		out = append(out, c.rule.reason())
	}
	return out
}
