package fhirin

import (
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

var responseStatuses = []string{"in-progress", "completed", "amended", wrong, "stopped"}

// itemDepth bounds how far groups within groups of a questionnaire are read.
const itemDepth = 8

// answers takes what a QuestionnaireResponse answers to questions that its linkId names by LOINC, "44260-8" or, as
// questionnaires made of LOINC panels have it, "/44249-1/44260-8" (https://hl7.org/fhir/R4/questionnaireresponse.html). Other
// questions have no meaning without their Questionnaire. What is not finished says nothing.
func (d *decoder) answers(r resource) {
	switch word(r.at, "status", responseStatuses) {
	case "completed", "amended":
	default:
		return
	}
	date := ""
	if at, ok := r.at.Get("authored"); ok {
		date = at.DateTime()
	}
	d.items(r.at, date, itemDepth)
}

func (d *decoder) items(c jsontree.Cursor, date string, depth int) {
	if depth == 0 {
		return
	}
	for item := range items(c, "item", mapping.ObservationsMax) {
		link := text(item, "linkId", mapping.TextMax)
		code := link[strings.LastIndexByte(link, '/')+1:]
		for answer := range items(item, "answer", mapping.ListMax) {
			if isLOINC(code) {
				d.answer(code, date, answer)
			}
			d.items(answer, date, depth-1)
		}
		d.items(item, date, depth-1)
	}
}

func (d *decoder) answer(code, date string, c jsontree.Cursor) {
	o := mapping.Observation{Code: mapping.Code{System: mapping.SystemLOINC, Code: code}, Date: date}
	switch value, suffix, _ := choice(c, "value"); suffix {
	case "Decimal", "Integer":
		o.Value = number(value)
	case "Quantity":
		if at, ok := value.Get("value"); ok && !value.Has("comparator") {
			o.Value = number(at)
			o.Unit = text(value, "code", mapping.ShortMax)
		}
	case "Coding":
		if answer := codingOf(value); answer.Code != "" {
			o.Answer = &answer
		}
	}
	if (o.Value != nil || o.Answer != nil) && len(d.event.Referral.Observations) <= mapping.ObservationsMax {
		d.addObservation(o, c)
	}
}

// isLOINC reports whether s has the form of a LOINC code: digits, a hyphen, a check digit.
func isLOINC(s string) bool {
	n := len(s)
	if n < 3 || n > 8 || s[n-2] != '-' {
		return false
	}
	for i := range n {
		if i != n-2 && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}
