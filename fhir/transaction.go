package fhir

import "github.com/convene-health/convene/mapping"

// Transaction writes a transaction Bundle (https://hl7.org/fhir/R4/bundle.html) entry by entry, checking each
// resource first. The zero value is not usable: see NewTransaction.
type Transaction struct {
	b       []byte
	start   int
	checker checker // of the entry being added
}

// NewTransaction begins a bundle at the end of b. Its timestamp is an instant, or empty for none.
func NewTransaction(b []byte, timestamp string) Transaction {
	t := Transaction{start: len(b)}
	b = append(b, `{"resourceType":"Bundle","type":"transaction"`...)
	if timestamp != "" {
		b = mapping.AppendString(append(b, `,"timestamp":`...), timestamp)
		if !IsInstant(timestamp) {
			t.checker.problems.Add("Bundle.timestamp", "invalid-date", "is no instant")
		}
	}
	t.b = append(b, `,"entry":`...)
	return t
}

// End closes the bundle. With problems the bytes are those that NewTransaction was given, and nothing of the
// bundle may be sent.
func (t *Transaction) End() ([]byte, mapping.Issues) {
	if t.checker.entry == 0 {
		t.checker.problems.Add("Bundle.entry", "required", "a transaction needs entries")
	}
	if len(t.checker.problems) > 0 {
		return t.b[:t.start], t.checker.problems
	}
	return append(t.b, "]}"...), nil
}

// Encode is the JSON of one resource alone, a pointer to one of the types of this package, checked as an entry is.
func Encode(resource any) ([]byte, mapping.Issues) {
	var t Transaction
	switch v := resource.(type) {
	case *Patient:
		t.checker.patient(v)
		t.b = appendPatient(nil, v)
	case *Condition:
		t.checker.condition(v)
		t.b = appendCondition(nil, v)
	case *ServiceRequest:
		t.checker.serviceRequest(v)
		t.b = appendServiceRequest(nil, v)
	case *Task:
		t.checker.task(v)
		t.b = appendTask(nil, v)
	case *Practitioner:
		t.checker.practitioner(v)
		t.b = appendPractitioner(nil, v)
	case *PractitionerRole:
		t.checker.practitionerRole(v)
		t.b = appendPractitionerRole(nil, v)
	case *Organization:
		t.checker.organization(v)
		t.b = appendOrganization(nil, v)
	case *HealthcareService:
		t.checker.healthcareService(v)
		t.b = appendHealthcareService(nil, v)
	case *Location:
		t.checker.location(v)
		t.b = appendLocation(nil, v)
	case *Provenance:
		t.checker.provenance(v)
		t.b = appendProvenance(nil, v)
	case *Appointment:
		t.checker.appointment(v)
		t.b = appendAppointment(nil, v)
	case *Observation:
		t.checker.observation(v)
		t.b = appendObservation(nil, v)
	default:
		t.checker.problems.Add("", "wrong-type", "%T is no resource that Convene writes", resource)
	}
	return t.b, t.checker.problems
}

// Request is what the server shall do with an entry (https://hl7.org/fhir/R4/http.html#transaction).
type Request struct{ kind, id, system, value string }

// Update puts the resource under its own logical id, creating it when there is none: sent twice it
// leaves the same resource.
func Update(resourceType, id string) Request { return Request{kind: resourceType, id: id} }

// CreateUnless creates the resource unless the server has one of that type with the identifier
// (https://hl7.org/fhir/R4/http.html#ccreate); an existing one is left as it is.
func CreateUnless(resourceType, system, value string) Request {
	return Request{kind: resourceType, system: system, value: value}
}

// Append adds an entry whose resource is encoded and checked already.
func (t *Transaction) Append(fullURL string, resource []byte, r Request) {
	t.open(fullURL)
	t.b = append(t.b, resource...)
	t.close(r)
}

// Patient adds an entry.
func (t *Transaction) Patient(fullURL string, v *Patient, r Request) {
	t.open(fullURL)
	t.checker.patient(v)
	t.b = appendPatient(t.b, v)
	t.close(r)
}

// Condition adds an entry.
func (t *Transaction) Condition(fullURL string, v *Condition, r Request) {
	t.open(fullURL)
	t.checker.condition(v)
	t.b = appendCondition(t.b, v)
	t.close(r)
}

