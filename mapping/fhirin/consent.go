package fhirin

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

var (
	consentStatuses = []string{"draft", "proposed", "active", "rejected", "inactive", wrong}
	provisionTypes  = []string{"deny", "permit"}
	// purposesElsewhere are purposes of use that a referral has nothing to do with (v3-ActReason): research and
	// marketing. A denial of these alone bars nothing here.
	purposesElsewhere = []string{"HRESCH", "CLINTRCH", "HMARKT"}
)

const (
	systemConsentScope = "http://terminology.hl7.org/CodeSystem/consentscope"
	systemActCode      = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	// provisionDepth bounds how far provisions within provisions are read.
	provisionDepth = 8
)

// consent takes an active Consent that denies, in a provision or by a policy of opting out, as a finding that a person must
// look at (https://hl7.org/fhir/R4/consent.html). One that permits bars nothing. One for research, and a directive on
// treatment in an emergency, are not about referrals.
func (d *decoder) consent(r resource) {
	if word(r.at, "status", consentStatuses) != "active" {
		return
	}
	scopes, _ := conceptMember(r.at, "scope")
	for _, c := range scopes {
		if c.System == systemConsentScope && (c.Code == "research" || c.Code == "adr") {
			r.at.Remark(NotUsed, "this consent is not about referrals")
			return
		}
	}
	policy, _ := conceptMember(r.at, "policyRule")
	denies := slices.ContainsFunc(policy, func(c mapping.Code) bool { return c.System == systemActCode && c.Code == "OPTOUT" })
	if p, ok := r.at.Get("provision"); ok {
		denies = denied(p, provisionDepth) || denies
	}
	if denies {
		d.addObservation(mapping.Observation{
			Code: mapping.Code{System: mapping.SystemFinding, Code: mapping.FindingConsentDenied, Display: "Consent denied"},
			Date: consentDate(r),
		}, r.at)
	}
}

func consentDate(r resource) string {
	if at, ok := r.at.Get("dateTime"); ok {
		return at.DateTime()
	}
	return ""
}

// denied reports whether a provision, or one within it, denies something that matters here.
func denied(p jsontree.Cursor, depth int) bool {
	found := word(p, "type", provisionTypes) == "deny" && !elsewhere(p)
	if depth == 0 {
		return found
	}
	for inner := range items(p, "provision", repeatMax) {
		found = denied(inner, depth-1) || found
	}
	return found
}

// elsewhere reports whether a provision names purposes, and none that a referral has.
func elsewhere(p jsontree.Cursor) bool {
	purposes := 0
	for purpose := range items(p, "purpose", repeatMax) {
		purposes++
		if !slices.Contains(purposesElsewhere, text(purpose, "code", mapping.ShortMax)) {
			return false
		}
	}
	return purposes > 0
}
