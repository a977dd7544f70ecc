package worker

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
)

// TestRecordReplaysToTheSameBytes: what the worker published is what replay gives for its recording, floor and catalog
// changes included.
func TestRecordReplaysToTheSameBytes(t *testing.T) {
	l := newLedgerTest(t, 1)
	l.refer("J44.9", 1, 4)
	l.publish("clinic", []byte(`{"cut":`))
	l.catalog(3)
	l.decided(l.refer("J44.9", 5, 6))
	l.advance(20 * 24 * time.Hour)
	l.decided(l.refer("G89.4", 7, 9))
	l.stop()
	var recording bytes.Buffer
	if _, err := Record(t.Context(), l.admin, []string{"north"}, &recording, false); err != nil {
		t.Fatal(err)
	}
	replay, err := NewReplay(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line, err := range ReadRecorded(&recording) {
		if err != nil {
			t.Fatal(err)
		}
		messages, err := replay.Line(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			if !m.Decision {
				got = append(got, string(m.Data))
			}
		}
	}
	i := 0
	l.confirmations(func(s string) bool {
		if i < len(got) && got[i] != s {
			t.Errorf("confirmation %d differs:\n run    %s\n replay %s", i+1, s, got[i])
		}
		i++
		return true
	})
	if i != len(got) || i < 10 {
		t.Errorf("run published %d confirmations, replay %d", i, len(got))
	}
}

// TestDeidentifiedRecording names nobody and still replays.
func TestDeidentifiedRecording(t *testing.T) {
	l := newLedgerTest(t, 1)
	l.decided(l.refer("J44.9", 1, 3))
	l.stop()
	var recording bytes.Buffer
	if _, err := Record(t.Context(), l.admin, []string{"north"}, &recording, true); err != nil {
		t.Fatal(err)
	}
	for _, personal := range []string{"Testfamily", "person1", "order1", "1961-05-05"} {
		if strings.Contains(recording.String(), personal) {
			t.Errorf("the recording holds %q", personal)
		}
	}
	if !strings.Contains(recording.String(), "J44.9") {
		t.Error("the condition is gone")
	}
	replay, err := NewReplay(nil)
	if err != nil {
		t.Fatal(err)
	}
	placed := 0
	for line, err := range ReadRecorded(&recording) {
		if err != nil {
			t.Fatal(err)
		}
		messages, err := replay.Line(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			if m.Status == mapping.Placed || m.Status == mapping.Waitlisted {
				placed++
			}
		}
	}
	if placed != 3 {
		t.Errorf("%d placed or waitlisted, want 3", placed)
	}
}
