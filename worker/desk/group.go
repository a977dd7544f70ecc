package desk

import (
	"net/http"
	"slices"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
)

// seats of a group: taken by who is placed or enrolled, held by offers, free. An open group has no seats to hold.
type seats struct {
	Taken, Held, Free, Min, Max int
	Open                        bool
}

// Drawn lists the seats one by one: "taken", "held", "free".
func (s seats) Drawn() (list []string) {
	for range s.Taken {
		list = append(list, "taken")
	}
	for range s.Held {
		list = append(list, "held")
	}
	for range s.Free {
		list = append(list, "free")
	}
	return list
}

// seatsOf a group, without telling offers from placements: that needs a look at every referral; see holders.
func seatsOf(s *roster.State, g *program.Group) seats {
	taken := s.Taken(g.ID)
	return seats{Taken: taken, Free: max(0, g.Seats.Max-taken), Min: g.Seats.Min, Max: g.Seats.Max, Open: g.Enrolment == program.EnrolmentOpen}
}

// holder is somebody in a group: a seat, or a place in an open group. Referrals that share a seat are one.
type holder struct {
	Key    string
	Name   string
	Status mapping.Status
	First  time.Time
	Due    time.Time
	Alerts int
	// Seen is the sequence of the last decision, Placement the id, for acts.
	Seen      uint64
	Placement string

	placement roster.PlacementID
}

// holders of all groups, by group id.
func holders(s *roster.State, zone *time.Location) map[string][]holder {
	in := map[string][]holder{}
	for _, key := range s.LiveKeys() {
		rec := s.Record(key)
		for i := range rec.Placements {
			pl := &rec.Placements[i]
			if !pl.Status.HoldsSeat() || slices.ContainsFunc(in[pl.Group], func(h holder) bool { return h.placement == pl.ID }) {
				continue
			}
			in[pl.Group] = append(in[pl.Group], holder{Key: roster.KeyOf('r', key), Status: pl.Status, First: at(pl.First, zone), Due: at(pl.Expires, zone), Alerts: len(rec.Alerts), placement: pl.ID})
		}
	}
	return in
}

// nomineesOf a group whose leader chooses: who waits for the leader's answer. They hold no seat.
func nomineesOf(s *roster.State, group string, zone *time.Location) (list []holder) {
	for _, key := range s.LiveKeys() {
		rec := s.Record(key)
		for i := range rec.Placements {
			if pl := &rec.Placements[i]; nominatedFor(pl) == group {
				list = append(list, holder{Key: roster.KeyOf('r', key), Status: pl.Status, First: at(rec.Arrival, zone), placement: pl.ID})
			}
		}
	}
	return list
}

// nominatedFor is the group whose leader is asked about a placement; empty where none is.
func nominatedFor(pl *roster.Placement) string {
	if pl.Status != mapping.Review || pl.Past == nil {
		return ""
	}
	return pl.Past.Nominated
}

// heldOf tells the seats held by offers from those taken.
func (s seats) heldOf(in []holder) seats {
	for _, h := range in {
		if h.Status == mapping.Offered && !s.Open {
			s.Held, s.Taken = s.Held+1, s.Taken-1
		}
	}
	return s
}

// groupView is one group.
type groupView struct {
	Network string
	*program.Group
	ProgramName string
	Kind        mapping.Kind
	Seats       seats
	Leader      string
	Site        string
	Next        time.Time // session; zero when there is none left
	Left        int       // sessions to come
	Waiting     int       // in the program's waitlist
	Below       bool      // it begins soon and has fewer than it needs
	PutOff      time.Time // when it was to begin, where Convene put it off; else zero
}

func groupOf(b *Board, s *roster.State, cat *program.Catalog, g *program.Group, in []holder, now time.Time) groupView {
	v := groupView{Network: b.Network, Group: g, Seats: seatsOf(s, g).heldOf(in), Waiting: s.Waiting(g.Program)}
	if prog, ok := cat.Program(g.Program); ok {
		v.ProgramName, v.Kind = prog.Name, prog.Kind
	}
	for _, l := range cat.Leaders {
		if l.ID == g.Leader {
			v.Leader = leaderName(l)
		}
	}
	for _, site := range cat.Sites {
		if site.ID == g.Site {
			v.Site = site.Name
		}
	}
	if next, ok := cat.FirstSessionAfter(g, now); ok {
		v.Next = next.In(cat.Location)
	}
	for _, d := range g.Dates {
		if d.After(now) {
			v.Left++
		}
	}
	if len(g.Planned) > 0 {
		v.PutOff = g.Planned[0].In(cat.Location)
	}
	_, v.Below = belowMinimum(cat, g, s.Taken(g.ID), now)
	return v
}

func leaderName(l program.Leader) string {
	return fullNameForward(mapping.Name{Family: l.Family, Given: l.Given})
}

// mine reports whether the person may see a group: leaders see only their own.
func (v *visit) mine(g *program.Group) bool {
	return v.person.Role != Leader || g.Leader == v.person.Leader
}

func (v *visit) groups() {
	network := v.r.FormValue("network")
	if err := v.auditList(v.boardsOf(v.person, network), "groups", nil); err != nil {
		v.failed(err)
		return
	}
	var list []groupView
	now := v.config.Now()
	for _, b := range v.boardsOf(v.person, network) {
		b.View(func(s *roster.State, offer *roster.Offering) {
			if offer == nil {
				return
			}
			in := holders(s, offer.Catalog.Location)
			for i := range offer.Catalog.Groups {
				if g := &offer.Catalog.Groups[i]; v.mine(g) {
					list = append(list, groupOf(b, s, offer.Catalog, g, in[g.ID], now))
				}
			}
		})
	}
	slices.SortStableFunc(list, func(a, b groupView) int {
		if a.Next.IsZero() != b.Next.IsZero() {
			if a.Next.IsZero() {
				return 1
			}
			return -1
		}
		return a.Next.Compare(b.Next)
	})
	v.show(http.StatusOK, "groups", v.words.T("nav.groups"), struct {
		Groups   []groupView
		Network  string
		Networks []*Board
	}{list, network, v.boardsOf(v.person, "")})
}

