package confirm

import (
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/convene-health/convene/fhir/fhirtest"
	"github.com/convene-health/convene/mapping"
)

// awkward are texts that FHIR bounds in one place or another, beside some that fit.
var awkward = []string{
	"", "", "", "x", "a b", " a", "a ", "a  b", " ", "\x00", "\x01x", "a\tb\n", "\u0085", "\u00a0", "\u2028", "\ufeff", "\xff", "é", "😀", "\x7f", "a\x7fb",
	"urn:x", "urn:", ":", "http://a b", "http://x/é", "urn:oid:1.2.3", "1.2.3", "1..2", "%", "|,$\\", "\"<&>",
	mapping.SystemSSN, mapping.SystemNPI, mapping.SystemSNOMED, mapping.SystemICD10CM, "SS", "MR", "NPI", "PLAC",
	"2026", "2026-02", "2026-02-29", "2024-02-29", "0001-01-01", "9999-12-31", "2026-11-11T09:30:00Z", "2026-11-11T09:30:00.123456789+14:00",
	"2026-11-11T23:59:60Z", "2026-11-11T09:30:00-14:00", "2026-11-11T00:00:00+14:59", "-001-01-01",
	"male", "female", "routine", "stat", "active", "resolved", "refuted", "entered-in-error", "confirmed", "severe", "en", "es-MX",
}

// awkwardly fills v with awkward texts.
func awkwardly(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.SampledFrom(awkward).Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Struct:
		for i := range v.NumField() {
			awkwardly(t, v.Field(i))
		}
	case reflect.Slice:
		n := rapid.IntRange(0, 3).Draw(t, "n")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			awkwardly(t, v.Index(i))
		}
	}
}

// TestAnyReferral: whatever a referral says, its confirmation holds valid R4.
func TestAnyReferral(t *testing.T) {
	w := New(catalog(t, ""))
	rapid.Check(t, func(r *rapid.T) {
		n := placed()
		n.Request = new(mapping.Referral)
		awkwardly(r, reflect.ValueOf(n.Request).Elem())
		awkwardly(r, reflect.ValueOf(&n.Reasons).Elem())
		n.Status = rapid.SampledFrom(statuses).Draw(r, "status")
		n.Identifier, n.Priority = n.Request.Identifier, n.Request.Priority
		n.DecidedBy = rapid.SampledFrom(awkward).Draw(r, "decidedBy")
		b, err := w.Append(nil, n)
		var issues mapping.Issues
		if errors.As(err, &issues) {
			r.Fatalf("%v", issues)
		} else if err != nil {
			r.Fatal(err)
		}
		if err := fhirtest.Validate(bundleOf(t, b)); err != nil {
			r.Fatal(err)
		}
	})
}
