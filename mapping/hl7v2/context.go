package hl7v2

import (
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// What stands around a referral: who speaks for the patient, who pays for how long, what they agreed to, their allergies.

// guardian reads NK1: the guardian (GRD of HL7 table 0063); of a patient who is a minor on the day of MSH-7, a parent too.
func (r *reader) guardian(p *mapping.Patient) {
	var chosen *Segment
	for s := range r.all("NK1") {
		switch s.Field(3).Component(1).Text() {
		case "GRD":
			chosen = s
		case "MTH", "FTH", "PAR":
			if chosen == nil && mapping.Minor(p.BirthDate, r.event.Sent) {
				chosen = s
			}
			continue
		default:
			continue
		}
		break
	}
	if chosen == nil {
		return
	}
	name := r.name(chosen.Field(2))
	p.Guardian = mapping.Party{Family: name.Family, Given: name.Given}
	for _, field := range [...]int{5, 6, 40} {
		if p.Guardian.Phone == "" {
			p.Guardian.Phone = r.phone(chosen.Field(field))
		}
	}
}

// authorizations reads AUT: each is a note for people, and one that has not ended a finding that holds until its end;
// without any IN1 its plan counts as payer.
func (r *reader) authorizations(x *mapping.Referral) {
	insured := len(x.Payers) > 0
	for s := range r.all("AUT") {
		payer := r.text(s.Field(1).Component(1), mapping.ShortMax)
		if !insured && payer != "" && len(x.Payers) < mapping.ListMax {
			x.Payers = append(x.Payers, payer)
		}
		from, to := r.date(s.Field(4)), r.date(s.Field(5))
		ended := to != "" && r.over(to)
		if ended {
			r.report.Remark(s.Field(5).Position(), AuthorizationExpired, "the authorization had ended when the message was sent")
		}
		if number := r.text(s.Field(6).Component(1), mapping.ShortMax); number != "" && !ended {
			r.tell(x, mapping.FindingAuthorization, &mapping.Code{Code: number}, to)
		}
		text := "Authorization"
		if number := r.text(s.Field(6).Component(1), mapping.TextMax); number != "" {
			text += " " + number
		}
		for _, part := range [...]struct{ before, text string }{{" from ", from}, {" to ", to}, {", treatments: ", r.text(s.Field(9).Component(1), mapping.ShortMax)}} {
			if part.text != "" {
				text += part.before + part.text
			}
		}
		if text != "Authorization" {
			r.addNote(x, s.Field(6), text, false)
		}
	}
}

// over reports whether a date, or all of a month or year, had passed when the message was sent.
func (r *reader) over(date string) bool {
	return !r.event.Sent.IsZero() && date < r.event.Sent.Format("2006-01-02")[:len(date)]
}

// ahead reports whether a date, or all of a month or year, was to come when the message was sent.
func (r *reader) ahead(date string) bool {
	return !r.event.Sent.IsZero() && date > r.event.Sent.Format("2006-01-02")[:len(date)]
}

// consent bars a referral when any is refused or withdrawn and has not ended: which of a patient's consents is meant cannot
// be told here. What else is in doubt is a remark, and a limit a note, for people.
func (r *reader) consent(s *Segment, x *mapping.Referral) {
	status, end := s.Field(11), r.date(s.Field(15))
	ended := end != "" && r.over(end)
	switch code := r.text(status, mapping.ShortMax); {
	case (code == "R" || code == "X") && !ended:
		r.report.Fail(status.Position(), ConsentDenied, "the patient's consent is refused or withdrawn")
	case code == "R" || code == "X":
		r.report.Remark(s.Field(15).Position(), ConsentDoubtful, "a refusal of consent that has ended does not count")
	case ended:
		r.report.Remark(s.Field(15).Position(), ConsentDoubtful, "the consent had ended when the message was sent")
	case (code == "A" || code == "L") && guardians[r.text(s.Field(25).Component(1), mapping.ShortMax)]:
		r.tell(x, mapping.FindingGuardianConsent, nil, r.date(s.Field(13)))
	case code == "A" || code == "L" || code == "B" || code == "":
	case code == "P":
		r.report.Remark(status.Position(), ConsentDoubtful, "the consent is pending")
	default:
		r.report.Remark(status.Position(), jsontree.UnknownValue, "expected A, B, L, P, R or X of HL7 table 0498")
	}
	if limit := r.text(s.Field(9), mapping.NoteMax-mapping.TextMax); limit != "" {
		r.addNote(x, s.Field(9), "Consent limited: "+limit, false)
	}
}

// guardians are who may consent for a minor, of HL7 table 0548: a parent (2), a conservator (5).
var guardians = map[string]bool{"2": true, "5": true}

// tell adds a finding that has no code of its own elsewhere.
func (r *reader) tell(x *mapping.Referral, code string, answer *mapping.Code, date string) {
	r.add(x, mapping.Observation{Code: mapping.Code{System: mapping.SystemFinding, Code: code}, Answer: answer, Date: date})
}

func (r *reader) add(x *mapping.Referral, o mapping.Observation) {
	if len(x.Observations) < mapping.ObservationsMax {
		x.Observations = append(x.Observations, o)
	}
}

// procedures reads PR1: what was done, as findings with their date.
func (r *reader) procedures(x *mapping.Referral) {
	for s := range r.all("PR1") {
		date := r.dateTime(s.Field(5))
		for _, c := range r.codes(s.Field(3)) {
			r.add(x, mapping.Observation{Code: c, Date: date})
		}
	}
}

// races are the categories of PID-10, HL7 table 0005: those of the CDC code set.
var races = map[string]bool{"1002-5": true, "2028-9": true, "2054-5": true, "2076-8": true, "2106-3": true}

// ancestry reads PID-10, of which a gate for body weight asks.
func (r *reader) ancestry(x *mapping.Referral) {
	pid := r.first("PID")
	for v := range r.repetitions(pid.Field(10), mapping.ListMax) {
		if code := v.Component(1).Text(); races[code] {
			r.add(x, mapping.Observation{Code: mapping.Code{System: mapping.SystemRace, Code: code}})
		}
	}
}

// allergies reads AL1 as notes.
func (r *reader) allergies(x *mapping.Referral) {
	for s := range r.all("AL1") {
		what := r.display(s.Field(3))
		if what == "" {
			what = r.text(s.Field(3).Component(1), mapping.DisplayMax)
		}
		if what == "" {
			continue
		}
		text := "Allergy: " + what
		for _, v := range [...]Value{s.Field(4).Component(2), s.Field(5)} {
			if more := r.text(v, mapping.DisplayMax); more != "" {
				text += ", " + more
			}
		}
		r.addNote(x, s.Field(3), text, false)
	}
}

// visit reads PV1: who referred, where nothing else says, and whether the patient is in hospital.
func (r *reader) visit(x *mapping.Referral) {
	pv1 := r.first("PV1")
	if class := pv1.Field(2); strings.EqualFold(class.Text(), "I") {
		r.report.Remark(class.Position(), "inpatient", "the patient is in hospital; the first session may come before the discharge")
	}
	if q := &x.Requester.Practitioner; q.Family == "" && q.Identifier.Value == "" {
		*q = r.xcn(pv1.Field(8))
	}
}
