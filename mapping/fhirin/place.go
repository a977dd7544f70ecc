package fhirin

import (
	"strconv"
	"strings"

	"github.com/convene-health/convene/mapping/jsontree"
)

// places are where the parts of a referral were read: for each of its lists the element that gave each item. Paths are made
// of them only where somebody asks.
type places struct {
	order, identifier, patient                                          jsontree.Cursor
	conditions, observations, goals, programs, notes, languages, access []jsontree.Cursor
}

// placeOf a member, or of the whole where it is absent.
func placeOf(c jsontree.Cursor, name string) jsontree.Cursor {
	if member, ok := c.Get(name); ok {
		return member
	}
	return c
}

// Of is a FHIRPath for a part of the event as the native format names it. What lies deeper than an item of a list is told by
// the item; what came from no element of its own, by the order.
func (p *places) Of(part string) string {
	for _, list := range []struct {
		name  string
		items []jsontree.Cursor
	}{
		{"conditions", p.conditions}, {"observations", p.observations}, {"goals", p.goals}, {"programs", p.programs}, {"notes", p.notes},
		{"patient.languages", p.languages}, {"patient.access", p.access},
	} {
		rest, is := strings.CutPrefix(part, "data.referral."+list.name+"[")
		digits, _, _ := strings.Cut(rest, "]")
		if i, err := strconv.Atoi(digits); is && err == nil && 0 <= i && i < len(list.items) {
			return list.items[i].Path()
		}
	}
	place := jsontree.Cursor{}
	switch {
	case strings.HasPrefix(part, "data.referral.patient"):
		place = p.patient
	case strings.HasPrefix(part, "data.referral.identifier"), strings.HasPrefix(part, "data.target"):
		place = p.identifier
	case strings.HasPrefix(part, "data.referral"):
		place = p.order
	}
	if place == (jsontree.Cursor{}) {
		return part
	}
	return place.Path()
}
