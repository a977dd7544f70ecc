// Package event reads and writes Convene's own events: CloudEvents 1.0 in JSON.
//
// Decode accepts the structured mode (the whole envelope in the data), the binary mode (the attributes in
// ce- headers, the event's data as the body), and, where no header says which, tells by the body. It lists
// every problem with its JSON path. Fields it does not know are remarks, so that a sender may add its own;
// everything else that is wrong refuses the input. It holds for every input: no panic, no more work than
// in proportion to the input's length, no more than jsontree.IssuesMax issues and one that counts the rest.
//
// The envelope's source attribute is never believed: the source of an event is the subject it came in on.
package event

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// Types of the events, in the order of mapping's constants.
var Types = []mapping.EventType{
	mapping.ReferralCreated, mapping.ReferralUpdated, mapping.ReferralCancelled, mapping.ReferralQueried, mapping.SeatReleased,
	mapping.PatientMerged, mapping.PatientUpdated, mapping.CatalogApplied, mapping.ReferralErased, mapping.Clock,
	mapping.OfferAccepted, mapping.OfferDeclined, mapping.ContactAttempted, mapping.ParticipantEnrolled, mapping.ParticipantDroppedOut,
	mapping.ParticipantCompleted, mapping.ParticipantElsewhere, mapping.SessionAttended, mapping.SessionMissed, mapping.SessionNotHeld,
	mapping.CancelRequested, mapping.ReferralReassigned,
	mapping.ReviewApproved, mapping.ReviewRejected, mapping.ReviewInfoRequested, mapping.ReviewAssigned, mapping.ReviewSamePerson,
	mapping.ReviewDifferentPerson, mapping.ReviewOverridden, mapping.PairAdded, mapping.PairEnded,
}

// Media types that the Content-Type of an input names.
const (
	TypeCloudEvents = "application/cloudevents+json"
	TypeJSON        = "application/json"
	TypeFHIR        = "application/fhir+json"
	TypeHL7v2       = "x-application/hl7-v2+er7"
)

// Unsupported is the issue code of an input in a format that is not read here.
const Unsupported = "unsupported-format"

// Decode reads one stored message. Strings of the event share memory of about the input's size.
func Decode(in mapping.Input) mapping.Decoded {
	d := decoder{event: &mapping.Event{Source: in.Source}}
	d.decode(in)
	for _, tree := range d.trees {
		tree.Release()
	}
	if d.report.Failed() {
		return mapping.Decoded{Issues: d.report.Issues(), Target: d.target()}
	}
	return mapping.Decoded{Event: d.event, Issues: d.report.Issues()}
}

type decoder struct {
	report jsontree.Report
	event  *mapping.Event
	cut    bool // the input was too large, which is reported, and its end is not read
	trees  []*jsontree.Tree
}

func (d *decoder) decode(in mapping.Input) {
	data := in.Data
	if len(data) > mapping.InputBytesMax {
		d.report.Fail("$", jsontree.TooLarge, "%d bytes, where at most %d are allowed", len(data), mapping.InputBytesMax)
		data, d.cut = data[:mapping.InputBytesMax], true // enough to name the referral
	}
	media := mediaType(in.Header["content-type"])
	if unreadable := foreign(media, data); unreadable != "" {
		d.report.Fail("$", Unsupported, "%s", unreadable)
		return
	}
	if media != TypeCloudEvents && binaryMode(in.Header) {
		d.binary(in.Header, data)
		return
	}
	if root, ok := d.parse(data, ""); ok {
		d.structured(root)
	}
}

// parse reads JSON that stands at the path base.
func (d *decoder) parse(data []byte, base string) (jsontree.Cursor, bool) {
	tree := jsontree.Parse(data)
	tree.Base = base
	d.trees = append(d.trees, tree)
	if n := len(tree.Problems); d.cut && n > 0 && tree.Problems[n-1].Code == jsontree.InvalidJSON {
		tree.Problems = tree.Problems[:n-1]
	}
	return tree.Read(&d.report)
}

// structured reads an envelope with its data. Attributes it does not know are extensions, which
// CloudEvents allows.
func (d *decoder) structured(root jsontree.Cursor) {
	if root.Has("resourceType") && !root.Has("specversion") {
		root.Fail(Unsupported, noFHIR)
		return
	}
	var data, encoded jsontree.Cursor
	var hasData, hasEncoded bool
	for f := range root.Fields() {
		switch f.Key() {
		case "specversion":
			if v := f.Text(shortMax); v != "" && v != specVersion {
				f.Fail(jsontree.UnknownValue, "expected %q", specVersion)
			}
		case "type":
			d.event.Type = jsontree.OneOf(f, Types)
		case "id":
			d.event.ID = f.Text(textMax)
		case "source":
			f.Text(displayMax) // must be text, says no more than that
		case "time":
			d.event.Sent = f.Time()
		case "datacontenttype":
			if m := mediaType(f.Text(textMax)); m != "" && !isJSON(m) {
				f.Fail(Unsupported, "the data of an event is %s", TypeJSON)
			}
		case "data":
			data, hasData = f, !f.Null()
		case "data_base64":
			encoded, hasEncoded = f, !f.Null()
		}
	}
	root.Require("specversion", `expected "1.0"; an event is a CloudEvents 1.0 envelope`)
	root.Require("type", "expected the type of the event, e.g. "+string(mapping.ReferralCreated))
	root.Require("id", "expected the sender's own id of this event")
	if root.Kind() == jsontree.Object && !root.Cut() && !root.Has("source") {
		d.report.Remark("source", jsontree.Required, "CloudEvents requires a source; the one of the subject is used in any case")
	}
	switch {
	case hasData && hasEncoded:
		encoded.Fail("conflicting-fields", "data and data_base64 exclude each other")
		d.data(data)
	case hasData:
		d.data(data)
	case hasEncoded:
		d.base64(encoded)
	case root.Kind() == jsontree.Object && d.event.Type != mapping.Clock:
		root.Require("data", "expected the event's data, an object")
	}
}

