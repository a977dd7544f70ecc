package fhirin

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// mediaFHIR is the media type of a resource.
const mediaFHIR = "application/fhir+json"

// document keeps where something is that the order refers to and that people read: a report, a letter, a form, a document
// Bundle. Confirmations link to it; what is in the message stays there, byte for byte, with all that it contains.
func (d *decoder) document(r resource, ref jsontree.Cursor) {
	title := ""
	if ref != (jsontree.Cursor{}) {
		title = text(ref, "display", mapping.DisplayMax)
	}
	if r.kind == "DocumentReference" && d.attachments(r, title) {
		return
	}
	from, to := r.at.Span()
	sum := sha256.Sum256(d.input.Data[from:to])
	d.addDocument(mapping.Document{Title: cmp.Or(title, text(r.at, "title", mapping.DisplayMax), r.kind), Media: mediaFHIR,
		Link: d.link(r.at), Hash: fmt.Sprintf("sha256-%x", sum)})
}

// attachments of a DocumentReference, each elsewhere or in the message; false where it has none.
func (d *decoder) attachments(r resource, title string) (any bool) {
	for content := range items(r.at, "content", mapping.DocumentsMax) {
		a, ok := content.Get("attachment")
		if !ok {
			continue
		}
		doc := mapping.Document{Title: cmp.Or(text(a, "title", mapping.DisplayMax), title, text(r.at, "description", mapping.DisplayMax), r.kind),
			Media: text(a, "contentType", mapping.ShortMax), Link: text(a, "url", mapping.SystemMax)}
		if data, has := a.Get("data"); has {
			b, err := base64.StdEncoding.DecodeString(data.Raw())
			if err != nil {
				data.Remark(jsontree.InvalidValue, "this is not Base64; the attachment is not used")
				continue
			}
			doc.Link, doc.Hash = d.link(data), fmt.Sprintf("sha256-%x", sha256.Sum256(b))
		}
		if doc.Link != "" {
			d.addDocument(doc)
			any = true
		}
	}
	return any
}

func (d *decoder) link(at jsontree.Cursor) string {
	return mapping.InputLink(d.input.Network, d.input.Sequence, at.Path())
}

// addDocument keeps no more than tells that they are too many.
func (d *decoder) addDocument(doc mapping.Document) {
	if x := d.event.Referral; len(x.Documents) <= mapping.DocumentsMax {
		x.Documents = append(x.Documents, doc)
	}
}

// ErrNoDocument: there is none at that place of the message.
var ErrNoDocument = errors.New("no resource and no attachment")

// Document gives what a message holds at a place, "Bundle.entry[3].resource": a resource as it came, byte for byte, or the
// content of an attachment.
func Document(data []byte, place string) ([]byte, error) {
	tree := jsontree.Parse(data)
	var quiet jsontree.Report
	if root, ok := tree.Read(&quiet); ok {
		tree.Base = kindOf(root)
		at, found := root.Find(place)
		switch {
		case found && at.Kind() == jsontree.Object:
			from, to := at.Span()
			return data[from:to], nil
		case found && at.Kind() == jsontree.String:
			return base64.StdEncoding.DecodeString(at.Raw())
		}
	}
	return nil, fmt.Errorf("%s: %w", place, ErrNoDocument)
}
