package desk

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"html/template"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// deciders are the packages whose issues and reasons reach a confirmation.
var deciders = []string{"calendar", "confirm", "engine", "event", "fhirin", "hl7v2", "jsontree", "match", "program", "roster"}

// emission is a place in the code where an issue or a reason is made. The text has {} where a value is filled in; both are
// empty where they are handed in.
type emission struct{ at, code, text, hint string }

// emitters are the functions that make one, by the position of the code among their arguments; -1: it is required. The text
// is the next argument, or the one named.
var emitters = map[string]struct{ code, text int }{
	"Fail": {0, 1}, "Remark": {0, 1}, "Add": {1, 2}, "issue": {1, 2}, "add": {1, 2}, "stop": {0, 1}, "problem": {0, 3},
	"Require": {-1, 1}, "Missing": {-1, 1}, "required": {-1, 2}, "wrong": {-1, 0}, "expected": {-1, 0}, "single": {1, -1},
}

// lintEmitters are those of the check of a catalog.
var lintEmitters = map[string]struct{ code, hint, text int }{"problem": {0, 1, 2}, "warning": {0, 1, 2}, "add": {2, 3, 4}, "word": {2, -1, -1}}

// source is what Go files say, as far as it needs no compiling: the string constants of each package by name.
type source struct {
	set    *token.FileSet
	files  map[string][]*ast.File
	consts map[string]map[string]string
}

func readSource(t *testing.T) *source {
	t.Helper()
	s := &source{token.NewFileSet(), map[string][]*ast.File{}, map[string]map[string]string{}}
	for _, name := range append([]string{"."}, deciders...) {
		paths, err := filepath.Glob(filepath.Join("../../mapping", name, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no source of %s: %v", name, err)
		}
		name = strings.Replace(name, ".", "mapping", 1)
		s.consts[name] = map[string]string{}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(s.set, path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			s.files[name] = append(s.files[name], f)
		}
	}
	for range 3 { // constants of constants
		for name, files := range s.files {
			for _, f := range files {
				s.readConsts(name, f)
			}
		}
	}
	return s
}

func (s *source) readConsts(name string, f *ast.File) {
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, spec := range g.Specs {
			v := spec.(*ast.ValueSpec)
			for i := range v.Values {
				if text := s.text(name, v.Values[i]); text != "" {
					s.consts[name][v.Names[i].Name] = text
				}
			}
		}
	}
}

// text of an expression, {} for what is filled in; empty where all of it is.
func (s *source) text(pkg string, x ast.Expr) string {
	switch x := x.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(x.Value)
		return text
	case *ast.Ident:
		return s.consts[pkg][x.Name]
	case *ast.SelectorExpr:
		if p, ok := x.X.(*ast.Ident); ok {
			return s.consts[p.Name][x.Sel.Name]
		}
	case *ast.BinaryExpr:
		a, b := s.text(pkg, x.X), s.text(pkg, x.Y)
		if a+b == "" {
			return ""
		}
		return or(a, "{}") + or(b, "{}")
	case *ast.CallExpr:
		if f, ok := x.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" {
			return s.text(pkg, x.Args[0])
		}
		if f, ok := x.Fun.(*ast.Ident); ok && f.Name == "didYouMean" {
			return s.text(pkg, x.Args[2])
		}
	}
	return ""
}

// emissions of all deciders.
func (s *source) emissions() (list []emission) {
	for pkg, files := range s.files {
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				e := emission{}
				switch n := n.(type) {
				case *ast.CallExpr:
					e = s.call(pkg, n)
				case *ast.CompositeLit:
					e = s.literal(pkg, n)
				case *ast.AssignStmt:
					if to, ok := n.Lhs[0].(*ast.Ident); ok && to.Name == "code" && kebab.MatchString(s.text(pkg, n.Rhs[0])) {
						e.code = s.text(pkg, n.Rhs[0])
					}
				}
				if e.code != "" || strings.Contains(e.text, " ") {
					e.at = s.set.Position(n.Pos()).String()
					list = append(list, e)
				}
				return true
			})
		}
	}
	return list
}

