package roster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
)

// desk obeys an act of a person on a review.
func (d *step) desk(e *mapping.Event, rec *Record, id PlacementID) {
	switch e.Type {
	case mapping.ReviewApproved:
		d.approve(e, rec, id)
	case mapping.ReviewRejected:
		d.finish(d.own(rec), &id, mapping.Rejected, said(RuleRejected, e), d.turn.Decoded.Issues)
	case mapping.ReviewInfoRequested:
		d.askForInfo(e, rec, id)
	case mapping.ReviewAssigned:
		d.assign(e, rec)
	case mapping.ReviewSamePerson:
		d.same(e, rec)
	case mapping.ReviewDifferentPerson:
		d.different(rec)
	case mapping.ReviewOverridden:
		d.override(e, rec)
	}
}

// said is the reason of an act, in the person's own words where the outside needs them.
func said(rule string, e *mapping.Event) mapping.Reason {
	return mapping.Reason{Code: rule, Text: e.Reason}
}

// agreed reports whether two people in two roles decide: nobody sets a STOP aside alone.
func agreed(e *mapping.Event) bool {
	return e.Approver.Name != "" && e.Role != "" && !strings.EqualFold(e.Approver.Name, e.Actor) && !strings.EqualFold(e.Approver.Role, e.Role)
}

// mayOverride answers the sender itself where a STOP holds for the patient and only one person decides.
func (d *step) mayOverride(e *mapping.Event, rec *Record) bool {
	if !d.stopped(rec.Patient) || slices.Contains(rec.Waived, RuleStop) || agreed(e) {
		return true
	}
	d.refuse(mapping.Issue{Path: "data.approver", Code: "needs-approver", Text: "a safety rule forbids placement: name your role, and a second person in another role who agrees"})
	return false
}

// approve lets a placement go on that a person had to decide. Why it was in review is set aside for this referral; all
// else is checked again.
func (d *step) approve(e *mapping.Event, rec *Record, id PlacementID) {
	if !d.mayOverride(e, rec) {
		return
	}
	if rec.Placements[rec.find(id)].Status.HoldsSeat() {
		d.move(e, rec, id)
		return
	}
	group := int32(-1)
	if e.Group != "" {
		if group = d.approvable(e, rec, id); group < 0 {
			return
		}
	}
	if e.Program != "" && d.offer.Book.Program(e.Program) < 0 {
		d.refuse(mapping.Issue{Path: "data.program", Code: RuleUnknownProgram, Text: "the catalog has no such program"})
		return
	}
	if e.Program != "" && slices.ContainsFunc(rec.Placements, func(p Placement) bool { return p.ID != id && p.Program == e.Program && accepted(p) }) {
		d.refuse(mapping.Issue{Path: "data.program", Code: RuleAlreadyPlaced, Text: "the referral already has a place in this program"})
		return
	}
	dec := d.own(rec)
	rec = dec.Record
	screening := slices.Contains(e.Override, RuleRiskOutdated) || d.awaitsScreening(rec, &rec.Placements[rec.find(id)])
	for _, why := range d.mustReview(rec, nil) {
		rec.Waived = appendNew(rec.Waived, why.Code)
	}
	for _, rule := range rec.Alerts {
		rec.Waived = appendNew(rec.Waived, rule)
	}
	if screening {
		rec.Waived = appendNew(rec.Waived, RuleRiskOutdated)
	}
	if slices.Contains(e.Override, match.RuleMissingConsent) {
		rec.Waived = appendNew(rec.Waived, RuleConsentLapsed)
	}
	rec.Doubts, rec.Alerts, rec.Assignee = nil, nil, ""
	pl := &rec.Placements[rec.find(id)]
	if e.Program != "" {
		pl.Asked = e.Program
	}
	switch waits := pl.Status == mapping.Waitlisted; {
	case group >= 0 && waits:
		d.save(dec)
		d.promoteOne(waiting{pl.Arrival, id, rec.Key}, group, RuleApproved)
	case group >= 0:
		previous := pl.Status
		d.vacate(pl)
		d.seat(rec, pl, group)
		d.save(dec)
		d.tellAs(dec, rec.find(id), previous, []mapping.Reason{reason(seated(pl)), reason(RuleApproved)}, nil, d.turn.Decoded.Issues)
	default:
		d.save(dec)
	}
	d.resume(rec.Key, reason(RuleApproved))
}

