package hl7v2

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// ErrNoDocument: the place of a message holds none.
var ErrNoDocument = errors.New("no embedded document")

// document keeps where a document of OBX-5 is: in the stored message (ED) or elsewhere (RP).
func (r *reader) document(s *Segment, x *mapping.Referral) {
	pointer := s.Field(2).Text() == "RP"
	for v := range r.repetitions(s.Field(5), mapping.ListMax) {
		if len(x.Documents) == mapping.DocumentsMax {
			r.report.Fail(s.Place(), jsontree.TooMany, "more than %d documents", mapping.DocumentsMax)
			return
		}
		d := mapping.Document{Title: r.display(s.Field(3))}
		if pointer {
			d.Media = r.media(v.Component(3), v.Component(4))
			if d.Link = r.text(v.Component(1), mapping.DisplayMax); d.Link == "" {
				continue
			}
		} else {
			d.Media, d.Link = r.media(v.Component(2), v.Component(3)), mapping.InputLink(r.input.Network, r.input.Sequence, v.Position())
			content, err := embedded(v)
			if err != nil {
				r.report.Remark(v.Component(5).Position(), jsontree.InvalidValue, "this is not in the encoding that ED-4 names; it is kept as it came")
				content = []byte(v.Component(5).Raw)
			}
			d.Hash = fmt.Sprintf("sha256-%x", sha256.Sum256(content))
		}
		x.Documents = append(x.Documents, d)
	}
}

// embedded decodes ED-5 by ED-4: Base64, Hex, or as it is.
func embedded(v Value) ([]byte, error) {
	data := v.Component(5)
	plain := strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' || r == '\r' || r == '\t' {
			return -1
		}
		return r
	}, data.Text())
	switch strings.ToUpper(v.Component(4).Text()) {
	case "BASE64":
		return base64.StdEncoding.DecodeString(plain)
	case "HEX":
		return hex.DecodeString(plain)
	}
	return []byte(data.Text()), nil
}

// medias of HL7 table 0191, as the first part of a media type.
var medias = map[string]string{"AP": "application", "AU": "audio", "IM": "image", "NS": "image", "SD": "image", "SI": "image", "TX": "text", "FT": "text"}

// media is the media type of a type of data and its subtype (HL7 table 0291), empty where neither says.
func (r *reader) media(kind, sub Value) string {
	first, second := r.text(kind, mapping.ShortMax), strings.ToLower(r.text(sub, mapping.ShortMax))
	if known := medias[strings.ToUpper(first)]; known != "" {
		first = known
	}
	first = strings.ToLower(first)
	switch {
	case second == "pdf" || second == "rtf" && first == "":
		first = "application" // which some call text
	case first == "" || second == "":
		return first + second
	}
	return first + "/" + second
}

// Document gives the content of an embedded document by its place in a message, e.g. "OBX[3]-5", or ErrNoDocument.
func Document(m *Message, place string) ([]byte, error) {
	for i := range m.Segments {
		s := &m.Segments[i]
		if s.Name != "OBX" || s.Field(2).Text() != "ED" || !strings.HasPrefix(place, s.Place()+"-5") {
			continue
		}
		field := s.Field(5)
		for n := 1; n <= field.Repetitions(); n++ {
			if v := field.Repetition(n); v.Position() == place {
				return embedded(v)
			}
		}
	}
	return nil, fmt.Errorf("%s: %w", place, ErrNoDocument)
}
