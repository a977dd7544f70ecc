package hl7v2

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/convene-health/convene/mapping"
)

var answered = time.Date(2026, 11, 9, 14, 0, 0, 0, time.FixedZone("EST", -5*3600))

func parsed(text string) *Message {
	m, _ := Parse([]byte(strings.ReplaceAll(text, "\n", "\r")))
	return m
}

// lines of a message, without MSH-7, MSH-10 and what stands before MSH-9 of the first.
func lines(message []byte) []string {
	all := strings.Split(strings.TrimSuffix(string(message), "\r"), "\r")
	fields := strings.Split(all[0], "|")
	if len(fields) > 10 {
		fields[6], fields[9] = "at", "id"
	}
	all[0] = strings.Join(fields, "|")
	return all
}

func TestAcknowledge(t *testing.T) {
	enhanced := func(accept string) string {
		return change(sampleCancel, "|P|2.5.1||||||UNICODE UTF-8", "|P|2.5.1|||"+accept+"|AL||UNICODE UTF-8")
	}
	wrong := mapping.Issues{{Path: "DG1[2]-3.1", Code: "required", Text: "expected a|code"}, {Path: "data.target", Code: "unknown-referral", Text: "none"}}
	const head = `MSH|^~\&|CONVENE|MEADOW|HARBOR|HARBOR CLINIC|at||ACK^I14^ACK|id|P|2.5.1||||||UNICODE UTF-8`
	segments := []string{`ERR||DG1^2^3^1^1|101^Required field missing^HL70357|E|required^^99CONVENE|||expected a\F\code`,
		`ERR|||204^Unknown key identifier^HL70357|E|unknown-referral^^99CONVENE||data.target|none`}
	for name, test := range map[string]struct {
		text    string
		receipt Receipt
		issues  mapping.Issues
		want    []string
	}{
		"original, stored":          {sampleCancel, Stored, nil, []string{head, "MSA|AA|HB-2"}},
		"original, to be refused":   {sampleCancel, Stored, wrong, append([]string{head, "MSA|AE|HB-2"}, segments...)},
		"original, not stored":      {sampleCancel, NotStored, nil, []string{head, "MSA|AR|HB-2"}},
		"enhanced, stored":          {enhanced("AL"), Stored, wrong, []string{head, "MSA|CA|HB-2"}},
		"enhanced, not stored":      {enhanced("AL"), NotStored, wrong[:1], []string{head, "MSA|CE|HB-2", segments[0]}},
		"enhanced, never stored":    {enhanced("AL"), NeverStored, nil, []string{head, "MSA|CR|HB-2"}},
		"enhanced, MSH-16 only":     {enhanced(""), Stored, nil, []string{head, "MSA|CA|HB-2"}},
		"never wanted":              {enhanced("NE"), NeverStored, nil, nil},
		"wanted on errors":          {enhanced("ER"), Stored, nil, nil},
		"wanted on errors, one":     {enhanced("ER"), NotStored, nil, []string{head, "MSA|CE|HB-2"}},
		"wanted on success, failed": {enhanced("SU"), NotStored, nil, nil},
		"wanted on success":         {enhanced("SU"), Stored, nil, []string{head, "MSA|CA|HB-2"}},
		"own delimiters": {"MSH#*!?%#A*1*ISO#B#C#D#20261109##REF*I12#x?F?y#T#2.8", Stored, nil,
			[]string{"MSH#*!?%#C#D#A*1*ISO#B#20261109140000-0500##ACK*I12*ACK#" + "id" + "#T#2.8######UNICODE UTF-8", "MSA#AA#x?F?y"}},
		"unusable delimiters": {`MSH|^|A|B|C|D|20261109||ADT^A08|7|P|2.3`, Stored, nil,
			[]string{`MSH|^~\&|C|D|A|B|at||ACK^A08^ACK|id|P|2.3||||||UNICODE UTF-8`, "MSA|AA|7"}},
		"Latin-1":  {"MSH|^~\\&|Zo\xeb|B|C|D|20261109||REF^I12|7|P|2.3||||||8859/1", Stored, nil, []string{"MSH|^~\\&|C|D|Zo\xeb|B|at||ACK^I12^ACK|id|P|2.3||||||8859/1", "MSA|AA|7"}},
		"no MSH":   {"PID|1", NeverStored, mapping.Issues{{Path: "MSH", Code: NotHL7, Text: "expected MSH"}}, []string{`MSH|^~\&|||||at||ACK|id|P|2.5.1||||||UNICODE UTF-8`, "MSA|AR", "ERR||MSH^1|100^Segment sequence error^HL70357|E|not-hl7^^99CONVENE|||expected MSH"}},
		"odd type": {"MSH|^~\\&|||||||REF^I12^x&y|7", Stored, nil, []string{`MSH|^~\&|||||at||ACK^I12^ACK|id|P|2.5.1||||||UNICODE UTF-8`, "MSA|AA|7"}},
	} {
		got := Acknowledge(parsed(test.text), test.receipt, test.issues, answered)
		var have []string
		if got != nil {
			have = lines(got)
		}
		if name == "own delimiters" { // its fields are not split by |
			id := parsed(string(got)).First("MSH").Field(10).Raw
			have = strings.Split(strings.TrimSuffix(strings.Replace(string(got), id, "id", 1), "\r"), "\r")
		}
		if diff := cmp.Diff(test.want, have); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if m, issues := Parse(got); got != nil && (issues != nil || m.First("MSH").Field(10).Text() == "") {
			t.Errorf("%s: not a sound message: %v", name, issues)
		}
	}
}

