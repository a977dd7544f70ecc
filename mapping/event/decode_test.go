package event

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// envelope of an event with the given data.
func envelope(t mapping.EventType, data string) string {
	return fmt.Sprintf(`{"specversion":"1.0","type":"%s","source":"northside","id":"1","data":%s}`, t, data)
}

// created is an event with a referral of the given members, besides a patient and a goal.
func created(members string) string {
	return envelope(mapping.ReferralCreated, `{"referral":{"patient":{"identifiers":[{"system":"urn:oid:2.999.1","value":"17"}]},"goals":["peer-support"]`+members+`}}`)
}

func briefly(issues mapping.Issues) string {
	var list []string
	for _, x := range issues {
		list = append(list, x.Path+" "+x.Code)
	}
	return strings.Join(list, "; ")
}

func TestDecodeRefuses(t *testing.T) {
	hash := "sha256-" + strings.Repeat("0a", 32)
	for _, test := range []struct{ name, data, want string }{
		{"nothing", ``, "$ invalid-json"},
		{"another document", `[1]`, "$ wrong-type"},
		{"no envelope", `{"referral":{}}`, "specversion required; type required; id required; data required; source required"},
		{"another version", `{"specversion":"0.3","type":"convene.clock","id":"1","source":"x"}`, "specversion unknown-value"},
		{"another type", `{"specversion":"1.0","type":"convene.referral.made","id":"1","source":"x","data":{}}`, "type unknown-value"},
		{"wrong envelope", `{"specversion":1.0,"type":{},"id":7,"source":"x","time":"yesterday","datacontenttype":"text/plain","data":"x"}`,
			"specversion wrong-type; type wrong-type; id wrong-type; time invalid-date; datacontenttype unsupported-format; data wrong-type"},
		{"no data", `{"specversion":"1.0","type":"convene.referral.created","id":"1","source":"x"}`, "data required"},
		{"no referral", envelope(mapping.ReferralCreated, `{}`), "data.referral required"},
		{"null for what is required", envelope(mapping.ReferralCreated, `{"referral":null}`), "data.referral required"},
		{"empty referral", envelope(mapping.ReferralUpdated, `{"referral":{}}`), "data.referral.patient required"},
		{"nobody", envelope(mapping.ReferralCreated, `{"referral":{"patient":{},"conditions":[],"goals":["\u0007"," "]}}`),
			"data.referral.patient.identifiers required; data.referral.goals[0] control-character"},
		{"unrecognisable", envelope(mapping.ReferralCreated, `{"referral":{"patient":{"identifiers":[{"value":"17"},{"system":" ","value":"18"}]},"goals":["g"]}}`),
			"data.referral.patient.identifiers required"},
		{"identifier without value", envelope(mapping.ReferralCreated, `{"referral":{"identifier":{"system":"s"},"patient":{"identifiers":[{"system":"s","value":"1"},{"system":"s"}]},"goals":["g"]}}`),
			"data.referral.identifier.value required; data.referral.patient.identifiers[1].value required"},
		{"wrong types", created(`,"priority":1,"conditions":{},"preferences":[],"notes":"x","payers":[1,null],"requester":"x","observations":[5]`),
			"data.referral.priority wrong-type; data.referral.conditions wrong-type; data.referral.preferences wrong-type; data.referral.notes wrong-type; " +
				"data.referral.payers[0] wrong-type; data.referral.payers[1] wrong-type; data.referral.requester wrong-type; " +
				"data.referral.observations[0] wrong-type"},
		{"conditions", created(`,"conditions":[{"codes":[{"code":"F33.1"}]},{},{"codes":[{"code":"E11"},{"display":"x"},{"code":5}],"severity":"bad","clinicalStatus":"on","verificationStatus":"sure"}]`),
			"data.referral.conditions[1].codes required; data.referral.conditions[2].codes[1].code required; data.referral.conditions[2].codes[2].code wrong-type; " +
				"data.referral.conditions[2].severity unknown-value; data.referral.conditions[2].clinicalStatus unknown-value; data.referral.conditions[2].verificationStatus unknown-value"},
		{"dates", created(`,"authoredOn":"2026-13-01","conditions":[{"text":"x","onset":"2026-02-30"},{"text":"x","onset":"2023-02-29"},{"text":"x","onset":"26-1-1"}],"observations":[{"code":{"code":"1"},"date":"2026-11-09T24:00:00Z"}]`),
			"data.referral.authoredOn invalid-date; data.referral.conditions[0].onset invalid-date; data.referral.conditions[1].onset invalid-date; " +
				"data.referral.conditions[2].onset invalid-date; data.referral.observations[0].date invalid-date"},
		{"vocabularies", created(`,"priority":"now","participant":"dog","preferences":{"mode":"phone","times":["noon","weekend"],"gender":"any","kind":"dance","required":["color"]}`),
			"data.referral.priority unknown-value; data.referral.participant unknown-value; data.referral.preferences.mode unknown-value; data.referral.preferences.times[0] unknown-value; " +
				"data.referral.preferences.gender unknown-value; data.referral.preferences.kind unknown-value; data.referral.preferences.required[0] unknown-value"},
		{"numbers", created(`,"observations":[{"code":{"code":"1"},"value":1e999},{"code":{"code":"1"},"value":"27"},{"value":1}]`),
			"data.referral.observations[0].value invalid-value; data.referral.observations[1].value wrong-type; data.referral.observations[2].code required"},
		{"too long", created(`,"payers":["` + strings.Repeat("x", shortMax+1) + `"]`), "data.referral.payers[0] too-long"},
		{"too many", created(`,"conditions":[` + strings.Repeat(`{},`, mapping.ConditionsMax) + `{}]`), "data.referral.conditions too-large"},
		{"given twice", created(`,"payers":["a"],"payers":["b"]`), "data.referral.payers duplicate-key"},
		{"cut short", created(``)[:150], "data.referral.patient.identifiers[0] invalid-json"},
		{"not UTF-8", created(`,"payers":["` + "\xff" + `"]`), "data.referral.payers[0] invalid-utf8"},
		{"half a pair", created(`,"payers":["\ud83d"]`), "data.referral.payers[0] invalid-utf8"},
		{"no target", envelope(mapping.ReferralCancelled, `{}`), "data.target required"},
		{"empty target", envelope(mapping.ReferralCancelled, `{"target":{"identifier":{}}}`), "data.target.identifier required"},
		{"target by placement alone", envelope(mapping.SeatReleased, `{"target":{"placement":"r1-1"}}`), "data.target.identifier required; data.outcome required"},
		{"bad target", envelope(mapping.SeatReleased, `{"target":{"key":"1042.>","placement":"r1"},"outcome":"placed"}`),
			"data.target.key invalid-value; data.target.placement invalid-value; data.outcome unknown-value"},
		{"erasure by identifier", envelope(mapping.ReferralErased, `{"target":{"identifier":{"value":"x"}}}`), "data.target.key required"},
		{"merge of nobody", envelope(mapping.PatientMerged, `{"survivor":[{"value":"x"}]}`), "data.survivor required; data.merged required"},
		{"bad hash", envelope(mapping.CatalogApplied, `{"catalog":"`+strings.ToUpper(hash)+`"}`), "data.catalog invalid-value"},
		{"bad base64", `{"specversion":"1.0","type":"convene.clock","id":"1","source":"x","data_base64":"*"}`, "data_base64 invalid-value"},
		{"two kinds of data", `{"specversion":"1.0","type":"convene.clock","id":"1","source":"x","data":{},"data_base64":"e30="}`, "data_base64 conflicting-fields"},
		{"bad JSON in base64", `{"specversion":"1.0","type":"convene.clock","id":"1","source":"x","data_base64":"ew=="}`, "data invalid-json"},
		{"HL7 v2", "MSH|^~\\&|EHR", "$ unsupported-format"},
		{"HL7 v2 in a frame", "\vMSH|^~\\&|EHR\r\x1c\r", "$ unsupported-format"},
		{"FHIR", `{"resourceType":"Bundle","type":"message"}`, "$ unsupported-format"},
		{"XML", `<Bundle xmlns="http://hl7.org/fhir"/>`, "$ unsupported-format"},
	} {
		d := decode(test.data)
		if got := briefly(d.Issues); d.Event != nil || got != test.want {
			t.Errorf("%s: %s\n got %s\nwant %s", test.name, test.data, got, test.want)
		}
	}
}

