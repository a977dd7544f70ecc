package fhir

import models "github.com/samply/golang-fhir-models/fhir-models/fhir"

// The resources that Convene writes, as samply models them.
type (
	Patient           = models.Patient
	Condition         = models.Condition
	ServiceRequest    = models.ServiceRequest
	Task              = models.Task
	Practitioner      = models.Practitioner
	PractitionerRole  = models.PractitionerRole
	Organization      = models.Organization
	HealthcareService = models.HealthcareService
	Location          = models.Location
	Provenance        = models.Provenance
	Appointment       = models.Appointment
	Observation       = models.Observation
)

// Their parts.
type (
	Address                = models.Address
	AppointmentParticipant = models.AppointmentParticipant
	CodeableConcept        = models.CodeableConcept
	Coding                 = models.Coding
	ContactPoint           = models.ContactPoint
	Extension              = models.Extension
	HumanName              = models.HumanName
	Identifier             = models.Identifier
	Meta                   = models.Meta
	Annotation             = models.Annotation
	PatientCommunication   = models.PatientCommunication
	PatientContact         = models.PatientContact
	Period                 = models.Period
	ProvenanceAgent        = models.ProvenanceAgent
	Reference              = models.Reference
	TaskOutput             = models.TaskOutput
	TaskRestriction        = models.TaskRestriction
)

// Codes of required value sets. Their zero values are codes too (draft, usual, ...), so that an absent one is a nil pointer.
type (
	AdministrativeGender = models.AdministrativeGender
	AppointmentStatus    = models.AppointmentStatus
	RequestPriority      = models.RequestPriority
	RequestStatus        = models.RequestStatus
	TaskStatus           = models.TaskStatus
)

// https://hl7.org/fhir/R4/valueset-request-status.html
const (
	RequestActive    = models.RequestStatusActive
	RequestRevoked   = models.RequestStatusRevoked
	RequestCompleted = models.RequestStatusCompleted
)

// https://hl7.org/fhir/R4/valueset-task-status.html
const (
	TaskRequested      = models.TaskStatusRequested
	TaskReceived       = models.TaskStatusReceived
	TaskAccepted       = models.TaskStatusAccepted
	TaskRejected       = models.TaskStatusRejected
	TaskInProgress     = models.TaskStatusInProgress
	TaskCompleted      = models.TaskStatusCompleted
	TaskCancelled      = models.TaskStatusCancelled
	TaskFailed         = models.TaskStatusFailed
	TaskEnteredInError = models.TaskStatusEnteredInError
)

// https://hl7.org/fhir/R4/valueset-appointmentstatus.html
const (
	AppointmentPending        = models.AppointmentStatusPending
	AppointmentBooked         = models.AppointmentStatusBooked
	AppointmentFulfilled      = models.AppointmentStatusFulfilled
	AppointmentCancelled      = models.AppointmentStatusCancelled
	AppointmentNoShow         = models.AppointmentStatusNoshow
	AppointmentEnteredInError = models.AppointmentStatusEnteredInError
)

var (
	genderMale, genderFemale   = models.AdministrativeGenderMale, models.AdministrativeGenderFemale
	genderOther, genderUnknown = models.AdministrativeGenderOther, models.AdministrativeGenderUnknown

	priorityRoutine, priorityUrgent = models.RequestPriorityRoutine, models.RequestPriorityUrgent
	priorityASAP, priorityStat      = models.RequestPriorityAsap, models.RequestPriorityStat

	telecomPhone, telecomEmail = models.ContactPointSystemPhone, models.ContactPointSystemEmail
	yes                        = true
)

// Gender is the code of https://hl7.org/fhir/R4/valueset-administrative-gender.html, unknown when it is none of them.
func Gender(code string) *AdministrativeGender {
	switch code {
	case "male":
		return &genderMale
	case "female":
		return &genderFemale
	case "other":
		return &genderOther
	}
	return &genderUnknown
}

// Priority is the code of https://hl7.org/fhir/R4/valueset-request-priority.html; nil when it is none of them.
func Priority(code string) *RequestPriority {
	switch code {
	case "routine":
		return &priorityRoutine
	case "urgent":
		return &priorityUrgent
	case "asap":
		return &priorityASAP
	case "stat":
		return &priorityStat
	}
	return nil
}
