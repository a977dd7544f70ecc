package hl7v2

import (
	"strconv"

	"github.com/convene-health/convene/mapping"
)

// kind of message, for what is read of it.
type kind uint8

const (
	placing     kind = 1 << iota // REF^I12, REF^I13
	withdrawing                  // REF^I14
	ordering                     // OMG^O19, new or changed
	recalling                    // OMG^O19 and OSU^O51, cancelled
	merging                      // ADT^A40
	updating                     // ADT^A08
	querying                     // REF^I15
	refused                      // any other

	asking = placing | ordering
	person = asking | updating
	every  = asking | withdrawing | recalling | merging | updating | querying | refused
)

// reads says what becomes of each field that is read, by "segment-field"; a field that is not here is ignored. A test holds
// it against what Decode does.
var reads = map[string]struct {
	of      kind
	becomes string
}{
	"MSH-1":  {every, "the field separator of the message"},
	"MSH-2":  {every, "the other delimiters of the message"},
	"MSH-7":  {every, "when it was sent, to tell the later of two messages"},
	"MSH-9":  {every, "what kind of event it is"},
	"MSH-10": {every, "the sender's id of the event"},
	"MSH-11": {every, "checked: T and D are not decided where real patients are"},
	"MSH-15": {every, "whether it is acknowledged by MLLP once it is stored; given, it asks for enhanced mode"},
	"MSH-16": {every, "whether what became of it is answered by MLLP; given, it asks for enhanced mode"},
	"MSH-18": {every, "the character set of the message"},

	"RF1-2":  {placing, "priority"},
	"RF1-3":  {placing, "programs, where the code system is " + codesProgram},
	"RF1-6":  {placing | withdrawing | querying, "identifier of the referral"},
	"RF1-9":  {placing, "authoredOn"},
	"RF1-10": {placing, "goals, where the code system is " + codesGoal},
	"RF1-14": {placing, "a note"},
	"RF1-24": {placing | withdrawing, "a note; of a cancellation, its reason"},

	"PRD-1":  {placing, "chooses the requester: RP, else PP"},
	"PRD-2":  {placing, "requester.practitioner, name"},
	"PRD-5":  {placing, "requester.practitioner.phone"},
	"PRD-7":  {placing, "requester.practitioner.identifier"},
	"PRD-10": {placing, "requester.organization"},
	"PRD-13": {placing, "requester.organization.phone"},

	"ORC-1":  {ordering | recalling, "new, changed or cancelled"},
	"ORC-2":  {ordering | recalling, "identifier of the referral"},
	"ORC-5":  {recalling, "of OSU: cancelled"},
	"ORC-7":  {ordering, "priority, where TQ1-9 has none"},
	"ORC-9":  {ordering, "authoredOn"},
	"ORC-12": {ordering, "requester.practitioner"},
	"ORC-16": {recalling, "the reason of a cancellation"},
	"ORC-21": {ordering, "requester.organization"},
	"TQ1-9":  {ordering, "priority"},
	"OBR-2":  {ordering | recalling, "identifier of the referral, where ORC-2 has none"},
	"OBR-4":  {ordering, "programs, where the code system is " + codesProgram},
	"OBR-13": {ordering, "a note"},
	"OBR-16": {ordering, "requester.practitioner, where ORC-12 has none"},

	"PID-3":  {person | merging, "patient.identifiers; of a merge, who lives on"},
	"PID-5":  {person, "patient.name"},
	"PID-7":  {person, "patient.birthDate"},
	"PID-8":  {person, "patient.gender"},
	"PID-10": {asking, "observations, ancestry, by the categories of table 0005"},
	"PID-11": {person, "patient.address"},
	"PID-13": {person, "patient.phone, patient.email"},
	"PID-15": {person, "patient.languages"},
	"PID-29": {person, "patient.deceased"},
	"PID-30": {person, "patient.deceased"},
	"PID-40": {person, "patient.phone, patient.email, where PID-13 has none"},
	"MRG-1":  {merging, "who is the same person"},

	"DG1-3":  {asking, "conditions, codes"},
	"DG1-4":  {asking, "conditions, text"},
	"DG1-5":  {asking, "conditions, onset"},
	"DG1-6":  {asking, "checked"},
	"DG1-21": {asking, "D: entered in error"},
	"IN1-2":  {asking, "payers"},
	"IN1-3":  {asking, "payers, where IN1-2 has none"},
	"OBX-2":  {asking, "how OBX-5 is read"},
	"OBX-3":  {asking, "observations, code; of text, the note's first words"},
	"OBX-5":  {asking, "observations, value or answer; text is a note, ED and RP a document"},
	"OBX-6":  {asking, "observations, unit"},
	"OBX-11": {asking, "a result deleted, wrong or not obtained is left out"},
	"OBX-14": {asking, "observations, date"},
	"NTE-3":  {asking, "a note"},
	"PR1-3":  {asking, "observations, code of what was done"},
	"PR1-5":  {asking, "observations, date"},
	"CON-9":  {asking, "a note"},
	"CON-11": {asking, "R or X bars the referral, P is doubtful"},
	"CON-13": {asking, "observations, date of the guardian's consent"},
	"CON-25": {asking, "2 or 5 of an active consent: observations, guardian-consent"},
	"CON-15": {asking, "checked: an end in the past is doubtful"},
	"NK1-2":  {person, "patient.guardian, name"},
	"NK1-3":  {person, "chooses the guardian: GRD; of a minor MTH, FTH, PAR too"},
	"NK1-5":  {person, "patient.guardian.phone"},
	"NK1-6":  {person, "patient.guardian.phone, where NK1-5 has none"},
	"NK1-40": {person, "patient.guardian.phone, where NK1-5 and NK1-6 have none"},
	"AUT-1":  {asking, "payers, where IN1 has none"},
	"AUT-4":  {asking, "a note"},
	"AUT-5":  {asking, "a note, and until when the authorization holds; an end in the past is a remark"},
	"AUT-6":  {asking, "a note, and observations, authorization"},
	"AUT-9":  {asking, "a note"},
	"AL1-3":  {asking, "a note"},
	"AL1-4":  {asking, "a note"},
	"AL1-5":  {asking, "a note"},
	"PV1-2":  {asking, "I, an inpatient, is a remark"},
	"PV1-8":  {asking, "requester.practitioner, where nothing else names one"},
}