var (
	kebab = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	verb  = regexp.MustCompile(`%[dsqvg]`)
)

func (s *source) call(pkg string, n *ast.CallExpr) (e emission) {
	name := ""
	switch f := n.Fun.(type) {
	case *ast.SelectorExpr:
		name = f.Sel.Name
	case *ast.Ident:
		name = f.Name
	}
	at, ok := emitters[name]
	lint, isLint := lintEmitters[name]
	if pkg == "program" {
		at.code, at.text, ok = lint.code, lint.text, isLint
	}
	if !ok {
		return e
	}
	texts := make([]string, len(n.Args))
	for i, a := range n.Args {
		texts[i] = s.text(pkg, a)
	}
	get := func(i int) string {
		if i < 0 || i >= len(texts) {
			return ""
		}
		return texts[i]
	}
	if name == "Fail" || name == "Remark" { // of a Report: behind the path
		if !kebab.MatchString(get(0)) || kebab.MatchString(get(1)) {
			at.code, at.text = 1, 2
		}
	}
	if pkg == "program" {
		e.hint = verb.ReplaceAllString(get(lint.hint), "{}")
	}
	if e.text = verb.ReplaceAllString(get(at.text), "{}"); !strings.Contains(e.text, " ") {
		e.text = ""
	}
	if e.code = get(at.code); !kebab.MatchString(e.code) || e.text == "" && at.text >= 0 && pkg != "program" {
		e.code = ""
	}
	return e
}

func (s *source) literal(pkg string, n *ast.CompositeLit) (e emission) {
	if t, ok := n.Type.(*ast.Ident); ok && t.Name == "fault" && len(n.Elts) > 0 {
		e.code = s.text(pkg, n.Elts[0])
		return e
	}
	if t, ok := n.Type.(*ast.Ident); ok && t.Name == "Notice" { // to patients, as the network words it
		return e
	}
	if len(n.Elts) > 0 && pkg == "program" && n.Type == nil { // of a list of faults
		if code := s.text(pkg, n.Elts[0]); strings.HasSuffix(code, "-expression") {
			e.code = code
		}
	}
	for _, x := range n.Elts {
		kv, ok := x.(*ast.KeyValueExpr)
		if !ok {
			return e
		}
		key, ok := kv.Key.(*ast.Ident)
		switch text := s.text(pkg, kv.Value); {
		case !ok:
			return emission{}
		case key.Name == "Code" && kebab.MatchString(text):
			e.code = text
		case key.Name == "Text":
			e.text = verb.ReplaceAllString(text, "{}")
		}
	}
	if !strings.Contains(e.text, " ") { // another thing that has a code
		return emission{}
	}
	return e
}

// isSaid reports whether nothing of it is left in English for want of words.
func isSaid(html template.HTML) bool {
	return html != "" && !strings.Contains(string(html), `lang="en"`)
}

// saysEmission with a code in each hole.
func (w *Words) saysEmission(e emission) bool {
	text, hint := strings.ReplaceAll(e.text, "{}", "x1"), strings.ReplaceAll(e.hint, "{}", "x1")
	switch {
	case text == "" || text == "x1: x1": // put together elsewhere
		return hint == "" || isSaid(w.Check(hint))
	case strings.Contains(e.at, "/program/"):
		return isSaid(w.Check(text)) && (hint == "" || isSaid(w.Check(hint)))
	}
	return isSaid(w.Detail(text)) || isSaid(w.Detail("x1: "+text))
}

