package roster_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/convene-health/convene/mapping"
)

// Many in one therapy group name a relative whom nobody knows. Then a merge says that it is another member: all are alerted, in
// one order, whoever decides and whenever.
func TestTiesAreToldInOrder(t *testing.T) {
	const members = 12
	cohort := strings.Replace(fmt.Sprintf(modelGroup, "pain-0", "pain", members+1, false), "seats: {min: 1", "seats: {min: 2", 1)
	var want []string
	for i := range members {
		want = append(want, fmt.Sprintf("r%d-1 alert-not-offered", i+2))
	}
	for range 20 {
		c := newClinic(t, cohort)
		c.offer.Catalog.Programs[1].Kind = mapping.Therapy // where relatives are kept apart
		c.says(refer(1, "pain"))
		for i := range members {
			e := refer(i+3, "pain") // the model's catalog keeps 1 and 2 apart
			e.Referral.Patient.Relatives = []mapping.Identifier{{System: modelAssigner, Value: "aunt"}}
			c.says(e)
		}
		got := told(c.says(&mapping.Event{Type: mapping.PatientMerged, Source: mapping.SourceDesk, Actor: "kim",
			Survivor: []mapping.Identifier{{System: modelAssigner, Value: "m1"}}, Merged: []mapping.Identifier{{System: modelAssigner, Value: "aunt"}}}))
		if all := "r1-1 alert-not-offered, " + strings.Join(want, ", "); got != all {
			t.Fatalf("alerted: %s\nwant %s", got, all)
		}
	}
}