const samplePlaced = `{"id":"meadow-1042-1","time":"2026-11-09T19:00:00Z","data":{"network":"meadow","referral":{"key":"r1042","identifier":{"system":"urn:oid:1.2.3.4","value":"R-77"}},
"placement":{"id":"r1042-1"},"status":"placed","priority":"asap","program":{"id":"breathing","name":"Breathing & more"},"group":{"id":"breathing-barn","name":"x"},
"firstSession":{"start":"2026-11-10T14:00:00-05:00","zone":"America/New_York","place":"The Barn","leader":"Tess Rowan"},
"reasons":[{"code":"placed","text":"A seat is taken."}],"issues":[{"path":"PID-8","code":"unknown-value","text":"not known"}],
"bundle":{"entry":[{"resource":{"resourceType":"Device","name":"x"}},{"resource":{"resourceType":"Patient","identifier":[{"system":"urn:oid:1.2","value":"7"},{"system":"HARBOR","value":"8"}],"name":[{"family":"Quill","given":["Ada"]}]}}]}}}`

func TestAnswer(t *testing.T) {
	status := func(status, previous, more string) string {
		return change(change(samplePlaced, `"status":"placed"`, `"status":"`+status+`","previousStatus":"`+previous+`"`+more), `{"code":"placed"`, `{"code":"because"`)
	}
	const (
		head = `MSH|^~\&|CONVENE|MEADOW|HARBOR|HARBOR CLINIC|at||RRI^I12^RRI_I12|id|P|2.5.1||||||UNICODE UTF-8`
		rf1  = `RF1|A^Accepted^HL70283|A|breathing^Breathing \T\ more^99CONVENEPROGRAM|||R-77^HARBOR^1.2.3.4^ISO|20261110140000-0500||20261109140000-0500||r1042-1^CONVENE`
	)
	pid := strings.Split(sampleReferral, "\n")
	var ownPID string
	for _, line := range pid {
		if strings.HasPrefix(line, "PID") {
			ownPID = line
		}
	}
	original := parsed(sampleReferral)
	whole := lines(mustAnswer(t, Told{Confirmation: []byte(samplePlaced), Original: original, Cause: original, Zone: answered.Location()}))
	var providers []string
	for _, line := range pid {
		if strings.HasPrefix(line, "PRD") {
			providers = append(providers, line)
		}
	}
	want := append(append([]string{head, "MSA|AA|HB-1", rf1}, providers...), `PRD|RT^Referred to Provider^HL70286|||||||||Breathing \T\ more`, ownPID,
		`NTE|1||placed: Breathing \T\ more, group breathing-barn`, `NTE|2||first session 2026-11-10 14:00 America/New_York, The Barn, with Tess Rowan`,
		`NTE|3||A seat is taken.`, `NTE|4||PID-8: not known (unknown-value)`)
	if diff := cmp.Diff(want, whole); diff != "" {
		t.Error(diff)
	}
	for name, test := range map[string]struct {
		told Told
		want string // parts of the answer; "" for none
	}{
		"nothing known of it": {Told{Confirmation: []byte(samplePlaced)}, `RRI^I13^RRI_I12 R-77^^1.2.3.4^ISO PID|1||7^^^&1.2&ISO~8^^^HARBOR||Quill^Ada`},
		"promoted by another": {Told{Confirmation: []byte(samplePlaced), Original: original, Cause: parsed(sampleMerge)}, `RRI^I13^RRI_I12`},
		"of another referral": {Told{Confirmation: []byte(samplePlaced), Original: original, Cause: parsed(change(sampleCancel, "R-77", "R-78"))}, `RRI^I13^RRI_I12`},
		"cancelled":           {Told{Confirmation: []byte(status("cancelled", "placed", "")), Original: original, Cause: parsed(sampleCancel)}, "RRI^I14^RRI_I12 MSA|AA|HB-2 RF1|R^Rejected^HL70283"},
		"offered":             {Told{Confirmation: []byte(status("offered", "waitlisted", `,"expires":"2026-11-16T22:00:00Z"`)), Original: original}, "RF1|A^Accepted |20261116220000+0000| held until 2026-11-16 22:00"},
		"offer expired":       {Told{Confirmation: []byte(change(status("closed", "offered", ""), "because", "offer-expired")), Original: original}, "RRI^I14^ RF1|E^Expired^HL70283"},
		"in line":             {Told{Confirmation: []byte(status("waitlisted", "", `,"waitlist":{"position":3}`)), Original: original}, "number 3 in line"},
		"a move in line":      {Told{Confirmation: []byte(status("waitlisted", "waitlisted", "")), Original: original}, ""},
		"a hint for people":   {Told{Confirmation: []byte(change(status("placed", "placed", ""), "because", "alert-safety-stop")), Original: original}, ""},
		"sessions move": {Told{Confirmation: []byte(status("placed", "placed", `,"sessions":[{"was":"2026-11-17T14:00:00-05:00","is":"2026-11-19T10:00:00-05:00"},{"was":"2026-11-24T14:00:00-05:00"},{"is":"2027-01-05T14:00:00-05:00"}]`)), Original: original},
			"2026-11-17 14:00 is moved to 2026-11-19 10:00 2026-11-24 14:00 is left out more session 2027-01-05 14:00"},
		"an update recorded":  {Told{Confirmation: []byte(status("placed", "placed", "")), Original: original, Cause: parsed(change(sampleReferral, "REF^I12", "REF^I13"))}, "RRI^I13^ MSA|AA|HB-1"},
		"erased":              {Told{Confirmation: []byte(change(status("closed", "placed", ""), "because", "erased")), Original: original, Cause: original}, "RRI^I14^"},
		"review":              {Told{Confirmation: []byte(status("review", "", "")), Original: original}, "RF1|P^Pending^HL70283"},
		"refused":             {Told{Confirmation: []byte(status("refused", "", "")), Cause: original}, "ACK^I12^ACK MSA|AE|HB-1 ERR||PID^1^8^1|103^Table value not found^HL70357|E|unknown-value^^99CONVENE|||not known"},
		"refused, by others":  {Told{Confirmation: []byte(status("refused", "", ""))}, ""},
		"refused, not wanted": {Told{Confirmation: []byte(status("refused", "", "")), Cause: parsed(change(sampleCancel, "|P|2.5.1||", "|P|2.5.1|||AL|NE"))}, ""},
		"enhanced partner":    {Told{Confirmation: []byte(samplePlaced), Original: parsed(change(sampleReferral, "|P|2.5.1||||||UNICODE", "|P|2.5.1|||AL|AL||UNICODE"))}, "|P|2.5.1|||AL|NE||UNICODE UTF-8"},
	} {
		if test.told.Zone == nil {
			test.told.Zone = time.UTC
		}
		got := mustAnswer(t, test.told)
		if test.want == "" && got != nil {
			t.Errorf("%s: %s", name, got)
		}
		for part := range strings.FieldsSeq(test.want) {
			if !strings.Contains(string(got), part) {
				t.Errorf("%s: there is no %s in %q", name, part, got)
			}
		}
		if name == "erased" && strings.Contains(string(got), "ADA") {
			t.Errorf("an erased patient is named: %s", got)
		}
		if strings.HasPrefix(test.want, "RRI^I13^RRI_I12") && strings.Contains(string(got), "MSA|") {
			t.Errorf("%s: it answers no message", name)
		}
	}
	if _, _, err := Answer(Told{Confirmation: []byte("{"), Zone: time.UTC}); err == nil {
		t.Error("half a confirmation is answered")
	}
}

