package program

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/convene-health/convene/mapping"
)

var (
	hcpcsShape = regexp.MustCompile(`^[A-Z][0-9]{4}$`)
	cptShape   = regexp.MustCompile(`^[0-9]{4}[0-9A-Z]$`)
)

// programs checks each offering, as filled from its template and kind.
func (l *linter) programs() {
	seen := map[string]bool{}
	used := map[string]bool{}
	for _, g := range l.catalog.Groups {
		used[g.Program] = true
	}
	for i := range l.catalog.Programs {
		p := &l.catalog.Programs[i]
		l.id(seen, p.ID, "program", "programs", i, "id")
		if p.From != "" && TemplateByKey(p.From) == nil {
			keys := slices.Sorted(maps.Keys(shipped().templateOf))
			l.problem("unknown-template", didYouMean(p.From, keys, "use the key of a shipped program, or leave from out"), fmt.Sprintf("no shipped program %q", p.From), "programs", i, "from")
		}
		if p.Name == "" {
			l.problem("required", "the name that patients see", "a program without a name", "programs", i, "name")
		}
		l.offering(p, i)
		l.offers(p, i)
		l.criteria(&p.Criteria, i)
		l.codes(&p.Codes, i)
		l.gates(p, i)
		l.benefit(&p.Benefit, i)
		if p.OwnPanel < 0 || p.OwnPanel > pointsMax {
			l.problem("bad-number", fmt.Sprintf("0 to %d points", pointsMax), fmt.Sprintf("ownPanel is %d", p.OwnPanel), "programs", i, "ownPanel")
		}
		l.npi(p.Provider.Identifier, "programs", i, "provider", "identifier")
		if !used[p.ID] {
			l.warning("no-group", "add a group of it", fmt.Sprintf("program %q has no group: who needs it goes to review", p.ID), "programs", i)
		}
	}
}

// offering checks kind, conditions and goals: what the program is for.
func (l *linter) offering(p *Program, i int) {
	kinds := make([]string, len(mapping.Kinds))
	for j, k := range mapping.Kinds {
		kinds[j] = string(k)
	}
	l.word(string(p.Kind), kinds, "unknown-kind", "programs", i, "kind")
	l.word(string(p.Participant), []string{"patient", "family"}, "unknown-participant", "programs", i, "participant")
	l.word(p.Acceptance, []string{AcceptanceAuto, AcceptanceOffer, AcceptanceLeader, AcceptanceBoth}, "unknown-acceptance", "programs", i, "acceptance")
	if p.Attendance != "" {
		l.word(p.Attendance, []string{AttendanceExpected, AttendanceDropIn}, "unknown-attendance", "programs", i, "attendance")
	}
	for j, c := range p.Conditions {
		if c != "any" {
			l.condition(c, "programs", i, "conditions", j)
		}
	}
	for j, g := range p.Goals {
		if GoalByCode(g) == nil {
			l.problem("unknown-goal", didYouMean(g, slices.Sorted(maps.Keys(shipped().goalOf)), "use a code of the shipped goals, such as coping-strategies"), fmt.Sprintf("no goal %q", g), "programs", i, "goals", j)
		}
	}
	if len(p.Conditions) == 0 && len(p.Goals) == 0 {
		l.problem("serves-nothing", "name conditions, goals or both", "a program without conditions and goals: nobody would fit", "programs", i)
	}
	if p.Kind == mapping.Therapy && p.Curriculum == "" {
		l.problem("no-curriculum", "name the manual or protocol it follows", "a therapy program is structured: it needs a curriculum", "programs", i, "curriculum")
	}
	if p.Kind == mapping.Therapy && len(p.Goals) == 0 {
		l.problem("no-goals", "name the goals it works towards", "a therapy program needs goals", "programs", i, "goals")
	}
}

