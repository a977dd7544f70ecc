package mapping

import (
	"encoding/hex"
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// typical is a referral as a primary care practice sends it.
func typical() Referral {
	score := 14.0
	return Referral{
		Identifier: Identifier{System: "urn:oid:2.16.840.1.113883.3.4321.7", Value: "ORD-20261109-0042", Type: "PLAC"},
		Priority:   Urgent, AuthoredOn: "2026-11-09T08:30:00-05:00",
		Patient: Patient{
			Identifiers: []Identifier{
				{System: "urn:oid:2.16.840.1.113883.3.4321.1", Value: "MRN-778812", Type: "MR"},
				{System: "https://northside.example/members", Value: "A-5512"},
			},
			Name:      Name{Family: "Okafor", Given: []string{"Ada", "Maria"}},
			BirthDate: "1968-04-17", Gender: "female", Phone: "+1-555-0142", Email: "ada.okafor@example.org",
			Address:   Address{Line: []string{"12 Elm Street"}, City: "Springfield", State: "MA", PostalCode: "01103", Country: "US"},
			Languages: []string{"es-MX", "en"}, Interpreter: true, Access: []string{"wheelchair", "hearing"},
		},
		Conditions: []Condition{
			{Codes: []Code{
				{System: SystemSNOMED, Code: "370143000", Display: "Major depressive disorder (disorder)"},
				{System: SystemICD10CM, Code: "F33.1", Display: "Major depressive disorder, recurrent, moderate"},
			}, ClinicalStatus: "active", VerificationStatus: "confirmed", Severity: "moderate", Onset: "2024-03"},
			{Codes: []Code{{System: SystemICD10CM, Code: "E11.9", Display: "Type 2 diabetes mellitus without complications"}}, Text: "Type 2 diabetes"},
			{Codes: []Code{{System: SystemSNOMED, Code: "59621000", Display: "Essential hypertension (disorder)"}}, Onset: "2019"},
		},
		Goals:       []string{"coping-strategies", "social-connection"},
		Programs:    []string{"cbt-depression"},
		Preferences: Preferences{Mode: "in-person", Language: "es", Times: []string{"weekday-evening", "weekend"}, Required: []string{"language"}},
		Observations: []Observation{{
			Code:  Code{System: SystemLOINC, Code: "44261-6", Display: "Patient Health Questionnaire 9 item total score"},
			Value: &score, Unit: "{score}", Date: "2026-11-02",
		}},
		Requester: Requester{
			Practitioner: Party{Identifier: Identifier{System: SystemNPI, Value: "1234567893"}, Family: "Reyes", Given: []string{"Tomas"}, Phone: "+1-555-0100"},
			Organization: Party{Identifier: Identifier{System: SystemNPI, Value: "1987654326"}, Name: "Northside Family Medicine"},
		},
		Payers: []string{"medicare"},
		Notes:  []string{"Patient would like to meet others who live with both conditions."},
	}
}

// clone through JSON, so that a test which shuffles the copy cannot touch the original.
func clone(t testing.TB, r Referral) Referral {
	t.Helper()
	var c Referral
	if err := json.Unmarshal(AppendReferral(nil, &r), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestContentHashKnowsNoOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := typical()
		b := clone(t, a)
		for _, list := range []any{
			b.Patient.Identifiers, b.Patient.Access, b.Goals, b.Conditions, b.Conditions[0].Codes, b.Preferences.Times,
		} {
			v := reflect.ValueOf(list)
			swap := reflect.Swapper(list)
			for i := v.Len() - 1; i > 0; i-- {
				swap(i, rapid.IntRange(0, i).Draw(rt, "with"))
			}
		}
		before := string(AppendReferral(nil, &b))
		if ContentHash(&a) != ContentHash(&b) {
			rt.Fatalf("order changes the hash of %s", before)
		}
		if string(AppendReferral(nil, &b)) != before {
			rt.Fatal("hashing changed the referral")
		}
	})
}

func TestContentHashFillsInDefaults(t *testing.T) {
	short, long := typical(), typical()
	short.Priority, long.Priority = "", Routine
	long.Participant = ParticipantPatient
	for i := range long.Conditions {
		long.Conditions[i].ClinicalStatus, long.Conditions[i].VerificationStatus = "active", "confirmed"
	}
	long.Goals = append(slices.Clone(long.Goals), long.Goals[0])
	long.Conditions = append(slices.Clone(long.Conditions), long.Conditions[0])
	long.Requester.Practitioner.Given, short.Requester.Practitioner.Given = []string{}, nil
	short.Patient.Access, long.Patient.Access = nil, []string{}
	if ContentHash(&short) != ContentHash(&long) {
		t.Error("defaults and repetitions change the hash")
	}
}

// Any other difference shows: each single field of a referral, changed alone, gives another hash.
func TestContentHashSeesEveryField(t *testing.T) {
	base := typical()
	answer := Code{System: SystemLOINC, Code: "LA6570-1"}
	base.Observations[0].Answer = &answer
	seen := map[[16]byte]string{ContentHash(&base): "nothing"}
	changed := 0
	var visit func(v reflect.Value, path string)
	visit = func(v reflect.Value, path string) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				visit(v.Field(i), path+"."+v.Type().Field(i).Name)
			}
			return
		case reflect.Slice:
			for i := range v.Len() {
				visit(v.Index(i), path+"[]")
			}
			return
		case reflect.Pointer:
			visit(v.Elem(), path)
			return
		}
		before := reflect.ValueOf(v.Interface())
		switch v.Kind() {
		case reflect.String:
			v.SetString(v.String() + "x" + path)
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Float64:
			v.SetFloat(v.Float() + 1)
		}
		hash := ContentHash(&base)
		if other, ok := seen[hash]; ok {
			t.Errorf("changing %s gives the same hash as changing %s", path, other)
		}
		seen[hash] = path
		changed++
		v.Set(before)
	}
	visit(reflect.ValueOf(&base).Elem(), "referral")
	if changed < 60 {
		t.Errorf("only %d fields were changed", changed)
	}
}

// The hash is on ledgers: it may not change between versions without notice.
func TestContentHashIsStable(t *testing.T) {
	r := typical()
	const want = "02a276794b6d4c88ef1a16e756b719f4"
	hash := ContentHash(&r)
	if got := hex.EncodeToString(hash[:]); got != want {
		t.Errorf("hash of the typical referral is %s, was %s", got, want)
	}
}
