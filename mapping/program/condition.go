package program

import (
	"slices"
	"strings"

	"github.com/convene-health/convene/mapping"
)

// Condition of the shipped table.
type Condition struct {
	Key  string // e.g. "diabetes_t2"
	Name string
	// ICD10CM are prefixes with their dot ("E11", "I13.0"), of the FY2026 order file.
	ICD10CM []string
	// SNOMED are the exact codes; those that come with the overlay are last.
	SNOMED []mapping.Code
	// LicensedFirst: at its more severe forms a peer group is only offered beside a licensed one; the kinds table says which.
	LicensedFirst bool
	// Part2: a record of it may fall under 42 CFR Part 2, by its source, not by the code alone.
	Part2 bool
	// Sensitivity are v3-ActCode labels: HIV, MH, PSY, SUD, ETHUD, OPIOIDUD, SCA, PREGNANT.
	Sensitivity []string
	Chronic     bool
	// generic SNOMED codes are parents of other conditions' codes and count only where nothing closer is given.
	generic []string
}

// Conditions of the shipped table; an index into it is what the Resolve functions give.
func Conditions() []Condition { return shipped().conditions }

// ConditionByKey finds a condition, nil if there is none of that key.
func ConditionByKey(key string) *Condition { return shipped().ConditionByKey(key) }

// ResolveICD10 gives every condition that an ICD-10-CM code names, the most specific first, as indexes into
// Conditions: I11.0 is heart failure and hypertension. Dots, case and surrounding space do not matter.
// The result is shared and must not be changed.
func ResolveICD10(code string) []int { return shipped().ResolveICD10(code) }

// ResolveSNOMED gives every condition that a SNOMED CT code names. Child concepts are not followed.
// The result is shared and must not be changed.
func ResolveSNOMED(code string) []int { return shipped().ResolveSNOMED(code) }

// Resolve gives every condition that the codings of one diagnosis name, the most specific first. A parent
// concept such as 73211009 Diabetes mellitus counts only where no other coding names a condition.
// The result must not be changed.
func Resolve(codes []mapping.Code) []int { return shipped().Resolve(codes) }

// Conditions, ConditionByKey, ResolveICD10, ResolveSNOMED and Resolve over these tables.
func (t *Tables) Conditions() []Condition { return t.conditions }

func (t *Tables) ConditionByKey(key string) *Condition {
	if i, ok := t.conditionOf[key]; ok {
		return &t.conditions[i]
	}
	return nil
}

func (t *Tables) ResolveICD10(code string) []int {
	var buf [icd10Max]byte
	c := normalICD10(&buf, code)
	if len(c) < 3 || len(c) > 7 || c[0] < 'A' || c[1] < '0' || c[1] > '9' {
		return nil // not the shape of an ICD-10-CM code
	}
	for n := len(c); n > 0; n-- {
		if is, ok := t.icd10[string(c[:n])]; ok {
			return is
		}
	}
	return nil
}

func (t *Tables) ResolveSNOMED(code string) []int { return t.snomed[strings.TrimSpace(code)] }

func (t *Tables) Resolve(codes []mapping.Code) []int {
	var found, generic []int
	for _, c := range codes {
		switch c.System {
		case mapping.SystemICD10CM, oidICD10CM:
			found = union(found, t.ResolveICD10(c.Code))
		case mapping.SystemSNOMED, oidSNOMED:
			is := t.ResolveSNOMED(c.Code)
			if len(is) > 0 && slices.Contains(t.conditions[is[0]].generic, strings.TrimSpace(c.Code)) {
				generic = union(generic, is)
			} else {
				found = union(found, is)
			}
		}
	}
	if len(found) == 0 {
		return generic
	}
	return found
}

// The same code systems by OID, as HL7 v2 and CDA senders name them.
const (
	oidICD10CM = "urn:oid:2.16.840.1.113883.6.90"
	oidSNOMED  = "urn:oid:2.16.840.1.113883.6.96"
)

// union appends what a lacks of b, without touching the shared b.
func union(a, b []int) []int {
	if len(a) == 0 {
		return b
	}
	for _, i := range b {
		if !slices.Contains(a, i) {
			a = append(slices.Clip(a), i)
		}
	}
	return a
}

const icd10Max = 16

// normalICD10 upper-cases a code and drops dots and spaces; what is beyond the buffer is no code and is cut.
func normalICD10(buf *[icd10Max]byte, code string) []byte {
	n := 0
	for i := 0; i < len(code) && n < len(buf); i++ {
		c := code[i]
		switch {
		case c == '.' || c == ' ':
			continue
		case c >= 'a' && c <= 'z':
			c -= 'a' - 'A'
		}
		buf[n] = c
		n++
	}
	return buf[:n]
}

func (t *Tables) readConditions(extra map[string][]mapping.Code) {
	t.conditionOf, t.icd10, t.snomed = map[string]int{}, map[string][]int{}, map[string][]int{}
	for i, r := range readTable("conditions.csv") {
		c := Condition{
			Key: r["key"], Name: r["name"], ICD10CM: r.list("icd10cm"), generic: r.list("snomed_last"),
			LicensedFirst: r.yes("licensed_first"), Part2: r.yes("part2"), Sensitivity: r.list("sensitivity"), Chronic: r.yes("chronic"),
		}
		for _, s := range r.list("snomed") {
			code, display, _ := strings.Cut(s, " ")
			c.SNOMED = append(c.SNOMED, mapping.Code{System: mapping.SystemSNOMED, Code: code, Display: display})
		}
		c.SNOMED = append(c.SNOMED, extra["condition "+c.Key]...)
		for _, s := range c.SNOMED {
			t.snomed[s.Code] = append(t.snomed[s.Code], i)
		}
		for _, p := range c.ICD10CM {
			p = strings.ReplaceAll(p, ".", "")
			t.icd10[p] = append(t.icd10[p], i)
		}
		t.conditionOf[c.Key] = i
		t.conditions = append(t.conditions, c)
	}
	t.mergePrefixes()
}

// mergePrefixes adds to each prefix the conditions of its shorter ones, so that the longest match is the whole answer.
func (t *Tables) mergePrefixes() {
	prefixes := make([]string, 0, len(t.icd10))
	for p := range t.icd10 {
		prefixes = append(prefixes, p)
	}
	slices.SortFunc(prefixes, func(a, b string) int { return len(a) - len(b) })
	for _, p := range prefixes {
		for n := len(p) - 1; n > 0; n-- {
			if shorter, ok := t.icd10[p[:n]]; ok {
				t.icd10[p] = union(t.icd10[p], shorter)
				break // already merged with what is shorter still
			}
		}
	}
}
