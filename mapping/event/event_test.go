package event

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/convene-health/convene/mapping"
)

// typical is the event of a referral as a primary care practice sends it, about 2 KB.
func typical() *mapping.Event {
	score := 14.0
	return &mapping.Event{
		Type: mapping.ReferralCreated, ID: "northside-20261109-0042", Source: "northside",
		Sent: time.Date(2026, 11, 9, 13, 30, 0, 0, time.UTC),
		Referral: &mapping.Referral{
			Identifier: mapping.Identifier{System: "urn:oid:2.16.840.1.113883.3.4321.7", Value: "ORD-20261109-0042", Type: "PLAC"},
			Priority:   mapping.Urgent, AuthoredOn: "2026-11-09T08:30:00-05:00",
			Patient: mapping.Patient{
				Identifiers: []mapping.Identifier{{System: "urn:oid:2.16.840.1.113883.3.4321.1", Value: "MRN-778812", Type: "MR"}},
				Name:        mapping.Name{Family: "Okafor", Given: []string{"Ada", "Maria"}},
				BirthDate:   "1968-04-17", Gender: "female", Phone: "+1-555-0142", Email: "ada.okafor@example.org",
				Address:   mapping.Address{Line: []string{"12 Elm Street"}, City: "Springfield", State: "MA", PostalCode: "01103", Country: "US"},
				Languages: []string{"es-MX", "en"},
			},
			Conditions: []mapping.Condition{
				{Codes: []mapping.Code{
					{System: mapping.SystemSNOMED, Code: "370143000", Display: "Major depressive disorder (disorder)"},
					{System: mapping.SystemICD10CM, Code: "F33.1", Display: "Major depressive disorder, recurrent, moderate"},
				}, ClinicalStatus: "active", VerificationStatus: "confirmed", Severity: "moderate", Onset: "2024-03"},
				{Codes: []mapping.Code{{System: mapping.SystemICD10CM, Code: "E11.9", Display: "Type 2 diabetes mellitus"}}, Text: "Type 2 diabetes"},
				{Codes: []mapping.Code{{System: mapping.SystemSNOMED, Code: "59621000", Display: "Essential hypertension"}}, Onset: "2019"},
			},
			Goals:       []string{"coping-strategies", "social-connection"},
			Preferences: mapping.Preferences{Mode: "in-person", Language: "es", Times: []string{"weekday-evening", "weekend"}},
			Observations: []mapping.Observation{{
				Code: mapping.Code{System: mapping.SystemLOINC, Code: "44261-6", Display: "PHQ-9 total score"}, Value: &score, Date: "2026-11-02",
			}},
			Requester: mapping.Requester{
				Practitioner: mapping.Party{Identifier: mapping.Identifier{System: mapping.SystemNPI, Value: "1234567893"}, Family: "Reyes", Given: []string{"Tomas"}},
				Organization: mapping.Party{Identifier: mapping.Identifier{System: mapping.SystemNPI, Value: "1987654326"}, Name: "Northside Family Medicine"},
			},
			Payers: []string{"medicare"},
			Notes:  []string{"Would like to meet others who live with both conditions."},
		},
	}
}