// TestEveryIssueIsSaid reads the source of all that decodes and decides: each code of an issue has a sentence in each
// language, and so has each text, with what is filled in.
func TestEveryIssueIsSaid(t *testing.T) {
	codes := map[string]string{}
	for _, e := range readSource(t).emissions() {
		if e.code != "" {
			codes[e.code] = e.at
		}
		for _, w := range Languages {
			if !w.saysEmission(e) {
				t.Errorf("%s: %s does not say %q, %q", e.at, w.Lang, e.text, e.hint)
			}
		}
	}
	if len(codes) < 100 {
		t.Errorf("only %d codes were found in the source", len(codes))
	}
	for code, at := range codes {
		for _, w := range Languages {
			if !w.Has("issue."+code) && !w.Has("rule."+code) {
				t.Errorf("%s lacks issue.%s (%s)", w.Lang, code, at)
			}
		}
	}
}

// TestEveryReasonIsSaid: each rule has its own words in each language, and what it fills in too.
func TestEveryReasonIsSaid(t *testing.T) {
	for _, w := range Languages[1:] {
		say := func(code, text string) {
			if html := w.Rule(code, text); !isSaid(html) {
				t.Errorf("%s says %q of %s", w.Lang, html, code)
			}
		}
		for _, r := range match.Rules[1:] {
			say(r.Code, r.Text)
			if !w.Has("rule." + r.ID) {
				t.Errorf("%s lacks rule.%s", w.Lang, r.ID)
			}
		}
		for _, rule := range roster.RuleIDs() {
			say(rule, roster.TextOf(rule))
			say("alert-"+rule, roster.TextOf(rule))
		}
	}
}

// TestStoriesAreSaid: what the recorded stories and the week tell stands in each language, but for people's own words.
func TestStoriesAreSaid(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/story/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no stories", err)
	}
	week, err := filepath.Glob("../../testdata/week/*.ndjson")
	if err != nil || len(week) == 0 {
		t.Fatal("no week", err)
	}
	const own = "it is for those most in need" // as a catalog explains a gate of its own
	said := 0
	for _, path := range append(paths, week...) {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(file) {
			var event struct{ Data Confirmation }
			if json.Unmarshal(line, &event) != nil {
				continue
			}
			for _, w := range Languages[1:] {
				for _, r := range event.Data.Reasons {
					if said++; !isSaid(w.Reason(r)) {
						t.Errorf("%s: %s: %s", filepath.Base(path), w.Lang, w.Reason(r))
					}
				}
				for _, i := range event.Data.Issues {
					if said++; !isSaid(w.Issue(i)) && !strings.Contains(i.Text, own) {
						t.Errorf("%s: %s: %s", filepath.Base(path), w.Lang, w.Issue(i))
					}
				}
			}
		}
	}
	if said < 1000 {
		t.Errorf("only %d reasons and issues were found", said)
	}
}

// TestEveryShippedNameIsSaid: conditions, goals, facts, programs, risks and kinds.
func TestEveryShippedNameIsSaid(t *testing.T) {
	var names []string
	for _, c := range program.Conditions() {
		names = append(names, c.Name)
	}
	for _, g := range program.Goals() {
		names = append(names, g.Name)
	}
	for _, f := range program.Facts() {
		names = append(names, f.Name)
	}
	for _, p := range program.Templates() {
		names = append(names, p.Name)
	}
	for _, w := range Languages[1:] {
		for _, name := range names {
			if w.shipped[name] == "" {
				t.Errorf("%s has no name for %s", w.Lang, name)
			}
		}
		if len(w.shipped) > len(names) {
			t.Errorf("%s names %d things of %d", w.Lang, len(w.shipped), len(names))
		}
	}
	for _, w := range Languages {
		for _, r := range match.SafetyTexts {
			if !w.Has("risk."+r.ID) && r.ID != match.RuleDeceased { // that is no risk
				t.Errorf("%s has no name for the risk %s", w.Lang, r.ID)
			}
		}
		for _, kind := range mapping.Kinds {
			if !w.Has("kind." + string(kind)) {
				t.Errorf("%s has no name for the kind %s", w.Lang, kind)
			}
		}
	}
}
