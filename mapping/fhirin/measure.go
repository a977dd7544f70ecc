package fhirin

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
	"github.com/convene-health/convene/mapping/program"
)

// What an Observation, a component of one, or an answer of a questionnaire found. A value that is neither a number nor a code
// is kept in its own words: with its code where a safety rule asks for that, else with the words for it alone, in which
// screening looks and by which nothing else is decided.

// Answers to what is asked by yes and no.
var (
	answerYes = mapping.Code{System: mapping.SystemSNOMED, Code: "373066001", Display: "Yes"}
	answerNo  = mapping.Code{System: mapping.SystemSNOMED, Code: "373067005", Display: "No"}
)

// measure reads code and value[x] of an Observation or a component. A panel without a value is kept for its code: it may
// itself be a finding.
func (d *decoder) measure(c jsontree.Cursor, date string, screenedOnly bool) {
	codes, words := conceptMember(c, "code")
	screened := program.Screens(codes...)
	value, suffix, has := choice(c, "value")
	if screenedOnly && !screened || !has && c.Has("component") && !screened {
		return
	}
	o := mapping.Observation{Date: date}
	if suffix == "Quantity" && value.Has("comparator") && !screened {
		value.Remark(NotUsed, "a bound is not a value")
		return
	}
	coded := d.result(&o, value, suffix, screened)
	switch {
	case screened, coded && len(codes) > 0, !has && len(codes) > 0:
		d.addMeasures(o, codes, words, c)
	case o.Answer != nil || o.Value != nil || !has:
		if o.Code.Display = told(codes, words); o.Code.Display != "" || o.Answer != nil {
			d.addObservation(o, c)
		}
	}
}

// addMeasures keeps a result under the code that questionnaires go by, and under each other that a safety rule asks for.
func (d *decoder) addMeasures(o mapping.Observation, codes []mapping.Code, words string, c jsontree.Cursor) {
	main := preferred(codes, mapping.SystemLOINC)
	for _, code := range codes {
		if code != main && program.Screens(code) {
			o.Code = code
			d.addObservation(o, c)
		}
	}
	o.Code = main
	if main.Display == "" || main.System != mapping.SystemLOINC {
		o.Code.Display = told(codes, words)
	}
	d.addObservation(o, c)
}

// told is all that is shown of a code.
func told(codes []mapping.Code, words string) string {
	for _, c := range codes {
		switch {
		case c.Display == "" || strings.Contains(words, c.Display):
		case words == "":
			words = c.Display
		case len(words)+len(c.Display) < mapping.DisplayMax:
			words += "; " + c.Display
		}
	}
	return words
}

// result reads value[x] and reports whether it is a number or a code. Where it is asked for, a number may also stand in a text,
// and a bound is kept in words.
func (d *decoder) result(o *mapping.Observation, value jsontree.Cursor, suffix string, asked bool) (coded bool) {
	switch suffix {
	case "Quantity":
		if at, ok := value.Get("value"); ok {
			o.Value = number(at)
		}
		o.Unit = cmp.Or(text(value, "code", mapping.ShortMax), text(value, "unit", mapping.ShortMax))
		if bound := raw(value, "comparator"); bound != "" && o.Value != nil {
			o.Answer = &mapping.Code{Display: bound + " " + strconv.FormatFloat(*o.Value, 'f', -1, 64)}
			o.Value = nil
		}
		return o.Value != nil
	case "Integer", "Decimal":
		o.Value = number(value)
		return o.Value != nil
	case "Boolean":
		answer := answerNo
		if value.Bool() {
			answer = answerYes
		}
		o.Answer = &answer
	case "CodeableConcept":
		answers, words := concept(value)
		if len(answers) == 0 {
			d.say(o, words, value)
			return false
		}
		answer := answerOf(answers, asked)
		answer.Display = cmp.Or(answer.Display, words)
		o.Answer = &answer
		return true
	case "Coding":
		answer := codingOf(value)
		if answer.Code == "" {
			d.say(o, answer.Display, value)
			return false
		}
		o.Answer = &answer
		return true
	case "String", "Markdown":
		words := value.Text(mapping.NoteMax)
		if f, err := strconv.ParseFloat(words, 64); err == nil && asked {
			o.Value = &f
			return true
		}
		d.say(o, words, value)
	}
	return false
}

// say answers in words. A long story is a note as well.
func (d *decoder) say(o *mapping.Observation, words string, at jsontree.Cursor) {
	if words == "" {
		return
	}
	if len(words) > mapping.DisplayMax {
		d.addNote(words, at)
		words = strings.ToValidUTF8(words[:mapping.DisplayMax], "")
	}
	o.Answer = &mapping.Code{Display: words}
}

// answerOf is the coding of an answer that safety rules go by: of LOINC where they ask the question, else one that is itself
// a finding, else SNOMED CT's.
func answerOf(answers []mapping.Code, asked bool) mapping.Code {
	if asked {
		return preferred(answers, mapping.SystemLOINC)
	}
	for _, a := range answers {
		if program.Screens(a) {
			return a
		}
	}
	return preferred(answers, mapping.SystemSNOMED)
}

func number(c jsontree.Cursor) *float64 {
	if v, ok := c.Float(); ok {
		return &v
	}
	return nil
}

// preferred is the coding of a system where there is one, else the first.
func preferred(codes []mapping.Code, system string) mapping.Code {
	for _, c := range codes {
		if c.System == system {
			return c
		}
	}
	return codes[0]
}
