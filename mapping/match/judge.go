package match

import (
	"slices"

	"github.com/convene-health/convene/mapping"
)

// ask is a need prepared for judging programs.
type ask struct {
	need       *Need
	conditions conditionSet
	excluding  conditionSet       // the conditions, and those in doubt
	fits       [conditionsMax]fit // of Need.Conditions, in order
	goalKinds  kindSet            // for a need without conditions: what serves the goals
	goalRank   [8]uint8
	// favour is, for each kind, the number of goals that favour it.
	favour [8]uint8
	// wantsPeers: a wish or a goal asks for a support group; impaired: a condition is cognitive.
	wantsPeers, impaired bool
	// groupMax is the most points that a group can add to its program's.
	groupMax int32
	site     int32 // wished, as traits have it
}

// conditionsMax is how many conditions of one need are weighed: a need has each condition of the table at most once.
const conditionsMax = 128

// fit is what the kinds table says of one condition of the need.
type fit struct {
	allowance *allowance
	rank      [8]uint8
}

func (a *ask) prepare(n *Need) {
	t := shipped()
	a.need, a.conditions, a.groupMax = n, n.conditionSet(), mostPoints(n)
	a.excluding = a.conditions.or(n.Doubted)
	for i, c := range n.Conditions {
		a.fits[i] = fit{&t.byCondition[c.Condition][c.Severity], t.ranking(c, n.Goals)}
	}
	a.wantsPeers = n.WantKind == support || n.Goals&t.peerGoals != 0
	a.impaired = !n.Family && !t.cognitive.and(a.excluding).empty()
	for rest := n.Goals; rest != 0; rest &= rest - 1 {
		for k := range a.favour {
			if t.goalKinds[rest.lowest()].has(kind(k)) {
				a.favour[k]++
			}
		}
	}
	if len(n.Conditions) == 0 {
		a.goalKinds, a.goalRank = t.rankingOfGoals(n.Goals)
	}
}

// judge says how well a program serves the need, and why it does not.
func (s *search) judge(program int32) prospect {
	o, n := &s.programs[program], s.need
	p := prospect{program: program, named: o.conditions.and(s.conditions)}
	s.judgeFit(&p, o)
	if asked := n.Goals.count(); asked > 0 {
		p.fit[1] = int16((goalsServed*(n.Goals&o.goals).count() + goalsFavoured*int(s.favour[o.kind])) / asked)
	}
	p.need = int32(p.fit[0]) + int32(p.fit[1])
	if n.WantKind != 0 && n.WantKind == o.kind {
		p.wish = wishKindPoints
	}
	p.bound = p.need + p.wish + s.groupMax + int32(o.panel)
	if o.family != n.Family {
		p.why.add(ruleParticipant)
	}
	s.judgeCriteria(&p, o)
	s.judgeAge(&p, o)
	s.judgeGates(&p, o)
	if n.requires(wishKind) && n.WantKind != 0 && n.WantKind != o.kind {
		p.why.add(ruleWishKind)
	}
	if slices.Contains(s.q.Used, program) || o.once.used(s.need, s.today) {
		p.why.add(ruleBenefit)
	}
	if slices.Contains(s.q.Held, program) {
		p.why.add(ruleHeld)
	}
	return p
}

