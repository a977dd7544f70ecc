package hl7v2

import (
	"bytes"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// Codes of what a message is refused for though it can be read.
const (
	UnsupportedMessage = "unsupported-message"
	SeveralMessages    = "several-messages"
	SeveralPatients    = "several-patients"
	SeveralOrders      = "several-orders"
	ConsentDenied      = "consent-denied"
)

// Codes of remarks.
const (
	NotRead              = "not-read"
	ConsentDoubtful      = "consent-doubtful"
	AuthorizationExpired = "authorization-expired"
)

// Claims reports whether an input is to be read here: by its Content-Type, else by its first bytes, as no other format
// begins with MSH.
func Claims(in mapping.Input) bool {
	media, _, _ := strings.Cut(in.Header["content-type"], ";")
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "x-application/hl7-v2+er7", "application/hl7-v2", "application/hl7-v2+er7":
		return true
	}
	head := bytes.TrimPrefix(bytes.TrimPrefix(in.Data, []byte(byteOrderMark)), []byte("\v"))
	return len(head) > 3 && isHeader(string(head[:3])) && isDelimiter(head[3])
}

// Decode reads one stored message. The source of the event is that of the subject it came in on; MSH-3 and MSH-4 claim,
// and are not believed.
func Decode(in mapping.Input) mapping.Decoded {
	r := reader{event: &mapping.Event{Source: in.Source}, input: in}
	r.decode(in.Data)
	if r.report.Failed() {
		return mapping.Decoded{Issues: r.report.Issues(), Target: r.target()}
	}
	return mapping.Decoded{Event: r.event, Issues: r.report.Issues()}
}

// reader turns one message into an event.
type reader struct {
	report   jsontree.Report
	event    *mapping.Event
	input    mapping.Input
	local    bool      // a time came without an offset
	segments []Segment // that count: of an order message, those of its first order
}

func (r *reader) decode(data []byte) {
	if len(data) > mapping.InputBytesMax {
		r.report.Fail("MSH", jsontree.TooLarge, "%d bytes, where at most %d are allowed", len(data), mapping.InputBytesMax)
		data = data[:mapping.InputBytesMax]
		data = data[:bytes.LastIndexAny(data, "\r\n")+1] // enough to name the referral
	}
	m, issues := Parse(data)
	for _, i := range issues {
		r.report.Fail(i.Path, i.Code, "%s", i.Text)
	}
	switch n := m.Count("MSH"); {
	case n == 0 && len(issues) == 0:
		r.report.Fail("MSH", jsontree.Required, "the batch holds no message")
		return
	case n == 0:
		return
	case n > 1:
		r.report.Fail("MSH[2]", SeveralMessages, "the input holds %d messages; send each as an input of its own, as `convene send FILE.hl7` does with a batch", n)
		return
	}
	r.segments = m.Segments
	if m.set == nil && !utf8.Valid(data) {
		r.checkCharacters(m.Segments)
	}
	r.message(m.First("MSH"))
}

// message reads the header and then what kind of message it announces.
func (r *reader) message(msh *Segment) {
	r.event.ID = r.required(msh.Field(10), mapping.TextMax, "expected the message's control id")
	r.event.Sent = r.sent(msh.Field(7))
	switch id := r.required(msh.Field(11).Component(1), mapping.ShortMax, "expected the processing id: P"); id {
	case "", "P":
	case mapping.ProcessingTraining, mapping.ProcessingDebugging:
		r.event.Processing = id // whether that is decided here, the catalog says
	default:
		r.report.Fail(msh.Field(11).Component(1).Position(), jsontree.UnknownValue, "expected P, T or D of HL7 table 0103")
	}
	kind := msh.Field(9)
	read, known := kinds[kind.Component(1).Text()+"^"+kind.Component(2).Text()]
	if !known {
		r.report.Fail(kind.Position(), UnsupportedMessage, "%s", unsupported(kind))
		return
	}
	read(r)
	r.localTimes()
}

// kinds of messages that are read, by MSH-9.1 and MSH-9.2.
var kinds = map[string]func(*reader){
	"REF^I12": func(r *reader) { r.referral(mapping.ReferralCreated) },
	"REF^I13": func(r *reader) { r.referral(mapping.ReferralUpdated) },
	"REF^I14": (*reader).cancelReferral,
	"REF^I15": (*reader).queryReferral,
	"OMG^O19": (*reader).order,
	"OSU^O51": (*reader).orderStatus,
	"ADT^A08": (*reader).updatePatient,
	"ADT^A40": (*reader).merge,
}

// Kinds lists the message types that are read.
func Kinds() []string {
	var names []string
	for k := range kinds {
		names = append(names, k)
	}
	slices.Sort(names)
	return names
}

// unsupported says why a kind of message is refused.
func unsupported(kind Value) string {
	if kind.Component(1).Text() == "" && kind.Component(2).Text() == "" {
		return "expected the type of the message, e.g. REF^I12^REF_I12"
	}
	return "this type of message is not read; there are " + strings.Join(Kinds(), ", ")
}

// sent is the sender's own time of the message, for the order of messages of one source. Without an offset it is in the
// zone that the catalog gives the source.
func (r *reader) sent(v Value) time.Time {
	m, ok := r.moment(v)
	if !ok || m.digits < len("200601021504") {
		return time.Time{}
	}
	if !m.offset {
		r.event.Local = append(r.event.Local, mapping.LocalTime{Wall: m.Time})
	}
	return m.UTC()
}

// merge reads ADT^A40: the patient of PID lives on, the one of MRG is the same person.
func (r *reader) merge() {
	r.event.Type = mapping.PatientMerged
	pid, mrg := r.single("PID", SeveralPatients), r.single("MRG", SeveralPatients)
	r.event.Survivor = r.recognisable(pid, "PID", 3)
	r.event.Merged = r.recognisable(mrg, "MRG", 1)
}

// updatePatient reads ADT^A08.
func (r *reader) updatePatient() {
	r.event.Type, r.event.Patient = mapping.PatientUpdated, new(mapping.Patient)
	r.readPatient(r.single("PID", SeveralPatients), r.event.Patient)
}

// target is what was read of a refused input's referral.
func (r *reader) target() mapping.Target {
	if x := r.event.Referral; x != nil {
		return mapping.Target{Identifier: x.Identifier}
	}
	return r.event.Target
}

// Reading the segments that count.

func (r *reader) first(name string) *Segment {
	for s := range r.all(name) {
		return s
	}
	return nil
}

func (r *reader) all(name string) func(yield func(*Segment) bool) {
	return func(yield func(*Segment) bool) {
		for i := range r.segments {
			if r.segments[i].Name == name && !yield(&r.segments[i]) {
				return
			}
		}
	}
}

// single is the only segment of its name; that there are several is reported by code.
func (r *reader) single(name, code string) (only *Segment) {
	for s := range r.all(name) {
		if only != nil {
			r.report.Fail(s.Place(), code, "expected one %s; send each in a message of its own", name)
			break
		}
		only = s
	}
	return only
}
