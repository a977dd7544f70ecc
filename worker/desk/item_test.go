package desk

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// puts an entry of the catalog in force and gives the page that follows. item is empty for a new one.
func (b *browser) puts(kind, item string, form url.Values) string {
	b.Helper()
	from := "/catalog/north/new/" + kind
	if item != "" {
		from = "/catalog/north/" + kind + "/" + item
	}
	form.Set("base", b.base(from))
	form.Set("item", item)
	status, body := b.post("/catalog/north/"+kind, form)
	if status != http.StatusOK {
		b.Fatalf("%s %s: %d\n%s", kind, item, status, body)
	}
	return body
}

func (r *rig) catalog() (cat *program.Catalog) {
	r.desk.boards["north"].View(func(_ *roster.State, offer *roster.Offering) { cat = offer.Catalog })
	return cat
}

func TestProgramsLeadersAndPlacesAreAddedAndChanged(t *testing.T) {
	r := newRig(t, nil)
	waits := r.send("Okafor", "F63.0")
	sam := r.browser("sam")

	sam.puts("leader", "", url.Values{"id": {"mara"}, "given": {"Mara Lou, M."}, "family": {"New: er"}, "type": {"professional"},
		"licences.0.title": {"RN"}, "licences.0.state": {"MA"}, "licences.0.to": {"2049-12-31"}, "licences.2.title": {"LICSW"}, "licences.2.state": {"NH"}, "licences.2.from": {"2020-01-01"}, "licences.2.to": {"2050-06-30"}})
	l, _ := r.catalog().Leader("mara")
	if want := (program.Leader{ID: "mara", Family: "New: er", Given: []string{"Mara Lou", "M."}, Type: "professional",
		Licences: []program.Licence{{Title: "RN", State: "MA", To: "2049-12-31"}, {Title: "LICSW", State: "NH", From: "2020-01-01", To: "2050-06-30"}}}); l == nil || !reflect.DeepEqual(*l, want) {
		t.Errorf("the leader is %+v", l)
	}
	listed := sam.puts("site", "", url.Values{"id": {"annex"}, "name": {"The Annex"}, "address.line": {"2 High Street, Floor 3"}, "address.city": {"Dover"}, "address.state": {"NH"}, "address.postalCode": {"03820"}, "access": {"wheelchair", "oxygen"}})
	if s, _ := r.catalog().Site("annex"); s == nil || s.Address.PostalCode != "03820" || len(s.Address.Line) != 2 || !reflect.DeepEqual(s.Access, []string{"wheelchair", "oxygen"}) {
		t.Errorf("the site is %+v", s)
	}
	for _, want := range []string{"RN, MA, until Dec 31, 2049", "2 High Street, Floor 3, Dover, NH 03820", "for wheelchairs", "1 group", "0 groups"} {
		if !strings.Contains(listed, want) {
			t.Errorf("the list lacks %q:\n%s", want, listed)
		}
	}
	sam.puts("program", "", url.Values{"id": {"gamblers"}, "from": {"condition_support_group"}, "criteria.ageTo": {"80"}, "consent": {"true"}, "acceptance": {"offer"}})
	p, _ := r.catalog().Program("gamblers")
	if p == nil || p.From != "condition_support_group" || p.Criteria.AgeTo != 80 || !p.Consent || p.Acceptance != program.AcceptanceOffer || p.Name == "" {
		t.Errorf("the program is %+v", p)
	}
	if file := sam.must("/catalog/north/file"); !strings.Contains(file, "{id: gamblers, from: condition_support_group, acceptance: offer, criteria: {ageTo: 80}, consent: true}") {
		t.Errorf("the file is not as a person would write it:\n%s", file)
	}

	// A change writes what differs, and takes a row out that was emptied.
	sam.puts("leader", "mara", url.Values{"given": {"Mara Lou, M."}, "family": {"Newer"}, "type": {"peer"}, "licences.1.title": {"LICSW"}, "licences.1.state": {"NH"}, "licences.1.from": {"2020-01-01"}, "licences.1.to": {"2051-06-30"}})
	if l, _ := r.catalog().Leader("mara"); l.Family != "Newer" || l.Type != "peer" || len(l.Licences) != 1 || l.Licences[0].To != "2051-06-30" {
		t.Errorf("the leader is now %+v", l)
	}
	if form := sam.must("/catalog/north/leader/mara"); !strings.Contains(form, `value="Mara Lou, M."`) || !strings.Contains(form, `name="licences.0.to" type="date" value="2051-06-30"`) || strings.Contains(form, `name="id"`) {
		t.Errorf("the form does not show what stands:\n%s", form)
	}
	if story := r.browser("ana").must("/referral/north/" + waits); strings.Contains(story, "gamblers") {
		t.Error("a program without a group takes somebody")
	}
}