// ServiceRequest adds an entry.
func (t *Transaction) ServiceRequest(fullURL string, v *ServiceRequest, r Request) {
	t.open(fullURL)
	t.checker.serviceRequest(v)
	t.b = appendServiceRequest(t.b, v)
	t.close(r)
}

// Task adds an entry.
func (t *Transaction) Task(fullURL string, v *Task, r Request) {
	t.open(fullURL)
	t.checker.task(v)
	t.b = appendTask(t.b, v)
	t.close(r)
}

// Practitioner adds an entry.
func (t *Transaction) Practitioner(fullURL string, v *Practitioner, r Request) {
	t.open(fullURL)
	t.checker.practitioner(v)
	t.b = appendPractitioner(t.b, v)
	t.close(r)
}

// PractitionerRole adds an entry.
func (t *Transaction) PractitionerRole(fullURL string, v *PractitionerRole, r Request) {
	t.open(fullURL)
	t.checker.practitionerRole(v)
	t.b = appendPractitionerRole(t.b, v)
	t.close(r)
}

// Organization adds an entry.
func (t *Transaction) Organization(fullURL string, v *Organization, r Request) {
	t.open(fullURL)
	t.checker.organization(v)
	t.b = appendOrganization(t.b, v)
	t.close(r)
}

// Provenance adds an entry.
func (t *Transaction) Provenance(fullURL string, v *Provenance, r Request) {
	t.open(fullURL)
	t.checker.provenance(v)
	t.b = appendProvenance(t.b, v)
	t.close(r)
}

// Appointment adds an entry.
func (t *Transaction) Appointment(fullURL string, v *Appointment, r Request) {
	t.open(fullURL)
	t.checker.appointment(v)
	t.b = appendAppointment(t.b, v)
	t.close(r)
}

// Observation adds an entry.
func (t *Transaction) Observation(fullURL string, v *Observation, r Request) {
	t.open(fullURL)
	t.checker.observation(v)
	t.b = appendObservation(t.b, v)
	t.close(r)
}

func (t *Transaction) open(fullURL string) {
	t.b = append(append(t.b, separator(t.checker.entry)), `{"fullUrl":"`...)
	t.b = append(append(t.b, fullURL...), `","resource":`...)
}

func (t *Transaction) close(r Request) {
	t.b = appendRequest(append(t.b, `,"request":`...), r)
	t.b = append(t.b, '}')
	t.checker.entry++
}

func appendRequest(b []byte, r Request) []byte {
	if r.id != "" {
		b = append(append(b, `{"method":"PUT","url":"`...), r.kind...)
		b = append(append(b, '/'), r.id...)
		return append(b, `"}`...)
	}
	b = append(append(b, `{"method":"POST","url":"`...), r.kind...)
	b = append(b, `","ifNoneExist":"identifier=`...)
	b = appendToken(b, r.system)
	b = append(b, "%7C"...) // the bar between system and value, which no URI may hold as it is
	b = appendToken(b, r.value)
	return append(b, `"}`...)
}

// appendToken appends one half of a token parameter: the characters that mean something in a search value
// behind a backslash (https://hl7.org/fhir/R4/search.html#escaping), what a URI's query may not hold in percents.
func appendToken(b []byte, s string) []byte {
	start := 0
	for i := range len(s) {
		c := s[i]
		if plainInQuery[c] {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		if c == ',' || c == '$' || c == '|' || c == '\\' {
			b = append(b, "%5C"...)
		}
		b = append(b, '%', upperHex[c>>4], upperHex[c&0xf])
	}
	return append(b, s[start:]...)
}

const upperHex = "0123456789ABCDEF"

// plainInQuery are the bytes that need no percents in a query (RFC 3986, section 3.4) and mean nothing to a form decoder.
var plainInQuery = bytesOf("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/@")

// EscapeURI appends s with percents for all but letters, digits and "-._~:/@", so that any name can be part of a URI.
func EscapeURI(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; plainInQuery[c] {
			b = append(b, c)
		} else {
			b = append(b, '%', upperHex[c>>4], upperHex[c&0xf])
		}
	}
	return b
}
