package program

import (
	"slices"
	"strconv"
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

	stopFrom                   float64
	stopAnswers, reviewAnswers []string
}

// SafetyHit is a rule that a code raises, at the level it has for that very code.
type SafetyHit struct {
	*SafetyRule
	Level Level
}

// SafetyRules is the whole table: 120 codes and the ICD-10-CM FY2026 stems of poisoning and asphyxiation with
// intent self-harm.
func SafetyRules() []SafetyRule { return shipped().safety }

// IsSafetyRule reports whether the table has a rule of that name.
func IsSafetyRule(name string) bool { return shipped().safetyNames[name] }

// SafetyOf gives every rule that a code raises. A rule on an observation (LOINC) is raised by its answer alone:
// ask AnswerLevel. Codes are taken generously: dots, case and space do not matter.
func SafetyOf(code mapping.Code) []SafetyHit { return shipped().SafetyOf(code) }

// SafetyOf over these tables.
func (t *Tables) SafetyOf(code mapping.Code) []SafetyHit {
	var hits []SafetyHit
	switch code.System {
	case mapping.SystemICD10CM, oidICD10CM:
		var buf [icd10Max]byte
		c := normalICD10(&buf, code.Code)
		for n := len(c); n > 0; n-- {
			for _, i := range t.safetyICD10[string(c[:n])] {
				hit := SafetyHit{&t.safety[i], t.safety[i].Level}
				if hit.SequelaReview && len(c) == 7 && c[6] == 'S' {
					hit.Level = Review
				}
				hits = append(hits, hit)
			}
		}
	default:
		key := mapping.Code{System: code.System, Code: strings.TrimSpace(code.Code)}
		if key.System == oidSNOMED {
			key.System = mapping.SystemSNOMED
		}
		for _, i := range t.safetyExact[key] {
			hits = append(hits, SafetyHit{&t.safety[i], t.safety[i].Level})
		}
	}
	return hits
}

// ByAnswer reports whether the rule looks at an observation's answer, not at the code alone.
func (r *SafetyRule) ByAnswer() bool { return r.stopFrom > 0 }

// answerNone is LOINC's "Not at all".
const answerNone = "LA6568-5"

// AnswerLevel is the level that an answer raises: empty for none. An answer that cannot be read is REVIEW,
// never nothing.
func (r *SafetyRule) AnswerLevel(value *float64, answer string) Level {
	switch {
	case !r.ByAnswer():
		return r.Level
	case slices.Contains(r.stopAnswers, answer), value != nil && *value >= r.stopFrom:
		return Stop
	case slices.Contains(r.reviewAnswers, answer), value != nil && *value > 0:
		return Review
	case answer == answerNone, value != nil && *value == 0 && answer == "":
		return ""
	}
	return Review
}

func (t *Tables) readSafety() {
	t.safetyICD10, t.safetyExact, t.safetyNames = map[string][]int{}, map[mapping.Code][]int{}, map[string]bool{}
	systems := map[string]string{"ICD10CM": mapping.SystemICD10CM, "SNOMED": mapping.SystemSNOMED, "LOINC": mapping.SystemLOINC, "CONVENE": mapping.SystemFinding}
	for i, r := range readTable("safety.csv") {
		s := SafetyRule{
			Rule: r["rule"], Level: Level(r["level"]), System: systems[r["system"]], Code: r["code"],
			Prefix: r["match"] == "prefix", SequelaReview: r["seventh"] == "S=REVIEW", Detail: r.list("detail"),
			Display: r["display"], Status: r["status"],
			stopAnswers: r.list("stop_answers"), reviewAnswers: r.list("review_answers"),
		}
		s.stopFrom, _ = strconv.ParseFloat(r["stop_from"], 64)
		if s.Prefix {
			p := strings.ReplaceAll(s.Code, ".", "")
			t.safetyICD10[p] = append(t.safetyICD10[p], i)
		} else {
			key := mapping.Code{System: s.System, Code: s.Code}
			t.safetyExact[key] = append(t.safetyExact[key], i)
		}
		t.safetyNames[s.Rule] = true
		t.safety = append(t.safety, s)
	}
}