func (d *decoder) base64(c jsontree.Cursor) {
	text := c.Text(mapping.InputBytesMax)
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		if text != "" {
			c.Fail(jsontree.InvalidValue, "this is not base64")
		}
		return
	}
	if root, ok := d.parse(data, "data"); ok {
		d.data(root)
	}
}

// binary reads attributes from headers and the data from the body.
func (d *decoder) binary(header map[string]string, body []byte) {
	if v := attribute(header, "specversion"); v != specVersion {
		d.report.Fail("ce-specversion", jsontree.UnknownValue, "expected %q", specVersion)
	}
	d.event.Type = mapping.EventType(attribute(header, "type"))
	if !known(d.event.Type) {
		d.report.Fail("ce-type", jsontree.UnknownValue, "expected the type of an event, e.g. %s", mapping.ReferralCreated)
		d.event.Type = ""
	}
	switch d.event.ID = attribute(header, "id"); {
	case d.event.ID == "":
		d.report.Fail("ce-id", jsontree.Required, "expected the sender's own id of this event")
	case len(d.event.ID) > textMax:
		d.report.Fail("ce-id", jsontree.TooLong, "longer than %d bytes", textMax)
	}
	if v := attribute(header, "time"); v != "" {
		sent, ok := jsontree.ParseTime(v)
		if d.event.Sent = sent; !ok {
			d.report.Fail("ce-time", jsontree.InvalidDate, "expected an RFC 3339 time: YYYY-MM-DDThh:mm:ss with Z or an offset")
		}
	}
	if d.event.Type == mapping.Clock && len(bytes.TrimSpace(body)) == 0 {
		return
	}
	if root, ok := d.parse(body, "data"); ok {
		d.data(root)
	}
}

const specVersion = "1.0"

func known(t mapping.EventType) bool {
	for _, k := range Types {
		if t == k {
			return true
		}
	}
	return false
}

// attribute of the binary mode. CloudEvents percent-encodes what a header cannot hold.
func attribute(header map[string]string, name string) string {
	v := header["ce-"+name]
	if strings.IndexByte(v, '%') >= 0 {
		if plain, err := url.PathUnescape(v); err == nil {
			v = plain
		}
	}
	v = strings.Map(func(r rune) rune { return max(r, ' ') }, v) // invalid UTF-8 arrives as U+FFFD
	return strings.TrimSpace(v)
}

// binaryMode reports whether headers carry the attributes. Any of them will do: that others are missing
// is then reported by name.
func binaryMode(header map[string]string) bool {
	for _, name := range []string{"ce-specversion", "ce-type", "ce-id"} {
		if header[name] != "" {
			return true
		}
	}
	return false
}

// mediaType is the lower-case type of a Content-Type, without parameters.
func mediaType(contentType string) string {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(media))
}

func isJSON(media string) bool { return media == TypeJSON || media == "text/json" }

const (
	noFHIR = "this is FHIR, not an event; R4 JSON is read under the Content-Type application/fhir+json"
	noHL7  = "this is HL7 v2, not an event; it is read under the Content-Type " + TypeHL7v2
)

// foreign says why an input is in a format that is not read here, by its media type, else by its first
// bytes; empty when it may be an event.
func foreign(media string, data []byte) string {
	switch media {
	case TypeFHIR, "application/fhir+xml", "application/json+fhir":
		return noFHIR
	case TypeHL7v2, "application/hl7-v2", "application/hl7-v2+er7":
		return noHL7
	case "application/cloudevents-batch+json":
		return "a batch of events is not read; send one event a message"
	}
	head := bytes.TrimLeft(data[:min(len(data), 256)], "\v\r\n\t \uFEFF")
	switch {
	case len(head) > 3 && isSegment(string(head[:3])) && head[3] == '|':
		return noHL7
	case len(head) > 0 && head[0] == '<':
		return "XML is not read; send the referral as a CloudEvents 1.0 event"
	}
	return ""
}

func isSegment(s string) bool { return s == "MSH" || s == "FHS" || s == "BHS" }
