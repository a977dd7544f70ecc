package desk

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/roster"
)

//go:embed page/*.html
var pageFiles embed.FS

//go:embed asset
var assetFiles embed.FS

// pages by name, each with the layout and the parts.
var pages = func() map[string]*template.Template {
	common := template.Must(template.ParseFS(pageFiles, "page/layout.html", "page/part.html"))
	all := map[string]*template.Template{"part": common}
	names, _ := fs.Glob(pageFiles, "page/*.html")
	for _, name := range names {
		id := strings.TrimSuffix(strings.TrimPrefix(name, "page/"), ".html")
		if id != "layout" && id != "part" {
			all[id] = template.Must(template.Must(common.Clone()).ParseFS(pageFiles, name))
		}
	}
	return all
}()

// view is what a template gets: the words of the language, who looks, and the body of the page.
type view struct {
	*Words
	Page, Title string
	Person      *Person
	Names       bool // names show
	MayNames    bool // the desk has them
	Theme       string
	Provider    bool // people sign in at a provider
	Path        string
	Languages   []*Words
	Now         time.Time
	Body        any
}

func (v *visit) view(page, title string, body any) *view {
	path := v.r.URL.RequestURI()
	if v.r.Method != http.MethodGet {
		path = "/" // what a form led to cannot be asked for again
	}
	return &view{
		Words: v.words, Page: page, Title: title, Person: v.person, Names: v.names, MayNames: !v.config.NoNames, Provider: v.provider != nil, Theme: v.theme,
		Path: path, Languages: Languages, Now: v.config.Now(), Body: body,
	}
}

// May reports what the person may, for templates.
func (v *view) May(role string) bool { return v.Person != nil && v.Person.May(Role(role)) }

// LeaderOnly: the person sees nothing but groups of their own.
func (v *view) LeaderOnly() bool { return v.Person != nil && v.Person.Role == Leader }

// Rule in words: of the language, or as given.
func (v *view) Rule(code, text string) template.HTML { return v.Words.Rule(code, text) }

// Why a group is not chosen, in words. What other people or a leader are the reason of reads "not offered" to all who do not
// set rules aside.
func (v *view) Why(r match.Reason) template.HTML {
	if v.Person == nil || !v.Person.May(Supervisor) {
		out := r.Outward()
		if out.Code == roster.RuleNotOffered {
			return v.Words.Rule(out.Code, out.Text)
		}
	}
	return v.Words.Rule(r.Rule, r.Text)
}

// Alert in words.
func (v *view) Alert(rule string) template.HTML {
	return v.Words.Rule("alert-"+rule, roster.TextOf(rule))
}

// Overridden is a rule that is set aside, in words.
func (v *view) Overridden(id string) template.HTML {
	rule := strings.TrimPrefix(id, "alert-")
	text := roster.TextOf(rule)
	for _, r := range match.Rules[1:] {
		if r.ID == rule {
			text = r.Text
		}
	}
	return v.Words.Rule(rule, text)
}

// Part of a score in words.
func (v *view) Part(id, text string) template.HTML { return v.Words.Rule("part-"+id, text) }

// With is the view for a part with a body of its own.
func (v *view) With(body any) *view {
	part := *v
	part.Body = body
	return &part
}

// Fields of an act's form.
func (v *view) Fields(a actForm, seen uint64) any {
	return struct {
		*Words
		Act  actForm
		Seen uint64
	}{v.Words, a, seen}
}

// List of words, to go through in a template.
func (v *view) List(words ...string) []string { return words }

// Edit is a form that changes the catalog, for the part that begins it.
func (v *view) Edit(id string, f *editForm) any {
	return struct {
		*Words
		ID string
		F  *editForm
	}{v.Words, id, f}
}

// Seats for the part that draws them.
func (v *view) Seats(s seats) any {
	return struct {
		*Words
		S seats
	}{v.Words, s}
}

// show writes a page.
func (v *visit) show(status int, page, title string, body any) {
	var b bytes.Buffer
	if err := pages[page].ExecuteTemplate(&b, "layout", v.view(page, title, body)); err != nil {
		v.failed(err)
		return
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(b.Bytes()) // the browser may be gone
}

// fragment is a part of a page as text.
func (v *visit) fragment(part string, body any) string {
	var b bytes.Buffer
	if err := pages["part"].ExecuteTemplate(&b, part, v.view("", "", body)); err != nil {
		v.config.Log.Error().Err(err).Str("part", part).Msg("desk")
		return ""
	}
	return b.String()
}

// failed answers that the desk could not do it; why is for the log, which names no patient.
func (v *visit) failed(err error) {
	v.config.Log.Error().Err(err).Msg("desk")
	v.refuse(http.StatusServiceUnavailable, "failed")
}

// refusal says why a page is not shown, and what to do next.
type refusal struct{ Why string }

func (v *visit) refuse(status int, why string) {
	v.show(status, "refusal", v.words.T("refusal."+why+".title"), refusal{why})
}

// rowVariants of one row: two languages, with names and without.
const rowVariants = 4

// rowView is one row of the list.
type rowView struct {
	*Words
	E     *Entry
	At    time.Time // in the network's zone
	First time.Time
	Names bool
}

// row of a confirmation as HTML, in one line. It is written once for all who read it in that language.
func (v *visit) row(e *Entry) []byte {
	variant := v.words.index * 2
	if v.names {
		variant++
	}
	if row := e.rows[variant].Load(); row != nil {
		return *row
	}
	zone := v.boards[e.Network].Location()
	var b bytes.Buffer
	if err := pages["part"].ExecuteTemplate(&b, "row", rowView{v.words, e, e.Time.In(zone), e.Data.First.Start, v.names}); err != nil {
		v.config.Log.Error().Err(err).Msg("desk: row")
		return nil
	}
	row := bytes.ReplaceAll(b.Bytes(), []byte{'\n'}, []byte{' '})
	e.rows[variant].Store(&row)
	return row
}

// assets are the embedded script, style and licence files.
func assets() http.Handler {
	sub, err := fs.Sub(assetFiles, "asset")
	if err != nil {
		panic(err) // embedded
	}
	files := http.FileServerFS(sub)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		files.ServeHTTP(w, r)
	})
}