// TestAnswerOfPart2: what derives from data under 42 CFR Part 2 carries the network's notice with its date, whoever asks and
// whatever of the messages is kept; other answers carry none.
func TestAnswerOfPart2(t *testing.T) {
	const notice, note = "||Unauthorized disclosure is prohibited. (2026-02-16)", `"note":[{"text":"Unauthorized disclosure is prohibited.","time":"2026-02-16"}]`
	order := func(more string) []byte {
		return []byte(change(samplePlaced, `{"resource":{"resourceType":"Device"`, `{"resource":{"resourceType":"ServiceRequest","status":"active"`+more+`}},{"resource":{"resourceType":"Device"`))
	}
	original := parsed(sampleReferral)
	for name, told := range map[string]Told{
		"asked":   {Original: original, Cause: original},
		"unasked": {Original: original},
		"gone":    {},
	} {
		told.Zone = time.UTC
		for part2, more := range map[bool]string{true: "," + note, false: ""} {
			told.Confirmation = order(more)
			if got := string(mustAnswer(t, told)); strings.Contains(got, notice) != part2 || !strings.Contains(got, "NTE|1||placed") {
				t.Errorf("%s, under Part 2: %v\n%s", name, part2, got)
			}
		}
	}
}

func mustAnswer(t *testing.T, told Told) []byte {
	t.Helper()
	got, _, err := Answer(told)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestControlID(t *testing.T) {
	long := strings.Repeat("riverside", 3) + "-1042-1"
	for name, want := range map[string]string{"meadow-1042-1": "meadow-1042-1", long: ControlID(long), "a b": ControlID("a b")} {
		got := ControlID(name)
		if got != want || len(got) > 20 || strings.ContainsAny(got, " |^") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if ControlID(long) == ControlID(long+"1") {
		t.Error("two names, one id")
	}
}

func TestAccept(t *testing.T) {
	for text, want := range map[string]bool{
		sampleMerge: false, // original mode: answered already
		change(sampleMerge, "|P|2.5.1||", "|P|2.5.1|||AL|AL"): true,
		change(sampleMerge, "|P|2.5.1||", "|P|2.5.1|||AL|"):   false,
		change(sampleMerge, "|P|2.5.1||", "|P|2.5.1||||ER"):   false,
	} {
		got := string(Accept(parsed(text), "meadow-7-0", answered))
		if (got != "") != want || want && !strings.Contains(got, "MSA|AA|HB-5\r") {
			t.Errorf("%q for %s", got, text)
		}
	}
}
