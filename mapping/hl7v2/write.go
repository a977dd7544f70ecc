package hl7v2

import (
	"strconv"
	"strings"
	"time"
)

// ordinary are the delimiters that the standard recommends, in UTF-8.
var ordinary = &coding{field: '|', component: '^', repetition: '~', escape: '\\', subcomponent: '&', charset: plain}

// codingFor answers in the words of a message: its delimiters and character set, so that parts of it can be given back as
// they came. A message whose own cannot be written with is answered in the ordinary ones; whole is then false.
func codingFor(msh *Segment) (c *coding, whole bool) {
	if msh == nil || msh.c == nil || !msh.c.complete() {
		return ordinary, false
	}
	return msh.c, true
}

func (c *coding) complete() bool {
	return c.component != 0 && c.repetition != 0 && c.escape != 0 && c.subcomponent != 0 &&
		c.distinct(string([]byte{c.component, c.repetition, c.escape, c.subcomponent}))
}

// segment is a line being written. Fields are set by their number; what is not set is empty.
type segment struct {
	c      *coding
	name   string
	fields []string
}

func (c *coding) segment(name string) *segment { return &segment{c: c, name: name} }

// set puts text, written by the coding, into a field.
func (s *segment) set(n int, raw string) *segment {
	for len(s.fields) < n {
		s.fields = append(s.fields, "")
	}
	s.fields[n-1] = raw
	return s
}

// put sets a field to plain text.
func (s *segment) put(n int, text string) *segment { return s.set(n, s.c.escaped(text)) }

// join sets a field to components of plain text.
func (s *segment) join(n int, components ...string) *segment {
	for i := range components {
		components[i] = s.c.escaped(components[i])
	}
	return s.set(n, strings.TrimRight(strings.Join(components, string(s.c.component)), string(s.c.component)))
}

// text of the segment, with its end.
func (s *segment) text() string {
	fields := s.fields
	if isHeader(s.name) {
		fields = fields[1:] // the separator itself
	}
	for len(fields) > 0 && fields[len(fields)-1] == "" {
		fields = fields[:len(fields)-1]
	}
	return s.name + string(s.c.field) + strings.Join(fields, string(s.c.field)) + "\r"
}

// escaped writes plain text so that it reads the same, in the character set of the coding.
func (c *coding) escaped(text string) string {
	var b strings.Builder
	for i := range len(text) {
		switch at := text[i]; at {
		case c.field:
			b.WriteString(c.escapeOf("F"))
		case c.component:
			b.WriteString(c.escapeOf("S"))
		case c.subcomponent:
			b.WriteString(c.escapeOf("T"))
		case c.repetition:
			b.WriteString(c.escapeOf("R"))
		case c.escape:
			b.WriteString(c.escapeOf("E"))
		case '\r':
		case '\n':
			b.WriteString(c.escapeOf(".br"))
		default:
			b.WriteByte(at)
		}
	}
	return c.charset.fromUTF8(b.String())
}

func (c *coding) escapeOf(name string) string { return string(c.escape) + name + string(c.escape) }

// header begins a message that answers one whose header is msh: to its sender, in its version and processing.
func (c *coding) header(msh *Segment, whole bool, kind string, id string, at time.Time) *segment {
	s := c.segment("MSH").set(1, string(c.field)).set(2, string([]byte{c.component, c.repetition, c.escape, c.subcomponent}))
	for from, to := range map[int]int{5: 3, 6: 4, 3: 5, 4: 6} {
		if whole {
			s.set(to, msh.Field(from).Raw)
		} else {
			s.put(to, msh.Field(from).Text())
		}
	}
	s.put(7, stamp(at)).set(9, strings.ReplaceAll(kind, "^", string(c.component))).put(10, id)
	s.put(11, orElse(msh.Field(11).Component(1).Text(), "P")).put(12, orElse(msh.Field(12).Component(1).Text(), "2.5.1"))
	if c.charset == plain {
		return s.set(18, "UNICODE UTF-8")
	}
	return s.set(18, msh.Field(18).Raw)
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// stamp is an HL7 time to the second with its offset.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("20060102150405-0700")
}

// location is an issue's place as ERR-2 has it (ERL): segment, its number, field, repetition, component, sub-component.
// What is no place in a message, as a path of the native event, gives none.
func location(path string, c *coding) string {
	if len(path) < 3 || !isName(path) {
		return ""
	}
	parts := []string{path[:3], "1"}
	rest := path[3:]
	if n, after := indexed(rest); n != "" {
		parts[1], rest = n, after
	}
	if field, ok := strings.CutPrefix(rest, "-"); ok {
		number, after := digits(field)
		parts, rest = append(parts, number, "1"), after
		if n, after := indexed(rest); n != "" {
			parts[3], rest = n, after
		}
		for strings.HasPrefix(rest, ".") && len(parts) < 6 {
			number, rest = digits(rest[1:])
			parts = append(parts, number)
		}
	}
	if rest != "" {
		return ""
	}
	return strings.Join(parts, string(c.component))
}

// indexed takes "[2]" off the front.
func indexed(text string) (number, rest string) {
	if !strings.HasPrefix(text, "[") {
		return "", text
	}
	number, rest = digits(text[1:])
	if !strings.HasPrefix(rest, "]") {
		return "", text
	}
	return number, rest[1:]
}

func digits(text string) (number, rest string) {
	i := 0
	for i < len(text) && '0' <= text[i] && text[i] <= '9' {
		i++
	}
	if _, err := strconv.ParseUint(text[:i], 10, 16); err != nil {
		return "", text
	}
	return text[:i], text[i:]
}
