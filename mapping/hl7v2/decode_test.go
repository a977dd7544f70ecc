package hl7v2

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
)

func TestDecodeReferral(t *testing.T) {
	score := 14.0
	want := mapping.Event{
		Type: mapping.ReferralCreated, ID: "HB-1", Source: "harbor", Sent: time.Date(2026, 11, 9, 13, 30, 0, 0, time.UTC),
		Referral: &mapping.Referral{
			Identifier: mapping.Identifier{System: "urn:oid:1.2.3.4", Value: "R-77", Type: "PLAC"},
			Priority:   mapping.ASAP, AuthoredOn: "2026-11-08T12:00:00-05:00",
			Patient: mapping.Patient{
				Identifiers: []mapping.Identifier{
					{System: "urn:oid:2.16.840.1.113883.3.1", Value: "M-100", Type: "MR"},
					{System: mapping.SystemSSN, Value: "123-45-6789", Type: "SS"},
				},
				Name: mapping.Name{Family: "QUILL", Given: []string{"ADA", "MAE"}}, BirthDate: "1968-04-17", Gender: "female",
				Deceased: true, Phone: "1-413-5550142", Email: "ada@example.org",
				Address:   mapping.Address{Line: []string{"1 Elm St", "Apt 2"}, City: "AMHERST", State: "MA", PostalCode: "01002", Country: "USA"},
				Languages: []string{"es"},
			},
			Conditions: []mapping.Condition{
				{Codes: []mapping.Code{{System: mapping.SystemICD10CM, Code: "J44.9", Display: "COPD"},
					{System: mapping.SystemSNOMED, Code: "13645005", Display: "Chronic obstructive lung disease"}}, Text: "COPD", Onset: "2025-03-01"},
				{Codes: []mapping.Code{{System: mapping.SystemICD10CM, Code: "F32.1", Display: "Depression"}}, Text: "Low mood", Onset: "2025-03"},
			},
			Goals: []string{"SLEEP"}, Programs: []string{"CBT"},
			Observations: []mapping.Observation{
				{Code: mapping.Code{System: mapping.SystemLOINC, Code: "44261-6", Display: "PHQ-9 total"}, Value: &score, Unit: "{score}", Date: "2026-11-02"},
				{Code: mapping.Code{System: mapping.SystemLOINC, Code: "44260-8", Display: "PHQ-9 item 9"},
					Answer: &mapping.Code{System: mapping.SystemLOINC, Code: "LA6568-5", Display: "Not at all"}},
			},
			Requester: mapping.Requester{
				Practitioner: mapping.Party{Identifier: mapping.Identifier{System: mapping.SystemNPI, Value: "1234567893", Type: "NPI"},
					Family: "REYES", Given: []string{"TOMAS"}, Phone: "413-5550100"},
				Organization: mapping.Party{Identifier: mapping.Identifier{System: mapping.SystemNPI, Value: "1987654326", Type: "NPI"},
					Name: "NORTHSIDE CLINIC", Phone: "413-555-0101"},
			},
			Payers: []string{"MEDICARE"},
			Notes:  []string{"Wants company", "Call after six", "Story: first line\nsecond line", "Prefers mornings\nbut not Mondays"},
		},
	}
	got := decodeText(sampleReferral)
	if diff := cmp.Diff(want, *got.Event); diff != "" || got.Issues != nil {
		t.Errorf("%v\n%s", got.Issues, diff)
	}
}

