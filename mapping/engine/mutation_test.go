package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mutation takes one rule out of the code or the shipped data: in file, old becomes now. Some of the stories named must then
// change, or the facts of the row's subtest.
type mutation struct {
	row, file, old, now string
	stories             string // separated by spaces
}

// module is the folder of the module, as tests of this package see it.
const module = "../.."

// mutant is the file with the rule taken out.
func (m mutation) mutant(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(module, filepath.FromSlash(m.file)))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(data), m.old); n != 1 {
		t.Fatalf("%s: %s has %d times\n%s\nwrite the mutation anew (mapping/engine/mutations_test.go) so that it takes the same rule out", m.row, m.file, n, m.old)
	}
	return strings.Replace(string(data), m.old, m.now, 1)
}

// TestMutationsFit: each still takes something out of what there is, and names stories that there are. That stories change is for
// TestMutations, of tag e2e.
func TestMutationsFit(t *testing.T) {
	for _, m := range mutations {
		t.Run(m.row, func(t *testing.T) {
			if m.mutant(t); m.old == m.now || m.stories == "" {
				t.Error("nothing is taken out, or no story is named")
			}
			for _, s := range strings.Fields(m.stories) {
				if _, err := os.Stat(module + "/testdata/story/" + s + ".txtar"); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
