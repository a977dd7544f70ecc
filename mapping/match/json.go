package match

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"strconv"

	"github.com/convene-health/convene/mapping"
)

// AppendJSON appends the need's JSON as Need describes it. Equal needs give equal bytes.
func (n *Need) AppendJSON(b []byte) []byte {
	w := objectWriter{append(b, '{'), true}
	if n.Family {
		w.name("participant").text(string(mapping.ParticipantFamily))
	}
	n.appendWants(&w)
	if n.Birth != 0 {
		w.name("birth").b = append(n.Birth.append(append(w.b, '"')), '"')
	}
	w.word("genderIdentity", genderWords, uint8(n.Identity))
	if n.Languages[0] != 0 {
		w.name("languages").b = append(w.b, '[')
		for i, l := range n.Languages {
			if l != 0 {
				w.comma(i > 0)
				w.b = append(l.append(append(w.b, '"')), '"')
			}
		}
		w.b = append(w.b, ']')
	}
	w.flag("interpreter", n.Interpreter)
	w.set("access", accessWords, uint64(n.Access))
	if n.State[0] != 0 {
		w.name("state").text(string(trimmed(n.State[:])))
	}
	if n.PostalCode[0] != 0 {
		w.name("postalCode").text(string(trimmed(n.PostalCode[:])))
	}
	w.list("payers", n.Payers)
	n.appendPreferences(&w)
	w.set("barred", shipped().rules, uint64(n.Barred))
	w.flag("unknown", n.Unknown)
	return append(w.b, '}')
}

// appendWants writes conditions, goals and programs.
func (n *Need) appendWants(w *objectWriter) {
	t := shipped()
	if len(n.Conditions) > 0 {
		w.name("conditions").b = append(w.b, '[')
		for i, c := range n.Conditions {
			w.comma(i > 0)
			o := objectWriter{append(w.b, '{'), true}
			o.name("key").text(t.conditions[c.Condition].Key)
			o.word("severity", severityWords, uint8(c.Severity))
			w.b = append(o.b, '}')
		}
		w.b = append(w.b, ']')
	}
	if n.Goals != 0 {
		w.name("goals").b = append(w.b, '[')
		for rest := n.Goals; rest != 0; rest &= rest - 1 {
			w.comma(rest != n.Goals)
			w.text(t.goals[rest.lowest()].Code)
		}
		w.b = append(w.b, ']')
	}
	w.list("programs", n.Programs)
}

func (n *Need) appendPreferences(w *objectWriter) {
	if n.WantMode == 0 && n.WantLanguage == 0 && n.WantTimes == 0 && n.WantGender == 0 && n.WantKind == 0 && n.Site == "" && n.Required == 0 {
		return
	}
	o := objectWriter{append(w.name("preferences").b, '{'), true}
	o.word("mode", modeWords, uint8(n.WantMode))
	if n.WantLanguage != 0 {
		o.name("language").b = append(n.WantLanguage.append(append(o.b, '"')), '"')
	}
	o.set("times", timeWords, uint64(n.WantTimes))
	o.word("gender", genderWords, uint8(n.WantGender))
	o.word("kind", kindWords, uint8(n.WantKind))
	if n.Site != "" {
		o.name("site").text(n.Site)
	}
	o.set("required", wishWords, uint64(n.Required))
	w.b = append(o.b, '}')
}

// MarshalJSON and UnmarshalJSON let encoding/json carry a Need.
func (n *Need) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }
func (n *Need) UnmarshalJSON(b []byte) error {
	parsed, err := ParseNeed(b)
	*n = parsed
	return err
}

// objectWriter appends the fields of one JSON object.
type objectWriter struct {
	b     []byte
	first bool
}

func (w *objectWriter) name(s string) *objectWriter {
	w.comma(!w.first)
	w.first = false
	w.b = append(append(append(w.b, '"'), s...), '"', ':')
	return w
}

func (w *objectWriter) comma(yes bool) {
	if yes {
		w.b = append(w.b, ',')
	}
}

func (w *objectWriter) text(s string) { w.b = appendString(w.b, s) }

func (w *objectWriter) flag(name string, yes bool) {
	if yes {
		w.name(name).b = append(w.b, "true"...)
	}
}

func (w *objectWriter) word(name string, of words, number uint8) {
	if number != 0 {
		w.name(name).text(of[number])
	}
}

func (w *objectWriter) set(name string, of words, set uint64) {
	if set == 0 {
		return
	}
	w.name(name).b = append(w.b, '[')
	for rest := set; rest != 0; rest &= rest - 1 {
		w.comma(rest != set)
		w.text(of[bits.TrailingZeros64(rest)])
	}
	w.b = append(w.b, ']')
}

func (w *objectWriter) list(name string, list []string) {
	if len(list) == 0 {
		return
	}
	w.name(name).b = append(w.b, '[')
	for i, s := range list {
		w.comma(i > 0)
		w.text(s)
	}
	w.b = append(w.b, ']')
}

// appendString quotes a string; plain ASCII, nearly all there is here, is copied.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s)
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// ParseNeed reads what AppendJSON wrote. Fields of other names are an error: a need is written by this package only.
func ParseNeed(b []byte) (Need, error) {
	p := parser{b: b}
	var n Need
	p.object(func(field string) { n.parseField(&p, field) })
	if p.space(); p.err == nil && p.i != len(b) {
		p.fail("more after its end")
	}
	if p.err != nil {
		return Need{}, fmt.Errorf("a need cannot be read: %w", p.err)
	}
	return n, nil
}

