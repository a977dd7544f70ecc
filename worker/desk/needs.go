package desk

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	json "github.com/goccy/go-json"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/deliver"
)

// Limits of the work list. source: assumption
const (
	queueMax = 50 // items of a queue that are shown; the others are counted
	// offerSoon is how near its end an offer is marked, groupSoon how near its start a group below its minimum is listed.
	offerSoon = 48 * time.Hour
	groupSoon = 14 * 24 * time.Hour
)

// The queues, the most pressing first.
const (
	queueSecond = "second"
	queueStop   = "stop"
	queueReview = "review"
	queueAlert  = "alert"
	queueInfo   = "needs-info"
	queueOffer  = "offer"
	queueCall   = "call"
	queueGroup  = "group"
	queueRefuse = "refused"
	queueFailed = "failed"
	queueCode   = "code"
)

var queues = []string{queueSecond, queueStop, queueReview, queueAlert, queueInfo, queueOffer, queueCall, queueGroup, queueFailed, queueRefuse, queueCode}

// task is one thing that waits for a person.
type task struct {
	Network, Key, Name string
	Priority           mapping.Priority
	// Since it waits, and Due by when something happens by itself; zero where nothing does.
	Since, Due time.Time
	// By when a person is to have decided; zero where nothing waits for a decision. Soon: little time is left, or none.
	By      time.Time
	Soon    bool
	Program string
	// Attempts to reach the patient that failed, of as many as are made, and when the last was.
	Attempts, Of int
	Attempted    time.Time
	Closed       bool   // as unreachable: the attempts are used up
	Assignee     string // who is to look at it
	Reasons      []mapping.Reason
	Issues       []mapping.Issue
	Problem      string // of a delivery, in words
	Group        *program.Group
	Taken        int
	Motion       *motion // that waits for a second person

	status mapping.Status
	alerts []string
}

// queue is one part of the work list.
type queue struct {
	ID    string
	Tasks []*task
	More  int // that are not shown
}

func (v *visit) needs() {
	network := v.r.FormValue("network")
	boards := v.boardsOf(v.person, network)
	tasks := map[string][]*task{}
	for _, b := range boards {
		v.tasksOf(b, tasks)
	}
	var list []queue
	total := 0
	shown := map[string][]string{}
	for _, id := range queues {
		slices.SortStableFunc(tasks[id], byUrgency)
		total += len(tasks[id])
		q := queue{ID: id, Tasks: tasks[id][:min(len(tasks[id]), queueMax)]}
		q.More = len(tasks[id]) - len(q.Tasks)
		for _, t := range q.Tasks {
			if v.explain(t); t.Key != "" {
				shown[t.Network] = append(shown[t.Network], t.Key)
			}
		}
		if len(q.Tasks) > 0 {
			list = append(list, q)
		}
	}
	if err := v.auditList(boards, "needs", shown); err != nil {
		v.failed(err)
		return
	}
	v.show(http.StatusOK, "needs", v.words.T("nav.needs"), struct {
		Queues   []queue
		Total    int
		Network  string
		Networks []*Board
	}{list, total, network, v.boardsOf(v.person, "")})
}

// byUrgency: what a person was to have decided by now, then what ends soonest, then the higher priority, then what waits longest.
func byUrgency(a, b *task) int {
	if late := func(t *task) bool { return t.Soon && !t.By.IsZero() }; late(a) != late(b) {
		if late(a) {
			return -1
		}
		return 1
	}
	if a.Due.IsZero() != b.Due.IsZero() {
		if a.Due.IsZero() {
			return 1
		}
		return -1
	}
	urgent := func(t *task) int { return slices.Index(mapping.Priorities, t.Priority) }
	return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(urgent(b), urgent(a)), a.Since.Compare(b.Since))
}

