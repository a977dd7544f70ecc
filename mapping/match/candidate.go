package match

import (
	"math/bits"
	"strconv"
	"time"
)

// Outcome of a candidate.
type Outcome uint8

const (
	Chosen   Outcome = iota // the patient goes there
	Possible                // it suits and has a seat
	Full                    // it suits and has none
	Excluded                // a filter keeps it out
)

var outcomeWords = [...]string{"chosen", "possible", "full", "excluded"}

func (o Outcome) String() string { return outcomeWords[o] }

// Candidate is one group that serves a condition or goal.
type Candidate struct {
	Group   int32
	ID      string // of the group
	Outcome Outcome
	// Score by part, as ScoreParts names them; zero for an excluded group.
	Score [partsCount]int16
	why   why
}

// Total of the score.
func (c *Candidate) Total() (total int) {
	for _, points := range c.Score {
		total += int(points)
	}
	return total
}

// Reasons why it is not chosen, in the order of the filters; none where another is only better.
func (c *Candidate) Reasons() []Reason { return c.why.reasons() }

// list writes the candidates of a result and counts the rest.
func (s *search) list(r *Result) {
	total, suit := 0, s.bests
	for i := range s.prospect {
		total += s.programs[s.prospect[i].program].groups()
	}
	room := CandidatesMax
	if suit > 0 || r.Join >= 0 {
		room = suit + excludedMax
	}
	room = min(room, total, CandidatesMax)
	r.Candidates = make([]Candidate, 0, room)
	chosen := false
	for i := range s.best[:s.bests] {
		c := s.candidate(&s.best[i], r.Chosen)
		if r.Wait >= 0 && c.Outcome == Possible {
			c.why.add(ruleBehind)
		}
		chosen = chosen || c.Outcome == Chosen
		r.Candidates = append(r.Candidates, c)
	}
	if r.Chosen >= 0 && !chosen {
		r.Candidates[suit-1] = s.candidate(&s.free, r.Chosen)
	}
	r.More.Full = s.fulls
	for i := range r.Candidates {
		if r.Candidates[i].Outcome == Full {
			r.More.Full--
		}
	}
	s.countRest(r, total, suit, s.listExcluded(r))
}

// countRest counts what is not listed. On the day of the first session a group can still be excluded that passes the
// filters: those were looked at (late) or are listed (listedLate).
func (s *search) countRest(r *Result, total, suit, listedLate int) {
	passing, late := s.passing(), max(s.late, listedLate)
	r.More.Possible = passing - suit - r.More.Full - late
	r.More.Excluded = total - len(r.Candidates) - r.More.Full - r.More.Possible
}

func (s *search) candidate(c *scored, chosen int32) Candidate {
	group := s.groups[c.at].group
	out := Candidate{Group: group, ID: s.GroupID(group), Outcome: Possible, Score: c.parts}
	switch {
	case c.full:
		out.Outcome = Full
		out.why.add(ruleFull)
	case out.Group == chosen:
		out.Outcome = Chosen
	}
	return out
}

// passing counts the groups that no filter excludes.
func (s *search) passing() int {
	n := 0
	for i := range s.prospect {
		p := &s.prospect[i]
		if p.why != 0 {
			break
		}
		for _, r := range s.joinable(p.program) {
			for i := r.start >> 6; i<<6 < r.end; i++ {
				n += bits.OnesCount64(s.word(p, i) & r.mask(i))
			}
		}
	}
	return n
}

// listExcluded fills the list with excluded groups, those of the best programs first and in each those that could be
// joined soonest. late are those among them that pass the filters.
func (s *search) listExcluded(r *Result) (late int) {
	for i := range s.prospect {
		p := &s.prospect[i]
		o, each, known := &s.programs[p.program], 0, s.alwaysAged(p)
		for _, part := range s.joinable(p.program) {
			before := each
			each = s.exclude(r, p, part, each, known)
			for _, c := range r.Candidates[len(r.Candidates)-(each-before):] {
				if at := s.at[c.Group]; p.why == 0 && s.word(p, at>>6)&(1<<(at&63)) != 0 {
					late++
				}
			}
		}
		for _, part := range [2]run{{o.closed.start, s.from(o.closed).start}, {o.open.start, s.from(o.open).start}} {
			each = s.exclude(r, p, part, each, false)
		}
		if len(r.Candidates) == cap(r.Candidates) {
			break
		}
	}
	return late
}

// exclude lists excluded groups of a run, while there is room. known: see alwaysAged.
func (s *search) exclude(r *Result, p *prospect, part run, each int, known bool) int {
	for i := part.start >> 6; i<<6 < part.end; i++ {
		rest := part.mask(i)
		if known {
			rest &^= s.alwaysSuits(p, i)
		}
		for ; rest != 0; rest &= rest - 1 {
			if each >= eachMax || len(r.Candidates) == cap(r.Candidates) {
				return each
			}
			at := i<<6 + int32(bits.TrailingZeros64(rest))
			if w := s.why(p, at); w != 0 {
				group := s.groups[at].group
				r.Candidates = append(r.Candidates, Candidate{Group: group, ID: s.GroupID(group), Outcome: Excluded, why: w})
				each++
			}
		}
	}
	return each
}

