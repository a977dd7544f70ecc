package fhir

// Profiles that a resource says it meets. The URLs name no version: what Convene writes meets US Core 5.0.1 and 7.0.0.
// BSeR's profiles (IG 2.0.0-ballot) are derived from US Core's.
var (
	metaPatient          = profile(usCore + "patient")
	metaCondition        = profile(usCore + "condition-problems-health-concerns")
	metaServiceRequest   = profile(usCore + "servicerequest")
	metaPractitioner     = profile(usCore + "practitioner")
	metaPractitionerRole = profile(usCore + "practitionerrole")
	metaOrganization     = profile(usCore + "organization")
	metaProvenance       = profile(usCore + "provenance")

	// BSeRPatient is the meta of a Patient of BSeR, and so on.
	BSeRPatient        = profile(bser + "bser-patient")
	BSeRServiceRequest = profile(bser + "BSeR-ReferralServiceRequest")
	BSeRTask           = profile(bser + "BSeR-ReferralTask")

	// SDOHServiceRequest is the meta of a ServiceRequest of Gravity's SDOH Clinical Care IG (3.0.0), and so on.
	SDOHServiceRequest = profile(sdoh + "SDOHCC-ServiceRequest")
	SDOHTask           = profile(sdoh + "SDOHCC-TaskForReferralManagement")
	metaEnrolment      = profile(sdoh + "SDOHCC-ObservationProgramEnrollmentStatus")
)

const (
	usCore = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
	bser   = "http://hl7.org/fhir/us/bser/StructureDefinition/"
	sdoh   = "http://hl7.org/fhir/us/sdoh-clinicalcare/StructureDefinition/"
)

func profile(url string) *Meta { return &Meta{Profile: []string{url}} }
