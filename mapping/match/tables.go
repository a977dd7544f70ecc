package match

import (
	"slices"
	"sync"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// tables are the shipped reference tables, numbered: conditions and goals by their place in the table, safety
// rules by name. Goal 0 is goals[0]; severities are Severity.
type tables struct {
	conditions  []program.Condition
	conditionOf map[string]uint8
	chronic     conditionSet
	cognitive   conditionSet // impair thinking: other kinds of group than theirs do not suit
	goals       []program.Goal
	goalOf      map[string]uint8
	goalKinds   []kindSet
	peerGoals   goalSet // favour support above all
	// byCondition and byGoal are the kinds table.
	byCondition [][Severe + 1]allowance
	byBoth      map[conditionGoal][]kind // order of kinds for one goal
	byGoal      []allowance
	rules       words // safety rules; 0 is none
	// What a placement tells outward of each condition and goal that it serves.
	conditionReasons, anyReasons, goalReasons []mapping.Reason
}

type conditionGoal struct {
	condition uint8
	severity  Severity
	goal      uint8
}

// allowance is a row of the kinds table.
type allowance struct {
	order    []kind // the preferred first
	kinds    kindSet
	adjunct  kindSet
	licensed bool
	// byChoice: milder than what is licensed first; a peer group is a place only where it is chosen.
	byChoice bool
}

// cognitiveConditions impair thinking, by key.
var cognitiveConditions = [...]string{"dementia", "mild_cognitive_impairment"}

var shipped = sync.OnceValue(func() *tables {
	t := &tables{
		conditions: program.Conditions(), conditionOf: map[string]uint8{},
		goals: program.Goals(), goalOf: map[string]uint8{}, rules: words{""},
		byBoth: map[conditionGoal][]kind{},
	}
	for i, c := range t.conditions {
		t.conditionOf[c.Key] = uint8(i)
		t.conditionReasons = append(t.conditionReasons, mapping.Reason{Code: "serves-condition", Text: "The program is for: " + c.Name + "."})
		t.anyReasons = append(t.anyReasons, mapping.Reason{Code: "serves-condition", Text: "The program is for any chronic condition: " + c.Name + "."})
		if c.Chronic {
			t.chronic.add(uint8(i))
		}
	}
	for i, g := range t.goals {
		t.goalOf[g.Code] = uint8(i)
		t.goalReasons = append(t.goalReasons, mapping.Reason{Code: "serves-goal", Text: "It serves the goal: " + g.Name + "."})
		order, s := kindsOf(g.Kinds)
		t.goalKinds = append(t.goalKinds, s)
		if len(order) > 0 && order[0] == support {
			t.peerGoals |= 1 << i
		}
	}
	for _, key := range cognitiveConditions {
		t.cognitive.add(t.conditionOf[key])
	}
	for _, r := range program.SafetyRules() {
		if !slices.Contains(t.rules, r.Rule) {
			t.rules = append(t.rules, r.Rule)
		}
	}
	slices.Sort(t.rules)
	if len(t.conditions) > conditionsMax || len(t.goals) > 64 || len(t.rules) > 32 {
		panic("match: a shipped table outgrew its set")
	}
	t.readKinds()
	return t
})

func (t *tables) readKinds() {
	t.byCondition = make([][Severe + 1]allowance, len(t.conditions))
	t.byGoal = make([]allowance, len(t.goals))
	for _, r := range program.KindRows() {
		a := allowance{licensed: r.Licensed}
		a.order, a.kinds = kindsOf(r.Kinds)
		_, a.adjunct = kindsOf(r.Adjunct)
		if r.Condition == "" {
			t.byGoal[t.goalOf[r.Goal]] = a
			continue
		}
		c := t.conditionOf[r.Condition]
		for _, s := range severitiesOf(r.Severity) {
			if r.Goal == "" {
				t.byCondition[c][s] = a
			} else {
				t.byBoth[conditionGoal{c, s, t.goalOf[r.Goal]}] = a.order
			}
		}
	}
	for c := range t.byCondition {
		for s := range t.byCondition[c] {
			a := &t.byCondition[c][s]
			a.byChoice = !a.licensed && t.byCondition[c][Severe].licensed
		}
	}
}

// severitiesOf a row: "any" is each known one.
func severitiesOf(s string) []Severity {
	switch s {
	case program.SeverityUnknown:
		return []Severity{SeverityUnknown}
	case "any":
		return []Severity{Mild, Moderate, ModeratelySevere, Severe}
	}
	return []Severity{Severity(severityWords.number(s))}
}

func kindsOf(names []mapping.Kind) (order []kind, set kindSet) {
	for _, n := range names {
		k := kindOf(n)
		order, set = append(order, k), set|1<<k
	}
	return order, set
}

// ranking gives each allowed kind its place from 1 for the goals; 0 is not allowed. As program.AllowedKinds orders
// them: for one goal by the row of that goal, for several by the number that favour a kind.
func (t *tables) ranking(c NeedCondition, goals goalSet) (rank [8]uint8) {
	base := &t.byCondition[c.Condition][c.Severity]
	if goals.count() == 1 {
		if order, ok := t.byBoth[conditionGoal{c.Condition, c.Severity, goals.lowest()}]; ok {
			return ranked(order, [8]uint8{})
		}
	}
	var votes [8]uint8
	for rest := goals; rest != 0; rest &= rest - 1 {
		g := rest.lowest()
		if order, ok := t.byBoth[conditionGoal{c.Condition, c.Severity, g}]; ok {
			votes[order[0]]++
			continue
		}
		for k := range votes {
			if t.goalKinds[g].has(kind(k)) {
				votes[k]++
			}
		}
	}
	return ranked(base.order, votes)
}

// ranked numbers kinds from 1 by falling votes; equal ones keep their order.
func ranked(order []kind, votes [8]uint8) (rank [8]uint8) {
	for i, k := range order {
		rank[k] = 1
		for j, other := range order {
			if votes[other] > votes[k] || votes[other] == votes[k] && j < i {
				rank[k]++
			}
		}
	}
	return rank
}

// rankingOfGoals is the same for a need without a condition: what serves the goals alone.
func (t *tables) rankingOfGoals(goals goalSet) (kinds kindSet, rank [8]uint8) {
	var votes [8]uint8
	var order [8]kind
	n := 0
	for rest := goals; rest != 0; rest &= rest - 1 {
		for _, k := range t.byGoal[rest.lowest()].order {
			if !kinds.has(k) {
				kinds |= 1 << k
				order[n] = k
				n++
			}
			votes[k]++
		}
	}
	return kinds, ranked(order[:n], votes)
}
