package fhirin

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

var (
	provisionTypes = []string{"deny", "permit"}
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
// look at (https://hl7.org/fhir/R4/consent.html). One that permits is kept, where one is asked for. One for research, and a directive on
// treatment in an emergency, are not about referrals.
func (d *decoder) consent(r resource) {
	if word(r.at, "status", mapping.ConsentStatuses) != "active" {
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
	if !denies {
		d.permit(r)
	} else {
		d.addObservation(mapping.Observation{
			Code: mapping.Code{System: mapping.SystemFinding, Code: mapping.FindingConsentDenied, Display: "Consent denied"},
			Date: consentDate(r),
		}, r.at)
	}
}

// permit keeps a consent with who gave it, whom it is for, what for, until when, and about which data. One that a document or a verified
// signature stands behind is a written one.
func (d *decoder) permit(r resource) {
	x := d.event.Referral
	if len(x.Consents) >= mapping.ListMax {
		return
	}
	c := mapping.Consent{Decision: "permit", Status: "active"}
	_, source, _ := choice(r.at, "source")
	for v := range items(r.at, "verification", repeatMax) {
		if at, ok := v.Get("verified"); ok {
			c.Written = c.Written || at.Bool()
		}
	}
	c.Written = c.Written || source != ""
	p, ok := r.at.Get("provision")
	if ok {
		if period, ok := p.Get("period"); ok {
			c.From, c.To = dateOf(period, "start"), dateOf(period, "end")
		}
		for code := range items(p, "purpose", mapping.ListMax) {
			c.Purposes = append(c.Purposes, text(code, "code", mapping.ShortMax))
		}
		for code := range items(p, "securityLabel", mapping.ListMax) {
			c.Labels = append(c.Labels, text(code, "code", mapping.ShortMax))
		}
		for actor := range items(p, "actor", mapping.ListMax) {
			if ref, ok := actor.Get("reference"); ok {
				c.Recipients = append(c.Recipients, d.recipient(r, ref))
			}
		}
	}
	c.Guardian = d.ofGuardian(r)
	x.Consents = append(x.Consents, c)
}

// recipient of what a consent permits: an organization, or who else it names, whom no program is.
func (d *decoder) recipient(r resource, ref jsontree.Cursor) mapping.Party {
	if target, ok := d.seek(r, ref, "Organization", "CareTeam", "Device", "Group", "Patient", "Practitioner", "PractitionerRole", "RelatedPerson"); ok {
		if target.kind == "Organization" {
			return d.organization(target)
		}
		return mapping.Party{Name: target.kind}
	}
	if p := d.named(r, ref); p.Identifier.Value != "" || p.Name != "" {
		return p
	}
	return mapping.Party{Name: "somebody else"}
}

func dateOf(c jsontree.Cursor, name string) string {
	if at, ok := c.Get(name); ok {
		return at.DateTime()
	}
	return ""
}

// labelsOf a resource are the codes of its security labels.
func labelsOf(r resource) (labels []string) {
	meta, ok := r.at.Get("meta")
	if !ok {
		return nil
	}
	for code := range items(meta, "security", mapping.ListMax) {
		if s := text(code, "code", mapping.ShortMax); s != "" {
			labels = append(labels, s)
		}
	}
	return labels
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
