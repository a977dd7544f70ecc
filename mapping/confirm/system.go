package confirm

import (
	"strings"

	"github.com/convene-health/convene/fhir"
	"github.com/convene-health/convene/mapping"
)

// base is where identifier systems of Convene's own live.
const base = "https://convene.health/fhir/"

// systems are the identifier systems of one network.
type systems struct {
	network      string // base + network
	patient      string // values are patient keys, "p1042"
	condition    string // patient key and a hash of what is said of the condition
	order        string // our order: referral key and placement number, "r1042-1"
	practitioner string
	role         string
	organization string
	program      string // program ids of the catalog
	site         string // site ids of the catalog
	actor        string // people who decided
	endpoint     string // values are sources: the subjects on which they are told
}

func systemsOf(network string) systems {
	n := base + network
	return systems{
		n, n + "/patient", n + "/condition", n + "/order", n + "/practitioner", n + "/role", n + "/organization",
		n + "/program", n + "/site", n + "/actor", n + "/endpoint",
	}
}

// global is an identifier's or a code's system as FHIR wants it, a URI. A bare OID gets its prefix; a name
// that is local to its source is qualified by that; an empty one stays empty.
func (w *Writer) global(system, source string) string {
	switch {
	case system == "":
		return ""
	case fhir.IsURI(system):
		return system
	case isOID(system):
		return "urn:oid:" + system
	}
	b := fhir.EscapeURI(append([]byte(w.systems.network), "/source/"...), source)
	return string(fhir.EscapeURI(append(b, '/'), system))
}

// isOID reports whether s has the form of an object identifier, "2.16.840.1.113883.4.1".
func isOID(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && s[i] != '.' {
			return false
		}
	}
	return strings.Count(s, ".") >= 2 && s[0] != '.' && s[len(s)-1] != '.'
}

// clean is a text as FHIR allows it: no space around, no control characters but tab, line feed and return.
func clean(s string) string {
	s = strings.TrimSpace(s)
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' && s[i] != '\n' && s[i] != '\r' {
			return strings.TrimSpace(strings.Map(printable, s))
		}
	}
	return s
}

func printable(r rune) rune {
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' {
		return -1
	}
	return r
}

// orderIdentifier is the identifier of the sender's own order, empty when it gave none.
func orderIdentifier(n *mapping.Notice) mapping.Identifier {
	if n.Identifier.Value == "" && n.Request != nil {
		return n.Request.Identifier
	}
	return n.Identifier
}
