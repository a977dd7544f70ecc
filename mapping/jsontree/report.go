package jsontree

import "github.com/convene-health/convene/mapping"

// IssuesMax is how many issues a report lists; one more, "more", counts the rest.
const IssuesMax = 50

// Report collects what is wrong with one input: failures, for which it is refused, and remarks, which
// only travel along. The zero Report is ready for use and can serve several trees.
type Report struct {
	failures, remarks mapping.Issues
	more              int // beyond IssuesMax of either
}

// Fail adds a reason to refuse the input.
func (r *Report) Fail(path, code, format string, args ...any) {
	if len(r.failures) == IssuesMax {
		r.more++
		return
	}
	r.failures.Add(path, code, format, args...)
}

// Remark adds what the sender should know though the input is obeyed.
func (r *Report) Remark(path, code, format string, args ...any) {
	if len(r.remarks) == IssuesMax {
		r.more++
		return
	}
	r.remarks.Add(path, code, format, args...)
}

// Failed reports whether there is a reason to refuse the input.
func (r *Report) Failed() bool { return len(r.failures) > 0 }

// Issues lists failures, then remarks, each in the order found; nil when there are none.
func (r *Report) Issues() mapping.Issues {
	if len(r.failures)+len(r.remarks) == 0 {
		return nil
	}
	all := append(r.failures[:len(r.failures):len(r.failures)], r.remarks...)
	more := r.more
	if over := len(all) - IssuesMax; over > 0 {
		all, more = all[:IssuesMax:IssuesMax], more+over
	}
	if more > 0 {
		all.Add("$", "more", "%d more problems are not listed", more)
	}
	return all
}

// Read returns a cursor at the document's root that reports to r, after reporting the text's own problems
// as failures. Of a document cut short it gives what was read of it; ok is false when that is nothing.
func (t *Tree) Read(r *Report) (root Cursor, ok bool) {
	t.report = r
	for _, p := range t.Problems {
		r.Fail(t.path(p.node), p.Code, "%s (line %d, byte %d)", p.Text, p.Line, p.Offset)
	}
	r.more += t.MoreProblems
	return Cursor{t: t}, len(t.nodes) > 0
}
