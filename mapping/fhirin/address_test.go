package fhirin_test

import (
	"strings"
	"testing"
)

// TestAddressInUse: S21, a temporary address goes before the home's while it holds; what is over or to come is not where
// the patient sits. The order is of 9 November 2026.
func TestAddressInUse(t *testing.T) {
	const home = `{"use":"home","state":"MA"}`
	for name, c := range map[string]struct{ addresses, state string }{
		"home":                       {home, "MA"},
		"temporary now":              {home + `,{"use":"temp","state":"TX","period":{"start":"2026-10-01","end":"2027-06-01"}}`, "TX"},
		"temporary without a period": {`{"use":"temp","state":"TX"},` + home, "TX"},
		"temporary to this month":    {home + `,{"use":"temp","state":"TX","period":{"end":"2026-11"}}`, "TX"},
		"temporary no more":          {home + `,{"use":"temp","state":"TX","period":{"end":"2026-10-31"}}`, "MA"},
		"temporary to come":          {home + `,{"use":"temp","state":"TX","period":{"start":"2026-12-01"}}`, "MA"},
		"home until next year":       {`{"use":"billing","state":"NY"},{"use":"home","state":"MA","period":{"end":"2027-12-31"}}`, "MA"},
		"home no more":               {`{"use":"home","state":"MA","period":{"end":"2026-01-31"}},{"state":"NY"}`, "NY"},
	} {
		x := referral(t, strings.Replace(`{ORDER,REASON,"authoredOn":"2026-11-09T09:00:00Z","subject":{"reference":"#p"},"contained":[{PATIENT,"id":"p","address":[HERE]}]}`, "HERE", c.addresses, 1))
		if got := x.Patient.Address.State; got != c.state {
			t.Errorf("%s: %q, not %q", name, got, c.state)
		}
	}
}
