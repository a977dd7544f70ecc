package program

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compiledSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("catalog.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("catalog.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON is a YAML catalog as what encoding/json reads.
func asJSON(t testing.TB, text []byte) any {
	t.Helper()
	data, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestSchemaAcceptsCatalogs(t *testing.T) {
	s := compiledSchema(t)
	if err := s.Validate(asJSON(t, []byte(base))); err != nil {
		t.Errorf("base: %v", err)
	}
	var files []string
	for _, folder := range []string{"week", "story"} {
		found, err := filepath.Glob("../../testdata/" + folder + "/*.yaml")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 3 {
		t.Fatalf("only %v", files)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(asJSON(t, data)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// shape is one schema object of the catalog's, its reference followed.
type shape map[string]any

func (s shape) properties() map[string]any {
	p, _ := s["properties"].(map[string]any)
	return p
}

// shapes reads the schema for walking it.
type shapes struct {
	root shape
	defs map[string]any
}

func readShapes(t testing.TB) shapes {
	t.Helper()
	var root shape
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	return shapes{root, root["$defs"].(map[string]any)}
}

// of follows a reference; keywords beside it win.
func (x shapes) of(v any) shape {
	s, _ := v.(map[string]any)
	ref, ok := s["$ref"].(string)
	if !ok {
		return s
	}
	all := maps.Clone(x.of(x.defs[strings.TrimPrefix(ref, "#/$defs/")]))
	maps.Copy(all, s)
	delete(all, "$ref")
	return all
}

// paths of all fields, lists as if they were their element.
func (x shapes) paths() (all []string) {
	var visit func(at string, s shape)
	visit = func(at string, s shape) {
		if s["type"] == "array" {
			s = x.of(s["items"])
		}
		for name, child := range s.properties() {
			all = append(all, at+name)
			visit(at+name+".", x.of(child))
		}
	}
	visit("", x.root)
	slices.Sort(all)
	return all
}

// Each object of the schema has the fields of its Go type, each with its JSON type and a description, and no other.
func TestSchemaListsTheFieldsOfTheTypes(t *testing.T) {
	x := readShapes(t)
	r := &reader{fields: map[reflect.Type]map[string]int{}}
	seen := 0
	var visit func(at string, s shape, typ reflect.Type)
	visit = func(at string, s shape, typ reflect.Type) {
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		switch typ.Kind() {
		case reflect.Struct:
			properties := s.properties()
			fields := r.fieldsOf(typ)
			if s["type"] != "object" || s["additionalProperties"] != false {
				t.Errorf("%s is not a closed object", at)
			}
			if want, got := names(fields), slices.Sorted(maps.Keys(properties)); !slices.Equal(want, got) {
				t.Errorf("%s has %v, want %v", at, got, want)
				return
			}
			for name, i := range fields {
				seen++
				child := x.of(properties[name])
				if d, _ := child["description"].(string); !strings.HasSuffix(d, ".") {
					t.Errorf("%s.%s has no description that is a sentence: %q", at, name, d)
				}
				visit(at+"."+name, child, typ.Field(i).Type)
			}
		case reflect.Slice:
			if s["type"] != "array" {
				t.Errorf("%s is %v, want an array", at, s["type"])
			}
			visit(at+"[]", x.of(s["items"]), typ.Elem())
		case reflect.Map:
			if s["type"] != "object" || s["additionalProperties"] == nil {
				t.Errorf("%s is not an object with known values", at)
			}
			for name, value := range s.properties() {
				visit(at+"."+name, x.of(value), typ.Elem())
			}
			if any, open := s["additionalProperties"].(map[string]any); open {
				visit(at+".*", x.of(any), typ.Elem())
			}
		default:
			if got, want := typesOf(x, s), map[reflect.Kind]string{
				reflect.String: "string", reflect.Int: "integer", reflect.Float64: "number", reflect.Bool: "boolean",
			}[typ.Kind()]; !slices.Equal(got, []string{want}) {
				t.Errorf("%s is %v, want %s", at, got, want)
			}
		}
	}
	visit("catalog", x.root, reflect.TypeFor[Catalog]())
	if seen < 90 {
		t.Errorf("only %d fields", seen)
	}
}

// typesOf are the JSON types that a scalar's schema allows.
func typesOf(x shapes, s shape) (types []string) {
	for _, choice := range list(s["anyOf"]) {
		types = append(types, typesOf(x, x.of(choice))...)
	}
	if typ, ok := s["type"].(string); ok {
		types = append(types, typ)
	}
	words := list(s["enum"])
	if word, ok := s["const"]; ok {
		words = append(words, word)
	}
	for _, word := range words {
		if _, ok := word.(string); ok {
			types = append(types, "string")
		} else {
			types = append(types, fmt.Sprintf("%T", word))
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// The defaults that the schema tells are those that Load fills in.
func TestSchemaTellsTheDefaults(t *testing.T) {
	x := readShapes(t)
	want, err := json.Marshal(Defaults())
	if err != nil {
		t.Fatal(err)
	}
	var filled map[string]any
	if err := json.Unmarshal(want, &filled); err != nil {
		t.Fatal(err)
	}
	policy := x.of(x.root.properties()["policy"]).properties()
	for _, name := range []string{"offerDays", "offerDaysUrgent", "handoverDays", "cohortDays", "postponeWeeks", "declines", "contactAttempts", "missedSessions", "cancelDays", "riskDays"} {
		if got := x.of(policy[name])["default"]; got != filled[strings.ToUpper(name[:1])+name[1:]] {
			t.Errorf("%s defaults to %v", name, got)
		}
	}
	for priority, u := range Defaults().Urgency {
		got := x.of(x.of(policy["urgency"]).properties()[string(priority)])["default"]
		if !reflect.DeepEqual(got, map[string]any{"base": u.Base, "rate": u.Rate}) {
			t.Errorf("%s defaults to %v", priority, got)
		}
	}
	c, ps := Load([]byte(base))
	if c == nil {
		t.Fatal(ps)
	}
	p, g := &c.Programs[0], &c.Groups[1]
	program, criteria, group := x.defs["program"].(map[string]any), x.defs["criteria"].(map[string]any), x.defs["group"].(map[string]any)
	for _, d := range []struct {
		of   shape
		name string
		want any
	}{
		{x.root, "profile", c.Profile},
		{program, "participant", string(p.Participant)},
		{program, "acceptance", p.Acceptance},
		{criteria, "ageFrom", float64(p.Criteria.AgeFrom)},
		{criteria, "ageTo", float64(p.Criteria.AgeTo)},
		{group, "languages", []any{g.Languages[0]}},
	} {
		if got := x.of(d.of.properties()[d.name])["default"]; !reflect.DeepEqual(got, d.want) {
			t.Errorf("%s defaults to %v, want %v", d.name, got, d.want)
		}
	}
}
