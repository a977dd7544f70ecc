package mapping_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/convene-health/convene"

// directions lists, for each part of the module, the parts that it may import. The first that matches counts; a name that
// ends in / stands for everything below.
var directions = []struct {
	part string
	may  []string
}{
	{"cmd/", []string{"worker", "worker/", "mapping", "mapping/", "testdata/"}},
	{"worker", []string{"mapping", "mapping/"}},
	{"worker/", []string{"worker", "worker/", "mapping", "mapping/"}},
	{"mapping", nil},
	{"mapping/confirm", []string{"mapping", "mapping/program", "fhir"}},
	{"mapping/", []string{"mapping", "mapping/"}},
	{"fhir", []string{"mapping"}},
	{"fhir/", []string{"fhir"}},
	{"testdata/", nil},
}

// owned are foreign modules that only some parts may import.
var owned = []struct {
	foreign string
	by      []string
}{
	{"github.com/nats-io/", []string{"worker", "worker/", "cmd/"}},
	{"github.com/synadia-io/", []string{"worker", "worker/"}},
	{"github.com/rs/zerolog", []string{"worker", "worker/", "cmd/"}},
	{"github.com/prometheus/", []string{"worker", "worker/deliver"}},
	{"github.com/alecthomas/kong", []string{"cmd/"}},
	{"github.com/samply/", []string{"fhir", "fhir/"}},
	{"cel.dev/cel-go", []string{"mapping/program"}},
	{"github.com/google/fhir/", []string{"fhir/fhirtest"}},
}

// impure are packages by which a function would depend on more than its arguments.
var impure = []string{"context", "log", "log/", "math/rand", "math/rand/", "crypto/rand", "net", "net/http", "os", "os/", "syscall", "testing", "time/tzdata"}

// TestImportDirection: cmd -> worker -> mapping/* -> mapping, and mapping/confirm -> fhir; foreign modules stay where they belong.
func TestImportDirection(t *testing.T) {
	packages := 0
	for _, line := range goList(t, "{{.ImportPath}} {{join .Imports \" \"}}", module+"/...") {
		path, imports, _ := strings.Cut(line, " ")
		part := strings.TrimPrefix(path, module+"/")
		packages++
		at := slices.IndexFunc(directions, func(d struct {
			part string
			may  []string
		}) bool {
			return covers(d.part, part)
		})
		if at < 0 {
			t.Errorf("%s belongs to no part of the house", part)
			continue
		}
		for _, imported := range strings.Fields(imports) {
			if own, ok := strings.CutPrefix(imported, module+"/"); ok {
				if !anyCovers(directions[at].may, own) {
					t.Errorf("%s imports %s", part, own)
				}
				continue
			}
			for _, o := range owned {
				if strings.HasPrefix(imported, o.foreign) && !anyCovers(o.by, part) {
					t.Errorf("%s imports %s", part, imported)
				}
			}
			if covers("mapping/", part) || part == "mapping" {
				if anyCovers(impure, imported) {
					t.Errorf("%s imports %s: mapping is values in, values out", part, imported)
				}
			}
		}
	}
	if packages < 10 {
		t.Errorf("only %d packages listed", packages)
	}
	for _, dep := range goList(t, "{{.ImportPath}}", "-deps", module+"/mapping/...") {
		if strings.HasPrefix(dep, "github.com/nats-io/") || strings.HasPrefix(dep, "github.com/rs/") {
			t.Errorf("mapping depends on %s", dep)
		}
	}
}

func covers(part, path string) bool {
	return part == path || strings.HasSuffix(part, "/") && strings.HasPrefix(path, part)
}

func anyCovers(parts []string, path string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return covers(part, path) })
}

func goList(t *testing.T, format string, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-f", format}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// clocks are what package time must not be asked for: time arrives as an argument, zones come embedded.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "LoadLocation", "Local"}

// TestMappingReadsNoClock parses every file of mapping that is not a test.
func TestMappingReadsNoClock(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files++
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clocks, s.Sel.Name) {
					t.Errorf("%s uses time.%s", set.Position(s.Pos()), s.Sel.Name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 40 {
		t.Errorf("only %d files read", files)
	}
}
