package hl7v2

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/convene-health/convene/mapping/jsontree"
)

// charset is how bytes beyond ASCII are read; without a table they are UTF-8.
type charset struct{ table *charmap.Charmap }

// plain is ASCII and UTF-8.
var plain = new(charset)

// charsets of HL7 table 0211 by MSH-18, with names that are seen beside the standard's. All keep ASCII in its place, so
// that delimiters can be found before the characters are known. Shift sequences and double-byte sets are not read.
var charsets = map[string]*charset{
	"": plain, "ASCII": plain, "UNICODE UTF-8": plain, "UTF-8": plain, "UTF8": plain, "UNICODE": plain,
	"8859/1": {charmap.ISO8859_1}, "8859/2": {charmap.ISO8859_2}, "8859/3": {charmap.ISO8859_3},
	"8859/4": {charmap.ISO8859_4}, "8859/5": {charmap.ISO8859_5}, "8859/6": {charmap.ISO8859_6},
	"8859/7": {charmap.ISO8859_7}, "8859/8": {charmap.ISO8859_8}, "8859/9": {charmap.ISO8859_9},
	"8859/15": {charmap.ISO8859_15}, "ISO-8859-1": {charmap.ISO8859_1}, "ISO8859-1": {charmap.ISO8859_1},
	"ISO-8859-15": {charmap.ISO8859_15}, "WINDOWS-1252": {charmap.Windows1252}, "CP1252": {charmap.Windows1252},
}

// readCharset takes MSH-18, of which the first repetition counts. A byte order mark of UTF-8 is stronger.
func (p *parser) readCharset(s *Segment) {
	v := s.Field(18).Repetition(1)
	set, known := charsets[strings.ToUpper(v.Text())]
	switch {
	case strings.HasPrefix(p.message.Lead, byteOrderMark):
	case !known:
		p.issues.Add(v.Position(), UnknownCharset, "this character set is not read; send UNICODE UTF-8, ASCII or 8859/1 to 8859/9 or 8859/15")
	default:
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
	if c.table == nil || isASCII(text) {
		return text
	}
	out, err := c.table.NewDecoder().String(text)
	if err != nil {
		return strings.ToValidUTF8(text, unreadable)
	}
	return out
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
