package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/convene-health/convene/mapping"
)

func compile(t testing.TB, doc []byte) *jsonschema.Schema {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate holds data against the schema of its type and the combined one, which must agree.
type validator struct {
	one      map[mapping.EventType]*jsonschema.Schema
	combined *jsonschema.Schema
}

func newValidator(t testing.TB) validator {
	v := validator{one: map[mapping.EventType]*jsonschema.Schema{}, combined: compile(t, CombinedSchema())}
	for _, typ := range Types {
		v.one[typ] = compile(t, Schema(typ))
	}
	return v
}

func (v validator) validate(t interface {
	Fatalf(string, ...any)
}, typ mapping.EventType, data []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%v", err)
	}
	one, combined := v.one[typ].Validate(doc), v.combined.Validate(doc)
	if (one == nil) != (combined == nil) {
		t.Fatalf("%s\nby its type: %v\ncombined: %v", data, one, combined)
	}
	return one
}

func TestSchemaAcceptsWhatEncodeWrites(t *testing.T) {
	v := newValidator(t)
	rapid.Check(t, func(rt *rapid.T) {
		e := draw(rt)
		data, err := Encode(e)
		if err != nil {
			rt.Fatal(err)
		}
		if err := v.validate(rt, e.Type, data); err != nil {
			rt.Fatalf("%s\n%v", data, err)
		}
	})
}

// The schema has each field of each type, with the JSON type that the field has, and no other.
func TestSchemaNamesTheFieldsOfTheTypes(t *testing.T) {
	var all map[string]map[string]any
	decodeOwn(definitions, &all)
	for name, v := range map[string]any{
		"referral": mapping.Referral{}, "patient": mapping.Patient{}, "name": mapping.Name{}, "address": mapping.Address{},
		"condition": mapping.Condition{}, "code": mapping.Code{}, "observation": mapping.Observation{},
		"preferences": mapping.Preferences{}, "requester": mapping.Requester{}, "party": mapping.Party{},
		"identifier": mapping.Identifier{}, "target": mapping.Target{}, "approver": mapping.Approver{}, "document": mapping.Document{},
	} {
		properties := all[name]["properties"].(map[string]any)
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			field := typ.Field(i)
			tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			property, ok := properties[tag].(map[string]any)
			if !ok {
				t.Errorf("%s lacks %s", name, tag)
				continue
			}
			if got, want := jsonType(all, property), jsonTypeOf(field.Type); got != want {
				t.Errorf("%s.%s is %s, want %s", name, tag, got, want)
			}
			delete(properties, tag)
		}
		for tag := range properties {
			t.Errorf("%s has %s, the type does not", name, tag)
		}
	}
}

func jsonType(all map[string]map[string]any, property map[string]any) string {
	for {
		if typ, ok := property["type"].(string); ok {
			return typ
		}
		if choice, ok := property["anyOf"].([]any); ok {
			property = choice[0].(map[string]any)
			continue
		}
		ref, ok := property["$ref"].(string)
		if !ok {
			return "of no type"
		}
		property = all[strings.TrimPrefix(ref, defs)]
	}
}

func jsonTypeOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return jsonTypeOf(t.Elem())
	case reflect.Struct:
		return "object"
	case reflect.Slice:
		return "array"
	case reflect.Bool:
		return "boolean"
	case reflect.Float64:
		return "number"
	}
	return "string"
}

func TestSchemaHoldsOnlyWhatItUses(t *testing.T) {
	var clock, erased schema
	decodeOwn(Schema(mapping.Clock), &clock)
	decodeOwn(Schema(mapping.ReferralErased), &erased)
	if clock.Defs["referral"] != nil || erased.Defs["referral"] != nil || erased.Defs["identifier"] == nil {
		t.Errorf("clock has %d definitions, erased has %d", len(clock.Defs), len(erased.Defs))
	}
	if Schema("convene.unheard.of") != nil {
		t.Error("there is a schema of an unknown type")
	}
}

