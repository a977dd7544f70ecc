package program

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// BytesMax of a catalog's YAML; 10,000 groups take about 3 MB.
const BytesMax = 32 << 20

// Load reads a catalog and reports every problem at once, in the order of the document. The catalog is nil if
// one of them is more than a warning.
func Load(data []byte) (*Catalog, Problems) {
	if len(data) > BytesMax {
		return nil, Problems{{Line: 1, Column: 1, Code: "too-large", Text: fmt.Sprintf("%d bytes, at most %d are read", len(data), BytesMax), Hint: "split the network"}}
	}
	root, problem := parse(data)
	if problem != nil {
		return nil, Problems{*problem}
	}
	c := &Catalog{Hash: HashOf(data)}
	r := &reader{anchors: map[string]ast.Node{}, fields: map[reflect.Type]map[string]int{}}
	r.value(root, reflect.ValueOf(c).Elem(), nil)

	l := &linter{catalog: c, reader: r, root: root}
	l.run()
	problems := l.sorted()
	if problems.Err() != nil {
		return nil, problems
	}
	return c, problems
}

// HashOf is the version of a catalog's bytes: "sha256-<64 hex digits>".
func HashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256-" + hex.EncodeToString(sum[:])
}

// parse gives the root of the one document, or the place where the YAML breaks.
func parse(data []byte) (ast.Node, *Problem) {
	f, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p := &Problem{Line: 1, Column: 1, Code: "syntax", Text: err.Error(), Hint: "check indentation, colons and quotes here and on the line before"}
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) {
			p.Text = syntax.Message
			if syntax.Token != nil {
				p.Line, p.Column = syntax.Token.Position.Line, syntax.Token.Position.Column
			}
		}
		return nil, p
	}
	docs := slices.DeleteFunc(f.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil || d.Body.Type() == ast.CommentType })
	switch len(docs) {
	case 0:
		return nil, &Problem{Line: 1, Column: 1, Code: "empty", Text: "the catalog is empty", Hint: "start with network:, zone: and validFrom:"}
	case 1:
		return docs[0].Body, nil
	}
	at := docs[1].Body.GetToken().Position
	return nil, &Problem{Line: at.Line, Column: at.Column, Code: "syntax", Text: "more than one YAML document", Hint: "one file holds one network's catalog"}
}

// linter checks and fills a catalog; every problem knows its place.
type linter struct {
	catalog  *Catalog
	reader   *reader
	root     ast.Node // nil: what is checked is in no document
	holidays map[string]bool
}

// problem notes one at a path of keys and indexes.
func (l *linter) problem(code, hint, text string, path ...any) {
	l.note(Problem{Code: code, Hint: hint, Text: text}, path)
}

// warning notes what is odd but loads.
func (l *linter) warning(code, hint, text string, path ...any) {
	l.note(Problem{Code: code, Hint: hint, Text: text, Warning: true}, path)
}

func (l *linter) note(p Problem, path []any) {
	p.Path = pathString(path)
	if l.root != nil {
		if t := l.reader.locate(l.root, path).GetToken(); t != nil {
			p.Line, p.Column = t.Position.Line, t.Position.Column
		}
	}
	l.reader.problems = append(l.reader.problems, p)
}

func pathString(path []any) string {
	s := ""
	for _, p := range path {
		switch x := p.(type) {
		case int:
			s += "[" + strconv.Itoa(x) + "]"
		case string:
			if s != "" {
				s += "."
			}
			s += x
		}
	}
	return s
}

// run fills in what may be left out and checks all, in the order in which things refer to each other.
func (l *linter) run() {
	l.network()
	l.sources()
	l.policy()
	l.sites()
	l.leaders()
	l.private()
	l.catalog.fillPrograms()
	l.programs()
	l.catalog.buildIndex()
	l.catalog.fillGroups()
	l.groups()
	l.names()
}

func (l *linter) sorted() Problems {
	ps := l.reader.problems
	slices.SortStableFunc(ps, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return ps
}
