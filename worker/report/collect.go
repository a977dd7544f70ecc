package report

import (
	"fmt"
	"slices"
	"time"

	json "github.com/goccy/go-json"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// Collector takes in the decisions of one network, in the order of its ledger.
type Collector struct {
	network    string
	catalog    *program.Catalog
	placements map[string]*placement // by id, of the referral that asks for it
	of         map[string][]string   // ids by referral
	last       int64
}

// placement is one place sought by one referral, as it last stood.
type placement struct {
	arrival                       int64
	status                        mapping.Status
	reason                        string // of the decision that brought about the status
	program, group                string
	site, source, language, payer string
	placed                        bool // had a place for certain, at some time
	attended                      uint32
}

// NewCollector of a network about which nothing is known.
func NewCollector(network string) *Collector {
	return &Collector{network: network, placements: map[string]*placement{}, of: map[string][]string{}}
}

// Catalog is in force for the decisions that follow.
func (c *Collector) Catalog(cat *program.Catalog) { c.catalog = cat }

// decision is what is read of one.
type decision struct {
	Key    string    `json:"key"`
	Time   time.Time `json:"time"`
	Record *struct {
		Source     string `json:"source"`
		Arrival    int64  `json:"arrival"`
		Erased     bool   `json:"erased"`
		Placements []struct {
			ID      string         `json:"id"`
			Status  mapping.Status `json:"status"`
			Asked   string         `json:"asked"`
			Program string         `json:"program"`
			Group   string         `json:"group"`
			Past    struct {
				Sessions []struct {
					Day  uint32 `json:"day"`
					Came uint8  `json:"came"`
				} `json:"sessions"`
			} `json:"past"`
		} `json:"placements"`
		Facts struct {
			Languages []string `json:"languages"`
			Payers    []string `json:"payers"`
		} `json:"facts"`
	} `json:"record"`
	Results []struct {
		Placement string           `json:"placement"`
		Reasons   []mapping.Reason `json:"reasons"`
	} `json:"results"`
}

// Decision takes one in. An erased referral is not counted any more.
func (c *Collector) Decision(data []byte) error {
	var d decision
	if err := json.Unmarshal(data, &d); err != nil {
		return fmt.Errorf("decision: %w", err)
	}
	c.last = max(c.last, d.Time.UnixMilli())
	if d.Record == nil || d.Record.Erased {
		for _, id := range c.of[d.Key] {
			delete(c.placements, id)
		}
		delete(c.of, d.Key)
		return nil
	}
	for i := range d.Record.Placements {
		now := &d.Record.Placements[i]
		id := d.Key + " " + now.ID // two referrals may share a place
		p := c.placements[id]
		if p == nil {
			p = &placement{arrival: d.Record.Arrival, program: now.Asked}
			c.placements[id] = p
			c.of[d.Key] = append(c.of[d.Key], id)
		}
		p.source = d.Record.Source
		if f := d.Record.Facts; len(f.Languages) > 0 {
			p.language = f.Languages[0]
		}
		if f := d.Record.Facts; len(f.Payers) > 0 {
			p.payer = f.Payers[0]
		}
		c.where(p, now.Program, now.Group)
		if p.status != now.Status {
			p.status, p.reason = now.Status, ""
			for _, r := range d.Results {
				if r.Placement == now.ID && len(r.Reasons) > 0 {
					p.reason = r.Reasons[0].Code
				}
			}
		}
		p.placed = p.placed || now.Status == mapping.Placed || now.Status == mapping.Enrolled
		for _, s := range now.Past.Sessions {
			if roster.Attendance(s.Came) == roster.Attended && (p.attended == 0 || s.Day < p.attended) {
				p.attended = s.Day
			}
		}
	}
	return nil
}

// where a placement is, or last was.
func (c *Collector) where(p *placement, program, group string) {
	if program != "" {
		p.program = program
	}
	if group == "" || c.catalog == nil {
		return
	}
	p.group = group
	if g, ok := c.catalog.Group(group); ok {
		if p.site = g.Site; g.Mode == "telehealth" {
			p.site = telehealth
		}
	}
}

const telehealth = "telehealth"

// value of a dimension, and how it reads.
func (c *Collector) value(p *placement, by string) (key, name string) {
	switch by {
	case "program":
		if c.catalog != nil {
			if x, ok := c.catalog.Program(p.program); ok {
				return p.program, x.Name
			}
		}
		return known(p.program, "no program yet")
	case "site":
		if c.catalog != nil {
			if x, ok := c.catalog.Site(p.site); ok {
				return p.site, x.Name
			}
		}
		return known(p.site, "no group yet")
	case "source":
		return p.source, p.source
	case "language":
		return known(p.language, "not told")
	}
	return known(p.payer, "not told")
}

func known(key, otherwise string) (string, string) {
	if key == "" {
		return "", otherwise
	}
	return key, key
}

// Dimensions that a report can be broken down by.
var Dimensions = []string{"program", "site", "source", "language", "payer"}

// How a placement ended, or that it did not: each has exactly one.
const (
	open       = "open"
	completed  = "completed"
	handedOver = "handed over"
	droppedOut = "dropped out"
	cancelled  = "cancelled"
	rejected   = "rejected"
	unreached  = "unreachable"
	elsewhere  = "served elsewhere"
	otherwise  = "closed otherwise"
)

var ends = []string{open, completed, handedOver, droppedOut, cancelled, rejected, unreached, elsewhere, otherwise}

func (p *placement) end() string {
	switch p.status {
	case mapping.Completed:
		if p.reason == roster.RuleHandedOver {
			return handedOver
		}
		return completed
	case mapping.DroppedOut:
		return droppedOut
	case mapping.Cancelled:
		return cancelled
	case mapping.Rejected:
		return rejected
	case mapping.Closed, mapping.EnteredInError:
		switch p.reason {
		case roster.RuleUnreachable:
			return unreached
		case roster.RuleElsewhere:
			return elsewhere
		}
		return otherwise
	}
	return open
}

// days from the referral to the first session attended, by the calendar of the network.
func (p *placement) days(zone *time.Location) (int, bool) {
	if p.attended == 0 {
		return 0, false
	}
	year, month, day := time.UnixMilli(p.arrival).In(zone).Date()
	from := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	to := time.Date(int(p.attended/10000), time.Month(p.attended/100%100), int(p.attended%100), 0, 0, 0, 0, time.UTC)
	return max(0, int(to.Sub(from).Hours()/24)), true
}

// within are the placements whose referral arrived from one day to another, both included; zero: no bound.
func (c *Collector) within(zone *time.Location, from, to time.Time) (list []*placement) {
	lowest, highest := startOf(from, zone, 0), startOf(to, zone, 1)
	for _, p := range c.placements {
		if (from.IsZero() || p.arrival >= lowest) && (to.IsZero() || p.arrival < highest) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *placement) int { return int(a.arrival - b.arrival) })
	return list
}

// startOf a day in a zone, some days on, Unix milliseconds.
func startOf(day time.Time, zone *time.Location, after int) int64 {
	return time.Date(day.Year(), day.Month(), day.Day()+after, 0, 0, 0, 0, zone).UnixMilli()
}