// approvable is the group that a person names, or -1 where it cannot be: the sender is told everything against it that
// the person does not set aside, or may not.
func (d *step) approvable(e *mapping.Event, rec *Record, id PlacementID) int32 {
	if !d.mayJoin(e, rec, id) {
		return -1
	}
	at := d.offer.Book.Group(e.Group)
	var issues mapping.Issues
	for _, r := range d.offer.Book.WhyNot(rec.Need, at, instant(d.t), d.beside(rec, &Placement{ID: id})...) {
		if !slices.Contains(e.Override, r.Rule) && !slices.Contains(e.Override, r.Code) || match.Absolute(r.Rule) {
			issues = append(issues, mapping.Issue{Path: "data.group", Code: r.Outward().Code, Text: r.Outward().Text})
		}
	}
	if d.offer.picked(at) && e.Type != mapping.OfferAccepted && !strings.EqualFold(e.Role, string(mapping.ByLeader)) {
		issues = append(issues, mapping.Issue{Path: "data.group", Code: RuleNotOffered, Text: "the leader of this group decides: name the role leader, or answer the nomination"})
	}
	if rule := d.unconsented(rec, at); rule != "" && (match.Absolute(rule) || !slices.Contains(e.Override, rule)) {
		r := match.ReasonOf(rule).Outward()
		issues = append(issues, mapping.Issue{Path: "data.group", Code: r.Code, Text: r.Text})
	}
	if rule := d.keptOutOf(rec, at); rule != "" && (match.Absolute(rule) || !slices.Contains(e.Override, rule)) {
		issues = append(issues, mapping.Issue{Path: "data.group", Code: RuleNotOffered, Text: reasonTexts[RuleNotOffered]})
	}
	if d.outdated(rec, d.offer.Book.ProgramOf(at)) && !slices.Contains(slices.Concat(e.Override, rec.Alerts, rec.Doubts), RuleRiskOutdated) && !d.awaitsScreening(rec, &rec.Placements[rec.find(id)]) {
		issues = append(issues, mapping.Issue{Path: "data.group", Code: RuleRiskOutdated, Text: reasonTexts[RuleRiskOutdated]})
	}
	if slices.Contains(d.used(rec), d.offer.Book.ProgramOf(at)) && !slices.Contains(e.Override, "benefit-used") {
		issues = append(issues, mapping.Issue{Path: "data.group", Code: "benefit-used", Text: "The patient has used this benefit, which one person has but once."})
	}
	if len(issues) > 0 {
		d.refuse(issues...)
		return -1
	}
	return at
}

// resume decides anew what a person's answer has freed: placements that were open, and places in a queue that an alert
// held back. Nothing that holds a seat moves.
func (d *step) resume(key uint64, why mapping.Reason) {
	rec := d.live[key]
	for i := 0; rec != nil && i < len(rec.Placements); i++ {
		pl := rec.Placements[i]
		switch {
		case undecided(pl):
			dec := d.decision(rec)
			d.place(dec, &dec.Record.Placements[i])
			d.save(dec)
			reasons := slices.Clip(dec.reasonsOf(dec.Record.Placements[i].ID))
			if !slices.ContainsFunc(reasons, func(r mapping.Reason) bool { return r.Code == why.Code }) {
				reasons = append(reasons, why)
			}
			d.tell(dec.Record, i, pl.Status, reasons, d.remarks(key))
		case pl.Status == mapping.Waitlisted:
			d.replace(key, pl.ID)
		}
		rec = d.live[key]
	}
	d.settleOffers(key)
}

// askForInfo asks the referrer: the person's words say what is to be sent. The update that brings it is decided anew.
func (d *step) askForInfo(e *mapping.Event, rec *Record, id PlacementID) {
	dec := d.own(rec)
	i := dec.Record.find(id)
	previous := dec.Record.Placements[i].Status
	dec.Record.Placements[i].Status = mapping.NeedsInfo
	d.save(dec)
	d.tellAs(dec, i, previous, []mapping.Reason{said(RuleInfoRequested, e)}, nil, d.turn.Decoded.Issues)
}

// assign notes who is to look at a review. Nobody outside is told.
func (d *step) assign(e *mapping.Event, rec *Record) {
	if rec.Assignee == e.Assignee {
		d.unchanged("already-assigned", rec.Key)
		return
	}
	dec := d.own(rec)
	dec.Record.Assignee = e.Assignee
	d.save(dec)
}

// same makes the referral's patient and another one person.
func (d *step) same(e *mapping.Event, rec *Record) {
	key, err := ParseKey('p', e.Other)
	other, known := d.patientIndex(key)
	if err != nil || !known {
		d.refuse(mapping.Issue{Path: "data.other", Code: "unknown-patient", Text: "no patient has this key"})
		return
	}
	d.settle(d.own(rec), RulePossibleDuplicate, RuleIdentityConflict)
	own, _ := d.patientIndex(rec.Patient)
	if own != other {
		d.rekey(d.patients[max(own, other)].key, d.patients[min(own, other)].key)
	}
	d.resumeOrTell(rec.Key, RuleSamePerson)
}

