package program

import "time"

// index finds things of a catalog by id without a scan.
type index struct {
	programs, groups, sites, leaders, sources map[string]int
	zones                                     map[string]*time.Location
	holidays                                  map[string]bool
}

// Program by id.
func (c *Catalog) Program(id string) (*Program, bool) { return at(c.Programs, c.index.programs, id) }

// Group by id.
func (c *Catalog) Group(id string) (*Group, bool) { return at(c.Groups, c.index.groups, id) }

// Site by id.
func (c *Catalog) Site(id string) (*Site, bool) { return at(c.Sites, c.index.sites, id) }

// Leader by id.
func (c *Catalog) Leader(id string) (*Leader, bool) { return at(c.Leaders, c.index.leaders, id) }

// SourceByName finds a source by the token in its subject.
func (c *Catalog) SourceByName(name string) (*Source, bool) {
	return at(c.Sources, c.index.sources, name)
}

// SourceLocation is the zone of a source's times without an offset: its own, else the network's.
func (c *Catalog) SourceLocation(name string) *time.Location {
	if loc, ok := c.index.zones[name]; ok {
		return loc
	}
	return c.Location
}

// Holiday reports whether the local date of t is a holiday of the network.
func (c *Catalog) Holiday(t time.Time) bool {
	return c.index.holidays[t.In(c.Location).Format(dateForm)]
}

func at[T any](list []T, index map[string]int, id string) (*T, bool) {
	i, ok := index[id]
	if !ok {
		return nil, false
	}
	return &list[i], true
}

// buildIndex indexes what is read; of duplicates the first counts.
func (c *Catalog) buildIndex() {
	c.index.programs = indexOf(c.Programs, func(p *Program) string { return p.ID })
	c.index.groups = indexOf(c.Groups, func(g *Group) string { return g.ID })
	c.index.sites = indexOf(c.Sites, func(s *Site) string { return s.ID })
	c.index.leaders = indexOf(c.Leaders, func(l *Leader) string { return l.ID })
	c.index.sources = indexOf(c.Sources, func(s *Source) string { return s.Name })
}

func indexOf[T any](list []T, id func(*T) string) map[string]int {
	index := make(map[string]int, len(list))
	for i := range list {
		if key := id(&list[i]); key != "" {
			if _, dup := index[key]; !dup {
				index[key] = i
			}
		}
	}
	return index
}
