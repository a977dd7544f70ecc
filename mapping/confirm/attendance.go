package confirm

import (
	"github.com/convene-health/convene/fhir"
	"github.com/convene-health/convene/mapping"
)

// addAttendance adds how many sessions the patient has attended and missed so far, once anything was reported of one. The two
// stand under ids of the placement's, so that a server has the last counts.
func (x *bundle) addAttendance(id string, request fhir.Reference) {
	n := x.n
	switch {
	case n.Attended+n.Missed == 0:
		return
	case n.Status != mapping.Enrolled && n.Status != mapping.Completed && n.Status != mapping.DroppedOut:
		return
	}
	for _, c := range []struct {
		suffix string
		code   fhir.CodeableConcept
		count  int
	}{{"-attended", fhir.SessionsAttended, n.Attended}, {"-missed", fhir.SessionsMissed, n.Missed}} {
		v := fhir.NewCount(id+c.suffix, c.code, c.count, &x.patient, request, x.now)
		v.Performer = []fhir.Reference{x.w.owner.ref}
		if x.offering != nil {
			v.Performer[0] = x.offering.provider.ref
		}
		v.Meta, v.Note = x.labelled(v.Meta), x.notes
		x.Observation(fhir.FullURL("Observation", id+c.suffix), &v, fhir.Update("Observation", id+c.suffix))
	}
}