// Line of an explained message: a field, a repetition of one, or a segment's name.
type Line struct {
	// Position as issues have it, e.g. "DG1[2]-3"; of a segment its name and number.
	Position string
	// Name by the standard; "" where it is not known.
	Name string
	// Raw value as it was sent, with delimiters and escapes, in UTF-8; empty of a segment.
	Raw string
	// Components of the value.
	Components int
	// Becomes says what Convene makes of it; "" if it is ignored.
	Becomes string
	// Segment: the line begins a segment.
	Segment bool
}

// Explain lists the fields of a message that hold something, each repetition on a line of its own, and what Decode makes of
// them. What is no segment is a line without a name.
func Explain(m *Message) []Line {
	of, counts := kindOf(m)
	var lines []Line
	for i := range m.Segments {
		s := &m.Segments[i]
		if s.Name == "" {
			if len(s.Fields) > 0 && s.Fields[0] != "" {
				lines = append(lines, Line{Position: "line " + strconv.Itoa(i+1), Name: "no segment", Raw: s.Fields[0], Components: 1})
			}
			continue
		}
		lines = append(lines, Line{Position: s.Place(), Name: Title(s.Name), Segment: true})
		for n := 1; n < len(s.Fields); n++ {
			lines = explainField(lines, s, n, of, i < counts)
		}
	}
	return lines
}

func explainField(lines []Line, s *Segment, n int, of kind, counts bool) []Line {
	field, becomes := s.Field(n), ""
	if read, ok := reads[s.Name+"-"+strconv.Itoa(n)]; ok && counts && read.of&of != 0 {
		becomes = read.becomes
	}
	for i := 1; i <= field.Repetitions(); i++ {
		v := field.Repetition(i)
		if v.Empty() {
			continue
		}
		lines = append(lines, Line{v.Position(), FieldName(s.Name, n), s.c.charset.utf8(v.Raw), v.Components(), becomes, false})
	}
	return lines
}

// kindOf a message, and how many of its segments count.
func kindOf(m *Message) (kind, int) {
	all := len(m.Segments)
	switch msh := m.First("MSH").Field(9); msh.Component(1).Text() + "^" + msh.Component(2).Text() {
	case "REF^I12", "REF^I13":
		return placing, all
	case "REF^I14":
		return withdrawing, all
	case "REF^I15":
		return querying, all
	case "ADT^A40":
		return merging, all
	case "ADT^A08":
		return updating, all
	case "OMG^O19", "OSU^O51":
		r := reader{event: new(mapping.Event), segments: m.Segments}
		control := r.firstOrder().Field(1).Text()
		if control == "NW" || control == "XO" {
			return ordering, len(r.segments)
		}
		return recalling, len(r.segments)
	}
	return refused, all
}
