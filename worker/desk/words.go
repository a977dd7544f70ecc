package desk

import (
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/en_US"
	"github.com/go-playground/locales/es_US"
	"github.com/goccy/go-yaml"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/roster"
)

//go:embed message/*.yaml
var messages embed.FS

// Words of one language: the messages of its file, and how it writes dates, numbers and plurals (CLDR). Immutable.
type Words struct {
	Lang   string // BCP 47, of the html element
	Own    string // what the language calls itself
	locale locales.Translator
	text   map[string]string
	plural map[string]map[string]string // by message, by plural form
	index  int                          // in Languages
	names  display.Namer                // of languages
	details
	check details // of what the check of a catalog says
}

// Languages of the desk, the first where a browser asks for none of them.
var Languages = []*Words{
	loadWords(0, "en", "English", en_US.New()),
	loadWords(1, "es", "Español", es_US.New()),
}

// loadWords reads message/<lang>.yaml. It is embedded, so a fault in it is a fault of the program.
func loadWords(index int, lang, own string, locale locales.Translator) *Words {
	data, err := messages.ReadFile("message/" + lang + ".yaml")
	var tree map[string]any
	if err == nil {
		err = yaml.Unmarshal(data, &tree)
	}
	if err != nil {
		panic("desk: messages of " + lang + ": " + err.Error())
	}
	w := &Words{Lang: lang, Own: own, locale: locale, text: map[string]string{}, plural: map[string]map[string]string{}, index: index,
		names: display.Languages(language.Make(lang))}
	w.take("", tree)
	if w.details, err = loadDetails("detail", lang); err == nil {
		w.check, err = loadDetails("check", lang)
	}
	if err != nil {
		panic("desk: details of " + lang + ": " + err.Error())
	}
	w.takeRules()
	return w
}

// take flattens the file: nested names are joined by dots; a node with the form "other" is a plural.
func (w *Words) take(prefix string, tree map[string]any) {
	for name, node := range tree {
		key := prefix + name
		below, ok := node.(map[string]any)
		switch {
		case !ok:
			w.text[key] = fmt.Sprint(node)
		case below["other"] != nil && below["one"] != nil:
			w.plural[key] = map[string]string{}
			for form, text := range below {
				w.plural[key][form] = fmt.Sprint(text)
			}
		default:
			w.take(key+".", below)
		}
	}
}

// takeRules makes the rules' own texts, by which reasons and issues name them, known as details.
func (w *Words) takeRules() {
	for _, rule := range match.Rules[1:] {
		w.exact[rule.Text] = w.text["rule."+rule.ID]
	}
	for _, rule := range roster.RuleIDs() {
		w.exact[roster.TextOf(rule)] = w.text["rule."+rule]
	}
	for _, part := range match.ScoreParts {
		w.exact[part.Text] = w.text["rule.part-"+part.ID]
	}
}

// T is a message, its {0}, {1}, ... replaced by the arguments as they are. A name without a message is shown itself.
func (w *Words) T(key string, args ...any) string {
	text, ok := w.text[key]
	if !ok {
		return key
	}
	return fillIn(text, args)
}

// Has reports whether there is such a message.
func (w *Words) Has(key string) bool { return w.text[key] != "" }

// N is a message about n things in the plural form that the language wants; {0} is n as the language writes it.
func (w *Words) N(key string, n int, args ...any) string {
	form := strings.ToLower(strings.TrimPrefix(w.locale.CardinalPluralRule(float64(n), 0).String(), "PluralRule"))
	forms := w.plural[key]
	text, ok := forms[form]
	if !ok {
		text = forms["other"]
	}
	if text == "" {
		return key
	}
	return fillIn(text, append([]any{w.Number(n)}, args...))
}

func fillIn(text string, args []any) string {
	for i, a := range args {
		text = strings.ReplaceAll(text, "{"+strconv.Itoa(i)+"}", fmt.Sprint(a))
	}
	return text
}

// Number as the language writes it.
func (w *Words) Number(n int) string { return w.locale.FmtNumber(float64(n), 0) }

// Clock is the time of day. The library writes the hour after midnight as 0 where a clock of 12 hours says 12.
func (w *Words) Clock(t time.Time) string {
	text := w.locale.FmtTimeShort(t)
	if rest, ok := strings.CutPrefix(text, "0:"); ok {
		return "12:" + rest
	}
	return text
}

// Day is a date without the weekday.
func (w *Words) Day(t time.Time) string { return w.locale.FmtDateMedium(t) }

