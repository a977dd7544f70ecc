package jsontree

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/convene-health/convene/mapping"
)

// value of a tree in the shape that encoding/json gives with UseNumber. The last of two members of one
// name wins there, so documents with duplicates are not compared.
func value(c Cursor) any {
	switch c.Kind() {
	case Null:
		return nil
	case Bool:
		return c.Bool()
	case Number:
		return json.Number(c.Raw())
	case String:
		return c.Raw()
	case Array:
		list := []any{}
		for item := range c.Items(c.Len()) {
			list = append(list, value(item))
		}
		return list
	}
	object := map[string]any{}
	for f := range c.Fields() {
		object[f.Key()] = value(f)
	}
	return object
}

func reference(src []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(src, []byte("\uFEFF"))))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err == nil || err.Error() != "EOF" {
		return nil, fmt.Errorf("trailing data")
	}
	return v, nil
}

func codes(t *Tree) (list []string) {
	for _, p := range t.Problems {
		list = append(list, p.Code)
	}
	return list
}

// compare holds Parse against encoding/json: the same documents, but for the refusals that the package
// documents, and the same values.
func compare(t *testing.T, src []byte) {
	t.Helper()
	tree := Parse(src)
	want, err := reference(src)
	var syntax, strict bool
	for _, p := range tree.Problems {
		if p.Offset < 0 || p.Offset > len(src) || p.Line < 1 {
			t.Fatalf("%q: problem outside the text: %+v", src, p)
		}
		syntax = syntax || p.Code == InvalidJSON
		strict = strict || p.Code != InvalidJSON
	}
	switch {
	case err == nil && syntax:
		t.Fatalf("%q: refused, though valid: %v", src, tree.Problems)
	case err != nil && !syntax && !(strict && codes(tree)[len(tree.Problems)-1] == TooDeep):
		t.Fatalf("%q: accepted (%v), though %v", src, tree.Problems, err)
	case err != nil || strict:
		walk(tree)
		return
	}
	root, ok := tree.Read(new(Report))
	if got := value(root); !ok || !reflect.DeepEqual(got, want) {
		t.Fatalf("%q:\n got %#v\nwant %#v", src, got, want)
	}
}

// walk visits all that was read of a broken document: it must hold together.
func walk(t *Tree) {
	var r Report
	root, ok := t.Read(&r)
	if !ok {
		return
	}
	var visit func(c Cursor)
	visit = func(c Cursor) {
		if !utf8.ValidString(c.Path()) {
			panic("path is not UTF-8")
		}
		switch c.Kind() {
		case Object:
			for f := range c.Fields() {
				visit(f)
			}
		case Array:
			for item := range c.Items(c.Len()) {
				visit(item)
			}
		case String:
			if !utf8.ValidString(c.Text(1 << 20)) {
				panic("text is not UTF-8")
			}
		}
	}
	visit(root)
}