func (l *linter) criteria(c *Criteria, i int) {
	if c.AgeFrom < 0 || c.AgeTo < 0 || c.AgeFrom > 120 || c.AgeTo > 120 {
		l.problem("bad-number", "whole years, 0 to 120", fmt.Sprintf("ages from %d to %d", c.AgeFrom, c.AgeTo), "programs", i, "criteria")
	} else if c.AgeTo != 0 && c.AgeTo < c.AgeFrom {
		l.problem("age-order", "ageTo at least ageFrom; an unset ageFrom is 18", fmt.Sprintf("ages from %d to %d", c.AgeFrom, c.AgeTo), "programs", i, "criteria", "ageTo")
	} else if c.AgeFrom < mapping.AdultFrom && (c.AgeTo == 0 || c.AgeTo >= mapping.AdultFrom) {
		l.problem("age-mix", "set ageTo to 17 or less, and make another program for adults", fmt.Sprintf("minors from %d years and adults together", c.AgeFrom), "programs", i, "criteria", "ageFrom")
	}
	for j, x := range c.Excludes {
		if ConditionByKey(x) == nil && !IsSafetyRule(x) {
			known := append(slices.Sorted(maps.Keys(shipped().conditionOf)), slices.Sorted(maps.Keys(shipped().safetyNames))...)
			l.problem("unknown-exclusion", didYouMean(x, known, "a condition key or the name of a safety rule"), fmt.Sprintf("neither condition nor safety rule: %q", x), "programs", i, "criteria", "excludes", j)
		}
	}
	for j, s := range c.Severity {
		l.word(s, Severities, "unknown-severity", "programs", i, "criteria", "severity", j)
	}
}

func (l *linter) codes(c *Codes, i int) {
	for j, x := range c.HCPCS {
		if !hcpcsShape.MatchString(x) {
			l.problem("bad-hcpcs", "a letter and four digits, such as G0109; modifiers do not belong here", fmt.Sprintf("HCPCS %q", x), "programs", i, "codes", "hcpcs", j)
		}
	}
	for j, x := range c.CPT {
		if !cptShape.MatchString(x) {
			l.problem("bad-cpt", "the five characters of the code, such as 90853", fmt.Sprintf("CPT %q", x), "programs", i, "codes", "cpt", j)
		}
	}
	for j, x := range c.SNOMED {
		if !validSNOMED(x) {
			l.problem("bad-snomed", "6 to 18 digits; the last is a check digit, so look for a typing error", fmt.Sprintf("SNOMED CT %q", x), "programs", i, "codes", "snomed", j)
		}
	}
	if c.Category != "" && !validSNOMED(c.Category) {
		l.problem("bad-snomed", "409063005 Counselling or 409073007 Education", fmt.Sprintf("SNOMED CT %q", c.Category), "programs", i, "codes", "category")
	}
}

// validNPI checks an NPI with the Luhn formula over the prefix 80840 (45 CFR 162.406).
func validNPI(s string) bool {
	if len(s) != 10 || strings.Trim(s, "0123456789") != "" {
		return false
	}
	sum, digits := 0, "80840"+s
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// validSNOMED checks the length and the Verhoeff check digit of a SNOMED CT identifier
// (SNOMED CT Release File Specifications, 6.2.4).
func validSNOMED(s string) bool {
	if len(s) < 6 || len(s) > 18 || s[0] == '0' || strings.Trim(s, "0123456789") != "" {
		return false
	}
	check := 0
	for i := range len(s) {
		digit := int(s[len(s)-1-i] - '0')
		for range i % 8 {
			digit = verhoeffTurn[digit]
		}
		check = dihedral(check, digit)
	}
	return check == 0
}

var verhoeffTurn = [10]int{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}

// dihedral multiplies in the symmetry group of the pentagon.
func dihedral(a, b int) int {
	switch {
	case a < 5 && b < 5:
		return (a + b) % 5
	case a < 5:
		return 5 + (a+b-5)%5
	case b < 5:
		return 5 + (a-5-b+5)%5
	}
	return (a - b + 5) % 5
}
