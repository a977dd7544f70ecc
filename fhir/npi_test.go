package fhir

import "testing"

func TestIsNPI(t *testing.T) {
	for s, want := range map[string]bool{
		"1234567893": true, // the example of the NPI's own standard
		"1063494177": true,
		"1234567890": false, "123456789": false, "12345678930": false, "123456789X": false, "": false, " 1234567893": false,
	} {
		if IsNPI(s) != want {
			t.Errorf("%q: %v, want %v", s, !want, want)
		}
	}
}