// judgeFit reads the kinds table: is a group of this kind a place for one of the conditions that the program serves?
func (s *search) judgeFit(p *prospect, o *offering) {
	if len(s.need.Conditions) == 0 {
		s.judgeGoals(p, o)
		return
	}
	goal := s.need.Goals&o.goals != 0
	// Asked for by name it may serve any condition, where it names none: what it does name keeps asking for a licence first.
	asked := goal && s.asked(o) && p.named.empty()
	peers := o.kind == support && !o.licensed && !s.wantsPeers && !s.asked(o)
	served, allowed, licensed, adjunct, unasked := 0, 0, true, false, false
	rank := uint8(255)
	for i, c := range s.need.Conditions {
		if !o.conditions.has(c.Condition) && !(o.any && (goal || shipped().chronic.has(c.Condition))) && !asked {
			continue
		}
		served++
		f := &s.fits[i]
		switch {
		case peers && f.allowance.byChoice:
			unasked = unasked || f.allowance.kinds.has(o.kind)
		case f.allowance.kinds.has(o.kind):
			allowed++
			licensed = licensed && f.allowance.licensed
			rank = min(rank, f.rank[o.kind])
		case s.impaired && o.conditions.has(c.Condition) && shipped().cognitive.has(c.Condition):
			// A program that names the impairment is made for it, whatever its kind.
			allowed++
			licensed, rank = false, min(rank, lastRank)
		case f.allowance.adjunct.has(o.kind):
			adjunct = true
		}
	}
	switch {
	case served == 0:
		p.why.add(ruleOverlap)
		return
	case allowed > 0:
		p.licensed = licensed && !s.besideLicensed()
		p.adjunct = licensed && s.besideLicensed() && !o.licensed
	case (adjunct || unasked) && s.besideLicensed():
		p.adjunct, rank = true, lastRank
	case adjunct:
		p.why.add(ruleLicensedFirst)
		return
	case unasked:
		p.why.add(rulePeerByChoice)
		return
	default:
		p.why.add(ruleKind)
		return
	}
	points := int16(conditionAny)
	if named := p.named.count(); named > 0 {
		points = conditionOther
		if p.named.has(s.need.Conditions[0].Condition) {
			points = conditionNamed
		}
		points += int16(conditionMore * min(named-1, 3))
	}
	p.fit[0] = points + rankPoints(rank)
}

// judgeGoals is for a need without conditions: only programs open to every condition, or asked for by name.
func (s *search) judgeGoals(p *prospect, o *offering) {
	switch {
	case s.need.Goals&o.goals == 0 || !o.any && !o.conditions.empty() && !s.asked(o):
		p.why.add(ruleOverlap)
	case !s.goalKinds.has(o.kind):
		p.why.add(ruleKind)
	default:
		p.fit[0] = conditionAny + rankPoints(s.goalRank[o.kind])
	}
}

// asked: the referrer named the program.
func (s *search) asked(o *offering) bool { return slices.Contains(s.need.Programs, o.id) }

// besideLicensed: the patient attends a program with a licensed leader, so a peer group may stand beside it.
func (s *search) besideLicensed() bool {
	return slices.ContainsFunc(s.q.Beside, func(at int32) bool {
		return s.programs[at].licensed && !s.programs[at].conditions.and(s.conditions).empty()
	})
}

// lastRank is the place of a kind that the kinds table does not rank.
const lastRank = 5

func rankPoints(rank uint8) int16 { return int16(max(kindFirst-kindStep*(int(rank)-1), kindStep)) }

// judgeCriteria applies what excludes from the program.
func (s *search) judgeCriteria(p *prospect, o *offering) {
	n := s.need
	if !o.excludes.and(s.excluding).empty() || o.barred&n.Barred != 0 {
		p.why.add(ruleCriteria)
	}
	if o.weight && s.excluding.has(eatingDisorder()) {
		p.why.add(ruleEatingDisorder)
	}
	if o.prevention && n.Barred&pregnancy() != 0 {
		p.why.add(rulePregnancy)
	}
	if s.impaired && !s.suitsImpaired(o) {
		p.why.add(ruleCognition)
	}
	if o.severities != 0 {
		p.why |= s.judgeSeverity(p, o)
	}
}

// suitsImpaired: for each cognitive impairment the program names it, or is of a kind for it. One in doubt has no severity.
func (s *search) suitsImpaired(o *offering) bool {
	t := shipped()
	for _, key := range cognitiveConditions {
		if c := t.conditionOf[key]; s.need.Doubted.has(c) && !o.conditions.has(c) && !t.byCondition[c][SeverityUnknown].kinds.has(o.kind) {
			return false
		}
	}
	for i, c := range s.need.Conditions {
		if shipped().cognitive.has(c.Condition) && !o.conditions.has(c.Condition) && !s.fits[i].allowance.kinds.has(o.kind) {
			return false
		}
	}
	return true
}

