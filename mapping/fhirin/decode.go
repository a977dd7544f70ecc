// Package fhirin reads FHIR R4 JSON: a ServiceRequest with its patient contained, a Task that asks to fulfil one, a
// Patient that replaces or is replaced by another, or a Bundle of such resources (message, document, transaction, batch,
// collection, searchset). Sources: https://hl7.org/fhir/R4/, US Core, BSeR (HL7/bser), NHS BaRS.
//
// Decode finds the one order of the input and reads all that belongs to it, each problem with its path
// ("Bundle.entry[2].resource.subject"). What is wrong in what it reads refuses the input; a reference that leads nowhere
// is a remark, except to the patient. Elements that nothing reads are passed over in silence: the input's bytes are kept.
// A patient is never guessed: one that the order does not refer to is not its patient.
//
// It holds for every input: no panic, no more work than in proportion to the input's length (times its nested bundles),
// no more than jsontree.IssuesMax issues and one that counts the rest.
package fhirin

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// Issue codes beyond those of jsontree.
const (
	Unsupported     = "unsupported-resource" // a resource, message or task that asks for nothing Convene does
	NotActive       = "not-active"           // the order is not in force
	NoReferral      = "no-referral"          // there is no order in it
	Several         = "several-referrals"    // more than one order, or merge
	Unresolved      = "unresolved-reference" // the target is not in the message
	Ambiguous       = "ambiguous-reference"  // more than one resource could be meant
	WrongTarget     = "wrong-target"         // the target is of another type
	OtherPatient    = "other-patient"        // about somebody else
	TwoValues       = "choice"               // two values of one choice[x]
	NotUsed         = "not-used"             // read and of no effect
	EnteredInError  = "entered-in-error"
	ModifierUnknown = "modifier-extension" // its meaning is changed by an extension that is not known
	Contradiction   = "contradiction"      // two parts of the message disagree
)

// Decode reads one stored message. Strings of the event share memory of about the input's size.
func Decode(in mapping.Input) mapping.Decoded {
	d := decoder{input: in, event: &mapping.Event{Source: in.Source}}
	d.decode(in.Data)
	if d.report.Failed() {
		return mapping.Decoded{Issues: d.report.Issues(), Target: d.event.Target}
	}
	if d.event.Referral != nil {
		d.event.Target = mapping.Target{}
	}
	return mapping.Decoded{Event: d.event, Issues: d.report.Issues(), Places: &d.places}
}

type decoder struct {
	input  mapping.Input
	report jsontree.Report
	event  *mapping.Event
	places places
	// patient of the order; its cursor is the zero one where only a logical identifier names it.
	patient   resource
	patientID mapping.Identifier
	// relative is the patient to whom the order's subject, a RelatedPerson, belongs.
	relative resource
	// taken are the resources that were read, or passed over with a remark.
	taken map[jsontree.Cursor]struct{}
	// reading holds the bundles whose entries are being taken, the outermost last.
	reading []*bundle
	// contained indexes the contained resources of each container that was asked for one.
	contained map[jsontree.Cursor]map[string]jsontree.Cursor
}

func (d *decoder) decode(data []byte) {
	if len(data) > mapping.InputBytesMax {
		d.report.Fail("$", jsontree.TooLarge, "%d bytes, where at most %d are allowed", len(data), mapping.InputBytesMax)
		return
	}
	root, whole := d.parse(data)
	switch {
	case root.kind == "" && d.report.Failed():
	case root.kind == "":
		if root.at.Kind() == jsontree.Object {
			root.at.Missing("resourceType", "expected the type of a FHIR resource")
		} else {
			root.at.Fail(jsontree.WrongType, "expected a FHIR resource, an object")
		}
	case !whole:
		if root.kind == "ServiceRequest" {
			d.event.Target.Identifier = d.orderIdentifier(root)
		}
	default:
		d.whole(root)
	}
}

// parse reads the document. whole is false when a syntax error or the depth cut it short.
func (d *decoder) parse(data []byte) (root resource, whole bool) {
	tree := jsontree.Parse(data)
	var quiet jsontree.Report
	if at, ok := tree.Read(&quiet); ok {
		if kind := kindOf(at); isName(kind) {
			tree.Base = kind
		}
	}
	at, ok := tree.Read(&d.report)
	if !ok {
		return resource{}, false
	}
	whole = true
	for _, p := range tree.Problems {
		whole = whole && p.Code != jsontree.InvalidJSON && p.Code != jsontree.TooDeep
	}
	return resource{at: at, kind: kindOf(at), id: idOf(at), container: at}, whole
}

