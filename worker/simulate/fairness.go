package simulate

import (
	"maps"
	"slices"

	"github.com/convene-health/convene/mapping"
)

// Fairness is the spread of waits within one urgency class over one trait that should not matter: equal urgency should wait
// about equally long (Hadorn 2000, Western Canada Waiting List Project, PMC80512).
type Fairness struct {
	Urgency mapping.Priority `json:"urgency"`
	By      string           `json:"by"`
	// Spread is the longest median wait until a place less the shortest, days.
	Spread float64 `json:"spread"`
	// Overall is the median of the class.
	Overall float64 `json:"overall"`
	Parts   []Part  `json:"parts"`
}

// Part of a class. Those without a place at the end count with the time they have waited so far.
type Part struct {
	Value string `json:"value"`
	Wait  Spread `json:"wait"`
}

// partMin is the least number of referrals for a median to be compared.
const partMin = 11

// fairness by site, language, payer, sex and rurality, for each urgency class with at least two parts to compare.
func (w *world) fairness(patients []*patient) (out []Fairness) {
	traits := []struct {
		by string
		of func(*patient) string
	}{
		{"site", w.tally.siteOf}, {"language", func(p *patient) string { return languageName(p.truth.speaks()) }},
		{"payer", func(p *patient) string { return p.payer }}, {"sex", func(p *patient) string { return p.sex }},
		{"rurality", func(p *patient) string { return rurality(p.postal) }},
	}
	for _, urgency := range mapping.Priorities {
		for _, t := range traits {
			days, all := map[string][]float64{}, []float64{}
			for _, p := range patients {
				if d, ok := w.waited(p); ok && p.urgency == urgency {
					days[t.of(p)] = append(days[t.of(p)], d)
					all = append(all, d)
				}
			}
			if f := compare(days); len(f.Parts) > 1 {
				f.Urgency, f.By, f.Overall = urgency, t.by, spreadOf(all).Median
				out = append(out, f)
			}
		}
	}
	return out
}

// waited is how long a patient waited for a place; false for those whom somebody else ended before.
func (w *world) waited(p *patient) (float64, bool) {
	switch {
	case !p.seated.IsZero():
		return daysBetween(p.arrived, p.seated), true
	case !p.status.Final():
		return daysBetween(p.arrived, w.end), true
	case p.fate == fateGaveUp:
		return daysBetween(p.arrived, p.ended), true
	}
	return 0, false
}

func compare(days map[string][]float64) (f Fairness) {
	for _, value := range slices.Sorted(maps.Keys(days)) {
		if len(days[value]) >= partMin {
			f.Parts = append(f.Parts, Part{value, spreadOf(days[value])})
		}
	}
	if len(f.Parts) > 0 {
		medians := make([]float64, len(f.Parts))
		for i, p := range f.Parts {
			medians[i] = p.Wait.Median
		}
		f.Spread = rounded(slices.Max(medians)-slices.Min(medians), 1)
	}
	return f
}
