package program

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// A catalog is a file that people write and comment, so an edit changes the characters of one value and no others: the
// syntax tree says where it stands. What comes out is read again and must differ in that value alone.

// ErrUneditable: the place is written in a way that is not edited here, with an alias for instance; edit the file.
var ErrUneditable = errors.New("this part of the catalog is written in a way that cannot be edited here; edit the file, then `convene catalog apply`")

// ErrNoGroup: the catalog has no such group, leader, site or program.
var ErrNoGroup = errors.New("the catalog has no such entry")

// SetGroup is Set for a group.
func SetGroup(data []byte, id, path string, value any) ([]byte, error) {
	return Set(data, listGroups, id, path, value)
}

// Set writes one value of an entry of one of the catalog's lists ("groups", "leaders", "sites", "programs"), at a path of at
// most two steps such as "leader", "seats.max" or "licences", and leaves all else as it is written, comments too. A list is
// written anew as a whole. Whether the value is right is for Load to say.
func Set(data []byte, list, id, path string, value any) ([]byte, error) {
	text, err := valueText(value)
	if err != nil {
		return nil, err
	}
	return edit(data, list, id, path, value, func(doc []byte, in ast.Node, key string) ([]byte, bool) {
		return setEntry(doc, in, key, text)
	})
}

// setEntry writes one value of a mapping, in the place of another or as a new entry.
func setEntry(doc []byte, in ast.Node, key, text string) ([]byte, bool) {
	for _, e := range entriesOf(in) {
		if e.Key.GetToken().Value != key {
			continue
		}
		if list, ok := e.Value.(*ast.SequenceNode); ok {
			return replaceList(doc, e.Key.GetToken().Position.Line, list, text)
		}
		return replaceScalar(doc, e.Value, text)
	}
	return insertEntry(doc, in, key+": "+text)
}

// AddGroup writes one more group behind the others, in one line.
func AddGroup(data []byte, g *Group) ([]byte, error) {
	text, err := yaml.MarshalWithOptions(g, yaml.Flow(true))
	if err != nil {
		return nil, err
	}
	item := strings.TrimSpace(string(text))
	return add(data, listGroups, item, reflect.ValueOf(*g))
}

// Add writes one more entry behind the others of a list. It has nothing but its id: Set gives it the rest.
func Add(data []byte, list, id string) ([]byte, error) {
	text, err := scalarText(id)
	if err != nil {
		return nil, err
	}
	entries := entriesIn(&Catalog{}, list)
	if !entries.IsValid() {
		return nil, ErrUneditable
	}
	entry := reflect.New(entries.Type().Elem()).Elem()
	entry.FieldByName("ID").SetString(id)
	return add(data, list, "{id: "+text+"}", entry)
}

// add writes an item and proves that it reads as the entry, and nothing else changed.
func add(data []byte, list, item string, entry reflect.Value) ([]byte, error) {
	root, problem := parse(data)
	if problem != nil {
		return nil, Problems{*problem}
	}
	out, ok := append(slices.Clip(bytes.TrimRight(data, "\n")), "\n"+list+":\n  - "+item+"\n"...), true
	if entries := valueOf(root, list); entries != nil {
		out, ok = appendItem(data, entries, item)
	}
	if !ok {
		return nil, ErrUneditable
	}
	before, err := Written(data)
	if err != nil {
		return nil, err
	}
	after, err := Written(out)
	if err != nil {
		return nil, ErrUneditable
	}
	entries := entriesIn(before, list)
	if entries.Set(reflect.Append(entries, entry)); !reflect.DeepEqual(before, after) {
		return nil, ErrUneditable
	}
	return out, nil
}

// entriesIn one of a catalog's lists.
func entriesIn(c *Catalog, list string) reflect.Value {
	v := reflect.ValueOf(c).Elem()
	if at, ok := (&reader{fields: map[reflect.Type]map[string]int{}}).fieldsOf(v.Type())[list]; ok && v.Field(at).Kind() == reflect.Slice {
		return v.Field(at)
	}
	return reflect.Value{}
}

const listGroups = "groups"

