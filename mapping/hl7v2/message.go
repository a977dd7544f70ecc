// Package hl7v2 reads HL7 v2 messages in their ER7 form ("pipes and hats"): REF referrals, OMG and OSU orders, ADT merges.
//
// Parse splits a message by its own delimiters and keeps every byte: Encode gives back what was parsed, with unknown and
// Z segments, empty lines and whatever cannot be understood. Decode turns a message into the event that every other format
// becomes too. Both hold for any input: no panic, work in proportion to its length, every problem listed with its position
// in HL7's own terms, e.g. "PID-7" or "DG1[2]-3.1".
//
// What becomes of which field is written in docs/hl7v2.md; Explain says it of a message.
package hl7v2

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// Limits on one message beside mapping.InputBytesMax; what is above is "too-large".
const (
	SegmentsMax = 1000
	FieldsMax   = 300 // in one segment; the standard's longest has fewer than 100
)

// Codes of the problems that only this format has; the others are jsontree's.
const (
	NotHL7            = "not-hl7"
	InvalidSegment    = "invalid-segment"
	InvalidDelimiters = "invalid-delimiters"
	UnknownCharset    = "unknown-character-set"
)

// Message is a parsed input: the lines of one message, or of a batch, in order.
type Message struct {
	// Lead and Trail are a byte order mark and MLLP's frame around the segments, where there are any.
	Lead, Trail string
	Segments    []Segment

	// original bytes and set of a message that was turned into UTF-8 to be split; else nil.
	original []byte
	set      *charset
}

// Segment is one line. One that is no segment, as an empty line, has no name and its text as the only field.
type Segment struct {
	Name string
	// Nth among the segments of its name in the message, from 1.
	Nth int
	// Fields as they were sent. Fields[0] is the name; of MSH, FHS and BHS, Fields[1] is the field separator.
	Fields []string
	// End is what ended the line: "\r", "\n", "\r\n", or "" at the end of the text.
	End string

	c *coding
}

// coding is how the text of a message is to be read: its delimiters, 0 where it has none, and its character set.
type coding struct {
	field, component, repetition, escape, subcomponent byte

	charset *charset
}

const byteOrderMark = "\uFEFF"

// Parse splits a message or a batch. The issues are what is wrong with it as a text; the message then holds what could be
// split. Its strings are parts of data's one copy.
func Parse(data []byte) (*Message, mapping.Issues) {
	p := parser{message: new(Message), seen: map[string]int{}}
	text, set, sound := widen(data)
	if set != nil {
		p.message.original, p.message.set = bytes.Clone(data), set
	}
	if !sound {
		p.issues.Add("MSH", jsontree.InvalidUTF8, "some bytes are no characters of the message's character set")
	}
	p.parse(text)
	return p.message, p.issues
}

type parser struct {
	message *Message
	issues  mapping.Issues
	seen    map[string]int
	// c is of the last header segment.
	c *coding
}

func (p *parser) parse(text string) {
	m := p.message
	body := strings.TrimPrefix(text, byteOrderMark)
	body = strings.TrimPrefix(body, "\v")
	m.Lead = text[:len(text)-len(body)]
	if end := strings.TrimRight(body, "\r\n"); strings.HasSuffix(end, "\x1c") {
		m.Trail = body[len(end)-1:]
		body = end[:len(end)-1]
	}
	m.Segments = make([]Segment, 0, min(strings.Count(body, "\r")+strings.Count(body, "\n")+1, SegmentsMax))
	for body != "" {
		if len(m.Segments) == SegmentsMax {
			p.issues.Add("MSH", jsontree.TooLarge, "more than %d segments", SegmentsMax)
			return
		}
		var line, end string
		line, end, body = nextLine(body)
		p.line(line, end)
	}
	if p.c == nil && len(p.issues) == 0 {
		p.issues.Add("MSH", NotHL7, "expected a message that begins with MSH")
	}
}

func nextLine(text string) (line, end, rest string) {
	i := strings.IndexAny(text, "\r\n")
	if i < 0 {
		return text, "", ""
	}
	n := 1
	if strings.HasPrefix(text[i:], "\r\n") {
		n = 2
	}
	return text[:i], text[i : i+n], text[i+n:]
}

func (p *parser) line(line, end string) {
	s := Segment{End: end, c: p.c}
	number := len(p.message.Segments) + 1
	switch {
	case strings.TrimSpace(line) == "":
		s.Fields = []string{line}
	case p.header(line, &s):
		p.c = s.c
	case p.c == nil:
		s.Fields = []string{line}
		if len(p.issues) == 0 { // once is enough
			p.issues.Add("MSH", NotHL7, "line %d comes before MSH; a message begins with MSH", number)
		}
	case isName(line) && !isHeader(line[:3]) && (len(line) == 3 || line[3] == p.c.field):
		s.Name, s.Fields = line[:3], p.split(line)
	default:
		s.Fields = []string{line}
		p.issues.Add("MSH", InvalidSegment, "line %d does not begin with a segment's name and the field separator; a line break within a value is written as an escape", number)
	}
	if s.Name != "" {
		p.seen[s.Name]++
		s.Nth = p.seen[s.Name]
	}
	p.message.Segments = append(p.message.Segments, s)
}