func encode(t testing.TB, e *mapping.Event) []byte {
	t.Helper()
	b, err := Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode(data string) mapping.Decoded {
	return Decode(mapping.Input{Network: "riverside", Source: "northside", Sequence: 1, Data: []byte(data)})
}

// draw makes an event that Decode accepts, with every field that its type has drawn by reflection: values
// of closed vocabularies and dates from examples, all else from text.
func draw(t *rapid.T) *mapping.Event {
	e := &mapping.Event{Type: rapid.SampledFrom(Types).Draw(t, "type"), Source: "northside", ID: text.Draw(t, "id")}
	if rapid.Bool().Draw(t, "timed") {
		e.Sent = time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")).UTC()
	}
	sometimes := func(s *string) {
		if rapid.Bool().Draw(t, "given") {
			*s = text.Draw(t, "text")
		}
	}
	recognised := mapping.Identifier{System: "urn:oid:2.999.1", Value: text.Draw(t, "mrn")}
	switch e.Type {
	case mapping.ReferralCreated, mapping.ReferralUpdated:
		e.Referral = new(mapping.Referral)
		drawFields(t, reflect.ValueOf(e.Referral).Elem(), "Referral")
		p := &e.Referral.Patient
		p.Identifiers = append(p.Identifiers, recognised)
		e.Referral.Goals = append(e.Referral.Goals, "peer-support")
		return e
	case mapping.Clock:
		return e
	case mapping.CatalogApplied:
		e.Catalog = "sha256-" + strings.Repeat("0a", 32)
		if rapid.Bool().Draw(t, "replaces") {
			e.Replaces = "sha256-" + strings.Repeat("b1", 32)
		}
		sometimes(&e.Actor)
		return e
	case mapping.PatientMerged:
		e.Survivor = []mapping.Identifier{recognised}
		e.Merged = []mapping.Identifier{recognised, {Value: "17", Type: "MR"}}
	case mapping.ReferralErased:
		e.Target.Key = "r1042"
	case mapping.SeatReleased:
		e.Outcome = rapid.SampledFrom(Outcomes).Draw(t, "outcome")
		e.Target = mapping.Target{Identifier: recognised, Placement: "r1042-1"}
	case mapping.ReferralQueried:
		e.Target = mapping.Target{Identifier: recognised, Placement: "r1042-1"}
		return e
	case mapping.PatientUpdated:
		e.Patient = new(mapping.Patient)
		drawFields(t, reflect.ValueOf(e.Patient).Elem(), "Event.Patient")
		e.Patient.Identifiers = append(e.Patient.Identifiers, recognised)
		return e
	case mapping.ReferralCancelled:
		e.Target = mapping.Target{Identifier: recognised, Key: "r7"}
	default:
		drawAct(t, e, sometimes)
	}
	sometimes(&e.Reason)
	sometimes(&e.Actor)
	if e.Type.OfDesk() {
		e.Reason, e.Actor = text.Draw(t, "reason"), text.Draw(t, "actor")
	}
	return e
}

// drawAct gives an act the fields of its type.
func drawAct(t *rapid.T, e *mapping.Event, sometimes func(*string)) {
	e.Target = mapping.Target{Key: "r7", Placement: "r7-1"}
	switch e.Type {
	case mapping.OfferAccepted, mapping.OfferDeclined:
		e.By = rapid.SampledFrom([]mapping.Answerer{"", mapping.ByPatient, mapping.ByLeader}).Draw(t, "by")
	case mapping.ContactAttempted:
		e.Reached = rapid.Bool().Draw(t, "reached")
	case mapping.ParticipantEnrolled:
		sometimes(&e.Group)
	case mapping.SessionAttended, mapping.SessionMissed, mapping.SessionNotHeld:
		e.Session = "2026-11-10"
	case mapping.ReferralReassigned:
		e.Owner = text.Draw(t, "owner")
	case mapping.ReviewApproved, mapping.ReviewOverridden:
		if rapid.Bool().Draw(t, "agreed") {
			e.Approver = mapping.Approver{Name: text.Draw(t, "approver"), Role: text.Draw(t, "role")}
		}
		sometimes(&e.Role)
		e.Override = []string{"age", text.Draw(t, "rule")}
		if e.Type == mapping.ReviewApproved {
			sometimes(&e.Program)
			sometimes(&e.Group)
		}
	case mapping.ReviewAssigned:
		e.Assignee = text.Draw(t, "assignee")
	case mapping.ReviewSamePerson:
		e.Other = "p3"
	case mapping.PairAdded, mapping.PairEnded:
		e.Target = mapping.Target{}
		e.People = []mapping.Person{{Key: "p3"}, {Identifier: mapping.Identifier{System: text.Draw(t, "system"), Value: text.Draw(t, "value")}}}
		e.Pair = rapid.SampledFrom([]mapping.PairKind{"", mapping.Conflict, mapping.Relation}).Draw(t, "kind")
	}
}

// text as Decode leaves it: trimmed, not empty, without control characters.
var text = rapid.OneOf(
	rapid.StringMatching(`[A-Za-z0-9é日😀<&"\\/][A-Za-z0-9é日😀<&"\\/ .\n\t-]{0,20}[A-Za-z0-9é日😀<&"\\/]`),
	rapid.SampledFrom([]string{"x", "O'Brien", "https://northside.example/ids", "\u2028x", "a\u007fb", "\uFFFD"}),
).Filter(func(s string) bool { return s == strings.TrimSpace(s) })

// vocabulary of fields that do not take any text.
var vocabulary = map[string][]string{
	"Priority": {"routine", "urgent", "asap", "stat"}, "Participant": {"patient", "family"}, "Patient.Gender": genders,
	"ClinicalStatus": mapping.ClinicalStatuses, "VerificationStatus": mapping.VerificationStatuses, "Severity": severities,
	"Consents.Decision": consentDecisions, "Consents.Status": mapping.ConsentStatuses, "From": {"2026-11-01"}, "To": {"2027-11-09T08:30:00Z"},
	"Mode": modes, "Times": times, "Preferences.Gender": groupGenders, "Preferences.Kind": {"therapy", "mind-body"}, "Required": requirable,
	"AuthoredOn": {"2026", "2026-11", "2026-11-09", "2026-11-09T08:30:00-05:00", "2024-02-29T23:59:59.125Z"},
	"Onset":      {"2019", "2024-02-29"}, "Date": {"2026-11-02"}, "BirthDate": {"1968", "1968-04", "1968-04-17"},
}

func drawFields(t *rapid.T, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			drawFields(t, v.Field(i), path+"."+v.Type().Field(i).Name)
		}
		complete(v.Addr().Interface())
	case reflect.Slice:
		if n := rapid.IntRange(0, 3).Draw(t, "length"); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				drawItem(t, v.Index(i), path)
			}
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "given") {
			v.Set(reflect.New(v.Type().Elem()))
			drawFields(t, v.Elem(), path)
		}
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "flag"))
	case reflect.Float64:
		v.SetFloat(rapid.Float64Range(-1e30, 1e30).Draw(t, "number"))
	default:
		if rapid.Bool().Draw(t, "given") {
			drawItem(t, v, path)
		}
	}
}