// Written is a catalog as its file says it, without defaults or checks.
func Written(data []byte) (*Catalog, error) {
	root, problem := parse(data)
	if problem != nil {
		return nil, Problems{*problem}
	}
	c := &Catalog{}
	r := &reader{anchors: map[string]ast.Node{}, fields: map[reflect.Type]map[string]int{}}
	r.value(root, reflect.ValueOf(c).Elem(), nil)
	return c, r.problems.Err()
}

// edit changes what stands at a path of an entry, and proves that nothing else did.
func edit(data []byte, list, id, path string, value any, write func(doc []byte, in ast.Node, key string) ([]byte, bool)) ([]byte, error) {
	root, problem := parse(data)
	if problem != nil {
		return nil, Problems{*problem}
	}
	in := entryNode(root, list, id)
	if in == nil {
		return nil, ErrNoGroup
	}
	outer, key, nested := strings.Cut(path, ".")
	out, ok := []byte(nil), false
	switch below := valueOf(in, outer); {
	case !nested:
		out, ok = write(data, in, outer)
	case below != nil:
		out, ok = write(data, below, key)
	default:
		text, err := yaml.MarshalWithOptions(map[string]any{key: value}, yaml.Flow(true))
		if err != nil {
			return nil, err
		}
		out, ok = insertEntry(data, in, outer+": "+strings.TrimSpace(string(text)))
	}
	if !ok || !onlyDiffers(data, out, list, id, path, value) {
		return nil, ErrUneditable
	}
	return out, nil
}

// onlyDiffers reports whether after reads as before but for the value at one path of an entry.
func onlyDiffers(before, after []byte, list, id, path string, value any) bool {
	was, err := Written(before)
	if err != nil {
		return false
	}
	is, err := Written(after)
	if err != nil {
		return false
	}
	entries := entriesIn(was, list)
	for i := range entries.Len() {
		if entries.Index(i).FieldByName("ID").String() != id {
			continue
		}
		field := entries.Index(i)
		for name := range strings.SplitSeq(path, ".") {
			at, ok := (&reader{fields: map[reflect.Type]map[string]int{}}).fieldsOf(field.Type())[name]
			if !ok {
				return false
			}
			field = field.Field(at)
		}
		if v := reflect.ValueOf(value); v.Type().AssignableTo(field.Type()) {
			field.Set(v)
		}
	}
	return reflect.DeepEqual(was, is)
}

// entriesOf a mapping; none for anything else.
func entriesOf(n ast.Node) []*ast.MappingValueNode {
	switch x := n.(type) {
	case *ast.MappingNode:
		return x.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{x}
	}
	return nil
}

func valueOf(n ast.Node, key string) ast.Node {
	for _, e := range entriesOf(n) {
		if e.Key.GetToken().Value == key {
			return e.Value
		}
	}
	return nil
}

func entryNode(root ast.Node, list, id string) ast.Node {
	entries, ok := valueOf(root, list).(*ast.SequenceNode)
	if !ok {
		return nil
	}
	for _, item := range entries.Values {
		if n := valueOf(item, "id"); n != nil && n.GetToken().Value == id {
			return item
		}
	}
	return nil
}

// scalarText is a single value as YAML writes it.
func scalarText(value any) (string, error) {
	text, err := yaml.Marshal(value)
	s := strings.TrimSpace(string(text))
	if err == nil && strings.Contains(s, "\n") {
		err = ErrUneditable
	}
	return s, err
}

// valueText is a value as YAML writes it in one line: a list in brackets.
func valueText(value any) (string, error) {
	if reflect.TypeOf(value).Kind() != reflect.Slice {
		return scalarText(value)
	}
	text, err := yaml.MarshalWithOptions(value, yaml.Flow(true))
	return strings.TrimSpace(string(text)), err
}

// replaceList puts text in the place of a list, in brackets or below the line of its key.
func replaceList(doc []byte, keyLine int, list *ast.SequenceNode, text string) ([]byte, bool) {
	if !list.IsFlowStyle {
		return splice(doc, lineEnd(doc, keyLine), lineEnd(doc, lastLine(list)), " "+text), true
	}
	from, ok := offsetOf(doc, list.Start.Position)
	to, closed := offsetOf(doc, list.End.Position)
	if !ok || !closed || doc[from] != '[' || doc[to] != ']' {
		return nil, false
	}
	return splice(doc, from, to+1, text), true
}

