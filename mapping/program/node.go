package program

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A YAML document is read straight from its syntax tree, because the decoder stops at the first problem and a
// catalog's author wants all of them.

// nodesMax bounds what aliases can expand to.
const nodesMax = 4 << 20

// step is one step of a path, linked to what contains it; a string is made only for a problem.
type step struct {
	parent *step
	key    string
	index  int // when key is empty
}

func (s *step) String() string {
	if s == nil {
		return ""
	}
	if s.key == "" {
		return s.parent.String() + "[" + strconv.Itoa(s.index) + "]"
	}
	if s.parent == nil {
		return s.key
	}
	return s.parent.String() + "." + s.key
}

// reader fills Go values from YAML nodes and keeps every problem.
type reader struct {
	problems Problems
	anchors  map[string]ast.Node
	nodes    int
	fields   map[reflect.Type]map[string]int
}

func (r *reader) add(n ast.Node, at *step, code, hint, format string, args ...any) {
	p := Problem{Path: at.String(), Code: code, Hint: hint, Text: fmt.Sprintf(format, args...)}
	if t := n.GetToken(); t != nil {
		p.Line, p.Column = t.Position.Line, t.Position.Column
	}
	r.problems = append(r.problems, p)
}

// value reads n into v.
func (r *reader) value(n ast.Node, v reflect.Value, at *step) {
	if r.nodes++; r.nodes > nodesMax {
		if r.nodes == nodesMax+1 {
			r.add(n, at, "too-large", "write less with aliases", "the document has more than %d values", nodesMax)
		}
		return
	}
	n = r.resolve(n, at)
	switch n.(type) {
	case nil, *ast.NullNode:
		return // as if it were not there
	}
	switch v.Kind() {
	case reflect.Struct:
		r.structure(n, v, at)
	case reflect.Slice:
		r.list(n, v, at)
	case reflect.Map:
		r.mapping(n, v, at)
	case reflect.Pointer: // what may be left out, and differs then from its zero
		v.Set(reflect.New(v.Type().Elem()))
		r.value(n, v.Elem(), at)
	default:
		r.scalar(n, v, at)
	}
}

// resolve looks through anchors, aliases and tags.
func (r *reader) resolve(n ast.Node, at *step) ast.Node {
	for range 8 {
		switch x := n.(type) {
		case *ast.AnchorNode:
			r.anchors[x.Name.GetToken().Value] = x.Value
			n = x.Value
		case *ast.AliasNode:
			name := x.Value.GetToken().Value
			target, ok := r.anchors[name]
			if !ok {
				r.add(n, at, "unknown-alias", "define &"+name+" before it is used", "no anchor %q", name)
				return nil
			}
			n = target
		case *ast.TagNode:
			n = x.Value
		default:
			return n
		}
	}
	r.add(n, at, "unknown-alias", "name the value itself", "aliases of aliases go too deep")
	return nil
}

func (r *reader) structure(n ast.Node, v reflect.Value, at *step) {
	fields := r.fieldsOf(v.Type())
	seen := make(map[string]bool, len(fields))
	for _, e := range r.entries(n, at) {
		key := e.Key.GetToken().Value
		here := &step{parent: at, key: key}
		i, ok := fields[key]
		switch {
		case !ok:
			r.add(e.Key, here, "unknown-key", didYouMean(key, names(fields), "known here: "+strings.Join(names(fields), ", ")), "unknown key %q", key)
		case seen[key]:
			r.add(e.Key, here, "duplicate-key", "keep one of them", "%q is given twice", key)
		default:
			seen[key] = true
			r.value(e.Value, v.Field(i), here)
		}
	}
}

func (r *reader) list(n ast.Node, v reflect.Value, at *step) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		r.add(n, at, "wrong-type", "write a list: [a, b]", "expected a list")
		return
	}
	list := reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values))
	for i, item := range seq.Values {
		r.value(item, list.Index(i), &step{parent: at, index: i})
	}
	v.Set(list)
}

