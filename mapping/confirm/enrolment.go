package confirm

import (
	"strconv"

	"github.com/convene-health/convene/fhir"
	"github.com/convene-health/convene/mapping"
)

// addEnrolment adds, with profile sdoh, the Observation of whether the patient is enrolled in the program, to which the Task
// refers. It stands under an id of the placement's, so that the last status is the one that a server has.
func (x *bundle) addEnrolment(id string) {
	status, told := enrolmentOf(x.n.Status)
	if !told || !x.w.sdoh || x.offering == nil {
		return
	}
	id += "-enrolment"
	v := fhir.NewEnrolment(id, status, x.offering.code, &x.patient, x.offering.service.ref, x.now)
	v.Performer = []fhir.Reference{x.offering.provider.ref}
	if note := x.enrolmentNote(); note != "" {
		v.Note = append(v.Note, fhir.NewNote(note))
	}
	url := fhir.FullURL("Observation", id)
	v.Meta, v.Note = x.labelled(v.Meta), append(v.Note, x.notes...)
	x.Observation(url, &v, fhir.Update("Observation", id))
	x.outputs = []fhir.TaskOutput{fhir.AdditionalContent(fhir.RefTo(url))}
}

// enrolmentOf a status; while a person must decide there is nothing to tell. Whoever has served their time is enrolled no
// more, and a seat that is only offered is nobody's yet.
func enrolmentOf(s mapping.Status) (status string, told bool) {
	switch {
	case s == mapping.Placed || s == mapping.Enrolled:
		return fhir.Enrolled, true
	case s == mapping.Waitlisted:
		return fhir.OnWaitlist, true
	case s == mapping.Offered || s.Final():
		return fhir.NotEnrolled, true
	}
	return "", false
}

// enrolmentNote is the place in the queue, until when an offer stands, or how the placement ended.
func (x *bundle) enrolmentNote() string {
	n := x.n
	switch {
	case n.Position > 0:
		return "Number " + strconv.Itoa(n.Position) + " in line, as of " + x.now + "."
	case n.Status == mapping.Offered && !n.Expires.IsZero():
		return "A seat is held until " + fhir.Instant(n.Expires.UTC()) + "."
	case n.Status == mapping.Completed:
		return "The program was completed."
	case n.Status.Final():
		return x.face.reason
	}
	return ""
}
