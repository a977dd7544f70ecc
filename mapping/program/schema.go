package program

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
)

// catalogSchema is the schema but for the words that the shipped tables hold, each list of which is named by $.
//
//go:embed schema.json
var catalogSchema string

// Schema is the JSON Schema (2020-12) of a catalog, for editors and for those who write catalogs by program. What it
// refuses, with formats asserted, Load refuses, with one difference: Load reads any plain value where text is expected and
// takes null and empty text for absent. What depends on more than one place, an id that refers to nothing for one, only
// Load finds.
func Schema() []byte {
	t := shipped()
	conditions := slices.Sorted(maps.Keys(t.conditionOf))
	return []byte(strings.NewReplacer(
		`"$conditions"`, jsonWords(conditions),
		`"$exclusions"`, jsonWords(append(conditions, slices.Sorted(maps.Keys(t.safetyNames))...)),
		`"$goals"`, jsonWords(slices.Sorted(maps.Keys(t.goalOf))),
		`"$facts"`, jsonWords(FactKeys()),
		`"$templates"`, jsonWords(slices.Sorted(maps.Keys(t.templateOf))),
	).Replace(catalogSchema))
}

// jsonWords are the elements of a JSON list; the words of the tables need no escaping.
func jsonWords(words []string) string {
	return `"` + strings.Join(words, `", "`) + `"`
}
