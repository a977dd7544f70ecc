package desk

import (
	"errors"
	"html/template"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/convene-health/convene/mapping"
)

// details say in a language what the ledger says in English: the texts of issues, with what is filled in, and the names of
// the shipped tables. The zero value knows none. Immutable.
type details struct {
	exact   map[string]string
	phrases []phrase          // those with most words of their own first
	parts   []phrase          // of what is filled in, from outside to inside
	shipped map[string]string // names of the tables
}

// english is the language of the ledger and of the shipped tables.
const english = "en"

// loadDetails reads message/<file>.<lang>.yaml and the names, which English has not: it is what the ledger and the tables
// say.
func loadDetails(file, lang string) (d details, err error) {
	err = readMessages("name."+lang, &d.shipped)
	return d, errors.Join(err, d.read(file+"."+lang))
}

func (d *details) read(name string) error {
	var file struct {
		Text map[string]string
		Part [][2]string
	}
	err := readMessages(name, &file)
	d.exact = map[string]string{}
	for text, own := range file.Text {
		if p := newPhrase(text, own); len(p.literals) > 1 {
			d.phrases = append(d.phrases, p)
		} else {
			d.exact[text] = own
		}
	}
	slices.SortFunc(d.phrases, func(a, b phrase) int {
		if a, b := a.length(), b.length(); a != b {
			return b - a
		}
		return strings.Compare(a.own, b.own)
	})
	for _, pair := range file.Part {
		d.parts = append(d.parts, newPhrase(pair[0], pair[1]))
	}
	return err
}

// readMessages of an embedded file, if there is one.
func readMessages(name string, into any) error {
	data, err := messages.ReadFile("message/" + name + ".yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return yaml.Unmarshal(data, into)
}

// phrase is a text with holes, and what it is in the language.
type phrase struct {
	literals []string // between the holes; one more than there are holes
	own      string
}

// newPhrase of a text whose holes are {0}, {1}, ... in this order.
func newPhrase(text, own string) phrase {
	p := phrase{own: own}
	for i := 0; ; i++ {
		before, after, found := strings.Cut(text, "{"+strconv.Itoa(i)+"}")
		p.literals = append(p.literals, before)
		if !found {
			return p
		}
		text = after
	}
}

func (p *phrase) length() (n int) {
	for _, l := range p.literals {
		n += len(l)
	}
	return n
}

// match gives what fills the holes, each as short as can be and with its brackets in pairs.
func (p *phrase) match(text string) (args []string, ok bool) {
	text, ok = strings.CutPrefix(text, p.literals[0])
	if last := len(p.literals) - 1; ok && last > 0 {
		for _, l := range p.literals[1:last] {
			at := indexPaired(text, l)
			if at < 0 {
				return nil, false
			}
			args, text = append(args, text[:at]), text[at+len(l):]
		}
		text, ok = strings.CutSuffix(text, p.literals[last])
		return append(args, text), ok && isPaired(text)
	}
	return nil, ok && text == ""
}

// indexPaired is where l first stands in text behind brackets that are all closed, or -1.
func indexPaired(text, l string) int {
	for from := 0; ; from++ {
		at := strings.Index(text[from:], l)
		if at < 0 {
			return -1
		}
		if from += at; isPaired(text[:from]) {
			return from
		}
	}
}

func isPaired(s string) bool { return strings.Count(s, "(") == strings.Count(s, ")") }

// lookupsMax is how much one text is taken apart: more than what asks the most takes.
const lookupsMax = 1000

// telling is the saying of one text.
type telling struct {
	w *Words
	*details
	lookups int // so far
}

// Detail is a text of the ledger in the language, as far as it has it; the rest is marked as English.
func (w *Words) Detail(text string) template.HTML {
	if own, ok := w.detail(text); ok {
		return template.HTML(own)
	}
	return template.HTML(inEnglish(text))
}

// Check is what the check of a catalog says or advises, in the language.
func (w *Words) Check(text string) template.HTML {
	if own, ok := w.say(&w.check, text); ok {
		return template.HTML(own)
	}
	return template.HTML(inEnglish(text))
}

func (w *Words) detail(text string) (html string, ok bool) { return w.say(&w.details, text) }

// say a text of the ledger as HTML. It reports false where the language has no words for it.
func (w *Words) say(d *details, text string) (html string, ok bool) {
	if w.Lang == english {
		return template.HTMLEscapeString(text), true
	}
	t := telling{w, d, 0}
	return t.detail(text)
}

// detail looks a text up: as it stands, then as a phrase, whose filling may stay as it is.
func (t *telling) detail(text string) (html string, ok bool) {
	t.lookups++
	if own := or(t.exact[text], t.shipped[text]); own != "" {
		return template.HTMLEscapeString(own), true
	}
	for i := range t.phrases {
		p := &t.phrases[i]
		if args, ok := p.match(text); ok && t.lookups < lookupsMax {
			said := make([]any, len(args))
			for i, a := range args {
				if said[i], ok = t.argument(a); !ok {
					said[i] = inEnglish(a)
				}
			}
			return fillIn(template.HTMLEscapeString(p.own), said), true
		}
	}
	return "", false
}

// argument is what is filled in: looked up, taken apart where all its parts can be said, or a code, which stays.
func (t *telling) argument(text string) (html string, ok bool) {
	if t.w.isStatus(text) {
		return template.HTMLEscapeString(t.w.Status(mapping.Status(text))), true
	}
	if html, ok = t.detail(text); ok {
		return html, true
	}
	for i := range t.parts {
		p := &t.parts[i]
		args, ok := p.match(text)
		if ok = ok && t.lookups < lookupsMax; !ok {
			continue
		}
		said := make([]any, len(args))
		for i, a := range args {
			var knows bool
			said[i], knows = t.argument(a)
			ok = ok && knows
		}
		if ok {
			return fillIn(template.HTMLEscapeString(p.own), said), true
		}
	}
	return template.HTMLEscapeString(text), isCode(text)
}

func (w *Words) isStatus(text string) bool { return w.Has("status." + text) }

// isCode reports whether a text is no words but a code, a number or a list of them, which reads alike in each language.
func isCode(text string) bool {
	for item := range strings.SplitSeq(text, ", ") {
		if strings.Contains(item, " ") && item != strings.ToUpper(item) {
			return false
		}
	}
	return true
}
