package program

import (
	"slices"
)

// Care for which the law of some states lets a minor consent alone.
const (
	CareMental    = "mh"  // outpatient mental health care
	CareSubstance = "sud" // treatment of substance use
)

// MinorConsent is what the law of one state says of one kind of care.
type MinorConsent struct {
	State string // USPS code
	Care  string
	// AgeFrom in whole years from which a minor consents alone.
	AgeFrom int
	Source  string
}

// MinorConsentIn gives what the shipped table says of a state; nil: nothing, so that parent or guardian must consent.
func MinorConsentIn(state string) []MinorConsent { return shipped().minorConsent[state] }

// Care is the kind of care of a condition for MinorConsent; empty for others. It goes by the condition's sensitivity labels.
func (c *Condition) Care() string {
	has := func(label string) bool { return slices.Contains(c.Sensitivity, label) }
	switch {
	case has("SUD"), has("ETHUD"), has("OPIOIDUD"):
		return CareSubstance
	case has("MH"), has("PSY"):
		return CareMental
	}
	return ""
}

func (t *Tables) readMinorConsent() {
	t.minorConsent = map[string][]MinorConsent{}
	for _, r := range readTable("minor-consent.csv") {
		m := MinorConsent{State: r["state"], Care: r["care"], AgeFrom: r.number("age_from"), Source: r["source"]}
		t.minorConsent[m.State] = append(t.minorConsent[m.State], m)
	}
}
