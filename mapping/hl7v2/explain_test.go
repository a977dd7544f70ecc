package hl7v2

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What Explain says of each field of the samples is what Decode does: what it calls ignored changes nothing when it is
// replaced, and what it says is read changes the event or the issues in one sample of each kind at least.
func TestExplainSaysWhatDecodeReads(t *testing.T) {
	guardian := func(phones string) string { return "\nNK1|2|QUILL^EVA|GRD||" + phones }
	third := strings.Repeat("|", 34) + "3"
	phones := "1|2" + third
	noReferrer := func(text string) string { return change(text, "PV1|1|O", "PV1|1|O||||||7^WHO^DOC") }
	seen := map[string]kind{}
	for name, text := range map[string]string{
		"referral": sampleReferral + sampleContext, "cancel": sampleCancel, "query": change(sampleCancel, "I14^REF_I14", "I15"),
		"update": sampleUpdate + guardian(phones), "update, second phone": sampleUpdate + guardian("|2"+third), "update, third phone": sampleUpdate + guardian("|"+third),
		"update of the living": change(sampleUpdate, "|20261101|N|", "||N|"), "update, PID-40": change(sampleUpdate, "^PRN^PH^^1^413^5550142", ""),
		"guardian's phones": sampleReferral + guardian(phones), "second phone": sampleReferral + guardian("|2"), "third phone": sampleReferral + guardian("||"+phones[4:]),
		"plan of AUT":      change(sampleReferral, "IN1|1|MEDICARE^Medicare|CMS-1", "AUT|HMO-1"),
		"referrer of PV1":  noReferrer(change(sampleReferral, "PRD|RP", "PRD|CP")),
		"order in context": change(sampleOrder, "ORC|NW", sampleContext[1:]+guardian(phones)+"\nPV1|1|O\nORC|NW"), "order, phones": change(sampleOrder, "ORC|NW", guardian(phones)[1:]+"\nORC|NW"), "order, second phone": change(sampleOrder, "ORC|NW", guardian("|2")[1:]+"\nORC|NW"),
		"order, third phone": change(sampleOrder, "ORC|NW", guardian("|" + third)[1:]+"\nORC|NW"),
		"order, plan of AUT": change(sampleOrder, "IN1|1||CMS-1", "AUT|HMO-1"),
		"order of PV1":       change(change(change(sampleOrder, "ORC|NW", "PV1|1|O||||||7^WHO^DOC\nORC|NW"), "1234567893^REYES^TOMAS^^^^^^^^^^NPI", ""), "99^NOBODY", ""), "order": sampleOrder, "recall": sampleRecall, "merge": sampleMerge,
		"ancestry":            change(sampleReferral, "|F|||1 Elm", "|F||2028-9|1 Elm"),
		"ancestry, order":     change(sampleOrder, "|F|||1 Elm", "|F||2028-9|1 Elm"),
		"phone in PID-40":     change(sampleReferral, "^PRN^CP^^1^413^5550142", ""),
		"plan by company":     change(sampleReferral, "MEDICARE^Medicare", ""),
		"alive":               change(sampleReferral, "|20261101|N|", "||N|"),
		"priority in ORC":     change(sampleOrder, "||||||||U", ""),
		"number in OBR":       change(sampleOrder, "ORC|NW|O-5^HARBOR", "ORC|NW|"),
		"orderer in OBR":      change(sampleOrder, "1234567893^REYES^TOMAS^^^^^^^^^^NPI", ""),
		"order of the living": change(sampleOrder, "|20261101|N|", "||N|"),
		"order with consent":  change(change(sampleOrder, "NTE|", "CON|1||||||||||A\nNTE|"), "IN1|1|", "IN1|1|PLAN"),
		"recall of OBR":       change(sampleRecall, "O-5^HARBOR", ""),
	} {
		before := decodeText(text)
		m, issues := Parse([]byte(strings.ReplaceAll(text, "\n", "\r")))
		if before.Event == nil || issues != nil {
			t.Fatalf("%s: %v %v", name, before.Issues, issues)
		}
		of, _ := kindOf(m)
		for _, line := range Explain(m) {
			if line.Segment || notOfTheEvent[line.Position] {
				continue
			}
			for _, with := range []string{"", "19010203\\.br\\Q", "Y", "W", "R", "I", "20250101"} {
				if reflect.DeepEqual(before, decodeText(replaceField(m, line.Position, with))) {
					continue
				}
				if seen[fieldOf(line.Position)] |= of; line.Becomes == "" {
					t.Errorf("%s: %s %s is explained as ignored, but %q there changes the event", name, line.Position, line.Name, with)
				}
			}
		}
	}
	for field, read := range reads {
		for k := kind(1); k < refused && !notOfTheEvent[field]; k <<= 1 {
			if read.of&k != 0 && seen[field]&k == 0 {
				t.Errorf("%s is explained as %q, but in no sample of kind %d does it change anything", field, read.becomes, k)
			}
		}
	}
}

