package fhir

// IsNPI reports whether s is a National Provider Identifier: ten digits of which the last checks the others by Luhn's
// formula, with the prefix 80840 counted in (45 CFR 162.406; US Core us-core-16 and us-core-17). US Core lets no other
// value stand under the NPI's system.
func IsNPI(s string) bool {
	if len(s) != 10 {
		return false
	}
	sum := 24 // of the prefix
	for i := range len(s) {
		d := int(s[i]) - '0'
		if d < 0 || d > 9 {
			return false
		}
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
