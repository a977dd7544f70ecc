package match

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Free text is looked through for phrases, in English and Spanish, that a clinician would want to see. It is a net
// with holes and false alarms: a phrase raises REVIEW and never more, its absence proves nothing. A phrase that its
// own sentence clearly negates ("denies suicidal ideation", "sin ideas suicidas") raises nothing; in doubt it does.

// phrases by rule. Words are folded: lower case, no accents, no apostrophes; hyphens part words. "a|b" is either,
// "suicid*" any word that begins so. source: assumption, after the wording of PHQ-9 item 9 and of chart notes.
var phrases = compilePhrases(map[string][]string{
	RuleTextSelfHarm: {
		"suicid*", "overdos*", "autoles*", "autolit*",
		"kill|kills|killing|hurt|hurts|hurting|harm|harms|harming|cut|cuts|cutting|injure|injures|injuring myself|himself|herself|themselves|themself|yourself|self",
		"self harm*|injur*|mutilat*|cutting",
		"myself|himself|herself|themselves|themself|yourself|self on purpose", "myself|himself|herself|themselves|themself|yourself|self deliberately|intentionally",
		"deliberately|intentionally hurt|harmed|injured|cut|burned myself|himself|herself|themselves|themself",
		"better off dead", "be|were|was dead", "want|wants|wanted|wanting|wish|wishes|wishing to die",
		"end|ends|ending|take|takes|taking my|his|her|their|your life", "end|ends|ending|take|takes|taking my|his|her|their|your own life",
		"end|ending it all", "no reason to live|go", "not|nothing worth living", "nothing to live for",
		"dont|doesnt|not want|wish to live|go", "dont|doesnt|not want|wish to be alive|here", "thoughts of death|dying",
		"matarse|matarme|lastimarse|lastimarme|cortarse|cortarme|ahorcarse|ahorcarme",
		"quitarse|quitarme|quitar la vida", "acabar|terminar con su|mi vida", "hacerse|hacerme dano",
		"quiere|quiero|querer|queria|deseo|deseos|ganas morir*", "deseo|deseos|ganas|ideas|ideacion|pensamientos de morir*|muerte",
		"mejor muerto|muerta", "estar muerto|muerta", "no quiere|quiero vivir", "sobredosis",
	},
	RuleTextViolence: {
		"homicid*",
		"want|wants|wanted|going|threaten|threatens|threatened|threatening|plan|plans|planning|thoughts to|of kill|hurt|harm|killing|hurting|harming him|her|them|someone|somebody|others|people|my|his|the",
		"kill|hurt|harm|killing|hurting|harming someone|somebody|others|people|them",
		"matar a", "hacer|hacerle dano a", "lastimar a", "amenaz* con matar|lastimar",
	},
	RuleTextAbuse: {
		"domestic violence|abuse", "intimate partner violence|abuse", "abused|beaten|hit|choked|strangled by his|her|their|my",
		"abusive husband|wife|partner|boyfriend|girlfriend|spouse|relationship",
		"afraid|scared of his|her|their|my husband|wife|partner|boyfriend|girlfriend|spouse|ex",
		"husband|wife|partner|boyfriend|girlfriend|spouse hits|beats|hurts|threatens|chokes",
		"violencia domestica|intrafamiliar", "violencia de genero|pareja", "maltrat*",
		"miedo a|de|al su|mi esposo|esposa|marido|pareja|novio|novia", "marido|esposo|esposa|pareja|novio|novia le|la|lo|me pega|golpea|amenaza",
	},
})

// What negates a phrase that follows in the same clause. Those who deny reach over "that she is"; the others do not.
var (
	deniers  = wordSet("denies denied deny denying niega niegan nego negando negaba")
	negators = wordSet("no not never without neither nor none absent dont doesnt didnt isnt arent wasnt hasnt havent sin nunca ningun ninguna ni tampoco jamas")
	// undoes: a negator right before one of these negates something else, or nothing.
	undoes = wordSet("longer change doubt only sure certain know deny denies denied denying niega resolved improving improvement better worse ruled rule able")
	// againstDenial: right before a denier, it makes an affirmation.
	againstDenial = wordSet("not cannot cant doesnt didnt dont no never")
	breakers      = wordSet("but however although though except yet despite because if when unless pero aunque sino excepto salvo porque cuando")
	// resumes begin a new statement after a comma or "and".
	resumes  = wordSet("reports report reported endorses endorsed admits admitted states stated says said has had is was feels felt now currently today wants wanted he she they patient pt refiere reporta admite presenta tiene dice siente quiere ahora hoy paciente")
	persons  = wordSet("i he she they we you patient pt client ella paciente yo")
	answers  = wordSet("denied negative none absent no 0 negado negada negados negadas negativo negativa ausente ausentes ninguna ninguno nunca never")
	beforeSI = wordSet("denies denied endorses endorsed reports reported active passive chronic current fleeting no with has admits si hi")
	afterSI  = wordSet("with without plan intent present denied hi si")
	linkages = wordSet("is are was were ideation ideations thought thoughts intent behavior plan plans ideacion ideas es esta reported")
)

