package match

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Free text is looked through for phrases, in English and Spanish, that a clinician would want to see. It is a net
// with holes and false alarms: a phrase raises REVIEW and never more, its absence proves nothing. A phrase that its
// own sentence clearly negates ("denies suicidal ideation", "sin ideas suicidas") raises nothing; in doubt it does.

// quoteMax bounds a quoted sentence, in bytes.
const quoteMax = 300

// separator is what stands right before a word, the strongest there is.
type separator uint8

const (
	apart   separator = iota // a blank, or nothing that matters
	listed                   // a comma, bracket or slash
	dashed                   // a dash between blanks, an ellipsis
	colon                    // a colon, an equals sign, a question mark
	cell                     // a tab or a bar
	newLine                  // the end of a line: a blank for phrases, and no negation reaches over it
)

// token is a folded word.
type token struct {
	start, end  int32 // in the folded text
	raw, rawEnd int32 // in the text
	before      separator
}

// clause is a sentence in words.
type clause struct {
	text   string
	folded []byte
	words  []token
}

func (s *clause) word(i int) []byte { return s.folded[s.words[i].start:s.words[i].end] }

// screenText adds one hit for each rule that a text raises, with the first sentence that does.
func screenText(hits []Hit, text, prefix string, i int, suffix string) []Hit {
	if len(text) < 2 {
		return hits
	}
	var folded [512]byte
	var space [96]token
	from := len(hits)
	s := clause{folded: folded[:0], words: space[:0]}
	for rest := text; rest != ""; {
		rest = s.read(rest)
		for at := range s.words {
			rule, n := s.at(at)
			if rule != "" && !hasRule(hits[from:], rule) && !s.negated(at, at+n) {
				hits = append(hits, Hit{Rule: rule, Level: Review, Path: path(prefix, i, suffix, -1), Quote: s.quote(at, at+n)})
			}
		}
	}
	return hits
}

func hasRule(hits []Hit, rule string) bool {
	return slices.ContainsFunc(hits, func(h Hit) bool { return h.Rule == rule })
}

// quote gives the lines of the sentence that hold words i to j; of long ones the part around them.
func (s *clause) quote(i, j int) string {
	from, to := int(s.words[i].raw), int(s.words[j-1].rawEnd)
	start := strings.LastIndexByte(s.text[:from], '\n') + 1
	end := len(s.text)
	if n := strings.IndexByte(s.text[to:], '\n'); n >= 0 {
		end = to + n
	}
	if end-start > quoteMax {
		start = max(start, min(from-quoteMax/3, end-quoteMax))
		end = min(end, start+quoteMax)
		for start < from && !utf8.RuneStart(s.text[start]) {
			start++
		}
		for end > start && end < len(s.text) && !utf8.RuneStart(s.text[end]) {
			end--
		}
	}
	return strings.Clone(strings.ToValidUTF8(strings.TrimSpace(s.text[start:end]), ""))
}

// read takes the first sentence of a text apart, into the space of the one before, and gives what follows. What is no
// letter and no digit parts words, but for apostrophes, accents that stand alone, and what is not seen. The dots of an
// abbreviation ("S.I."), a slash within one ("w/o") and a hyphen at the end of a line part none.
func (s *clause) read(text string) (rest string) {
	s.folded, s.words = s.folded[:0], s.words[:0]
	before, open := apart, false
	for at := 0; at < len(text); {
		r, size := rune(text[at]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[at:])
		}
		b := foldRune(r)
		switch {
		case b == unseen:
			at += size
			continue
		case b != ' ':
			if !open {
				s.words = append(s.words, token{start: int32(len(s.folded)), raw: int32(at), before: before})
				open, before = true, apart
			}
			s.folded = append(s.folded, b)
			w := &s.words[len(s.words)-1]
			w.end, w.rawEnd = int32(len(s.folded)), int32(at+size)
		case open && s.knits(text, at):
		case open && r == '-' && wraps(text, at):
			size += strings.IndexByte(text[at:], '\n')
		case r == '!' || r == ';' || r == '.' && ends(text, at):
			s.text = text[:at]
			return text[at+size:]
		default:
			open, before = false, max(before, separates(r, text, at))
		}
		at += size
	}
	s.text = text
	return ""
}