func TestItemsAreCheckedAsTheFileIs(t *testing.T) {
	r := newRig(t, nil)
	r.send("Okafor", copd)
	sam, late := r.browser("sam"), r.browser("sam")
	base := sam.base("/catalog/north/leader/lena")
	lena := url.Values{"item": {"lena"}, "base": {base}, "given": {"Lena"}, "family": {"Lead"}, "type": {"professional"}, "licences.0.title": {"RN"}, "licences.0.state": {"MA"}, "licences.0.to": {"2049-12-31"}}
	for _, c := range []struct {
		kind, set, to, want string
	}{
		{"leader", "licences.0.from", "2050-01-01", "ends on 2049-12-31, before it begins"},
		{"leader", "family", "", "a leader without a name"},
		{"leader", "npi", "1234567890", "is no NPI"},
		{"leader", "item", "nobody", "no such"},
		{"leader", "licences.0.to", "2049-12-31", "nothing would change"},
		{"site", "id", "hall", "with this id already"},
		{"program", "criteria.ageFrom", "many", "whole numbers"},
	} {
		form := url.Values{}
		for k, v := range lena {
			form[k] = v
		}
		if c.kind != "leader" {
			form.Del("item")
		}
		form.Set(c.set, c.to)
		_, preview := sam.post("/catalog/north/"+c.kind+"/preview", form)
		if !strings.Contains(preview, c.want) || strings.Contains(preview, "Put it in force") {
			t.Errorf("%s of %s: want %q:\n%s", c.set, c.kind, c.want, preview)
		}
	}
	for _, person := range []string{"ana", "lena", "vera"} {
		b := r.browser(person)
		for _, path := range []string{"/catalog/north", "/catalog/north/new/site", "/catalog/north/leader/lena"} {
			if status, _ := b.get(path); status != http.StatusForbidden {
				t.Errorf("%s, %s: %d", person, path, status)
			}
		}
		if status, _ := b.post("/catalog/north/leader", lena); status != http.StatusForbidden {
			t.Errorf("%s changes a leader: %d", person, status)
		}
	}
	for _, path := range []string{"/catalog/north/leader/nobody", "/catalog/north/new/source", "/catalog/south"} {
		if status, _ := sam.get(path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	late.base("/catalog/north/site/hall")
	sam.puts("site", "hall", url.Values{"name": {"Great Hall"}, "address.city": {"Boston"}, "address.state": {"MA"}, "address.postalCode": {"02118"}})
	status, told := late.post("/catalog/north/site", url.Values{"item": {"hall"}, "base": {base}, "name": {"Small Hall"}})
	if s, _ := r.catalog().Site("hall"); status != http.StatusConflict || !strings.Contains(told, "sam changed the catalog") || s.Name != "Great Hall" {
		t.Errorf("the second is not told: %d, %s\n%s", status, s.Name, told)
	}
}

// Every field has its words, and each that is chosen from a list has them for every choice, in both languages.
func TestFieldsHaveWords(t *testing.T) {
	for _, w := range Languages {
		var check func(f formField)
		check = func(f formField) {
			if !w.Has("item." + f.Path) {
				t.Errorf("%s has no words for %s", w.Lang, f.Path)
			}
			for _, o := range f.Options {
				if f.Path != "program.from" && !w.Has("option."+f.Path+"."+o) {
					t.Errorf("%s has no words for %s of %s", w.Lang, o, f.Path)
				}
			}
			for _, row := range f.Rows {
				for _, f := range row {
					check(f)
				}
			}
		}
		for i := range itemKinds {
			k := &itemKinds[i]
			entry := reflect.Zero(valueAt(reflect.ValueOf(program.Catalog{}), k.List).Type().Elem())
			fields := k.fields(entry, true)
			if len(fields) != len(k.Fields) {
				t.Errorf("%s has %d fields", k.Name, len(fields))
			}
			for _, f := range fields {
				check(f)
			}
		}
	}
}
