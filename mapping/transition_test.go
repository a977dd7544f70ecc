package mapping_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/convene-health/convene/mapping"
)

var update = flag.Bool("update", false, "rewrite the table and the drawing of docs/life.md")

// A final status is left by nothing, and every other can be reached and can end.
func TestTransitionsEnd(t *testing.T) {
	reached := map[mapping.Status]bool{}
	leaves := map[mapping.Status]bool{}
	for _, x := range mapping.Transitions {
		if x.From.Final() && x.From != x.To {
			t.Errorf("%s is final and becomes %s: %s", x.From, x.To, x.On)
		}
		reached[x.To] = true
		leaves[x.From] = leaves[x.From] || x.To.Final()
	}
	for _, s := range []mapping.Status{mapping.Review, mapping.NeedsInfo, mapping.Waitlisted, mapping.Offered, mapping.Placed, mapping.Enrolled} {
		if !reached[s] || !leaves[s] {
			t.Errorf("%s: reached %v, ends %v", s, reached[s], leaves[s])
		}
	}
}

// No row stands twice for one event, so that what is printed says each thing once.
func TestTransitionsAreListedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, x := range mapping.Transitions {
		key := fmt.Sprint(x.From, x.To, x.Event)
		if x.Event != "" && seen[key] {
			t.Errorf("%v is listed twice", x)
		}
		seen[key] = true
	}
}

// docs/life.md draws and lists the table as it is.
func TestDocsShowTheTransitions(t *testing.T) {
	const path, begin, end = "../docs/life.md", "<!-- transitions -->\n", "<!-- end -->\n"
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(doc, []byte(begin))
	old, after, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		t.Fatalf("%s lacks %q and %q", path, begin, end)
	}
	want := drawn() + listed()
	if *update && string(old) != want {
		if err := os.WriteFile(path, slices.Concat(before, []byte(begin+want+end), after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(old) != want {
		t.Errorf("%s does not show the table; go test ./mapping -run TestDocs -update rewrites it", path)
	}
}

// drawn is a Mermaid state diagram of the changes, each pair of statuses once.
func drawn() string {
	var b strings.Builder
	b.WriteString("\n```mermaid\nstateDiagram-v2\n")
	var pairs []string
	for _, x := range mapping.Transitions {
		from := strings.ReplaceAll(string(x.From), "-", "_")
		if from == "" {
			from = "[*]"
		}
		pair := fmt.Sprintf("    %s --> %s\n", from, strings.ReplaceAll(string(x.To), "-", "_"))
		if x.From != x.To && !slices.Contains(pairs, pair) {
			pairs = append(pairs, pair)
			b.WriteString(pair)
		}
	}
	b.WriteString("```\n\n")
	return b.String()
}

// listed is the table, one line for each cause.
func listed() string {
	type cause struct {
		event mapping.EventType
		on    string
	}
	var causes []cause
	from, to := map[cause][]string{}, map[cause][]string{}
	add := func(list []string, s mapping.Status) []string {
		name := string(s)
		if name == "" {
			name = "(new)"
		}
		if slices.Contains(list, name) {
			return list
		}
		return append(list, name)
	}
	for _, x := range mapping.Transitions {
		c := cause{x.Event, x.On}
		if !slices.Contains(causes, c) {
			causes = append(causes, c)
		}
		from[c] = add(from[c], x.From)
		if x.To == x.From {
			to[c] = add(to[c], "the same")
		} else {
			to[c] = add(to[c], x.To)
		}
	}
	var b strings.Builder
	b.WriteString("| from | to | event | when |\n|---|---|---|---|\n")
	for _, c := range causes {
		event := string(c.event)
		if event != "" {
			event = "`" + event + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", strings.Join(from[c], ", "), strings.Join(to[c], ", "), event, c.on)
	}
	return b.String() + "\n"
}
