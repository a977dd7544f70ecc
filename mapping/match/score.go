package match

// Points of the score's parts. Whole numbers, so that equal is equal. source: assumption; that preferences weigh as much as
// they do: Swift 2018, accommodating preferences gives fewer dropouts (OR 1.79).
const (
	conditionNamed = 300 // the program names the patient's main condition, the first listed
	conditionOther = 100 // it names only conditions that come with it: less than one open to all, which is for the main one too
	conditionMore  = 40  // and for each further one that it names, up to three
	conditionAny   = 150 // it is open to every chronic condition, or serves a goal
	kindFirst      = 100 // the kind is the first choice for condition, severity and goals
	kindStep       = 20  // and less for each place down

	goalsServed   = 200 // all goals are served; a share for some
	goalsFavoured = 100 // the goals favour this kind of group

	wishKindPoints     = 80
	wishModePoints     = 60
	wishLanguagePoints = 60
	firstLanguage      = 30 // the group speaks the patient's first language
	wishSitePoints     = 40
	wishGenderPoints   = 40

	startMax = 100 // less one for each day until the first session

	samePostal = 60
	samePrefix = 40
	noTravel   = 30 // telehealth
	sameState  = 20
	costStep   = 10 // free 30, low 20, medium 10, high or unknown 0
	costMax    = 3 * costStep

	// waitMargin is how many points of condition and goals a program with a free seat may be behind the best, full one
	// and still be taken instead of waiting. source: assumption
	waitMargin = 120
)

// Part of a score.
type part uint8

const (
	partCondition part = iota
	partGoals
	partPreferences
	partStart
	partDistance
	partCost
	partPanel
	partsCount
)

// ScoreParts are the rules by which points are given, in the order of a candidate's parts.
var ScoreParts = [partsCount]RuleText{
	partCondition:   {"condition", "condition", "How well the program fits the conditions, and its kind their severity.", "kinds table of the shipped data; weights: assumption"},
	partGoals:       {"goals", "goals", "The goals that the program serves, and that its kind of group favours.", "What is group therapy (social support or change); weights: assumption"},
	partPreferences: {"preferences", "preferences", "The patient's preferences that are met.", "Swift 2018; weights: assumption"},
	partStart:       {"start", "start", "The sooner the first session, the better.", "assumption"},
	partDistance:    {"distance", "distance", "Same postal code, then the same area, then the same state.", "assumption"},
	partPanel:       {"own-panel", "own-panel", "The leader is the clinician who refers: their own client.", "Support groups and therapy groups (the therapist selects among individual clients)"},
	partCost:        {"cost", "cost", "The cheaper, the better; never a reason for another kind of care.", "Benefits of group treatment; Support groups and therapy groups"},
}

// scored is a group that suits, with its points.
type scored struct {
	at      int32
	total   int32
	start   int64 // of its first session for this patient
	parts   [partsCount]int16
	full    bool
	adjunct bool
}

// better: higher score, then earlier start, lower cost, lower group id.
func (b *Book) better(x, y *scored) bool {
	if x.total != y.total {
		return x.total > y.total
	}
	if x.start != y.start {
		return x.start < y.start
	}
	gx, gy := &b.groups[x.at], &b.groups[y.at]
	if gx.cost != gy.cost {
		return gx.cost < gy.cost
	}
	return gx.rank < gy.rank
}

// score a group whose session k is the patient's first.
func (s *search) score(p *prospect, at int32, k int) scored {
	t := &s.traits[at]
	c := scored{at: at, start: s.groups[at].starts[k], adjunct: p.adjunct}
	c.parts[partCondition], c.parts[partGoals] = p.fit[0], p.fit[1]
	c.parts[partPreferences] = int16(p.wish + s.wishPoints(t))
	c.parts[partStart] = int16(s.startPoints(c.start))
	c.parts[partDistance] = int16(s.distancePoints(t))
	c.parts[partCost] = int16(costPoints(t))
	c.parts[partPanel] = s.panelPoints(p.program, at)
	for _, points := range c.parts {
		c.total += int32(points)
	}
	return c
}

// panelPoints are for a group led by who refers.
func (s *search) panelPoints(program, at int32) int16 {
	if points := s.programs[program].panel; points != 0 && s.need.Clinician != "" && s.need.Clinician == s.groups[at].npi {
		return points
	}
	return 0
}

// groupPoints are those that do not depend on time.
func (s *search) groupPoints(t *traits) int32 {
	return s.wishPoints(t) + s.distancePoints(t) + costPoints(t)
}

func (s *search) startPoints(start int64) int32 {
	const day = 24 * 60 * 60
	return int32(max(0, startMax-(start-s.now)/day))
}

func costPoints(t *traits) int32 { return int32(4-t.cost) * costStep }

func (s *search) wishPoints(t *traits) (points int32) {
	n := s.need
	if n.WantMode != 0 && n.WantMode == t.mode {
		points += wishModePoints
	}
	if n.WantGender != 0 && n.WantGender == t.gender {
		points += wishGenderPoints
	}
	if s.site != 0 && s.site == t.site {
		points += wishSitePoints
	}
	for _, l := range t.langs {
		if l == 0 {
			break
		}
		if l == n.WantLanguage {
			points += wishLanguagePoints
		}
		if l == n.Languages[0] {
			points += firstLanguage
		}
	}
	return points
}

func (s *search) distancePoints(t *traits) int32 {
	n := s.need
	switch {
	case t.mode == telehealth:
		return noTravel
	case n.PostalCode[0] != 0 && n.PostalCode == t.postal:
		return samePostal
	case n.PostalCode[2] != 0 && [3]byte(n.PostalCode[:3]) == [3]byte(t.postal[:3]):
		return samePrefix
	case n.State[0] != 0 && n.State == t.state:
		return sameState
	}
	return 0
}

// mostPoints that any group can add for a need.
func mostPoints(n *Need) int32 {
	most := int32(startMax + costMax + noTravel)
	if n.PostalCode[0] != 0 {
		most += samePostal - noTravel
	}
	for _, w := range []struct {
		wanted bool
		points int32
	}{
		{n.WantMode != 0, wishModePoints}, {n.WantGender != 0, wishGenderPoints}, {n.Site != "", wishSitePoints},
		{n.WantLanguage != 0, wishLanguagePoints}, {n.Languages[0] != 0, firstLanguage},
	} {
		if w.wanted {
			most += w.points
		}
	}
	return most
}