// What a sender adds, leaves blank or writes carelessly is no reason to refuse a patient.
func TestDecodeRemarks(t *testing.T) {
	d := decode(strings.Replace(created(`,"color":1,"payers":[" medicare ",""],"preferences":{"mode":"","theme":{"x":[]}},"notes":["a\fb"],`+
		`"requester":{"practitioner":{"identifier":{"system":"http://hl7.org/fhir/sid/us-npi"},"family":"Reyes"}},"authoredOn":null`),
		`"source":"northside",`, `"traceparent":"00-ab",`, 1))
	if d.Event == nil {
		t.Fatal(d.Issues)
	}
	const want = "source required; data.referral.color unknown-field; data.referral.preferences.theme unknown-field; " +
		"data.referral.notes[0] control-character; data.referral.requester.practitioner.identifier required"
	if got := briefly(d.Issues); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	r := d.Event.Referral
	if !reflect.DeepEqual(r.Payers, []string{"medicare"}) || r.Notes[0] != "a b" || r.Preferences.Mode != "" ||
		r.Requester.Practitioner.Identifier.System != "" {
		t.Errorf("read %+v", r)
	}
}

func TestDecodeIssueText(t *testing.T) {
	d := decode(created(`,"priority":"Okafor","conditions":[{"codes":[{"code":"F33.1" "x":1}]}]`))
	const want = `data.referral.conditions[0].codes[0]: expected a comma or the end of the object, found '"' (line 1, byte 260) (invalid-json)
data.referral.priority: expected one of routine, urgent, asap, stat (unknown-value)`
	if got := d.Issues.Error(); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// The source is the subject's, whatever the message claims.
func TestDecodeSource(t *testing.T) {
	for _, data := range []string{envelope(mapping.Clock, `{}`), strings.Replace(envelope(mapping.Clock, `{}`), "northside", "_admin", 1)} {
		if d := decode(data); d.Event == nil || d.Event.Source != "northside" {
			t.Errorf("%s: %+v", data, d)
		}
	}
}

func TestDecodeNamesTheRefusedReferral(t *testing.T) {
	id := mapping.Identifier{System: "urn:oid:2.999.7", Value: "ORD-1", Type: "PLAC"}
	const order = `{"system":"urn:oid:2.999.7","value":"ORD-1","type":"PLAC"}`
	long := created(`,"identifier":` + order + `,"notes":["` + strings.Repeat("x", mapping.InputBytesMax) + `"]`)
	deep := created(`,"identifier":` + order + `,"x":` + strings.Repeat(`[`, 10_000) + strings.Repeat(`]`, 10_000))
	for _, test := range []struct {
		name, data string
		want       mapping.Target
		issues     string
	}{
		{"wrong value", created(`,"identifier":` + order + `,"priority":"now"`), mapping.Target{Identifier: id}, "data.referral.priority unknown-value"},
		{"cut short", created(`,"identifier":` + order + `,"notes":["we met her`), mapping.Target{Identifier: id}, "data.referral.notes invalid-json"},
		{"cut within", created(`,"identifier":{"system":"urn:oid:2.999.7"`), mapping.Target{Identifier: mapping.Identifier{System: "urn:oid:2.999.7"}},
			"$ invalid-json; data.referral.identifier.value required"},
		{"too large", long, mapping.Target{Identifier: id}, "$ too-large"},
		{"too deep", deep, mapping.Target{Identifier: id}, "data.referral.x" + strings.Repeat("[0]", mapping.DepthMax-4) + " too-large; data.referral.x unknown-field"},
		{"unknown type", strings.Replace(created(`,"identifier":`+order), "created", "made", 1), mapping.Target{Identifier: id}, "type unknown-value"},
		{"cancel", envelope(mapping.ReferralCancelled, `{"target":{"key":"r1042","identifier":`+order+`},"reason":5}`), mapping.Target{Key: "r1042", Identifier: id}, "data.reason wrong-type"},
		{"not UTF-8", envelope(mapping.ReferralCancelled, `{"target":{"identifier":{"value":"`+"a\xffb"+`"}}}`), mapping.Target{Identifier: mapping.Identifier{Value: "a\uFFFDb"}}, "data.target.identifier.value invalid-utf8"},
		{"garbage", `{"a`, mapping.Target{}, "$ invalid-json"},
	} {
		d := decode(test.data)
		if d.Event != nil || d.Target != test.want {
			t.Errorf("%s: target %+v, want %+v", test.name, d.Target, test.want)
		}
		if got := briefly(d.Issues); got != test.issues {
			t.Errorf("%s: %s, want %s", test.name, got, test.issues)
		}
	}
}

func TestDecodeHugeLists(t *testing.T) {
	d := decode(created(`,"conditions":[` + strings.Repeat(`0,`, 100_000) + `0]`))
	if got := briefly(d.Issues); d.Event != nil || got != "data.referral.conditions too-large" {
		t.Errorf("100,001 conditions: %s", got)
	}
	d = decode(created(`,"conditions":[` + strings.Repeat(`{"severity":1},`, 199) + `{}]`))
	if n := len(d.Issues); n != jsontree.IssuesMax+1 || d.Issues[n-1].Code != "more" || d.Issues[n-1].Text != "349 more problems are not listed" {
		t.Errorf("%d issues, the last %v", n, d.Issues[n-1])
	}
	d = decode(created(strings.Repeat(`,"x":1`, 60_000)))
	if n := len(d.Issues); d.Event != nil || n != jsontree.IssuesMax+1 || d.Issues[0].Code != jsontree.DuplicateKey {
		t.Errorf("60,000 members of one name: %d issues", n)
	}
}

func TestDecodeModes(t *testing.T) {
	want := typical()
	structured := string(encode(t, want))
	data := structured[strings.Index(structured, `"data":`)+len(`"data":`) : len(structured)-1]
	binary := map[string]string{
		"ce-specversion": "1.0", "ce-type": string(want.Type), "ce-id": want.ID, "ce-source": "northside", "ce-time": "2026-11-09T08:30:00-05:00",
	}
	with := func(header map[string]string, name, value string) map[string]string {
		all := map[string]string{name: value}
		for k, v := range header {
			if k != name {
				all[k] = v
			}
		}
		return all
	}
	encoded := strings.Replace(structured, `"data":`+data, `"data_base64":"`+base64.StdEncoding.EncodeToString([]byte(data))+`"`, 1)
	for _, test := range []struct {
		name   string
		header map[string]string
		data   string
	}{
		{"structured", map[string]string{"content-type": "application/cloudevents+json; charset=UTF-8"}, structured},
		{"structured, type in capitals", map[string]string{"content-type": "Application/CloudEvents+JSON"}, structured},
		{"structured, attributes in headers too", with(binary, "content-type", TypeCloudEvents), structured},
		{"structured, data in base64", nil, encoded},
		{"JSON", map[string]string{"content-type": TypeJSON}, structured},
		{"sniffed", nil, structured},
		{"sniffed with byte order mark", nil, "\uFEFF" + structured},
		{"sniffed despite an odd type", map[string]string{"content-type": "text/plain"}, "\r\n " + structured},
		{"binary", with(binary, "content-type", TypeJSON), data},
		{"binary without type", binary, data},
		{"binary, percent-encoded", with(binary, "ce-id", strings.ReplaceAll(want.ID, "-", "%2D")), data},
	} {
		d := Decode(mapping.Input{Source: "northside", Header: test.header, Data: []byte(test.data)})
		if len(d.Issues) > 0 || !reflect.DeepEqual(d.Event, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", test.name, d.Issues, d.Event, want)
		}
	}
	for _, test := range []struct {
		name   string
		header map[string]string
		data   string
		want   string
	}{
		{"nothing but a type", map[string]string{"ce-type": "convene.clock"}, `{}`, "ce-specversion unknown-value; ce-id required"},
		{"unknown type", with(binary, "ce-type", "x"), data, "ce-type unknown-value"},
		{"bad time", with(binary, "ce-time", "noon"), data, "ce-time invalid-date"},
		{"paths", binary, `{"referral":{"patient":{"identifiers":5},"goals":["g"]}}`, "data.referral.patient.identifiers wrong-type"},
		{"no body", binary, ``, "data invalid-json"},
		{"FHIR by header", map[string]string{"content-type": "application/fhir+json; fhirVersion=4.0"}, structured, "$ unsupported-format"},
		{"HL7 by header", map[string]string{"content-type": TypeHL7v2}, structured, "$ unsupported-format"},
		{"batch", map[string]string{"content-type": "application/cloudevents-batch+json"}, "[" + structured + "]", "$ unsupported-format"},
		{"FHIR as data", with(binary, "content-type", TypeFHIR), `{"resourceType":"Bundle"}`, "$ unsupported-format"},
	} {
		d := Decode(mapping.Input{Source: "northside", Header: test.header, Data: []byte(test.data)})
		if got := briefly(d.Issues); d.Event != nil || got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	clock := Decode(mapping.Input{Source: "_clock", Header: with(binary, "ce-type", string(mapping.Clock))})
	if clock.Event == nil || clock.Event.Type != mapping.Clock || !clock.Event.Sent.Equal(time.Date(2026, 11, 9, 13, 30, 0, 0, time.UTC)) {
		t.Errorf("a clock event needs no body: %+v", clock)
	}
}

// FuzzDecode: no input makes it panic; an input is either obeyed, and then is an event that Encode
// writes and Decode reads as the same, or refused with a reason.
func FuzzDecode(f *testing.F) {
	for _, typ := range Types {
		f.Add(string(whole(f, typ)), "", "")
	}
	f.Add(`{"referral":{"patient":{"identifiers":[{"system":"s","value":"\u00e9\ud83d\ude00"}]},"goals":["g"]}}`, string(mapping.ReferralCreated), "")
	f.Add("MSH|^~\\&|EHR", "", TypeHL7v2)
	f.Add("{\"specversion\":\"1.0\",\"data_base64\":\"e30=\"", "", TypeJSON)
	f.Fuzz(func(t *testing.T, data, binaryType, contentType string) {
		header := map[string]string{"content-type": contentType}
		if binaryType != "" {
			header["ce-specversion"], header["ce-type"], header["ce-id"] = "1.0", binaryType, data[:min(len(data), 5)]
		}
		d := Decode(mapping.Input{Source: "northside", Header: header, Data: []byte(data)})
		if d.Event == nil {
			if len(d.Issues) == 0 || len(d.Issues) > jsontree.IssuesMax+1 {
				t.Fatalf("refused with %d issues", len(d.Issues))
			}
			return
		}
		again := decode(string(encode(t, d.Event)))
		if !reflect.DeepEqual(again.Event, d.Event) {
			t.Fatalf("%v\n got %+v\nwant %+v", again.Issues, again.Event, d.Event)
		}
	})
}
