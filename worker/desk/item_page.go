package desk

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// itemsPage lists what the catalog's groups are made of: programs, leaders and places.
type itemsPage struct {
	Network, Told string
	Programs      []program.Program
	Leaders       []program.Leader
	Sites         []program.Site
	groups        []program.Group
}

// GroupsOf counts the groups of a program, of a leader or at a site.
func (p itemsPage) GroupsOf(kind, id string) (n int) {
	for _, g := range p.groups {
		if !g.Cancelled && map[string]string{"program": g.Program, "leader": g.Leader, "site": g.Site}[kind] == id {
			n++
		}
	}
	return n
}

// Called is a leader's name.
func (p itemsPage) Called(l program.Leader) string { return leaderName(l) }

// Where a site is, in one line.
func (p itemsPage) Where(a mapping.Address) string {
	parts := append(slices.Clone(a.Line), a.City, strings.TrimSpace(a.State+" "+a.PostalCode))
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

func (v *visit) items() {
	b := v.boardOf()
	if b == nil || b.Catalog() == nil {
		v.refuse(http.StatusNotFound, "not-found")
		return
	}
	told := v.told(b)
	cat := b.Catalog()
	v.show(http.StatusOK, "items", v.words.T("item.title"), itemsPage{b.Network, told, cat.Programs, cat.Leaders, cat.Sites, cat.Groups})
}

// itemPage is the form of one entry; ID is empty for a new one.
type itemPage struct {
	Network, Base, Kind, ID string
	Fields                  []formField
}

// itemForm is the page on which an entry is added or changed. It shows what the file says: what a program's template
// fills in stays empty.
func (v *visit) itemForm() {
	b, kind, id := v.boardOf(), itemKindNamed(v.r.PathValue("kind")), v.r.PathValue("id")
	if b == nil || kind == nil || b.Catalog() == nil {
		v.refuse(http.StatusNotFound, "not-found")
		return
	}
	base := b.Catalog().Hash
	yaml, err := b.mirror.CatalogText(v.ctx, base)
	if err != nil {
		v.failed(err)
		return
	}
	written, err := program.Written(yaml)
	if err != nil {
		v.failed(err)
		return
	}
	entry := kind.entry(written, id)
	if id == "" {
		entry = reflect.Zero(valueAt(reflect.ValueOf(written).Elem(), kind.List).Type().Elem())
	}
	if !entry.IsValid() {
		v.refuse(http.StatusNotFound, "not-found")
		return
	}
	v.show(http.StatusOK, "item", v.words.T("edit."+kind.Name+".do"), itemPage{b.Network, base, kind.Name, id, kind.fields(entry, id == "")})
}

// Option of a field in words: a shipped program by its name.
func (w *Words) Option(path, value string) string {
	if path == "program.from" {
		if t := program.TemplateByKey(value); t != nil {
			return w.Named(t.Name)
		}
	}
	return w.T("option." + path + "." + value)
}
