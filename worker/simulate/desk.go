package simulate

import "github.com/convene-health/convene/mapping"

// What ended a referral without a place, where it was not the network's decision alone.
const (
	fateGaveUp    = "gave up waiting"
	fateCancelled = "cancelled by the referrer"
	fateDeclined  = "declined"
	fateNeverCame = "never came"
	fateCare      = "other care first"
	fateNoGroup   = "no suitable group"
	fateNoInfo    = "facts not sent"
)

// review is a person at the desk who has spoken with the patient and knows the truth: with a danger that a group cannot
// meet it is rejected, other holds are approved; what suits no group is rejected as unserved.
func (w *world) review(p *patient) error {
	switch p.status {
	case mapping.Review:
	case mapping.Waitlisted: // several offers were not taken: the call finds that the patient does not want one; or facts ran out
		reason := "Does not want a group now."
		if p.fate = fateDeclined; p.alert != reasonCall {
			p.fate, reason = fateNoInfo, "What has run out was not sent anew."
		}
		return w.send(&mapping.Event{Type: mapping.ReferralCancelled, Source: p.source, Target: mapping.Target{Key: p.key}, Reason: reason})
	default:
		return nil
	}
	if p.truth.risk >= 0 && risks[p.truth.risk].demand == demandCare {
		p.fate = fateCare
		return w.reject(p, "Needs other care first.")
	}
	if p.approved || p.last == reasonNoGroup {
		return w.unserved(p, fateNoGroup)
	}
	p.approved = true
	return w.send(w.desk(p, &mapping.Event{Type: mapping.ReviewApproved, Reason: "Seen and suitable.",
		Approver: mapping.Approver{Name: "Dr. Second", Role: "psychiatrist"}}))
}

const (
	reasonNoGroup = "no-suitable-group"
	reasonCall    = "alert-call-patient"
)

// unserved ends a referral for which the network has nothing.
func (w *world) unserved(p *patient, why string) error {
	if p.status != mapping.Review && p.status != mapping.NeedsInfo {
		return nil
	}
	if p.fate = why; p.status == mapping.NeedsInfo {
		p.fate = fateNoInfo
	}
	return w.reject(p, "No group of the network suits.")
}

func (w *world) reject(p *patient, why string) error {
	return w.send(w.desk(p, &mapping.Event{Type: mapping.ReviewRejected, Reason: why}))
}

// desk signs an act.
func (w *world) desk(p *patient, e *mapping.Event) *mapping.Event {
	e.Source, e.Actor, e.Role = mapping.SourceDesk, "Desk", "coordinator"
	e.Target = mapping.Target{Key: p.key}
	return e
}
