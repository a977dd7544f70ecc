package fhirin

import (
	"iter"
	"math"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// Code systems of FHIR that say what a value means.
const (
	systemV2Identifier = "http://terminology.hl7.org/CodeSystem/v2-0203"
	systemClinical     = "http://terminology.hl7.org/CodeSystem/condition-clinical"
	systemVerification = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
	systemTaskCode     = "http://hl7.org/fhir/CodeSystem/task-code"
	systemBSeRBusiness = "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS"
)

// unlimited lists are bounded by the input's length alone.
const unlimited = math.MaxInt

// repeatMax bounds the lists of one resource that are longer than what is kept of them: names, telecoms, extensions.
const repeatMax = 200

// text reads a member that is a string.
func text(c jsontree.Cursor, name string, most int) string {
	if f, ok := c.Get(name); ok {
		return f.Text(most)
	}
	return ""
}

// raw is a string member as sent, without a report where it is none.
func raw(c jsontree.Cursor, name string) string {
	if f, ok := c.Get(name); ok && f.Kind() == jsontree.String {
		return strings.TrimSpace(f.Raw())
	}
	return ""
}

// word reads a member that is a code of a closed vocabulary.
func word[T ~string](c jsontree.Cursor, name string, values []T) T {
	if f, ok := c.Get(name); ok {
		return jsontree.OneOf(f, values)
	}
	return ""
}

// items yields the objects of an array member; none when it is absent.
func items(c jsontree.Cursor, name string, most int) iter.Seq[jsontree.Cursor] {
	return func(yield func(jsontree.Cursor) bool) {
		list, ok := c.Get(name)
		if !ok {
			return
		}
		for item := range list.Items(most) {
			if item.Kind() != jsontree.Object {
				item.Fail(jsontree.WrongType, "expected an object")
			} else if !yield(item) {
				return
			}
		}
	}
}

// elements yields the objects of what may be an array, and reports nothing.
func elements(list jsontree.Cursor) iter.Seq[jsontree.Cursor] {
	return func(yield func(jsontree.Cursor) bool) {
		if list == (jsontree.Cursor{}) || list.Kind() != jsontree.Array {
			return
		}
		for item := range list.Items(unlimited) {
			if item.Kind() == jsontree.Object && !yield(item) {
				return
			}
		}
	}
}

// texts reads an array of strings. A null stands for an element that has extensions only.
func texts(c jsontree.Cursor, name string, most int) (all []string) {
	list, ok := c.Get(name)
	if !ok {
		return nil
	}
	for item := range list.Items(mapping.ListMax) {
		if item.Kind() == jsontree.Null {
			continue
		}
		if s := item.Text(most); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// choice finds the one value of name[x] and the type in its name; two are an issue, and the first is read
// (https://hl7.org/fhir/R4/formats.html#choice).
func choice(c jsontree.Cursor, name string) (value jsontree.Cursor, suffix string, ok bool) {
	if c.Kind() != jsontree.Object {
		return value, "", false
	}
	for f := range c.Fields() {
		rest, is := strings.CutPrefix(f.Key(), name)
		if !is || rest == "" || rest[0] < 'A' || rest[0] > 'Z' || f.Null() {
			continue
		}
		if ok {
			f.Fail(TwoValues, "%s[x] has one value; this is another", name)
			continue
		}
		value, suffix, ok = f, rest, true
	}
	return value, suffix, ok
}

// when reads name[x] as a dateTime: the moment, or the start of a period.
func when(c jsontree.Cursor, name string) string {
	value, suffix, _ := choice(c, name)
	switch suffix {
	case "DateTime", "Instant":
		return value.DateTime()
	case "Period":
		if start, ok := value.Get("start"); ok {
			return start.DateTime()
		}
	}
	return ""
}

// concept is a CodeableConcept: its codings that have a code, and its text, else the display of one without a code.
func concept(c jsontree.Cursor) (codes []mapping.Code, words string) {
	for coding := range items(c, "coding", mapping.ListMax) {
		if code := codingOf(coding); code.Code != "" {
			codes = append(codes, code)
		} else if words == "" {
			words = code.Display
		}
	}
	if t := text(c, "text", mapping.DisplayMax); t != "" {
		words = t
	}
	return codes, words
}

func codingOf(c jsontree.Cursor) mapping.Code {
	return mapping.Code{System: mapping.CodeSystem(text(c, "system", mapping.SystemMax)), Code: text(c, "code", mapping.ShortMax), Display: text(c, "display", mapping.DisplayMax)}
}

// conceptMember is concept of a member.
func conceptMember(c jsontree.Cursor, name string) (codes []mapping.Code, words string) {
	if f, ok := c.Get(name); ok {
		return concept(f)
	}
	return nil, ""
}

// wordOf reads a member that is a CodeableConcept with a required binding: the code in its own system.
func wordOf(c jsontree.Cursor, name, system string, values []string) string {
	f, ok := c.Get(name)
	if !ok {
		return ""
	}
	for coding := range items(f, "coding", mapping.ListMax) {
		if s := text(coding, "system", mapping.SystemMax); s == system || s == "" {
			return word(coding, "code", values)
		}
	}
	f.Remark(jsontree.UnknownValue, "expected a coding of %s; this is not used", system)
	return ""
}

// identifier reads an Identifier. One without a system is in the namespace of its assigner: that one's own identifier
// ("system#value"), else its name or reference, which is local to the source.
func (d *decoder) identifier(from resource, c jsontree.Cursor) mapping.Identifier {
	id := mapping.Identifier{System: text(c, "system", mapping.SystemMax), Value: text(c, "value", mapping.TextMax)}
	if kind, ok := c.Get("type"); ok {
		for coding := range items(kind, "coding", mapping.ListMax) {
			if s := text(coding, "system", mapping.SystemMax); s == systemV2Identifier || s == "" {
				id.Type = text(coding, "code", mapping.ShortMax)
				break
			}
		}
	}
	if assigner, ok := c.Get("assigner"); ok && id.System == "" {
		id.System = d.assigner(from, assigner)
	}
	return id
}

func (d *decoder) assigner(from resource, ref jsontree.Cursor) string {
	if target, ok := d.resolve(from, ref); ok {
		for id := range items(target.at, "identifier", mapping.IdentifiersMax) {
			if name := namespace(id); name != "" {
				return name
			}
		}
	} else if ref.Has("reference") {
		d.unresolved(ref)
	}
	if id, ok := ref.Get("identifier"); ok {
		if name := namespace(id); name != "" {
			return name
		}
	}
	if display := text(ref, "display", mapping.SystemMax); display != "" {
		return display
	}
	return text(ref, "reference", mapping.SystemMax)
}

// namespace that an organization's identifier spans for what it assigns.
func namespace(c jsontree.Cursor) string {
	system, value := text(c, "system", mapping.SystemMax), text(c, "value", mapping.TextMax)
	if system == "" || value == "" {
		return ""
	}
	return system + "#" + value
}

// identifiers reads all identifiers that have a value and are not marked as old.
func (d *decoder) identifiers(r resource) (all []mapping.Identifier) {
	for c := range items(r.at, "identifier", mapping.IdentifiersMax) {
		if raw(c, "use") == "old" {
			continue
		}
		if id := d.identifier(r, c); id.Value != "" {
			all = append(all, id)
		} else {
			c.Remark(jsontree.Required, "an identifier without a value is not read")
		}
	}
	return all
}
