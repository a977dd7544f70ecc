package confirm

import (
	"slices"

	"github.com/convene-health/convene/fhir"
	"github.com/convene-health/convene/mapping"
)

// label finds the security labels that everything made of the referral carries, and the notice that goes with what is under
// 42 CFR Part 2: the network's own words, dated. They stand as long as the referral is told of, whatever came later.
func (x *bundle) label() {
	if slices.ContainsFunc(x.n.Labels, mapping.IsPart2) {
		if notice := x.w.catalog.Notices.Redisclosure; notice.Text != "" {
			x.notes = []fhir.Annotation{fhir.NewAnnotation(clean(notice.Text), notice.Date)}
		}
	}
	for i, code := range x.n.Labels {
		if code = clean(code); fhir.IsCode(code) && !slices.Contains(x.n.Labels[:i], code) {
			x.labels = append(x.labels, fhir.NewCoding(fhir.SystemActCode, code, ""))
		}
	}
}

// labelled is the meta of a resource that is made of the referral.
func (x *bundle) labelled(m *fhir.Meta) *fhir.Meta {
	if len(x.labels) == 0 {
		return m
	}
	var out fhir.Meta
	if m != nil {
		out = *m
	}
	out.Security = x.labels
	return &out
}
