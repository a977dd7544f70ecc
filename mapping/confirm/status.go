package confirm

import (
	"github.com/convene-health/convene/fhir"
	"github.com/convene-health/convene/mapping"
)

// face is how a placement's status looks in FHIR.
type face struct {
	task     fhir.TaskStatus
	business *fhir.CodeableConcept // BSeR's code and ours
	request  fhir.RequestStatus
	// reason is Task.statusReason where the notice gives none; empty for a plain success, which needs none.
	reason string
}

// cancelRequested is the key under which the first of profile bser's two cancellations stands.
const cancelRequested mapping.Status = "cancel-requested"

// facesOf is the one table of statuses: of Task, of BSeR's business status (TaskBusinessStatusCS of BSeR
// 2.0.0-ballot) and of ServiceRequest, for the profiles base, sdoh and bser.
//
// A placement under review is received in BSeR's state machine, a status that Gravity's value set lacks:
// there, and in base, it is requested. A drop-out is never completed. What ends unserved is revoked.
func facesOf(profile string) map[mapping.Status]face {
	type row struct {
		task, bser fhir.TaskStatus
		business   string
		request    fhir.RequestStatus
		reason     string
	}
	rows := map[mapping.Status]row{
		mapping.Review:         {fhir.TaskRequested, fhir.TaskReceived, fhir.BusinessCreated, fhir.RequestActive, "A person must decide."},
		mapping.NeedsInfo:      {fhir.TaskRequested, fhir.TaskReceived, fhir.BusinessCreated, fhir.RequestActive, "Information is missing."},
		mapping.Waitlisted:     {fhir.TaskAccepted, fhir.TaskAccepted, fhir.BusinessAccepted, fhir.RequestActive, "Waiting for a seat."},
		mapping.Offered:        {fhir.TaskAccepted, fhir.TaskAccepted, fhir.BusinessAccepted, fhir.RequestActive, ""},
		mapping.Placed:         {fhir.TaskAccepted, fhir.TaskAccepted, fhir.BusinessAccepted, fhir.RequestActive, ""},
		mapping.Enrolled:       {fhir.TaskInProgress, fhir.TaskInProgress, fhir.BusinessScheduled, fhir.RequestActive, ""},
		mapping.Cancelled:      {fhir.TaskCancelled, fhir.TaskCancelled, fhir.BusinessCancelled, fhir.RequestRevoked, "Cancelled by the referrer."},
		mapping.Rejected:       {fhir.TaskRejected, fhir.TaskRejected, fhir.BusinessDeclined, fhir.RequestRevoked, "Rejected."},
		mapping.Closed:         {fhir.TaskCancelled, fhir.TaskRejected, fhir.BusinessDeclined, fhir.RequestRevoked, "Closed without service."},
		mapping.DroppedOut:     {fhir.TaskFailed, fhir.TaskRejected, fhir.BusinessDeclined, fhir.RequestRevoked, "The participant dropped out."},
		mapping.Completed:      {fhir.TaskCompleted, fhir.TaskCompleted, fhir.BusinessCompleted, fhir.RequestCompleted, ""},
		mapping.EnteredInError: {fhir.TaskEnteredInError, fhir.TaskCancelled, fhir.BusinessCancelled, fhir.RequestRevoked, "Entered in error."},
		cancelRequested:        {fhir.TaskInProgress, fhir.TaskInProgress, fhir.BusinessCancelRequested, fhir.RequestActive, "The referrer asked to cancel."},
	}
	faces := make(map[mapping.Status]face, len(rows))
	for status, r := range rows {
		task, ours := r.task, string(status)
		if profile == "bser" {
			task = r.bser
		}
		if status == cancelRequested {
			ours = string(mapping.Cancelled)
		}
		faces[status] = face{task, fhir.BusinessStatus(r.business, ours), r.request, r.reason}
	}
	return faces
}

// attendances is how a session that was attended, missed or cancelled looks in FHIR, in every profile.
var attendances = map[mapping.Attendance]struct {
	business    *fhir.CodeableConcept
	appointment fhir.AppointmentStatus
}{
	mapping.Attended:         {fhir.BusinessStatus(fhir.BusinessEventCompleted, string(mapping.Enrolled)), fhir.AppointmentFulfilled},
	mapping.Missed:           {fhir.BusinessStatus(fhir.BusinessUnattended, string(mapping.Enrolled)), fhir.AppointmentNoShow},
	mapping.SessionCancelled: {fhir.BusinessStatus(fhir.BusinessEventCancelled, string(mapping.Enrolled)), fhir.AppointmentCancelled},
}

// face of a notice's status.
func (w *Writer) face(n *mapping.Notice) face {
	if a, told := attendances[n.Attendance]; told && n.Status == mapping.Enrolled {
		f := w.faces[mapping.Enrolled]
		f.business = a.business
		return f
	}
	if n.CancelRequested {
		return w.faces[cancelRequested]
	}
	return w.faces[n.Status]
}

// served reports whether the program, not the network, answers for the placement.
func served(n *mapping.Notice) bool {
	seated := func(s mapping.Status) bool {
		return s == mapping.Placed || s == mapping.Enrolled || s == mapping.Completed || s == mapping.DroppedOut
	}
	return seated(n.Status) || n.Status.Final() && seated(n.Previous)
}