func (d *decoder) whole(r resource) {
	switch r.kind {
	case "Bundle":
		d.bundle(r)
	case "ServiceRequest":
		d.order(r, resource{}, false)
	case "Task":
		d.task(r)
	case "Patient":
		d.merge([]resource{r})
	default:
		r.at.Fail(Unsupported, "expected a ServiceRequest, a Task, a Patient with a link, or a Bundle of them")
	}
}

// bundleTypes is the value set bundle-type; those after the first six report what happened elsewhere.
var bundleTypes = []string{"message", "document", "transaction", "batch", "collection", "searchset",
	"transaction-response", "batch-response", "history"}

// bundle finds the order in a bundle: what a message's header points to, else what a Task asks to fulfil, else the only
// ServiceRequest, else a patient's merge.
func (d *decoder) bundle(r resource) {
	kind := word(r.at, "type", bundleTypes)
	r.at.Require("type", "expected the bundle's type")
	if !slices.Contains(bundleTypes[:6], kind) {
		if kind != "" {
			r.at.Fail(Unsupported, "a bundle of type %s asks for nothing", kind)
		}
		return
	}
	b := d.open(r, nil)
	d.reading = []*bundle{b}
	d.event.ID = bundleID(r)
	cancels := false
	var orders, tasks []resource
	if kind == "message" {
		var ok bool
		if orders, tasks, cancels, ok = d.header(b); !ok {
			return
		}
	}
	if len(orders)+len(tasks) == 0 {
		tasks = slices.DeleteFunc(b.all("Task"), func(t resource) bool { return !t.at.Has("focus") || taskCode(t) != fulfil })
	}
	d.choose(b, orders, tasks, cancels)
}

// choose takes the one order that is meant.
func (d *decoder) choose(b *bundle, orders, tasks []resource, cancels bool) {
	var task, orphan resource
	for _, t := range tasks {
		switch order, ok := d.focus(t); {
		case !ok && orphan.kind == "":
			orphan = t
		case ok && task.kind != "":
			t.at.Fail(Several, "a message has one task for the order")
		case ok:
			orders, task = appendNew(orders, order), t
		}
	}
	if len(orders) == 0 && orphan.kind != "" {
		// What a task calls off or asks for is never some other order that happens to be here.
		d.orphan(orphan)
		return
	}
	if len(orders) == 0 {
		orders = b.all("ServiceRequest")
	}
	switch {
	case len(orders) > 1:
		for _, o := range orders[1:] {
			o.at.Fail(Several, "a message is about one order; send one message each")
		}
	case len(orders) == 1:
		d.order(orders[0], task, cancels)
	case b.linked():
		d.merge(b.all("Patient"))
	default:
		b.at.Fail(NoReferral, "expected a ServiceRequest, a Task with its focus, or a Patient with a link")
	}
}

// header reads a message's MessageHeader: what it is about, and whether it calls an order off. ok is false where the
// message asks for nothing.
func (d *decoder) header(b *bundle) (orders, tasks []resource, cancels, ok bool) {
	headers := b.all("MessageHeader")
	if len(headers) == 0 {
		b.at.Remark(jsontree.Required, "the first entry of a message is its MessageHeader")
		return nil, nil, false, true
	}
	h := headers[0]
	if answer, is := h.at.Get("response"); is {
		answer.Fail(Unsupported, "this message is an answer and asks for nothing")
		return nil, nil, false, false
	}
	if event, suffix, is := choice(h.at, "event"); is && suffix == "Coding" {
		// HL7 table 0003: I14 is "Cancel patient referral".
		cancels = text(event, "code", mapping.ShortMax) == "I14"
	}
	for ref := range items(h.at, "focus", mapping.ListMax) {
		target, found := d.resolve(h, ref)
		switch {
		case !found:
			d.unresolved(ref)
		case target.kind == "Task":
			tasks = append(tasks, target)
		case target.kind == "ServiceRequest":
			orders = appendNew(orders, target)
		}
	}
	return orders, tasks, cancels, true
}

// bundleID is the sender's own id of the message.
func bundleID(r resource) string {
	if id, ok := r.at.Get("identifier"); ok {
		if value := text(id, "value", mapping.TextMax); value != "" {
			return value
		}
	}
	return r.id
}
