//go:build e2e

package main

import (
	"testing"
)

// TestWeekReplays: two processes replay the recorded week to the same bytes, and these are the golden ones.
func TestWeekReplays(t *testing.T) {
	const week = "../../testdata/week/"
	once, again := convene(t, "replay", "--json", week+"events.ndjson"), convene(t, "replay", "--json", week+"events.ndjson")
	if once != again {
		t.Error("two replays of the week differ")
	}
	t.Log(convene(t, "replay", "--expect", week+"confirmations.ndjson", week+"events.ndjson"))
}