// waiter is one place in the waitlist of a group's program, seen from this group.
type waiter struct {
	Position int
	Key      string
	Name     string
	Priority mapping.Priority
	Since    time.Time
	// Why it would not get a seat here, if one were free.
	Why  []match.Reason
	Held []mapping.Reason
	// Next: the next free seat here would be theirs.
	Next bool
}

// sessionView is one session, and where it was moved when it was to be, else zero; both in the network's zone.
type sessionView struct{ At, Planned time.Time }

func sessionOf(cat *program.Catalog, g *program.Group, at time.Time) sessionView {
	v := sessionView{At: at.In(cat.Location)}
	if cat.IsMoved(g, at) {
		v.Planned = cat.PlannedStart(g, at).In(cat.Location)
	}
	return v
}

// waitersMax of a waitlist are shown.
const waitersMax = 50

func (v *visit) group() {
	b := v.boardOf()
	if b == nil {
		v.refuse(http.StatusNotFound, "not-found")
		return
	}
	told := v.told(b)
	var body struct {
		Told     string
		Sheet    sheet
		Group    groupView
		In       []holder
		Nominees []holder // First is when they arrived
		Waiters  []waiter
		Sessions []sessionView
		Next     *waiter // who one more seat would go to
		Now      time.Time
		Leader   bool
		Edit     *editForm
	}
	found := false
	now := v.config.Now()
	b.View(func(s *roster.State, offer *roster.Offering) {
		if offer == nil {
			return
		}
		at := offer.Book.Group(v.r.PathValue("group"))
		if at < 0 || !v.mine(&offer.Catalog.Groups[at]) {
			return
		}
		found = true
		g := &offer.Catalog.Groups[at]
		body.In = holders(s, offer.Catalog.Location)[g.ID]
		body.Nominees = nomineesOf(s, g.ID, offer.Catalog.Location)
		body.Group = groupOf(b, s, offer.Catalog, g, body.In, now)
		for _, d := range g.Dates {
			body.Sessions = append(body.Sessions, sessionOf(offer.Catalog, g, d))
		}
		body.Edit = v.editFormOf(b.Network, offer.Catalog, g, now)
		if v.person.Role != Leader {
			body.Waiters = waitersOf(s, offer, at, now)
		}
		if v.person.Role == Leader || v.person.May(Coordinator) {
			body.Sheet = v.sheetOf(s, offer.Catalog, g, body.In, now, v.r.FormValue("session"))
		}
	})
	if !found {
		v.refuse(http.StatusNotFound, "not-found")
		return
	}
	if err := v.audit(b.Network, "group", body.Group.ID, keysOf(body.In, body.Nominees, body.Waiters)...); err != nil {
		v.failed(err)
		return
	}
	body.Told = told
	for i := range body.In {
		h := &body.In[i]
		h.Name, h.Seen = v.nameOf(b, h.Key)
		h.Placement = h.placement.String()
		for j := range body.Sheet.Lines {
			if line := &body.Sheet.Lines[j]; line.placement == h.placement {
				line.Name = h.Name
			}
		}
	}
	for i := range body.Nominees {
		h := &body.Nominees[i]
		h.Name, h.Seen = v.nameOf(b, h.Key)
		h.Placement = h.placement.String()
	}
	for i := range body.Waiters {
		w := &body.Waiters[i]
		w.Name, _ = v.nameOf(b, w.Key)
		if w.Next {
			body.Next = w
		}
	}
	body.Now = now
	body.Leader = v.person.Role == Leader
	v.show(http.StatusOK, "group", body.Group.ID, body)
}

// keysOf who a page of a group shows.
func keysOf(in, nominees []holder, waiters []waiter) (keys []string) {
	for _, h := range slices.Concat(in, nominees) {
		keys = append(keys, h.Key)
	}
	for _, w := range waiters {
		keys = append(keys, w.Key)
	}
	return keys
}

// waitersOf the waitlist of a group's program, in order.
func waitersOf(s *roster.State, offer *roster.Offering, group int32, now time.Time) (list []waiter) {
	found := false
	for i, w := range s.Waitlist(offer.Catalog.Groups[group].Program, offer, now.UnixMilli(), waitersMax) {
		rec := s.Record(w.Key)
		one := waiter{Position: i + 1, Key: roster.KeyOf('r', w.Key), Priority: rec.Priority, Since: at(rec.Arrival, offer.Catalog.Location)}
		why, held := s.WhyNot(rec, group, offer, now.UnixMilli())
		one.Why = why
		for _, rule := range held {
			one.Held = append(one.Held, mapping.Reason{Code: rule, Text: roster.TextOf(rule)})
		}
		if !found && len(why)+len(held) == 0 {
			one.Next, found = true, true
		}
		list = append(list, one)
	}
	return list
}

// nameOf a referral's patient, and the sequence of its last decision. The name is empty where names do not show, both
// where it is erased.
func (v *visit) nameOf(b *Board, key string) (name string, seen uint64) {
	m, err := b.mirror.Ledger.Last(v.ctx, worker.DecisionSubject(b.Network, key))
	if err != nil {
		return "", 0
	}
	if v.names {
		_, name = parseName(m.Data)
	}
	return name, m.Sequence
}