// judgeSeverity: one of the conditions that the program names must have a severity that it takes. Moderately severe
// is taken where severe is.
func (s *search) judgeSeverity(p *prospect, o *offering) why {
	unknown := false
	for _, c := range s.need.Conditions {
		if !p.named.has(c.Condition) {
			continue
		}
		taken := uint8(1) << c.Severity
		if c.Severity == ModeratelySevere {
			taken |= 1 << Severe
		}
		if c.Severity != SeverityUnknown && o.severities&taken != 0 {
			return 0
		}
		unknown = unknown || c.Severity == SeverityUnknown
	}
	if unknown {
		return 1 << ruleSeverityUnknown
	}
	return 1 << ruleSeverity
}

func eatingDisorder() uint8 { return shipped().conditionOf["eating_disorder"] }
func pregnancy() ruleSet    { return 1 << shipped().rules.number("pregnancy") }

// judgeAge excludes a whole program where no session it has could be in the patient's age band.
func (s *search) judgeAge(p *prospect, o *offering) {
	if o.lastDate == 0 {
		return
	}
	if w := s.ageWhy(o, s.today) & s.ageWhy(o, o.lastDate); w != 0 {
		p.why |= w
	}
}

// ageWhy judges the age on one day. A partial birth date counts as its last possible day for the lower bound and its
// first for the upper one; where only that decides, the age is unknown.
func (s *search) ageWhy(o *offering, day date) why {
	birth := s.need.Birth
	if birth == 0 {
		return 1 << ruleAgeUnknown
	}
	switch {
	case ageBand(o, birth.last(), birth.first(), day):
		return 0
	case ageBand(o, birth.first(), birth.last(), day):
		return 1 << ruleAgeUnknown
	case o.forAdults() && day < birth.first().plus(mapping.AdultFrom), o.forMinors() && day >= birth.last().plus(mapping.AdultFrom):
		return 1 << ruleMinors
	}
	return 1 << ruleAge
}

// ageBand: born by young, the patient is old enough, and born by old, not too old. Minors and adults are never
// mixed: a band with both is for adults.
func ageBand(o *offering, young, old, day date) bool {
	from := o.ageFrom
	if o.mixedAges {
		from = mapping.AdultFrom
	}
	return day >= young.plus(from) && (o.ageTo == 0 || day < old.plus(o.ageTo+1))
}

func (o *offering) forAdults() bool { return o.mixedAges || o.ageFrom >= mapping.AdultFrom }
func (o *offering) forMinors() bool {
	return !o.mixedAges && o.ageTo != 0 && o.ageTo < mapping.AdultFrom
}

// plus adds years; as numbers, 29 February comes after 28 February in every year.
func (d date) plus(years uint8) date { return d + date(years)*10000 }

// dayWhy is what excludes from a group whose session k is the patient's first: age on that day, and a licence that
// does not hold from then through the patient's last session.
func (s *search) dayWhy(p *prospect, g *meeting, k int) (w why) {
	o := &s.programs[g.program]
	w = s.ageWhy(o, g.days[k])
	if (o.licensed || p.licensed) && !licensedFor(g, s.need.State, g.days[k], g.days[g.last(k)]) {
		w.add(ruleLicence)
	}
	return w
}

// last is the index of the last session that binds a patient whose first is k. An ongoing group lists a year and
// has no last: what is known to be needed is the first.
func (g *meeting) last(k int) int {
	switch {
	case !g.closed && g.each > 0:
		return min(k+int(g.each), len(g.days)) - 1
	case g.endless:
		return k
	}
	return len(g.days) - 1
}

func licensedFor(g *meeting, patient [2]byte, first, last date) bool {
	for _, l := range g.licences {
		if l.from <= first && last <= l.to && (g.mode != telehealth || l.state == patient) {
			return true
		}
	}
	return false
}