// negationReach is how many words may stand between a negator and its phrase. source: assumption
const negationReach = 10

// quoteMax bounds a quoted sentence, in bytes.
const quoteMax = 300

// token is a folded word.
type token struct {
	start, end int32 // in the folded text
	raw        int32 // in the text
	comma      bool  // a comma comes right before
}

// screenText adds one hit for each rule that a text raises, with the first sentence that does.
func screenText(hits []Hit, text, prefix string, i int, suffix string) []Hit {
	if len(text) < 4 {
		return hits
	}
	var folded [512]byte
	var space [96]token
	from := len(hits)
	for rest := text; rest != ""; {
		sentence := rest
		if end := strings.IndexAny(rest, ".!?;\n\r"); end >= 0 {
			sentence, rest = rest[:end], rest[end+1:]
		} else {
			rest = ""
		}
		s := clause{text: sentence}
		s.folded, s.words = fold(sentence, folded[:0], space[:0])
		for at := range s.words {
			rule, n := s.at(at)
			if rule != "" && !hasRule(hits[from:], rule) && !s.negated(at, at+n) {
				hits = append(hits, Hit{Rule: rule, Level: Review, Path: path(prefix, i, suffix, -1), Quote: quote(sentence)})
			}
		}
	}
	return hits
}

func hasRule(hits []Hit, rule string) bool {
	return slices.ContainsFunc(hits, func(h Hit) bool { return h.Rule == rule })
}

func quote(sentence string) string {
	s := strings.TrimSpace(sentence)
	if len(s) > quoteMax {
		s = s[:quoteMax]
		for !utf8.ValidString(s) && len(s) > quoteMax-utf8.UTFMax {
			s = s[:len(s)-1]
		}
	}
	return strings.Clone(strings.ToValidUTF8(s, ""))
}

// clause is a sentence in words.
type clause struct {
	text   string
	folded []byte
	words  []token
}

func (s *clause) word(i int) []byte { return s.folded[s.words[i].start:s.words[i].end] }

// fold splits a sentence into folded words. What is no letter and no digit parts words, but for apostrophes.
func fold(sentence string, folded []byte, words []token) ([]byte, []token) {
	open, comma := false, false
	for at, r := range sentence {
		b := foldRune(r)
		switch {
		case b == '\'':
			continue
		case b == ' ':
			open = false
			comma = comma || r == ','
			continue
		case !open:
			words = append(words, token{start: int32(len(folded)), raw: int32(at), comma: comma})
			open, comma = true, false
		}
		folded = append(folded, b)
		words[len(words)-1].end = int32(len(folded))
	}
	return folded, words
}

// foldRune gives a lower-case ASCII letter or digit, an apostrophe, or a space for all else.
func foldRune(r rune) byte {
	switch {
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
		return byte(r)
	case r >= 'A' && r <= 'Z':
		return byte(r) | 0x20
	case r == '\'' || r == '’':
		return '\''
	}
	switch r {
	case 'á', 'Á', 'à', 'À', 'ä', 'Ä':
		return 'a'
	case 'é', 'É', 'è', 'È', 'ë', 'Ë':
		return 'e'
	case 'í', 'Í', 'ì', 'Ì', 'ï', 'Ï':
		return 'i'
	case 'ó', 'Ó', 'ò', 'Ò', 'ö', 'Ö':
		return 'o'
	case 'ú', 'Ú', 'ù', 'Ù', 'ü', 'Ü':
		return 'u'
	case 'ñ', 'Ñ':
		return 'n'
	}
	return ' '
}

