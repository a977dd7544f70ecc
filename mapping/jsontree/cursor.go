package jsontree

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Issue codes that a Cursor reports.
const (
	Required     = "required"
	WrongType    = "wrong-type"
	UnknownField = "unknown-field"
	UnknownValue = "unknown-value"
	InvalidValue = "invalid-value"
	InvalidDate  = "invalid-date"
	TooLong      = "too-long"
	TooMany      = TooLarge
	ControlChar  = "control-character"
)

// Cursor is a place in a tree. Its readers return the value there, or the zero value after reporting why
// it has none. A member that is null counts as absent and gives the zero value without a report.
type Cursor struct {
	t *Tree
	n uint32
}

func (c Cursor) node() *node { return &c.t.nodes[c.n] }

// Kind of the value here.
func (c Cursor) Kind() Kind { return c.node().kind }

// Key is the member's name; empty for items and the root.
func (c Cursor) Key() string { return c.t.key(c.n) }

// Path from the root, e.g. "data.referral.conditions[2].codes[0].code".
func (c Cursor) Path() string { return c.t.path(c.n) }

// Span of an array or an object in the bytes that were parsed; 0, 0 of others, and of one that was not closed.
func (c Cursor) Span() (from, to int) {
	n := c.node()
	if n.kind < Array || n.valEnd == 0 {
		return 0, 0
	}
	return int(n.val), int(n.valEnd)
}

// Find the value with a path, as Path gives it of a value at or below this one.
func (c Cursor) Find(path string) (found Cursor, ok bool) {
	for at := c; ; {
		here := at.Path()
		if here == path {
			return at, true
		}
		nodes, end := c.t.nodes, at.node().next
		child := at.n + 1
		for ; child < end; child = nodes[child].next {
			name := c.t.path(child)
			if rest, under := strings.CutPrefix(path, name); under && (rest == "" || rest[0] == '.' || rest[0] == '[') {
				break
			}
		}
		if child >= end {
			return Cursor{}, false
		}
		at = Cursor{c.t, child}
	}
}

// Fields yields an object's members in the order sent, null ones too; none when this is not an object.
func (c Cursor) Fields() iter.Seq[Cursor] {
	return func(yield func(Cursor) bool) {
		if c.node().kind != Object {
			c.wrong("an object")
			return
		}
		nodes := c.t.nodes
		for at, end := c.n+1, nodes[c.n].next; at < end; at = nodes[at].next {
			if !yield(Cursor{c.t, at}) {
				return
			}
		}
	}
}

// Items yields an array's items, none when this is not an array. More than most are too many: then it
// yields none.
func (c Cursor) Items(most int) iter.Seq[Cursor] {
	return func(yield func(Cursor) bool) {
		if c.node().kind != Array {
			c.wrong("an array")
			return
		}
		if count := c.Len(); count > most {
			c.Fail(TooMany, "%d items, where at most %d are allowed", count, most)
			return
		}
		nodes := c.t.nodes
		for at, end := c.n+1, nodes[c.n].next; at < end; at = nodes[at].next {
			if !yield(Cursor{c.t, at}) {
				return
			}
		}
	}
}

// Len counts the items of an array or the members of an object.
func (c Cursor) Len() int {
	count := 0
	for at, end := c.n+1, c.node().next; at < end; at = c.t.nodes[at].next {
		count++
	}
	return count
}

// Get finds a member; ok is false when it is absent or null, or this is not an object. The first of two of one name wins.
func (c Cursor) Get(name string) (member Cursor, ok bool) {
	if c.node().kind != Object {
		return Cursor{}, false
	}
	nodes := c.t.nodes
	for at, end := c.n+1, nodes[c.n].next; at < end; at = nodes[at].next {
		if nodes[at].kind != Null && c.t.text[nodes[at].key:nodes[at].keyEnd] == name {
			return Cursor{c.t, at}, true
		}
	}
	return Cursor{}, false
}

// Raw is a string's contents, or the text of a number or literal, as sent but for escapes; empty for containers.
func (c Cursor) Raw() string {
	n := c.node()
	if n.kind == Array || n.kind == Object {
		return ""
	}
	return c.t.clean(c.t.text[n.val:n.valEnd])
}

// Text reads a string of at most most characters. White space around it is dropped; control characters
// other than tab and line ends, which FHIR strings may not hold, become spaces, with a remark.
func (c Cursor) Text(most int) string {
	n := c.node()
	if n.kind != String {
		c.wrong("a string")
		return ""
	}
	if n.control {
		c.Remark(ControlChar, "control characters are read as spaces")
	}
	s := c.content()
	if len(s) > most && utf8.RuneCountInString(s) > most {
		c.Fail(TooLong, "longer than %d characters", most)
		return ""
	}
	return s
}