// different notes that the referral's patient is nobody else.
func (d *step) different(rec *Record) {
	d.settle(d.own(rec), RulePossibleDuplicate, RuleIdentityConflict)
	d.resumeOrTell(rec.Key, RuleNotSame)
}

// settle takes rules off what asks a person to look at a referral, and keeps them off.
func (d *step) settle(dec *Decision, rules ...string) {
	rec := dec.Record
	for _, rule := range rules {
		if slices.Contains(rec.Doubts, rule) || slices.Contains(rec.Alerts, rule) || rule == RuleRiskOutdated {
			rec.Waived = appendNew(rec.Waived, rule)
		}
	}
	gone := func(r string) bool { return slices.Contains(rules, r) }
	rec.Doubts, rec.Alerts = slices.DeleteFunc(rec.Doubts, gone), slices.DeleteFunc(rec.Alerts, gone)
	d.save(dec)
}

// resumeOrTell is resume; where nothing changes, the placements that stand are told of the answer.
func (d *step) resumeOrTell(key uint64, rule string) {
	told := len(d.out.Notices)
	d.resume(key, reason(rule))
	rec := d.live[key]
	if rec == nil || len(d.out.Notices) > told {
		return
	}
	dec := d.decision(rec)
	for i := range rec.Placements {
		if s := rec.Placements[i].Status; !s.Final() {
			d.tellAs(dec, i, s, []mapping.Reason{reason(rule)}, nil, d.remarks(key))
		}
	}
}

// override sets rules aside: a doubt or alert of this referral, or a risk of its patient, which then holds back none of
// their referrals until there is other evidence.
func (d *step) override(e *mapping.Event, rec *Record) {
	p, _ := d.State.Patient(rec.Patient)
	risks := risksNamed(p.Risks, e.Override)
	for _, rule := range e.Override {
		known := func(r string) bool { return r == rule || "alert-"+r == rule }
		if known(RuleRiskOutdated) && d.offer.Book.ScreeningOutdated(rec.Need, instant(d.t)) {
			continue
		}
		if len(risksNamed(p.Risks, []string{rule})) == 0 && !slices.ContainsFunc(rec.Doubts, known) && !slices.ContainsFunc(rec.Alerts, known) {
			d.refuse(mapping.Issue{Path: "data.override", Code: "unknown-rule", Text: fmt.Sprintf("no rule %q holds this referral back", rule)})
			return
		}
	}
	if slices.ContainsFunc(risks, func(r Risk) bool { return r.Level == match.Stop }) && !d.mayOverride(e, rec) {
		return
	}
	dec := d.own(rec)
	dec.Patient = d.clear(p, risks)
	var rules []string
	for _, rule := range e.Override {
		rules = append(rules, strings.TrimPrefix(rule, "alert-"))
	}
	d.settle(dec, rules...)
	d.resumeOrTell(rec.Key, RuleOverridden)
	if len(risks) > 0 {
		d.relieve(rec)
	}
}

// risksNamed are the risks that hold and that rules name: by their own name, or by what the outside is told of their level.
func risksNamed(risks []Risk, rules []string) (out []Risk) {
	for _, r := range risks {
		if r.Cleared == 0 && (slices.Contains(rules, r.Rule) || slices.Contains(rules, ruleOf(r.Level)) || slices.Contains(rules, "alert-"+ruleOf(r.Level))) {
			out = append(out, r)
		}
	}
	return out
}

// clear takes risks off a patient.
func (d *step) clear(p Patient, risks []Risk) Patient {
	p.Risks = slices.Clone(p.Risks)
	for i := range p.Risks {
		if slices.Contains(risks, p.Risks[i]) {
			p.Risks[i].Cleared = d.t
		}
	}
	d.putPatient(p)
	return p
}

// relieve lets the other referrals of a patient go on whose doubts and alerts were for a risk that no longer holds.
func (d *step) relieve(rec *Record) {
	i, _ := d.patientIndex(rec.Patient)
	p, _ := d.State.Patient(rec.Patient)
	still := rulesOf(p.Risks)
	gone := slices.DeleteFunc([]string{RuleStop, RuleSafetyReview}, func(r string) bool { return slices.Contains(still, r) })
	for _, key := range slices.Clone(d.lives.of(i)) {
		other := d.live[key]
		if key == rec.Key || other == nil {
			continue
		}
		dec := d.decision(other)
		held := func(r string) bool { return slices.Contains(gone, r) }
		dec.Record.Doubts, dec.Record.Alerts = slices.DeleteFunc(dec.Record.Doubts, held), slices.DeleteFunc(dec.Record.Alerts, held)
		d.save(dec)
		d.resume(key, reason(RuleOverridden))
	}
}