var documents = []string{
	`{}`, `[]`, `null`, `true`, `false`, `0`, `-0.5e+10`, `""`, ` {"a" : [1, 2.50, "x", null, {"b":{}}]} `,
	`{"a":"\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\"}`, `["\u00e9",{"\u006b\u0065y":"v\u0061l","b":"é"}]`, "\uFEFF{}",
	`["é","日本","\u0000"]`, `{"":1}`, `1e400`, "[1\n,\n2]",
	``, ` `, `{`, `}`, `[1,]`, `{"a":1,}`, `{"a"}`, `{"a":}`, `{a:1}`, `[1 2]`, `{"a":1 "b":2}`, `tru`, `nul`, `truex`,
	`01`, `1.`, `.5`, `1e`, `+1`, `-`, `--1`, `"`, `"a`, `"\`, `"\x"`, `"\u12"`, `"\u12g4"`, "\"\n\"", `[] []`, `{} x`, `'a'`, "\x00",
	`NaN`, `Infinity`, `[1,,2]`, `[,1]`, `{,}`, `{"a":1,,}`, `/* */ {}`, `{"a":1`, `{"a":"\ud83d`, `"\ud83d\u12"`, `[-]`, `[1e+]`,
	`{"a":1,"a":2}`, `["\ud800"]`, `["\ud800\u0041"]`, `["\udc00\ud800"]`, `["\ud800\ud83d\ude00"]`, "[\"\xff\"]", "{\"\xff\":1}", "[\"\xe9\\n\xe9\"]",
}

func TestParseAgreesWithEncodingJSON(t *testing.T) {
	for _, doc := range documents {
		compare(t, []byte(doc))
		for cut := range len(doc) {
			compare(t, []byte(doc[:cut]))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, doc := range documents {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, src []byte) { compare(t, src) })
}

func TestParseReports(t *testing.T) {
	many := new(strings.Builder)
	for i := range 40 {
		fmt.Fprintf(many, `"k%d":1,`, i)
	}
	for _, test := range []struct{ doc, want string }{
		{"{\"a\":[1,\n 2 3]}", `a: expected a comma or the end of the array, found '3' (line 2, byte 12) (invalid-json)`},
		{`{"a":{"b":"c`, `a: the text ends inside a string (line 1, byte 12) (invalid-json)`},
		{`{"a":{"b":[1,2`, `a.b: expected a comma or the end of the array, found the end of the text (line 1, byte 14) (invalid-json)`},
		{`{"a":1} {`, `$: the document ends here, yet '{' follows (line 1, byte 8) (invalid-json)`},
		{``, `$: expected a value, found the end of the text (line 1, byte 0) (invalid-json)`},
		{`[{"a":1,"b":2,"\u0061":3}]`, `$[0].a: this name is given twice in one object (line 1, byte 15) (duplicate-key)`},
		{`{` + many.String() + `"k7":2}`, `k7: this name is given twice in one object (line 1, byte 312) (duplicate-key)`},
		{`{"a":["x","\ud800z"]}`, `a[1]: this escape is half a surrogate pair and stands for no character (line 1, byte 11) (invalid-utf8)`},
		{"{\"a\":{\"b\":\"x\xff\"}}", `a.b: this text is not UTF-8 (line 1, byte 12) (invalid-utf8)`},
		{`{"odd name":{"\"":[}}`, `$["odd name"]["\""]: expected a value, found '}' (line 1, byte 19) (invalid-json)`},
	} {
		var r Report
		Parse([]byte(test.doc)).Read(&r)
		if got := r.Issues().Error(); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.doc, got, test.want)
		}
	}
}

func TestParseDepth(t *testing.T) {
	for _, test := range []struct {
		depth int
		want  []string
	}{
		{mapping.DepthMax, nil},
		{mapping.DepthMax + 1, []string{TooDeep}},
		{10_000, []string{TooDeep}},
	} {
		for _, pair := range []string{"[]", `{"a":}`} {
			opening, closing := pair[:len(pair)-1], pair[len(pair)-1:]
			inner := "1"
			doc := strings.Repeat(opening, test.depth) + inner + strings.Repeat(closing, test.depth)
			tree := Parse([]byte(doc))
			if got := codes(tree); !reflect.DeepEqual(got, test.want) {
				t.Errorf("%d levels of %s: %v, want %v", test.depth, pair, got, test.want)
			}
			if len(tree.nodes) > mapping.DepthMax+1 {
				t.Errorf("%d levels of %s: read %d nodes", test.depth, pair, len(tree.nodes))
			}
			walk(tree)
		}
	}
}

func TestParseManyItems(t *testing.T) {
	const many = 100_000
	tree := Parse([]byte("[" + strings.Repeat("{},", many-1) + "{}]"))
	var r Report
	root, _ := tree.Read(&r)
	if got := root.Len(); got != many || r.Failed() {
		t.Fatalf("read %d items, %v", got, r.Issues())
	}
	members := new(strings.Builder)
	for i := range many {
		fmt.Fprintf(members, `"%d":0,`, i/2)
	}
	tree = Parse([]byte("{" + members.String() + `"last":0}`))
	if got := len(tree.Problems) + tree.MoreProblems; got != many/2 {
		t.Fatalf("found %d duplicates, want %d", got, many/2)
	}
	root, _ = tree.Read(new(Report))
	if got := len(root.t.report.Issues()); got != IssuesMax+1 {
		t.Fatalf("listed %d issues, want %d", got, IssuesMax+1)
	}
}

// The syntax error ends the list even where lesser problems have filled it.
func TestParseListsTheSyntaxError(t *testing.T) {
	tree := Parse([]byte("[" + strings.Repeat("\"\xff\",", 3*problemsMax) + "!]"))
	got := codes(tree)
	if len(got) != problemsMax || got[problemsMax-1] != InvalidJSON || len(got)+tree.MoreProblems != 3*problemsMax+1 {
		t.Fatalf("%d problems, the last %s, %d more", len(got), got[len(got)-1], tree.MoreProblems)
	}
}

func TestParseDoesNotKeepTheInput(t *testing.T) {
	src := []byte(`{"a":"before","b":"\u0062efore"}`)
	root, _ := Parse(src).Read(new(Report))
	for i := range src {
		src[i] = 'x'
	}
	for _, name := range []string{"a", "b"} {
		if c, ok := root.Get(name); !ok || c.Raw() != "before" {
			t.Errorf("%s changed with the input", name)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	doc := []byte(`{"specversion":"1.0","data":{"list":[`)
	for i := 0; len(doc) < 2000; i++ {
		doc = strconv.AppendInt(append(doc, `{"system":"http://snomed.info/sct","code":"`...), int64(370143000+i), 10)
		doc = append(doc, `","display":"Major depressive disorder","active":true},`...)
	}
	doc = append(doc, `{}]}}`...)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if tree := Parse(doc); len(tree.Problems) > 0 {
			b.Fatal(tree.Problems)
		}
	}
}
