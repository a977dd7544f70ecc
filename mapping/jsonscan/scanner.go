// Package jsonscan reads JSON that Convene itself wrote, fast and in any order of fields. What senders wrote is for
// jsontree, which says all that is wrong with it; here the first fault ends the reading.
package jsonscan

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
)

// Scanner reads one value after another. After the first error, or Stop, it reads nothing more.
type Scanner struct {
	b       []byte
	i       int
	err     error
	stopped bool
}

// New scanner of b, which it does not change.
func New(b []byte) *Scanner { return &Scanner{b: b} }

// Err is the first fault found, nil without any.
func (s *Scanner) Err() error { return s.err }

// End reports that nothing may follow.
func (s *Scanner) End() error {
	if s.space(); s.err == nil && s.i != len(s.b) {
		s.Fail("more after its end")
	}
	return s.err
}

// Stop ends the reading without a fault: what was wanted is read.
func (s *Scanner) Stop() { s.stopped = true }

// Fail ends the reading.
func (s *Scanner) Fail(what string) {
	if s.err == nil {
		s.err = errors.New("at byte " + strconv.Itoa(s.i) + ": " + what)
	}
}

// Expect fails unless ok. It reports whether reading goes on.
func (s *Scanner) Expect(ok bool, what string) bool {
	if !ok {
		s.Fail(what)
	}
	return s.err == nil
}

func (s *Scanner) space() {
	for s.i < len(s.b) && (s.b[s.i] == ' ' || s.b[s.i] == '\n' || s.b[s.i] == '\t' || s.b[s.i] == '\r') {
		s.i++
	}
}

// take reads one punctuation mark if it is next.
func (s *Scanner) take(c byte) bool {
	if s.space(); s.err == nil && s.i < len(s.b) && s.b[s.i] == c {
		s.i++
		return true
	}
	return false
}

// Object reads an object. field must read the value of each field; name is good until then.
func (s *Scanner) Object(field func(name []byte)) {
	s.Expect(s.take('{'), "an object is expected")
	for first := true; s.err == nil && !s.stopped && !s.take('}'); first = false {
		s.Expect(first || s.take(','), "a comma is expected")
		name := s.Text()
		if s.Expect(s.take(':'), "a colon is expected") {
			field(name)
		}
	}
}

// Array reads a list. element must read each element.
func (s *Scanner) Array(element func()) {
	s.Expect(s.take('['), "a list is expected")
	for first := true; s.err == nil && !s.stopped && !s.take(']'); first = false {
		if s.Expect(first || s.take(','), "a comma is expected") {
			element()
		}
	}
}

// Text reads a string; the result may share the input.
func (s *Scanner) Text() []byte {
	if !s.Expect(s.take('"'), "a text is expected") {
		return nil
	}
	start, escaped := s.i, false
	for ; s.i < len(s.b) && s.b[s.i] != '"'; s.i++ {
		if s.b[s.i] == '\\' {
			escaped = true
			s.i++
		}
	}
	if !s.Expect(s.i < len(s.b), "a text does not end") {
		return nil
	}
	s.i++
	if !escaped {
		return s.b[start : s.i-1]
	}
	var text string
	if json.Unmarshal(s.b[start-1:s.i], &text) != nil {
		s.Fail("a text is not well formed")
	}
	return []byte(text)
}

// True reads the literal true: what is false is not written.
func (s *Scanner) True() bool {
	s.space()
	if s.err == nil && len(s.b)-s.i >= 4 && string(s.b[s.i:s.i+4]) == "true" {
		s.i += 4
		return true
	}
	s.Fail("true is expected")
	return false
}

// Uint reads a whole number of at most max, without a sign.
func (s *Scanner) Uint(max uint64) (n uint64) {
	s.space()
	start := s.i
	for ; s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9'; s.i++ {
		digit := uint64(s.b[s.i] - '0')
		if n > max/10 || n*10 > max-digit {
			s.Fail("a smaller number is expected")
			return 0
		}
		n = n*10 + digit
	}
	s.Expect(s.i > start, "a number is expected")
	return n
}

// Int reads a whole number.
func (s *Scanner) Int() int64 {
	if s.take('-') {
		return -int64(s.Uint(math.MaxInt64))
	}
	return int64(s.Uint(math.MaxInt64))
}

// Raw reads any value and returns its bytes, which are the input's.
func (s *Scanner) Raw() []byte {
	s.space()
	start := s.i
	s.Skip()
	return s.b[start:s.i:s.i]
}

// Skip reads any value and forgets it.
func (s *Scanner) Skip() {
	s.space()
	for depth := 0; s.err == nil; {
		if !s.Expect(s.i < len(s.b), "a value does not end") {
			return
		}
		switch s.b[s.i] {
		case '"':
			s.Text()
		case '{', '[':
			depth++
			s.i++
		case '}', ']':
			depth--
			s.i++
		case ',', ':', ' ', '\n', '\t', '\r':
			s.i++
		default:
			s.word()
		}
		if depth <= 0 {
			return
		}
	}
}

// word reads a number or a literal.
func (s *Scanner) word() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ',', ':', '}', ']', ' ', '\n', '\t', '\r':
			return
		}
		s.i++
	}
}