// alwaysAged: nothing but a filter or a licence can exclude from a group of the program, on whatever day it meets.
func (s *search) alwaysAged(p *prospect) bool {
	o := &s.programs[p.program]
	return p.why == 0 && s.q.Conflict == nil && s.ageWhy(o, s.today)|s.ageWhy(o, o.lastDate) == 0
}

// alwaysSuits is word i of groups, where alwaysAged holds, that are not excluded: nearly all that pass the filters, so that
// the others are found without asking each.
func (s *search) alwaysSuits(p *prospect, i int32) uint64 {
	w := s.word(p, i)
	if p.licensed || s.programs[p.program].licensed {
		w &= s.covered[i]
	}
	return w
}

// why is everything that keeps the patient out of one group but its seats.
func (s *search) why(p *prospect, at int32) why {
	g := &s.groups[at]
	w := p.why | s.filters.failing(at) | s.conflict(g)
	if w.has(ruleAccess) && !s.declared.has(at) {
		w ^= 1<<ruleAccess | 1<<ruleAccessUnknown
	}
	if p.licensed && w&unlicensed == 0 && s.licensedWord(at>>6)&(1<<(at&63)) == 0 {
		w.add(ruleLicensedFirst)
	}
	if g.until <= s.now {
		w.add(ruleEnrolment)
		return w
	}
	day := s.dayWhy(p, g, g.next(s.now))
	if w&(unlicensed|1<<ruleLicensedFirst) != 0 {
		day &^= 1 << ruleLicence
	}
	return w | day
}

// Suits reports whether a group takes the patient of a need, but for its seats: for promotion from a waitlist. beside are
// the programs in which the patient has a place (Query.Beside).
func (b *Book) Suits(n *Need, group int32, at time.Time, beside ...int32) bool {
	return b.whyNot(n, group, at, beside) == 0
}

// SuitsUngated is Suits as if every gate were passed.
func (b *Book) SuitsUngated(n *Need, group int32, at time.Time, beside ...int32) bool {
	return b.whyNot(n, group, at, beside)&^gates == 0
}

// WhyNot gives the reasons why Suits is false.
func (b *Book) WhyNot(n *Need, group int32, at time.Time, beside ...int32) []Reason {
	return b.whyNot(n, group, at, beside).reasons()
}

// UnsuitedNow gives the reasons against a group for somebody who is in it already: that enrolment is over is none.
func (b *Book) UnsuitedNow(n *Need, group int32, at time.Time, beside ...int32) []Reason {
	return (b.whyNot(n, group, at, beside) &^ (1 << ruleEnrolment)).reasons()
}

func (b *Book) whyNot(n *Need, group int32, at time.Time, beside []int32) why {
	position := b.at[group]
	program := b.groups[position].program
	var s search
	s.begin(b, Query{Need: n, At: at, Program: program, Beside: beside})
	p := s.judge(program)
	return s.why(&p, position)
}

// AppendJSON appends the candidate as a decision keeps it:
//
//	{"group":"g1","outcome":"full","score":{"condition":400,...},"reasons":[{"code","rule","text"}]}
func (c *Candidate) AppendJSON(dst []byte) []byte {
	w := objectWriter{append(dst, '{'), true}
	w.name("group").text(c.ID)
	w.name("outcome").text(c.Outcome.String())
	if c.Outcome != Excluded {
		score := objectWriter{append(w.name("score").b, '{'), true}
		for i, points := range c.Score {
			if points == 0 && part(i) == partPanel {
				continue // only some programs give it
			}
			score.name(ScoreParts[i].ID).b = strconv.AppendInt(score.b, int64(points), 10)
		}
		w.b = append(score.b, '}')
	}
	if c.why != 0 {
		w.name("reasons").b = append(w.b, '[')
		for rest := c.why; rest != 0; rest &= rest - 1 {
			w.comma(rest != c.why)
			w.b = append(w.b, reasonJSON[bits.TrailingZeros64(uint64(rest))]...)
		}
		w.b = append(w.b, ']')
	}
	return append(w.b, '}')
}

// MarshalJSON lets encoding/json write a Candidate.
func (c Candidate) MarshalJSON() ([]byte, error) { return c.AppendJSON(nil), nil }

// reasonJSON holds the JSON of each rule's reason.
var reasonJSON = func() (out [lastExclusion][]byte) {
	for r := range out {
		reason := rule(r).reason()
		w := objectWriter{[]byte{'{'}, true}
		w.name("code").text(reason.Code)
		w.name("rule").text(reason.Rule)
		w.name("text").text(reason.Text)
		out[r] = append(w.b, '}')
	}
	return out
}()
