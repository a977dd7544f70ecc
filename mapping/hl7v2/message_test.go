package hl7v2

import (
	"bytes"
	"strings"
	"testing"

	"github.com/convene-health/convene/mapping"
)

func TestEncodeGivesBackWhatWasParsed(t *testing.T) {
	for name, text := range map[string]string{
		"carriage returns":      "MSH|^~\\&|A\rPID|1||7^^^X\r",
		"line feeds":            "MSH|^~\\&|A\nPID|1||7^^^X\n",
		"both":                  "MSH|^~\\&|A\r\nPID|1\r\n",
		"mixed":                 "MSH|^~\\&|A\rPID|1\nNTE|1\r\n",
		"no last end":           "MSH|^~\\&|A\rPID|1",
		"byte order mark":       "\uFEFFMSH|^~\\&|A\r",
		"MLLP frame":            "\vMSH|^~\\&|A\r\x1c\r",
		"both before":           "\uFEFF\vMSH|^~\\&|A\r\x1c",
		"own delimiters":        "MSH*%$!@*A*B%C\rPID*1**7%%%X\r",
		"Z and unknown":         "MSH|^~\\&|A\rZPI|1|x^y\rXX1|2||\r",
		"empty lines":           "MSH|^~\\&|A\r\r\rPID|1\r  \r",
		"trailing separators":   "MSH|^~\\&|A||||\rPID|||||\rNTE\r",
		"batch":                 "FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|A\rPID|1\rBTS|1\rFTS|1\r",
		"header of nothing":     "MSH|\r",
		"two headers, two ways": "FHS|^~\\&|a^b\rMSH#*~\\&#A\rPID#1##7*x\rBTS#1\r",
		"Latin-1":               "MSH|^~\\&|A\rPID|1||||M\xfcller\r",
	} {
		m, _ := Parse([]byte(text))
		if got := string(m.Encode()); got != text {
			t.Errorf("%s: %q, want %q", name, got, text)
		}
	}
}

