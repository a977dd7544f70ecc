package main

import (
	"bytes"
	"testing"

	"github.com/convene-health/convene/worker/simulate"
)

// An unsafe place fails the command, and says which rule and who.
func TestUnsafeSimulationFails(t *testing.T) {
	var out, errs bytes.Buffer
	err := placedUnsafely(&simulate.Result{UnsafeCarried: 2, Unsafe: []simulate.Unsafe{{Rule: "not accessible", Carried: 2, Example: "r5 in g1"}, {Rule: "other", Uncoded: 3}}})
	if code := newSpeaker(&out, &errs).failed(err); code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	if !bytes.Contains(errs.Bytes(), []byte("not accessible 2 (r5 in g1)")) || bytes.Contains(errs.Bytes(), []byte("other")) {
		t.Errorf("said %s", &errs)
	}
}
