// Package fhir writes FHIR R4 (https://hl7.org/fhir/R4): small constructors over samply's models, the code
// tables that Convene speaks, checks before encoding, and the encoding itself. It is the only package that
// knows samply.
//
// Resources begin with a constructor, which asks for what R4 or US Core require, and are then completed by
// setting fields. A Transaction checks each resource and writes it as an entry of a transaction Bundle.
//
// samply's own MarshalJSON takes five times as long as the same structs without it, and writes a code that
// is out of range as "<unknown>". The functions of append_gen.go write the same bytes as encoding/json does
// for those structs with resourceType first, without reflection or allocation.
//
// All functions are pure. A Transaction is for one goroutine; all else is safe for concurrent use.
package fhir
