package engine_test

import (
	"encoding/json"
	"testing"
)

// D3: who is enrolled, has completed or dropped out is told of with the sessions attended and missed so far.
func TestSessionsAreCounted(t *testing.T) {
	for story, want := range map[string][2]int{"attended_missed_and_completed": {2, 0}, "three_sessions_missed_in_a_row_release_the_seat": {1, 5}} {
		var got [2]int
		for _, c := range bundlesOf(t, story) {
			for _, e := range c.Data.Bundle.Entry {
				var o struct {
					ResourceType string
					Code         struct{ Coding []struct{ Code string } }
					ValueInteger int
				}
				if err := json.Unmarshal(e.Resource, &o); err != nil {
					t.Fatal(err)
				}
				if o.ResourceType != "Observation" {
					continue
				}
				switch o.Code.Coding[0].Code {
				case "298057009":
					got[0] = o.ValueInteger
				case "298058004":
					got[1] = o.ValueInteger
				}
			}
		}
		if got != want {
			t.Errorf("%s: %v attended and missed at the end, want %v", story, got, want)
		}
	}
}
