package simulate

import (
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/program"
)

// supply is the network's catalog as it goes on: a group that ends is held anew some weeks later, at the same weekday and
// hour, by the same leader, whose licence is taken to be renewed.
type supply struct {
	options *Options
	network string
	doc     yaml.MapSlice
	groups  []running
	// current is the catalog in force as the judge reads it.
	current *program.Catalog
}

// running is a group of the catalog with its runs: weeks from one start to the next; 0: it does not end.
type running struct {
	entry yaml.MapSlice
	group *program.Group
	weeks int
	span  time.Duration
}

const (
	week = 7 * 24 * time.Hour
	// slack for sessions that fall on holidays of later runs.
	slackWeeks = 1
	// keptFor is how long a run stays in the catalog after its end, until the last word on everybody is in.
	keptFor = 4 * week
)

func newSupply(o *Options, cat *program.Catalog) (*supply, error) {
	s := &supply{options: o, network: cat.Network}
	if err := yaml.UnmarshalWithOptions(o.Catalog, &s.doc, yaml.UseOrderedMap()); err != nil {
		return nil, err
	}
	list, _ := valueOf(s.doc, "groups").([]any)
	for i, x := range list {
		entry, ok := x.(yaml.MapSlice)
		g := &cat.Groups[i]
		if !ok || len(g.Dates) == 0 {
			continue
		}
		r := running{entry: entry, group: g}
		if g.Sessions.Count > 0 || g.Sessions.End != "" {
			r.span = g.Dates[len(g.Dates)-1].Sub(g.Dates[0])
			r.weeks = int(r.span/week) + 1 + slackWeeks + o.GapWeeks
		}
		s.groups = append(s.groups, r)
	}
	return s, nil
}

// at is the catalog as announced at a moment, compiled.
func (s *supply) at(now time.Time) (*engine.Book, error) {
	day := now.In(s.options.Start.Location()).Format(time.DateOnly)
	var groups []any
	for _, r := range s.groups {
		for run := 0; ; run++ {
			start := r.group.Dates[0].Add(time.Duration(run*r.weeks) * week)
			if run > 0 && (r.weeks == 0 || start.After(now.Add(time.Duration(s.options.AnnounceWeeks)*week))) {
				break
			}
			if r.weeks == 0 || start.Add(r.span+time.Duration(slackWeeks)*week+keptFor).After(now) {
				groups = append(groups, r.again(run))
			}
		}
	}
	doc := slices.Clone(s.doc)
	set(&doc, "groups", groups)
	set(&doc, "validFrom", day)
	set(&doc, "leaders", renewed(valueOf(s.doc, "leaders")))
	data, err := yaml.Marshal(doc)
	if err != nil {
		return nil, err
	}
	book, issues := engine.Compile(s.network, data)
	if len(issues) > 0 {
		return nil, fmt.Errorf("the catalog of %s: %w", day, issues)
	}
	if s.current = book.Catalog(); s.options.told != nil {
		book, issues = engine.Compile(s.network, s.options.told(data))
	}
	if len(issues) > 0 {
		return nil, issues
	}
	return book, nil
}

// again is the entry of a later run of a group.
func (r *running) again(run int) yaml.MapSlice {
	entry := slices.Clone(r.entry)
	if run == 0 {
		return entry
	}
	sessions, _ := valueOf(entry, "sessions").(yaml.MapSlice)
	sessions = slices.Clone(sessions)
	first, _ := time.Parse(time.DateOnly, r.group.Sessions.Start)
	set(&sessions, "start", first.AddDate(0, 0, 7*run*r.weeks).Format(time.DateOnly))
	if end, err := time.Parse(time.DateOnly, r.group.Sessions.End); err == nil {
		set(&sessions, "end", end.AddDate(0, 0, 7*run*r.weeks).Format(time.DateOnly))
	}
	set(&sessions, "skip", []any{"holidays"})
	set(&entry, "id", fmt.Sprintf("%s-run%d", r.group.ID, run+1))
	set(&entry, "sessions", sessions)
	if seats, ok := valueOf(entry, "seats").(yaml.MapSlice); ok {
		entry = slices.Clone(entry)
		set(&entry, "seats", yaml.MapSlice(slices.DeleteFunc(slices.Clone(seats), func(x yaml.MapItem) bool { return x.Key == "urgentUntil" })))
	}
	return entry
}

// renewedUntil is the last day of a licence that its holder keeps.
const renewedUntil = "2099-12-31"

func renewed(leaders any) any {
	list, _ := leaders.([]any)
	out := make([]any, 0, len(list))
	for _, x := range list {
		leader, ok := x.(yaml.MapSlice)
		if licences, has := valueOf(leader, "licences").([]any); ok && has {
			leader = slices.Clone(leader)
			var kept []any
			for _, l := range licences {
				licence, _ := l.(yaml.MapSlice)
				licence = slices.Clone(licence)
				set(&licence, "to", renewedUntil)
				kept = append(kept, licence)
			}
			set(&leader, "licences", kept)
		}
		out = append(out, leader)
	}
	return out
}

func valueOf(m yaml.MapSlice, key string) any {
	for _, x := range m {
		if x.Key == key {
			return x.Value
		}
	}
	return nil
}

func set(m *yaml.MapSlice, key string, value any) {
	for i := range *m {
		if (*m)[i].Key == key {
			(*m)[i].Value = value
			return
		}
	}
	*m = append(*m, yaml.MapItem{Key: key, Value: value})
}
