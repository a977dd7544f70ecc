// Package fhir writes FHIR R4 (https://hl7.org/fhir/R4): small constructors over samply's models, the code
// tables that Convene speaks, checks before encoding, and the encoding itself. It is the only package that
// knows samply.
//
// Resources begin with a constructor, which asks for what R4 or US Core require, and are then completed by
// setting fields. A Transaction checks each resource and writes it as an entry of a transaction Bundle.
//
// samply's own MarshalJSON takes five times as long as writing the same struct without reflection, and writes a
// code that is out of range as "<unknown>". A general fast encoder (goccy/go-json, tried) takes twice as long and
// needs a second to compile these types. So the functions of append_gen.go are generated: every field that our
// resources can reach, resourceType first, without allocation, byte for byte what encoding/json writes for those
// structs with HTML escaping off. Two things differ, since FHIR does not know them: required lists that are empty
// are left out instead of null, and of the values of Task.input and Task.output only the one that is set is written.
//
// All functions are pure. A Transaction is for one goroutine; all else is safe for concurrent use.
package fhir
