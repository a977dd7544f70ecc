package mapping

import "strings"

// CodeSystem gives the URI by which FHIR names a code system that senders name in many ways: by HL7 table 0396, by OID, with
// another scheme, a version or an edition behind it, or in words. What is not known stays as it is. In the United States
// I10 and ICD10 mean ICD-10-CM; the URI http://hl7.org/fhir/sid/icd-10 is the World Health Organization's.
func CodeSystem(name string) string {
	switch name {
	case "", SystemICD10CM, SystemSNOMED, SystemLOINC, SystemFinding, SystemHCPCS, SystemCPT, SystemRace, SystemNPI:
		return name
	}
	var buf [64]byte
	key := spelling(&buf, name)
	if uri, ok := codeSystems[string(key)]; ok {
		return uri
	}
	if strings.HasPrefix(string(key), "snomed.info/sct/") { // an edition
		return SystemSNOMED
	}
	return name
}

// IsCodeSystem reports whether codes of a system, as CodeSystem gives it, are those of a system that the tables know.
func IsCodeSystem(uri string) bool {
	switch uri {
	case SystemICD10CM, SystemSNOMED, SystemLOINC, SystemFinding, SystemHCPCS, SystemCPT, SystemRace:
		return true
	}
	return false
}

// spelling is a name without what spellings differ in: case, scheme, blanks, hyphens, a version, a slash at the end. It is
// empty for what is too long to be known.
func spelling(buf *[64]byte, name string) []byte {
	name, _, _ = strings.Cut(strings.TrimSpace(name), "|")
	for _, scheme := range []string{"http://", "https://", "urn:oid:", "www."} {
		if len(name) > len(scheme) && strings.EqualFold(name[:len(scheme)], scheme) {
			name = name[len(scheme):]
		}
	}
	name = strings.TrimRight(name, "/#")
	if len(name) > len(buf) {
		if strings.HasPrefix(name, "snomed.info/sct/") {
			return append(buf[:0], "snomed.info/sct/"...)
		}
		return nil
	}
	n := 0
	for i := range len(name) {
		c := name[i]
		switch {
		case c == ' ', c == '-', c == '_':
			continue
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		}
		buf[n] = c
		n++
	}
	return buf[:n]
}

// codeSystems by spelling.
var codeSystems = map[string]string{
	"hl7.org/fhir/sid/icd10cm": SystemICD10CM, "2.16.840.1.113883.6.90": SystemICD10CM, "terminology.hl7.org/codesystem/icd10cm": SystemICD10CM,
	"icd10cm": SystemICD10CM, "icd10": SystemICD10CM, "i10": SystemICD10CM, "i10c": SystemICD10CM, "i10cm": SystemICD10CM, "i10m": SystemICD10CM, "icd10m": SystemICD10CM,
	"hl7.org/fhir/sid/icd10": SystemICD10, "2.16.840.1.113883.6.3": SystemICD10, "terminology.hl7.org/codesystem/icd10": SystemICD10, "icd10who": SystemICD10,
	"hl7.org/fhir/sid/icd9cm": SystemICD9CM, "2.16.840.1.113883.6.103": SystemICD9CM, "icd9cm": SystemICD9CM, "icd9": SystemICD9CM, "i9": SystemICD9CM, "i9c": SystemICD9CM, "i9cdx": SystemICD9CM,
	"snomed.info/sct": SystemSNOMED, "2.16.840.1.113883.6.96": SystemSNOMED, "sct": SystemSNOMED, "snm": SystemSNOMED, "snomed": SystemSNOMED, "snomedct": SystemSNOMED, "sctus": SystemSNOMED, "snomedctus": SystemSNOMED,
	"loinc.org": SystemLOINC, "2.16.840.1.113883.6.1": SystemLOINC, "loinc": SystemLOINC, "ln": SystemLOINC, "lnc": SystemLOINC,
	"c4": SystemCPT, "cpt": SystemCPT, "cpt4": SystemCPT, "amaassn.org/go/cpt": SystemCPT, "2.16.840.1.113883.6.12": SystemCPT,
	"hcpcs": SystemHCPCS, "hpc": SystemHCPCS, "cms.gov/medicare/coding/hcpcsreleasecodesets": SystemHCPCS, "2.16.840.1.113883.6.285": SystemHCPCS,
	"99convenefinding": SystemFinding,
}
