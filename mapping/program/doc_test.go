package program

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// manual is docs/catalog.md by section: the text under each heading of level two.
func manual(t testing.TB) map[string]string {
	t.Helper()
	data, err := os.ReadFile("../../docs/catalog.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, section := range strings.Split(string(data), "\n## ")[1:] {
		title, text, _ := strings.Cut(section, "\n")
		sections[title] = text
	}
	return sections
}

// rowsOf are the cells of a section's table, its head left out.
func rowsOf(section string) (rows [][]string) {
	for line := range strings.Lines(section) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "| ") {
			rows = append(rows, strings.Split(strings.Trim(line, "| "), " | "))
		}
	}
	return rows[1:]
}

var quoted = regexp.MustCompile("`([^`]+)`")

// quotedIn are the words between back quotes.
func quotedIn(text string) (words []string) {
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		words = append(words, m[1])
	}
	return words
}

func TestManualExampleLoads(t *testing.T) {
	_, text, _ := strings.Cut(manual(t)["Example"], "```yaml\n")
	text, _, found := strings.Cut(text, "```")
	c, ps := Load([]byte(text))
	if !found || c == nil || len(ps) > 0 {
		t.Fatalf("found %v, problems:\n%s", found, ps.Error())
	}
	if err := compiledSchema(t).Validate(asJSON(t, []byte(text))); err != nil {
		t.Error(err)
	}
	if len(c.Programs) < 3 || len(c.Groups) < 3 || len(c.Leaders) == 0 || len(c.Sites) == 0 || len(c.Assigners) == 0 {
		t.Error("the example leaves a section out")
	}
}

// The tables explain each field and no other, name every word that it may have, and tell rightly what is required and
// what the default is.
func TestManualExplainsEveryField(t *testing.T) {
	x, sections := readShapes(t), manual(t)
	own := x.root.properties()
	part := func(name string) shape { return x.of(x.defs[name]) }
	for title, is := range map[string]shape{
		"The network": x.root, "`organization`, and a program's `provider`": x.of(own["organization"]),
		"`sources`": part("source"), "`assigners`": part("assigner"), "`policy`": part("policy"), "`sites`": part("site"),
		"`leaders`": part("leader"), "`pairs`": part("pair"), "`notices`": part("notices"), "`programs`": part("program"), "`groups`": part("group"),
	} {
		if sections[title] == "" {
			t.Errorf("no section %s", title)
			continue
		}
		fields := x.explained(is, "")
		for _, row := range rowsOf(sections[title]) {
			if len(row) != 3 {
				t.Errorf("%s: %q has not three cells", title, row)
				continue
			}
			for _, key := range quotedIn(row[0]) {
				f, ok := fields[key]
				if !ok {
					t.Errorf("%s explains %s, which is none or stands twice", title, key)
					continue
				}
				delete(fields, key)
				f.compare(t, title+" "+key, row[1], row[2])
			}
		}
		for key := range fields {
			t.Errorf("%s does not explain %s", title, key)
		}
	}
}

// field is one that a table explains.
type field struct {
	shape
	required bool
}

// explained are the fields of a part with those of the parts in it that have no section of their own.
func (x shapes) explained(is shape, prefix string) map[string]field {
	fields := map[string]field{}
	for name, v := range is.properties() {
		child := x.of(v)
		inner := child
		if child["type"] == "array" {
			inner = x.of(child["items"])
		}
		whole := prefix == "" && (is["$id"] != nil || name == "provider") || strings.HasPrefix(prefix, "urgency.")
		if inner.properties() == nil || whole {
			fields[prefix+name] = field{child, slices.Contains(list(is["required"]), any(name))}
			continue
		}
		maps.Copy(fields, x.explained(inner, prefix+name+"."))
	}
	return fields
}

// compare holds the text and the default that a table gives against the schema.
func (f field) compare(t *testing.T, at, text, otherwise string) {
	t.Helper()
	if (otherwise == "required") != f.required {
		t.Errorf("%s: required is %v, the table says %q", at, f.required, otherwise)
	}
	words := list(f.shape["enum"])
	if items, ok := f.shape["items"].(map[string]any); ok {
		words = list(items["enum"])
	}
	if len(words) < 10 { // else they have a section of their own
		for _, word := range words {
			if !slices.Contains(quotedIn(text), fmt.Sprint(word)) {
				t.Errorf("%s does not name %s", at, word)
			}
		}
	}
	var want string
	switch d := f.shape["default"].(type) {
	case nil:
		return
	case map[string]any:
		want = fmt.Sprintf("{base: %v, rate: %v}", d["base"], d["rate"])
	case []any:
		want = fmt.Sprint(d[0])
	default:
		want = fmt.Sprint(d)
	}
	if strings.Trim(otherwise, "`") != want {
		t.Errorf("%s defaults to %s, the table says %s", at, want, otherwise)
	}
}

