package generate

import "slices"

// Case is one kind of special referral, or of what happens around one.
type Case struct {
	Name string
	// Share of the referrals, 0 to 1.
	Share float64
	// About says what it is.
	About string

	// who makes the referral's subject: whom it is about and what it says.
	who func(*generator, *draft)
	// story is what happens after the referral is sent, or before.
	story func(*generator, *draft)
	// early: in the first 40 % of the time, while most groups have seats.
	early bool
	// from picks a source where the story can happen; nil: any.
	from func(*source) bool
}

// Cases in the order in which they are dealt. A referral has at most one subject and one story; those without a
// subject are of the sample's mix.
func Cases() []Case {
	return append(append(subjects(), stories()...), Case{Name: "bad", Share: 0.055, About: "messages that cannot be read or obeyed, of every kind in turn"},
		Case{Name: "clock", Share: 0.004, About: "clock events, as the worker publishes them when something is due"})
}

// subjects are what referrals can be about.
func subjects() []Case {
	return []Case{
		{Name: "therapy", Share: 0.40, About: "needs a therapy or skills group: mood, trauma, pain, substance use, sleep, grief", who: (*generator).therapy},
		{Name: "chronic", Share: 0.12, About: "chronic conditions that the sample lacks", who: (*generator).chronic},
		{Name: "risk", Share: 0.06, About: "hits a STOP or REVIEW rule, each kind in turn", who: (*generator).risk},
		{Name: "caregiver", Share: 0.035, About: "a family member or caregiver, as a participant of their own", who: (*generator).caregiver},
		{Name: "minor", Share: 0.04, About: "under 18 years", who: (*generator).minor},
		{Name: "goal-only", Share: 0.008, About: "names goals and no condition", who: (*generator).goalOnly},
		{Name: "programs", Share: 0.01, About: "asks for several programs", who: (*generator).programs},
		{Name: "unknown-code", Share: 0.015, About: "only codes that nobody knows", who: (*generator).unknownCode},
		{Name: "missing-fact", Share: 0.015, About: "lacks the birth date", who: (*generator).missingFact},
		{Name: "denied", Share: 0.01, About: "free text that denies a risk, which adds nothing", who: (*generator).denied},
		{Name: "unidentified", Share: 0.006, About: "has no identifier of its own", who: (*generator).unidentified},
	}
}

// stories are what can happen around referrals.
func stories() []Case {
	return []Case{
		{Name: "twice", Share: 0.03, About: "a second EHR refers the same person, known by a shared number", story: (*generator).twice, from: hasSharing},
		{Name: "same-number", Share: 0.014, About: "another person has the same number under another assigner", story: (*generator).sameNumber, from: hasNeighbour},
		{Name: "namesake", Share: 0.007, About: "another EHR refers somebody of the same name and birth date, without a shared number", story: (*generator).namesake, from: hasNeighbour},
		{Name: "merged", Share: 0.005, About: "a person registered twice, then merged", story: (*generator).merged},
		{Name: "mistaken", Share: 0.007, About: "an update about another person", story: (*generator).mistaken},
		{Name: "cancelled", Share: 0.11, About: "cancelled by the referrer", story: (*generator).cancelled, early: true},
		{Name: "not-owner", Share: 0.007, About: "another source tries to cancel", story: (*generator).notOwner, from: hasNeighbour},
		{Name: "garbled-cancel", Share: 0.007, About: "a cancel that cannot be read, of a placed referral", story: (*generator).garbledCancel, early: true},
		{Name: "foretold", Share: 0.007, About: "the cancel arrives before the referral", story: (*generator).foretold},
		{Name: "updated", Share: 0.06, About: "changed by the referrer", story: (*generator).updated},
		{Name: "worsened", Share: 0.009, About: "an update that brings a STOP or REVIEW to light", story: (*generator).worsened, early: true},
		{Name: "died", Share: 0.007, About: "an update says that the patient has died", story: (*generator).died, early: true},
		{Name: "released", Share: 0.023, About: "the seat is given up", story: (*generator).released, early: true},
		{Name: "resent", Share: 0.05, About: "sent again, byte for byte or under a new envelope", story: (*generator).resent},
		{Name: "stale", Share: 0.02, About: "an older content again, after an update", story: (*generator).stale},
	}
}

func hasSharing(s *source) bool   { return s.sharing() != nil }
func hasNeighbour(s *source) bool { return s.neighbour() != nil && s.global() }

// drafts makes up the referrals and what happens around them.
func (g *generator) drafts() {
	whos := g.deal(subjects(), func(int) bool { return true })
	ordinary := func(i int) bool { return whos[i] == nil || whos[i].Name == "therapy" || whos[i].Name == "chronic" }
	tales := g.deal(stories(), ordinary)
	positions := make([]int64, g.options.Count)
	for i := range positions {
		positions[i] = g.rand.Int64N(g.calendar.length)
	}
	slices.Sort(positions)
	for i, at := range positions {
		tale := tales[i]
		s, ok := g.anySource(tale)
		if !ok {
			tale = nil // no source of these networks can have this story
		}
		d := g.newDraft(s, at)
		if who := whos[i]; who != nil {
			who.who(g, d)
		} else {
			g.sampled(d)
		}
		if tale != nil {
			tale.story(g, d)
		} else {
			g.created(d)
		}
	}
}

// deal gives each case its number of the referrals for which may holds, at most one to each; nil is none.
func (g *generator) deal(cases []Case, may func(int) bool) []*Case {
	hands := make([]*Case, g.options.Count)
	order := g.rand.Perm(g.options.Count)
	for _, early := range []bool{true, false} {
		for k := range cases {
			c := &cases[k]
			if c.early != early {
				continue
			}
			last := g.options.Count * 9 / 10
			if c.early {
				last = g.options.Count * 4 / 10
			}
			left := g.number(c)
			for _, i := range order {
				if left > 0 && hands[i] == nil && may(i) && (c.story == nil || i <= last) {
					hands[i] = c
					left--
				}
			}
		}
	}
	return hands
}

// anySource picks where a story can happen, larger networks and first sources the more often. Where it can happen
// nowhere, it picks any source and reports false.
func (g *generator) anySource(c *Case) (s *source, fits bool) {
	from := func(*source) bool { return true }
	if c != nil && c.from != nil {
		from = c.from
	}
	list := make([]weighted[*network], len(g.networks))
	for i, n := range g.networks {
		list[i] = weighted[*network]{n, n.weight}
	}
	n, ok := draw(g.rand, list, func(n *network) bool { return slices.ContainsFunc(n.sources, from) })
	if !ok {
		s, _ = g.anySource(nil)
		return s, false
	}
	sources := make([]weighted[*source], len(n.sources))
	for i, s := range n.sources {
		sources[i] = weighted[*source]{s, 12 / (2 + min(i, 10))}
	}
	s, _ = draw(g.rand, sources, from)
	return s, true
}
