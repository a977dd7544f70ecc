package desk

import (
	"cmp"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/convene-health/convene/mapping"
)

// listMax confirmations a list shows at once; the page keeps no more while it is open.
const listMax = 200

// standing are the statuses that are counted: those in which something still happens.
var standing = []mapping.Status{mapping.Review, mapping.NeedsInfo, mapping.Waitlisted, mapping.Offered, mapping.Placed, mapping.Enrolled}

// statuses by which the list can be narrowed.
var statuses = append(slices.Clone(standing), mapping.Cancelled, mapping.Rejected, mapping.Closed, mapping.DroppedOut, mapping.Completed, mapping.EnteredInError, mapping.Refused)

// option of a choice.
type option struct{ Value, Label string }

// nowBody is the page of the live list.
type nowBody struct {
	Filter     Filter
	Rows       []template.HTML
	Counts     countsBody
	Stream     string // address of the stream that goes on from here
	Networks   []string
	Statuses   []mapping.Status
	Programs   []option
	Priorities []mapping.Priority
	Sources    []string
	Max        int
}

// find keeps what was typed out of the address and shows the list.
func (v *visit) find() {
	f := filterOf(v.r, v.seals)
	http.Redirect(v.w, v.r, "/now?"+f.query(v.seals).Encode(), http.StatusSeeOther)
}

func (v *visit) now() {
	f := filterOf(v.r, v.seals)
	boards := v.boardsOf(v.person, f.Network)
	list, at := v.latest(boards, f)
	shown := map[string][]string{}
	for _, e := range list {
		shown[e.Network] = append(shown[e.Network], e.Key)
	}
	if err := v.auditList(boards, "now", shown); err != nil {
		v.failed(err)
		return
	}
	body := nowBody{
		Filter: f, Counts: v.countsOf(boards, f), Statuses: statuses, Priorities: mapping.Priorities, Max: listMax,
	}
	for _, e := range list {
		body.Rows = append(body.Rows, template.HTML(v.row(e)))
	}
	query := f.query(v.seals)
	query.Set("after", at.String())
	body.Stream = "/now/stream?" + query.Encode()
	for _, b := range v.boardsOf(v.person, "") {
		body.Networks = append(body.Networks, b.Network)
		cat := b.Catalog()
		if cat == nil {
			continue
		}
		for i := range cat.Programs {
			body.Programs = append(body.Programs, option{cat.Programs[i].ID, v.words.Named(cat.Programs[i].Name)})
		}
		for _, s := range cat.Sources {
			body.Sources = append(body.Sources, s.Name)
		}
	}
	slices.SortFunc(body.Programs, func(a, b option) int {
		return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.Value, b.Value))
	})
	body.Programs = slices.Compact(body.Programs)
	slices.Sort(body.Sources)
	body.Sources = slices.Compact(body.Sources)
	v.show(http.StatusOK, "now", v.words.T("nav.now"), body)
}

// latest confirmations of several networks, newest first, and the position up to which they are whole.
func (v *visit) latest(boards []*Board, f Filter) (list []*Entry, at position) {
	at = position{}
	for _, b := range boards {
		entries, end := b.Latest(listMax, func(e *Entry) bool { return f.takes(e, v.names) })
		list, at[b.Network] = append(list, entries...), end
	}
	slices.SortStableFunc(list, func(a, b *Entry) int { return b.Time.Compare(a.Time) })
	return list[:min(len(list), listMax)], at
}

// countsBody says how many placements stand in each status, and leads to the list of each.
type countsBody struct {
	Counts []count
	Filter Filter
}

type count struct {
	Status  mapping.Status
	N       int
	Address string
	Current bool
}

// countsOf the placements that the filter's network, program, priority and source take.
func (v *visit) countsOf(boards []*Board, f Filter) countsBody {
	n := map[mapping.Status]int{}
	for _, b := range boards {
		for status, more := range b.standing(standingOf{f.Program, f.Priority, f.Source}) {
			n[status] += more
		}
	}
	body := countsBody{Filter: f}
	for _, s := range standing {
		g := f
		g.Status = s
		if f.Status == s {
			g.Status = ""
		}
		body.Counts = append(body.Counts, count{s, n[s], "/now?" + g.query(v.seals).Encode(), f.Status == s})
	}
	return body
}
