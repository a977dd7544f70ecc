package confirm

import (
	"time"

	"github.com/convene-health/convene/fhir"
	"github.com/convene-health/convene/mapping"
)

// bundle is what the entries of one bundle need of each other.
type bundle struct {
	fhir.Transaction
	w    *Writer
	n    *mapping.Notice
	now  string // n.Time as an instant
	face face

	patient      fhir.Reference
	requester    fhir.Reference // a PractitionerRole
	organization fhir.Reference // the requester's
	offering     *offering      // nil until a program is chosen
	reasons      []fhir.Reference
	reasonCodes  []fhir.CodeableConcept // where the reasons alone do not do
	outputs      []fhir.TaskOutput
	labels       []fhir.Coding     // security labels of all that is made of the referral
	notes        []fhir.Annotation // notices that go with it
}

// appendBundle appends the transaction of a notice. The entries stand in the order in which they refer to each
// other; servers do not care, readers do.
func (w *Writer) appendBundle(b []byte, n *mapping.Notice) ([]byte, mapping.Issues) {
	now := fhir.Instant(n.Time.UTC())
	x := bundle{Transaction: fhir.NewTransaction(b, now), w: w, n: n, now: now, face: w.face(n), offering: w.programs[n.Program]}
	x.label()
	x.add(w.owner)
	x.addPatient()
	x.addConditions()
	x.addRequester()
	x.addOffering()
	x.addOrder()
	return x.End()
}

// add adds an entry of the catalog.
func (x *bundle) add(p *part) { x.Append(p.url, p.resource, p.request) }

// addOffering adds the program, who provides it, and where the group meets.
func (x *bundle) addOffering() {
	if x.offering == nil {
		return
	}
	if p := x.offering.provider; p.url != x.w.owner.url && p.url != *x.organization.Reference {
		x.add(p)
	}
	x.add(x.offering.service)
	if g := x.w.groups[x.n.Group]; g != nil && g.site != nil {
		x.add(g.site)
	}
}

// instant of t in UTC; that of the notice when t is zero or, which only a clock gone wrong can bring about, later.
func (x *bundle) instant(t time.Time) string {
	if t.IsZero() || t.After(x.n.Time) {
		return x.now
	}
	return fhir.Instant(t.UTC())
}