// The other kinds, as the native event they are the same as.
func TestDecodeOthers(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"cancelled", sampleCancel, `"target":{"identifier":{"system":"urn:oid:1.2.3.4","value":"R-77","type":"PLAC"}},"reason":"Moved away"`},
		{"order status", sampleRecall, `"target":{"identifier":{"system":"HARBOR","value":"O-5","type":"PLAC"}},"reason":"Lost interest"`},
		{"merged", sampleMerge, `"survivor":[{"system":"HARBOR","value":"M-100","type":"MR"}],"merged":[{"system":"HARBOR","value":"M-99","type":"MR"}]`},
		{"ordered", sampleOrder, `"referral":{"identifier":{"system":"HARBOR","value":"O-5","type":"PLAC"},"priority":"urgent","authoredOn":"2026-11-08","patient":{` +
			`"identifiers":[{"system":"HARBOR","value":"M-100","type":"MR"}],"name":{"family":"QUILL","given":["ADA"]},"birthDate":"1968-04-17","gender":"female","deceased":true,` +
			`"phone":"1-413-5550142","email":"ada@example.org","address":{"line":["1 Elm St"],"city":"AMHERST","state":"MA","postalCode":"01002","country":"USA"},"languages":["en"]},` +
			`"conditions":[{"codes":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"J44.9","display":"COPD"}],"text":"COPD","onset":"2025"}],"programs":["CBT"],` +
			`"observations":[{"code":{"system":"http://loinc.org","code":"44261-6","display":"PHQ-9 total"},"value":14,"unit":"{score}","date":"2026-11-02"}],` +
			`"requester":{"practitioner":{"identifier":{"system":"http://hl7.org/fhir/sid/us-npi","value":"1234567893","type":"NPI"},"family":"REYES","given":["TOMAS"]},` +
			`"organization":{"name":"NORTHSIDE CLINIC"}},"payers":["CMS-1"],"notes":["Short of breath","Prefers mornings"]}`},
		{"queried", change(sampleCancel, "I14^REF_I14", "I15"), `"target":{"identifier":{"system":"urn:oid:1.2.3.4","value":"R-77","type":"PLAC"}}`},
		{"patient updated", sampleUpdate, `"patient":{"identifiers":[{"system":"HARBOR","value":"M-100","type":"MR"}],"name":{"family":"QUILL","given":["ADA"]},"birthDate":"2012-04-17","gender":"female","deceased":true,` +
			`"phone":"1-413-5550142","email":"ada@example.org","address":{"city":"AMHERST","state":"MA","postalCode":"01002"},"languages":["es"],"guardian":{"family":"QUILL","given":["EVA"],"phone":"1-413-5550143"}}`},
		{"cancelled order", change(sampleOrder, "ORC|NW", "ORC|DC"), `"target":{"identifier":{"system":"HARBOR","value":"O-5","type":"PLAC"}}`},
	} {
		got := decodeText(test.text)
		if got.Event == nil {
			t.Errorf("%s: refused: %v", test.name, got.Issues)
			continue
		}
		data, err := event.Encode(got.Event)
		if err != nil {
			t.Fatal(err)
		}
		_, data2, _ := strings.Cut(string(data), `"data":{`)
		if data2 = strings.TrimSuffix(data2, "}}"); data2 != test.want || got.Issues != nil {
			t.Errorf("%s: %v\n%s, want\n%s", test.name, got.Issues, data2, test.want)
		}
	}
	if e := decodeText(change(sampleReferral, "REF^I12", "REF^I13")).Event; e == nil || e.Type != mapping.ReferralUpdated {
		t.Errorf("I13 is %v", e)
	}
	if e := decodeText(change(sampleOrder, "ORC|NW", "ORC|XO")).Event; e == nil || e.Type != mapping.ReferralUpdated {
		t.Errorf("XO is %v", e)
	}
}

// change replaces the first of a part that must be there.
func change(text, old, with string) string {
	if !strings.Contains(text, old) {
		panic("the sample has no " + old)
	}
	return strings.Replace(text, old, with, 1)
}

