package hl7v2

import (
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// unreadable stands for a byte that the character set does not have.
const unreadable = "\uFFFD"

// text reads a value of at most so many characters.
func (r *reader) text(v Value, most int) string {
	s := v.Text()
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' && s[i] != '\n' && s[i] != '\r' && s[i] != '\t' {
			r.report.Fail(v.Position(), jsontree.ControlChar, "control characters are not allowed")
			return ""
		}
	}
	switch {
	case !utf8.ValidString(s) || strings.Contains(s, unreadable) && !strings.Contains(v.Raw, unreadable):
		r.report.Fail(v.Position(), jsontree.InvalidUTF8, "these bytes are no characters of the message's character set")
		return ""
	case len(s) > most && utf8.RuneCountInString(s) > most:
		r.report.Fail(v.Position(), jsontree.TooLong, "longer than %d characters", most)
		return ""
	}
	return s
}

func (r *reader) required(v Value, most int, why string) string {
	s := r.text(v, most)
	if s == "" {
		r.report.Fail(v.Position(), jsontree.Required, "%s", why)
	}
	return s
}

// repetitions of a field that hold something, at most so many.
func (r *reader) repetitions(v Value, most int) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		n := v.Repetitions()
		if n > most {
			r.report.Fail(v.Position(), jsontree.TooMany, "%d repetitions, where at most %d are allowed", n, most)
			n = most
		}
		for i := 1; i <= n; i++ {
			if x := v.Repetition(i); !x.Empty() && !x.IsNull() && !yield(x) {
				return
			}
		}
	}
}

// moment reads a time; one that the calendar does not have is reported.
func (r *reader) moment(v Value) (moment, bool) {
	s := v.Component(1).Text() // TS of 2.4 and before has a second component
	if s == "" {
		return moment{}, false
	}
	m, ok := parseMoment(s)
	if !ok {
		r.report.Fail(v.Position(), jsontree.InvalidDate, "expected a time of the calendar: YYYY[MM[DD[HHMM[SS[.S]]]]] and, with a time of day, an offset +ZZZZ")
	}
	return m, ok
}

func (r *reader) date(v Value) string {
	if m, ok := r.moment(v); ok {
		return m.date()
	}
	return ""
}

// dateTime is a FHIR dateTime. One with a time of day and no offset is marked until localTimes.
func (r *reader) dateTime(v Value) string {
	m, ok := r.moment(v)
	switch {
	case !ok:
		return ""
	case m.digits > 8 && !m.offset:
		r.local = true
		return m.Format(localForm)
	}
	return m.dateTime()
}

// localForm marks a local time: FHIR has none without an offset.
const localForm = "2006-01-02T15:04:05.999999999"

// localTimes lists the marked times of the event for the catalog's zone, and leaves their dates.
func (r *reader) localTimes() {
	x := r.event.Referral
	if !r.local || x == nil {
		return
	}
	r.localTime(&x.AuthoredOn)
	for i := range x.Conditions {
		r.localTime(&x.Conditions[i].Onset)
	}
	for i := range x.Observations {
		r.localTime(&x.Observations[i].Date)
	}
}

func (r *reader) localTime(text *string) {
	if len(*text) <= len(time.DateOnly) {
		return
	}
	if wall, err := time.Parse(localForm, *text); err == nil {
		*text = (*text)[:len(time.DateOnly)]
		r.event.Local = append(r.event.Local, mapping.LocalTime{Wall: wall, Into: text})
	}
}

