package match

import (
	"slices"
	"strconv"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// Level of a safety rule.
type Level = program.Level

const (
	Stop    = program.Stop    // never placed by a machine: urgent review
	Review  = program.Review  // a person decides
	Filter  = program.Filter  // bars programs; Normalise puts it into Need.Barred
	Require = program.Require // the group must offer something; Normalise puts it into Need.Access
	// Final closes the referral: the patient has died.
	Final Level = "FINAL"
)

// Rules of screening that no code of the table raises.
const (
	RuleDeceased     = "deceased"
	RuleTextSelfHarm = "self_harm_in_text"
	RuleTextViolence = "violence_in_text"
	RuleTextAbuse    = "abuse_in_text"
)

// ruleConsentDeniedAll: a consent denies treatment by whomever. One that names recipients keeps out of their programs.
const ruleConsentDeniedAll = "consent_denied"

// SafetyTexts says every rule of screening in plain words; a hit's Level says what it does here.
var SafetyTexts = []RuleText{
	{RuleDeceased, "deceased", "The patient has died.", "source's patient record"},
	{"suicide_acute", "safety-stop", "Suicidal thoughts, intent, plan or attempt: never placed by a machine.", "CPT and CBT trials exclude suicidal intent (Resick 2017; NCT04724694); PHQ-9 item 9"},
	{"suicide_risk_history", "safety-review", "A history or risk of suicide or self-harm.", "clinical convention"},
	{"self_harm_nonsuicidal", "safety-review", "Self-harm without suicidal intent.", "clinical convention"},
	{"safety_flag", "safety-stop", "An active alert of category safety, whatever it says: never placed by a machine.", "HL7 FHIR R4 flag-category; clinical convention"},
	{"behavioral_flag", "safety-review", "An active alert of category behavioral.", "HL7 FHIR R4 flag-category; clinical convention"},
	{"violence_homicidal", "safety-stop", "Thoughts of killing somebody: never placed by a machine.", "SAMHSA TIP 41 quick guide; Resick 2017"},
	{"violence_risk", "safety-review", "A risk of violence.", "SAMHSA TIP 41 quick guide"},
	{"active_psychosis", "safety-review", "Psychosis now.", "Resick 2017; NCT04724694; Yalom and Leszcz"},
	{"current_mania", "safety-review", "Mania or hypomania now.", "NCT04724694"},
	{"severe_cognitive_impairment", "safety-review", "Severe cognitive impairment: talk groups do not fit.", "Yalom and Leszcz; Cognitive Stimulation Therapy is for mild to moderate dementia"},
	{"intoxication_withdrawal", "safety-review", "Intoxication or withdrawal now.", "SAMHSA TIP 41 quick guide"},
	{"intimate_partner_violence", "safety-review", "Violence by a partner: the partner must not learn of it.", "clinical convention"},
	{"consent_denied", "safety-review", "The patient has denied consent to what a referral needs.", "HL7 FHIR R4 Consent; 42 CFR Part 2"},
	{"pregnancy", "criteria", "Pregnant: no diabetes prevention program.", "CDC Diabetes Prevention Recognition Program"},
	{"hearing_need", "access", "Needs help to hear.", "NICE CG91; Americans with Disabilities Act"},
	{"mobility_need", "access", "Needs a site for a wheelchair.", "Americans with Disabilities Act"},
	{"vision_need", "access", "Needs help to see.", "Americans with Disabilities Act"},
	{"oxygen", "access", "Needs a site that supports oxygen.", "Americans with Disabilities Act"},
	{"interpreter_need", "language", "Needs an interpreter.", "NICE CG91 recommendations (NBK82911)"},
	{RuleTextSelfHarm, "safety-review", "Free text that may speak of suicide or self-harm.", "assumption, after PHQ-9 item 9 and chart wording"},
	{RuleTextViolence, "safety-review", "Free text that may speak of violence against others.", "assumption"},
	{RuleTextAbuse, "safety-review", "Free text that may speak of violence by a partner.", "assumption"},
}

// Where hits are found, and the questionnaires that normalising reads.
const (
	answersPrefix    = "data.referral.observations["
	conditionsPrefix = "data.referral.conditions["
	pathDeceased     = "data.referral.patient.deceased"

	codePHQ9 = "44261-6" // LOINC, PHQ-9 total
	codeGAD7 = "70274-6" // LOINC, GAD-7 total
)

// Hit is a safety rule that holds for a referral.
type Hit struct {
	Rule  string       `json:"rule"`
	Level Level        `json:"level"`
	Code  mapping.Code `json:"code,omitzero"`
	Path  string       `json:"path"`
	// Quote is the sentence that raised a rule of free text: the patient's own story, for inside only.
	Quote string `json:"quote,omitempty"`
}

// Screen applies the safety rules to all that a referral says of the patient. What is refuted or entered in error
// says nothing. A STOP that is resolved, inactive, in remission or older than a later answer is REVIEW. Free text is
// REVIEW at most. Absence of hits is no proof of safety.
func Screen(r *mapping.Referral) []Hit {
	var hits []Hit
	if r.Patient.Deceased {
		hits = append(hits, Hit{Rule: RuleDeceased, Level: Final, Path: pathDeceased})
	}
	for i := range r.Conditions {
		hits = screenCondition(hits, r, i)
	}
	for i := range r.Observations {
		hits = screenObservation(hits, r, i)
	}
	for i := range r.Consents {
		if c := &r.Consents[i]; c.Decision == "deny" && (c.Status == "" || c.Status == "active") && len(c.Recipients)+len(c.Labels) == 0 && (len(c.Purposes) == 0 || slices.Contains(c.Purposes, "TREAT")) {
			hits = append(hits, Hit{Rule: ruleConsentDeniedAll, Level: Review, Path: path("data.referral.consents[", i, "]", -1)})
		}
	}
	for i, note := range r.Notes {
		hits = screenText(hits, note, "data.referral.notes[", i, "]")
	}
	return hits
}

func screenCondition(hits []Hit, r *mapping.Referral, i int) []Hit {
	c := &r.Conditions[i]
	if !stated(c) {
		return hits
	}
	for k := range c.Codes {
		raised := false
		for _, s := range safetyOf(c.Codes[k]) {
			raised = true
			if level := levelNow(s.Rule, s.Level, active(c)); level != "" && !s.ByAnswer() {
				hits = append(hits, Hit{Rule: s.Rule, Level: level, Code: c.Codes[k], Path: path(conditionsPrefix, i, "].codes[", k)})
			}
		}
		if !raised && c.Codes[k].Display != "" && c.Codes[k].Display != c.Text {
			hits = screenText(hits, c.Codes[k].Display, conditionsPrefix, i, "].codes")
		}
	}
	return screenText(hits, c.Text, conditionsPrefix, i, "].text")
}

// safetyOf looks a code up.
func safetyOf(c mapping.Code) []program.SafetyHit { return program.SafetyOf(c) }

// levelNow is what a level is for a condition that may be over: a STOP is REVIEW, a history stays what it is, and
// the rest is gone.
func levelNow(rule string, level Level, active bool) Level {
	switch {
	case active:
		return level
	case level == Stop:
		return Review
	case level == Review && lasting(rule):
		return Review
	}
	return ""
}

// lasting rules are about a history, which does not resolve.
func lasting(rule string) bool {
	switch rule {
	case "suicide_acute", "suicide_risk_history", "self_harm_nonsuicidal", "violence_risk", "intimate_partner_violence":
		return true
	}
	return false
}

// stated: somebody says that the patient has it, or may have it.
func stated(c *mapping.Condition) bool {
	return c.VerificationStatus != "refuted" && c.VerificationStatus != "entered-in-error"
}

// active: it is stated and not over.
func active(c *mapping.Condition) bool {
	switch c.ClinicalStatus {
	case "inactive", "remission", "resolved":
		return false
	}
	return stated(c)
}

// screenObservation applies the rules of an observation's code, unless its answer is clearly no, and those of the answer. Where
// no code has a rule, what the EHR shows of question and answer is text.
func screenObservation(hits []Hit, r *mapping.Referral, i int) []Hit {
	o := &r.Observations[i]
	if o.Answer != nil && o.Answer.System == mapping.SystemFinding && o.Answer.Code == mapping.FindingOrdered {
		return hits // what is ordered is not yet found
	}
	from, asked := len(hits), false
	for _, s := range safetyOf(o.Code) {
		level := s.Level
		switch asked = true; {
		case s.ByAnswer():
			if level = s.AnswerLevel(o.Value, o.Answer); level == Stop {
				level = s.Level // of a system that is not known no more than REVIEW
			}
			level = levelNow(s.Rule, level, !answeredLater(r, o))
		case program.Denies(o.Value, o.Answer):
			continue
		}
		if level != "" {
			hits = append(hits, Hit{Rule: s.Rule, Level: level, Code: o.Code, Path: path(answersPrefix, i, "].code", -1)})
		}
	}
	if o.Answer != nil && o.Answer.Code != "" {
		for _, s := range safetyOf(*o.Answer) {
			if !s.ByAnswer() && !hasRule(hits[from:], s.Rule) {
				hits = append(hits, Hit{Rule: s.Rule, Level: s.Level, Code: *o.Answer, Path: path(answersPrefix, i, "].answer", -1)})
			}
		}
	}
	if len(hits) > from {
		return hits
	}
	if o.Code.Display != "" && !asked && !instrument(o) && !program.Denies(o.Value, o.Answer) {
		hits = screenText(hits, o.Code.Display, answersPrefix, i, "].code")
	}
	if o.Answer != nil && o.Answer.Display != "" && len(hits) == from {
		hits = screenText(hits, o.Answer.Display, answersPrefix, i, "].answer")
	}
	return hits
}

// instruments are words in the names of questionnaires and screenings, which find nothing by having been used.
// source: assumption
var instruments = []string{"scale", "screen", "severity", "score", "questionnaire", "inventory", "assessment", "panel", "rating", "survey", "interview", "prevention"}

// instrument reports whether an observation without a result only names a questionnaire.
func instrument(o *mapping.Observation) bool {
	if o.Value != nil || o.Answer != nil {
		return false
	}
	name := strings.ToLower(o.Code.Display)
	return slices.ContainsFunc(instruments, func(w string) bool { return strings.Contains(name, w) })
}

// answeredLater: the same question has a later answer.
func answeredLater(r *mapping.Referral, o *mapping.Observation) bool {
	for i := range r.Observations {
		if other := &r.Observations[i]; other.Code.Code == o.Code.Code && o.Date != "" && other.Date > o.Date {
			return true
		}
	}
	return false
}

// path of an element; k < 0: middle is its end.
func path(prefix string, i int, middle string, k int) string {
	b := append(strconv.AppendInt(append(make([]byte, 0, 48), prefix...), int64(i), 10), middle...)
	if k >= 0 {
		b = append(strconv.AppendInt(b, int64(k), 10), ']')
	}
	return string(b)
}
