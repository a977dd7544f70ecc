package hl7v2

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// Receipt is what became of a message on its way in.
type Receipt int

const (
	// Stored: the bytes are kept, whatever they say.
	Stored Receipt = iota
	// NotStored for now: the sender may send again, and should.
	NotStored
	// NeverStored: sent again as it is, it will not be stored either.
	NeverStored
)

// String is the receipt's name, as counters have it.
func (r Receipt) String() string {
	return [...]string{Stored: "stored", NotStored: "not-stored", NeverStored: "never-stored"}[r]
}

// NotKept is the code of a message that was not stored, for no fault of its own.
const NotKept = "not-stored"

// Acknowledge writes the acknowledgement of a received message (HL7 v2.9 chapter 2.9), nil if its sender wants none.
//
// A message that names MSH-15 or MSH-16 is answered in enhanced mode: CA, CE or CR say what became of its bytes, as far as
// MSH-15 asks for it, and what it says is answered later. Any other is answered in original mode, once: AA; AE if it is
// stored and will be refused, with an ERR for each failure; AR if it is not stored. now is MSH-7.
func Acknowledge(m *Message, receipt Receipt, problems mapping.Issues, now time.Time) []byte {
	msh := m.First("MSH")
	code := "AA"
	switch enhanced := Enhanced(msh); {
	case enhanced:
		if !wanted(msh.Field(15).Text(), receipt == Stored) {
			return nil
		}
		code = [...]string{Stored: "CA", NotStored: "CE", NeverStored: "CR"}[receipt]
		if receipt == Stored {
			problems = nil
		}
	case receipt != Stored:
		code = "AR"
	case len(problems) > 0:
		code = "AE"
	}
	id := msh.Field(10).Text()
	return acknowledgement(msh, code, problems, ControlID("ack "+id+" "+now.Format(time.RFC3339Nano)), now)
}

// Enhanced reports whether a message asks for the enhanced acknowledgement mode.
func Enhanced(msh *Segment) bool { return !msh.Field(15).Empty() || !msh.Field(16).Empty() }

// wanted reads a condition of HL7 table 0155: always, never, on errors, on success. One that is none counts as always.
func wanted(condition string, success bool) bool {
	switch condition {
	case "NE":
		return false
	case "ER":
		return !success
	case "SU":
		return success
	}
	return true
}

// acknowledgement writes MSH, MSA and an ERR for each problem.
func acknowledgement(msh *Segment, code string, problems mapping.Issues, id string, at time.Time) []byte {
	c, whole := codingFor(msh)
	kind := "ACK"
	if trigger := msh.Field(9).Component(2).Text(); isTrigger(trigger) {
		kind += "^" + trigger + "^ACK"
	}
	var b strings.Builder
	b.WriteString(c.header(msh, whole, kind, id, at).text())
	b.WriteString(c.segment("MSA").put(1, code).put(2, msh.Field(10).Text()).text())
	for _, p := range problems {
		b.WriteString(c.problem(p).text())
	}
	return c.charset.whole(b.String())
}

// isTrigger reports whether text is the code of a trigger event: a capital and two digits, or site defined.
func isTrigger(text string) bool {
	return len(text) == 3 && isName(text)
}

// problem writes ERR. Its text never repeats a patient's data beyond codes.
func (c *coding) problem(p mapping.Issue) *segment {
	condition := conditionOf(p.Code)
	s := c.segment("ERR").set(2, location(p.Path, c)).join(3, condition.code, condition.text, "HL70357")
	s.put(4, "E").join(5, p.Code, "", "99CONVENE")
	if s.fields[1] == "" {
		s.put(7, p.Path)
	}
	return s.put(8, p.Text)
}

type condition struct{ code, text string }

// conditions of HL7 table 0357 by the code of an issue.
var conditions = map[string]condition{
	jsontree.Required:     {"101", "Required field missing"},
	jsontree.InvalidDate:  {"102", "Data type error"},
	jsontree.InvalidValue: {"102", "Data type error"},
	jsontree.InvalidUTF8:  {"102", "Data type error"},
	jsontree.ControlChar:  {"102", "Data type error"},
	UnknownCharset:        {"103", "Table value not found"},
	jsontree.UnknownValue: {"103", "Table value not found"},
	jsontree.TooLong:      {"104", "Value too long"},
	jsontree.TooLarge:     {"104", "Value too long"},
	NotHL7:                {"100", "Segment sequence error"},
	InvalidSegment:        {"100", "Segment sequence error"},
	InvalidDelimiters:     {"100", "Segment sequence error"},
	SeveralMessages:       {"100", "Segment sequence error"},
	SeveralPatients:       {"100", "Segment sequence error"},
	SeveralOrders:         {"100", "Segment sequence error"},
	UnsupportedMessage:    {"200", "Unsupported message type"},
	"not-production":      {"202", "Unsupported processing id"},
	"unknown-referral":    {"204", "Unknown key identifier"},
	"unknown-placement":   {"204", "Unknown key identifier"},
	"referral-closed":     {"204", "Unknown key identifier"},
}

// conditionOf an issue; what no other code fits is an error of the application.
func conditionOf(code string) condition {
	if c, ok := conditions[code]; ok {
		return c
	}
	return condition{"207", "Application error"}
}

// controlMax is how long MSH-10 may be in the versions that are still sent, 2.5.1 for one.
const controlMax = 20

// ControlID makes MSH-10 of a name, for a confirmation its id: the same name, the same id, at most 20 characters.
func ControlID(name string) string {
	if len(name) <= controlMax && !strings.ContainsFunc(name, func(r rune) bool { return r != '-' && (r > 'z' || !isAlnum(byte(r))) }) {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return base32.StdEncoding.EncodeToString(sum[:])[:controlMax]
}