// tasksOf one network, by queue.
func (v *visit) tasksOf(b *Board, tasks map[string][]*task) {
	add := func(queue string, t *task) { tasks[queue] = append(tasks[queue], t) }
	now, zone := v.config.Now(), b.Location()
	b.View(func(s *roster.State, offer *roster.Offering) {
		if offer == nil {
			return
		}
		for _, key := range s.LiveKeys() {
			rec := s.Record(key)
			t := &task{Network: b.Network, Key: roster.KeyOf('r', key), Priority: rec.Priority, Since: at(rec.Arrival, zone), alerts: rec.Alerts, Assignee: rec.Assignee}
			if len(rec.Placements) > 0 {
				t.status = rec.Placements[0].Status
			}
			if queue := queueOf(s, rec); queue != "" {
				waits := *t
				waits.decideBy(rec, zone, now)
				add(queue, &waits)
			}
			for i := range rec.Placements {
				if pl := &rec.Placements[i]; pl.Status == mapping.Offered {
					offered := *t
					offered.Program, offered.Due = pl.Program, at(pl.Expires, zone)
					offered.Soon = offered.Due.Sub(now) < offerSoon
					add(queueOffer, &offered)
				}
				if past := rec.Placements[i].Past; past != nil && past.Attempts > 0 {
					call := *t
					call.Program, call.Attempts, call.Attempted = rec.Placements[i].Program, int(past.Attempts), at(past.Attempted, zone)
					call.Of = offer.Catalog.Policy.Filled().ContactAttempts
					add(queueCall, &call)
				}
			}
		}
		for i := range offer.Catalog.Groups {
			g := &offer.Catalog.Groups[i]
			if first, ok := belowMinimum(offer.Catalog, g, s.Taken(g.ID), now); ok {
				add(queueGroup, &task{Network: b.Network, Group: g, Taken: s.Taken(g.ID), Due: first.In(zone), Soon: true})
			}
		}
	})
	for _, p := range v.motions.of(b.Network, "", now) {
		add(queueSecond, &task{Network: b.Network, Key: p.Key, Since: p.Time.In(zone), Due: p.Until().In(zone), Motion: p})
	}
	for _, one := range v.refusals(b) {
		add(queueFailed, &task{Network: b.Network, Key: one.Key, Since: one.Time.In(zone), Problem: one.Problem})
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	b.ring.newest(func(e *Entry) bool {
		t := &task{Network: b.Network, Key: e.Key, Name: e.Name, Since: e.Time.In(zone), Priority: e.Data.Priority, Issues: e.Data.Issues, status: e.Data.Status}
		switch {
		case e.Refused():
			add(queueRefuse, t)
		case e.Data.Status == mapping.Closed && slices.ContainsFunc(e.Data.Reasons, func(r mapping.Reason) bool { return r.Code == roster.RuleUnreachable }):
			t.Closed, t.Reasons, t.Program = true, e.Data.Reasons, e.Data.Program.ID
			add(queueCall, t)
		case slices.ContainsFunc(e.Data.Issues, func(i mapping.Issue) bool { return i.Code == "unknown-code" }):
			t.Issues = slices.DeleteFunc(slices.Clone(t.Issues), func(i mapping.Issue) bool { return i.Code != "unknown-code" })
			add(queueCode, t)
		}
		return true
	})
}

// decideBy notes since when and by when a person is asked, of the placement for which the least time is left.
func (t *task) decideBy(rec *roster.Record, zone *time.Location, now time.Time) {
	for i := range rec.Placements {
		pl := &rec.Placements[i]
		if by, ok := roster.DecideBy(pl); ok && (t.By.IsZero() || by.Before(t.By)) {
			t.Since, t.By, t.Soon = at(pl.Opened, zone), by.In(zone), by.Before(now)
		}
	}
}

// refusals are the deliveries that a FHIR server refused, where a delivery keeps them in the same data folder.
func (v *visit) refusals(b *Board) []deliver.Refusal {
	if b.refused == "" {
		return nil
	}
	kept, err := deliver.OpenRefusals(b.refused)
	if err != nil {
		v.config.Log.Warn().Str("network", b.Network).Err(err).Msg("desk: refused deliveries cannot be read")
		return nil
	}
	all, _ := kept.All() // what went away just now is delivered
	return all
}

// queueOf a live referral: the most pressing it belongs to, or none.
func queueOf(s *roster.State, rec *roster.Record) string {
	undecided := slices.ContainsFunc(rec.Placements, func(p roster.Placement) bool { return p.Status == mapping.Review })
	p, _ := s.Patient(rec.Patient)
	stopped := slices.ContainsFunc(p.Risks, func(r roster.Risk) bool { return r.Level == match.Stop && r.Cleared == 0 })
	switch {
	case stopped && (undecided || len(rec.Alerts) > 0):
		return queueStop
	case undecided:
		return queueReview
	case len(rec.Alerts) > 0 && !slices.ContainsFunc(rec.Alerts, func(rule string) bool { return rule != roster.RuleCall }):
		return queueCall
	case len(rec.Alerts) > 0:
		return queueAlert
	case slices.ContainsFunc(rec.Placements, func(p roster.Placement) bool { return p.Status == mapping.NeedsInfo }):
		return queueInfo
	}
	return ""
}

// belowMinimum reports whether a group with one start begins soon and has fewer than it needs, and when it begins.
func belowMinimum(cat *program.Catalog, g *program.Group, taken int, now time.Time) (time.Time, bool) {
	if g.Enrolment != program.EnrolmentClosed || len(g.Dates) == 0 || taken >= g.Seats.Min {
		return time.Time{}, false
	}
	first := g.Dates[0]
	return first, first.After(now) && first.Sub(now) < groupSoon
}

// explain adds the name, and why the referral waits, from its last decision.
func (v *visit) explain(t *task) {
	if t.Group != nil || t.Key == "" || t.Key[0] != 'r' || t.Issues != nil && t.Name != "" {
		return
	}
	b := v.boards[t.Network]
	m, err := b.mirror.Ledger.Last(v.ctx, worker.DecisionSubject(t.Network, t.Key))
	if err != nil {
		return // erased a moment ago
	}
	var d decision
	if json.Unmarshal(m.Data, &d) != nil {
		return
	}
	if v.names {
		t.Name = fullName(d.Referral.Patient.Name)
	}
	for _, r := range d.Results {
		for _, why := range r.Reasons {
			if !slices.Contains(t.Reasons, why) {
				t.Reasons = append(t.Reasons, why)
			}
		}
	}
	for _, rule := range t.alerts {
		if why := (mapping.Reason{Code: "alert-" + rule, Text: roster.TextOf(rule)}); !slices.ContainsFunc(t.Reasons, func(r mapping.Reason) bool { return r.Code == why.Code }) {
			t.Reasons = append(t.Reasons, why)
		}
	}
}

// at is a time of the roster in a zone; zero stays zero.
func at(ms int64, zone *time.Location) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).In(zone)
}