// ends reports whether a dot ends a sentence: it is not one of several, and not within a number.
func ends(text string, at int) bool {
	next := at+1 < len(text) && (text[at+1] == '.' || isDigit(text[at+1]) && at > 0 && isDigit(text[at-1]))
	return !next && (at == 0 || text[at-1] != '.')
}

func isDigit(b byte) bool  { return '0' <= b && b <= '9' }
func isLetter(b byte) bool { b |= 0x20; return 'a' <= b && b <= 'z' }

// knits reports whether the dot or slash at a place stands between or after the single letters of an abbreviation.
func (s *clause) knits(text string, at int) bool {
	if text[at] != '.' && text[at] != '/' || !isLetter(text[at-1]) || at > 1 && isLetter(text[at-2]) {
		return false
	}
	if at+1 < len(text) && isLetter(text[at+1]) {
		return at+2 == len(text) || !isLetter(text[at+2])
	}
	// The last dot of "S.I. with plan": a sentence would go on with a capital.
	after := strings.TrimLeft(text[at+1:], " ")
	return text[at] == '.' && at > 1 && text[at-2] == '.' && after != "" && 'a' <= after[0] && after[0] <= 'z'
}

// wraps reports whether a hyphen breaks a word at the end of a line.
func wraps(text string, at int) bool {
	rest := text[at+1:]
	line := strings.TrimLeft(rest, "\r")
	if !strings.HasPrefix(line, "\n") || len(line) < 2 {
		return false
	}
	return 'a' <= text[at-1] && text[at-1] <= 'z' && 'a' <= line[1] && line[1] <= 'z'
}

// separates says how strongly a character parts.
func separates(r rune, text string, at int) separator {
	switch r {
	case ',', '(', ')', '[', ']', '/', '&':
		return listed
	case '-':
		if at > 0 && text[at-1] == ' ' && at+1 < len(text) && text[at+1] == ' ' {
			return dashed
		}
	case '–', '—', '…', '.':
		return dashed
	case ':', '=', '?':
		return colon
	case '\t', '|':
		return cell
	case '\n', '\r', '\u2028', '\u2029':
		return newLine
	}
	return apart
}

// unseen are characters that a word is read without.
const unseen = 0

// foldRune gives a lower-case ASCII letter or digit, unseen, or a space for all else.
func foldRune(r rune) byte {
	switch {
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
		return byte(r)
	case r >= 'A' && r <= 'Z':
		return byte(r) | 0x20
	case r == '\'' || r == '’' || r == '‘' || r == '`' || r == '´':
		return unseen
	case r < utf8.RuneSelf:
		return ' '
	case r >= 'Ａ' && r <= 'ｚ': // full width
		return foldRune(r - 'Ａ' + 'A')
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r): // accents that stand alone, soft hyphens, joiners
		return unseen
	}
	switch r {
	case 'á', 'Á', 'à', 'À', 'ä', 'Ä', 'â', 'Â', 'ã', 'Ã', 'а', 'А': // the last two of each are Cyrillic, and look the same
		return 'a'
	case 'é', 'É', 'è', 'È', 'ë', 'Ë', 'ê', 'Ê', 'е', 'Е':
		return 'e'
	case 'í', 'Í', 'ì', 'Ì', 'ï', 'Ï', 'î', 'Î', 'і', 'І':
		return 'i'
	case 'ó', 'Ó', 'ò', 'Ò', 'ö', 'Ö', 'ô', 'Ô', 'õ', 'Õ', 'о', 'О':
		return 'o'
	case 'ú', 'Ú', 'ù', 'Ù', 'ü', 'Ü', 'û', 'Û':
		return 'u'
	case 'ñ', 'Ñ':
		return 'n'
	case 'ç', 'Ç', 'с', 'С':
		return 'c'
	case 'ѕ', 'Ѕ':
		return 's'
	}
	return ' '
}

