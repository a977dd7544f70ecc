package engine_test

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// assumedInCode lists the constants, variables and functions whose comment says "source: assumption".
func assumedInCode(t *testing.T) (out []assumed) {
	eachFile(t, func(where string, fset *token.FileSet, file *ast.File) {
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if says(d.Doc) && d.Name.Name != "Defaults" {
					out = append(out, assumed{sentence(d.Doc), "as the code does", where + " " + d.Name.Name, "assumption"})
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					v, ok := s.(*ast.ValueSpec)
					if !ok || !says(d.Doc) && !says(v.Doc) && !says(v.Comment) {
						continue
					}
					text := sentence(v.Doc, v.Comment)
					if text == "" {
						text = spaced(v.Names[0].Name) + ". " + sentence(d.Doc)
					}
					out = append(out, assumed{text, valueOf(fset, v), where + " " + v.Names[0].Name, "assumption"})
				}
			}
		}
	})
	return out
}

// field of a struct that is an assumption.
type field struct {
	names []string
	text  string
}

// assumedFields of a struct of package program. A field without a comment belongs to the one before.
func assumedFields(t *testing.T, of string) (out []field) {
	eachFile(t, func(_ string, _ *token.FileSet, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.TypeSpec)
			if !ok || s.Name.Name != of || file.Name.Name != "program" {
				return true
			}
			goesOn := false
			for _, f := range s.Type.(*ast.StructType).Fields.List {
				switch {
				case says(f.Doc):
					out, goesOn = append(out, field{[]string{f.Names[0].Name}, sentence(f.Doc)}), true
				case f.Doc == nil && goesOn:
					out[len(out)-1].names = append(out[len(out)-1].names, f.Names[0].Name)
				default:
					goesOn = false
				}
			}
			return false
		})
	})
	return out
}

func says(c *ast.CommentGroup) bool {
	return c != nil && strings.Contains(c.Text(), "source: assumption")
}

// sentence is a comment without the words that mark it.
func sentence(groups ...*ast.CommentGroup) string {
	var all []string
	for _, g := range groups {
		if g != nil {
			all = append(all, strings.ReplaceAll(strings.ReplaceAll(g.Text(), "source: assumption", ""), ";\n", "\n"))
		}
	}
	text := strings.Join(strings.Fields(strings.Join(all, " ")), " ")
	for _, lost := range []string{". ,", ". ;", ";."} { // what stood around the mark
		text = strings.ReplaceAll(text, lost, ".")
	}
	if text != "" {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	return text
}

// spaced is a name in words: wishModePoints is "Wish mode points".
func spaced(name string) string {
	var b strings.Builder
	for i, c := range name {
		switch {
		case i == 0:
			c = unicode.ToUpper(c)
		case unicode.IsUpper(c):
			b.WriteByte(' ')
			c = unicode.ToLower(c)
		}
		b.WriteRune(c)
	}
	return b.String()
}

// valueMax is how long a value may be in the document; longer ones are named.
const valueMax = 120

func valueOf(fset *token.FileSet, v *ast.ValueSpec) string {
	var b bytes.Buffer
	for i, x := range v.Values {
		if i > 0 {
			b.WriteString(", ")
		}
		_ = printer.Fprint(&b, fset, x)
	}
	if b.Len() == 0 || b.Len() > valueMax {
		return "the list there"
	}
	return b.String()
}

// eachFile parses the code of the domain, tests aside, in order.
func eachFile(t *testing.T, f func(where string, fset *token.FileSet, file *ast.File)) {
	err := filepath.WalkDir(module+"/mapping", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err == nil {
			f(filepath.ToSlash(strings.TrimPrefix(filepath.Clean(path), filepath.Clean(module)+string(filepath.Separator))), fset, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// assumedInYAML lists the lines of shipped YAML that say so, with the line that they are about.
func assumedInYAML(t *testing.T) (out []assumed) {
	paths, _ := filepath.Glob(module + "/mapping/program/data/*.yaml")
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		about := ""
		for line := range strings.Lines(string(data)) {
			text := strings.TrimSpace(line)
			if strings.Contains(text, "assumption") {
				out = append(out, assumed{cmp.Or(about, "as the line says"), text, filepath.Base(path), "assumption"})
			}
			if strings.HasSuffix(text, ":") || strings.HasPrefix(text, "- ") {
				about = strings.Trim(text, "-: ")
			}
		}
	}
	return out
}
