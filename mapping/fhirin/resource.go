package fhirin

import (
	"slices"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// resource is one resource of the input, with where its references lead.
type resource struct {
	at       jsontree.Cursor
	kind, id string
	// url is the fullUrl of its entry.
	url string
	// container is the resource whose contained list "#id" refers to: itself unless it is contained.
	container jsontree.Cursor
	// bundle it stands in; nil for one on its own.
	bundle *bundle
}

// same reports whether two are one resource, perhaps given twice, as documents inside messages do.
func (r resource) same(o resource) bool {
	switch {
	case r.kind == "" || r.kind != o.kind:
		return false
	case r.at == o.at, r.url != "" && r.url == o.url:
		return true
	}
	return r.id != "" && r.id == o.id && (r.url == "" || o.url == "")
}

func appendNew(list []resource, r resource) []resource {
	for _, o := range list {
		if o.same(r) {
			return list
		}
	}
	return append(list, r)
}

// kindOf is the resourceType as sent; empty when there is none.
func kindOf(c jsontree.Cursor) string {
	if t, ok := c.Get("resourceType"); ok && t.Kind() == jsontree.String {
		return t.Raw()
	}
	return ""
}

func idOf(c jsontree.Cursor) string {
	if id, ok := c.Get("id"); ok && id.Kind() == jsontree.String {
		return id.Raw()
	}
	return ""
}

// isName reports whether s looks like the name of a resource type.
func isName(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return 0 < len(s) && len(s) <= mapping.ShortMax
}

// bundle is a Bundle with its entries indexed, once it is opened.
type bundle struct {
	resource
	outer   *bundle
	entries []resource
	byURL   map[string]int
	byID    map[typeID]int
	// byIdentifier is built when a logical reference first asks for it.
	byIdentifier map[typedIdentifier]int
}

type typeID struct{ kind, id string }

type typedIdentifier struct{ kind, system, value string }

// several marks what more than one entry answers to.
const several = -1

// open indexes a bundle's entries. Entries without a resource, such as a batch's searches, are passed over.
func (d *decoder) open(r resource, outer *bundle) *bundle {
	b := &bundle{resource: r, outer: outer, byURL: map[string]int{}, byID: map[typeID]int{}}
	for entry := range items(r.at, "entry", unlimited) {
		at, ok := entry.Get("resource")
		if !ok {
			continue
		}
		e := resource{at: at, kind: kindOf(at), id: idOf(at), url: text(entry, "fullUrl", mapping.SystemMax), container: at, bundle: b}
		if e.kind == "" {
			at.Fail(jsontree.Required, "expected a resource with its resourceType")
			continue
		}
		if e.id == "" {
			if base, tail := splitURL(e.url); base != "" {
				_, e.id, _ = strings.Cut(tail, "/")
			}
		}
		b.add(e, entry)
	}
	return b
}

func (b *bundle) add(e resource, entry jsontree.Cursor) {
	i := len(b.entries)
	b.entries = append(b.entries, e)
	if e.url != "" {
		if _, twice := b.byURL[e.url]; twice {
			entry.Fail(Ambiguous, "an earlier entry has this fullUrl")
		}
		b.byURL[e.url] = i
	}
	if e.id != "" {
		if _, twice := b.byID[typeID{e.kind, e.id}]; twice {
			i = several
		}
		b.byID[typeID{e.kind, e.id}] = i
	}
}

// all gives the bundle's own entries of one type.
func (b *bundle) all(kind string) (found []resource) {
	for _, e := range b.entries {
		if e.kind == kind {
			found = append(found, e)
		}
	}
	return found
}

// resolve finds the target of a reference: contained ("#id"), by fullUrl, by Type/id, or by logical identifier. A version
// ("/_history/2") does not matter. What is not in a bundle may be in the one around it.
func (d *decoder) resolve(from resource, ref jsontree.Cursor) (target resource, found bool) {
	to := text(ref, "reference", mapping.SystemMax)
	if id, local := strings.CutPrefix(to, "#"); local {
		return d.inContainer(from, id)
	}
	if i := strings.Index(to, "/_history/"); i >= 0 {
		to = to[:i]
	}
	for b := from.bundle; b != nil; b = b.outer {
		i, known := several, false
		if to != "" {
			i, known = b.find(from, to)
		} else if id, ok := ref.Get("identifier"); ok {
			i, known = b.identified(text(ref, "type", mapping.ShortMax), id)
		}
		switch {
		case known && i == several:
			ref.Remark(Ambiguous, "more than one resource of this message could be meant; none is taken")
			return resource{}, false
		case known:
			return b.entries[i], true
		}
	}
	return resource{}, false
}

// inContainer finds a resource within the same container; "#" alone is the container.
func (d *decoder) inContainer(from resource, id string) (resource, bool) {
	c := resource{at: from.container, id: id, container: from.container, bundle: from.bundle}
	if id == "" {
		c.kind, c.id, c.url = kindOf(c.at), idOf(c.at), from.url
		return c, true
	}
	at, found := d.containedIn(from.container)[id]
	if !found {
		return resource{}, false
	}
	c.at, c.kind = at, kindOf(at)
	return c, c.kind != ""
}

// containedIn indexes what a resource contains. Two with one id refuse the input: which of them is meant would be a guess
// (https://hl7.org/fhir/R4/references.html#contained).
func (d *decoder) containedIn(container jsontree.Cursor) map[string]jsontree.Cursor {
	if index, known := d.contained[container]; known {
		return index
	}
	index := map[string]jsontree.Cursor{}
	list, _ := container.Get("contained")
	for at := range elements(list) {
		id := idOf(at)
		if _, twice := index[id]; twice && id != "" {
			at.Fail(Ambiguous, "an earlier contained resource has this id")
		}
		index[id] = at
	}
	if d.contained == nil {
		d.contained = map[jsontree.Cursor]map[string]jsontree.Cursor{}
	}
	d.contained[container] = index
	return index
}

// sweepContained takes what the order, or the task around it, contains and says of the patient.
func (d *decoder) sweepContained(r resource) {
	d.containedIn(r.container)
	list, _ := r.container.Get("contained")
	for at := range elements(list) {
		c := resource{at: at, kind: kindOf(at), id: idOf(at), container: r.container, bundle: r.bundle}
		if patientElements[c.kind] != "" {
			d.take(c, jsontree.Cursor{}, false)
		}
	}
}

// find looks a reference up. A relative one goes by the base of the entry it stands in, else by type and id alone.
func (b *bundle) find(from resource, to string) (i int, known bool) {
	if strings.Contains(to, ":") {
		i, known = b.byURL[to]
		return i, known
	}
	if base, _ := splitURL(from.url); base != "" {
		if i, known = b.byURL[base+to]; known {
			return i, true
		}
	}
	kind, id, _ := strings.Cut(to, "/")
	i, known = b.byID[typeID{kind, id}]
	return i, known
}

// splitURL cuts a RESTful URL before its Type/id: "https://ehr.example/fhir/" and "Patient/1". base is empty for others.
func splitURL(url string) (base, tail string) {
	if !strings.HasPrefix(url, "http") {
		return "", ""
	}
	slash := strings.LastIndexByte(url, '/')
	before := strings.LastIndexByte(url[:max(slash, 0)], '/')
	if before < 0 || !isName(url[before+1:slash]) || slash+1 == len(url) {
		return "", ""
	}
	return url[:before+1], url[before+1:]
}

// identified looks a logical reference up, of any type where the reference names none.
func (b *bundle) identified(kind string, id jsontree.Cursor) (i int, known bool) {
	if b.byIdentifier == nil {
		b.indexIdentifiers()
	}
	system, value := raw(id, "system"), raw(id, "value")
	if value == "" {
		return 0, false
	}
	i, known = b.byIdentifier[typedIdentifier{kind, system, value}]
	return i, known
}

func (b *bundle) indexIdentifiers() {
	b.byIdentifier = map[typedIdentifier]int{}
	for i, e := range b.entries {
		list, _ := e.at.Get("identifier")
		for id := range elements(list) {
			system, value := raw(id, "system"), raw(id, "value")
			for _, kind := range []string{e.kind, ""} {
				key, at := typedIdentifier{kind, system, value}, i
				if before, twice := b.byIdentifier[key]; twice && before != i {
					at = several
				}
				b.byIdentifier[key] = at
			}
		}
	}
}

// unresolved remarks on a reference that leads nowhere. It does not repeat the reference: ids can hold names.
func (d *decoder) unresolved(ref jsontree.Cursor) {
	ref.Remark(Unresolved, "the resource that this refers to is not in the message")
}

// seek resolves a reference to one of some types, with a remark where it leads nowhere or elsewhere. A reference that
// is only a logical identifier or a display is no mistake.
func (d *decoder) seek(from resource, ref jsontree.Cursor, kinds ...string) (resource, bool) {
	target, found := d.resolve(from, ref)
	switch {
	case !found && ref.Has("reference"):
		d.unresolved(ref)
	case found:
		if slices.Contains(kinds, target.kind) {
			return target, true
		}
		ref.Remark(WrongTarget, "this refers to a resource of another type than %s", strings.Join(kinds, ", "))
	}
	return resource{}, false
}

// understood reports whether nothing unknown changes a resource's meaning
// (https://hl7.org/fhir/R4/extensibility.html#modifierExtension).
func understood(r resource) bool { return !r.at.Has("modifierExtension") }
