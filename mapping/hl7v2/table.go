package hl7v2

import (
	"github.com/convene-health/convene/mapping"
)

// Code systems of ours, by which a message may name what a catalog has: RF1-3 and OBR-4 a program, RF1-10 a goal.
// Names that begin with 99 are local by HL7 table 0396.
const (
	codesProgram = "99CONVENEPROGRAM"
	codesGoal    = "99CONVENEGOAL"
)

// systemsByOID are assigners that FHIR knows by another URI.
var systemsByOID = map[string]string{
	"urn:oid:2.16.840.1.113883.4.1": mapping.SystemSSN,
	"urn:oid:2.16.840.1.113883.4.6": mapping.SystemNPI,
}

// genders of HL7 table 0001, as the v2-to-FHIR guide maps them to administrative-gender.
var genders = map[string]string{"F": "female", "M": "male", "O": "other", "A": "other", "N": "other", "U": "unknown"}

// priorities of HL7 table 0280, to which sites add U.
var priorities = map[string]mapping.Priority{"R": mapping.Routine, "A": mapping.ASAP, "S": mapping.Stat, "U": mapping.Urgent}

// diagnosisTypes of HL7 table 0052: admitting, working, final. They say when in a stay a diagnosis was made, not whether
// it is doubtful, and are only checked.
var diagnosisTypes = map[string]bool{"A": true, "W": true, "F": true}

// noResult are statuses of HL7 table 0085 that say that there is no result, or that it was wrong.
var noResult = map[string]bool{"D": true, "I": true, "N": true, "O": true, "W": true, "X": true}

// wordy are the types of OBX-5 that are text, or read as such.
var wordy = map[string]bool{"ST": true, "TX": true, "FT": true, "DT": true, "TM": true, "TS": true, "DTM": true}
