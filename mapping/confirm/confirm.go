// Package confirm turns a notice into the confirmation that the outside receives: one CloudEvents 1.0 JSON
// event with a FHIR R4 transaction Bundle inside.
//
// The bytes are a function of the notice and the catalog alone: the same notice gives the same bytes, field
// by field in the same order. Absent fields are left out. A Writer is immutable and safe for concurrent use.
//
// # Delivering a bundle twice changes nothing
//
// The ServiceRequest, the Task, the Appointment and the Provenance are put under logical ids made of the network and the
// referral's key (PUT [type]/[id]): the second delivery writes what is there already. Conditional updates
// (PUT [type]?identifier=...) would need no client-chosen ids, but two deliveries under way at once, or a
// search index that lags, make two resources of them, and a Provenance has no identifier to search by. The
// server must allow updates that create (CapabilityStatement.rest.resource.updateCreate). Everything else,
// Patient, Conditions, requester, program, is created unless one with the identifier exists, and never updated.
package confirm

import (
	"fmt"

	"github.com/convene-health/convene/fhir"
	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// Writer writes confirmations under one catalog.
type Writer struct {
	network string
	catalog *program.Catalog // nil: refusals only
	systems systems
	trusted []string // systems of trusted assigners of patient identifiers, the first preferred
	faces   map[mapping.Status]face
	owner   *part          // the network's organization
	device  fhir.Reference // Convene itself, by name
	// confidentiality is what a participant is told before the first session.
	confidentiality string
	bser            bool // the catalog asks for BSeR's profiles
	sdoh            bool // or for Gravity's
	programs        map[string]*offering
	groups          map[string]*group
}

// New compiles what confirmations say of a catalog's programs, groups, sites and organizations. The catalog
// must have been loaded without problems; New panics on one that gives invalid FHIR resources.
func New(cat *program.Catalog) *Writer {
	w := newWriter(cat.Network)
	w.catalog = cat
	w.confidentiality = clean(cat.Notices.Confidentiality.Text)
	w.compile()
	return w
}

// NewRefuser is a Writer for a network that has no catalog yet: all it can write is refusals.
func NewRefuser(network string) *Writer { return newWriter(network) }

func newWriter(network string) *Writer {
	return &Writer{network: network, systems: systemsOf(network)}
}

// Append appends the confirmation of n, of up to mapping.ConfirmationBytes, to dst.
//
// It fails and leaves dst as it was: with mapping.Issues ("too-large") on a confirmation that is larger; and,
// were there a fault in Convene, with an error that wraps mapping.Issues on a bundle that fails its checks, and
// on a status that is none. A notice whose program or group is no
// longer in the catalog names it by id. Without a Request, or on a refusal, there is no bundle.
func (w *Writer) Append(dst []byte, n *mapping.Notice) ([]byte, error) {
	start := len(dst)
	if _, known := w.faces[n.Status]; !known && n.Status != mapping.Refused {
		return dst, fmt.Errorf("confirmation %s-%d-%d: no confirmation has status %q", n.Network, n.Sequence, n.N, n.Status)
	}
	e := envelope{w: w, n: n, b: dst}
	e.open()
	e.data()
	if n.Status != mapping.Refused && n.Request != nil && w.catalog != nil {
		b, problems := w.appendBundle(append(e.b, `,"bundle":`...), n)
		if err := problems.Err(); err != nil {
			return dst, fmt.Errorf("bundle of %s-%d-%d: %w", n.Network, n.Sequence, n.N, err)
		}
		e.b = b
	}
	b := append(e.b, "}}"...)
	if size, most := len(b)-start, bytesMax(n); size > most {
		var issues mapping.Issues
		issues.Add("data", "too-large", "the confirmation would be of %d bytes, of which %d are allowed: give fewer or shorter conditions and names", size, most)
		return dst, issues
	}
	return b, nil
}

// bytesMax of a confirmation: less for the first of a placement and while it is undecided or waits.
func bytesMax(n *mapping.Notice) int {
	switch n.Status {
	case mapping.Review, mapping.NeedsInfo, mapping.Waitlisted:
		return mapping.ConfirmationBytes - mapping.ConfirmationRoom
	}
	if n.Previous == "" {
		return mapping.ConfirmationBytes - mapping.ConfirmationRoom
	}
	return mapping.ConfirmationBytes
}

// Encode is New(cat).Append for a single notice; cat may be nil for a refusal. Whoever writes more than one
// keeps a Writer.
func Encode(dst []byte, n *mapping.Notice, cat *program.Catalog) ([]byte, error) {
	if cat == nil {
		return NewRefuser(n.Network).Append(dst, n)
	}
	return New(cat).Append(dst, n)
}