// content of a string as Text gives it.
func (c Cursor) content() string {
	n := c.node()
	s := c.t.clean(c.t.text[n.val:n.valEnd])
	if n.control {
		s = strings.Map(spaceForControl, s)
	}
	return strings.TrimSpace(s)
}

func spaceForControl(r rune) rune {
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' {
		return ' '
	}
	return r
}

// Bool reads true or false.
func (c Cursor) Bool() bool {
	n := c.node()
	if n.kind != Bool {
		c.wrong("true or false")
		return false
	}
	return c.t.text[n.val] == 't'
}

// Float reads a number that a float64 can hold; ok is false when there is none.
func (c Cursor) Float() (value float64, ok bool) {
	n := c.node()
	if n.kind != Number {
		c.wrong("a number")
		return 0, false
	}
	value, err := strconv.ParseFloat(c.t.text[n.val:n.valEnd], 64)
	if err != nil {
		c.Fail(InvalidValue, "this number is out of range")
		return 0, false
	}
	return value, true
}

// OneOf reads a string that must be one of values; a blank one counts as absent.
func OneOf[T ~string](c Cursor, values []T) T {
	if c.node().kind != String {
		c.wrong("a string")
		return ""
	}
	s := c.content()
	for _, v := range values {
		if s == string(v) {
			return v
		}
	}
	if s == "" {
		return ""
	}
	c.Fail(UnknownValue, "expected one of %s", list(values))
	return ""
}

// Strings reads an array of non-empty strings: at most items of them, each of at most most characters.
func (c Cursor) Strings(items, most int) []string {
	var all []string
	for item := range c.Items(items) {
		if all == nil {
			all = make([]string, 0, c.Len())
		}
		if s := item.Text(most); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// Require reports the member name as missing unless Has finds it. It is silent where there is no object,
// and where the object's end was cut off: the member may have stood there.
func (c Cursor) Require(name, text string) {
	if c.node().kind != Object || c.Cut() || c.Has(name) {
		return
	}
	c.Missing(name, text)
}

// Missing reports that this object lacks the member name.
func (c Cursor) Missing(name, text string) {
	path := c.Path()
	if path == "$" {
		path = ""
	}
	c.t.report.Fail(string(appendKey([]byte(path), name)), Required, "%s", text)
}

// Null reports whether the value is null.
func (c Cursor) Null() bool { return c.node().kind == Null }

// Cut reports whether the end of this object or array was not read, for a syntax error or the depth.
func (c Cursor) Cut() bool {
	n := c.node()
	return (n.kind == Array || n.kind == Object) && n.valEnd == 0
}

// Has reports whether the member is there with something in it, be it of the wrong type.
func (c Cursor) Has(name string) bool {
	member, ok := c.Get(name)
	return ok && !member.blank()
}

// blank reports whether there is nothing but white space, or no item but blank strings.
func (c Cursor) blank() bool {
	n := c.node()
	switch n.kind {
	case String:
		return c.content() == ""
	case Array:
		for at := c.n + 1; at < n.next; at = c.t.nodes[at].next {
			if item := (Cursor{c.t, at}); item.Kind() != String || !item.blank() {
				return false
			}
		}
		return true
	}
	return false
}

// Unknown remarks that nothing reads this member.
func (c Cursor) Unknown() { c.Remark(UnknownField, "this field is not known and not read") }

// Fail reports a reason to refuse the input, found here.
func (c Cursor) Fail(code, format string, args ...any) {
	r := c.t.report
	if len(r.failures) == IssuesMax {
		r.more++ // without the work of finding the path
		return
	}
	r.Fail(c.Path(), code, format, args...)
}

// Remark reports what the sender should know, found here.
func (c Cursor) Remark(code, format string, args ...any) {
	r := c.t.report
	if len(r.remarks) == IssuesMax {
		r.more++
		return
	}
	r.Remark(c.Path(), code, format, args...)
}

// wrong reports a value of another type than wanted. A null member is an absent one; a null item is not.
func (c Cursor) wrong(want string) {
	n := c.node()
	if n.kind == Null && n.key != 0 {
		return
	}
	c.Fail(WrongType, "expected %s, found %s", want, kindNames[n.kind])
}

var kindNames = [...]string{
	Null: "null", Bool: "true or false", Number: "a number", String: "a string", Array: "an array", Object: "an object",
}

func list[T ~string](values []T) string {
	s := fmt.Sprint(values)
	return strings.ReplaceAll(s[1:len(s)-1], " ", ", ")
}
