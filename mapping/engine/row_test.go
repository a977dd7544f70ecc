package engine_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// row is a requirement or a rule of safety, with what proves it.
type row struct {
	// ID is the requirement's (A1 to D3) or the rule's (S1 to S28); shows says in words what is seen, and names the subtest.
	id, shows string
	proofs    []proof
}

// proof is a story with the facts in it that matter to a row. A fact is "r4 review no-suitable-group": some confirmation of
// r4 has all these words; "never r4 placed": none has. Words are a confirmation's status, role, priority, ids of program
// and group, codes of reasons and issues, "was:" before the status told before, "by:" before who decided, and "seats:3/8".
type proof struct {
	story string
	facts []string
	// more holds what facts cannot say; may be nil.
	more func(t *testing.T, told []confirmation)
}

func (r row) name() string {
	return r.id + "_" + strings.Join(strings.FieldsFunc(r.shows, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9')
	}), "_")
}

// prove runs every row as a subtest.
func prove(t *testing.T, rows []row) {
	for _, r := range rows {
		t.Run(r.name(), func(t *testing.T) {
			if len(r.proofs) == 0 {
				t.Fatal("no story proves this row")
			}
			for _, p := range r.proofs {
				told := toldIn(t, p.story)
				for _, f := range p.facts {
					if err := holds(told, f); err != nil {
						t.Errorf("%s: %v", p.story, err)
					}
				}
				if p.more != nil {
					p.more(t, told)
				}
			}
		})
	}
}

// confirmation is what a row's facts look at.
type confirmation struct {
	raw  []byte
	ID   string `json:"id"`
	Data struct {
		Status    string                              `json:"status"`
		Previous  string                              `json:"previousStatus"`
		Priority  string                              `json:"priority"`
		DecidedBy string                              `json:"decidedBy"`
		Expires   string                              `json:"expires"`
		Referral  struct{ Key, Source string }        `json:"referral"`
		Placement struct{ ID, Role string }           `json:"placement"`
		Program   struct{ ID, Kind string }           `json:"program"`
		Reasons   []struct{ Code, Text string }       `json:"reasons"`
		Issues    []struct{ Path, Code, Text string } `json:"issues"`
		Waitlist  struct{ Position int }              `json:"waitlist"`
		Cause     struct{ Sequence int }              `json:"cause"`
		Group     struct {
			ID, Name, Start string
			Seats           struct{ Taken, Max int }
		} `json:"group"`
		FirstSession struct{ Start, Place, Link, Leader string } `json:"firstSession"`
		Bundle       struct {
			Entry []struct{ Resource json.RawMessage }
		} `json:"bundle"`
	} `json:"data"`
}

func (c *confirmation) words() []string {
	d := &c.Data
	out := []string{d.Status, "was:" + d.Previous, d.Priority, "by:" + d.DecidedBy, d.Placement.ID, d.Placement.Role, d.Program.ID, d.Group.ID, "to:" + d.Referral.Source,
		fmt.Sprintf("seats:%d/%d", d.Group.Seats.Taken, d.Group.Seats.Max), fmt.Sprintf("number:%d", d.Waitlist.Position), fmt.Sprintf("input:%d", d.Cause.Sequence)}
	for _, r := range d.Reasons {
		out = append(out, r.Code)
	}
	for _, i := range d.Issues {
		out = append(out, i.Code)
	}
	return out
}

// holds says why a fact does not; nil: it does.
func holds(told []confirmation, fact string) error {
	words, never := strings.Fields(fact), false
	if words[0] == "never" {
		words, never = words[1:], true
	}
	found := slices.ContainsFunc(told, func(c confirmation) bool {
		have := c.words()
		return c.Data.Referral.Key == words[0] && !slices.ContainsFunc(words[1:], func(w string) bool { return !slices.Contains(have, w) })
	})
	if found == never {
		var of []string
		for _, c := range told {
			if c.Data.Referral.Key == words[0] {
				of = append(of, strings.Join(c.words(), " "))
			}
		}
		return fmt.Errorf("%q does not hold; of %s was told:\n%s", fact, words[0], strings.Join(of, "\n"))
	}
	return nil
}

// resource is the first of a type in a confirmation's bundle, as a tree; nil without one.
func (c *confirmation) resource(kind string) map[string]any {
	for _, r := range c.resources(kind) {
		return r
	}
	return nil
}

// resources are all of a type in a confirmation's bundle, as trees.
func (c *confirmation) resources(kind string) (all []map[string]any) {
	for _, e := range c.Data.Bundle.Entry {
		var r map[string]any
		if json.Unmarshal(e.Resource, &r) == nil && r["resourceType"] == kind {
			all = append(all, r)
		}
	}
	return all
}

// at follows names and indexes into a tree of JSON; nil where there is nothing.
func at(tree any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := tree.(map[string]any)
			tree = m[p]
		case int:
			l, _ := tree.([]any)
			if p >= len(l) {
				return nil
			}
			tree = l[p]
		}
	}
	return tree
}

// told caches what each story's events cause: many rows look at the same story.
var told = struct {
	sync.Mutex
	of map[string][]confirmation
}{of: map[string][]confirmation{}}

// toldIn replays a story: what it causes now, not what its golden file says.
func toldIn(t *testing.T, story string) []confirmation {
	t.Helper()
	told.Lock()
	defer told.Unlock()
	if known, ok := told.of[story]; ok {
		return known
	}
	data, err := os.ReadFile("../../testdata/story/" + story + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := filesOf(txtar.Parse(data))
	var out []confirmation
	for _, c := range confirmationsOf(t, catalogOf(t, files), laterCatalogs(files, files["events.ndjson"].Data)) {
		var one confirmation
		if err := json.Unmarshal(c, &one); err != nil {
			t.Fatal(err)
		}
		one.raw = c
		out = append(out, one)
	}
	told.of[story] = out
	return out
}

// TestEveryRowIsProved: each requirement and each rule of safety has its subtest, and a mutation that removes it.
func TestEveryRowIsProved(t *testing.T) {
	have, mutated := map[string]bool{}, map[string]bool{}
	for _, r := range append(slices.Clone(requirements), safetyRules...) {
		if have[r.id] {
			t.Errorf("%s has two subtests", r.id)
		}
		have[r.id] = true
	}
	for _, m := range mutations {
		mutated[m.row] = true
	}
	for letter, last := range map[string]int{"A": 14, "B": 4, "C": 11, "D": 3, "S": 28} {
		for n := 1; n <= last; n++ {
			id := fmt.Sprint(letter, n)
			if !have[id] || !mutated[id] {
				t.Errorf("%s: subtest %v, mutation %v", id, have[id], mutated[id])
			}
		}
	}
}

// TestFactsCanFail: a fact that is not so is noticed.
func TestFactsCanFail(t *testing.T) {
	told := toldIn(t, "cancelled_seat_goes_to_the_next_in_the_same_batch")
	for fact, want := range map[string]bool{
		"r1 placed breathing-barn": true, "r1 placed pain-december": false, "r9 placed": false, "never r9 placed": true, "never r1 placed": false,
	} {
		if got := holds(told, fact) == nil; got != want {
			t.Errorf("%q holds: %v", fact, got)
		}
	}
}

func containsAll(s string, parts ...string) bool {
	return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(s, p) })
}
