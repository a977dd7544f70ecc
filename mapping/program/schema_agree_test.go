package program

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// whole is a catalog that sets every field, so that changing each place of it tries each field.
const whole = `network: testnet
zone: America/New_York
validFrom: "2026-11-09"
profile: base
organization: {name: Test Network, identifier: {system: "http://hl7.org/fhir/sid/us-npi", value: "1234567893", type: NPI}}
holidays: ["2026-11-26"]
sources:
  - {name: ehr-one, zone: America/Chicago, format: json, production: true, part2: true, sites: [main], codes: {DEP: depression}}
assigners:
  - {system: "https://ids.test.example/mrn", name: Record number, sources: [ehr-one]}
policy:
  offerDays: 4
  offerDaysUrgent: 1
  handoverDays: 20
  declines: 1
  cohortDays: 5
  postponeWeeks: 0
  contactAttempts: 4
  missedSessions: 2
  cancelDays: 10
  reviewDays: 4
  reviewDaysUrgent: 2
  consent: true
  riskDays: 30
  urgency: {routine: {base: 1, rate: 1}, urgent: {base: 40.5, rate: 2}, asap: {base: 60, rate: 3}, stat: {base: 90, rate: 4}}
sites:
  - id: main
    name: Main
    phone: 555-0100
    address: {line: [1 Main Street], city: Boston, state: MA, postalCode: "02118", country: US}
    access: [wheelchair]
    staff: [{system: "https://ids.test.example/mrn", value: "1", type: MR}]
leaders:
  - id: ames
    npi: "1234567893"
    family: Ames
    given: [Ada]
    type: professional
    licences: [{title: PsyD, state: MA, from: "2020-01-01", to: "2027-12-31"}]
    languages: [en]
    apart: [{system: "https://ids.test.example/mrn", value: "2", type: MR}]
    clients: [{system: "https://ids.test.example/mrn", value: "3", type: MR}]
programs:
  - id: own-therapy
    name: Own therapy
    kind: therapy
    participant: patient
    conditions: [anxiety, any]
    goals: [coping-strategies]
    curriculum: Own manual
    licensed: true
    acceptance: offer
    attendance: expected
    admission: therapist
    clientsOnly: true
    together: false
    bridges: [lent-therapy]
    consent: true
    part2: true
    gates:
      a1c: {from: 5.7, to: 6.4, fromAsian: 5.7, within: 365d, since: 1d, text: A test, source: assumption}
      heart: {anyOf: [{bypass: {since: 2w}, nyha: {from: 2, to: 4, fromAsian: 2, within: 9d, since: 1d}}]}
      older: {expr: "patient.age >= 65"}
    benefit: {once: lifetime, facts: [mdpp-taken], source: assumption}
    followUp: Individual therapy may help.
    ownPanel: 40
    provider: {name: Partner, identifier: {system: "urn:oid:2.999.1", value: "7", type: XX}}
    codes: {hcpcs: [G0410], snomed: ["76168009"], cpt: ["90853"], category: "409063005", serviceCategory: "22", serviceType: "142"}
    criteria: {ageFrom: 20, ageTo: 90, excludes: [eating_disorder], severity: [mild]}
  - {id: lent-therapy, from: cbt_group_depression}
  - {id: lent-prevention, from: ndpp, gates: {bmi: {off: asked at the first visit}}}
groups:
  - id: own-1
    program: own-therapy
    name: Own group
    leader: ames
    seats: {min: 6, max: 8, urgent: 1, urgentUntil: 2026-12-01}
    enrolment: rolling
    cancelled: false
    sessions: {start: "2026-11-19", time: "17:30", minutes: 90, every: weekly, count: 20, each: 8, skip: ["2026-12-24", holidays], moved: [{date: "2026-12-10", to: "2026-12-11", time: "18:00"}], end: "2027-06-30"}
    mode: in-person
    site: main
    link: https://join.test.example/own-1
    languages: [en]
    interpreter: true
    gender: female
    access: [hearing]
    cost: low
    payers: [medicare]
    selfPay: true
  - {id: lent-1, program: lent-therapy, leader: ames, sessions: {start: "2026-12-01", second: "2026-12-15", time: "9:30"}, mode: in-person, site: main}
pairs:
  - {kind: conflict, people: [{system: "https://ids.test.example/mrn", value: "4", type: MR}, {system: "https://ids.test.example/mrn", value: "5"}]}
notices:
  redisclosure: {text: Federal law protects this., date: "2026-02-16"}
  confidentiality: {text: What is said here stays here., date: "2026-01-01"}
`

// seen by the schema: the codes of Load that tell of one place alone, whatever stands elsewhere.
var shapeCodes = regexp.MustCompile(`^(unknown-key|wrong-type|required|duplicate|no-site|serves-nothing|no-curriculum|no-goals|bad-pair` +
	`|bad-(network|date|time|source|assigner|number|id|state|language|hcpcs|cpt)` +
	`|unknown-(profile|admission|pair|format|condition|priority|access|leader-type|template|kind|participant|acceptance|attendance|goal|exclusion|severity|mode|gender|cost|every|enrolment))$`)

