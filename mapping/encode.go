package mapping

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// AppendReferral appends the JSON of a referral, byte for byte what encoding/json writes without HTML
// escaping. It is written by hand because every referral is hashed and kept: reflection costs five times
// as much. A value that is not a finite number, for which JSON has no form, becomes null.
func AppendReferral(dst []byte, r *Referral) []byte {
	o := object{dst: append(dst, '{')}
	o.identifier("identifier", r.Identifier)
	o.text("priority", string(r.Priority))
	o.text("authoredOn", r.AuthoredOn)
	o.text("participant", string(r.Participant))
	o.name("patient")
	o.dst = appendPatient(o.dst, &r.Patient)
	if len(r.Conditions) > 0 {
		o.name("conditions")
		o.dst = appendAll(o.dst, r.Conditions, appendCondition)
	}
	o.texts("goals", r.Goals)
	o.texts("programs", r.Programs)
	if p := &r.Preferences; !p.zero() {
		o.name("preferences")
		o.dst = appendPreferences(o.dst, p)
	}
	if len(r.Observations) > 0 {
		o.name("observations")
		o.dst = appendAll(o.dst, r.Observations, appendObservation)
	}
	if !r.Requester.Practitioner.zero() || !r.Requester.Organization.zero() {
		o.name("requester")
		o.dst = appendRequester(o.dst, &r.Requester)
	}
	o.texts("payers", r.Payers)
	o.texts("notes", r.Notes)
	if len(r.Consents) > 0 {
		o.name("consents")
		o.dst = appendAll(o.dst, r.Consents, appendConsent)
	}
	o.texts("labels", r.Labels)
	if len(r.Documents) > 0 {
		o.name("documents")
		o.dst = appendAll(o.dst, r.Documents, appendDocument)
	}
	return append(o.dst, '}')
}

// AppendString appends s as a JSON string, byte for byte what encoding/json writes without HTML escaping.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := plainPrefix(s); i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		size := 1
		var r rune
		if c >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
			if (r != utf8.RuneError || size > 1) && r != '\u2028' && r != '\u2029' {
				i += size
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		switch {
		case r != 0:
			dst = append(dst, `\u`...)
			dst = append(dst, hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		default:
			dst = appendControl(dst, c)
		}
		i += size
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

const hexDigits = "0123456789abcdef"

func appendControl(dst []byte, c byte) []byte {
	switch c {
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// appendFloat writes a number in the form of ECMAScript, as encoding/json does.
func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if n := len(dst); format == 'e' && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1] // e-09 to e-9
		dst = dst[:n-1]
	}
	return dst
}

// object is a JSON object being written. Its methods leave out what is empty, as omitempty and omitzero do.
type object struct {
	dst   []byte
	begun bool
}

// name begins a member; names here need no escaping.
func (o *object) name(name string) {
	if o.begun {
		o.dst = append(o.dst, ',')
	}
	o.begun = true
	o.dst = append(append(append(o.dst, '"'), name...), '"', ':')
}

func (o *object) text(name, value string) {
	if value != "" {
		o.name(name)
		o.dst = AppendString(o.dst, value)
	}
}

func (o *object) texts(name string, values []string) {
	if len(values) > 0 {
		o.name(name)
		o.dst = append(o.dst, '[')
		for i, v := range values {
			if i > 0 {
				o.dst = append(o.dst, ',')
			}
			o.dst = AppendString(o.dst, v)
		}
		o.dst = append(o.dst, ']')
	}
}

func (o *object) flag(name string, value bool) {
	if value {
		o.name(name)
		o.dst = append(o.dst, "true"...)
	}
}

func (o *object) identifier(name string, id Identifier) {
	if id != (Identifier{}) {
		o.name(name)
		o.dst = AppendIdentifier(o.dst, &id)
	}
}

func appendAll[T any](dst []byte, all []T, one func([]byte, *T) []byte) []byte {
	dst = append(dst, '[')
	for i := range all {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = one(dst, &all[i])
	}
	return append(dst, ']')
}
