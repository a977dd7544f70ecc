// Package jsontree reads JSON exactly and reports all that is wrong with it, each with its path.
//
// Parse turns bytes into a tree of one slice of nodes whose strings share one copy of the input. A Cursor
// walks the tree by type: what is missing, of the wrong type, too long or unknown is noted in a Report
// while reading goes on. Neither panics nor recurses on any input.
//
// Parse accepts what RFC 8259 and encoding/json accept, and a byte order mark before it, except that it
// reports an object with two members of one name, text that is not UTF-8, half a surrogate pair, and
// nesting deeper than mapping.DepthMax. Numbers stay text until somebody asks for a value.
//
// A Tree and its Cursors serve one goroutine. Strings taken from it share its memory, about the size of
// the input: clone those that outlive the work on one input.
package jsontree

import (
	"strconv"
	"strings"
	"sync"
)

// Kind of a JSON value.
type Kind uint8

const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// Problem codes that Parse reports.
const (
	InvalidJSON  = "invalid-json"
	InvalidUTF8  = "invalid-utf8"
	DuplicateKey = "duplicate-key"
	TooDeep      = TooLarge
	TooLarge     = "too-large"
)

// Problem is something wrong with the text itself.
type Problem struct {
	Code   string
	Offset int // bytes before it
	Line   int // from 1
	Text   string
	node   uint32
}

// Tree is a parsed document, or as much of one as could be read before a syntax error.
type Tree struct {
	// Base is the path of the root, for documents inside others, e.g. "data"; empty: the document itself.
	Base string
	// Problems in the order found; a syntax error, after which nothing more was read, comes last.
	Problems []Problem
	// MoreProblems counts those found beyond the ones listed.
	MoreProblems int

	nodes  []node // in document order; the root is first
	text   string // the input, with escapes resolved in place
	bad    bool   // text is not all UTF-8
	report *Report
}

// node is one value. Its children follow it; the first is the next node, a sibling is at next.
type node struct {
	key, keyEnd uint32 // a member's name in text; both 0 for the root and for items of arrays
	val, valEnd uint32 // contents of a string, text of a number or literal, span of a container, valEnd 0 until closed
	next        uint32 // the node after this one and all within it
	kind        Kind
	control     bool // the string holds control characters
}

// spare are the nodes of trees that were released.
var spare sync.Pool

// spareMax is how many nodes a spare slice may have: the largest documents are rare.
const spareMax = 4096

func nodesFor(n int) []node {
	if nodes, ok := spare.Get().(*[]node); ok && cap(*nodes) >= n {
		return (*nodes)[:0]
	}
	return make([]node, 0, max(n, 128))
}

// Release lets another tree use this one's memory. Neither it nor its cursors may be used any more; strings taken from it
// may.
func (t *Tree) Release() {
	if nodes := t.nodes; cap(nodes) <= spareMax {
		spare.Put(&nodes)
	}
	t.nodes = nil
}

// Empty reports whether not even the beginning of a value was read.
func (t *Tree) Empty() bool { return len(t.nodes) == 0 }

// path of a node: "data.referral.conditions[2].codes[0].code"; "$" is the document itself.
func (t *Tree) path(target uint32) string {
	b := []byte(t.Base)
	for at := uint32(0); at < target; {
		if len(b) > pathMax {
			b = append(b, "..."...)
			break
		}
		item, child, end := 0, at+1, t.next(at)
		for child < end && t.nodes[child].next <= target {
			child = t.nodes[child].next
			item++
		}
		if child >= end {
			break
		}
		if t.nodes[child].key == 0 {
			b = append(strconv.AppendInt(append(b, '['), int64(item), 10), ']')
		} else {
			b = appendKey(b, t.key(child))
		}
		at = child
	}
	if len(b) == 0 || b[0] == '[' {
		return "$" + string(b)
	}
	return string(b)
}

func (t *Tree) next(at uint32) uint32 {
	if at >= uint32(len(t.nodes)) {
		return at
	}
	return t.nodes[at].next
}

// key of a member, always UTF-8.
func (t *Tree) key(at uint32) string {
	return t.clean(t.text[t.nodes[at].key:t.nodes[at].keyEnd])
}

func (t *Tree) clean(s string) string {
	if t.bad {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}

// Paths are bounded, and so is a sender's own member name in one.
const (
	pathMax = 512
	keyMax  = 64
)

func appendKey(b []byte, key string) []byte {
	if len(key) > keyMax {
		key = strings.ToValidUTF8(key[:keyMax], "") + "..."
	}
	if !plain(key) {
		return append(strconv.AppendQuote(append(b, '['), key), ']')
	}
	if len(b) > 0 {
		b = append(b, '.')
	}
	return append(b, key...)
}

// plain reports whether a name needs no quotes in a path.
func plain(key string) bool {
	for i := range len(key) {
		c := key[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return key != ""
}
