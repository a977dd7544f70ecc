package roster

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
)

// wantProperties of each object that the schema describes, by its place there: those of the type that is written.
func wantProperties() map[string][]string {
	want := map[string][]string{"candidate": {"group", "outcome", "reasons", "score"}}
	for place, v := range map[string]any{
		"": decisionWire{}, "record": recordWire{}, "placement": placementWire{}, "patient": patientWire{}, "patient.used": useWire{}, "risk": riskWire{}, "past": pastWire{}, "kept": consentWire{}, "past.sessions": sessionWire{},
		"hit": match.Hit{}, "result": resultWire{}, "result.reasons": mapping.Reason{}, "result.more": match.More{}, "candidate.reasons": match.Reason{},
		"referral": mapping.Referral{}, "person": mapping.Patient{}, "name": mapping.Name{}, "address": mapping.Address{},
		"condition": mapping.Condition{}, "observation": mapping.Observation{}, "preferences": mapping.Preferences{},
		"requester": mapping.Requester{}, "party": mapping.Party{}, "identifier": mapping.Identifier{}, "code": mapping.Code{}, "document": mapping.Document{}, "consent": mapping.Consent{},
	} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			want[place] = append(want[place], name)
		}
	}
	for _, part := range match.ScoreParts {
		want["candidate.score"] = append(want["candidate.score"], part.ID)
	}
	var facts map[string]any
	if err := json.Unmarshal([]byte(allFacts), &facts); err != nil {
		panic(err)
	}
	want["facts"] = slices.Collect(maps.Keys(facts))
	want["facts.preferences"] = slices.Collect(maps.Keys(facts["preferences"].(map[string]any)))
	want["facts.conditions"] = []string{"key", "severity"}
	want["facts.told"] = []string{"fact", "value", "date"}
	return want
}

// allFacts is a need with everything there is in it.
const allFacts = `{"participant":"family","conditions":[{"key":"copd","severity":"moderately-severe"}],"doubted":["eating_disorder"],"goals":["peer-support"],"programs":["pain-cbt"],` +
	`"birth":"1961-05","genderIdentity":"female","languages":["es","en","pt","fr"],"interpreter":true,"languageUnclear":true,"access":["wheelchair","other"],"state":"MA",` +
	`"postalCode":"02139","payers":["medicare"],"preferences":{"mode":"telehealth","language":"es","times":["weekend"],"gender":"female",` +
	`"kind":"mind-body","site":"main","required":["site"]},"barred":["pregnancy"],"unknown":true,` +
	`"told":[{"fact":"a1c","value":5.9,"date":"2026-10-01"},{"fact":"bypass"}],"screened":"2026-10","guardian":true,"clinician":"1200000018"}`

func TestAllFactsLeaveNoneOut(t *testing.T) {
	need, err := match.ParseNeed([]byte(allFacts))
	if err != nil {
		t.Fatal(err)
	}
	for v, i := reflect.ValueOf(need), 0; i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("%s is not in it", v.Type().Field(i).Name)
		}
	}
	if got := string(need.AppendJSON(nil)); got != allFacts {
		t.Errorf("came back as %s", got)
	}
}

// The schema has the properties that are written, no others, and every object is closed.
func TestDecisionSchemaListsWhatIsWritten(t *testing.T) {
	var root map[string]any
	if err := json.Unmarshal(DecisionSchema(), &root); err != nil {
		t.Fatal(err)
	}
	want := wantProperties()
	var visit func(place string, v any)
	visit = func(place string, v any) {
		s, _ := v.(map[string]any)
		if items, ok := s["items"]; ok {
			visit(place, items)
		}
		properties, _ := s["properties"].(map[string]any)
		if s["type"] == "object" {
			if s["additionalProperties"] != false {
				t.Errorf("%q is open", place)
			}
			got := slices.Sorted(maps.Keys(properties))
			slices.Sort(want[place])
			if !slices.Equal(got, want[place]) {
				t.Errorf("%q has %v, want %v", place, got, want[place])
			}
			delete(want, place)
		}
		for name, property := range properties {
			visit(strings.TrimPrefix(place+"."+name, "."), property)
		}
	}
	visit("", root)
	for name, def := range root["$defs"].(map[string]any) {
		visit(name, def)
	}
	for place := range want {
		t.Errorf("%q is not described", place)
	}
}

func TestDecisionSchemaRefuses(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(DecisionSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("decision.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("decision.json")
	if err != nil {
		t.Fatal(err)
	}
	validate := func(text string) error {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		return schema.Validate(v)
	}
	const hash = `"00112233445566778899aabbccddeeff"`
	good := `{"key":"r1042","time":"2026-11-09T13:30:00.5Z","cause":1042,"own":true,"record":{"source":"orchard","identity":` + hash +
		`,"patient":"p1042","content":` + hash + `,"arrival":1794231000500,"priority":"routine","print":18446744073709551615,"placements":` +
		`[{"id":"r1042-1","role":"primary","status":"placed","group":"g1","seat":true,"arrival":1794231000500,"opened":1794231000500}],"facts":` + allFacts +
		`},"patient":{"key":"p1042","ids":[` + hash + `],"born":19610500},"results":[{"placement":"r1042-1","candidates":[{"group":"g1","outcome":"chosen",` +
		`"score":{"condition":400,"goals":0,"preferences":0,"start":90,"distance":60,"cost":10}}],"more":{"excluded":0,"full":0,"possible":1}}]}`
	if err := validate(good); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new string }{
		{`"key":"r1042",`, ``},
		{`"key":"r1042"`, `"key":"i1042"`},
		{`.5Z"`, `.5+01:00"`},
		{`"own":true`, `"own":false`},
		{`"cause":1042`, `"cause":"1042"`},
		{`"identity":"00`, `"identity":"`},
		{`"priority":"routine"`, `"priority":"soon"`},
		{`"role":"primary"`, `"role":"main"`},
		{`"status":"placed"`, `"status":"refused"`},
		{`"seat":true`, `"seat":true,"seats":1`},
		{`"severity":"moderately-severe"`, `"severity":"unknown"`},
		{`"required":["site"]`, `"required":["times"]`},
		{`"outcome":"chosen"`, `"outcome":"best"`},
		{`,"cost":10`, ``},
		{`"more":{"excluded":0,`, `"more":{`},
		{`"born":19610500`, `"born":"1961-05"`},
		{`"unknown":true`, `"unknown":true,"name":"x"`},
	} {
		if !strings.Contains(good, c.old) {
			t.Errorf("%s is not in %s", c.old, good)
		} else if validate(strings.Replace(good, c.old, c.new, 1)) == nil {
			t.Errorf("%s for %s passes", c.new, c.old)
		}
	}
}
