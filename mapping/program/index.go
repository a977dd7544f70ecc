package program

import (
	"slices"
	"time"

	"github.com/convene-health/convene/mapping"
)

// index finds things of a catalog by id without a scan.
type index struct {
	programs, groups, sites, leaders, sources map[string]int
	byCode                                    map[mapping.Code][]int // programs, without displays
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

// ProgramOf is the one program whose order has one of these codes (SNOMED CT, HCPCS, CPT); false where none has, or
// several.
func (c *Catalog) ProgramOf(codes []mapping.Code) (*Program, bool) {
	found := -1
	for _, code := range codes {
		for _, i := range c.index.byCode[mapping.Code{System: code.System, Code: code.Code}] {
			if found >= 0 && found != i {
				return nil, false
			}
			found = i
		}
	}
	if found < 0 {
		return nil, false
	}
	return &c.Programs[found], true
}

// Serves reports whether a program is for what the codings of one diagnosis name, by the shipped table.
func (p *Program) Serves(codes []mapping.Code) bool {
	return slices.Contains(p.Conditions, "any") || slices.ContainsFunc(Resolve(codes), func(i int) bool { return slices.Contains(p.Conditions, Conditions()[i].Key) })
}

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
	c.index.byCode = map[mapping.Code][]int{}
	for i := range c.Programs {
		codes := &c.Programs[i].Codes
		for _, in := range []struct {
			system string
			codes  []string
		}{{mapping.SystemSNOMED, codes.SNOMED}, {mapping.SystemHCPCS, codes.HCPCS}, {mapping.SystemCPT, codes.CPT}} {
			for _, code := range in.codes {
				key := mapping.Code{System: in.system, Code: code}
				c.index.byCode[key] = append(c.index.byCode[key], i)
			}
		}
	}
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
