package fhirin

import (
	"cmp"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// Value sets with a required binding (https://hl7.org/fhir/R4/valueset-request-status.html, request-intent, task-status).
var (
	orderStatuses = []string{"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"}
	intents       = []string{"proposal", "plan", "directive", "order", "original-order", "reflex-order", "filler-order", "instance-order", "option"}
	taskStatuses  = []string{"draft", "requested", "received", "accepted", "rejected", "ready", "cancelled", "in-progress", "on-hold", "failed", "completed", "entered-in-error"}
	taskIntents   = append([]string{"unknown"}, intents...)
)

const (
	revoked = "revoked"
	wrong   = "entered-in-error"
)

// order reads a ServiceRequest: the referral as it now stands, or that it is called off. task is the one that asks to
// fulfil it, if any; cancels says that the message itself is a cancellation.
func (d *decoder) order(r, task resource, cancels bool) {
	d.event.Target.Identifier = d.orderIdentifier(r)
	d.places.order, d.places.identifier = r.at, placeOf(r.at, "identifier")
	d.event.Sent = d.sent(r, task)
	d.event.ID = cmp.Or(d.event.ID, r.id)
	d.mustUnderstand(r)
	status := word(r.at, "status", orderStatuses)
	r.at.Require("status", "expected the order's status")
	word(r.at, "intent", intents)
	r.at.Require("intent", "expected the order's intent")
	priority := word(r.at, "priority", mapping.Priorities)
	if not, ok := r.at.Get("doNotPerform"); ok && not.Bool() {
		not.Fail(NotActive, "the order says not to do it")
	}
	ended, taskPriority := d.taskState(task)
	switch {
	case status == wrong:
		d.cancel(r, r, wrong)
	case status == revoked || ended != "" || cancels:
		d.cancel(r, task, ended)
	case status != "" && status != "active":
		statusAt, _ := r.at.Get("status")
		statusAt.Fail(NotActive, "an order that is %s asks for no place", status)
	default:
		d.event.Type = mapping.ReferralCreated
		d.event.Referral = &mapping.Referral{Identifier: d.event.Target.Identifier, Priority: cmp.Or(priority, taskPriority)}
		d.referral(r, task)
	}
}

// task reads a Task that stands alone, with its focus contained.
func (d *decoder) task(t resource) {
	if order, ok := d.focus(t); ok {
		d.order(order, t, false)
		return
	}
	d.orphan(t)
}

// orphan is a Task whose focus is not in the message: it can call the order off by the order's identifier, no more.
func (d *decoder) orphan(t resource) {
	d.event.Sent, d.event.ID = d.sent(resource{}, t), cmp.Or(d.event.ID, t.id)
	focus, ok := t.at.Get("focus")
	if !ok {
		t.at.Require("focus", "expected the ServiceRequest to fulfil")
		return
	}
	id, named := focus.Get("identifier")
	if named {
		d.places.order, d.places.identifier = t.at, id
		d.event.Target.Identifier = d.identifier(t, id)
	}
	ended, _ := d.taskState(t)
	if ended != "" && d.event.Target.Identifier.Value != "" {
		d.cancelled(t, ended)
		return
	}
	focus.Fail(Unresolved, "the ServiceRequest that this refers to is not in the message")
}

// focus resolves what a Task asks to fulfil; ok is false when it is not here, or not a ServiceRequest.
func (d *decoder) focus(t resource) (order resource, ok bool) {
	ref, has := t.at.Get("focus")
	if !has {
		return resource{}, false
	}
	order, ok = d.resolve(t, ref)
	if ok && order.kind != "ServiceRequest" {
		ref.Remark(WrongTarget, "this refers to a resource of another type than ServiceRequest")
		return resource{}, false
	}
	return order, ok
}

// taskState reads a Task's code, status and priority. ended is revoked or entered-in-error where it calls the order off.
// A Task that the performer refused, failed or finished asks for nothing.
func (d *decoder) taskState(t resource) (ended string, priority mapping.Priority) {
	if t.kind == "" {
		return "", ""
	}
	d.mustUnderstand(t)
	if code := taskCode(t); code != fulfil {
		at, _ := t.at.Get("code")
		at.Fail(Unsupported, "expected a task to fulfill, not to %s", code)
	}
	status := word(t.at, "status", taskStatuses)
	t.at.Require("status", "expected the task's status")
	word(t.at, "intent", taskIntents)
	t.at.Require("intent", "expected the task's intent")
	priority = word(t.at, "priority", mapping.Priorities)
	switch status {
	case "cancelled":
		return revoked, priority
	case wrong:
		return wrong, priority
	case "draft", "on-hold", "rejected", "failed", "completed":
		at, _ := t.at.Get("status")
		at.Fail(NotActive, "a task that is %s asks for no place", status)
	}
	if cancelRequested(t) {
		return revoked, priority
	}
	return "", priority
}

// fulfil is the code of a task that asks to do what its focus orders.
const fulfil = "fulfill"

// taskCode is a task's code of the value set task-code; a task without one asks to fulfil.
func taskCode(t resource) string {
	codes, _ := conceptMember(t.at, "code")
	for _, c := range codes {
		if c.System == systemTaskCode {
			return c.Code
		}
	}
	return fulfil
}

// cancelRequested: BSeR's initiator calls off with businessStatus 5.2 (HL7/bser, Harmonized State Transitions).
func cancelRequested(t resource) bool {
	codes, _ := conceptMember(t.at, "businessStatus")
	for _, c := range codes {
		if c.System == systemBSeRBusiness && c.Code == "5.2" {
			return true
		}
	}
	return false
}

// cancel calls off the order that r is, as another resource or itself says.
func (d *decoder) cancel(r, by resource, ended string) {
	if d.event.Target.Identifier.Value == "" {
		r.at.Missing("identifier", "expected the identifier by which the order was sent, to call it off")
		return
	}
	d.cancelled(by, ended)
}

func (d *decoder) cancelled(by resource, ended string) {
	d.event.Type = mapping.ReferralCancelled
	if by.kind == "Task" {
		if reason, ok := by.at.Get("statusReason"); ok {
			codes, words := concept(reason)
			if d.event.Reason = words; words == "" && len(codes) > 0 {
				d.event.Reason = cmp.Or(codes[0].Display, codes[0].Code)
			}
		}
	}
	if ended == wrong {
		d.event.Reason = cmp.Or(d.event.Reason, wrong)
		if at, ok := by.at.Get("status"); ok {
			at.Remark(EnteredInError, "the order was a mistake; it is called off")
		}
	}
}

// referral reads an order that is in force, with all that belongs to it.
func (d *decoder) referral(r, task resource) {
	d.taken = map[jsontree.Cursor]struct{}{r.at: {}}
	x := d.event.Referral
	if at, ok := r.at.Get("authoredOn"); ok {
		x.AuthoredOn = at.DateTime()
	}
	choice(r.at, "occurrence")
	d.subject(r)
	d.taskFor(task)
	d.requester(r)
	d.programs(r)
	d.orderDetails(r)
	for ref := range items(r.at, "reasonReference", mapping.ConditionsMax) {
		d.reason(r, ref)
	}
	for ref := range items(r.at, "insurance", mapping.ListMax) {
		d.support(r, ref)
	}
	for ext := range items(r.at, "extension", repeatMax) {
		if raw(ext, "url") == extGoal {
			if ref, _, ok := choice(ext, "value"); ok {
				d.support(r, ref)
			}
		}
	}
	for ref := range items(r.at, "supportingInfo", mapping.ObservationsMax) {
		d.support(r, ref)
	}
	d.sweepContained(r)
	if r.bundle != nil {
		d.sweep(r.bundle)
	}
	for c := range items(r.at, "reasonCode", mapping.ConditionsMax) {
		d.reasonCode(c)
	}
	x.Labels = labelsOf(r)
	if d.patient.kind != "" {
		x.Labels = append(x.Labels, labelsOf(d.patient)...)
	}
	x.Labels = x.Labels[:min(len(x.Labels), mapping.ListMax)]
	d.notes(r)
	if words := text(r.at, "patientInstruction", mapping.NoteMax); words != "" {
		d.addNote(words, placeOf(r.at, "patientInstruction"))
	}
	if task.kind != "" {
		d.notes(task)
	}
	d.limits(r)
}

// taskFor refuses a Task for somebody else than its order's subject.
func (d *decoder) taskFor(task resource) {
	if task.kind == "" {
		return
	}
	if ref, ok := task.at.Get("for"); ok {
		if who, found := d.resolve(task, ref); found && d.patient.kind != "" && !who.same(d.patient) {
			ref.Fail(OtherPatient, "the task is for somebody else than its order's subject")
		}
	}
}

// extGoal links a request to a goal (https://hl7.org/fhir/R4/extension-resource-pertainstogoal.html).
const extGoal = "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal"

// limits holds what several elements together gave against the limits of a referral.
func (d *decoder) limits(r resource) {
	x := d.event.Referral
	for _, list := range []struct {
		name      string
		len, most int
	}{
		{"conditions", len(x.Conditions), mapping.ConditionsMax}, {"observations", len(x.Observations), mapping.ObservationsMax},
		{"goals", len(x.Goals), mapping.GoalsMax}, {"notes", len(x.Notes), mapping.NotesMax}, {"payers", len(x.Payers), mapping.ListMax},
		{"documents", len(x.Documents), mapping.DocumentsMax},
	} {
		if list.len > list.most {
			r.at.Fail(jsontree.TooMany, "more than %d %s in all", list.most, list.name)
		}
	}
}

// notes keeps free text, in which screening looks for risks.
func (d *decoder) notes(r resource) {
	for c := range items(r.at, "note", mapping.NotesMax) {
		if note := text(c, "text", mapping.NoteMax); note != "" {
			d.addNote(note, c)
		}
	}
}

func (d *decoder) addNote(note string, from jsontree.Cursor) {
	d.event.Referral.Notes = append(d.event.Referral.Notes, note)
	d.places.notes = append(d.places.notes, from)
}

// orderIdentifier is the placer's (type PLAC), else the first that has a value.
func (d *decoder) orderIdentifier(r resource) mapping.Identifier {
	all := d.identifiers(r)
	for _, id := range all {
		if id.Type == "PLAC" {
			return id
		}
	}
	if len(all) == 0 {
		return mapping.Identifier{}
	}
	return all[0]
}

// sent is the sender's own time: Bundle.timestamp, else the latest of meta.lastUpdated and Task.lastModified, else
// authoredOn. A date without a time is none.
func (d *decoder) sent(r, task resource) (sent time.Time) {
	latest := func(at jsontree.Cursor, name string) {
		if f, ok := at.Get(name); ok {
			if t, ok := jsontree.ParseTime(f.DateTime()); ok && t.After(sent) {
				sent = t
			}
		}
	}
	if len(d.reading) > 0 {
		if latest(d.reading[0].at, "timestamp"); !sent.IsZero() {
			return sent
		}
	}
	for _, one := range []resource{r, task} {
		if one.kind == "" {
			continue
		}
		if meta, ok := one.at.Get("meta"); ok {
			latest(meta, "lastUpdated")
		}
	}
	if task.kind != "" {
		latest(task.at, "lastModified")
	}
	if r.kind != "" && sent.IsZero() {
		sent, _ = jsontree.ParseTime(raw(r.at, "authoredOn")) // what is wrong with it is reported where it is read
	}
	return sent
}

// mustUnderstand refuses an order, task or patient whose meaning an unknown extension changes.
func (d *decoder) mustUnderstand(r resource) {
	if ext, ok := r.at.Get("modifierExtension"); ok && !understood(r) {
		ext.Fail(ModifierUnknown, "an extension that is not known changes what this means")
	}
}
