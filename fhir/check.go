package fhir

import (
	"strconv"
	"strings"

	"github.com/convene-health/convene/mapping"
)

// checker collects the problems of a bundle, resource by resource: elements that R4 or US Core require, choices with two
// values, codes out of range, dates and ids that are none. Paths are
// FHIRPaths from the bundle down, "Bundle.entry[3].resource.ofType(Task).status"; codes are required, choice,
// invalid-code, invalid-date, invalid-id and invariant.
type checker struct {
	entry    int    // index of the resource at hand
	kind     string // and its type
	problems mapping.Issues
}

func (c *checker) fail(element, code, text string) {
	c.problems = append(c.problems, mapping.Issue{
		Path: "Bundle.entry[" + strconv.Itoa(c.entry) + "].resource.ofType(" + c.kind + ")." + element, Code: code, Text: text,
	})
}

func (c *checker) require(present bool, element string) {
	if !present {
		c.fail(element, "required", "is missing")
	}
}

// choice says that at most one of a choice's values may be there.
func (c *checker) choice(element string, present ...bool) {
	n := 0
	for _, p := range present {
		if p {
			n++
		}
	}
	if n > 1 {
		c.fail(element, "choice", "has "+strconv.Itoa(n)+" values, of which one may be there")
	}
}

// code takes what samply gives for a code: "<unknown>" is one that is out of range.
func (c *checker) code(element, code string) {
	if code == "<unknown>" {
		c.fail(element, "invalid-code", "is not in the value set")
	}
}

func (c *checker) id(id *string) {
	if id == nil || !IsID(*id) {
		c.fail("id", "invalid-id", `does not match [A-Za-z0-9\-\.]{1,64}`)
	}
}

func (c *checker) dateTime(element string, s *string) {
	if s != nil && !IsDateTime(*s) {
		c.fail(element, "invalid-date", "is no dateTime")
	}
}

func (c *checker) period(element string, p *Period) {
	if p == nil {
		return
	}
	c.dateTime(element+".start", p.Start)
	c.dateTime(element+".end", p.End)
	c.require(p.Start != nil || p.End != nil, element)
}

func (c *checker) identifiers(ids []Identifier) {
	c.require(len(ids) > 0, "identifier")
	for i := range ids {
		if ids[i].System == nil || ids[i].Value == nil {
			c.fail("identifier["+strconv.Itoa(i)+"]", "required", "needs system and value")
		}
	}
}

// concept must have a coding or a text, and each coding a code without stray space and a system that is a URI.
func (c *checker) concept(element string, v *CodeableConcept) {
	if v == nil || len(v.Coding) == 0 && v.Text == nil {
		c.fail(element, "required", "needs a coding or a text")
		return
	}
	for i := range v.Coding {
		if x := &v.Coding[i]; x.Code == nil || !IsCode(*x.Code) || x.System != nil && !IsURI(*x.System) {
			c.fail(element+".coding["+strconv.Itoa(i)+"]", "invalid-code", "needs a code, and a system that is a URI")
		}
	}
}

func (c *checker) reference(element string, r *Reference) {
	if r == nil || r.Reference == nil && r.Identifier == nil && r.Display == nil {
		c.fail(element, "required", "refers to nothing")
	}
}

// IsCode reports whether s is a code (https://hl7.org/fhir/R4/datatypes.html#code): not empty, no space but
// single ones between.
func IsCode(s string) bool {
	if strings.TrimSpace(s) != s {
		return false
	}
	space := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f || s[i] == ' ' && space {
			return false
		}
		space = s[i] == ' '
	}
	return !space
}

// IsURI reports whether s is an absolute URI (RFC 3986), as systems must be: a scheme, a colon, and something after it
// of the characters that a URI may hold.
func IsURI(s string) bool {
	colon := strings.IndexByte(s, ':')
	if colon < 1 || colon == len(s)-1 || !letter(s[0]) {
		return false
	}
	for i := range colon {
		if c := s[i]; !letter(c) && !digit(c) && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	for i := colon + 1; i < len(s); i++ {
		if c := s[i]; c == '%' {
			if len(s)-i < 3 || !hexDigit(s[i+1]) || !hexDigit(s[i+2]) {
				return false
			}
		} else if !inURI[c] {
			return false
		}
	}
	return true
}

func letter(c byte) bool   { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func digit(c byte) bool    { return '0' <= c && c <= '9' }
func hexDigit(c byte) bool { return digit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// inURI are the unreserved and the reserved characters of RFC 3986, section 2.
var inURI = bytesOf("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?#[]@!$&'()*+,;=")

func bytesOf(s string) (set [256]bool) {
	for i := range len(s) {
		set[s[i]] = true
	}
	return set
}
