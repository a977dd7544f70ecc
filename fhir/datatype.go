package fhir

// Some is a pointer to s, or nil when s is empty: FHIR knows no empty strings.
func Some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// some is s, or nil when it points to an empty string. Strings that are made together share one allocation.
func some(s *string) *string {
	if *s == "" {
		return nil
	}
	return s
}

// NewCoding is https://hl7.org/fhir/R4/datatypes.html#Coding
func NewCoding(system, code, display string) Coding {
	s := &[...]string{system, code, display}
	return Coding{System: some(&s[0]), Code: some(&s[1]), Display: some(&s[2])}
}

// Concept is https://hl7.org/fhir/R4/datatypes.html#CodeableConcept
func Concept(text string, codings ...Coding) CodeableConcept {
	return CodeableConcept{Coding: codings, Text: Some(text)}
}

// NewIdentifier is https://hl7.org/fhir/R4/datatypes.html#Identifier
func NewIdentifier(kind *CodeableConcept, system, value string) Identifier {
	s := &[...]string{system, value}
	return Identifier{Type: kind, System: some(&s[0]), Value: some(&s[1])}
}

// RefTo is a reference to an entry of the same bundle by its fullUrl: https://hl7.org/fhir/R4/references.html
func RefTo(fullURL string) Reference { return Reference{Reference: Some(fullURL)} }

// RefBy is a logical reference, by business identifier, to a resource of the type that is held elsewhere:
// https://hl7.org/fhir/R4/references.html#logical
func RefBy(resourceType string, id *Identifier) Reference {
	return Reference{Type: Some(resourceType), Identifier: id}
}

// NewHumanName is https://hl7.org/fhir/R4/datatypes.html#HumanName
func NewHumanName(family string, given []string) HumanName {
	return HumanName{Family: Some(family), Given: given}
}

// NameAbsent is a name of which only that it is not known is known, as US Core asks (us-core-6):
// https://hl7.org/fhir/R4/extension-data-absent-reason.html
func NameAbsent() HumanName { return HumanName{Extension: []Extension{Unknown}} }

// Unknown says that something is not known. US Core 5.0.1 looks for it on the Patient without a name, 7.0.0 on the name.
var Unknown = Extension{Url: extensionDataAbsent, ValueCode: pointer("unknown")}

// InterpreterRequired is https://hl7.org/fhir/R4/extension-patient-interpreterrequired.html
var InterpreterRequired = Extension{Url: extensionInterpreter, ValueBoolean: &yes}

// Phone is a https://hl7.org/fhir/R4/datatypes.html#ContactPoint
func Phone(number string) ContactPoint {
	return ContactPoint{System: &telecomPhone, Value: Some(number)}
}

// Email is a https://hl7.org/fhir/R4/datatypes.html#ContactPoint
func Email(address string) ContactPoint {
	return ContactPoint{System: &telecomEmail, Value: Some(address)}
}

// NewAddress is https://hl7.org/fhir/R4/datatypes.html#Address
func NewAddress(line []string, city, state, postalCode, country string) Address {
	s := &[...]string{city, state, postalCode, country}
	return Address{Line: line, City: some(&s[0]), State: some(&s[1]), PostalCode: some(&s[2]), Country: some(&s[3])}
}

// NewPeriod is https://hl7.org/fhir/R4/datatypes.html#Period, from and to a FHIR dateTime, or open where empty.
func NewPeriod(start, end string) Period { return Period{Start: Some(start), End: Some(end)} }
