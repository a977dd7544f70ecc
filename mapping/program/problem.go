package program

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong in a catalog, where it stands and what to do about it.
type Problem struct {
	// Line and Column count from 1. What is missing is shown at the item that lacks it.
	Line   int
	Column int
	// Path within the document, e.g. "groups[3].sessions.start".
	Path string
	// Code is stable and kebab-case: "unknown-condition", "licence-ends", ...
	Code string
	Text string
	// Hint says what to write instead.
	Hint string
	// Warning: odd, but the catalog loads.
	Warning bool
}

// String is one line: "12:5: groups[3].leader: no leader \"l9\" (unknown-leader)".
func (p Problem) String() string {
	kind, path := "", ""
	if p.Warning {
		kind = "warning: "
	}
	if p.Path != "" {
		path = p.Path + ": "
	}
	return fmt.Sprintf("%d:%d: %s%s%s (%s)", p.Line, p.Column, kind, path, p.Text, p.Code)
}

// Problems of one catalog, in the order of the document.
type Problems []Problem

// Err is nil when the catalog loads: when there are none but warnings.
func (ps Problems) Err() error {
	if slices.ContainsFunc(ps, func(p Problem) bool { return !p.Warning }) {
		return ps
	}
	return nil
}

// Error lists all of them, each with its hint.
func (ps Problems) Error() string {
	var b strings.Builder
	for i, p := range ps {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.String())
		if p.Hint != "" {
			b.WriteString("\n  hint: " + p.Hint)
		}
	}
	return b.String()
}

// nearest is the option closest to a misspelt word, or empty where none is near.
func nearest(word string, options []string) string {
	best, bestAt := "", 1+len(word)/3
	for _, o := range options {
		if d := distance(strings.ToLower(word), strings.ToLower(o)); d < bestAt || d == bestAt && best == "" {
			best, bestAt = o, d
		}
	}
	return best
}

// distance of Levenshtein, in bytes.
func distance(a, b string) int {
	prev, next := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			same := prev[j]
			if a[i] != b[j] {
				same++
			}
			next[j+1] = min(same, prev[j+1]+1, next[j]+1)
		}
		prev, next = next, prev
	}
	return prev[len(b)]
}

// didYouMean is a hint that names the nearest option, else how to find them all.
func didYouMean(word string, options []string, otherwise string) string {
	if o := nearest(word, options); o != "" {
		return "did you mean " + o + "?"
	}
	return otherwise
}
