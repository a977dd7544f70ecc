package program

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/convene-health/convene/mapping"
)

// Answers by LOINC answer code.
const (
	answerYes     = "LA33-6"
	answerNo      = "LA32-8"
	answerNone    = "LA6568-5" // not at all
	answerLow     = "LA9194-7"
	answerMedium  = "LA6751-7"
	answerHigh    = "LA9193-9"
	answerDays    = "LA6569-3" // several days
	answerMore    = "LA6570-1" // more than half the days
	answerNearly  = "LA6571-9" // nearly every day
	answerAbsent  = "LA9634-2"
	answerMinus   = "LA6577-6" // negative
	answerNothing = "LA137-2"  // none
)

// same answers of SNOMED CT: yes, present, known present, positive; no, absent, known absent, negative, none.
var answersBySNOMED = map[string]string{
	"373066001": answerYes, "52101004": answerYes, "410515003": answerYes, "10828004": answerYes,
	"373067005": answerNo, "2667000": answerNo, "410516002": answerNo, "260385009": answerNo, "260413007": answerNo,
}

// answersInWords, folded: lower case, no accents, one blank between words. Longer ones stand before what they hold.
var answersInWords = []struct{ words, code string }{
	{"more than half the days", answerMore}, {"more than half of the days", answerMore}, {"mas de la mitad de los dias", answerMore},
	{"nearly every day", answerNearly}, {"almost every day", answerNearly}, {"every day", answerNearly}, {"casi todos los dias", answerNearly}, {"todos los dias", answerNearly},
	{"several days", answerDays}, {"varios dias", answerDays}, {"algunos dias", answerDays},
	{"not at all", answerNone}, {"para nada", answerNone}, {"en absoluto", answerNone}, {"ningun dia", answerNone},
	{"not present", answerNo}, {"not detected", answerNo}, {"no presente", answerNo},
	{"never", answerNo}, {"nunca", answerNo}, {"negative", answerNo}, {"negativo", answerNo}, {"absent", answerNo}, {"ausente", answerNo}, {"none", answerNo}, {"denied", answerNo}, {"denies", answerNo}, {"false", answerNo},
	{"yes", answerYes}, {"true", answerYes}, {"positive", answerYes}, {"positivo", answerYes}, {"present", answerYes}, {"presente", answerYes},
	{"high", answerHigh}, {"moderate", answerMedium}, {"low", answerLow}, {"no", answerNo},
}

// answersAlone are answers only where nothing else is said.
var answersAlone = map[string]string{"y": answerYes, "si": answerYes, "s": answerYes, "t": answerYes, "n": answerNo, "f": answerNo, "neg": answerNo, "pos": answerYes}

// aside are words around an answer that say nothing.
var aside = map[string]bool{"score": true, "points": true, "point": true, "answer": true, "response": true, "puntos": true, "puntaje": true, "respuesta": true}

// AnswerLevel is the level that an answer raises: empty for none. A number, a coded answer and its words may be given; the
// gravest counts. An answer that cannot be read is REVIEW, never nothing.
func (r *SafetyRule) AnswerLevel(value *float64, answer *mapping.Code) Level {
	if !r.ByAnswer() {
		return r.Level
	}
	var read reading
	if value != nil {
		read.add(r.ofNumber(*value))
	}
	if answer != nil && (answer.Code != "" || answer.Display != "") {
		read.add(r.ofCode(answer))
	}
	if read.some || !r.asks() {
		return read.level
	}
	return Review
}

// Denies reports whether an observation is clearly answered in the negative: no, absent, not at all, zero.
func Denies(value *float64, answer *mapping.Code) bool {
	if value != nil && *value != 0 {
		return false
	}
	if answer == nil || answer.Code == "" && answer.Display == "" {
		return value != nil
	}
	switch answer.System {
	case mapping.SystemLOINC, mapping.SystemSNOMED:
		if code := standard(answer); code != "" {
			return negative(code)
		}
	}
	words := fold(answer.Code)
	if isNumber(words) || answersAlone[words] != "" || answerIn(words) != "" {
		return negative(words) && (answer.Display == "" || negative(fold(answer.Display)))
	}
	return negative(fold(answer.Display))
}