// Schema and Load draw the same line. Whatever one value of a catalog is changed to: an unknown key, a value of another
// type and a word that no list has are refused by both; what the schema refuses, Load refuses; and what Load refuses for
// its shape, the schema refuses.
func TestSchemaAndLoadAgree(t *testing.T) {
	s := compiledSchema(t)
	doc := asJSON(t, []byte(whole))
	accepted, refused := 0, 0
	check := func(at string, change any, mustFail bool) {
		data, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		now, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		bySchema := s.Validate(now)
		c, ps := Load(data)
		if mustFail && (bySchema == nil || c != nil) {
			t.Errorf("%s changed to %.60v: schema %v, Load %v", at, change, bySchema, ps)
		}
		if bySchema != nil && c != nil {
			t.Errorf("%s changed to %.60v: only the schema refuses: %v", at, change, bySchema)
		}
		for _, p := range ps {
			if bySchema == nil && !p.Warning && shapeCodes.MatchString(p.Code) {
				t.Errorf("%s changed to %.60v: only Load refuses: %v", at, change, p)
			}
		}
		if bySchema == nil {
			accepted++
		} else {
			refused++
		}
	}
	check("nothing", nil, false)
	if refused > 0 {
		t.Fatal("the whole catalog is refused")
	}
	x := readShapes(t)
	tried := map[string]bool{}
	var visit func(value any, at string, is shape, set func(any))
	visit = func(value any, at string, is shape, set func(any)) {
		if at != "" {
			for _, c := range changesOf(value, is) {
				set(c.to)
				check(at, c.to, c.mustFail)
			}
			set(value)
		}
		switch value := value.(type) {
		case map[string]any:
			if is["additionalProperties"] == false {
				value["zzz"] = "x"
				check(at+".zzz", "x", true)
				delete(value, "zzz")
			}
			for _, name := range slices.Sorted(maps.Keys(value)) {
				child, known := is.properties()[name]
				if !known {
					child = is["additionalProperties"]
				}
				tried[strings.TrimPrefix(plainPath(at+"."+name), ".")] = true
				member := value[name]
				delete(value, name)
				check(at+"."+name, "nothing", slices.Contains(list(is["required"]), any(name)))
				value[name] = member
				visit(member, at+"."+name, x.of(child), func(v any) { value[name] = v })
			}
		case []any:
			for i, item := range value {
				visit(item, fmt.Sprintf("%s[%d]", at, i), x.of(is["items"]), func(v any) { value[i] = v })
			}
		}
	}
	visit(doc, "", x.root, nil)
	if accepted < 100 || refused < 500 {
		t.Errorf("%d changes accepted, %d refused: too few to tell", accepted, refused)
	}
	for _, path := range x.paths() {
		if !tried[path] && !strings.Contains(path, ".*") {
			t.Errorf("%s was never changed", path)
		}
	}
}

// change of one value; mustFail where schema and Load have to refuse it.
type change struct {
	to       any
	mustFail bool
}

// changesOf a value: other types, words that no list has, dates that are none, numbers and text around each limit.
func changesOf(value any, is shape) (all []change) {
	for _, other := range []any{map[string]any{"zzz": "x"}, []any{map[string]any{}}, "zzz", true, 1.5} {
		if reflect.TypeOf(other) == reflect.TypeOf(value) {
			continue
		}
		_, text := value.(string)
		_, number := value.(json.Number)
		switch other.(type) {
		case map[string]any, []any:
			all = append(all, change{other, true})
		case float64:
			if !text && !(number && is["type"] == "number") {
				all = append(all, change{other, true})
			}
		default:
			if !text {
				all = append(all, change{other, true})
			}
		}
	}
	switch value := value.(type) {
	case string:
		_, words := is["enum"]
		all = append(all, change{"zzz", words})
		for _, s := range []string{"Zz 9", "-", "ZZ", "12345", "1234567890", "G041", "9085X", "2026-02-30", "2026-02-28", "1949-12-31",
			"2150-12-31", "2151-01-01", "7:05", "24:00", "12:5", "urn:oid:2.16.840.1.113883.4.1", strings.Repeat("a", 40), strings.Repeat("a", 41),
			strings.Repeat("a", 64), strings.Repeat("a", 65)} {
			all = append(all, change{s, false})
		}
	case json.Number:
		for _, n := range []int{-1, 0, 1, 100, 101, 120, 121, 366, 367, 400, 401, 720, 721} {
			all = append(all, change{n, false})
		}
	case []any:
		all = append(all, change{[]any{}, false}, change{slices.Repeat(value[:1], 2), false})
	}
	return all
}

var indexed = regexp.MustCompile(`\[\d+\]`)

// plainPath is a path without indexes.
func plainPath(at string) string { return indexed.ReplaceAllString(at, "") }
