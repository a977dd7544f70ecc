package jsontree

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/convene-health/convene/mapping"
)

// problemsMax bounds the listed problems of one document.
const problemsMax = 100

// Parse reads one JSON document. It does not keep src.
func Parse(src []byte) *Tree {
	t := new(Tree)
	p := parser{tree: t, src: src, text: src}
	if len(src) > math.MaxInt32 {
		p.stop(TooLarge, "a document of %d bytes is too large", len(src))
		return t
	}
	// A node takes some 16 bytes of text in compact documents: too little room costs a copy, too much costs memory.
	p.nodes = nodesFor(len(src)/16 + 4)
	p.document()
	for _, open := range p.open[:p.depth] {
		p.nodes[open].next = uint32(len(p.nodes))
	}
	t.nodes, t.text = p.nodes, string(p.text)
	return t
}

type parser struct {
	tree  *Tree
	src   []byte
	text  []byte // src, or a copy once an escape had to be resolved: the result is never longer
	nodes []node
	pos   int
	open  [mapping.DepthMax]uint32 // containers being read, outermost first
	depth int
}

// document reads everything. Each step reads one value, or closes the innermost container.
func (p *parser) document() {
	if bytes.HasPrefix(p.src, []byte("\uFEFF")) {
		p.pos = len("\uFEFF")
	}
	p.space()
	ok := p.value(0, 0)
	for ok && p.depth > 0 {
		ok = p.step()
	}
	if !ok {
		return
	}
	if p.space(); p.pos < len(p.src) {
		p.stop(InvalidJSON, "the document ends here, yet %s follows", p.found())
	}
}

func (p *parser) step() bool {
	at := p.open[p.depth-1]
	object, first := p.nodes[at].kind == Object, int(at) == len(p.nodes)-1
	p.space()
	c := p.peek()
	if object && c == '}' || !object && c == ']' {
		p.close(at)
		return true
	}
	if !first {
		if c != ',' {
			return p.expected("a comma or the end of the " + containerName(object))
		}
		p.pos++
		p.space()
	}
	if !object {
		return p.value(0, 0)
	}
	if p.peek() != '"' {
		return p.expected("a member name in quotes")
	}
	key, keyEnd, _, ok := p.string()
	if !ok {
		return false
	}
	p.space()
	if p.peek() != ':' {
		return p.expected("a colon after the member name")
	}
	p.pos++
	p.space()
	return p.value(key, keyEnd)
}

// close ends the innermost container.
func (p *parser) close(at uint32) {
	p.pos++
	p.depth--
	n := &p.nodes[at]
	n.valEnd, n.next = uint32(p.pos), uint32(len(p.nodes))
	if n.kind == Object {
		p.duplicates(at)
	}
}

// value reads a scalar, or the beginning of a container.
func (p *parser) value(key, keyEnd uint32) bool {
	n := node{key: key, keyEnd: keyEnd, val: uint32(p.pos), next: uint32(len(p.nodes) + 1)}
	ok := true
	switch c := p.peek(); c {
	case '{', '[':
		if p.depth == mapping.DepthMax {
			return p.stop(TooDeep, "nested deeper than %d levels", mapping.DepthMax)
		}
		n.kind = Array
		if c == '{' {
			n.kind = Object
		}
		p.open[p.depth] = uint32(len(p.nodes))
		p.depth++
		p.pos++
	case '"':
		n.kind = String
		n.val, n.valEnd, n.control, ok = p.string()
	case 't':
		n.kind, ok = Bool, p.literal("true")
	case 'f':
		n.kind, ok = Bool, p.literal("false")
	case 'n':
		n.kind, ok = Null, p.literal("null")
	default:
		n.kind, ok = Number, p.number()
	}
	if !ok {
		return false
	}
	if n.kind < String {
		n.valEnd = uint32(p.pos) // containers get theirs when they are closed
	}
	p.nodes = append(p.nodes, n)
	return true
}

func (p *parser) literal(want string) bool {
	if len(p.src)-p.pos < len(want) || string(p.src[p.pos:p.pos+len(want)]) != want {
		return p.expected("a value")
	}
	p.pos += len(want)
	return true
}

