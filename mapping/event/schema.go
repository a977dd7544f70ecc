package event

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"slices"

	"github.com/convene-health/convene/mapping"
)

// definitions are the shapes by name: the envelope, the parts, and the data of each event under its type.
//
//go:embed schema.json
var definitions []byte

// Schema is the JSON Schema (2020-12) of one type's structured events, nil for a type there is not. What
// it accepts, with formats asserted, Decode obeys, but for limits on the whole input (size, depth,
// repeated names, UTF-8) and what data_base64 holds. Decode accepts a little more: null or blank text for
// what is absent, and white space around text.
func Schema(t mapping.EventType) []byte {
	if !known(t) {
		return nil
	}
	return document(schema{
		ID:         "urn:convene:schema:" + string(t),
		Title:      string(t),
		Ref:        defs + "envelope",
		Properties: properties{Type: &types{Const: string(t)}, Data: &reference{defs + string(t)}},
		AnyOf:      dataRequired(t),
	})
}

// CombinedSchema is one JSON Schema (2020-12) of all structured events.
func CombinedSchema() []byte {
	all := schema{
		ID: "urn:convene:schema:event", Title: "Events that Convene reads", Ref: defs + "envelope",
		Properties: properties{Type: &types{}},
	}
	for _, t := range Types {
		all.Properties.Type.Enum = append(all.Properties.Type.Enum, string(t))
		all.AllOf = append(all.AllOf, branch{
			If:   schema{Properties: properties{Type: &types{Const: string(t)}}},
			Then: schema{Properties: properties{Data: &reference{defs + string(t)}}, AnyOf: dataRequired(t)},
		})
	}
	return document(all)
}

const defs = "#/$defs/"

// schema holds the keywords of the composed part, in the order written.
type schema struct {
	Schema     string                     `json:"$schema,omitempty"`
	ID         string                     `json:"$id,omitempty"`
	Title      string                     `json:"title,omitempty"`
	Ref        string                     `json:"$ref,omitempty"`
	Properties properties                 `json:"properties,omitzero"`
	AnyOf      []required                 `json:"anyOf,omitempty"`
	AllOf      []branch                   `json:"allOf,omitempty"`
	Defs       map[string]json.RawMessage `json:"$defs,omitempty"`
}

type properties struct {
	Type *types     `json:"type,omitempty"`
	Data *reference `json:"data,omitempty"`
}

type types struct {
	Const string   `json:"const,omitempty"`
	Enum  []string `json:"enum,omitempty"`
}

type reference struct {
	Ref string `json:"$ref"`
}

type required struct {
	Required []string `json:"required"`
}

type branch struct {
	If   schema `json:"if"`
	Then schema `json:"then"`
}

// dataRequired says that the data must be there in one of its two forms; a clock event has none.
func dataRequired(t mapping.EventType) []required {
	if t == mapping.Clock {
		return nil
	}
	return []required{{[]string{"data"}}, {[]string{"data_base64"}}}
}

// document adds the definitions that s uses, and theirs, and no others.
func document(s schema) []byte {
	var all map[string]json.RawMessage
	decodeOwn(definitions, &all)
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.Defs = map[string]json.RawMessage{}
	for todo := references(encodeOwn(s)); len(todo) > 0; todo = todo[1:] {
		if _, done := s.Defs[todo[0]]; !done {
			s.Defs[todo[0]] = all[todo[0]]
			todo = append(todo, references(all[todo[0]])...)
		}
	}
	return encodeOwn(s)
}

// references lists the names of the definitions that a schema refers to, in order.
func references(doc []byte) (names []string) {
	for rest, found := doc, true; ; {
		if _, rest, found = bytes.Cut(rest, []byte(`"`+defs)); !found {
			return slices.Compact(names)
		}
		name, _, _ := bytes.Cut(rest, []byte(`"`))
		names = append(names, string(name))
	}
}

// decodeOwn and encodeOwn treat what is compiled in: failing is a defect of the build, found by any test.
func decodeOwn(doc []byte, v any) {
	if err := json.Unmarshal(doc, v); err != nil {
		panic("event: schema.json: " + err.Error())
	}
}

func encodeOwn(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic("event: schema: " + err.Error())
	}
	return b.Bytes()
}
