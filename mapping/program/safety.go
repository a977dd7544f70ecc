package program

import (
	"strings"

	"github.com/convene-health/convene/mapping"
)

// Level of a safety rule: what it does to a referral.
type Level string

const (
	Stop    Level = "STOP"    // never placed by a machine: urgent review
	Review  Level = "REVIEW"  // a person decides
	Filter  Level = "FILTER"  // bars programs
	Require Level = "REQUIRE" // the group or site must offer something
)

// SafetyRule is one code that raises a rule. Every row is active, whatever its status of verification.
type SafetyRule struct {
	// Rule name, e.g. "suicide_acute".
	Rule  string
	Level Level
	// System is the code system's URI.
	System string
	Code   string
	// Prefix: longer codes match too (ICD-10-CM); else the code itself.
	Prefix bool
	// SequelaReview: 7th character S (sequela) is REVIEW; A, D, any other or none is Level.
	SequelaReview bool
	// Detail of a REQUIRE is what is needed (wheelchair, hearing, vision, oxygen, language); of others what else the
	// rule asks: suppress-partner, exclude-dpp, prefer-perinatal.
	Detail  []string
	Display string
	// Status says where the code was verified; "check" marks those that still need it.
	Status string

	stopFrom, reviewFrom       float64
	stopAnswers, reviewAnswers []string
}

// SafetyHit is a rule that a code raises, at the level it has for that very code.
type SafetyHit struct {
	*SafetyRule
	Level Level
}

// SafetyRules is the whole table: 172 codes and the ICD-10-CM FY2026 stems of poisoning and asphyxiation with
// intent self-harm.
func SafetyRules() []SafetyRule { return shipped().safety }

// IsSafetyRule reports whether the table has a rule of that name.
func IsSafetyRule(name string) bool { return shipped().safetyNames[name] }

// SafetyOf gives every rule that a code raises. A rule on an observation (LOINC) is raised by its answer alone:
// ask AnswerLevel. Codes are taken generously: dots, case and space do not matter, nor how the system is spelled. A code
// without a system is looked for in ICD-10-CM, SNOMED CT and LOINC; so is one of a system that is not known, or of another
// edition of ICD, and it is REVIEW at most.
func SafetyOf(code mapping.Code) []SafetyHit { return shipped().SafetyOf(code) }

// SafetyOf over these tables.
func (t *Tables) SafetyOf(code mapping.Code) []SafetyHit {
	code.System = mapping.CodeSystem(code.System)
	hits := t.safetyIn(nil, code)
	if len(hits) > 0 || mapping.IsCodeSystem(code.System) {
		return hits
	}
	known := code.System == ""
	if known || icd10Shaped(code.Code) {
		code.System = mapping.SystemICD10CM
		hits = t.safetyIn(hits, code)
	}
	for _, system := range [...]string{mapping.SystemSNOMED, mapping.SystemLOINC} {
		if len(hits) == 0 {
			code.System = system
			hits = t.safetyIn(hits, code)
		}
	}
	if known {
		return hits
	}
	capped := hits[:0]
	for _, h := range hits {
		if h.Level == Stop || h.Level == Review {
			capped = append(capped, SafetyHit{h.SafetyRule, Review})
		}
	}
	return capped
}

// safetyIn adds the rules of a code in its own system.
func (t *Tables) safetyIn(hits []SafetyHit, code mapping.Code) []SafetyHit {
	if prefixes := t.safetyPrefix[code.System]; prefixes != nil {
		var buf [icd10Max]byte
		c := normalICD10(&buf, code.Code)
		for n := len(c); n > 0; n-- {
			for _, i := range prefixes[string(c[:n])] {
				hit := SafetyHit{&t.safety[i], t.safety[i].Level}
				if hit.SequelaReview && len(c) == 7 && c[6] == 'S' {
					hit.Level = Review
				}
				hits = append(hits, hit)
			}
		}
		return hits
	}
	for _, i := range t.safetyExact[mapping.Code{System: code.System, Code: strings.TrimSpace(code.Code)}] {
		hits = append(hits, SafetyHit{&t.safety[i], t.safety[i].Level})
	}
	return hits
}

// icd10Shaped reports whether a code of a system that is not known looks like one of ICD-10.
func icd10Shaped(code string) bool {
	var buf [icd10Max]byte
	c := normalICD10(&buf, code)
	return len(c) >= 3 && len(c) <= 7 && 'A' <= c[0] && c[0] <= 'Z' && '0' <= c[1] && c[1] <= '9'
}

// ByAnswer reports whether the rule looks at an observation's answer, not at the code alone.
func (r *SafetyRule) ByAnswer() bool { return r.stopFrom > 0 || r.reviewFrom > 0 }

// Screens reports whether any of the codes is a finding that raises a safety rule, or a question whose answer does.
func Screens(codes ...mapping.Code) bool {
	for _, c := range codes {
		for _, h := range SafetyOf(c) {
			if !h.ByAnswer() || h.asks() {
				return true
			}
		}
	}
	return false
}

func (t *Tables) readSafety() {
	t.safetyPrefix, t.safetyExact, t.safetyNames = map[string]map[string][]int{}, map[mapping.Code][]int{}, map[string]bool{}
	systems := map[string]string{"ICD10CM": mapping.SystemICD10CM, "ICD10": mapping.SystemICD10, "ICD9CM": mapping.SystemICD9CM, "SNOMED": mapping.SystemSNOMED, "LOINC": mapping.SystemLOINC, "CONVENE": mapping.SystemFinding}
	for i, r := range readTable("safety.csv") {
		s := SafetyRule{
			Rule: r["rule"], Level: Level(r["level"]), System: systems[r["system"]], Code: r["code"],
			Prefix: r["match"] == "prefix", SequelaReview: r["seventh"] == "S=REVIEW", Detail: r.list("detail"),
			Display: r["display"], Status: r["status"],
			stopAnswers: r.list("stop_answers"), reviewAnswers: r.list("review_answers"),
		}
		s.stopFrom, s.reviewFrom = r.decimal("stop_from"), r.decimal("review_from")
		if s.Prefix {
			if t.safetyPrefix[s.System] == nil {
				t.safetyPrefix[s.System] = map[string][]int{}
			}
			p := strings.ReplaceAll(s.Code, ".", "")
			t.safetyPrefix[s.System][p] = append(t.safetyPrefix[s.System][p], i)
		} else {
			key := mapping.Code{System: s.System, Code: s.Code}
			t.safetyExact[key] = append(t.safetyExact[key], i)
		}
		t.safetyNames[s.Rule] = true
		t.safety = append(t.safety, s)
	}
}
