package hl7v2

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
	"github.com/convene-health/convene/mapping/program"
)

// results reads every OBX. Those in words that follow each other under the same name are lines of one note.
func (r *reader) results(x *mapping.Referral) {
	var before *Segment
	for s := range r.all("OBX") {
		if noResult[r.text(s.Field(11), mapping.ShortMax)] {
			continue
		}
		if codes := r.codes(s.Field(3)); program.Screens(codes...) && !isDocument(s) {
			r.screened(s, codes, x)
		} else if wordy[s.Field(2).Text()] {
			r.words(s, before != nil && wordy[before.Field(2).Text()] && before.Field(3).Raw == s.Field(3).Raw, x)
		} else {
			r.result(s, x)
		}
		before = s
	}
}

// words keeps a result in words as a note that begins with what it is of, or goes on with the note before.
func (r *reader) words(s *Segment, more bool, x *mapping.Referral) {
	for v := range r.repetitions(s.Field(5), SegmentsMax) {
		text := r.text(v, mapping.NoteMax)
		if !more && text != "" {
			text = r.labelled(s, text)
		}
		more = r.addNote(x, v, text, more) || more
	}
}

// labelled puts before a value what it is of.
func (r *reader) labelled(s *Segment, text string) string {
	if of := r.display(s.Field(3)); of != "" {
		return of + ": " + text
	}
	return text
}

// result reads an OBX that is not in words: numbers and coded answers are observations, all else is named as not read.
func (r *reader) result(s *Segment, x *mapping.Referral) {
	kind := r.text(s.Field(2), mapping.ShortMax)
	switch kind {
	case "NM", "SN", "CE", "CWE", "CNE", "CF", "IS", "ID":
	case "ED", "RP":
		r.document(s, x)
		return
	default:
		if !s.Field(5).Empty() {
			r.report.Remark(s.Field(2).Position(), NotRead, "a result of this type is kept as a note and decides nothing")
			r.words(s, false, x)
		}
		return
	}
	codes := r.codes(s.Field(3))
	if len(codes) == 0 {
		r.report.Fail(s.Field(3).Position(), jsontree.Required, "expected the code of what was observed")
		return
	}
	o := mapping.Observation{Code: preferred(codes), Unit: r.text(s.Field(6).Component(1), mapping.ShortMax), Date: r.dateTime(s.Field(14))}
	for v := range r.repetitions(s.Field(5), mapping.ListMax) {
		switch {
		case len(x.Observations) == mapping.ObservationsMax:
			r.report.Fail(s.Place(), jsontree.TooMany, "more than %d results", mapping.ObservationsMax)
			return
		case r.value(kind, v, &o):
			x.Observations = append(x.Observations, o)
		default:
			r.report.Remark(v.Position(), jsontree.InvalidValue, "this is not one number or code; it is kept as a note and decides nothing")
			if text := r.text(v, mapping.NoteMax); text != "" {
				r.addNote(x, v, r.labelled(s, text), false)
			}
		}
	}
}

func isDocument(s *Segment) bool { kind := s.Field(2).Text(); return kind == "ED" || kind == "RP" }

// screened reads an OBX that a safety rule asks for, whatever its type: a number also where it stands in a text, and what is
// neither number nor code in its own words. One without a value is kept: nobody knows the answer.
func (r *reader) screened(s *Segment, codes []mapping.Code, x *mapping.Referral) {
	kind := r.text(s.Field(2), mapping.ShortMax)
	o := mapping.Observation{Unit: r.text(s.Field(6).Component(1), mapping.ShortMax), Date: r.dateTime(s.Field(14))}
	if s.Field(5).Repetitions() == 0 {
		r.found(o, codes, s, x)
	}
	for v := range r.repetitions(s.Field(5), mapping.ListMax) {
		if !r.value(kind, v, &o) {
			if kind == "NM" || kind == "SN" {
				r.report.Remark(v.Position(), jsontree.InvalidValue, "this is not one number; a person reads it")
			}
			r.inWords(v, &o, x)
		}
		r.found(o, codes, s, x)
	}
}

// inWords keeps an answer as it was written; a long story is a note as well.
func (r *reader) inWords(v Value, o *mapping.Observation, x *mapping.Referral) {
	words := r.display(v)
	if words == "" {
		words = r.text(v, mapping.NoteMax)
	}
	if kind := v.segment.Field(2).Text(); kind == "SN" {
		words = v.Component(1).Text() + " " + v.Component(2).Text() + " " + v.Component(3).Text() + " " + v.Component(4).Text()
	}
	if number(words, o) {
		return
	}
	if len(words) > mapping.DisplayMax {
		r.addNote(x, v, words, false)
		words = strings.ToValidUTF8(words[:mapping.DisplayMax], "")
	}
	if words != "" {
		o.Answer = &mapping.Code{Display: words}
	}
}

// found keeps a result under the code that questionnaires go by, and under each other that a safety rule asks for.
func (r *reader) found(o mapping.Observation, codes []mapping.Code, s *Segment, x *mapping.Referral) {
	main := preferred(codes)
	for _, c := range codes {
		if c != main && !program.Screens(c) {
			continue
		}
		if len(x.Observations) == mapping.ObservationsMax {
			r.report.Fail(s.Place(), jsontree.TooMany, "more than %d results", mapping.ObservationsMax)
			return
		}
		o.Code = c
		x.Observations = append(x.Observations, o)
	}
}

// value reads one value of a result; false if it is neither a number nor a coded answer.
func (r *reader) value(kind string, v Value, o *mapping.Observation) bool {
	o.Value, o.Answer = nil, nil
	switch kind {
	case "NM":
		return number(r.text(v, mapping.ShortMax), o)
	case "SN": // comparator, number, separator, number
		comparator := v.Component(1).Text()
		return (comparator == "" || comparator == "=") && v.Component(3).Text() == "" && number(r.text(v.Component(2), mapping.ShortMax), o)
	case "CE", "CWE", "CNE", "CF", "IS", "ID":
	default:
		return false
	}
	codes := r.codes(v)
	if len(codes) == 0 {
		return false
	}
	answer := preferred(codes)
	o.Answer = &answer
	return true
}

var decimal = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)$`)

func number(s string, o *mapping.Observation) bool {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !decimal.MatchString(s) {
		return false
	}
	o.Value = &f
	return true
}

// preferred is the LOINC coding, which the shipped questionnaires go by, else the first.
func preferred(codes []mapping.Code) mapping.Code {
	for _, c := range codes {
		if c.System == mapping.SystemLOINC {
			return c
		}
	}
	return codes[0]
}
