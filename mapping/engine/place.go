package engine

import (
	"slices"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/roster"
)

// eventPaths begin the paths of what deciding finds wrong with an event, whatever format it came in.
const eventPaths = "data."

// locate gives issues found by deciding the places of what they are about in the input, where its format has others than
// the event. Issues are shared by notices, so those that change are copied.
func locate(out *roster.Outcome, places mapping.Places) {
	if places == nil {
		return
	}
	for i := range out.Notices {
		n := &out.Notices[i]
		copied := false
		for k := range n.Issues {
			if !strings.HasPrefix(n.Issues[k].Path, eventPaths) {
				continue
			}
			if !copied {
				n.Issues, copied = slices.Clone(n.Issues), true
			}
			n.Issues[k].Path = places.Of(n.Issues[k].Path)
		}
	}
}