// whole makes events with every field set, so that changing each place of them tries each field.
func whole(t testing.TB, typ mapping.EventType) []byte {
	e := typical()
	e.Type, e.Source = typ, "northside"
	r := e.Referral
	r.Participant, r.Programs = mapping.ParticipantPatient, []string{"cbt-depression"}
	p := &r.Patient
	p.GenderIdentity, p.Deceased, p.Interpreter, p.Access = "female", true, true, []string{"wheelchair"}
	r.Preferences.Gender, r.Preferences.Kind, r.Preferences.Site, r.Preferences.Required = "female", "therapy", "north", []string{"mode"}
	r.Conditions[0].Text, r.Conditions[0].Onset = "Depression", "2024-03-01T10:00:00Z"
	r.Observations[0].Unit, r.Observations[0].Answer = "{score}", &mapping.Code{System: mapping.SystemLOINC, Code: "LA6570-1", Display: "More than half the days"}
	for _, party := range []*mapping.Party{&r.Requester.Practitioner, &r.Requester.Organization} {
		party.Name, party.Family, party.Given, party.Phone = "A", "B", []string{"C"}, "D"
	}
	p.Guardian = mapping.Party{Family: "Okafor", Given: []string{"Ruth"}, Phone: "+1-555-0199"}
	r.Documents = []mapping.Document{{Title: "Discharge letter", Media: "application/pdf", Link: "https://documents.example/1", Hash: "sha256-" + strings.Repeat("0b", 32)}}
	p.Relatives = []mapping.Identifier{{System: "urn:oid:2.999.1", Value: "12"}}
	r.Preferences.NotLedBy, r.Labels, r.Conditions[0].Labels = []string{"rivera"}, []string{"42CFRPart2"}, []string{"SUD"}
	r.Consents = []mapping.Consent{{
		Decision: "permit", Status: "active", Recipients: []mapping.Party{{Name: "Valley"}}, Purposes: []string{"TREAT"},
		From: "2026-11-01", To: "2027-10-31", Labels: []string{"SUD"}, Written: true,
	}}
	e.Patient = p
	e.Target = mapping.Target{Identifier: r.Identifier, Key: "r1042", Placement: "r1042-1"}
	e.Outcome, e.Reason, e.Actor = mapping.DroppedOut, "moved away", "coordinator"
	e.Survivor, e.Merged = p.Identifiers, []mapping.Identifier{{System: "urn:oid:2.999.1", Value: "9"}, {Value: "8", Type: "MR"}}
	e.Catalog = "sha256-" + strings.Repeat("0a", 32)
	e.By, e.Reached, e.Session, e.Program, e.Group = mapping.ByLeader, true, "2026-11-10", "pain", "pain-1"
	e.Override, e.Role, e.Approver = []string{"safety-stop"}, "nurse", mapping.Approver{Name: "d.cho", Role: "psychiatrist"}
	e.People, e.Pair = []mapping.Person{{Key: "p7"}, {Identifier: mapping.Identifier{System: "urn:oid:2.999.1", Value: "9", Type: "MR"}}}, mapping.Relation
	e.Assignee, e.Owner, e.Other = "n.ruiz", "southside", "p7"
	return encode(t, e)
}

// changes of one value: other types, words that no vocabulary has, dates that are none, text and lists
// around each limit.
func changes(path string, old any) []any {
	list := []any{true, 5.0, "zzz", []any{}, map[string]any{}, "2026-02-30", "2026-13", "2026-11", "2026-11-09T08:30:00Z", "2026-11-09T25:00:00Z", "0000"}
	limits := []int{shortMax, textMax, systemMax, displayMax}
	if strings.Contains(path, ".notes[") || strings.HasSuffix(path, ".reason") {
		limits = append(limits, noteMax)
	}
	for _, n := range limits {
		list = append(list, strings.Repeat("é", n), strings.Repeat("é", n+1))
	}
	if items, ok := old.([]any); ok && len(items) > 0 {
		for _, n := range []int{listMax, identifiersMax, mapping.ConditionsMax, observationsMax} {
			list = append(list, slices.Repeat(items[:1], n), slices.Repeat(items[:1], n+1))
		}
	}
	return list
}

// Schema and Decode draw the same line: whatever one value of an event is changed to, whatever member is
// left out, both accept or both refuse.
func TestSchemaAndDecodeAgree(t *testing.T) {
	v := newValidator(t)
	for _, typ := range Types {
		var doc map[string]any
		decodeOwn(whole(t, typ), &doc)
		accepted, refused := 0, 0
		check := func(path string, change any) {
			data, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			if len(data) > mapping.InputBytesMax {
				return // the schema knows no such limit
			}
			err = v.validate(t, typ, data)
			d := decode(string(data))
			if (err == nil) != (d.Event != nil) {
				t.Errorf("%s: %s changed to %.80v:\nschema: %v\nDecode: %v", typ, path, change, err, d.Issues)
			}
			if err == nil {
				accepted++
			} else {
				refused++
			}
		}
		check("nothing", nil)
		var visit func(value any, path string, set func(any))
		visit = func(value any, path string, set func(any)) {
			for _, change := range changes(path, value) {
				if path == ".type" && change != "zzz" && change != 5.0 {
					continue
				}
				set(change)
				check(path, change)
			}
			set(value)
			switch value := value.(type) {
			case map[string]any:
				for _, name := range slices.Sorted(maps.Keys(value)) {
					member := value[name]
					delete(value, name)
					if name != "type" {
						check(path+"."+name, "nothing")
					}
					visit(member, path+"."+name, func(x any) { value[name] = x })
				}
			case []any:
				for i, item := range value {
					visit(item, fmt.Sprintf("%s[%d]", path, i), func(x any) { value[i] = x })
				}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(doc)) {
			member := doc[name]
			delete(doc, name)
			if name != "type" {
				check(name, "nothing")
			}
			visit(member, "."+name, func(x any) { doc[name] = x })
		}
		if accepted < 10 || refused < 30 {
			t.Errorf("%s: %d changes accepted, %d refused: too few to tell", typ, accepted, refused)
		}
	}
}