func (r *reader) mapping(n ast.Node, v reflect.Value, at *step) {
	entries := r.entries(n, at)
	v.Set(reflect.MakeMapWithSize(v.Type(), len(entries)))
	for _, e := range entries {
		key := reflect.ValueOf(e.Key.GetToken().Value).Convert(v.Type().Key())
		here := &step{parent: at, key: key.String()}
		if v.MapIndex(key).IsValid() {
			r.add(e.Key, here, "duplicate-key", "keep one of them", "%q is given twice", key.String())
			continue
		}
		value := reflect.New(v.Type().Elem()).Elem()
		r.value(e.Value, value, here)
		v.SetMapIndex(key, value)
	}
}

// entries of a mapping; a problem and none for anything else.
func (r *reader) entries(n ast.Node, at *step) []*ast.MappingValueNode {
	switch x := n.(type) {
	case *ast.MappingNode:
		return x.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{x}
	}
	r.add(n, at, "wrong-type", "write key: value pairs", "expected a mapping")
	return nil
}

func (r *reader) scalar(n ast.Node, v reflect.Value, at *step) {
	text, ok := "", false
	switch x := n.(type) {
	case *ast.LiteralNode:
		text, ok = x.Value.Value, true
	case *ast.StringNode:
		text, ok = x.Value, true
	case ast.ScalarNode:
		text, ok = x.GetToken().Value, true // as written: a postal code keeps its leading zero
	}
	if !ok {
		r.add(n, at, "wrong-type", "write a single value", "expected a single value")
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int:
		i, err := strconv.Atoi(text)
		if err != nil {
			r.add(n, at, "wrong-type", "write a whole number", "expected a whole number, not %q", text)
		}
		v.SetInt(int64(i))
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			r.add(n, at, "wrong-type", "write a number", "expected a number, not %q", text)
		}
		v.SetFloat(f)
	case reflect.Bool:
		if text != "true" && text != "false" {
			r.add(n, at, "wrong-type", "write true or false", "expected true or false, not %q", text)
		}
		v.SetBool(text == "true")
	default:
		panic("no YAML for " + v.Type().String())
	}
}

// fieldsOf gives the fields of a struct by their key: the yaml tag, else the json tag.
func (r *reader) fieldsOf(t reflect.Type) map[string]int {
	if f, ok := r.fields[t]; ok {
		return f
	}
	fields := map[string]int{}
	for i := range t.NumField() {
		tag, ok := t.Field(i).Tag.Lookup("yaml")
		if !ok {
			tag = t.Field(i).Tag.Get("json")
		}
		if name, _, _ := strings.Cut(tag, ","); name != "" && name != "-" {
			fields[name] = i
		}
	}
	r.fields[t] = fields
	return fields
}

func names(fields map[string]int) []string {
	keys := make([]string, 0, len(fields))
	for k := range fields {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// locate finds the node at a path of keys and indexes, or what would contain it.
func (r *reader) locate(n ast.Node, path []any) ast.Node {
	found := n
	for _, p := range path {
		n = r.resolve(n, nil)
		var next ast.Node
		switch x := n.(type) {
		case *ast.SequenceNode:
			if i, ok := p.(int); ok && i < len(x.Values) {
				next = x.Values[i]
				found = next
			}
		case *ast.MappingNode:
			for _, e := range x.Values {
				if e.Key.GetToken().Value == p {
					next, found = e.Value, e.Key
				}
			}
		case *ast.MappingValueNode:
			if x.Key.GetToken().Value == p {
				next, found = x.Value, x.Key
			}
		}
		if next == nil {
			break
		}
		n = next
	}
	return firstOf(found)
}

// firstOf is where a reader's eye should go: the first key of a mapping, else the node itself.
func firstOf(n ast.Node) ast.Node {
	switch x := n.(type) {
	case *ast.AnchorNode:
		return firstOf(x.Value)
	case *ast.MappingNode:
		if len(x.Values) > 0 && !x.IsFlowStyle {
			return x.Values[0].Key
		}
	case *ast.MappingValueNode:
		return x.Key
	}
	return n
}