func TestDecodeRefuses(t *testing.T) {
	long := strings.Repeat("x", mapping.TextMax+1)
	for name, test := range map[string]struct{ text, want string }{
		"nothing":               {"", "MSH not-hl7"},
		"header alone":          {`MSH|^~\&`, "MSH-10 required, MSH-11.1 required, MSH-9 unsupported-message"},
		"empty batch":           {"FHS|^~\\&\nBHS|^~\\&\nBTS|0", "MSH required"},
		"two messages":          {sampleCancel + "\n" + sampleCancel, "MSH[2] several-messages"},
		"no processing id":      {change(sampleReferral, "|P|2", "||2"), "MSH-11.1 required"},
		"unknown processing id": {change(sampleReferral, "|P|2", "|Q|2"), "MSH-11.1 unknown-value"},
		"no control id":         {change(sampleReferral, "HB-1", ""), "MSH-10 required"},
		"message time":          {change(sampleReferral, "20261109083000-0500", "20261309"), "MSH-7 invalid-date"},
		"query without name":    {change(change(sampleCancel, "I14^REF_I14", "I15"), "R-77", ""), "RF1-6 required"},
		"update of nobody":      {change(sampleUpdate, "M-100", ""), "PID-3 required, PID-3.1 required"},
		"document of a person":  {sampleReferral + strings.Repeat("\nOBX|5|RP|1^X||https://x", mapping.DocumentsMax+1), "OBX[55] too-large"},
		"acknowledgement":       {change(sampleReferral, "REF^I12^REF_I12", "ACK"), "MSH-9 unsupported-message"},
		"unknown set":           {change(sampleReferral, "UNICODE UTF-8", "CNS 11643-1992"), "MSH-18 unknown-character-set"},
		"loose line":            {change(sampleReferral, "NTE|2", "and"), "MSH invalid-segment"},
		"update without name":   {change(change(sampleReferral, "I12^REF_I12", "I13"), "R-77^HARBOR^1.2.3.4^ISO", ""), "RF1-6 required"},
		"cancel without name":   {change(sampleCancel, "R-77", ""), "RF1-6 required"},
		"cancel without RF1":    {change(sampleCancel, "RF1|", "ZF1|"), "RF1 required"},
		"two RF1":               {sampleCancel + "\nRF1||||||X", "RF1[2] several-orders"},
		"two patients":          {sampleReferral + "\nPID|2||M-1^^^HARBOR^MR", "PID[2] several-patients"},
		"no patient":            {change(sampleReferral, "PID|1|", "ZPI|1|"), "PID required"},
		"no patient identifier": {change(sampleReferral, "M-100", ""), "PID-3 required, PID-3.1 required"},
		"bare value":            {change(sampleReferral, "HARBOR&2.16.840.1.113883.3.1&ISO", ""), "PID-3 required"},
		"social security alone": {change(sampleMerge, "M-99^^^HARBOR^MR", "123456789^^^USSSA^MR~1^^^^^USSSA~2^^^&2.16.840.1.113883.4.1&ISO"), "MRG-1 required"},
		"no OID":                {change(sampleReferral, "2.16.840.1.113883.3.1", "3.16"), "PID-3.4.2 invalid-value, PID-3 required"},
		"priority":              {change(sampleReferral, "A^ASAP", "Z^Z"), "RF1-2.1 unknown-value"},
		"month 13":              {change(sampleReferral, "19680417", "19681317"), "PID-7 invalid-date"},
		"diagnosis in June 31":  {change(sampleReferral, "|202503|", "|20250631|"), "DG1[2]-5 invalid-date"},
		"diagnosis of nothing":  {change(sampleReferral, "J44.9^COPD^I10^13645005^Chronic obstructive lung disease^SCT", ""), "DG1-3 required"},
		"diagnosis action":      {change(sampleReferral, "|||||||U", "|||||||Q"), "DG1[2]-21 unknown-value"},
		"result of nothing":     {change(sampleReferral, "44261-6^PHQ-9 total^LN", ""), "OBX-3 required"},
		"death":                 {change(sampleReferral, "|20261101|N|", "||maybe|"), "PID-30 unknown-value"},
		"long name":             {change(sampleReferral, "QUILL&van", long), "PID-5.1.1 too-long"},
		"long number":           {change(sampleReferral, "R-77", long), "RF1-6.1.1 too-long, RF1-6 required"},
		"control character":     {change(sampleReferral, "MAE", `M\X07\E`), "PID-5.3 control-character"},
		"bytes":                 {change(sampleReferral, "MAE", "M\xe9"), "PID-5 invalid-utf8, PID-5.3 invalid-utf8"},
		"escaped bytes":         {change(sampleReferral, "MAE", `\XE9\`), "PID-5.3 invalid-utf8"},
		"consent refused":       {sampleReferral + "\nCON|1||||||||||R", "CON-11 consent-denied"},
		"many diagnoses":        {sampleReferral + strings.Repeat("\nDG1|3||J44.9^^I10", mapping.ConditionsMax), "DG1[201] too-large"},
		"many notes":            {sampleReferral + strings.Repeat("\nNTE|3||again\nPV1|1", mapping.NotesMax), "NTE[49]-3 too-large, NTE[50]-3 too-large, NTE[51]-3 too-large, NTE[52]-3 too-large"},
		"long note":             {sampleReferral + strings.Repeat("\nNTE|3||"+strings.Repeat("x", 9000), 3), "NTE[5]-3 too-long"},
		"order without order":   {change(change(sampleOrder, "ORC|NW", "ZRC|NW"), "ORC|RE", "ZRC|RE"), "ORC required"},
		"order control":         {change(sampleOrder, "ORC|NW", "ORC|SC"), "ORC-1 unknown-value"},
		"no order control":      {change(sampleOrder, "ORC|NW", "ORC|"), "ORC-1 required"},
		"two orders":            {change(sampleOrder, "PV1|1|O\n", ""), "ORC[2] several-orders"},
		"order in progress":     {change(sampleRecall, "||CA|", "||IP|"), "ORC-1 unsupported-message"},
		"cancel of an order":    {change(change(sampleRecall, "O-5^HARBOR", ""), "O-6^HARBOR", ""), "ORC-2 required"},
		"too large":             {sampleReferral + "\nZZZ|" + strings.Repeat("x", mapping.InputBytesMax), "MSH too-large"},
		"every problem":         {change(change(change(sampleReferral, "A^ASAP", "Z"), "19680417", "19681317"), "|P|2", "|Q|2"), "MSH-11.1 unknown-value, RF1-2.1 unknown-value, PID-7 invalid-date"},
	} {
		got := decodeText(test.text)
		if got.Event != nil || brief(got.Issues) != test.want {
			t.Errorf("%s: event %v, issues %q, want %q", name, got.Event != nil, brief(got.Issues), test.want)
		}
	}
}

// What is refused is named as far as it could be read.
func TestRefusalsNameTheReferral(t *testing.T) {
	want := mapping.Identifier{System: "urn:oid:1.2.3.4", Value: "R-77", Type: "PLAC"}
	for name, text := range map[string]string{
		"referral":  change(sampleReferral, "19680417", "19681317"),
		"cancel":    change(sampleCancel, "|P|2", "|Q|2"),
		"too large": sampleReferral + "\nZZZ|" + strings.Repeat("x", mapping.InputBytesMax),
	} {
		if got := decodeText(text); got.Target.Identifier != want {
			t.Errorf("%s: %v", name, got.Target)
		}
	}
}

func TestDecodeRemarks(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"no RF1":                {change(sampleReferral, "RF1|", "ZF1|"), "RF1 required"},
		"no referral number":    {change(sampleReferral, "R-77", ""), "RF1-6 required"},
		"no referrer":           {change(sampleReferral, "PRD|RP", "PRD|CP"), "PRD required"},
		"no diagnosis":          {change(change(sampleReferral, "DG1|1", "ZG1|1"), "DG1|2", "ZG1|2"), "DG1 required"},
		"diagnosis type":        {change(sampleReferral, "|F\nDG1", "|Q\nDG1"), "DG1-6.1 unknown-value"},
		"sex":                   {change(sampleReferral, "|F|||1 Elm", "|Q|||1 Elm"), "PID-8.1 unknown-value"},
		"language":              {change(sampleReferral, "|SPA|", "|ESP|"), "PID-15.1 unknown-value"},
		"identifier of nothing": {change(sampleReferral, "123-45-6789", ""), "PID-3[2].1 required"},
		"document":              {sampleReferral + "\nOBX|5|ED|1^X||^IM^JPEG^Base64^VGh*", "OBX[5]-5.5 invalid-value"},
		"result of a person":    {sampleReferral + "\nOBX|5|XCN|1^X||7^Y", "OBX[5]-2 not-read"},
		"no number":             {change(sampleReferral, "|14|", "|about 14|"), "OBX-5 invalid-value"},
		"infinite":              {change(sampleReferral, "|14|", "|Inf|"), "OBX-5 invalid-value"},
		"hexadecimal":           {change(sampleReferral, "|14|", "|0x1p4|"), "OBX-5 invalid-value"},
		"range":                 {change(sampleReferral, "NM|44261-6^PHQ-9 total^LN||14", "SN|44261-6^PHQ-9 total^LN||^10^-^14"), "OBX-5 invalid-value"},
		"less than":             {change(sampleReferral, "NM|44261-6^PHQ-9 total^LN||14", "SN|44261-6^PHQ-9 total^LN||<^14"), "OBX-5 invalid-value"},
		"consent pending":       {sampleReferral + "\nCON|1||||||||||P", "CON-11 consent-doubtful"},
		"consent ended":         {sampleReferral + "\nCON|1||||||||||A||||20261101", "CON-15 consent-doubtful"},
		"refusal ended":         {sampleReferral + "\nCON|1||||||||||R||||20261101", "CON-15 consent-doubtful"},
		"consent unknown":       {sampleReferral + "\nCON|1||||||||||Q", "CON-11 unknown-value"},
		"consent":               {sampleReferral + "\nCON|1||||||||||A||||2026", ""},
		"expired authorization": {sampleReferral + "\nAUT|||||202610|N-1", "AUT-5 authorization-expired"},
		"authorization":         {sampleReferral + "\nAUT|||||202611|N-1", ""},
		"inpatient":             {change(sampleReferral, "PV1|1|O", "PV1|1|I"), "PV1-2 inpatient"},
		"no orderer":            {change(change(sampleOrder, "1234567893^REYES^TOMAS^^^^^^^^^^NPI", ""), "99^NOBODY", ""), "ORC-12 required"},
	} {
		got := decodeText(test.text)
		if got.Event == nil || brief(got.Issues) != test.want {
			t.Errorf("%s: event %v, issues %q, want %q", name, got.Event != nil, brief(got.Issues), test.want)
		}
	}
}

// Variants of single values, by what the referral then holds.
func TestDecodeValues(t *testing.T) {
	type referral = mapping.Referral
	for name, test := range map[string]struct {
		text string
		ok   func(*referral) bool
	}{
		"null clears":         {change(sampleReferral, "19680417", `""`), func(r *referral) bool { return r.Patient.BirthDate == "" }},
		"birth with a time":   {change(sampleReferral, "19680417", "196804172350-0500"), func(r *referral) bool { return r.Patient.BirthDate == "1968-04-17" }},
		"local order":         {change(sampleReferral, "^1.2.3.4^ISO", ""), func(r *referral) bool { return r.Identifier.System == "HARBOR" }},
		"local with a colon":  {change(sampleReferral, "^HARBOR^1.2.3.4^ISO", "^https://x"), func(r *referral) bool { return r.Identifier.System == "https%3A//x" }},
		"URI":                 {change(sampleReferral, "1.2.3.4^ISO", "https://ids.example/o^URI"), func(r *referral) bool { return r.Identifier.System == "https://ids.example/o" }},
		"UUID":                {change(sampleReferral, "1.2.3.4^ISO", "0F-AB^UUID"), func(r *referral) bool { return r.Identifier.System == "urn:uuid:0f-ab" }},
		"DNS is local":        {change(sampleReferral, "HARBOR^1.2.3.4^ISO", "^ehr.example^DNS"), func(r *referral) bool { return r.Identifier.System == "ehr.example" }},
		"untyped is local":    {change(sampleReferral, "HARBOR^1.2.3.4^ISO", "HARBOR^1.2.3.4"), func(r *referral) bool { return r.Identifier.System == "HARBOR" }},
		"first legal name":    {change(sampleReferral, "QUILL&van^ADA^MAE^^^^L", "NICK^^^^^^N~TRUE^A^^^^^L"), func(r *referral) bool { return r.Patient.Name.Family == "TRUE" }},
		"maiden name at last": {change(sampleReferral, "QUILL&van^ADA^MAE^^^^L~", ""), func(r *referral) bool { return r.Patient.Name.Family == "OLD" }},
		"bad address":         {change(sampleReferral, "USA^H", "USA^BA"), func(r *referral) bool { return r.Patient.Address.City == "" }},
		"temporary address":   {change(sampleReferral, "USA^H", "USA^H~2 Gulf Rd^^AUSTIN^TX^78701^USA^C^^^^^^20261001^20270601"), func(r *referral) bool { return r.Patient.Address.State == "TX" }},
		"temporary no more":   {change(sampleReferral, "USA^H", "USA^H~2 Gulf Rd^^AUSTIN^TX^78701^USA^C^^^^^^20251001^20260601"), func(r *referral) bool { return r.Patient.Address.State == "MA" }},
		"temporary to come":   {change(sampleReferral, "USA^H", "USA^H~2 Gulf Rd^^AUSTIN^TX^78701^USA^C^^^^^20270101&20270601"), func(r *referral) bool { return r.Patient.Address.State == "MA" }},
		"place of birth":      {change(sampleReferral, "USA^H", "USA^BDL"), func(r *referral) bool { return r.Patient.Address.State == "" }},
		"language by name":    {change(sampleReferral, "|SPA|", "|SP^Spanish^HL70296|"), func(r *referral) bool { return r.Patient.Languages[0] == "es" }},
		"language unknown":    {change(sampleReferral, "|SPA|", "|ESP|"), func(r *referral) bool { return r.Patient.Languages[0] == "ESP" }},
		"no fax":              {change(sampleReferral, "^PRN^CP^", "^PRN^FX^"), func(r *referral) bool { return r.Patient.Phone == "" }},
		"old phone":           {change(sampleReferral, "^PRN^CP^^1^413^5550142", "(413)555-0142"), func(r *referral) bool { return r.Patient.Phone == "(413)555-0142" }},
		"region of language":  {change(sampleReferral, "|SPA|", "|es-MX^Spanish^BCP47|"), func(r *referral) bool { return r.Patient.Languages[0] == "es-MX" }},
		"other sex":           {change(sampleReferral, "|F|||1 Elm", "|a|||1 Elm"), func(r *referral) bool { return r.Patient.Gender == "other" }},
		"deleted diagnosis":   {change(sampleReferral, "|||||||U", "|||||||D"), func(r *referral) bool { return r.Conditions[1].VerificationStatus == "entered-in-error" }},
		"diagnosis in words":  {change(sampleReferral, "F32.1^Depression^I10", ""), func(r *referral) bool { return r.Conditions[1].Codes == nil && r.Conditions[1].Text == "Low mood" }},
		"local code":          {change(sampleReferral, "F32.1^Depression^I10", "DEP^^HARBOR"), func(r *referral) bool { return r.Conditions[1].Codes[0] == mapping.Code{System: "HARBOR", Code: "DEP"} }},
		"withdrawn result":    {change(sampleReferral, "{score}|||||F", "{score}|||||W"), func(r *referral) bool { return len(r.Observations) == 1 && len(r.Notes) == 4 }},
		"structured number":   {change(sampleReferral, "NM|44261-6^PHQ-9 total^LN||14", "SN|44261-6^PHQ-9 total^LN||=^14"), func(r *referral) bool { return *r.Observations[0].Value == 14 }},
		"less than is a note": {change(sampleReferral, "NM|44261-6^PHQ-9 total^LN||14", "SN|44261-6^PHQ-9 total^LN||<^14"), func(r *referral) bool { return len(r.Observations) == 1 && r.Notes[2] == "PHQ-9 total: <^14" }},
		"two answers":         {change(sampleReferral, "LA6568-5^Not at all^LN", "LA1^^LN~LA2^^LN"), func(r *referral) bool { return len(r.Observations) == 3 && r.Observations[2].Answer.Code == "LA2" }},
		"LOINC preferred":     {change(sampleReferral, "44261-6^PHQ-9 total^LN", "77^own^L^44261-6^PHQ-9 total^LN"), func(r *referral) bool { return r.Observations[0].Code.Code == "44261-6" }},
		"unescaped note":      {change(sampleReferral, "Prefers mornings", "R & D^x"), func(r *referral) bool { return strings.HasPrefix(r.Notes[3], "R & D^x\n") }},
		"notes apart":         {change(sampleReferral, "NTE|2", "PV1|1\nNTE|2"), func(r *referral) bool { return len(r.Notes) == 5 }},
		"note of repetitions": {change(sampleReferral, "Prefers mornings", "one~two"), func(r *referral) bool { return r.Notes[3] == "one\ntwo\nbut not Mondays" }},
		"primary care":        {change(sampleReferral, "PRD|RP", "PRD|XX~PP"), func(r *referral) bool { return r.Requester.Practitioner.Family == "REYES" }},
		"limited consent":     {sampleReferral + "\nCON|1||||||||No names^x||L", func(r *referral) bool { return r.Notes[3] == "Consent limited: No names^x" }},
		"authorization":       {sampleReferral + "\nAUT|||||20270101|N-1^X|||8", func(r *referral) bool { return r.Notes[3] == "Authorization N-1 to 2027-01-01, treatments: 8" }},
		"authorizing plan":    {change(sampleReferral, "IN1|1|MEDICARE^Medicare|CMS-1", "AUT|HMO-1|||20260101"), func(r *referral) bool { return len(r.Payers) == 1 && r.Payers[0] == "HMO-1" }},
		"insured plan":        {sampleReferral + "\nAUT|HMO-1", func(r *referral) bool { return len(r.Payers) == 1 && r.Payers[0] == "MEDICARE" }},
		"allergy":             {sampleReferral + "\nAL1|1|DA|^Latex^L|SV^Severe|Rash", func(r *referral) bool { return r.Notes[3] == "Allergy: Latex, Severe, Rash" }},
		"visit's referrer":    {change(change(sampleReferral, "PRD|RP", "PRD|CP"), "PV1|1|O", "PV1|1|O||||||0310^REFER^LINDA"), func(r *referral) bool { return r.Requester.Practitioner.Family == "REFER" }},
		"guardian": {sampleReferral + "\nNK1|2|A^B|MTH\nNK1|3|WARD^EVA|GRD^Guardian||||CP^^PH~^PRN^PH^^1^413^5550101", func(r *referral) bool {
			return r.Patient.Guardian.Family == "WARD" && r.Patient.Guardian.Given[0] == "EVA"
		}},
		"parent of an adult": {sampleReferral + "\nNK1|2|A^B|MTH", func(r *referral) bool { return r.Patient.Guardian.Family == "" }},
		"parent of a minor":  {change(sampleReferral, "19680417", "20081110") + "\nNK1|2|A^B|FTH||^PRN^PH^^1^413^5550102", func(r *referral) bool { return r.Patient.Guardian.Phone == "1-413-5550102" }},
		"of age today":       {change(sampleReferral, "19680417", "20081109") + "\nNK1|2|A^B|FTH", func(r *referral) bool { return r.Patient.Guardian.Family == "" }},
		"document": {sampleReferral + "\nOBX|5|ED|1^Letter||^AP^PDF^Base64^VGhp~^TEXT^Plain^A^Thi", func(r *referral) bool {
			d := r.Documents
			return len(d) == 2 && d[0] == mapping.Document{Title: "Letter", Media: "application/pdf", Link: "urn:convene:input:meadow:1#OBX[5]-5", Hash: sumOfThi} &&
				d[1].Media == "text/plain" && d[1].Link == "urn:convene:input:meadow:1#OBX[5]-5[2]" && d[1].Hash == sumOfThi
		}},
		"document elsewhere": {sampleReferral + "\nOBX|5|RP|1^Scan||https://x.example/7^^IM^TIFF", func(r *referral) bool {
			return r.Documents[0] == mapping.Document{Title: "Scan", Media: "image/tiff", Link: "https://x.example/7"}
		}},
		"one of a batch": {"FHS|^~\\&\nBHS|^~\\&\n" + sampleReferral + "\nBTS|1\nFTS|1", func(r *referral) bool { return r.Identifier.Value == "R-77" }},
	} {
		got := decodeText(test.text)
		if got.Event == nil || !test.ok(got.Event.Referral) {
			t.Errorf("%s: %v %+v", name, got.Issues, got.Event)
		}
	}
}

const sumOfThi = "sha256-d2ae33e4249075afca3306c0e8750065199b38450f53a22ea387e82e5bb5930b"

// Times without an offset wait for the zone of their source; what they are for is left to the catalog.
func TestDecodeLeavesZonesToTheCatalog(t *testing.T) {
	text := change(change(change(sampleReferral, "20261109083000-0500", "20261109083000"), "20261108120000-0500", "202611081200"), "|202503|", "|2025030110|")
	e := decodeText(change(text, "|P|2", "|T|2")).Event
	if e == nil || e.Processing != "T" || len(e.Local) != 3 || e.Referral.AuthoredOn != "2026-11-08" || e.Referral.Conditions[1].Onset != "2025-03-01" {
		t.Fatalf("%+v", e)
	}
	zone := time.FixedZone("", -6*3600)
	for range 2 { // applying it again changes nothing
		e.InZone(zone)
		if e.Sent.Format(time.RFC3339) != "2026-11-09T14:30:00Z" || e.Referral.AuthoredOn != "2026-11-08T12:00:00-06:00" || e.Referral.Conditions[1].Onset != "2025-03-01T10:00:00-06:00" {
			t.Errorf("%v %+v", e.Sent, e.Referral)
		}
	}
}

func TestDocument(t *testing.T) {
	m := parsed(sampleReferral + "\nOBX|5|ED|1^Letter||^AP^PDF^Base64^VGhp~^AP^PDF^Hex^5468 69")
	for place, want := range map[string]string{"OBX[5]-5": "Thi", "OBX[5]-5[2]": "Thi"} {
		if got, err := Document(m, place); string(got) != want || err != nil {
			t.Errorf("%s: %q, %v", place, got, err)
		}
	}
	for _, place := range []string{"", "OBX-5", "OBX[5]-5[3]", "OBX[5]-3", "PID-5"} {
		if _, err := Document(m, place); !errors.Is(err, ErrNoDocument) {
			t.Errorf("%s: %v", place, err)
		}
	}
}

func TestClaims(t *testing.T) {
	for name, test := range map[string]struct {
		media, data string
		want        bool
	}{
		"by type":       {"x-application/hl7-v2+er7; charset=utf-8", "{}", true},
		"by text":       {"", "MSH|^~\\&", true},
		"against type":  {"application/json", "MSH|^~\\&", true},
		"mark":          {"", "\uFEFFMSH|^~\\&", true},
		"framed batch":  {"text/plain", "\vFHS|^~\\&", true},
		"own separator": {"", "BHS*", true},
		"word":          {"", "MSHALL", false},
		"JSON":          {"", `{"MSH|":1}`, false},
		"short":         {"", "MSH", false},
	} {
		in := mapping.Input{Header: map[string]string{"content-type": test.media}, Data: []byte(test.data)}
		if got := Claims(in); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// FuzzDecode: no panic; an input is either an event or refused with a reason; what is an event is one that the native
// decoder takes.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{sampleReferral + sampleContext, sampleCancel, sampleOrder, sampleRecall, sampleMerge, sampleUpdate} {
		f.Add([]byte(strings.ReplaceAll(text, "\n", "\r")))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := Decode(mapping.Input{Source: "harbor", Data: data})
		if got.Event == nil {
			if len(got.Issues) == 0 {
				t.Fatal("refused without a reason")
			}
			return
		}
		native, err := event.Encode(got.Event)
		if err != nil {
			t.Fatal(err)
		}
		if r := got.Event.Referral; r != nil && len(r.Conditions)+len(r.Goals) == 0 || len(native) > mapping.InputBytesMax {
			return // the native event asks for a condition or goal
		}
		if again := event.Decode(mapping.Input{Source: "harbor", Data: native}); again.Event == nil {
			t.Fatalf("the native decoder refuses it: %v\n%s", again.Issues, native)
		}
		m, _ := Parse(data)
		Explain(m)
	})
}
