package program

import (
	"slices"

	"github.com/convene-health/convene/mapping"
)

// SeverityUnknown is a row of its own in the kinds table: unknown is never mild.
const SeverityUnknown = "unknown"

// severityAny marks a row that holds whatever the severity, where that is known.
const severityAny = "any"

// Severities that a condition can have, rising, as PHQ-9 and GAD-7 grade them.
var Severities = []string{"mild", "moderate", "moderately-severe", "severe"}

// KindRow says which kinds of group may be the primary one for a condition at a severity.
type KindRow struct {
	// Condition key; empty: a referral that names goals only.
	Condition string
	// Severity of Severities, "unknown", or "any" for each known one.
	Severity string
	// Goal that the row is for; empty: whatever the goals.
	Goal string
	// Kinds allowed, the preferred first.
	Kinds []mapping.Kind
	// Licensed: of these kinds only programs with a licensed leader.
	Licensed bool
	// Adjunct kinds may stand beside a licensed primary, never instead of it.
	Adjunct []mapping.Kind
	// Source of the rule, or "assumption".
	Source string
}

type kindKey struct{ condition, severity, goal string }

// KindRows is the whole kinds table.
func KindRows() []KindRow { return shipped().kinds }

// AllowedKinds gives the kinds for one condition at a severity (empty is unknown), ordered for the goals.
// Goals never add a kind that the condition does not allow; they only bring those they favour to the front.
// An empty condition asks for what serves the goals alone. False: the table says nothing of it.
func AllowedKinds(condition, severity string, goals []string) (KindRow, bool) {
	return shipped().AllowedKinds(condition, severity, goals)
}

// AllowedKinds over these tables.
func (t *Tables) AllowedKinds(condition, severity string, goals []string) (KindRow, bool) {
	if condition == "" {
		return t.kindsOfGoals(goals)
	}
	if severity == "" {
		severity = SeverityUnknown
	}
	base, ok := t.kindRow(condition, severity, "")
	if !ok {
		return KindRow{}, false
	}
	if len(goals) == 1 {
		if r, ok := t.kindRow(condition, severity, goals[0]); ok {
			return r, true
		}
	}
	base.Kinds = t.favoured(base.Kinds, condition, severity, goals)
	return base, true
}

// kindRow finds a row by its severity, or the one for any known severity.
func (t *Tables) kindRow(condition, severity, goal string) (KindRow, bool) {
	i, ok := t.kindOf[kindKey{condition, severity, goal}]
	if !ok && severity != SeverityUnknown {
		i, ok = t.kindOf[kindKey{condition, severityAny, goal}]
	}
	if !ok {
		return KindRow{}, false
	}
	return t.kinds[i], true
}

// favoured orders kinds by the number of goals that favour them; equal ones keep their order.
func (t *Tables) favoured(kinds []mapping.Kind, condition, severity string, goals []string) []mapping.Kind {
	votes := map[mapping.Kind]int{}
	for _, g := range goals {
		if r, ok := t.kindRow(condition, severity, g); ok {
			votes[r.Kinds[0]]++
		} else if i, ok := t.goalOf[g]; ok {
			for _, k := range t.goals[i].Kinds {
				votes[k]++
			}
		}
	}
	if len(votes) == 0 {
		return kinds
	}
	kinds = slices.Clone(kinds)
	slices.SortStableFunc(kinds, func(a, b mapping.Kind) int { return votes[b] - votes[a] })
	return kinds
}

// kindsOfGoals joins the rows of goals that come without a condition.
func (t *Tables) kindsOfGoals(goals []string) (KindRow, bool) {
	var all KindRow
	for _, g := range goals {
		r, ok := t.kindRow("", severityAny, g)
		if !ok {
			continue
		}
		if len(all.Kinds) == 0 {
			all = r
			all.Kinds = slices.Clone(r.Kinds)
			continue
		}
		all.Goal, all.Source = "", all.Source+"; "+r.Source
		for _, k := range r.Kinds {
			if !slices.Contains(all.Kinds, k) {
				all.Kinds = append(all.Kinds, k)
			}
		}
	}
	if len(all.Kinds) == 0 {
		return KindRow{}, false
	}
	all.Kinds = t.favoured(all.Kinds, "", severityAny, goals)
	return all, true
}

// KindDefault fills in what neither a program nor its template says.
type KindDefault struct {
	Kind      mapping.Kind
	Enrolment string
	Seats     Seats
	// SeatsLimit is the most seats that are sane for this kind; more is a mistake in the catalog.
	SeatsLimit int
	Minutes    int
	Every      string
	// Sessions a closed group holds; 0: ongoing.
	Sessions   int
	Licensed   bool
	Attendance string
	Source     string
}

// DefaultsOfKind gives the defaults of one kind; false for a word that is no kind.
func DefaultsOfKind(kind mapping.Kind) (KindDefault, bool) {
	d, ok := shipped().kindDefaults[kind]
	return d, ok
}

func (t *Tables) readKinds() {
	t.kindOf, t.kindDefaults = map[kindKey]int{}, map[mapping.Kind]KindDefault{}
	for i, r := range readTable("kinds.csv") {
		t.kindOf[kindKey{r["condition"], r["severity"], r["goal"]}] = i
		t.kinds = append(t.kinds, KindRow{
			Condition: r["condition"], Severity: r["severity"], Goal: r["goal"], Kinds: r.kinds("kinds"),
			Licensed: r.yes("licensed"), Adjunct: r.kinds("adjunct"), Source: r["source"],
		})
	}
	for _, r := range readTable("kind-defaults.csv") {
		d := KindDefault{
			Kind: mapping.Kind(r["kind"]), Enrolment: r["enrolment"],
			Seats: Seats{Min: r.number("seats_min"), Max: r.number("seats_max")}, SeatsLimit: r.number("seats_limit"),
			Minutes: r.number("minutes"), Every: r["every"], Sessions: r.number("sessions"),
			Licensed: r.yes("licensed"), Attendance: r["attendance"], Source: r["source"],
		}
		t.kindDefaults[d.Kind] = d
	}
}