func (n *Need) parseField(p *parser, field string) {
	t := shipped()
	switch field {
	case "participant":
		n.Family = string(p.text()) == string(mapping.ParticipantFamily)
	case "conditions":
		p.array(func() { n.Conditions = append(n.Conditions, p.condition(t)) })
	case "goals":
		p.array(func() {
			g, ok := t.goalOf[string(p.text())]
			p.expect(ok, "an unknown goal")
			n.Goals |= 1 << g
		})
	case "programs":
		n.Programs = p.list()
	case "birth":
		n.Birth = dateOf(string(p.text()))
	case "genderIdentity":
		n.Identity = gender(p.word(genderWords))
	case "languages":
		i := 0
		p.array(func() {
			if p.expect(i < len(n.Languages), "too many languages") {
				n.Languages[i] = languageOf(string(p.text()))
				p.expect(n.Languages[i] != 0, "a language tag is expected")
				i++
			}
		})
	case "interpreter":
		n.Interpreter = p.flag()
	case "access":
		n.Access = accessSet(p.set(accessWords))
	case "state":
		copy(n.State[:], p.text())
	case "postalCode":
		copy(n.PostalCode[:], p.text())
	case "payers":
		n.Payers = p.list()
	case "preferences":
		p.object(func(field string) { n.parsePreference(p, field) })
	case "barred":
		n.Barred = ruleSet(p.set(t.rules))
	case "unknown":
		n.Unknown = p.flag()
	default:
		p.fail("unknown field " + strconv.Quote(field))
	}
}

func (n *Need) parsePreference(p *parser, field string) {
	switch field {
	case "mode":
		n.WantMode = mode(p.word(modeWords))
	case "language":
		n.WantLanguage = languageOf(string(p.text()))
	case "times":
		n.WantTimes = timeSet(p.set(timeWords))
	case "gender":
		n.WantGender = gender(p.word(genderWords))
	case "kind":
		n.WantKind = kind(p.word(kindWords))
	case "site":
		n.Site = intern(string(p.text()))
	case "required":
		n.Required = wishSet(p.set(wishWords))
	default:
		p.fail("unknown preference " + strconv.Quote(field))
	}
}

func (p *parser) condition(t *tables) (c NeedCondition) {
	p.object(func(field string) {
		switch field {
		case "key":
			number, ok := t.conditionOf[string(p.text())]
			p.expect(ok, "an unknown condition")
			c.Condition = number
		case "severity":
			c.Severity = Severity(p.word(severityWords))
		default:
			p.fail("unknown field " + strconv.Quote(field))
		}
	})
	return c
}

// parser reads JSON of a known shape. After the first error it reads nothing more.
type parser struct {
	b   []byte
	i   int
	err error
}

func (p *parser) fail(what string) {
	if p.err == nil {
		p.err = errors.New("at byte " + strconv.Itoa(p.i) + ": " + what)
	}
}

func (p *parser) expect(ok bool, what string) bool {
	if !ok {
		p.fail(what)
	}
	return p.err == nil
}

func (p *parser) space() {
	for p.i < len(p.b) && (p.b[p.i] == ' ' || p.b[p.i] == '\n' || p.b[p.i] == '\t' || p.b[p.i] == '\r') {
		p.i++
	}
}

// take reads one punctuation mark if it is next.
func (p *parser) take(c byte) bool {
	p.space()
	if p.err == nil && p.i < len(p.b) && p.b[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *parser) object(field func(name string)) {
	p.expect(p.take('{'), "an object is expected")
	for first := true; p.err == nil && !p.take('}'); first = false {
		p.expect(first || p.take(','), "a comma is expected")
		name := p.text()
		if p.expect(p.take(':'), "a colon is expected") {
			field(string(name))
		}
	}
}

func (p *parser) array(element func()) {
	p.expect(p.take('['), "a list is expected")
	for first := true; p.err == nil && !p.take(']'); first = false {
		if p.expect(first || p.take(','), "a comma is expected") {
			element()
		}
	}
}

// text reads a string; the result may share the input.
func (p *parser) text() []byte {
	if !p.expect(p.take('"'), "a text is expected") {
		return nil
	}
	start, escaped := p.i, false
	for ; p.i < len(p.b) && p.b[p.i] != '"'; p.i++ {
		if p.b[p.i] == '\\' {
			escaped = true
			p.i++
		}
	}
	if !p.expect(p.i < len(p.b), "a text does not end") {
		return nil
	}
	p.i++
	if !escaped {
		return p.b[start : p.i-1]
	}
	var s string
	if json.Unmarshal(p.b[start-1:p.i], &s) != nil {
		p.fail("a text is not well formed")
	}
	return []byte(s)
}

func (p *parser) flag() bool {
	p.space()
	if p.err == nil && len(p.b)-p.i >= 4 && string(p.b[p.i:p.i+4]) == "true" {
		p.i += 4
		return true
	}
	p.fail("true is expected")
	return false
}

func (p *parser) word(of words) uint8 {
	w := p.text()
	number := of.number(string(w))
	p.expect(number != 0, "an unknown word")
	return number
}

func (p *parser) set(of words) (s uint64) {
	p.array(func() { s |= 1 << p.word(of) })
	return s
}

func (p *parser) list() (l []string) {
	p.array(func() { l = append(l, intern(string(p.text()))) })
	return l
}