// at gives the rule of the phrase that begins at word i and the number of its words, the longest where there are several.
func (s *clause) at(i int) (rule string, n int) {
	w := s.word(i)
	if len(w) < 2 || !phrases.begins(w) {
		return "", 0
	}
	for _, p := range phrases.byWord[string(w)] {
		if k := s.match(i+1, p.rest); k >= 0 && 1+k > n {
			rule, n = p.rule, 1+k
		}
	}
	for _, stem := range phrases.byStem[w[0]-'a'] {
		if len(w) < len(stem.stem) || string(w[:len(stem.stem)]) != stem.stem {
			continue
		}
		if k := s.match(i+1, stem.rest); k >= 0 && 1+k > n {
			rule, n = stem.rule, 1+k
		}
	}
	if n == 0 && len(w) == 2 {
		return s.abbreviation(i), 1
	}
	return rule, n
}

// match gives the number of words that the rest of a phrase takes from word i on, -1 where it does not stand there.
func (s *clause) match(i int, rest []element) int {
	if len(rest) == 0 {
		return 0
	}
	if rest[0].last {
		if i == len(s.words) || s.words[i].before >= listed {
			return 0
		}
		return -1
	}
	most := 0
	if rest[0].gap {
		most = gapMax
	}
	for skip := 0; skip <= most && i+skip < len(s.words); skip++ {
		if rest[0].has(s.word(i + skip)) {
			if n := s.match(i+skip+1, rest[1:]); n >= 0 {
				return skip + 1 + n
			}
		}
	}
	return -1
}

// abbreviation knows SI and HI, suicidal and homicidal ideation, next to a word that shows it: "SI" is also a Spanish yes
// and a joint. In small letters the word must be English.
func (s *clause) abbreviation(i int) string {
	w := s.word(i)
	if w[1] != 'i' || w[0] != 's' && w[0] != 'h' {
		return ""
	}
	if s.shows(i+1, joints) {
		return ""
	}
	if raw := s.text[s.words[i].raw]; raw == 'S' || raw == 'H' {
		at, end := int(s.words[i].raw), int(s.words[i].rawEnd)
		plus := at > 0 && s.text[at-1] == '+' || end < len(s.text) && s.text[end] == '+'
		if !plus && !s.shows(i-1, beforeSI) && !s.shows(i+1, afterSI) && !(s.shows(i+1, onlyNo) && s.shows(i+2, ofSI)) {
			return ""
		}
	} else if !s.shows(i-1, beforeSmallSI) && !s.shows(i+1, afterSmallSI) {
		return ""
	}
	if w[0] == 'h' {
		return RuleTextViolence
	}
	return RuleTextSelfHarm
}

// shows reports whether word i, if there is one, is of a set.
func (s *clause) shows(i int, of set) bool { return i >= 0 && i < len(s.words) && of.has(s.word(i)) }

var (
	beforeSI      = wordSet("denies denied denying endorses endorsed endorsing reports reported active passive chronic current fleeting no with has had having admits admitted si hi any of or and positive intermittent daily acute recent vague ongoing without wo experiencing deny")
	afterSI       = wordSet("with without plan plans intent present denied denies hi yes positive endorsed none when since daily today passive active")
	onlyNo        = wordSet("no")
	ofSI          = wordSet("plan plans intent intention means")
	joints        = wordSet("joint joints")
	beforeSmallSI = wordSet("denies denied denying endorses endorsed endorsing reports reported active passive chronic current fleeting admits admitted positive intermittent experiencing")
	afterSmallSI  = wordSet("with without plan intent")
)

// set of words.
type set map[string]struct{}

func wordSet(list string) set {
	s := set{}
	for w := range strings.FieldsSeq(list) {
		s[w] = struct{}{}
	}
	return s
}

func (s set) has(w []byte) bool { _, ok := s[string(w)]; return ok }