func (p *parser) number() bool {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
	}
	switch c := p.peek(); {
	case c == '0':
		p.pos++
	case '1' <= c && c <= '9':
		p.digits()
	case p.pos == start:
		return p.expected("a value")
	default:
		return p.expected("a digit")
	}
	if p.peek() == '.' {
		p.pos++
		if !p.digits() {
			return p.expected("a digit after the decimal point")
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if !p.digits() {
			return p.expected("a digit of the exponent")
		}
	}
	return true
}

func (p *parser) digits() bool {
	start := p.pos
	for p.pos < len(p.src) && '0' <= p.src[p.pos] && p.src[p.pos] <= '9' {
		p.pos++
	}
	return p.pos > start
}

func (p *parser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek is the next byte, 0 at the end. A NUL byte in the input is nowhere allowed either.
func (p *parser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

// duplicates reports members of one name. Few are compared in pairs, many are sorted first.
func (p *parser) duplicates(at uint32) {
	first := at + 1
	if len(p.nodes) == int(first) || p.nodes[first].next == p.nodes[at].next {
		return // none or one
	}
	var few [16]uint32
	members := few[:0]
	for c := first; c < p.nodes[at].next; c = p.nodes[c].next {
		members = append(members, c)
	}
	if len(members) > len(few) {
		p.duplicatesOfMany(members)
		return
	}
	for i, c := range members {
		for _, before := range members[:i] {
			if p.sameKey(before, c) {
				p.duplicate(c)
				break
			}
		}
	}
}

func (p *parser) duplicatesOfMany(members []uint32) {
	slices.SortFunc(members, func(a, b uint32) int {
		if order := bytes.Compare(p.key(a), p.key(b)); order != 0 {
			return order
		}
		return int(a) - int(b)
	})
	var twice []uint32
	for i := 1; i < len(members); i++ {
		if p.sameKey(members[i-1], members[i]) {
			twice = append(twice, members[i])
		}
	}
	slices.Sort(twice)
	for _, c := range twice {
		p.duplicate(c)
	}
}

func (p *parser) key(at uint32) []byte { return p.text[p.nodes[at].key:p.nodes[at].keyEnd] }

func (p *parser) sameKey(a, b uint32) bool {
	x, y := &p.nodes[a], &p.nodes[b]
	return x.keyEnd-x.key == y.keyEnd-y.key && bytes.Equal(p.key(a), p.key(b))
}

func (p *parser) duplicate(at uint32) {
	p.problem(DuplicateKey, int(p.nodes[at].key), at, "this name is given twice in one object")
}

// problem notes something wrong that does not hinder reading on.
func (p *parser) problem(code string, offset int, at uint32, text string) {
	if len(p.tree.Problems) >= problemsMax {
		p.tree.MoreProblems++
		return
	}
	line := 1 + bytes.Count(p.src[:offset], []byte{'\n'})
	p.tree.Problems = append(p.tree.Problems, Problem{Code: code, Offset: offset, Line: line, Text: text, node: at})
}

// stop notes what makes reading on impossible; it is listed even when the list is full. It returns false.
func (p *parser) stop(code, format string, args ...any) bool {
	at := uint32(0)
	if p.depth > 0 {
		at = p.open[p.depth-1]
	}
	if full := len(p.tree.Problems) - problemsMax + 1; full > 0 {
		p.tree.Problems = p.tree.Problems[:problemsMax-1]
		p.tree.MoreProblems += full
	}
	offset := min(p.pos, len(p.src))
	p.problem(code, offset, at, fmt.Sprintf(format, args...))
	return false
}

func (p *parser) expected(what string) bool {
	return p.stop(InvalidJSON, "expected %s, found %s", what, p.found())
}

func (p *parser) found() string {
	if p.pos >= len(p.src) {
		return "the end of the text"
	}
	r, _ := utf8.DecodeRune(p.src[p.pos:])
	return fmt.Sprintf("%q", r)
}

func containerName(object bool) string {
	if object {
		return "object"
	}
	return "array"
}
