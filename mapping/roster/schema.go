package roster

import (
	_ "embed"
	"slices"
)

//go:embed schema.json
var decisionSchema []byte

// DecisionSchema is the JSON Schema (2020-12) of a decision, as Decision.Append writes it: it lists every property there
// can be.
func DecisionSchema() []byte { return slices.Clone(decisionSchema) }
