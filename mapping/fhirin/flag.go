package fhirin

import (
	"strings"

	"github.com/convene-health/convene/mapping"
)

var flagStatuses = []string{"active", "inactive", wrong}

// flag takes an active Flag for screening: its category safety or behavioral, and its codes, as findings, its words as free
// text (https://hl7.org/fhir/R4/valueset-flag-category.html). It is no diagnosis. One that does not say that it is over is active.
func (d *decoder) flag(r resource) {
	if status := word(r.at, "status", flagStatuses); status == "inactive" || status == wrong {
		return
	}
	codes, words := conceptMember(r.at, "code")
	date := ""
	if period, ok := r.at.Get("period"); ok {
		if start, ok := period.Get("start"); ok {
			date = start.DateTime()
		}
	}
	at := placeOf(r.at, "code")
	for category := range items(r.at, "category", mapping.ListMax) {
		kinds, name := concept(category)
		for _, k := range append(kinds, mapping.Code{Code: name}) {
			switch strings.ToLower(k.Code) {
			case "safety":
				d.tell(at, finding(mapping.FindingSafetyFlag), nil, date)
			case "behavioral":
				d.tell(at, finding(mapping.FindingBehavioralFlag), nil, date)
			}
		}
	}
	for _, c := range codes {
		d.addObservation(mapping.Observation{Code: c, Date: date}, at)
		if words == "" {
			words = c.Display
		}
	}
	if words != "" {
		d.addNote(words, at)
	}
}