// notOfTheEvent: delimiters and character set say how to read, not what; MSH-15 and MSH-16 how to answer.
var notOfTheEvent = map[string]bool{"MSH-1": true, "MSH-2": true, "MSH-15": true, "MSH-16": true, "MSH-18": true}

func TestExplainSaysHowItIsAnswered(t *testing.T) {
	m, _ := Parse([]byte("MSH|^~\\&|||||||REF^I12|1|P|2.5.1|||AL|NE\r"))
	for _, line := range Explain(m) {
		if (line.Raw == "AL" || line.Raw == "NE") && !strings.Contains(line.Becomes, "enhanced mode") {
			t.Errorf("%s is explained as %q", line.Position, line.Becomes)
		}
	}
}

func TestExplain(t *testing.T) {
	m, _ := Parse([]byte("MSH|^~\\&|A|||||||REF^I12^REF_I12|1|P\rPID|1||7^^^X~8^^^Y||\rZZ1|q\rloose\r"))
	want := []Line{
		{Position: "MSH", Name: "Message Header", Segment: true},
		{Position: "MSH-1", Name: "Field Separator", Raw: "|", Components: 1, Becomes: reads["MSH-1"].becomes},
		{Position: "MSH-2", Name: "Encoding Characters", Raw: "^~\\&", Components: 1, Becomes: reads["MSH-2"].becomes},
		{Position: "MSH-3", Name: "Sending Application", Raw: "A", Components: 1},
		{Position: "MSH-10", Name: "Message Control ID", Raw: "REF^I12^REF_I12", Components: 3, Becomes: reads["MSH-10"].becomes},
		{Position: "MSH-11", Name: "Processing ID", Raw: "1", Components: 1, Becomes: reads["MSH-11"].becomes},
		{Position: "MSH-12", Name: "Version ID", Raw: "P", Components: 1},
		{Position: "PID", Name: "Patient Identification", Segment: true},
		{Position: "PID-1", Name: "Set ID", Raw: "1", Components: 1},
		{Position: "PID-3", Name: "Patient Identifier List", Raw: "7^^^X", Components: 4},
		{Position: "PID-3[2]", Name: "Patient Identifier List", Raw: "8^^^Y", Components: 4},
		{Position: "ZZ1", Segment: true},
		{Position: "ZZ1-1", Raw: "q", Components: 1},
		{Position: "line 4", Name: "no segment", Raw: "loose", Components: 1},
	}
	if diff := cmp.Diff(want, Explain(m)); diff != "" {
		t.Error(diff)
	}
}

// fieldOf is the field of a position without numbers of segment and repetition.
func fieldOf(position string) string {
	segment, field, _ := strings.Cut(position, "-")
	segment, _, _ = strings.Cut(segment, "[")
	field, _, _ = strings.Cut(field, "[")
	return segment + "-" + field
}

// replaceField writes the message with one repetition of a field replaced.
func replaceField(m *Message, position, with string) string {
	copied, _ := Parse(m.Encode())
	for i := range copied.Segments {
		s := &copied.Segments[i]
		for n := 1; n < len(s.Fields); n++ {
			f := s.Field(n)
			var all []string
			for r := 1; r <= f.Repetitions(); r++ {
				if v := f.Repetition(r); v.Position() == position {
					all = append(all, with)
				} else {
					all = append(all, v.Raw)
				}
			}
			if n > 2 || !isHeader(s.Name) {
				s.Fields[n] = strings.Join(all, "~")
			}
		}
	}
	return string(copied.Encode())
}