// Weekday is a date with its weekday.
func (w *Words) Weekday(t time.Time) string {
	return w.locale.WeekdayAbbreviated(t.Weekday()) + " " + w.locale.FmtDateMedium(t)
}

// Moment is date and time of day.
func (w *Words) Moment(t time.Time) string { return w.Day(t) + ", " + w.Clock(t) }

// Second is date and time of day to the second.
func (w *Words) Second(t time.Time) string {
	clock := w.locale.FmtTimeMedium(t)
	if rest, ok := strings.CutPrefix(clock, "0:"); ok {
		clock = "12:" + rest
	}
	return w.Day(t) + ", " + clock
}

// Date is a date as the ledger writes it, YYYY-MM-DD, or what there is of one.
func (w *Words) Date(s string) string {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return w.Day(t)
	}
	return s
}

// Language by its name, of a BCP 47 tag; the tag itself where it is none.
func (w *Words) Language(tag string) string {
	t, err := language.Parse(tag)
	if err != nil {
		return tag
	}
	if name := w.names.Name(t); name != "" {
		return name
	}
	return tag
}

// Since is how long it is from t to now, in the largest unit that fits.
func (w *Words) Since(t, now time.Time) string {
	switch d := now.Sub(t); {
	case d < time.Minute:
		return w.T("since.now")
	case d < time.Hour:
		return w.N("since.minutes", int(d/time.Minute))
	case d < 48*time.Hour:
		return w.N("since.hours", int(d/time.Hour))
	default:
		return w.N("since.days", int(d/(24*time.Hour)))
	}
}

// Status of a placement in words.
func (w *Words) Status(s mapping.Status) string { return w.T("status." + string(s)) }

// Session says which session is not when it was to be; its times are in the network's zone.
func (w *Words) Session(c mapping.SessionChange) string {
	at := func(t time.Time) string { return w.Weekday(t) + ", " + w.Clock(t) }
	switch {
	case c.Is.IsZero():
		return w.T("session.off", at(c.Was))
	case c.Was.IsZero():
		return w.T("session.added", at(c.Is))
	}
	return w.T("session.moved", at(c.Was), at(c.Is))
}

// Reason in words of the language where it has them, else in the ledger's own, which are English and marked so.
func (w *Words) Reason(r mapping.Reason) template.HTML { return w.Rule(r.Code, r.Text) }

// said are the reasons whose text is a person's own, in a language that nobody knows.
var said = map[string]bool{roster.RuleRejected: true, roster.RuleInfoRequested: true, roster.RuleFollowUp: true}

// Rule is Reason for a code and a text.
func (w *Words) Rule(code, text string) template.HTML {
	rule, alert := strings.CutPrefix(code, "alert-")
	if w.Has("risk." + code) {
		return template.HTML(template.HTMLEscapeString(w.T("risk." + code)))
	}
	own, known := w.text["rule."+rule]
	html := template.HTMLEscapeString(own)
	switch detail, ok := w.detail(text); {
	case said[rule] && text != "" && text != roster.TextOf(rule):
		html = strings.TrimSuffix(html, ".") + ": <q>" + template.HTMLEscapeString(text) + "</q>"
	case text != "" && ok:
		html = detail
	case !known:
		html = inEnglish(cmp.Or(text, rule))
	}
	if alert {
		html = template.HTMLEscapeString(w.T("alert")) + " " + html
	}
	return template.HTML(html)
}

func inEnglish(text string) string {
	return `<span lang="en">` + template.HTMLEscapeString(text) + `</span>`
}

// Issue in words of the language: what its code means, then the details.
func (w *Words) Issue(i mapping.Issue) template.HTML {
	own := cmp.Or(w.text["issue."+i.Code], w.text["rule."+i.Code])
	detail, known := w.detail(i.Text)
	if i.Path == "data.catalog" {
		detail, known = w.say(&w.check, i.Text)
	}
	switch {
	case own == "":
		return w.Detail(i.Text)
	case i.Text == "" || detail == template.HTMLEscapeString(own):
		return template.HTML(template.HTMLEscapeString(own))
	case known:
		return template.HTML(template.HTMLEscapeString(own) + ` <span class="quiet">` + detail + `</span>`)
	}
	return template.HTML(template.HTMLEscapeString(own) + ` <span class="quiet" lang="en">` + template.HTMLEscapeString(i.Text) + `</span>`)
}

// Unchanged says why an event changed nothing.
func (w *Words) Unchanged(why string) string {
	if text, ok := w.text["unchanged."+why]; ok {
		return text
	}
	return why
}
