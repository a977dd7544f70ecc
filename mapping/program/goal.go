package program

import "github.com/convene-health/convene/mapping"

// Goal that a referral can carry.
type Goal struct {
	Code string // e.g. "coping-strategies"
	Name string
	// Kinds of group that serve it, the best first; empty where a goal says nothing of the kind (affordability).
	Kinds []mapping.Kind
	// Source is the title of the article that names it; Assumed marks a choice of kinds that the article does not state.
	Source  string
	Assumed bool
}

// Goals of the shipped table.
func Goals() []Goal { return shipped().goals }

// GoalByCode finds a goal, nil if there is none of that code.
func GoalByCode(code string) *Goal {
	if i, ok := shipped().goalOf[code]; ok {
		return &shipped().goals[i]
	}
	return nil
}

func (t *Tables) readGoals() {
	t.goalOf = map[string]int{}
	for i, r := range readTable("goals.csv") {
		t.goalOf[r["code"]] = i
		t.goals = append(t.goals, Goal{
			Code: r["code"], Name: r["name"], Kinds: r.kinds("kinds"), Source: r["source"], Assumed: r["mapping"] == "assumption",
		})
	}
}
