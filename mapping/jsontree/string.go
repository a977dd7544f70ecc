package jsontree

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// verbatim holds the bytes that stand for themselves in a string: printable ASCII but quote and backslash.
var verbatim = func() (t [256]bool) {
	for c := 0x20; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// plainBytes counts those of eight bytes before the first that does not stand for itself: a quote, a
// backslash, a control character or one beyond ASCII. Most of a document is strings, and this reads them
// eight bytes at a time (after "Bit Twiddling Hacks", Sean Eron Anderson, hasless and haszero).
func plainBytes(w uint64) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	quote, backslash := w^ones*'"', w^ones*'\\'
	special := (w - ones*' ') | (quote - ones) | (backslash - ones) | w
	return bits.TrailingZeros64(special&tops) / 8
}

// string reads a string and returns where its contents stand in text, and whether it holds control
// characters other than tab and line ends.
func (p *parser) string() (start, end uint32, control, ok bool) {
	p.pos++ // the opening quote
	src, i := p.src, p.pos
	start = uint32(i)
	for i+8 <= len(src) {
		if n := plainBytes(binary.LittleEndian.Uint64(src[i:])); n < 8 {
			i += n
			break
		}
		i += 8
	}
	for i < len(src) && verbatim[src[i]] {
		i++
	}
	p.pos = i
	if i < len(src) && src[i] == '"' {
		p.pos++
		return start, uint32(i), false, true
	}
	return p.longString(start)
}

// longString goes on where a string holds an escape or a character beyond ASCII. Escapes are resolved in
// a copy of the input: out follows the reading position and never overtakes it.
func (p *parser) longString(start uint32) (_, end uint32, control, ok bool) {
	out := p.pos
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '"':
			p.pos++
			return start, uint32(out), control, true
		case c == '\\':
			r, ok := p.escape()
			if !ok {
				return start, 0, false, false
			}
			control = control || r < ' ' && r != '\t' && r != '\n' && r != '\r'
			if &p.text[0] == &p.src[0] {
				p.text = append([]byte(nil), p.src...)
			}
			out += utf8.EncodeRune(p.text[out:], r)
		case c < ' ':
			p.expected("a character of a string")
			return start, 0, false, false
		default:
			out = p.character(out)
		}
	}
	p.stop(InvalidJSON, "the text ends inside a string")
	return start, 0, false, false
}

// character copies one unescaped character and returns where the next goes.
func (p *parser) character(out int) int {
	size := 1
	if p.src[p.pos] >= utf8.RuneSelf {
		var r rune
		if r, size = utf8.DecodeRune(p.src[p.pos:]); r == utf8.RuneError && size == 1 {
			p.tree.bad = true
			p.problem(InvalidUTF8, p.pos, uint32(len(p.nodes)), "this text is not UTF-8")
		}
	}
	if out < p.pos {
		copy(p.text[out:], p.src[p.pos:p.pos+size])
	}
	p.pos += size
	return out + size
}

// escape reads one escape sequence, two for a surrogate pair.
func (p *parser) escape() (rune, bool) {
	at := p.pos
	p.pos++
	c := p.peek()
	switch c {
	case '"', '\\', '/':
		p.pos++
		return rune(c), true
	case 'b', 'f', 'n', 'r', 't':
		p.pos++
		return escapes[c], true
	case 'u':
		p.pos++
	default:
		return 0, p.expected("an escape sequence after the backslash")
	}
	r, ok := p.hex()
	if !ok || !utf16.IsSurrogate(r) {
		return r, ok
	}
	if low := p.pos; p.peek() == '\\' && low+1 < len(p.src) && p.src[low+1] == 'u' {
		p.pos += 2
		second, ok := p.hex()
		if !ok {
			return 0, false
		}
		if pair := utf16.DecodeRune(r, second); pair != utf8.RuneError {
			return pair, true
		}
		p.pos = low // what follows is a character of its own
	}
	p.problem(InvalidUTF8, at, uint32(len(p.nodes)), "this escape is half a surrogate pair and stands for no character")
	return utf8.RuneError, true
}

var escapes = [...]rune{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// hex reads the four digits of an escape.
func (p *parser) hex() (r rune, ok bool) {
	for range 4 {
		switch c := p.peek(); {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, p.expected("a hexadecimal digit")
		}
		p.pos++
	}
	return r, true
}
