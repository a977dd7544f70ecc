package desk

import (
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// Named is a name of the shipped tables in the language; any other name, which somebody gave, stays.
func (w *Words) Named(name string) string { return or(w.shipped[name], name) }

// Goal by its name, of a code; the code itself where the table has none.
func (w *Words) Goal(code string) string {
	if g := program.GoalByCode(code); g != nil {
		return w.Named(g.Name)
	}
	return code
}

// Condition by the names of what its codes are taken for; empty where they are not known.
func (w *Words) Condition(codes []mapping.Code) string {
	var names []string
	for _, i := range program.Resolve(codes) {
		names = append(names, w.Named(program.Conditions()[i].Name))
	}
	return strings.Join(names, ", ")
}

// Risk by its name, of a safety rule.
func (w *Words) Risk(rule string) string {
	if w.Has("risk." + rule) {
		return w.T("risk." + rule)
	}
	return rule
}

// Wish is the value of a preference.
func (w *Words) Wish(what, value string) string {
	if what == "language" {
		return w.Language(value)
	}
	if list := map[string]string{"mode": "mode", "kind": "kind", "gender": "gender", "times": "times"}[what]; w.Has(list + "." + value) {
		return w.T(list + "." + value)
	}
	return value
}
