package engine

import (
	"bytes"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/fhirin"
	"github.com/convene-health/convene/mapping/hl7v2"
)

// Formats as the catalog names them.
const (
	FormatJSON = "json"
	FormatFHIR = "fhir"
	FormatHL7  = "hl7v2"
)

// format chooses who reads an input: by its Content-Type, else, and where that says no more than JSON, by its first
// bytes. What nobody claims is a native event, whose decoder says what is wrong with it.
func format(in mapping.Input) (name string, decode func(mapping.Input) mapping.Decoded) {
	if hl7v2.Claims(in) {
		return FormatHL7, hl7v2.Decode
	}
	media, _, _ := strings.Cut(in.Header["content-type"], ";")
	switch strings.ToLower(strings.TrimSpace(media)) {
	case event.TypeFHIR, "application/json+fhir":
		return FormatFHIR, fhirin.Decode
	case event.TypeCloudEvents:
		return FormatJSON, event.Decode
	case "", event.TypeJSON, "text/json":
		if in.Header["ce-type"] == "" && isResource(in.Data) {
			return FormatFHIR, fhirin.Decode
		}
	}
	return FormatJSON, event.Decode
}

// isResource reports whether data is an object that names its resourceType before any attribute of a CloudEvent.
func isResource(data []byte) bool {
	data = bytes.TrimLeft(data, "\uFEFF \t\r\n")
	if len(data) == 0 || data[0] != '{' {
		return false
	}
	depth, key := 0, true // key: the next string at depth 1 is a member's name
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',':
			key = true
		case ':':
			key = false
		case '"':
			end := endOfString(data, i+1)
			if depth == 1 && key {
				switch string(data[i+1 : end]) {
				case "resourceType":
					return true
				case "specversion":
					return false
				}
			}
			i = end
		}
		if depth == 0 {
			return false
		}
	}
	return false
}

// endOfString is where the string's closing quote stands, or the end of data.
func endOfString(data []byte, i int) int {
	for ; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(data)
}