func TestParseReportsTexts(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty":               {"", "MSH not-hl7"},
		"blank":               {"\r\n \r", "MSH not-hl7"},
		"JSON":                {`{"a":1}`, "MSH not-hl7"},
		"other segment first": {"PID|1\rMSH|^~\\&|A\r", "MSH not-hl7"},
		"header without text": {"MSH\r", "MSH not-hl7"},
		"letter to separate":  {"MSHA^~\\&AB\r", "MSH not-hl7"},
		"no encoding":         {"MSH||A\r", "MSH-2 invalid-delimiters"},
		"same twice":          {"MSH|^^\\&|A\r", "MSH-2 invalid-delimiters"},
		"field separator too": {"MSH|^|A\rPID|1\r", ""},
		"too many":            {"MSH|^~\\&#!|A\r", "MSH-2 invalid-delimiters"},
		"letter":              {"MSH|^~\\x|A\r", "MSH-2 invalid-delimiters"},
		"loose text":          {"MSH|^~\\&|A\rand more\r", "MSH invalid-segment"},
		"lower case":          {"MSH|^~\\&|A\rpid|1\r", "MSH invalid-segment"},
		"bare header again":   {"MSH|^~\\&|A\rMSH\r", "MSH invalid-segment"},
		"charset":             {"MSH|^~\\&|A|||||||||||||||ISO IR159\r", "MSH-18 unknown-character-set"},
		"charset by mark":     {"\uFEFFMSH|^~\\&|A|||||||||||||||ISO IR159\r", ""},
		"many segments":       {"MSH|^~\\&|A\r" + strings.Repeat("NTE|1\r", SegmentsMax), "MSH too-large"},
		"as many as may be":   {"MSH|^~\\&|A\r" + strings.Repeat("NTE|1\r", SegmentsMax-1), ""},
		"many fields":         {"MSH|^~\\&|A\rPID" + strings.Repeat("|", FieldsMax+1), "PID too-large"},
		"many header fields":  {"MSH|^~\\&" + strings.Repeat("|", FieldsMax+1), "MSH too-large"},
	} {
		_, issues := Parse([]byte(test.text))
		if got := brief(issues); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// brief names the issues by place and code.
func brief(issues mapping.Issues) string {
	var all []string
	for _, i := range issues {
		all = append(all, i.Path+" "+i.Code)
	}
	return strings.Join(all, ", ")
}

func TestValues(t *testing.T) {
	m, issues := Parse([]byte("MSH|^~\\&|A^B|C\rDG1|1\rDG1|a^b&c^~d~~\"\"|solo||x & y^z\r"))
	if issues != nil {
		t.Fatal(issues)
	}
	dg1 := &m.Segments[2]
	for _, test := range []struct {
		v              Value
		text, position string
	}{
		{dg1.Field(1).Repetition(1).Component(1), "a", "DG1[2]-1.1"},
		{dg1.Field(1).Component(2).Sub(1), "b", "DG1[2]-1.2.1"},
		{dg1.Field(1).Component(2).Sub(2), "c", "DG1[2]-1.2.2"},
		{dg1.Field(1).Component(2).Sub(3), "", "DG1[2]-1.2.3"},
		{dg1.Field(1).Component(2), "b&c", "DG1[2]-1.2"},
		{dg1.Field(1).Repetition(2), "d", "DG1[2]-1[2]"},
		{dg1.Field(1).Repetition(2).Component(1), "d", "DG1[2]-1[2].1"},
		{dg1.Field(1).Repetition(3), "", "DG1[2]-1[3]"},
		{dg1.Field(1).Repetition(4), "", "DG1[2]-1[4]"}, // a null
		{dg1.Field(1).Repetition(5), "", "DG1[2]-1[5]"},
		{dg1.Field(2).Component(1).Sub(1), "solo", "DG1[2]-2.1.1"},
		{dg1.Field(2).Component(2), "", "DG1[2]-2.2"},
		{dg1.Field(4), "x & y^z", "DG1[2]-4"},
		{dg1.Field(9), "", "DG1[2]-9"},
		{m.First("MSH").Field(1), "|", "MSH-1"},
		{m.First("MSH").Field(2).Component(1), "^~\\&", "MSH-2.1"},
		{m.First("MSH").Field(2).Component(2), "", "MSH-2.2"},
		{m.First("MSH").Field(3).Component(2), "B", "MSH-3.2"},
		{m.First("ZZZ").Field(3).Repetition(2).Component(1).Sub(1), "", "MSH"},
	} {
		if got := test.v.Text(); got != test.text || test.v.Position() != test.position {
			t.Errorf("%s: %q, want %s: %q", test.v.Position(), got, test.position, test.text)
		}
	}
	if v := dg1.Field(1).Repetition(4); !v.IsNull() || v.Empty() {
		t.Error("a null is neither empty nor a value")
	}
	if n, c := dg1.Field(1).Repetitions(), dg1.Field(1).Components(); n != 4 || c != 3 {
		t.Errorf("%d repetitions, %d components", n, c)
	}
}

func TestEscapes(t *testing.T) {
	for in, want := range map[string]string{
		`a\F\b\S\c\T\d\R\e\E\f`:  `a|b^c&d~e\f`,
		`\X48C3A9\`:              "H\u00e9",
		`one\.br\two\.sp2\three`: "one\ntwo\n\nthree",
		`\H\bold\N\ not`:         "bold not",
		`\.in+4\indented\.sk3\x`: "indented   x",
		`C:\dir`:                 `C:\dir`, // never closed
		`a\b\c`:                  `a\b\c`,  // not known
		`\Q\F\`:                  `\Q|`,    // the second backslash may begin an escape
		`\Zabc\\Cxxyy\`:          `\Zabc\\Cxxyy\`,
		`\X4\`:                   `\X4\`,     // half a byte
		`\.br999\`:               `\.br999\`, // more than anyone means
		`\\`:                     `\\`,
	} {
		m, _ := Parse([]byte("MSH|^~\\&|A\rNTE|||" + in + "\r"))
		if got := m.First("NTE").Field(3).Text(); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestEscapesUseTheMessagesOwnDelimiters(t *testing.T) {
	m, issues := Parse([]byte("MSH*%$!@*A\rNTE***a!F!b!S!c!R!d!T!e!E!\r"))
	if got := m.First("NTE").Field(3).Text(); got != "a*b%c$d@e!" || issues != nil {
		t.Errorf("%q, %v", got, issues)
	}
	m, issues = Parse([]byte("MSH|^|A\rNTE|||a~b\\T\\&c^d\r")) // has no more than a component separator
	if got := m.First("NTE").Field(3); got.Text() != `a~b\T\&c^d` || got.Component(2).Text() != "d" || issues != nil {
		t.Errorf("%q, %v", got.Text(), issues)
	}
}

func TestCharacterSets(t *testing.T) {
	for name, test := range map[string]struct {
		set, raw, want string
	}{
		"UTF-8":            {"UNICODE UTF-8", "Zo\u00eb", "Zo\u00eb"},
		"none":             {"", "Zo\u00eb", "Zo\u00eb"},
		"Latin-1":          {"8859/1", "Zo\xeb", "Zo\u00eb"},
		"Latin-1, escaped": {"8859/1", `Zo\XEB\`, "Zo\u00eb"},
		"Latin-9":          {"8859/15~ISO IR87", "\xa4", "\u20ac"},
		"Cyrillic":         {"8859/5", "\xbf\xd5", "\u041f\u0435"},
		"Windows":          {"windows-1252", "\x93x\x94", "\u201cx\u201d"},
		"Big5":             {"BIG-5", "\xb3\x5c\xa5\x5c\xbb\x5c", "\u8a31\u529f\u84cb"}, // each ends in a backslash
		"GB 18030":         {"GB 18030-2000", "\xc0|", "\u7e9c"},
		"Korean":           {"KS X 1001", "\xb1\xe8", "\uae40"},
		"Japanese":         {"~ISO IR87", "\x1b$B;3ED\x1b(B", "\u5c71\u7530"},
	} {
		data := []byte("MSH|^~\\&|A|||||||||||||||" + test.set + "\rNTE|||" + test.raw + "\r")
		m, issues := Parse(data)
		if got := m.First("NTE").Field(3).Text(); got != test.want || issues != nil {
			t.Errorf("%s: %q %v, want %q", name, got, issues, test.want)
		}
		if got := m.Encode(); !bytes.Equal(got, data) {
			t.Errorf("%s: encoded %q, want %q", name, got, data)
		}
	}
}

func TestMoments(t *testing.T) {
	for in, want := range map[string]string{
		"2026": "2026", "202611": "2026-11", "20261109": "2026-11-09",
		"2026110914": "2026-11-09", "202611091430": "2026-11-09", "20261109143015": "2026-11-09", // no offset
		"2026110914+0100": "2026-11-09T14:00:00+01:00", "202611091430-0500": "2026-11-09T14:30:00-05:00",
		"20261109143015.1234+0000": "2026-11-09T14:30:15.1234Z", "202202291200+0000": "", "20240229": "2024-02-29",
		"202613": "", "20261301": "", "20261131": "", "00000000": "", "20261109+0100": "", "202611091460": "", "2026110": "",
		"20261109143015.": "", "20261109143015.12345": "", "202611091430.5": "", "202611091430+1401": "", "202611091430+1360": "",
		"202611091430+01:00": "", "2026-11-09": "", "next week": "", "2026110924": "", "": "",
	} {
		got := ""
		if m, ok := parseMoment(in); ok {
			got = m.dateTime()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// FuzzParse: whatever comes in, no panic, and encoding gives back what was parsed; of a sound message the values of each
// level, joined, are the value above.
func FuzzParse(f *testing.F) {
	f.Add([]byte("\uFEFFMSH|^~\\&|A|B\r\nPID|1||7^5^M11^&1.2.3&ISO~8\r\nZZ1|\\F\\|\\X41\\\r\nNTE"))
	f.Add([]byte("\vFHS*%$!@*A\rMSH|^~\\&#|x\rOBX|1|ED|^^|\"\"\r\x1c\r"))
	f.Add([]byte("MSH|\rMSH\rFHSA\r\n\n\rBHS|^^^^^^^"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, issues := Parse(data)
		if strings.Contains(brief(issues), "MSH too-large") {
			return
		}
		if got := m.Encode(); !bytes.Equal(got, data) {
			t.Fatalf("%q, want %q", got, data)
		}
		for i := range m.Segments {
			s := &m.Segments[i]
			for n := 1; n < len(s.Fields) && s.Name != "" && issues == nil; n++ {
				if got := rejoined(s.Field(n)); got != s.Fields[n] {
					t.Fatalf("%s: %q, want %q", s.Field(n).Position(), got, s.Fields[n])
				}
				s.Field(n).Text()
			}
		}
	})
}

// rejoined takes a field apart and puts it together again.
func rejoined(v Value) string {
	c := v.segment.c
	var b []byte
	for r := 1; r <= v.Repetitions(); r++ {
		if r > 1 {
			b = append(b, c.repetition)
		}
		x := v.Repetition(r)
		for n := 1; n <= x.Components(); n++ {
			if n > 1 {
				b = append(b, c.component)
			}
			b = append(b, x.Component(n).Raw...)
		}
	}
	return string(b)
}
