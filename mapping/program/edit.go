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

// ErrNoGroup: the catalog has no such group.
var ErrNoGroup = errors.New("the catalog has no such group")

// SetGroup writes one value of a group, at a path such as "leader", "seats.max" or "sessions.start", and leaves all else as
// it is written, comments too. Whether the value is right is for Load to say.
func SetGroup(data []byte, id, path string, value any) ([]byte, error) {
	text, err := scalarText(value)
	if err != nil {
		return nil, err
	}
	return edit(data, id, path, value, func(doc []byte, in ast.Node, key string) ([]byte, bool) {
		return setEntry(doc, in, key, text)
	})
}

// setEntry writes one value of a mapping, in the place of another or as a new entry.
func setEntry(doc []byte, in ast.Node, key, text string) ([]byte, bool) {
	if old := valueOf(in, key); old != nil {
		return replaceScalar(doc, old, text)
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
	root, problem := parse(data)
	if problem != nil {
		return nil, Problems{*problem}
	}
	out, ok := append(slices.Clip(bytes.TrimRight(data, "\n")), "\ngroups:\n  - "+item+"\n"...), true
	for _, e := range entriesOf(root) {
		if e.Key.GetToken().Value == "groups" {
			out, ok = appendItem(data, e.Value, item)
		}
	}
	if !ok {
		return nil, ErrUneditable
	}
	before, err := read(data)
	if err != nil {
		return nil, err
	}
	after, err := read(out)
	if err != nil || len(after.Groups) == 0 {
		return nil, ErrUneditable
	}
	before.Groups = append(before.Groups, *g)
	if !reflect.DeepEqual(before, after) {
		return nil, ErrUneditable
	}
	return out, nil
}

// read is a catalog as written, without defaults or checks.
func read(data []byte) (*Catalog, error) {
	root, problem := parse(data)
	if problem != nil {
		return nil, Problems{*problem}
	}
	c := &Catalog{}
	r := &reader{anchors: map[string]ast.Node{}, fields: map[reflect.Type]map[string]int{}}
	r.value(root, reflect.ValueOf(c).Elem(), nil)
	return c, r.problems.Err()
}

// edit changes what stands at a path of a group, and proves that nothing else did.
func edit(data []byte, id, path string, value any, write func(doc []byte, in ast.Node, key string) ([]byte, bool)) ([]byte, error) {
	root, problem := parse(data)
	if problem != nil {
		return nil, Problems{*problem}
	}
	in := groupNode(root, id)
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
	if !ok || !onlyDiffers(data, out, id, path, value) {
		return nil, ErrUneditable
	}
	return out, nil
}

// onlyDiffers reports whether after reads as before but for the value at one path of a group.
func onlyDiffers(before, after []byte, id, path string, value any) bool {
	was, err := read(before)
	if err != nil {
		return false
	}
	is, err := read(after)
	if err != nil {
		return false
	}
	for i := range was.Groups {
		if was.Groups[i].ID != id {
			continue
		}
		field := reflect.ValueOf(&was.Groups[i]).Elem()
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

func groupNode(root ast.Node, id string) ast.Node {
	list, ok := valueOf(root, "groups").(*ast.SequenceNode)
	if !ok {
		return nil
	}
	for _, item := range list.Values {
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
	// The list ends where a token stands no further in than its dashes.
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
	at := lineEnd(doc, last.Position.Line)
	return splice(doc, at, at, "\n"+strings.Repeat(" ", column-1)+"- "+item), true
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