// split cuts a line at the field separator.
func (p *parser) split(line string) []string {
	if n := strings.Count(line, string(p.c.field)); n > FieldsMax {
		p.issues.Add(line[:3], jsontree.TooLarge, "%d fields, where at most %d are allowed", n, FieldsMax)
		return []string{line[:3], line[4:]} // joined again by the separator, so that no byte is lost
	}
	return strings.Split(line, string(p.c.field))
}

// header reads MSH, FHS or BHS, which say by what delimiters they and the segments after them are to be split.
func (p *parser) header(line string, s *Segment) bool {
	if len(line) < 4 || !isHeader(line[:3]) {
		return false
	}
	c := &coding{field: line[3], charset: plain}
	if delimiter := c.field; !isDelimiter(delimiter) {
		return false
	}
	s.Name, s.c = line[:3], c
	rest := line[4:]
	chars, _, _ := strings.Cut(rest, string(c.field))
	c.read(chars)
	if !c.distinct(chars) {
		p.issues.Add(s.Name+"-2", InvalidDelimiters, `expected 1 to 5 different encoding characters, as a rule ^~\&`)
	}
	fields := strings.Count(rest, string(c.field))
	if fields > FieldsMax {
		p.issues.Add(s.Name, jsontree.TooLarge, "%d fields, where at most %d are allowed", fields, FieldsMax)
		s.Fields = []string{s.Name, line[3:4], rest}
		return true
	}
	s.Fields = append(make([]string, 0, fields+3), s.Name, line[3:4])
	s.Fields = append(s.Fields, strings.Split(rest, string(c.field))...)
	if s.Name == "MSH" {
		p.readCharset(s)
	}
	return true
}

// read takes MSH-2: component, repetition, escape and sub-component separator; a fifth, for truncation, is not used.
func (c *coding) read(chars string) {
	for i, to := range []*byte{&c.component, &c.repetition, &c.escape, &c.subcomponent} {
		if i < len(chars) {
			*to = chars[i]
		}
	}
}

func (c *coding) distinct(chars string) bool {
	if chars == "" || len(chars) > 5 {
		return false
	}
	for i := range len(chars) {
		if !isDelimiter(chars[i]) || strings.IndexByte(chars[:i], chars[i]) >= 0 || chars[i] == c.field {
			return false
		}
	}
	return true
}

func isHeader(name string) bool { return name == "MSH" || name == "FHS" || name == "BHS" }

// isDelimiter: any printable ASCII that is neither letter, digit, blank nor quote, which would read as a null.
func isDelimiter(b byte) bool {
	return b > ' ' && b < 0x7f && b != '"' && !isAlnum(b)
}

func isAlnum(b byte) bool {
	return 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z' || '0' <= b && b <= '9'
}

// isName reports whether a line begins with a segment's name: a capital and two capitals or digits.
func isName(line string) bool {
	return len(line) >= 3 && 'A' <= line[0] && line[0] <= 'Z' && isAlnum(line[1]) && line[1] < 'a' && isAlnum(line[2]) && line[2] < 'a'
}

// Encode writes the message, byte for byte what was parsed unless there were too many segments.
func (m *Message) Encode() []byte {
	if m.set != nil {
		return m.original
	}
	b := []byte(m.Lead)
	for i := range m.Segments {
		b = m.Segments[i].append(b)
	}
	return append(b, m.Trail...)
}

func (s *Segment) append(b []byte) []byte {
	fields := s.Fields
	if isHeader(s.Name) {
		b = append(append(b, s.Name...), s.c.field)
		fields = fields[2:]
	}
	for i, f := range fields {
		if i > 0 {
			b = append(b, s.c.field)
		}
		b = append(b, f...)
	}
	return append(b, s.End...)
}

// First segment of a name, or nil, which reads as one without fields.
func (m *Message) First(name string) *Segment {
	for i := range m.Segments {
		if m.Segments[i].Name == name {
			return &m.Segments[i]
		}
	}
	return nil
}

// Count of the segments of a name.
func (m *Message) Count(name string) (n int) {
	for i := range m.Segments {
		if m.Segments[i].Name == name {
			n++
		}
	}
	return n
}

// Place names the segment as issues do: "DG1", from the second of its name on "DG1[2]".
func (s *Segment) Place() string {
	if s.Nth > 1 {
		return fmt.Sprintf("%s[%d]", s.Name, s.Nth)
	}
	return s.Name
}
