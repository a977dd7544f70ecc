package engine_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
)

// Before each input of the first days of the recorded week it is previewed: the roster is the same byte for byte afterwards, and what is then
// confirmed of the referral is what was foretold.
func TestPreviewForetellsAndForgets(t *testing.T) {
	replay, err := worker.NewReplay(nil)
	if err != nil {
		t.Fatal(err)
	}
	previewed, placements := 0, 0
	for line, err := range worker.ReadEventFile("../../testdata/week/events.ndjson") {
		if err != nil {
			t.Fatal(err)
		}
		in := line.Input()
		if previewed == 250 {
			break
		}
		if e := replay.Engine(in.Network); e == nil || e.Catalog() == nil || line.IsCatalog() {
			if _, err := replay.Line(line); err != nil {
				t.Fatal(err)
			}
			continue
		}
		state := replay.Engine(in.Network).State
		check := previewed%7 == 0 // a snapshot takes longer than a decision
		before := snapshotOf(t, state, check)
		found, err := replay.Replay.Preview(in)
		if after := snapshotOf(t, state, check); !bytes.Equal(before, after) {
			t.Fatalf("input %d: the preview left traces in the roster", in.Sequence)
		}
		messages, failed := replay.Line(line)
		if failed != nil {
			t.Fatal(failed)
		}
		if errors.Is(err, engine.ErrNoReferral) {
			continue
		}
		if err != nil {
			t.Fatalf("input %d: %v", in.Sequence, err)
		}
		previewed++
		placements += len(found.Placements)
		foretold(t, in, found, messages)
	}
	if previewed < 250 || placements < 200 {
		t.Errorf("%d previews with %d placements: the week has more", previewed, placements)
	}
}

// foretold compares a preview with what came of the input: every confirmation foretold, in order, and the decision.
func foretold(t *testing.T, in mapping.Input, found *engine.Preview, messages []engine.Message) {
	t.Helper()
	at := 0
	for _, m := range messages {
		switch {
		case m.Decision && found.Decision != nil && bytes.HasPrefix(found.Decision, []byte(`{"key":"`+m.Key+`"`)):
			if !bytes.Equal(m.Data, found.Decision) {
				t.Fatalf("input %d: another decision\nforetold %s\n     got %s", in.Sequence, found.Decision, m.Data)
			}
		case !m.Decision && at < len(found.Confirmations) && bytes.Equal(m.Data, found.Confirmations[at]):
			at++
		}
	}
	if at != len(found.Confirmations) {
		t.Fatalf("input %d: foretold and not confirmed: %s", in.Sequence, found.Confirmations[at])
	}
	if at == 0 && found.Unchanged == "" {
		t.Fatalf("input %d: nothing foretold", in.Sequence)
	}
}

func snapshotOf(t *testing.T, s *roster.State, wanted bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if wanted {
		if err := s.WriteSnapshot(&b, roster.SnapshotMark{}); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// Another source's referral is refused as if it were sent, and nothing of it is told.
func TestPreviewTellsNothingOfOthers(t *testing.T) {
	replay, err := worker.NewReplay(nil)
	if err != nil {
		t.Fatal(err)
	}
	var first *mapping.Input
	for line, err := range worker.ReadEventFile("../../testdata/week/events.ndjson") {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := replay.Line(line); err != nil {
			t.Fatal(err)
		}
		in := line.Input()
		read := engine.Decode(in)
		if first == nil && in.Source == "epic-main" && read.Event != nil && read.Event.Referral != nil && read.Event.Referral.Identifier.Value != "" {
			first = &in
		}
		if in.Sequence > 60 {
			break
		}
	}
	other := *first
	other.Source, other.Sequence = "clinic-north", replay.Engine(first.Network).State.Position.Input+1
	found, err := replay.Replay.Preview(other)
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Placements) > 0 || len(found.Refused) == 0 || found.Refused[0].Code != "not-owner" || found.Decision != nil {
		t.Errorf("previewed as another source: %+v", found)
	}
}