// drawItem draws what may not be empty, as an item of a list.
func drawItem(t *rapid.T, v reflect.Value, path string) {
	if v.Kind() != reflect.String {
		drawFields(t, v, path)
		return
	}
	for suffix, values := range vocabulary {
		if strings.HasSuffix(path, "."+suffix) {
			v.SetString(rapid.SampledFrom(values).Draw(t, path))
			return
		}
	}
	v.SetString(text.Draw(t, path))
}

// complete gives a drawn value what it must have.
func complete(v any) {
	switch x := v.(type) {
	case *mapping.Identifier:
		if x.System+x.Type != "" && x.Value == "" {
			x.Value = "17"
		}
	case *mapping.Patient:
		for i := range x.Identifiers {
			if x.Identifiers[i].Value == "" {
				x.Identifiers[i].Value = "18"
			}
		}
		for i := range x.Relatives {
			if x.Relatives[i].Value == "" {
				x.Relatives[i].Value = "19"
			}
		}
	case *mapping.Code:
		if x.Code == "" {
			x.Code = "0"
		}
	case *mapping.Condition:
		if len(x.Codes) == 0 && x.Text == "" {
			x.Text = "Chronic pain"
		}
	}
}

func TestEncodeDecodeRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e := draw(rt)
		data, err := Encode(e)
		if err != nil {
			rt.Fatal(err)
		}
		d := decode(string(data))
		if len(d.Issues) > 0 || !reflect.DeepEqual(d.Event, e) {
			rt.Fatalf("%s\nissues %v\n got %#v\nwant %#v", data, d.Issues, d.Event, e)
		}
	})
}

func TestEncodeRefuses(t *testing.T) {
	for _, e := range []*mapping.Event{{}, {Type: "convene.unheard.of"}, {Type: mapping.ReferralCreated}} {
		if data, err := Encode(e); err == nil {
			t.Errorf("%+v gave %s", e, data)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	data := encode(b, typical())
	in := mapping.Input{Source: "northside", Sequence: 1, Data: data, Header: map[string]string{"content-type": TypeCloudEvents}}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if d := Decode(in); d.Event == nil {
			b.Fatal(d.Issues)
		}
	}
}

// BenchmarkStandard is encoding/json on the same bytes, which checks nothing but syntax and types: what
// Decode is measured against where the speed of the computer is not known.
func BenchmarkStandard(b *testing.B) {
	data := encode(b, typical())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var e struct {
			Data struct{ Referral mapping.Referral }
		}
		if err := json.Unmarshal(data, &e); err != nil {
			b.Fatal(err)
		}
	}
}

// Decode makes few allocations: one per list and a handful per event, none per string.
func TestDecodeAllocations(t *testing.T) {
	in := mapping.Input{Source: "northside", Sequence: 1, Data: encode(t, typical())}
	const most = 25
	if got := testing.AllocsPerRun(100, func() { Decode(in) }); got > most {
		t.Errorf("%.0f allocations for %d bytes, want at most %d", got, len(in.Data), most)
	}
}

func BenchmarkEncode(b *testing.B) {
	e := typical()
	b.ReportAllocs()
	for b.Loop() {
		encode(b, e)
	}
}
