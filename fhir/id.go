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

// HashID is a logical id of 32 hexadecimal digits from which the parts cannot be read.
func HashID(parts ...string) string { return NameOf(parts...).ID() }

// FullURL names an entry of a bundle: a urn:uuid made of the parts, the same each time.
func FullURL(parts ...string) string { return NameOf(parts...).URL() }

// namespace parts our names from other people's.
const namespace = "https://convene.health/fhir/"

// Name is a SHA-256 over the parts of a name, of which ids and URLs are made.
type Name [sha256.Size]byte

// NameOf the parts, told apart by the NULs between them.
func NameOf(parts ...string) Name {
	var space [512]byte
	b := append(space[:0], namespace...)
	for _, p := range parts {
		b = append(append(b, p...), 0)
	}
	return sha256.Sum256(b)
}

// ID is the second half of the name, which its URL does not hold, as 32 hexadecimal digits.
func (n Name) ID() string { return hex.EncodeToString(n[16:]) }

// URL is a urn:uuid: a UUID of version 8 (RFC 9562, section 5.8) of the first 122 bits that are free in it.
func (n Name) URL() string {
	n[6] = n[6]&0x0f | 0x80
	n[8] = n[8]&0x3f | 0x80
	var url [45]byte
	copy(url[:], "urn:uuid:")
	hex.Encode(url[9:], n[:4])
	hex.Encode(url[18:], n[4:6])
	hex.Encode(url[23:], n[6:8])
	hex.Encode(url[28:], n[8:10])
	hex.Encode(url[33:], n[10:16])
	url[17], url[22], url[27], url[32] = '-', '-', '-', '-'
	return string(url[:])
}
