package confirm

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/fhir/fhirtest"
	"github.com/convene-health/convene/mapping"
)

// TestAppointments: what each notice says of which session, and that nobody but the patient takes part.
func TestAppointments(t *testing.T) {
	w := New(catalog(t, "bser"))
	first := placed().FirstSession
	second := first.AddDate(0, 0, 7)
	for name, c := range map[string]struct {
		change func(n *mapping.Notice)
		want   string // id after the order's, status, the Task's BSeR business status
	}{
		"offered":              {func(n *mapping.Notice) { n.Status = mapping.Offered }, "20261117T2300 pending 3.0"},
		"placed":               {func(n *mapping.Notice) {}, "20261117T2300 booked 3.0"},
		"attended the second":  {attends(mapping.Attended, second), "20261124T2300 fulfilled 5.1.4"},
		"missed the second":    {attends(mapping.Missed, second), "20261124T2300 noshow 5.1.2"},
		"second is cancelled":  {attends(mapping.SessionCancelled, second), "20261124T2300 cancelled 5.1.3"},
		"enrolled":             {attends("", time.Time{}), " 5.1.1"},
		"gone before it began": {ends(mapping.Closed, first.Add(-time.Hour)), "20261117T2300 cancelled 4.0"},
		"gone after it began":  {ends(mapping.DroppedOut, first.Add(time.Hour)), " 4.0"},
		"completed":            {ends(mapping.Completed, first.Add(time.Hour)), " 7.0"},
		"sent by mistake":      {ends(mapping.EnteredInError, first.Add(-time.Hour)), "20261117T2300 entered-in-error 6.0"},
		"offer given up": {func(n *mapping.Notice) {
			n.Status, n.FirstSession, n.CalledOff = mapping.Waitlisted, time.Time{}, first
		}, "20261117T2300 cancelled 3.0"},
		"cancel is asked for": {func(n *mapping.Notice) { n.Status, n.CancelRequested = mapping.Cancelled, true }, " 5.2"},
		"waits":               {func(n *mapping.Notice) { n.Status, n.FirstSession = mapping.Waitlisted, time.Time{} }, " 3.0"},
	} {
		n := placed()
		c.change(n)
		v := viewOf(t, w, n)
		got := fmt.Sprintf(" %s", v.at("Task.businessStatus.coding.0.code"))
		if id := v.at("Appointment.id"); id != "" {
			got = id[len("riverside-r1042-1-"):] + " " + v.at("Appointment.status") + got
			if who := v.at("Appointment.participant.0.actor.reference"); who != v.at("ServiceRequest.subject.reference") {
				t.Errorf("%s: %s takes part", name, who)
			}
			if place := v.at("Appointment.participant.1.actor.reference"); place != v.at("ServiceRequest.locationReference.0.reference") {
				t.Errorf("%s: %s takes part", name, place)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		b, err := w.Append(nil, n)
		if err != nil {
			t.Fatal(err)
		}
		fhirtest.Check(t, bundleOf(t, b))
	}
}

// TestSessionsThatMove: each session that is off is cancelled, each that is held instead is booked, and the first that a member can
// attend is booked whatever became of it, each once.
func TestSessionsThatMove(t *testing.T) {
	w := New(catalog(t, "base"))
	first := placed().FirstSession
	day := func(n int) time.Time { return first.AddDate(0, 0, n) }
	for name, c := range map[string]struct {
		change func(n *mapping.Notice)
		want   string
	}{
		"the first is moved": {func(n *mapping.Notice) {
			n.CalledOff, n.FirstSession, n.Sessions = first, day(2), []mapping.SessionChange{{Was: first, Is: day(2)}}
		}, "20261117T2300 cancelled, 20261119T2300 booked"},
		"the first is left out": {func(n *mapping.Notice) {
			n.CalledOff, n.FirstSession, n.Sessions = first, day(7), []mapping.SessionChange{{Was: first}}
		}, "20261117T2300 cancelled, 20261124T2300 booked"},
		"a later one is moved": {func(n *mapping.Notice) {
			n.Sessions = []mapping.SessionChange{{Was: day(7), Is: day(8)}}
		}, "20261117T2300 booked, 20261124T2300 cancelled, 20261125T2300 booked"},
		"one more comes before the first": {func(n *mapping.Notice) {
			n.FirstSession, n.Sessions = day(-1), []mapping.SessionChange{{Is: day(-1)}}
		}, "20261116T2300 booked"},
		"of who attends": {func(n *mapping.Notice) {
			n.Status, n.Previous, n.Sessions = mapping.Enrolled, mapping.Enrolled, []mapping.SessionChange{{Was: day(7), Is: day(8)}, {Is: day(14)}}
		}, "20261124T2300 cancelled, 20261125T2300 booked, 20261201T2300 booked"},
		"of an offer": {func(n *mapping.Notice) {
			n.Status, n.CalledOff, n.FirstSession, n.Sessions = mapping.Offered, first, day(2), []mapping.SessionChange{{Was: first, Is: day(2)}}
		}, "20261117T2300 cancelled, 20261119T2300 pending"},
		"the whole group is put off": {func(n *mapping.Notice) { n.CalledOff, n.FirstSession = first, day(14) }, "20261117T2300 cancelled, 20261201T2300 booked"},
	} {
		n := placed()
		c.change(n)
		var got []string
		for _, a := range viewOf(t, w, n)["Appointment"] {
			got = append(got, a["id"].(string)[len("riverside-r1042-1-"):]+" "+a["status"].(string))
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
		b, err := w.Append(nil, n)
		if err != nil {
			t.Fatal(err)
		}
		fhirtest.Check(t, bundleOf(t, b))
	}
}

func attends(a mapping.Attendance, session time.Time) func(*mapping.Notice) {
	return func(n *mapping.Notice) {
		n.Status, n.Previous, n.Attendance, n.Session, n.Time = mapping.Enrolled, mapping.Enrolled, a, session, session.Add(time.Hour)
	}
}

func ends(s mapping.Status, at time.Time) func(*mapping.Notice) {
	return func(n *mapping.Notice) { n.Status, n.Previous, n.Time = s, mapping.Placed, at }
}
