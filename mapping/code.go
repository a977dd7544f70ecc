package mapping

// Code systems by the URI that FHIR R4 gives them (https://hl7.org/fhir/R4/terminologies-systems.html).
const (
	SystemICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
	SystemICD10   = "http://hl7.org/fhir/sid/icd-10" // of the World Health Organization
	SystemICD9CM  = "http://hl7.org/fhir/sid/icd-9-cm"
	SystemSNOMED  = "http://snomed.info/sct"
	SystemLOINC   = "http://loinc.org"
	SystemHCPCS   = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
	SystemCPT     = "http://www.ama-assn.org/go/cpt"
	SystemNPI     = "http://hl7.org/fhir/sid/us-npi"
	SystemSSN     = "http://hl7.org/fhir/sid/us-ssn"
	// SystemRace is the CDC race and ethnicity code set, of US Core's race extension.
	SystemRace = "urn:oid:2.16.840.1.113883.6.238"

	// SystemFinding holds findings for which no other code system has a code.
	SystemFinding = "https://convene.health/fhir/CodeSystem/finding"
	// FindingConsentDenied: the patient denies consent to what a referral needs.
	FindingConsentDenied = "consent-denied"
	// FindingOrdered answers an observation whose code is that of a service: an order for it is open.
	FindingOrdered = "ordered"
	// FindingSafetyFlag and FindingBehavioralFlag: an active alert of category safety, of category behavioral, whatever it says.
	FindingSafetyFlag     = "safety-flag"
	FindingBehavioralFlag = "behavioral-flag"
	// FindingAuthorization: the payer has authorized it; the observation's date is the last day on which that holds.
	FindingAuthorization = "authorization"
	// FindingGuardianConsent: parent or guardian consents to the referral of a minor.
	FindingGuardianConsent = "guardian-consent"
	// FindingOrderedHours and FindingOrderedTopics are what an order for training names.
	FindingOrderedHours  = "ordered-hours"
	FindingOrderedTopics = "ordered-topics"
)

// Code is one coding: a code in a code system, as the sender wrote it.
type Code struct {
	System  string `json:"system,omitempty"`
	Code    string `json:"code,omitempty"`
	Display string `json:"display,omitempty"`
}

// Identifier is a business identifier. System is the assigner's namespace: a URI or urn:oid is global,
// anything else is local to the source that sent it.
type Identifier struct {
	System string `json:"system,omitempty"`
	Value  string `json:"value,omitempty"`
	// Type is a code of HL7 table 0203: MR, SS, NPI, PLAC, FILL, ...
	Type string `json:"type,omitempty"`
}
