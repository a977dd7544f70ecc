package hl7v2

import (
	"strings"
	"time"
)

// moment is an HL7 time (DTM, before 2.5 TS): YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+ZZZZ], as precise as it was given.
type moment struct {
	time.Time // in the zone of the offset, UTC where there is none
	// digits before the fraction: 4, 6, 8, 10, 12 or 14.
	digits int
	// offset: the zone is known.
	offset bool
}

// parseMoment reads an HL7 time that the calendar has, of a year from 1 to 9999 and an offset of at most 14 hours.
func parseMoment(text string) (m moment, ok bool) {
	body, zone := text, time.UTC
	if i := strings.IndexAny(text, "+-"); i >= 0 {
		if zone, ok = parseOffset(text[i:]); !ok {
			return m, false
		}
		body, m.offset = text[:i], true
	}
	whole, fraction, fractional := strings.Cut(body, ".")
	m.digits = len(whole)
	layout := "20060102150405"
	if m.digits < 4 || m.digits > len(layout) || m.digits%2 != 0 || fractional && (m.digits != len(layout) || len(fraction) < 1 || len(fraction) > 4) {
		return m, false
	}
	if m.offset && m.digits < len("2006010215") {
		return m, false
	}
	layout = layout[:m.digits]
	if fractional {
		layout += ".0000"[:1+len(fraction)]
	}
	for i := range len(whole) {
		if whole[i] < '0' || whole[i] > '9' {
			return m, false
		}
	}
	t, err := time.ParseInLocation(layout, body, zone)
	m.Time = t
	year := t.UTC().Year() // which the offset may take over either end
	return m, err == nil && t.Year() >= 1 && year >= 1 && year <= 9999
}

// parseOffset reads +hhmm or -hhmm.
func parseOffset(text string) (*time.Location, bool) {
	if len(text) != 5 {
		return nil, false
	}
	for i := 1; i < 5; i++ {
		if text[i] < '0' || text[i] > '9' {
			return nil, false
		}
	}
	hours, minutes := int(text[1]-'0')*10+int(text[2]-'0'), int(text[3]-'0')*10+int(text[4]-'0')
	seconds := (hours*60 + minutes) * 60
	if minutes > 59 || seconds > 14*3600 {
		return nil, false
	}
	if text[0] == '-' {
		seconds = -seconds
	}
	return time.FixedZone("", seconds), true
}

// date is a FHIR date: YYYY, YYYY-MM or YYYY-MM-DD, whatever the time of the day.
func (m moment) date() string {
	return m.Format("2006-01-02"[:min(m.digits+m.digits/6+m.digits/8, 10)])
}

// dateTime is a FHIR dateTime. FHIR wants an offset with a time of day: without one it is the date.
func (m moment) dateTime() string {
	if m.digits <= 8 || !m.offset {
		return m.date()
	}
	return m.Format(time.RFC3339Nano)
}
