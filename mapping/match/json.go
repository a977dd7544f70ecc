package match

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"strconv"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsonscan"
	"github.com/convene-health/convene/mapping/program"
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
	w.flag("languageUnclear", n.LanguageUnclear)
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
	n.appendTold(&w)
	return append(w.b, '}')
}

// appendTold writes what gates, guardians and benefits go by.
func (n *Need) appendTold(w *objectWriter) {
	if len(n.Told) > 0 {
		w.name("told").b = append(w.b, '[')
		for i, f := range n.Told {
			w.comma(i > 0)
			o := objectWriter{append(w.b, '{'), true}
			o.name("fact").text(program.Facts()[f.Fact].Key)
			if f.Value != 0 {
				o.name("value").b = strconv.AppendFloat(o.b, f.Value, 'g', -1, 64)
			}
			o.date("date", f.Date)
			w.b = append(o.b, '}')
		}
		w.b = append(w.b, ']')
	}
	w.date("screened", n.Screened)
	w.flag("guardian", n.Guardian)
	if n.Clinician != "" {
		w.name("clinician").text(n.Clinician)
	}
}

func (w *objectWriter) date(name string, d date) {
	if d != 0 {
		w.name(name).b = append(d.append(append(w.b, '"')), '"')
	}
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
	if !n.Doubted.empty() {
		w.name("doubted").b = append(w.b, '[')
		first := true
		for c := range t.conditions {
			if n.Doubted.has(uint8(c)) {
				w.comma(!first)
				w.text(t.conditions[c].Key)
				first = false
			}
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
	p := jsonscan.New(b)
	var n Need
	n.Scan(p)
	if err := p.End(); err != nil {
		return Need{}, fmt.Errorf("a need cannot be read: %w", err)
	}
	return n, nil
}

// Scan reads the JSON of a need within other JSON.
func (n *Need) Scan(p *jsonscan.Scanner) {
	p.Object(func(field []byte) { n.parseField(p, field) })
}

func (n *Need) parseField(p *jsonscan.Scanner, field []byte) {
	t := shipped()
	switch string(field) {
	case "participant":
		n.Family = string(p.Text()) == string(mapping.ParticipantFamily)
	case "conditions":
		p.Array(func() { n.Conditions = append(n.Conditions, scanCondition(p, t)) })
	case "doubted":
		p.Array(func() {
			c, ok := t.conditionOf[string(p.Text())]
			p.Expect(ok, "an unknown condition")
			n.Doubted.add(c)
		})
	case "goals":
		p.Array(func() {
			g, ok := t.goalOf[string(p.Text())]
			p.Expect(ok, "an unknown goal")
			n.Goals |= 1 << g
		})
	case "programs":
		n.Programs = scanList(p)
	case "birth":
		n.Birth = dateOf(string(p.Text()))
	case "genderIdentity":
		n.Identity = gender(scanWord(p, genderWords))
	case "languages":
		i := 0
		p.Array(func() {
			if p.Expect(i < len(n.Languages), "too many languages") {
				n.Languages[i] = languageOf(string(p.Text()))
				p.Expect(n.Languages[i] != 0, "a language tag is expected")
				i++
			}
		})
	case "interpreter":
		n.Interpreter = p.True()
	case "languageUnclear":
		n.LanguageUnclear = p.True()
	case "access":
		n.Access = accessSet(scanSet(p, accessWords))
	case "state":
		copy(n.State[:], p.Text())
	case "postalCode":
		copy(n.PostalCode[:], p.Text())
	case "payers":
		n.Payers = scanList(p)
	case "preferences":
		p.Object(func(field []byte) { n.parsePreference(p, field) })
	case "barred":
		n.Barred = ruleSet(scanSet(p, t.rules))
	case "unknown":
		n.Unknown = p.True()
	case "told":
		p.Array(func() { n.Told = append(n.Told, scanTold(p)) })
	case "screened":
		n.Screened = dateOf(string(p.Text()))
	case "guardian":
		n.Guardian = p.True()
	case "clinician":
		n.Clinician = intern(string(p.Text()))
	default:
		p.Fail("unknown field " + strconv.Quote(string(field)))
	}
}

func (n *Need) parsePreference(p *jsonscan.Scanner, field []byte) {
	switch string(field) {
	case "mode":
		n.WantMode = mode(scanWord(p, modeWords))
	case "language":
		n.WantLanguage = languageOf(string(p.Text()))
	case "times":
		n.WantTimes = timeSet(scanSet(p, timeWords))
	case "gender":
		n.WantGender = gender(scanWord(p, genderWords))
	case "kind":
		n.WantKind = kind(scanWord(p, kindWords))
	case "site":
		n.Site = intern(string(p.Text()))
	case "required":
		n.Required = wishSet(scanSet(p, wishWords))
	default:
		p.Fail("unknown preference " + strconv.Quote(string(field)))
	}
}

func scanCondition(p *jsonscan.Scanner, t *tables) (c NeedCondition) {
	p.Object(func(field []byte) {
		switch string(field) {
		case "key":
			number, ok := t.conditionOf[string(p.Text())]
			p.Expect(ok, "an unknown condition")
			c.Condition = number
		case "severity":
			c.Severity = Severity(scanWord(p, severityWords))
		default:
			p.Fail("unknown field " + strconv.Quote(string(field)))
		}
	})
	return c
}

func scanTold(p *jsonscan.Scanner) (f Told) {
	p.Object(func(field []byte) {
		switch string(field) {
		case "fact":
			number, ok := program.FactByKey(string(p.Text()))
			p.Expect(ok, "an unknown fact")
			f.Fact = number
		case "value":
			value, err := strconv.ParseFloat(string(p.Raw()), 64)
			p.Expect(err == nil, "a number is expected")
			f.Value = value
		case "date":
			f.Date = dateOf(string(p.Text()))
		default:
			p.Fail("unknown field " + strconv.Quote(string(field)))
		}
	})
	return f
}

func scanWord(p *jsonscan.Scanner, of words) uint8 {
	w := p.Text()
	number := of.number(string(w))
	p.Expect(number != 0, "an unknown word")
	return number
}

func scanSet(p *jsonscan.Scanner, of words) (s uint64) {
	p.Array(func() { s |= 1 << scanWord(p, of) })
	return s
}

func scanList(p *jsonscan.Scanner) (l []string) {
	p.Array(func() { l = append(l, intern(string(p.Text()))) })
	return l
}
