package hl7v2

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/convene-health/convene/mapping/jsontree"
)

// charset is how bytes beyond ASCII are read; without a table they are UTF-8.
type charset struct {
	table encoding.Encoding
	// wide sets use bytes of ASCII within a character: a message in one is turned into UTF-8 before it is split.
	wide bool
}

// plain is ASCII and UTF-8.
var plain = new(charset)

// charsets of HL7 table 0211 by MSH-18, with names that are seen beside the standard's.
var charsets = map[string]*charset{
	"": plain, "ASCII": plain, "UNICODE UTF-8": plain, "UTF-8": plain, "UTF8": plain, "UNICODE": plain, "ISO IR6": plain,
	"8859/1": {table: charmap.ISO8859_1}, "8859/2": {table: charmap.ISO8859_2}, "8859/3": {table: charmap.ISO8859_3},
	"8859/4": {table: charmap.ISO8859_4}, "8859/5": {table: charmap.ISO8859_5}, "8859/6": {table: charmap.ISO8859_6},
	"8859/7": {table: charmap.ISO8859_7}, "8859/8": {table: charmap.ISO8859_8}, "8859/9": {table: charmap.ISO8859_9},
	"8859/15": {table: charmap.ISO8859_15}, "ISO-8859-1": {table: charmap.ISO8859_1}, "ISO8859-1": {table: charmap.ISO8859_1},
	"ISO-8859-15": {table: charmap.ISO8859_15}, "WINDOWS-1252": {table: charmap.Windows1252}, "CP1252": {table: charmap.Windows1252},
	"ISO IR14": {table: japanese.ISO2022JP, wide: true}, "ISO IR87": {table: japanese.ISO2022JP, wide: true},
	"GB 18030-2000": {table: simplifiedchinese.GB18030, wide: true}, "GB 18030": {table: simplifiedchinese.GB18030, wide: true},
	"BIG-5": {table: traditionalchinese.Big5, wide: true}, "KS X 1001": {table: korean.EUCKR, wide: true},
	"UNICODE UTF-16": {table: unicode.UTF16(unicode.BigEndian, unicode.UseBOM), wide: true},
}

// utf16 are the byte order marks by which UTF-16 is known before anything can be read.
var utf16 = [...]string{"\xFE\xFF", "\xFF\xFE"}

// widen turns a message in a wide set into UTF-8. The first header names the set, which is ASCII up to there; for UTF-16
// the byte order mark does. It reports the text and its set, nil where the text is as it came.
func widen(data []byte) (text string, set *charset, sound bool) {
	for _, mark := range utf16 {
		if bytes.HasPrefix(data, []byte(mark)) {
			return transcode(data, charsets["UNICODE UTF-16"])
		}
	}
	if utf8.Valid(data) && bytes.IndexByte(data, 0x1b) < 0 {
		return string(data), nil, true // ASCII or UTF-8, whatever it calls itself
	}
	line, _, _ := bytes.Cut(data, []byte("\r"))
	line, _, _ = bytes.Cut(line, []byte("\n"))
	line = bytes.TrimLeft(line, "\v")
	if len(line) < 9 || !isHeader(string(line[:3])) {
		return string(data), nil, true
	}
	for _, name := range strings.Split(part(string(line), line[3], 18), string(line[5])) { // MSH-1 is the separator
		set := charsets[strings.ToUpper(strings.TrimSpace(name))]
		switch {
		case set == plain: // the first of "~ISO IR87" is ASCII, which every other includes
			continue
		case set != nil && set.wide:
			return transcode(data, set)
		}
		return string(data), nil, true
	}
	return string(data), nil, true
}

func transcode(data []byte, set *charset) (text string, _ *charset, sound bool) {
	out, err := set.table.NewDecoder().Bytes(data)
	if err != nil {
		return strings.ToValidUTF8(string(data), unreadable), set, false
	}
	return string(out), set, !bytes.Contains(out, []byte(unreadable))
}

// readCharset takes MSH-18, of which the first repetition counts. A byte order mark is stronger, as is what the whole
// message was read by.
func (p *parser) readCharset(s *Segment) {
	v := s.Field(18).Repetition(1)
	set, known := charsets[strings.ToUpper(v.Text())]
	switch {
	case p.message.set != nil:
		s.c.charset = p.message.set
	case strings.HasPrefix(p.message.Lead, byteOrderMark):
	case !known:
		p.issues.Add(v.Position(), UnknownCharset, "this character set is not read; send UNICODE UTF-8, or another that docs/hl7v2.md lists")
	case !set.wide:
		s.c.charset = set
	}
}

// checkCharacters reports segments with bytes that are no characters of the message's set. Without MSH-18 the standard
// means ASCII; UTF-8 is read too, for text in another set is hardly ever valid UTF-8.
func (r *reader) checkCharacters(segments []Segment) {
	for i := range segments {
		s := &segments[i]
		if s.c == nil || s.c.charset.table != nil {
			continue
		}
		for n, f := range s.Fields {
			if !utf8.ValidString(f) {
				r.report.Fail(s.Field(n).Position(), jsontree.InvalidUTF8, "this text is not UTF-8; another character set must be named in MSH-18")
			}
		}
	}
}

// utf8 gives text in UTF-8; ASCII, as most text is, as it stands.
func (c *charset) utf8(text string) string {
	if c.table == nil || c.wide || isASCII(text) {
		return text
	}
	out, err := c.table.NewDecoder().String(text)
	if err != nil {
		return strings.ToValidUTF8(text, unreadable)
	}
	return out
}

// fromUTF8 writes text in the set; what it has no character for becomes a question mark. Of a wide set that is done with
// the whole message, by whole.
func (c *charset) fromUTF8(text string) string {
	if c.wide {
		return text
	}
	return c.encode(text)
}

func (c *charset) whole(message string) []byte {
	if c.wide {
		return []byte(c.encode(message))
	}
	return []byte(message)
}

func (c *charset) encode(text string) string {
	if c.table == nil || isASCII(text) {
		return text
	}
	out, err := encoding.ReplaceUnsupported(c.table.NewEncoder()).String(text)
	if err != nil {
		return strings.ToValidUTF8(text, "?")
	}
	return strings.ReplaceAll(out, "\x1a", "?") // by which the library marks them
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
