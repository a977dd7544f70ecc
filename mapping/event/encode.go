package event

import (
	"fmt"
	"time"

	"github.com/convene-health/convene/mapping"
)

// Encode writes an event as structured CloudEvents JSON that Decode reads back as the same event, given
// one that Decode would accept. Only the fields of its type are written. An unknown type, and a referral
// event without a referral, are errors.
func Encode(e *mapping.Event) ([]byte, error) {
	if !known(e.Type) {
		return nil, fmt.Errorf("event: unknown type %q", e.Type)
	}
	isReferral := e.Type == mapping.ReferralCreated || e.Type == mapping.ReferralUpdated
	if isReferral && e.Referral == nil {
		return nil, fmt.Errorf("event: %s without a referral", e.Type)
	}
	if e.Type == mapping.PatientUpdated && e.Patient == nil {
		return nil, fmt.Errorf("event: %s without a patient", e.Type)
	}
	b := append(make([]byte, 0, 2<<10), `{"specversion":"1.0","type":`...)
	b = mapping.AppendString(b, string(e.Type))
	b = mapping.AppendString(append(b, `,"source":`...), e.Source)
	b = mapping.AppendString(append(b, `,"id":`...), e.ID)
	if !e.Sent.IsZero() {
		b = e.Sent.UTC().AppendFormat(append(b, `,"time":"`...), time.RFC3339Nano)
		b = append(b, '"')
	}
	b = append(b, `,"datacontenttype":"application/json","data":{`...)
	return append(appendData(b, e), "}}"...), nil
}

// appendData writes the members of the event's data.
func appendData(b []byte, e *mapping.Event) []byte {
	switch e.Type {
	case mapping.ReferralCreated, mapping.ReferralUpdated:
		return mapping.AppendReferral(append(b, `"referral":`...), e.Referral)
	case mapping.ReferralQueried:
		return mapping.AppendTarget(append(b, `"target":`...), &e.Target)
	case mapping.PatientUpdated:
		return mapping.AppendPatient(append(b, `"patient":`...), e.Patient)
	case mapping.ReferralCancelled, mapping.ReferralErased:
		b = mapping.AppendTarget(append(b, `"target":`...), &e.Target)
	case mapping.SeatReleased:
		b = mapping.AppendTarget(append(b, `"target":`...), &e.Target)
		b = mapping.AppendString(append(b, `,"outcome":`...), string(e.Outcome))
	case mapping.PatientMerged:
		b = mapping.AppendIdentifiers(append(b, `"survivor":`...), e.Survivor)
		b = mapping.AppendIdentifiers(append(b, `,"merged":`...), e.Merged)
	case mapping.CatalogApplied:
		b = mapping.AppendString(append(b, `"catalog":`...), e.Catalog)
		if e.Replaces != "" {
			b = mapping.AppendString(append(b, `,"replaces":`...), e.Replaces)
		}
	case mapping.Clock:
		return b
	default:
		b = appendAct(b, e)
	}
	if e.Reason != "" && e.Type != mapping.CatalogApplied {
		b = mapping.AppendString(append(b, `,"reason":`...), e.Reason)
	}
	if e.Actor != "" {
		b = mapping.AppendString(append(b, `,"actor":`...), e.Actor)
	}
	return b
}
