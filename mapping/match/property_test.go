package match

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// drawCatalog makes a catalog of some programs and groups, of all kinds and faults.
func drawCatalog(t *rapid.T) *program.Catalog {
	one := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
	some := func(name string, of ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, 3, rapid.ID[string]).Draw(t, name)
	}
	c := catalog()
	for i := range rapid.IntRange(1, 6).Draw(t, "programs") {
		p := offers(fmt.Sprintf("p%d", i), rapid.SampledFrom(mapping.Kinds).Draw(t, "kind"), "")
		p.Conditions = some("serves", "any", "depression", "chronic_pain", "copd", "obesity", "ptsd", "tbi")
		p.Goals = some("helps", "peer-support", "coping-strategies", "social-support", "behaviour-change")
		p.Participant = mapping.Participant(one("for", "", "", "family"))
		p.Criteria.AgeFrom = rapid.SampledFrom([]int{0, 0, 13, 60}).Draw(t, "from")
		p.Licensed = rapid.Bool().Draw(t, "licensed")
		c.Programs = append(c.Programs, p)
	}
	for i := range rapid.IntRange(0, 30).Draw(t, "groups") {
		c.Groups = append(c.Groups, drawGroup(t, fmt.Sprintf("g%d", i), rapid.SampledFrom(c.Programs).Draw(t, "of").ID))
	}
	return c
}

func drawGroup(t *rapid.T, id, of string) program.Group {
	one := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
	g := meets(id, of, starting(rapid.IntRange(-20, 60).Draw(t, "days"), rapid.IntRange(-4, 6).Draw(t, "hours")))
	g.Enrolment, g.Leader = one("enrolment", "closed", "rolling", "open"), one("leader", "ames", "ames", "vega", "pat", "brief")
	if one("mode", "in-person", "telehealth") == "telehealth" {
		g.Mode, g.Site = "telehealth", ""
	}
	g.Gender, g.Cost = one("gender", "", "", "female"), one("cost", "", "free", "low", "high")
	g.Languages = rapid.SampledFrom([][]string{nil, {"es"}, {"en", "es"}}).Draw(t, "languages")
	g.Payers = rapid.SampledFrom([][]string{nil, nil, {"medicare"}}).Draw(t, "payers")
	return g
}

// naive is the matcher without index, bitmaps, order or bounds: every group by itself.
func naive(b *Book, q Query) (chosen, wait int32) {
	s := search{Book: b, q: q, now: q.At.Unix(), today: b.day(q.At)}
	s.ask.prepare(q.Need)
	s.site = b.siteOf[q.Need.Site]
	b.filters(q.Need, &s.filters)
	var all []scored
	best := int32(-1)
	needs := map[int32]int32{}
	for at := range b.groups {
		p := s.judge(b.groups[at].program)
		if s.why(&p, int32(at)) != 0 {
			continue
		}
		g := &b.groups[at]
		c := s.score(&p, int32(at), g.next(s.now))
		c.full = g.seats > 0 && q.Taken(g.group) >= int(g.seats)
		all, best, needs[int32(at)] = append(all, c), max(best, p.need), p.need
	}
	all = slices.DeleteFunc(all, func(c scored) bool { return needs[c.at] < best-waitMargin })
	slices.SortFunc(all, func(x, y scored) int { return compareBool(b.better(&y, &x), b.better(&x, &y)) })
	chosen, wait = -1, -1
	for _, c := range all {
		if !c.full {
			return b.groups[c.at].group, -1
		}
		if wait < 0 {
			wait = b.groups[c.at].program
		}
	}
	return -1, wait
}

// drawQuery asks for any need in a book, with any seats taken.
func drawQuery(t *rapid.T, b *Book) Query {
	need, _ := b.Normalise(drawReferral(t), "ehr")
	taken := rapid.SliceOfN(rapid.SampledFrom([]int{0, 7, 8, 8}), int(b.Groups()), int(b.Groups())).Draw(t, "taken")
	return Query{Need: &need, At: now, Program: -1, Taken: func(g int32) int { return taken[g] }}
}

func TestMatchAgreesWithTheNaiveOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Compile(drawCatalog(t))
		q := drawQuery(t, b)
		r := b.Match(q)
		if chosen, wait := naive(b, q); r.Chosen != chosen || r.Wait != wait {
			t.Fatalf("chosen %d, wait %d; naive %d, %d", r.Chosen, r.Wait, chosen, wait)
		}
	})
}

