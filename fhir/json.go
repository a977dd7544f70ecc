package fhir

import (
	"encoding/json"

	"github.com/convene-health/convene/mapping"
)

//go:generate go run ./internal/appendgen

// appendCode appends a code of a required value set, which never needs escaping.
func appendCode(b []byte, code string) []byte {
	b = append(b, '"')
	b = append(b, code...)
	return append(b, '"')
}

// appendNumber appends a decimal as it was written; the empty number is 0, as in encoding/json.
func appendNumber(b []byte, n json.Number) []byte {
	if n == "" {
		return append(b, '0')
	}
	return append(b, n...)
}

// separator opens an array before its first element and parts the others.
func separator(i int) byte {
	if i == 0 {
		return '['
	}
	return ','
}

// object closes the object whose fields were appended from at on, each with a comma before it: the first
// comma becomes the opening brace.
func object(b []byte, at int) []byte {
	if len(b) == at {
		return append(b, "{}"...)
	}
	b[at] = '{'
	return append(b, '}')
}

// text appends key and the string, if there is one.
func text(b []byte, key string, s *string) []byte {
	if s == nil {
		return b
	}
	return mapping.AppendString(append(b, key...), *s)
}

// unless is b with a field, or just b when the field reads as its zero value does.
func unless(b, with []byte, zero string) []byte {
	if string(with[len(b):]) == zero {
		return with[:len(b)]
	}
	return with
}
