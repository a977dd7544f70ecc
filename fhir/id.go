package fhir

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// IDMax is the length of the longest logical id, in bytes.
const IDMax = 64

// ID is a logical id (https://hl7.org/fhir/R4/datatypes.html#id) made of the parts, the same each time:
// "riverside-r1042-1" of "riverside" and "r1042-1". Parts that do not give a valid id, or give one that is too
// long, are hashed. Parts must hold nothing personal: ids end up in addresses and logs.
func ID(parts ...string) string {
	id := strings.Join(parts, "-")
	if IsID(id) {
		return id
	}
	return HashID(parts...)
}

// HashID is a logical id of 40 hexadecimal digits from which the parts cannot be read.
func HashID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:20])
}

// IsID reports whether s matches [A-Za-z0-9\-\.]{1,64}.
func IsID(s string) bool {
	if len(s) == 0 || len(s) > IDMax {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// namespace parts our names from other people's.
const namespace = "https://convene.health/fhir/"

// FullURL names an entry of a bundle: a urn:uuid made of the parts, the same each time. It is a UUID of
// version 8 (RFC 9562, section 5.8): the first 122 free bits of a SHA-256 over the name.
func FullURL(parts ...string) string {
	var name [256]byte
	b := append(name[:0], namespace...)
	for _, p := range parts {
		b = append(append(b, p...), 0)
	}
	sum := sha256.Sum256(b)
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	var url [45]byte
	copy(url[:], "urn:uuid:")
	hex.Encode(url[9:], sum[:4])
	hex.Encode(url[18:], sum[4:6])
	hex.Encode(url[23:], sum[6:8])
	hex.Encode(url[28:], sum[8:10])
	hex.Encode(url[33:], sum[10:16])
	url[17], url[22], url[27], url[32] = '-', '-', '-', '-'
	return string(url[:])
}
