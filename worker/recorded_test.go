package worker

import (
	"bytes"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
)

func collect(t *testing.T, lines iter.Seq2[Recorded, error]) []Recorded {
	t.Helper()
	var all []Recorded
	for r, err := range lines {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func TestRecordedComesBackByteForByte(t *testing.T) {
	at := time.Date(2026, 11, 9, 8, 0, 0, 123456789, time.UTC)
	for _, data := range []string{"", "{}", `{"a":"<&>` + "\u2028" + `"}`, `{"a": 1}`, `{"a":1}` + "\n", `"text"`, "[1,2]", "null", "MSH|^~\\&|\r", "\xff\xfe",
		`{"a":`, `{"a":"\u003c"}`, "{\"a\":\"\xff\"}", `{"n":1e400}`} {
		want := RecordInput(mapping.Input{Network: "north", Source: "clinic", Sequence: 7, Header: map[string]string{"ce-id": "1"}, Data: []byte(data)}, at)
		var file bytes.Buffer
		if err := WriteRecorded(&file, want); err != nil {
			t.Fatal(err)
		}
		got := collect(t, ReadRecorded(&file))
		if len(got) != 1 || string(got[0].Data) != data || !got[0].Time.Equal(at) || got[0].Subject != want.Subject || got[0].Sequence != 7 {
			t.Errorf("%q came back as %+v", data, got)
		}
		if in := got[0].Input(); in.Network != "north" || in.Source != "clinic" || in.Header["ce-id"] != "1" {
			t.Errorf("input %+v", in)
		}
	}
	catalog := RecordCatalog("north", []byte("network: north\nzone: America/New_York\n"))
	var file bytes.Buffer
	if err := WriteRecorded(&file, catalog); err != nil {
		t.Fatal(err)
	}
	if got := collect(t, ReadRecorded(&file)); len(got) != 1 || !reflect.DeepEqual(got[0], catalog) {
		t.Errorf("catalog came back as %+v", got)
	}
}

func TestRecordedReadsPayloadsWrittenByHand(t *testing.T) {
	got := collect(t, ReadRecorded(strings.NewReader(`{"subject":"referrals.n.s","data": {"a" : 1} }`+"\n\n"+`{"subject":"referrals.n.s","data":"MSH|\r"}`)))
	if len(got) != 2 || string(got[0].Data) != `{"a" : 1}` || string(got[1].Data) != "MSH|\r" {
		t.Errorf("read %+v", got)
	}
}

func TestRecordedSaysWhichLineIsWrong(t *testing.T) {
	for line, says := range map[string]string{
		`not json`: "no recorded line",
		`{"subject":"referrals.n.s","data":"x","dat":1}`:               "dat",
		`{"subject":"referrals.n.s"}`:                                  "data is missing",
		`{"subject":"referrals.n.s","data":"x","data_base64":"eA=="}`:  "exclude",
		`{"subject":"orders.n.s","data":"x"}`:                          "referrals.<network>.<source>",
		`{"subject":"referrals.n..s","data":"x"}`:                      "referrals.<network>.<source>",
		`{"network":"n","catalog":"sha256-00","data":"x"}`:             CatalogHash([]byte("x")),
		`{"subject":"referrals.n.s","data":"x","time":"yesterday"}`:    "yesterday",
		`{"subject":"referrals.n.s","data":"x","headers":{"a":["b"]}}`: "headers",
	} {
		var last error
		for _, err := range ReadRecorded(strings.NewReader(`{"subject":"referrals.n.s","data":""}` + "\n" + line + "\n")) {
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), "line 2") || !strings.Contains(last.Error(), says) {
			t.Errorf("%s: %v, want %q", line, last, says)
		}
	}
}

func TestEventFiles(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if got := collect(t, ReadEventFile(write("one.json", "{\n}\n"))); len(got) != 1 || string(got[0].Data) != "{\n}" || got[0].Subject != "" {
		t.Errorf("json: %+v", got)
	}
	batch := "FHS|^~\\&|x\nBHS|^~\\&|x\r\n\x0bMSH|^~\\&|A\nPID|1\n\x1c\r\nMSH|^~\\&|B\r\nPID|\xe9\r\nBTS|2\nFTS|1\n"
	got := collect(t, ReadEventFile(write("two.hl7", batch)))
	if len(got) != 2 || string(got[0].Data) != "MSH|^~\\&|A\rPID|1\r" || string(got[1].Data) != "MSH|^~\\&|B\rPID|\xe9\r" {
		t.Errorf("hl7: %+v", got)
	}
	if got[0].Input().Header["content-type"] != "x-application/hl7-v2+er7" {
		t.Errorf("hl7: headers %v", got[0].Headers)
	}
	for _, path := range []string{filepath.Join(folder, "none.json"), filepath.Join(folder, "none.ndjson"), write("x.txt", "")} {
		for _, err := range ReadEventFile(path) {
			if err == nil {
				t.Errorf("%s was read", path)
			}
		}
	}
}

func TestShiftMovesTheWeekAndNothingElse(t *testing.T) {
	catalog := RecordCatalog("north", []byte("holidays: [2026-11-26]\nstart: 2026-11-10\n"))
	lines := []Recorded{
		catalog,
		{Subject: "referrals.north._admin", Time: time.Date(2026, 11, 9, 9, 0, 0, 0, time.UTC), Data: []byte(`{"catalog":"` + catalog.Catalog + `"}`)},
		{Subject: "referrals.north.clinic", Time: time.Date(2026, 11, 9, 10, 0, 0, 0, time.UTC), Headers: map[string]string{"ce-time": "2026-11-09T10:00:00Z"},
			Data: []byte(`{"authored":"2026-11-09T05:00:00-05:00","birthDate":"1980-11-09","id":"REF-2026-11-09","n":2026-11-09}`)},
		{Subject: "referrals.north.clinic", Time: time.Date(2026, 11, 10, 10, 0, 0, 0, time.UTC), Data: []byte("MSH|^~\\&|20261110101500-0500|x\rPID|19801109|A20261110\r")},
	}
	now := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC) // 8:00 is before 9:00: the day before
	given := func(yield func(Recorded, error) bool) {
		for _, l := range lines {
			if !yield(l, nil) {
				return
			}
		}
	}
	got := collect(t, ShiftRecorded(given, now))
	hash := CatalogHash([]byte("holidays: [2027-03-17]\nstart: 2027-03-01\n"))
	want := []string{
		"holidays: [2027-03-17]\nstart: 2027-03-01\n",
		`{"catalog":"` + hash + `"}`,
		`{"authored":"2027-02-28T05:00:00-05:00","birthDate":"1980-11-09","id":"REF-2026-11-09","n":2027-02-28}`,
		"MSH|^~\\&|20270301101500-0500|x\rPID|19801109|A20261110\r",
	}
	for i := range want {
		if string(got[i].Data) != want[i] {
			t.Errorf("line %d: %s\nwant %s", i, got[i].Data, want[i])
		}
	}
	if got[0].Catalog != hash || !got[1].Time.Equal(time.Date(2027, 2, 28, 9, 0, 0, 0, time.UTC)) || got[2].Headers["ce-time"] != "2027-02-28T10:00:00Z" {
		t.Errorf("catalog %s, time %v, headers %v", got[0].Catalog, got[1].Time, got[2].Headers)
	}
	if lines[2].Headers["ce-time"] != "2026-11-09T10:00:00Z" || string(lines[0].Data[:20]) != "holidays: [2026-11-2" {
		t.Error("the given lines were changed")
	}
}
