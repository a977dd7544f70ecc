package hl7v2

import (
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// referral reads REF^I12 and REF^I13.
func (r *reader) referral(as mapping.EventType) {
	x := new(mapping.Referral)
	r.event.Type, r.event.Referral = as, x
	rf1 := r.single("RF1", SeveralOrders)
	r.readRF1(rf1, x)
	if x.Identifier.Value == "" {
		r.unnamed(rf1, "RF1", 6)
	}
	r.readPatient(r.single("PID", SeveralPatients), &x.Patient)
	x.Requester = r.readPRD()
	r.clinical(x)
}

// unnamed reports a referral without an identifier: a new one gets one made from its content, an update cannot be told
// from a new referral.
func (r *reader) unnamed(s *Segment, name string, field int) {
	place, what := name, "expected "+name
	if s != nil {
		place, what = s.Field(field).Position(), "expected the referral's identifier"
	}
	if r.event.Type == mapping.ReferralCreated {
		r.report.Remark(place, jsontree.Required, "%s; without one a changed copy counts as a new referral", what)
		return
	}
	r.report.Fail(place, jsontree.Required, "%s, by which the referral is known", what)
}

func (r *reader) readRF1(rf1 *Segment, x *mapping.Referral) {
	if rf1 == nil {
		return
	}
	x.Identifier = r.entity(rf1.Field(6))
	x.Priority = r.priority(rf1.Field(2).Component(1))
	x.AuthoredOn = r.dateTime(rf1.Field(9))
	x.Programs = r.asked(rf1.Field(3), codesProgram, mapping.ListMax)
	x.Goals = r.asked(rf1.Field(10), codesGoal, mapping.GoalsMax)
	r.note(x, rf1.Field(14))
	r.note(x, rf1.Field(24))
}

func (r *reader) priority(v Value) mapping.Priority {
	code := r.text(v, mapping.ShortMax)
	p, known := priorities[strings.ToUpper(code)]
	if code != "" && !known {
		r.report.Fail(v.Position(), jsontree.UnknownValue, "expected R, A, U or S: routine, as soon as possible, urgent, at once")
	}
	return p
}

// asked reads the codes of one of our own systems.
func (r *reader) asked(v Value, system string, most int) []string {
	var all []string
	for x := range r.repetitions(v, most) {
		for _, c := range r.codes(x) {
			if strings.EqualFold(c.System, system) {
				all = append(all, c.Code)
			}
		}
	}
	return all
}

// queryReferral reads REF^I15.
func (r *reader) queryReferral() {
	r.event.Type = mapping.ReferralQueried
	rf1 := r.single("RF1", SeveralOrders)
	if r.event.Target.Identifier = r.entity(rf1.Field(6)); r.event.Target.Identifier.Value == "" {
		r.unnamed(rf1, "RF1", 6)
	}
}

// cancelReferral reads REF^I14. The patient it names is not compared: the referral's identifier says which.
func (r *reader) cancelReferral() {
	r.event.Type = mapping.ReferralCancelled
	rf1 := r.single("RF1", SeveralOrders)
	r.event.Target.Identifier = r.entity(rf1.Field(6))
	if r.event.Target.Identifier.Value == "" {
		r.unnamed(rf1, "RF1", 6)
	}
	r.event.Reason = r.text(rf1.Field(24), mapping.NoteMax)
}

// order reads OMG^O19: what it does depends on the order control code.
func (r *reader) order() {
	orc := r.firstOrder()
	if orc == nil {
		return
	}
	switch control := r.required(orc.Field(1), mapping.ShortMax, "expected the order control code"); control {
	case "NW", "XO":
		r.event.Type = mapping.ReferralCreated
		if control == "XO" {
			r.event.Type = mapping.ReferralUpdated
		}
		r.readOrder(orc)
	case "CA", "DC":
		r.cancelOrder(orc)
	case "":
	default:
		r.report.Fail(orc.Field(1).Position(), jsontree.UnknownValue, "expected NW (new), XO (changed), CA or DC (cancelled) of HL7 table 0119")
	}
}

// firstOrder finds the order and leaves out what follows it: earlier results, which begin with the patient, visit or
// allergies anew. A second order is reported, for a message is one referral.
func (r *reader) firstOrder() (orc *Segment) {
	for i := range r.segments {
		switch s := &r.segments[i]; s.Name {
		case "PID", "PV1", "AL1":
			if orc != nil {
				r.segments = r.segments[:i]
				return orc
			}
		case "ORC":
			if orc != nil {
				r.report.Fail(s.Place(), SeveralOrders, "expected one order; send each in a message of its own")
				return orc
			}
			orc = s
		}
	}
	if orc == nil {
		r.report.Fail("ORC", jsontree.Required, "expected an order")
	}
	return orc
}

func (r *reader) readOrder(orc *Segment) {
	x := new(mapping.Referral)
	r.event.Referral = x
	obr, tq1 := r.first("OBR"), r.first("TQ1")
	if x.Identifier = r.placer(orc); x.Identifier.Value == "" {
		r.unnamed(orc, "ORC", 2)
	}
	if x.Priority = r.priority(tq1.Field(9).Component(1)); x.Priority == "" {
		x.Priority = r.priority(orc.Field(7).Component(6))
	}
	x.AuthoredOn = r.dateTime(orc.Field(9))
	x.Programs = r.asked(obr.Field(4), codesProgram, mapping.ListMax)
	r.note(x, obr.Field(13))
	r.readPatient(r.single("PID", SeveralPatients), &x.Patient)
	x.Requester = r.readOrderer(orc, obr)
	r.clinical(x)
}

// placer is ORC-2, else OBR-2.
func (r *reader) placer(orc *Segment) mapping.Identifier {
	if id := r.entity(orc.Field(2)); id.Value != "" {
		return id
	}
	return r.entity(r.first("OBR").Field(2))
}

func (r *reader) cancelOrder(orc *Segment) {
	r.event.Type = mapping.ReferralCancelled
	if r.event.Target.Identifier = r.placer(orc); r.event.Target.Identifier.Value == "" {
		r.unnamed(orc, "ORC", 2)
	}
	reason := orc.Field(16)
	if r.event.Reason = r.display(reason); r.event.Reason == "" {
		r.event.Reason = r.text(reason.Component(1), mapping.DisplayMax)
	}
}

// orderStatus reads OSU^O51, by which a sender says that its order is cancelled. Other statuses are not obeyed: what
// becomes of a referral is decided here.
func (r *reader) orderStatus() {
	orc := r.firstOrder()
	if orc == nil {
		return
	}
	control, status := r.required(orc.Field(1), mapping.ShortMax, "expected the order control code"), orc.Field(5).Text()
	switch {
	case control == "CA", control == "DC", control == "SC" && (status == "CA" || status == "DC"):
		r.cancelOrder(orc)
	case control != "":
		r.report.Fail(orc.Field(1).Position(), UnsupportedMessage, "only a cancellation is read of an order's status: CA or DC in ORC-1, or SC with CA or DC in ORC-5")
	}
}
