//go:build e2e

package engine_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMutations takes each rule out in turn: some story of its own, or the facts of its row, must fail. It prints the
// table of rows, subtests and what changed. Two mutants are built at a time.
func TestMutations(t *testing.T) {
	began := time.Now()
	var mu sync.Mutex
	var table []string
	t.Run("mutants", func(t *testing.T) {
		turns := make(chan struct{}, 2)
		for _, m := range mutations {
			t.Run(m.row, func(t *testing.T) {
				t.Parallel()
				turns <- struct{}{}
				defer func() { <-turns }()
				changed := run(t, m)
				if len(changed) == 0 {
					t.Errorf("without it nothing changes: %s in %s", m.old, m.file)
				}
				mu.Lock()
				defer mu.Unlock()
				table = append(table, fmt.Sprintf("%-4s %-90s %s", m.row, subtestOf(m.row), strings.Join(changed, " ")))
			})
		}
	})
	slices.Sort(table)
	t.Logf("%d mutants in %.0f s\n%s", len(mutations), time.Since(began).Seconds(), strings.Join(table, "\n"))
}

func subtestOf(id string) string {
	for _, r := range requirements {
		if r.id == id {
			return "TestRequirements/" + r.name()
		}
	}
	for _, r := range safetyRules {
		if r.id == id {
			return "TestSafety/" + r.name()
		}
	}
	return "-"
}

var failed = regexp.MustCompile(`--- FAIL: (TestStories/\S+|TestRequirements/\S+|TestSafety/\S+)`)

// run builds the stories' test with a mutant in place of its file, and returns which stories and rows fail.
func run(t *testing.T, m mutation) (changed []string) {
	folder := t.TempDir()
	path, err := filepath.Abs(filepath.Join(module, filepath.FromSlash(m.file)))
	if err != nil {
		t.Fatal(err)
	}
	mutant, overlay, test := filepath.Join(folder, filepath.Base(m.file)), filepath.Join(folder, "overlay.json"), filepath.Join(folder, "stories.test")
	replace, _ := json.Marshal(map[string]any{"Replace": map[string]string{path: mutant}})
	for name, data := range map[string]string{mutant: m.mutant(t), overlay: string(replace)} {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", test, ".").CombinedOutput(); err != nil {
		t.Fatalf("the mutant does not compile: %v\n%s", err, out)
	}
	stories := "^(" + strings.Join(strings.Fields(m.stories), "|") + ")$"
	for _, of := range []string{"^TestStories$/" + stories, "^(TestRequirements|TestSafety)$/^" + m.row + "_"} {
		out, err := exec.Command(test, "-test.run", of).CombinedOutput()
		if err == nil {
			continue
		}
		found := failed.FindAllStringSubmatch(string(out), -1)
		if found == nil { // it went down as a whole
			t.Fatalf("%s: %v\n%s", of, err, out)
		}
		for _, f := range found {
			changed = append(changed, strings.TrimPrefix(f[1], "TestStories/"))
		}
	}
	return changed
}
