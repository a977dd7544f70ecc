package match

import (
	"strings"

	"github.com/convene-health/convene/mapping"
)

// What somebody may have fits nothing and still excludes: with a diagnosis in doubt a person decides, not chance.

// everyCondition of the table.
var everyCondition = conditionSet{^uint64(0), ^uint64(0)}

// lastingConditions exclude also while they are in remission or inactive; resolved ones never do. source: assumption, an
// eating disorder often returns, and losing weight is what brings it back
func lastingConditions() (s conditionSet) {
	s.add(eatingDisorder())
	return s
}

// doubt adds to what excludes those of the conditions that are in a set.
func (w *normaliser) doubt(keys []int, of conditionSet) {
	for _, key := range keys {
		if of.has(uint8(key)) {
			w.need.Doubted.add(uint8(key))
		}
	}
}

// eatingDisorderNames by which a diagnosis without a known code is recognised, in lower case. source: assumption
var eatingDisorderNames = []string{"anorexia nerv", "bulimi", "binge eating", "binge-eating", "eating disorder",
	"trastorno alimentario", "trastorno de la conducta alimentaria", "trastorno por atrac"}

// readName takes from the words of a diagnosis that no code tells what must not be overlooked: an eating disorder.
func (w *normaliser) readName(c *mapping.Condition) {
	if c.ClinicalStatus == "resolved" {
		return
	}
	named := names(c.Text)
	for _, code := range c.Codes {
		named = named || names(code.Display)
	}
	if named {
		w.need.Doubted.add(eatingDisorder())
	}
}

func names(words string) bool {
	if words == "" {
		return false
	}
	words = strings.ToLower(words)
	for _, name := range eatingDisorderNames {
		if strings.Contains(words, name) {
			return true
		}
	}
	return false
}