// at gives the rule of the phrase that begins at word i and the number of its words, the longest where there are several.
func (s *clause) at(i int) (rule string, n int) {
	for _, p := range phrases.from(s.word(i)) {
		if k := s.match(i, p.words); k > n {
			rule, n = p.rule, k
		}
	}
	if n == 0 {
		return s.abbreviation(i), 1
	}
	return rule, n
}

// abbreviation knows SI and HI, suicidal and homicidal ideation, in capitals and next to a word that shows it: "SI" is
// also a Spanish yes.
func (s *clause) abbreviation(i int) string {
	raw := s.text[s.words[i].raw:]
	if !strings.HasPrefix(raw, "SI") && !strings.HasPrefix(raw, "HI") || len(s.word(i)) != 2 {
		return ""
	}
	if (i == 0 || !beforeSI.has(s.word(i-1))) && (i+1 == len(s.words) || !afterSI.has(s.word(i+1))) {
		return ""
	}
	if raw[0] == 'H' {
		return RuleTextViolence
	}
	return RuleTextSelfHarm
}

// match gives the number of words that a phrase takes from word i on, 0 where it does not stand there.
func (s *clause) match(i int, phrase [][]string) int {
	if i+len(phrase) > len(s.words) {
		return 0
	}
	for k, alternatives := range phrase {
		w := s.word(i + k)
		if !slices.ContainsFunc(alternatives, func(a string) bool { return wordIs(w, a) }) {
			return 0
		}
	}
	return len(phrase)
}

// wordIs compares a word with a pattern: the word itself, or its beginning and "*".
func wordIs(w []byte, pattern string) bool {
	if n := len(pattern) - 1; pattern[n] == '*' {
		return len(w) >= n && string(w[:n]) == pattern[:n]
	}
	return string(w) == pattern
}

// negated reports whether the sentence clearly negates the phrase of words i to j.
func (s *clause) negated(i, j int) bool { return s.negatedBefore(i) || s.negatedAfter(j) }

func (s *clause) negatedBefore(i int) bool {
	person := false
	for k := i - 1; k >= 0 && i-k <= negationReach; k-- {
		w := s.word(k)
		switch {
		case deniers.has(w):
			return k == 0 || !againstDenial.has(s.word(k-1))
		case negators.has(w) && !undoes.has(s.word(k+1)):
			return !person && !s.words[k+1].comma
		case string(w) == "for" && k > 0 && (string(s.word(k-1)) == "negative" || string(s.word(k-1)) == "neg"):
			return true
		case breakers.has(w), resumes.has(w) && (s.words[k].comma || k > 0 && isAnd(s.word(k-1))):
			return false
		}
		person = person || persons.has(w)
	}
	return false
}

func isAnd(w []byte) bool { return string(w) == "and" || string(w) == "y" || string(w) == "e" }

// negatedAfter: "suicidal ideation: denied", "ideas suicidas: no", an answer that ends the clause.
func (s *clause) negatedAfter(j int) bool {
	for j < len(s.words) && linkages.has(s.word(j)) {
		j++
	}
	if j >= len(s.words) || !answers.has(s.word(j)) {
		return false
	}
	return j+1 == len(s.words) || s.words[j+1].comma
}

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

// phrase of a rule: for each word the alternatives.
type phrase struct {
	rule  string
	words [][]string
}

// lexicon finds phrases by their first word.
type lexicon struct {
	byWord map[string][]phrase
	byStem []struct {
		stem    string
		phrases []phrase
	}
}

func (l *lexicon) from(w []byte) []phrase {
	if p, ok := l.byWord[string(w)]; ok {
		return p
	}
	for i := range l.byStem {
		if wordIs(w, l.byStem[i].stem) {
			return l.byStem[i].phrases
		}
	}
	return nil
}

func compilePhrases(byRule map[string][]string) *lexicon {
	l := &lexicon{byWord: map[string][]phrase{}}
	for _, rule := range []string{RuleTextSelfHarm, RuleTextViolence, RuleTextAbuse} {
		for _, text := range byRule[rule] {
			p := phrase{rule: rule}
			for w := range strings.FieldsSeq(text) {
				p.words = append(p.words, strings.Split(w, "|"))
			}
			for _, first := range p.words[0] {
				if strings.HasSuffix(first, "*") {
					l.byStem = append(l.byStem, struct {
						stem    string
						phrases []phrase
					}{first, []phrase{p}})
				} else {
					l.byWord[first] = append(l.byWord[first], p)
				}
			}
		}
	}
	return l
}
