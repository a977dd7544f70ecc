package simulate

import (
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// tally counts while a simulation runs.
type tally struct {
	Events, Refused int
	patients        []*patient // in order of arrival
	sites           []string   // names
	codes           []string   // their ZIP codes
	refusals        map[string]int

	unsafe                       map[string]*Unsafe // by rule
	seats                        int                // places given and judged
	unsafeCarried, unsafeUncoded int                // of them
	held                         int                // held for a person by a safety rule, rightly
	blocked                      int                // and not
	weeks                        []Week
	cohorts                      int // that started
	empty                        int // that had nobody to start with
	started                      int // seats of cohorts at their start: taken, in all
	capacity                     int
}

func newTally(cat *program.Catalog) *tally {
	t := &tally{unsafe: map[string]*Unsafe{}, refusals: map[string]int{}}
	for i := range cat.Sites {
		t.sites, t.codes = append(t.sites, cat.Sites[i].Name), append(t.codes, cat.Sites[i].Address.PostalCode)
	}
	return t
}

func (t *tally) arrive(p *patient) { t.patients = append(t.patients, p) }

func (t *tally) refused(n *mapping.Notice) {
	t.Refused++
	for _, x := range n.Issues {
		t.refusals[x.Code]++
	}
}

// hold counts a referral that a safety rule put before a person, once.
func (t *tally) hold(p *patient) {
	if p.held {
		return
	}
	p.held = true
	if needs := p.truth.risk >= 0 && (risks[p.truth.risk].demand == demandCare || risks[p.truth.risk].demand == demandPerson); needs {
		t.held++
	} else {
		t.blocked++
	}
}

// seat notes a place and what the judge says against it.
func (t *tally) seat(p *patient, at *place, against []objection, now time.Time) {
	t.seats++
	if p.seated.IsZero() {
		p.seated = now
	}
	if p.came.IsZero() {
		p.first = at.first
	}
	carried := false
	for _, o := range against {
		u := t.unsafe[o.rule]
		if u == nil {
			u = &Unsafe{Rule: o.rule}
			t.unsafe[o.rule] = u
		}
		if carried = carried || o.carried; o.carried {
			u.Carried++
			if u.Example == "" {
				u.Example = p.key + " in " + at.group.ID
			}
		} else {
			u.Uncoded++
		}
	}
	if len(against) > 0 {
		p.unsafe = true
		if carried {
			t.unsafeCarried++
		} else {
			t.unsafeUncoded++
		}
	}
}

func (t *tally) end(p *patient, now time.Time) { p.ended = now }

// Week is the network at the end of one.
type Week struct {
	End      string  `json:"end"` // YYYY-MM-DD
	Waiting  int     `json:"waiting"`
	InReview int     `json:"inReview"`
	Fill     float64 `json:"fill"` // of the seats of groups that meet, 0 to 1
}

// sample the network once a week.
func (t *tally) sample(w *world) {
	taken, max := 0, 0
	for i := range w.supply.current.Groups {
		g := &w.supply.current.Groups[i]
		if g.Seats.Max == 0 || g.Enrolment == program.EnrolmentOpen || len(g.Dates) == 0 || g.Dates[0].After(w.now) || g.Dates[len(g.Dates)-1].Before(w.now) {
			continue
		}
		n, closed := w.engine.State.Taken(g.ID), g.Enrolment == program.EnrolmentClosed
		if fresh := w.now.Sub(g.Dates[0]) <= week && w.now.After(w.counts); closed && fresh && n == 0 {
			t.empty++
		} else if closed && fresh {
			t.cohorts++
			t.started, t.capacity = t.started+n, t.capacity+g.Seats.Max
		}
		if closed && n == 0 {
			continue // it did not start, or nobody is left
		}
		taken, max = taken+n, max+g.Seats.Max
	}
	week := Week{End: w.now.In(w.Start.Location()).Format(time.DateOnly), Waiting: w.engine.State.Count().Waiting}
	if max > 0 {
		week.Fill = rounded(float64(taken)/float64(max), 3)
	}
	for _, p := range t.patients {
		if p.status == mapping.Review {
			week.InReview++
		}
	}
	t.weeks = append(t.weeks, week)
}