// The tables of the shipped words are complete.
func TestManualListsTheShippedWords(t *testing.T) {
	sections := manual(t)
	want := map[string]map[string]string{"Conditions": {}, "Goals": {}, "Shipped programs": {}}
	for _, c := range shipped().conditions {
		name := c.Name
		if !c.Chronic {
			name += " *"
		}
		want["Conditions"][c.Key] = name
	}
	for _, g := range Goals() {
		want["Goals"][g.Code] = g.Name
	}
	for _, p := range Templates() {
		want["Shipped programs"][p.Key] = fmt.Sprintf("%s (%s)", p.Name, p.Kind)
	}
	for title, words := range want {
		got := map[string]string{}
		for _, row := range rowsOf(sections[title]) {
			for i := 0; i+1 < len(row); i += 2 {
				got[strings.Trim(row[i], "`")] = row[i+1]
			}
		}
		if diff := cmp.Diff(words, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", title, diff)
		}
	}
	_, rules, _ := strings.Cut(sections["Safety rules"], ":")
	if got, want := quotedIn(rules), slices.Sorted(maps.Keys(shipped().safetyNames)); !slices.Equal(got, want) {
		t.Errorf("safety rules %v, want %v", got, want)
	}
}

// The manual lists every fact with its name, kind and unit, and every code of the shipped table that tells it.
func TestManualListsTheFacts(t *testing.T) {
	_, section, _ := strings.Cut(manual(t)["Gates"], "### Facts")
	section, _, _ = strings.Cut(section, "### Expressions")
	rows := map[string][]string{}
	for _, row := range rowsOf(section) {
		rows[strings.Trim(row[0], "`")] = row
	}
	for _, f := range NewTables(false).facts {
		row := rows[f.Key]
		if len(row) != 5 || row[1] != f.Name || row[3] != string(f.Kind) || row[4] != or(f.Unit, "-") {
			t.Errorf("%s is %v", f.Key, row)
			continue
		}
		for _, c := range f.Codes {
			if !strings.Contains(row[2], c.Code.Code) {
				t.Errorf("%s does not name %s", f.Key, c.Code.Code)
			}
		}
		delete(rows, f.Key)
	}
	if len(rows) > 0 {
		t.Errorf("no facts: %v", rows)
	}
}

func TestManualGatesLoad(t *testing.T) {
	_, text, _ := strings.Cut(manual(t)["Gates"], "```yaml\n")
	text, _, found := strings.Cut(text, "```")
	data := strings.Replace(base, "programs:\n", text, 1)
	c, ps := Load([]byte(data))
	if c == nil || !found {
		t.Fatal(ps)
	}
	if n := len(c.Programs[0].Gated); n != 4 {
		t.Errorf("%d gates, want prediabetes-test, a1c, covered, older", n)
	}
}

func TestManualTellsTheKindsDefaults(t *testing.T) {
	rows := rowsOf(manual(t)["Kinds"])
	if len(rows) != len(shipped().kindDefaults) {
		t.Errorf("%d kinds, want %d", len(rows), len(shipped().kindDefaults))
	}
	for _, row := range rows {
		var d KindDefault
		for kind, of := range shipped().kindDefaults {
			if string(kind) == row[0] {
				d = of
			}
		}
		seats, sessions, licensed := "none", "ongoing", "no"
		if d.Seats.Max > 0 {
			seats = fmt.Sprintf("%d to %d", d.Seats.Min, d.Seats.Max)
		}
		if d.Sessions > 0 {
			sessions = fmt.Sprint(d.Sessions)
		}
		if d.Licensed {
			licensed = "yes"
		}
		want := []string{string(d.Kind), d.Enrolment, seats, fmt.Sprint(d.SeatsLimit), fmt.Sprint(d.Minutes), d.Every, sessions, licensed}
		if !slices.Equal(row, want) {
			t.Errorf("%v, want %v", row, want)
		}
	}
}
