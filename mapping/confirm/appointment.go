package confirm

import (
	"time"

	"github.com/convene-health/convene/fhir"
	"github.com/convene-health/convene/mapping"
)

// addAppointments adds the Appointments of the sessions that the notice is about: the patient's first when a seat is offered
// or taken, or given up before it began, the one that attendance is told of, and those that are not when they were to be. They
// are the patient's alone, with the place where there is one: no group's list of members leaves Convene. Each session has one,
// named by the order and its start.
func (x *bundle) addAppointments(order string, request fhir.Reference) {
	if status, start, told := appointmentOf(x.n); told {
		x.addAppointment(order, request, status, start)
	}
	status, planned := plannedAs(x.n.Status)
	if !planned {
		return
	}
	booked := !x.n.CalledOff.After(x.n.Time) // with the first session, above
	for _, c := range x.n.Sessions {
		if !c.Was.IsZero() && !c.Was.Equal(x.n.CalledOff) {
			x.addAppointment(order, request, fhir.AppointmentCancelled, c.Was)
		}
		if !c.Is.IsZero() && !(booked && c.Is.Equal(x.n.FirstSession)) {
			x.addAppointment(order, request, status, c.Is)
			booked = booked || c.Is.Equal(x.n.FirstSession)
		}
	}
	if !booked && x.n.FirstSession.After(x.n.Time) {
		x.addAppointment(order, request, status, x.n.FirstSession)
	}
}

func (x *bundle) addAppointment(order string, request fhir.Reference, status fhir.AppointmentStatus, start time.Time) {
	n := x.n
	patient := fhir.Expected(&x.patient)
	if status == fhir.AppointmentPending {
		patient = fhir.Asked(&x.patient)
	}
	id := fhir.ID(n.Network, order, start.UTC().Format("20060102T1504"))
	v := fhir.NewAppointment(id, status, request, patient)
	length := time.Hour
	if g := x.w.groups[n.Group]; g != nil {
		length = g.lasts
		v.Description, v.PatientInstruction = fhir.Some(g.name), fhir.Some(g.link)
		if g.site != nil {
			v.Participant = append(v.Participant, fhir.Expected(&g.site.ref))
		}
	}
	local := start.In(x.w.catalog.Location)
	begin, end := fhir.Instant(local), fhir.Instant(local.Add(length))
	v.Start, v.End = &begin, &end
	v.Meta = x.labelled(v.Meta)
	x.Appointment(fhir.FullURL("Appointment", id), &v, fhir.Update("Appointment", id))
}

// appointmentOf is the session a notice is about and how it stands; told is false where there is none to tell of.
func appointmentOf(n *mapping.Notice) (status fhir.AppointmentStatus, start time.Time, told bool) {
	if n.Attendance != "" && !n.Session.IsZero() {
		return attendances[n.Attendance].appointment, n.Session, true
	}
	begun := !n.FirstSession.After(n.Time)
	switch {
	case n.CalledOff.After(n.Time):
		return fhir.AppointmentCancelled, n.CalledOff, true
	case n.FirstSession.IsZero() || n.CancelRequested:
	case n.Status == mapping.Offered, n.Status == mapping.Placed:
		status, _ = plannedAs(n.Status)
		return status, n.FirstSession, true
	case n.Status == mapping.EnteredInError:
		return fhir.AppointmentEnteredInError, n.FirstSession, true
	case n.Status.Final() && n.Status != mapping.Completed && !begun:
		return fhir.AppointmentCancelled, n.FirstSession, true
	}
	return 0, time.Time{}, false
}

// plannedAs is how a session to come stands while a placement has a status; false where it is not the patient's to attend.
func plannedAs(s mapping.Status) (fhir.AppointmentStatus, bool) {
	if s == mapping.Offered {
		return fhir.AppointmentPending, true
	}
	return fhir.AppointmentBooked, s.HoldsSeat()
}
