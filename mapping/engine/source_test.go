package engine_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
)

// When the ledger cannot be asked for an earlier request, that is no fault of the input in hand: nothing is decided, and
// once the ledger answers the input causes what it would have caused.
func TestSilentLedgerRefusesNothing(t *testing.T) {
	archive, err := txtar.ParseFile("../../testdata/story/cancelled_seat_goes_to_the_next_in_the_same_batch.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*txtar.File{}
	for i := range archive.Files {
		files[archive.Files[i].Name] = &archive.Files[i]
	}
	calm, failed := decideAll(t, files, false)
	stormy, failures := decideAll(t, files, true)
	if failed != 0 || failures == 0 {
		t.Fatalf("the ledger failed %d and %d times; the story must ask it for a request", failed, failures)
	}
	if !bytes.Equal(calm, stormy) {
		t.Errorf("with a ledger that fails at first:\n%s\nwant\n%s", stormy, calm)
	}
}

// decideAll decides a story's events one by one. With storm each question to the ledger fails once, then is answered.
func decideAll(t *testing.T, files map[string]*txtar.File, storm bool) (messages []byte, failures int) {
	latest := map[uint64][]byte{}
	var asked sync.Map // by key; questions come from all cores
	e, err := engine.New(storyNetwork, roster.New(), engine.Sources{Request: func(key uint64) ([]byte, error) {
		if _, before := asked.LoadOrStore(key, true); storm && !before {
			return nil, errors.New("no answer")
		}
		return roster.RequestOf(latest[key])
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Use(catalogOf(t, files)); err != nil {
		t.Fatal(err)
	}
	number := 0
	for line, err := range worker.ReadRecorded(bytes.NewReader(files["events.ndjson"].Data)) {
		if err != nil {
			t.Fatal(err)
		}
		for done := false; !done; {
			number++
			b, err := e.Work([]engine.Read{engine.Decode(line.Input())}, number)
			if err != nil {
				failures++
				continue
			}
			e.Commit(b)
			for _, m := range b.Messages {
				messages = append(messages, m.Data...)
				if key, err := roster.ParseKey('r', m.Key); err == nil && m.Decision {
					latest[key] = m.Data
				}
			}
			done = !b.Head.More
		}
	}
	return messages, failures
}
