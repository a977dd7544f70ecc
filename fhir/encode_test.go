package fhir

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"

	gojson "github.com/goccy/go-json"
	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
)

// resources are one of each type that Encode writes.
func resources() []any {
	return []any{
		&Patient{}, &Condition{}, &ServiceRequest{}, &Task{}, &Practitioner{}, &PractitionerRole{}, &Organization{},
		&HealthcareService{}, &Location{}, &Provenance{}, &Appointment{}, &Observation{},
	}
}

// nulls are what encoding/json writes for required lists that are empty: FHIR does not know null, we write nothing. Nor
// do we write a UsageContext's value where there is none.
var nulls = regexp.MustCompile(`"[a-zA-Z]+":null,?`)

// plain is v as encoding/json writes samply's struct without its MarshalJSON, HTML escaping off: the same struct
// type without methods, with resourceType put first.
func plain(t testing.TB, v any) []byte {
	t.Helper()
	r := reflect.ValueOf(v).Elem()
	fields := make([]reflect.StructField, r.NumField())
	for i := range fields {
		fields[i] = r.Type().Field(i)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(r.Convert(reflect.StructOf(fields)).Interface()); err != nil {
		t.Fatal(err)
	}
	body := nulls.ReplaceAllString(strings.TrimSuffix(out.String(), "\n"), "")
	body = strings.ReplaceAll(body, ",}", "}")
	body = strings.ReplaceAll(strings.ReplaceAll(body, `\u003c`, "<"), `\u003e`, ">") // samply's codes escape by themselves
	body = strings.ReplaceAll(body, `,"valueCodeableConcept":{},"valueQuantity":{},"valueRange":{},"valueReference":{}`, "")
	if body == "{}" {
		return []byte(fmt.Sprintf(`{"resourceType":%q}`, r.Type().Name()))
	}
	return []byte(fmt.Sprintf(`{"resourceType":%q,%s`, r.Type().Name(), body[1:]))
}

// fill sets the value at v, and what it holds to the depth given, to something that is not zero.
func fill(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), depth)
		fill(v.Index(1), depth)
	case reflect.Struct:
		if depth > 0 && v.Type() != reflect.TypeFor[models.TaskInput]() && v.Type() != reflect.TypeFor[models.TaskOutput]() {
			for i := range v.NumField() {
				fill(v.Field(i), depth-1)
			}
		}
	case reflect.String:
		if v.Type().Name() == "Number" {
			v.SetString("1.50")
		} else {
			v.SetString("a\"b\\c\n\t\x01<&>\u2028é\xff\U0001F600")
		}
	case reflect.Int:
		v.SetInt(1)
	case reflect.Bool:
		v.SetBool(true)
	}
}

// TestEveryFieldIsWritten compares the generated functions with encoding/json, byte for byte: for each resource, empty,
// with each field alone filled three levels deep, and with all of them.
func TestEveryFieldIsWritten(t *testing.T) {
	for _, v := range resources() {
		r := reflect.ValueOf(v).Elem()
		check := func(what string) {
			got, _ := Encode(v)
			if want := plain(t, v); !taskValue(r, what) && !bytes.Equal(got, want) {
				t.Errorf("%s, %s:\n got %s\nwant %s", r.Type().Name(), what, clip(got, want), clip(want, got))
			}
		}
		check("empty")
		for i := range r.NumField() {
			r.SetZero()
			fill(r.Field(i), 3)
			check(r.Type().Field(i).Name)
		}
		fill(r, 3)
		check("everything")
	}
}

// taskValue reports whether the input and output of a Task are at hand, whose values samply cannot leave out and we do.
func taskValue(r reflect.Value, what string) bool {
	return r.Type() == reflect.TypeFor[Task]() && (what == "Input" || what == "Output" || what == "everything")
}

// clip is the part of a around the first difference from b.
func clip(a, b []byte) []byte {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return a[max(0, i-60):min(len(a), i+120)]
}

// TestTaskValuesAreChoices: one value of an input or output is written as one, where samply writes fifty.
func TestTaskValuesAreChoices(t *testing.T) {
	of := reflect.TypeFor[models.TaskInput]()
	for i := range of.NumField() {
		f := of.Field(i)
		if !strings.HasPrefix(f.Name, "Value") {
			continue
		}
		input := models.TaskInput{}
		fill(reflect.ValueOf(&input).Elem().Field(i), 1)
		b := appendTaskInput(nil, &input)
		var fields map[string]any
		if err := json.Unmarshal(b, &fields); err != nil {
			t.Fatalf("%s: %v in %s", f.Name, err, b)
		}
		name := string(unicode.ToLower(rune(f.Name[0]))) + f.Name[1:]
		if len(fields) != 2 || fields[name] == nil || fields["type"] == nil {
			t.Errorf("%s is written as %s", f.Name, b)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	v := sampleRequest()
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		dst := make([]byte, 0, 4096)
		for b.Loop() {
			dst = appendServiceRequest(dst[:0], &v)
		}
	})
	flat := struct {
		ResourceType string `json:"resourceType"`
		models.OtherServiceRequest
	}{"ServiceRequest", models.OtherServiceRequest(v)}
	b.Run("goccy", func(b *testing.B) {
		if _, err := gojson.Marshal(flat); err != nil { // its first encoding of a type compiles it, for a second or more
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := gojson.MarshalWithOption(flat, gojson.DisableHTMLEscape()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("samply", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.MarshalJSON(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// sampleRequest is an order with two reasons, about what each confirmation holds.
func sampleRequest() ServiceRequest {
	code := Concept("CBT for chronic pain", NewCoding(SystemSNOMED, "228557008", ""), NewCoding(SystemHCPCS, "G0410", ""))
	requester := RefTo("urn:uuid:ad0983ef-67eb-81d1-ba5c-08773a7f9c01")
	authored := "2026-11-11T09:30:00-05:00"
	v := NewServiceRequest("riverside-r1042-1", RequestActive, &code, RefTo("urn:uuid:9f43aab2-36cb-86f2-a653-49934aba38ff"))
	v.Identifier = []Identifier{
		NewIdentifier(IdentifierType("PLAC"), "urn:oid:2.16.840.1.113883.19.6", "ORD-7781"),
		NewIdentifier(IdentifierType("FILL"), "https://convene.health/fhir/riverside/order", "r1042-1"),
	}
	v.Category = []CodeableConcept{GroupProgram}
	v.Requester, v.AuthoredOn, v.Priority = &requester, &authored, Priority("routine")
	v.ReasonCode = []CodeableConcept{
		Concept("Chronic pain", NewCoding(SystemSNOMED, "82423001", "Chronic pain")),
		Concept("Depression", NewCoding("http://hl7.org/fhir/sid/icd-10-cm", "F32.0", "Major depressive disorder, single episode, mild")),
	}
	return v
}
