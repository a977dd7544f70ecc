package fhirin

import (
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
	"github.com/convene-health/convene/mapping/program"
)

var responseStatuses = []string{"in-progress", "completed", "amended", wrong, "stopped"}

// itemDepth bounds how far groups within groups of a questionnaire are read.
const itemDepth = 8

// answers takes what a QuestionnaireResponse answers to questions that its linkId names by LOINC, "44260-8" or, as
// questionnaires made of LOINC panels have it, "/44249-1/44260-8" (https://hl7.org/fhir/R4/questionnaireresponse.html). Of
// other questions, and of one that is not finished, only what safety rules ask is taken, and the words, for screening.
func (d *decoder) answers(r resource) {
	q := answered{}
	switch word(r.at, "status", responseStatuses) {
	case "completed", "amended":
		q.whole = true
	case wrong:
		return
	}
	if at, ok := r.at.Get("authored"); ok {
		q.date = at.DateTime()
	}
	d.items(r.at, q, itemDepth)
}

// answered is what holds for all answers of a questionnaire.
type answered struct {
	date  string
	whole bool
}

func (d *decoder) items(c jsontree.Cursor, q answered, depth int) {
	if depth == 0 {
		return
	}
	for item := range items(c, "item", mapping.ObservationsMax) {
		link := text(item, "linkId", mapping.TextMax)
		code := mapping.Code{Display: text(item, "text", mapping.DisplayMax)}
		if tail := link[strings.LastIndexByte(link, '/')+1:]; isLOINC(tail) {
			code.System, code.Code = mapping.SystemLOINC, tail
		}
		for answer := range items(item, "answer", mapping.ListMax) {
			d.answer(code, q, answer)
			d.items(answer, q, depth-1)
		}
		d.items(item, q, depth-1)
	}
}

// answer keeps one. Words beyond the limit are named and left out.
func (d *decoder) answer(code mapping.Code, q answered, c jsontree.Cursor) {
	o := mapping.Observation{Code: code, Date: q.date}
	screened := program.Screens(code)
	value, suffix, has := choice(c, "value")
	coded := d.result(&o, value, suffix, screened)
	switch {
	case !has:
		return
	case screened:
	case code.Code != "" && coded && q.whole:
		o.Code.Display = "" // a LOINC code says what was asked
	case o.Value == nil && o.Answer == nil, code.Display == "" && (o.Answer == nil || o.Answer.Display == ""):
		return
	case len(d.event.Referral.Observations) >= mapping.ObservationsMax:
		c.Remark(jsontree.TooMany, "there are too many answers; this one is not read")
		return
	default:
		o.Code = mapping.Code{Display: code.Display}
	}
	if len(d.event.Referral.Observations) <= mapping.ObservationsMax {
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