// replaceScalar puts text in the place of a value that stands on one line.
func replaceScalar(doc []byte, old ast.Node, text string) ([]byte, bool) {
	if _, scalar := old.(ast.ScalarNode); !scalar {
		return nil, false
	}
	t := old.GetToken()
	raw := strings.TrimSpace(t.Origin)
	from, ok := offsetOf(doc, t.Position)
	if !ok || raw == "" || strings.Contains(raw, "\n") || !bytes.HasPrefix(doc[from:], []byte(raw)) {
		return nil, false
	}
	return splice(doc, from, from+len(raw), text), true
}

// insertEntry adds "key: value" to a mapping: at its end where it is in braces, else on a line of its own below an entry
// that takes one line.
func insertEntry(doc []byte, in ast.Node, entry string) ([]byte, bool) {
	if m, ok := in.(*ast.MappingNode); ok && m.IsFlowStyle {
		return insertBefore(doc, m.End, entry, len(m.Values) > 0)
	}
	for _, e := range entriesOf(in) {
		key, value := e.Key.GetToken().Position, e.Value.GetToken()
		if _, scalar := e.Value.(ast.ScalarNode); !scalar || value.Position.Line != key.Line || strings.Contains(strings.TrimSpace(value.Origin), "\n") {
			continue
		}
		at := lineEnd(doc, key.Line)
		return splice(doc, at, at, "\n"+strings.Repeat(" ", key.Column-1)+entry), true
	}
	return nil, false
}

// appendItem adds an item to the end of a list.
func appendItem(doc []byte, list ast.Node, item string) ([]byte, bool) {
	seq, ok := list.(*ast.SequenceNode)
	if !ok {
		return nil, false
	}
	if seq.IsFlowStyle {
		return insertBefore(doc, seq.End, item, len(seq.Values) > 0)
	}
	at := lineEnd(doc, lastLine(seq))
	return splice(doc, at, at, "\n"+strings.Repeat(" ", seq.Start.Position.Column-1)+"- "+item), true
}

// lastLine of a list that is written line by line: it ends where a token stands no further in than its dashes.
func lastLine(seq *ast.SequenceNode) int {
	column, last := seq.Start.Position.Column, seq.Start
	for t := seq.Start; t != nil; t = t.Next {
		outside := t.Position.Column < column || t.Position.Column == column && t.Type != token.SequenceEntryType
		if outside && t.Position.Line > seq.Start.Position.Line {
			break
		}
		if t.Type != token.CommentType {
			last = t
		}
	}
	return last.Position.Line
}

// insertBefore puts text before a closing bracket.
func insertBefore(doc []byte, end *token.Token, text string, follows bool) ([]byte, bool) {
	at, ok := offsetOf(doc, end.Position)
	if !ok || doc[at] != ']' && doc[at] != '}' {
		return nil, false
	}
	if follows {
		text = ", " + text
		for at > 0 && (doc[at-1] == ' ' || doc[at-1] == '\n') {
			at--
		}
	}
	return splice(doc, at, at, text), true
}

// offsetOf a position, in bytes. Columns count characters.
func offsetOf(doc []byte, p *token.Position) (int, bool) {
	at := 0
	for range p.Line - 1 {
		n := bytes.IndexByte(doc[at:], '\n')
		if n < 0 {
			return 0, false
		}
		at += n + 1
	}
	column := p.Column
	for i := range string(doc[at:lineEnd(doc, p.Line)]) + "\n" {
		if column--; column == 0 {
			return at + i, at+i < len(doc)
		}
	}
	return 0, false
}

// lineEnd is where a line, counted from 1, ends.
func lineEnd(doc []byte, line int) int {
	at := 0
	for ; line > 0; line-- {
		n := bytes.IndexByte(doc[at:], '\n')
		if n < 0 {
			return len(doc)
		}
		at += n + 1
	}
	return at - 1
}

func splice(doc []byte, from, to int, text string) []byte {
	return slices.Concat(doc[:from], []byte(text), doc[to:])
}
