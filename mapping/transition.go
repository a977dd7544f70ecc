package mapping

import "slices"

// Transition is one change of a placement's status that may be, and what brings it about. From is empty for a placement
// just opened; From equal to To tells something new of a status that stands.
type Transition struct {
	From Status `json:"from,omitempty"`
	To   Status `json:"to"`
	On   string `json:"on"`
}

// Transitions is the only table of them: deciding holds every confirmation against it, `convene schema transitions`
// prints it, and what it does not list cannot be published.
var Transitions = slices.Concat(
	each([]Status{"", Review, NeedsInfo}, []Status{Review, NeedsInfo, Waitlisted, Offered, Placed}, "an order or its update is decided; a catalog that suits now"),
	each([]Status{Waitlisted}, []Status{Offered, Placed}, "a seat became free and this was next; an update that suits another group; a place joined"),
	each([]Status{Waitlisted}, []Status{Waitlisted}, "an update; an alert"),
	each([]Status{Offered}, []Status{Offered}, "an update; an alert"),
	each([]Status{Placed}, []Status{Placed}, "an update; an alert"),
	each([]Status{"", Review, NeedsInfo, Waitlisted, Offered, Placed}, []Status{Cancelled}, "the referrer cancelled; the update no longer asks for it"),
	each([]Status{Cancelled}, []Status{Cancelled}, "the second confirmation of a cancellation, where profile bser asks for two"),
	each([]Status{"", Review, NeedsInfo, Waitlisted, Offered, Placed}, []Status{Closed}, "the patient died; the referral was erased"),
	each([]Status{Offered}, []Status{Closed}, "the offer expired"),
	each([]Status{Offered, Placed}, []Status{Closed, DroppedOut, Completed}, "the seat was released with this outcome"),
	each([]Status{Placed}, []Status{Completed}, "a drop-in place was handed over"),
)

func each(from, to []Status, on string) (out []Transition) {
	for _, f := range from {
		for _, t := range to {
			out = append(out, Transition{f, t, on})
		}
	}
	return out
}

// Allowed reports whether the table lists a change.
func Allowed(from, to Status) bool {
	return slices.ContainsFunc(Transitions, func(t Transition) bool { return t.From == from && t.To == to })
}