// Whoever is placed suits the group; every group that serves is listed or counted; a list is in order.
func TestMatchHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Compile(drawCatalog(t))
		q := drawQuery(t, b)
		r := b.Match(q)
		outcomes := map[Outcome]int{}
		for i, c := range r.Candidates {
			outcomes[c.Outcome]++
			if suits := b.Suits(q.Need, c.Group, now); suits != (c.Outcome != Excluded) {
				t.Fatalf("%s is %s, suits %v", c.ID, c.Outcome, suits)
			}
			if c.Outcome == Excluded && len(c.Reasons()) == 0 || c.Outcome == Excluded && c.Total() != 0 {
				t.Fatalf("%s is excluded without a reason, or scored", c.ID)
			}
			if i > 0 && c.Outcome != Excluded && c.Outcome != Chosen && r.Candidates[i-1].Outcome != Chosen && c.Total() > r.Candidates[i-1].Total() {
				t.Fatalf("out of order: %+v", r.Candidates)
			}
		}
		if (outcomes[Chosen] == 1) != (r.Chosen >= 0) || len(r.Candidates) > CandidatesMax {
			t.Fatalf("chosen %d, candidates %+v", r.Chosen, r.Candidates)
		}
		if r.More.Excluded < 0 || r.More.Full < 0 || r.More.Possible < 0 {
			t.Fatalf("more %+v", r.More)
		}
		if none := r.Chosen < 0 && r.Wait < 0 && r.Join < 0; none != (len(r.Review)+len(r.NeedsInfo) > 0) {
			t.Fatalf("nothing found and nobody asked, or the reverse: %+v", r)
		}
		if r.Wait >= 0 {
			for _, g := range b.acceptable(q, r.Wait) {
				if !b.Suits(q.Need, g, now) || b.ProgramOf(g) != r.Wait {
					t.Fatalf("%d is not acceptable", g)
				}
			}
		}
	})
}

// The order in which a referral lists goals, and conditions after the first, changes nothing; nor does the order of groups in
// the catalog.
func TestMatchIgnoresOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCatalog(t)
		r := drawReferral(t)
		b := Compile(c)
		need, _ := b.Normalise(r, "ehr")
		if n := len(r.Conditions); n > 0 {
			r.Conditions = append(r.Conditions[:1:1], rapid.Permutation(r.Conditions[1:]).Draw(t, "conditions")...)
		}
		r.Goals = rapid.Permutation(r.Goals).Draw(t, "goals")
		r.Payers = rapid.Permutation(r.Payers).Draw(t, "payers")
		again, _ := b.Normalise(r, "ehr")
		if !reflect.DeepEqual(need, again) {
			t.Fatalf("%+v\n%+v", need, again)
		}
		other := *c
		other.Groups = rapid.Permutation(c.Groups).Draw(t, "groups")
		b2 := Compile(&other)
		x, y := b.Match(Query{Need: &need, At: now, Program: -1}), b2.Match(Query{Need: &need, At: now, Program: -1})
		if chosen(b, x) != chosen(b2, y) {
			t.Fatalf("%q, then %q", chosen(b, x), chosen(b2, y))
		}
		if len(x.Candidates) != len(y.Candidates) {
			t.Fatalf("%+v\n%+v", x.Candidates, y.Candidates)
		}
	})
}

// One more group with a free seat never makes what a patient gets worse.
func TestMoreGroupsAreNoWorse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCatalog(t)
		b := Compile(c)
		need, _ := b.Normalise(drawReferral(t), "ehr")
		q := Query{Need: &need, At: now, Program: -1}
		before := b.Match(q)
		c.Groups = append(c.Groups, drawGroup(t, "new", rapid.SampledFrom(c.Programs).Draw(t, "of").ID))
		after := Compile(c).Match(q)
		if before.Chosen >= 0 && (after.Chosen < 0 || total(after) < total(before) && !betterNeed(after, before)) {
			t.Fatalf("before %+v\nafter %+v", before.Candidates, after.Candidates)
		}
	})
}

func total(r Result) int {
	for i := range r.Candidates {
		if r.Candidates[i].Outcome == Chosen {
			return r.Candidates[i].Total()
		}
	}
	return -1
}

// betterNeed: what is chosen now fits conditions and goals better, and what was chosen fits clearly less.
func betterNeed(after, before Result) bool {
	need := func(r Result) int16 {
		for _, c := range r.Candidates {
			if c.Outcome == Chosen {
				return c.Score[partCondition] + c.Score[partGoals]
			}
		}
		return 0
	}
	return need(after) > need(before)+waitMargin
}

func TestRulesAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for i, r := range append(Rules[1:], ScoreParts[:]...) {
		if r.ID == "" || r.Code == "" || r.Text == "" || r.Source == "" || seen[r.ID] {
			t.Errorf("rule %d: %+v", i+1, r)
		}
		seen[r.ID] = true
	}
}

// The kinds table reads the same here as in package program.
func TestRankingAgreesWithTheTable(t *testing.T) {
	tab := shipped()
	rapid.Check(t, func(t *rapid.T) {
		c := NeedCondition{uint8(rapid.IntRange(0, len(tab.conditions)-1).Draw(t, "condition")), Severity(rapid.IntRange(0, 4).Draw(t, "severity"))}
		var set goalSet
		var goals []string
		for _, g := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(tab.goals)-1), 0, 4, rapid.ID[int]).Draw(t, "goals") {
			set |= 1 << g
			goals = append(goals, tab.goals[g].Code)
		}
		row, ok := program.AllowedKinds(tab.conditions[c.Condition].Key, severityWords[c.Severity], goals)
		if !ok {
			t.Fatalf("no row for %s %s", tab.conditions[c.Condition].Key, severityWords[c.Severity])
		}
		rank := tab.ranking(c, set)
		for i, k := range row.Kinds {
			if rank[kindOf(k)] != uint8(i+1) {
				t.Fatalf("%s %s %v: %v, not %v", tab.conditions[c.Condition].Key, severityWords[c.Severity], goals, rank, row.Kinds)
			}
		}
	})
}
