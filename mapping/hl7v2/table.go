package hl7v2

import (
	"strings"

	"github.com/convene-health/convene/mapping"
)

// Code systems of ours, by which a message may name what a catalog has: RF1-3 and OBR-4 a program, RF1-10 a goal.
// Names that begin with 99 are local by HL7 table 0396.
const (
	codesProgram = "99CONVENEPROGRAM"
	codesGoal    = "99CONVENEGOAL"
)

// codeSystems by HL7 table 0396 and by names that are seen beside it. In the United States I10 means ICD-10-CM.
var codeSystems = map[string]string{
	"I10": mapping.SystemICD10CM, "I10C": mapping.SystemICD10CM, "ICD10": mapping.SystemICD10CM, "ICD-10": mapping.SystemICD10CM,
	"ICD10CM": mapping.SystemICD10CM, "ICD-10-CM": mapping.SystemICD10CM, "2.16.840.1.113883.6.90": mapping.SystemICD10CM,
	"SCT": mapping.SystemSNOMED, "SNM": mapping.SystemSNOMED, "SNOMED": mapping.SystemSNOMED, "SNOMEDCT": mapping.SystemSNOMED,
	"SNOMED-CT": mapping.SystemSNOMED, "SNOMED CT": mapping.SystemSNOMED, "2.16.840.1.113883.6.96": mapping.SystemSNOMED,
	"LN": mapping.SystemLOINC, "LOINC": mapping.SystemLOINC, "2.16.840.1.113883.6.1": mapping.SystemLOINC,
	"99CONVENEFINDING": mapping.SystemFinding,
	"C4":               mapping.SystemCPT, "CPT": mapping.SystemCPT, "CPT4": mapping.SystemCPT,
	"HCPCS": mapping.SystemHCPCS, "HPC": mapping.SystemHCPCS,
}

// codeSystem gives the URI of a code system; one that is not known keeps its name.
func codeSystem(name string) string {
	if uri := codeSystems[strings.ToUpper(name)]; uri != "" {
		return uri
	}
	return name
}

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
