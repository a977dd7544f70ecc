package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Options of a report.
type Options struct {
	// From and To are the first and last day on which the referrals counted arrived, in the network's zone. Zero: the ledger's.
	From, To time.Time
	// By are dimensions, a table for each; two joined by "+" make one table of both.
	By []string
}

// Report of one network. A nil count, share or time is not shown.
type Report struct {
	Network string `json:"network"`
	Zone    string `json:"zone"`
	From    string `json:"from"` // YYYY-MM-DD, as To and AsOf
	To      string `json:"to"`
	// AsOf is the day up to which what became of the referrals is known.
	AsOf   string  `json:"as_of"`
	Total  Row     `json:"total"`
	Tables []Table `json:"tables"`
}

// Table breaks the total down.
type Table struct {
	By   string `json:"by"`
	Rows []Row  `json:"rows"`
}

// Row counts placements: one for each program that a referral asks for, one where it asks for any.
type Row struct {
	Key  string `json:"key,omitempty"`
	Name string `json:"name"`
	// Received, of those Placed, of those Attended a first session at least.
	Received *int `json:"received"`
	Placed   *int `json:"placed"`
	Attended *int `json:"attended"`
	// Shares of Received, 0 to 1.
	SharePlaced   *float64 `json:"share_placed"`
	ShareAttended *float64 `json:"share_attended"`
	// Days from the referral to the first session attended.
	MedianDays *int `json:"median_days"`
	P90Days    *int `json:"p90_days"`
	// Ended says how, by Ends; together with "open" they are all received.
	Ended map[string]*int `json:"ended"`
}

// Ends in the order of a table's columns: how a placement ended, "open" first.
func Ends() []string { return slices.Clone(ends) }

// Validate reports the first dimension that is none, or days in the wrong order.
func (o Options) Validate() error {
	for _, by := range o.By {
		for _, d := range strings.Split(by, "+") {
			if !slices.Contains(Dimensions, d) {
				return fmt.Errorf("--by %s: expected %s, or some joined by +", by, strings.Join(Dimensions, ", "))
			}
		}
	}
	if !o.To.IsZero() && o.To.Before(o.From) {
		return fmt.Errorf("--to %s is before --from %s", o.To.Format(time.DateOnly), o.From.Format(time.DateOnly))
	}
	return nil
}

// Make the report.
func (c *Collector) Make(o Options) (*Report, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	zone := time.UTC
	if c.catalog != nil {
		zone = c.catalog.Location
	}
	list := c.within(zone, o.From, o.To)
	r := &Report{Network: c.network, Zone: zone.String(), AsOf: day(c.last, zone), From: o.From.Format(time.DateOnly), To: o.To.Format(time.DateOnly)}
	if o.From.IsZero() {
		r.From = r.AsOf
		if len(list) > 0 {
			r.From = day(list[0].arrival, zone)
		}
	}
	if o.To.IsZero() {
		r.To = r.AsOf
	}
	total := newCells("", "Total")
	for _, p := range list {
		total.add(p, zone)
	}
	s := &sheet{rows: []*cells{total}}
	for _, by := range o.By {
		var table []int
		for _, x := range c.split(list, by, zone) {
			table = append(table, len(s.rows))
			s.rows = append(s.rows, x)
		}
		s.tables = append(s.tables, table)
	}
	s.hide()
	for i, by := range o.By {
		t := Table{By: by}
		for _, row := range s.tables[i] {
			t.Rows = append(t.Rows, s.rows[row].row())
		}
		slices.SortStableFunc(t.Rows, byShown)
		r.Tables = append(r.Tables, t)
	}
	r.Total = total.row()
	return r, nil
}

// byShown orders rows by the referrals received, and those of which they are not shown by name: their order would tell.
func byShown(a, b Row) int {
	switch {
	case a.Received != nil && b.Received != nil:
		return *b.Received - *a.Received
	case a.Received != nil:
		return -1
	case b.Received != nil:
		return 1
	}
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Key, b.Key))
}

func day(ms int64, zone *time.Location) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).In(zone).Format(time.DateOnly)
}

// rowsMax of one table; the smallest beyond are one row together.
const rowsMax = 40

// split the placements by the value of a dimension, the largest part first.
func (c *Collector) split(list []*placement, by string, zone *time.Location) []*cells {
	at := map[string]*cells{}
	members := map[string][]*placement{}
	for _, p := range list {
		var keys, names []string
		for _, d := range strings.Split(by, "+") {
			key, name := c.value(p, d)
			keys, names = append(keys, key), append(names, name)
		}
		key := strings.Join(keys, "+")
		if at[key] == nil {
			at[key] = newCells(key, strings.Join(names, ", "))
		}
		at[key].add(p, zone)
		members[key] = append(members[key], p)
	}
	rows := make([]*cells, 0, len(at))
	for _, x := range at {
		rows = append(rows, x)
	}
	slices.SortFunc(rows, func(a, b *cells) int {
		return cmp.Or(b.count[received]-a.count[received], strings.Compare(a.name, b.name), strings.Compare(a.key, b.key))
	})
	if len(rows) > rowsMax {
		rest := newCells("+", "All others")
		for _, x := range rows[rowsMax-1:] {
			for _, p := range members[x.key] {
				rest.add(p, zone)
			}
		}
		rows = append(rows[:rowsMax-1], rest)
	}
	return rows
}

// row as it is shown.
func (x *cells) row() Row {
	shown := func(i int) *int {
		if x.hidden[i] {
			return nil
		}
		n := x.count[i]
		return &n
	}
	r := Row{Key: x.key, Name: x.name, Received: shown(received), Placed: shown(placed), Attended: shown(attended), Ended: map[string]*int{}}
	for i, end := range ends {
		r.Ended[end] = shown(firstEnd + i)
	}
	r.SharePlaced, r.ShareAttended = shareOf(r.Placed, r.Received), shareOf(r.Attended, r.Received)
	if r.Attended != nil && len(x.days) >= countMin {
		slices.Sort(x.days)
		rank := func(q float64) *int {
			n := x.days[int(math.Ceil(q*float64(len(x.days))))-1]
			return &n
		}
		r.MedianDays, r.P90Days = rank(0.5), rank(0.9)
	}
	return r
}

// shareOf two counts that are both shown.
func shareOf(n, of *int) *float64 {
	if n == nil || of == nil || *of == 0 {
		return nil
	}
	s := math.Round(1000*float64(*n)/float64(*of)) / 1000
	return &s
}
