package fhir

import "github.com/convene-health/convene/mapping"

// Code systems and extensions of FHIR R4, HL7 terminology, US Core, BSeR and ours.
const (
	SystemSNOMED          = "http://snomed.info/sct"
	SystemHCPCS           = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
	SystemLanguage        = "urn:ietf:bcp:47"
	SystemIdentifierType  = "http://terminology.hl7.org/CodeSystem/v2-0203"
	SystemServiceType     = "http://terminology.hl7.org/CodeSystem/service-type"
	SystemServiceCategory = "http://terminology.hl7.org/CodeSystem/service-category"

	systemClinicalStatus     = "http://terminology.hl7.org/CodeSystem/condition-clinical"
	systemVerificationStatus = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
	systemConditionCategory  = "http://terminology.hl7.org/CodeSystem/condition-category"
	systemTaskCode           = "http://hl7.org/fhir/CodeSystem/task-code"
	systemParticipant        = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
	// https://hl7.org/fhir/us/bser/CodeSystem-TaskBusinessStatusCS.html (IG 2.0.0-ballot)
	systemBusinessStatus = "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS"

	// SystemPlacementStatus holds the statuses of a placement: review, waitlisted, placed, ...
	SystemPlacementStatus = "https://convene.health/fhir/CodeSystem/placement-status"
	// SystemURI is of identifiers that are URIs themselves: https://hl7.org/fhir/R4/datatypes.html#Identifier
	SystemURI = "urn:ietf:rfc:3986"
	// SystemActCode holds security labels.
	SystemActCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	// SystemReason holds the codes of outward reasons.
	SystemReason = "https://convene.health/fhir/CodeSystem/reason"

	extensionDataAbsent  = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
	extensionInterpreter = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"
)

// BSeR task business statuses.
const (
	BusinessCreated         = "2.0"
	BusinessAccepted        = "3.0"
	BusinessDeclined        = "4.0"
	BusinessScheduled       = "5.1.1"
	BusinessUnattended      = "5.1.2"
	BusinessEventCancelled  = "5.1.3"
	BusinessEventCompleted  = "5.1.4"
	BusinessCancelRequested = "5.2"
	BusinessCancelled       = "6.0"
	BusinessCompleted       = "7.0"
)

// businessDisplay is the display of each, as the code system has it.
var businessDisplay = map[string]string{
	BusinessCreated:         "Service Request Created",
	BusinessAccepted:        "Service Request Accepted",
	BusinessDeclined:        "Service Request Declined",
	BusinessScheduled:       "Service Request Event Scheduled",
	BusinessUnattended:      "Scheduled Service Request Event Unattended",
	BusinessEventCancelled:  "Scheduled Service Request Event Cancelled",
	BusinessEventCompleted:  "Service Request Event Completed",
	BusinessCancelRequested: "Service Request Cancellation Requested",
	BusinessCancelled:       "Service Request Fulfillment Cancelled",
	BusinessCompleted:       "Service Request Fulfillment Completed",
}

// Concepts that never change, shared by all that refer to them.
var (
	// PatientReferral is what is ordered before a program is chosen, as in BSeR's examples.
	PatientReferral = Concept("Patient referral", NewCoding(SystemSNOMED, "3457005", "Patient referral"))
	// GroupProgram is the category of an order that no code of US Core's value set fits.
	GroupProgram = Concept("Group program")

	fulfill         = Concept("", NewCoding(systemTaskCode, "fulfill", ""))
	author          = Concept("", NewCoding(systemParticipant, "author", ""))
	verifier        = Concept("", NewCoding(systemParticipant, "verifier", ""))
	problemListItem = []CodeableConcept{Concept("", NewCoding(systemConditionCategory, "problem-list-item", ""))}

	// Codes that say what they mean go without a display, here and above: a confirmation holds a dozen of them.
	identifierTypes = concepts(SystemIdentifierType,
		"MR", "PI", "PT", "MB", "MC", "MA", "DL", "PPN", "NPI", "PRN", "XX", "PLAC", "FILL")
	clinicalStatuses     = concepts(systemClinicalStatus, mapping.ClinicalStatuses...)
	verificationStatuses = concepts(systemVerificationStatus, mapping.VerificationStatuses...)
	// https://hl7.org/fhir/R4/valueset-condition-severity.html
	severities = map[string]*CodeableConcept{
		"mild":     pointer(Concept("", NewCoding(SystemSNOMED, "255604002", "Mild"))),
		"moderate": pointer(Concept("", NewCoding(SystemSNOMED, "6736007", "Moderate"))),
		"severe":   pointer(Concept("", NewCoding(SystemSNOMED, "24484000", "Severe"))),
	}
)

// BusinessStatus is a Task's: BSeR's code and ours for the same state.
func BusinessStatus(bser, placement string) *CodeableConcept {
	c := Concept("", NewCoding(systemBusinessStatus, bser, businessDisplay[bser]), NewCoding(SystemPlacementStatus, placement, ""))
	return &c
}

// IdentifierType is the concept for a code of HL7 table 0203; nil for one that we do not know.
func IdentifierType(code string) *CodeableConcept { return identifierTypes[code] }

// ClinicalStatus of a condition, active when it says none.
func ClinicalStatus(code string) *CodeableConcept {
	if c := clinicalStatuses[code]; c != nil {
		return c
	}
	return clinicalStatuses["active"]
}

// VerificationStatus of a condition: none when it says none, for nobody has vouched for it; unconfirmed when what it says is no
// code.
func VerificationStatus(code string) *CodeableConcept {
	if code == "" {
		return nil
	}
	if c := verificationStatuses[code]; c != nil {
		return c
	}
	return verificationStatuses["unconfirmed"]
}

// Severity of a condition; nil when unknown.
func Severity(code string) *CodeableConcept { return severities[code] }

func concepts(system string, codes ...string) map[string]*CodeableConcept {
	all := make(map[string]*CodeableConcept, len(codes))
	for _, code := range codes {
		all[code] = pointer(Concept("", NewCoding(system, code, "")))
	}
	return all
}

func pointer[T any](v T) *T { return &v }
