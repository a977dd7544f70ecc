package hl7v2

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// Value is a field or a part of one, as it was sent. The zero Value is empty.
type Value struct {
	// Raw is the text with its delimiters and escapes.
	Raw string

	segment                           *Segment
	field, repetition, component, sub uint16
}

// Null is how a message says that a value is to be deleted, where an empty field says nothing.
const Null = `""`

// Field n of the segment, from 1 as the standard counts; MSH-1 is the field separator.
func (s *Segment) Field(n int) Value {
	if s == nil || n < 0 || n >= len(s.Fields) {
		return Value{segment: s, field: uint16(n)}
	}
	return Value{Raw: s.Fields[n], segment: s, field: uint16(n)}
}

// Empty reports that nothing was sent: neither a value nor a null.
func (v Value) Empty() bool { return v.Raw == "" }

// IsNull reports an explicit null.
func (v Value) IsNull() bool { return v.Raw == Null }

// Repetitions of a field; an empty field has none.
func (v Value) Repetitions() int {
	if v.Raw == "" || v.segment == nil || v.segment.c == nil {
		return 0
	}
	if v.literal() {
		return 1
	}
	return parts(v.Raw, v.segment.c.repetition)
}

// Components of a field's only or first repetition.
func (v Value) Components() int {
	if v = v.one(); v.Raw == "" || v.segment == nil || v.segment.c == nil || v.literal() {
		return 1
	}
	return parts(v.Raw, v.segment.c.component)
}

// Repetition n of a field, from 1.
func (v Value) Repetition(n int) Value {
	v.repetition = uint16(n)
	v.Raw = v.part(n, func(c *coding) byte { return c.repetition })
	return v
}

// Component n of a repetition, from 1; of a field, of its first repetition. One that has none is its own first.
func (v Value) Component(n int) Value {
	v = v.one()
	v.component = uint16(n)
	v.Raw = v.part(n, func(c *coding) byte { return c.component })
	return v
}

// Sub is sub-component n of a component, from 1; one that has none is its own first.
func (v Value) Sub(n int) Value {
	v.sub = uint16(n)
	v.Raw = v.part(n, func(c *coding) byte { return c.subcomponent })
	return v
}

// one repetition of a field that may have several: the first.
func (v Value) one() Value {
	if v.repetition == 0 {
		return v.Repetition(1)
	}
	return v
}

func (v Value) part(n int, separator func(*coding) byte) string {
	if v.Raw == "" || v.segment == nil || v.segment.c == nil {
		return ""
	}
	if v.literal() {
		if n == 1 {
			return v.Raw
		}
		return ""
	}
	return part(v.Raw, separator(v.segment.c), n)
}

// literal: the delimiters themselves are not split by what they say.
func (v Value) literal() bool { return v.field <= 2 && isHeader(v.segment.Name) }

// part n of text, from 1.
func part(text string, separator byte, n int) string {
	for ; separator != 0 && n > 1; n-- {
		i := strings.IndexByte(text, separator)
		if i < 0 {
			return ""
		}
		text = text[i+1:]
	}
	if n != 1 {
		return ""
	}
	if separator != 0 {
		text, _, _ = strings.Cut(text, string(separator))
	}
	return text
}

func parts(text string, separator byte) int {
	if separator == 0 {
		return 1
	}
	return strings.Count(text, string(separator)) + 1
}

// Position in the message as HL7 writes it: "PID-7", "PID-3[2].4", "DG1[2]-3.1", "PID-5.1.1". The first repetition has no
// number.
func (v Value) Position() string {
	if v.segment == nil {
		return "MSH"
	}
	b := []byte(v.segment.Place())
	b = strconv.AppendUint(append(b, '-'), uint64(v.field), 10)
	if v.repetition > 1 {
		b = append(strconv.AppendUint(append(b, '['), uint64(v.repetition), 10), ']')
	}
	if v.component > 0 {
		b = strconv.AppendUint(append(b, '.'), uint64(v.component), 10)
	}
	if v.sub > 0 {
		b = strconv.AppendUint(append(b, '.'), uint64(v.sub), 10)
	}
	return string(b)
}

// Text in UTF-8 with its escapes resolved and without blanks around it; "" of a null. Delimiters within stand for
// themselves, so that free text may hold what it should have escaped.
func (v Value) Text() string {
	if v.Raw == "" || v.Raw == Null {
		return ""
	}
	text := v.Raw
	if c := v.segment.c; c != nil {
		if c.escape != 0 && strings.IndexByte(text, c.escape) >= 0 && !v.literal() {
			text = c.unescape(text)
		}
		text = c.charset.utf8(text)
	}
	return strings.TrimSpace(text)
}

// unescape resolves the escapes of chapter 2.7; what is none, or is not known, stays as it is.
func (c *coding) unescape(text string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, c.escape)
		if i < 0 {
			break
		}
		b.WriteString(text[:i])
		end := strings.IndexByte(text[i+1:], c.escape)
		if end < 0 {
			text = text[i:]
			break
		}
		plain, known := c.resolve(text[i+1 : i+1+end])
		if !known {
			b.WriteByte(c.escape) // perhaps a lone one: the next may begin an escape
			text = text[i+1:]
			continue
		}
		b.WriteString(plain)
		text = text[i+1+end+1:]
	}
	return b.String() + text
}

// resolve gives what an escape stands for, without the characters around it.
func (c *coding) resolve(name string) (plain string, known bool) {
	switch name {
	case "F":
		return string(c.field), true
	case "S":
		return delimiter(c.component)
	case "T":
		return delimiter(c.subcomponent)
	case "R":
		return delimiter(c.repetition)
	case "E":
		return string(c.escape), true
	case "H", "N": // highlighting begins and ends
		return "", true
	}
	switch {
	case len(name) > 1 && name[0] == 'X':
		bytes, err := hex.DecodeString(name[1:])
		return string(bytes), err == nil
	case len(name) > 2 && name[0] == '.':
		return format(name[1:])
	}
	return "", false
}

func delimiter(b byte) (string, bool) { return string(b), b != 0 }

// format gives what a formatting command of FT is in plain text: a new line, blanks or nothing. Counts are at most 99.
func format(command string) (plain string, known bool) {
	count := 1
	if digits := strings.TrimLeft(command[2:], "+"); digits != "" {
		n, err := strconv.ParseUint(digits, 10, 8)
		if err != nil && command[:2] != "ti" && command[:2] != "in" || n > 99 {
			return "", false
		}
		count = int(n)
	}
	switch command[:2] {
	case "br", "sp", "ce":
		return strings.Repeat("\n", count), true
	case "sk":
		return strings.Repeat(" ", count), true
	case "fi", "nf", "in", "ti":
		return "", true
	}
	return "", false
}
