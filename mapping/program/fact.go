package program

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/convene-health/convene/mapping"
)

// FactKind says how a referral tells a fact.
type FactKind string

const (
	FactMeasure FactKind = "measure" // a number: of an observation, or that its code stands for
	FactEvent   FactKind = "event"   // a code found in a condition or an observation, with its date
	FactOrder   FactKind = "order"   // the code of an order that is open: an observation answered mapping.FindingOrdered, or our own finding
	FactUntil   FactKind = "until"   // an observation that holds through its date
	FactSigned  FactKind = "signed"  // the referral's own authoredOn, with the practitioner who asks
)

// Fact is something that gates ask of a referral.
type Fact struct {
	Key  string // e.g. "a1c"
	Name string
	Kind FactKind
	// Codes that tell it; the first is the one to send.
	Codes []FactCode
	// Unit in which a measure's bounds are, UCUM; empty for counts and classes.
	Unit string
}

// FactCode is one code that tells a fact.
type FactCode struct {
	mapping.Code
	// Prefix: longer codes tell it too (ICD-10-CM).
	Prefix bool
	// Fixed is the value of a measure that the code itself has, where HasFixed.
	Fixed    float64
	HasFixed bool
	Source   string
	answers  map[string]float64
	units    map[string]conversion
}

// conversion of a unit to the fact's own: scale x value + offset.
type conversion struct{ scale, offset float64 }

// FactCodeHit is a fact that a code tells.
type FactCodeHit struct {
	Fact uint8
	*FactCode
}

// Facts of the shipped table; gates name them by key, and Requirement by its place in this list.
func Facts() []Fact { return shipped().facts }

// FactByKey is the place of a fact in Facts; false if there is none of that key.
func FactByKey(key string) (uint8, bool) {
	i, ok := shipped().factOf[key]
	return i, ok
}

// FactsOf gives every fact that a code tells. The result is shared and must not be changed.
func FactsOf(code mapping.Code) []FactCodeHit {
	t := shipped()
	switch code.System {
	case mapping.SystemICD10CM, oidICD10CM:
		if code.Code == "" || !t.factLetters[code.Code[0]&^0x20] {
			return nil
		}
		var buf [icd10Max]byte
		c := normalICD10(&buf, code.Code)
		for n := len(c); n >= 3; n-- {
			if hits := t.factICD10[string(c[:n])]; hits != nil {
				return hits
			}
		}
		return nil
	case oidSNOMED:
		code.System = mapping.SystemSNOMED
	}
	return t.factExact[mapping.Code{System: code.System, Code: code.Code}]
}

// Measure gives the value of a measure in the fact's own unit; false where the unit or the answer is not known.
func (c *FactCode) Measure(o *mapping.Observation) (float64, bool) {
	switch {
	case o.Value != nil:
		if u, ok := c.units[o.Unit]; ok {
			return u.scale**o.Value + u.offset, true
		}
		return 0, false
	case o.Answer != nil && o.Answer.Code != "":
		v, ok := c.answers[o.Answer.Code]
		return v, ok
	}
	return c.Fixed, c.HasFixed
}

// Ask says what to send for a fact: its name and the first of its codes.
func (f *Fact) Ask() string {
	if f.Kind == FactSigned {
		return f.Name + " (authoredOn, and the practitioner who asks)"
	}
	c := &f.Codes[0]
	words := map[string]string{mapping.SystemLOINC: "LOINC", mapping.SystemICD10CM: "ICD-10-CM", mapping.SystemSNOMED: "SNOMED CT",
		mapping.SystemHCPCS: "HCPCS", mapping.SystemCPT: "CPT", mapping.SystemFinding: "Convene finding", mapping.SystemRace: "race and ethnicity"}
	ask := f.Name + " (" + words[c.System] + " " + c.Code.Code
	if f.Unit != "" {
		ask += ", in " + f.Unit
	}
	return ask + ")"
}

// readFacts reads the table; extra are SNOMED CT codes of the overlay, by "fact <key>" or "fact <key>=<value>".
func (t *Tables) readFacts(extra map[string][]mapping.Code) {
	t.factOf, t.factICD10, t.factExact = map[string]uint8{}, map[string][]FactCodeHit{}, map[mapping.Code][]FactCodeHit{}
	systems := map[string]string{"LOINC": mapping.SystemLOINC, "ICD10CM": mapping.SystemICD10CM, "SNOMED": mapping.SystemSNOMED,
		"HCPCS": mapping.SystemHCPCS, "CPT": mapping.SystemCPT, "RACE": mapping.SystemRace, "CONVENE": mapping.SystemFinding}
	for _, r := range readTable("facts.csv") {
		i, known := t.factOf[r["fact"]]
		if !known {
			i = uint8(len(t.facts))
			t.factOf[r["fact"]] = i
			t.facts = append(t.facts, Fact{Key: r["fact"], Name: r["name"], Kind: FactKind(r["kind"])})
		}
		if r["code"] == "" {
			continue
		}
		c := FactCode{Code: mapping.Code{System: systems[r["system"]], Code: r["code"]}, Prefix: r["match"] == "prefix",
			HasFixed: r["value"] != "", Source: r["source"], answers: map[string]float64{}, units: map[string]conversion{}}
		c.Fixed = r.decimal("value")
		for _, a := range r.list("answers") {
			answer, value, _ := strings.Cut(a, ":")
			c.answers[answer] = decimal(value)
		}
		for k, u := range r.list("units") {
			parts := strings.Split(u, ":")
			c.units[parts[0]] = conversion{scale: decimal(parts[1])}
			if len(parts) > 2 {
				c.units[parts[0]] = conversion{decimal(parts[1]), decimal(parts[2])}
			}
			if k == 0 && parts[0] != "{score}" {
				t.facts[i].Unit = parts[0]
			}
		}
		t.facts[i].Codes = append(t.facts[i].Codes, c)
	}
	for _, where := range slices.Sorted(maps.Keys(extra)) {
		key, value, fixed := strings.Cut(strings.TrimPrefix(where, "fact "), "=")
		if i, ok := t.factOf[key]; ok && strings.HasPrefix(where, "fact ") {
			for _, code := range extra[where] {
				c := FactCode{Code: mapping.Code{System: code.System, Code: code.Code}, HasFixed: fixed, Source: "overlay of SNOMED CT"}
				if fixed {
					c.Fixed = decimal(value)
				}
				t.facts[i].Codes = append(t.facts[i].Codes, c)
			}
		}
	}
	t.indexFacts()
}

func (t *Tables) indexFacts() {
	for i := range t.facts {
		for k := range t.facts[i].Codes {
			c := &t.facts[i].Codes[k]
			if c.Prefix {
				p := strings.ReplaceAll(c.Code.Code, ".", "")
				t.factICD10[p] = append(t.factICD10[p], FactCodeHit{uint8(i), c})
				t.factLetters[p[0]] = true
			} else {
				t.factExact[c.Code] = append(t.factExact[c.Code], FactCodeHit{uint8(i), c})
			}
		}
	}
}

// FactKeys are the keys of all facts, sorted.
func FactKeys() []string {
	keys := make([]string, 0, len(shipped().facts))
	for _, f := range shipped().facts {
		keys = append(keys, f.Key)
	}
	slices.Sort(keys)
	return keys
}

// decimal reads a field that is empty (0) or a number.
func (r row) decimal(column string) float64 {
	if r[column] == "" {
		return 0
	}
	return decimal(r[column])
}

func decimal(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic(err)
	}
	return f
}