// negative reports whether a code, or folded words, say no and nothing else.
func negative(words string) bool {
	switch words {
	case answerNo, answerNone, answerAbsent, answerMinus, answerNothing:
		return true
	}
	if n, err := strconv.Atoi(words); err == nil {
		return n == 0
	}
	code := answersAlone[words]
	if code == "" {
		code = answerIn(words)
	}
	return code == answerNo || code == answerNone
}

// answerIn is the answer that folded words are, and nothing else.
func answerIn(words string) string {
	for _, a := range answersInWords {
		if a.words == words {
			return a.code
		}
	}
	return ""
}

// standard is the LOINC code of a coded answer; empty where it is not known.
func standard(answer *mapping.Code) string {
	if answer.System == mapping.SystemSNOMED {
		return answersBySNOMED[strings.TrimSpace(answer.Code)]
	}
	return strings.TrimSpace(answer.Code)
}

// reading is the gravest of what was read.
type reading struct {
	level Level
	some  bool
}

func (x *reading) add(level Level, ok bool) {
	x.some = x.some || ok
	if level == Stop || level == Review && x.level != Stop {
		x.level = level
	}
}

// asks: the rule has answers of its own, beside what a number may reach.
func (r *SafetyRule) asks() bool { return len(r.stopAnswers)+len(r.reviewAnswers) > 0 }

// ofNumber is the level of a score.
func (r *SafetyRule) ofNumber(f float64) (Level, bool) {
	switch {
	case r.stopFrom > 0 && f >= r.stopFrom:
		return Stop, true
	case r.reviewFrom > 0 && f >= r.reviewFrom:
		return Review, true
	case f < 0 || f != math.Trunc(f):
		return Review, true
	}
	return "", true
}

// ofCode is the level of a coded answer and its words.
func (r *SafetyRule) ofCode(answer *mapping.Code) (Level, bool) {
	var read reading
	read.add(r.ofAnswer(standard(answer)))
	if answer.System != mapping.SystemLOINC && answer.System != mapping.SystemSNOMED {
		read.add(r.ofWords(answer.Code))
	}
	if !read.some || answer.Display != "" && read.level != Stop {
		level, ok := r.ofWords(answer.Display)
		if read.some && !ok {
			level = "" // the code was read, and its words are only more of it
		}
		read.add(level, ok)
	}
	return read.level, read.some
}

// ofAnswer is the level of a LOINC answer code.
func (r *SafetyRule) ofAnswer(code string) (Level, bool) {
	switch {
	case slices.Contains(r.stopAnswers, code):
		return Stop, true
	case slices.Contains(r.reviewAnswers, code):
		return Review, true
	}
	return "", code != "" && (code == answerNo || code == answerNone || code == answerAbsent || code == answerMinus || code == answerNothing)
}

// ofWords is the level of an answer in words: standard texts, numbers, or both. What says more can raise a rule and not
// silence it.
func (r *SafetyRule) ofWords(text string) (Level, bool) {
	words := fold(text)
	if words == "" {
		return "", false
	}
	if code := answersAlone[words]; code != "" {
		return r.ofAnswer(code)
	}
	var read reading
	rest := " " + words + " "
	for _, a := range answersInWords {
		if phrase := " " + a.words + " "; strings.Contains(rest, phrase) {
			read.add(r.ofAnswer(a.code))
			rest = strings.ReplaceAll(rest, phrase, "  ")
		}
	}
	more, of := false, false
	for w := range strings.FieldsSeq(rest) {
		switch n, err := strconv.Atoi(w); {
		case err == nil && !of:
			read.add(r.ofNumber(float64(n)))
		case err != nil && w != "of" && w != "out" && w != "de" && !aside[w]:
			more = true
		}
		of = w == "of" || w == "de"
	}
	if read.level == "" && (more || strings.ContainsAny(text, "<>+≥≤")) {
		return "", false
	}
	return read.level, read.some
}

func isNumber(words string) bool { _, err := strconv.Atoi(words); return err == nil }

var accents = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ñ", "n", "/", " of ")

// fold gives the words of an answer in small letters, with one blank between.
func fold(text string) string {
	if text == "" {
		return ""
	}
	lower := accents.Replace(strings.ToLower(text))
	return strings.Join(strings.FieldsFunc(lower, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), " ")
}
