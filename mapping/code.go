package mapping

// Code systems by the URI that FHIR R4 gives them (https://hl7.org/fhir/R4/terminologies-systems.html).
const (
	SystemICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
	SystemSNOMED  = "http://snomed.info/sct"
	SystemLOINC   = "http://loinc.org"
	SystemHCPCS   = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
	SystemCPT     = "http://www.ama-assn.org/go/cpt"
	SystemNPI     = "http://hl7.org/fhir/sid/us-npi"
	SystemSSN     = "http://hl7.org/fhir/sid/us-ssn"

	// SystemFinding holds findings for which no other code system has a code.
	SystemFinding = "https://convene.health/fhir/CodeSystem/finding"
	// FindingConsentDenied: the patient denies consent to what a referral needs.
	FindingConsentDenied = "consent-denied"
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