// assigner reads a hierarchic designator whose parts are given: namespace, universal id, its type. OIDs, UUIDs and URIs
// name an assigner anywhere; all else, DNS names too, is a name local to the source.
func (r *reader) assigner(namespace, universal, kind Value) string {
	id := r.text(universal, mapping.SystemMax)
	if id != "" {
		switch strings.ToUpper(kind.Text()) {
		case "ISO":
			if !isOID(id) {
				r.report.Fail(universal.Position(), jsontree.InvalidValue, "expected an OID, as its type ISO says")
				return ""
			}
			return systemOf("urn:oid:" + id)
		case "UUID", "GUID":
			return "urn:uuid:" + strings.ToLower(id)
		case "URI":
			return systemOf(id)
		}
	}
	local := r.text(namespace, mapping.TextMax)
	if local == "" {
		local = id
	}
	if local == "USSSA" { // HL7 table 0363: the US Social Security Administration
		return mapping.SystemSSN
	}
	return strings.ReplaceAll(local, ":", "%3A") // a colon would make it global
}

// systemOf gives the URI by which FHIR knows an OID.
func systemOf(uri string) string {
	if known := systemsByOID[uri]; known != "" {
		return known
	}
	return uri
}

// isOID reports whether s is an OID: numbers of more than one arc, the first 0 to 2.
func isOID(s string) bool {
	arcs := strings.Split(s, ".")
	for _, arc := range arcs {
		if arc == "" || strings.Trim(arc, "0123456789") != "" || len(arc) > 1 && arc[0] == '0' {
			return false
		}
	}
	return len(arcs) > 1 && (arcs[0] == "0" || arcs[0] == "1" || arcs[0] == "2")
}

// cx reads an identifier with its assigner and type (CX).
func (r *reader) cx(v Value) mapping.Identifier {
	hd := v.Component(4)
	id := mapping.Identifier{
		System: r.assigner(hd.Sub(1), hd.Sub(2), hd.Sub(3)),
		Value:  r.text(v.Component(1), mapping.TextMax),
		Type:   r.text(v.Component(5), mapping.ShortMax),
	}
	if facility := v.Component(6).Sub(1).Text(); id.System == mapping.SystemSSN || id.System == "" && facility == "USSSA" {
		id.System, id.Type = mapping.SystemSSN, "SS"
	}
	return id
}

// recognisable reads a list of identifiers of which one at least must have an assigner: a bare value recognises nobody.
func (r *reader) recognisable(s *Segment, name string, field int) []mapping.Identifier {
	if s == nil {
		r.report.Fail(name, jsontree.Required, "expected the patient")
		return nil
	}
	var all []mapping.Identifier
	named := false
	for v := range r.repetitions(s.Field(field), mapping.IdentifiersMax) {
		id := r.cx(v)
		if id.Value == "" {
			r.report.Remark(v.Component(1).Position(), jsontree.Required, "an identifier without a value is not read")
			continue
		}
		named = named || id.System != "" && id.System != mapping.SystemSSN && id.Type != "SS"
		all = append(all, id)
	}
	if !named {
		r.report.Fail(s.Field(field).Position(), jsontree.Required, "expected at least one identifier with its assigning authority; social security numbers recognise nobody")
	}
	return all
}

// entity reads an identifier of an order (EI).
func (r *reader) entity(v Value) mapping.Identifier {
	id := mapping.Identifier{Value: r.text(v.Component(1).Sub(1), mapping.TextMax)}
	if id.Value != "" {
		id.System, id.Type = r.assigner(v.Component(2).Sub(1), v.Component(3).Sub(1), v.Component(4).Sub(1)), "PLAC"
	}
	return id
}

// codes reads the codings of a coded value (CWE, CE): itself and up to two alternates.
func (r *reader) codes(v Value) []mapping.Code {
	var all []mapping.Code
	for _, first := range [...]int{1, 4, 10} {
		c := mapping.Code{Code: r.text(v.Component(first), mapping.ShortMax), Display: r.text(v.Component(first+1), mapping.DisplayMax)}
		if c.Code == "" {
			continue
		}
		c.System = mapping.CodeSystem(r.text(v.Component(first+2), mapping.TextMax))
		all = append(all, c)
	}
	return all
}

// display of a coded value: its original text, else its first display.
func (r *reader) display(v Value) string {
	for _, n := range [...]int{9, 2, 5} {
		if s := r.text(v.Component(n), mapping.DisplayMax); s != "" {
			return s
		}
	}
	return ""
}
