package desk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
)

// editPreview is what a change of the catalog would do.
type editPreview struct {
	preview
	Group string
	Back  string // where the page that follows is
	Of    string // what that page is about
	// Lines of the file that change, and what the check says that it did not say before.
	Lines    []line
	Problems program.Problems
	Bad      bool   // it would not load
	Asked    string // a message: what the form lacks
	Changed  *edited
	Base     string
}

// Nothing is the message for a change that concerns nobody.
func (p editPreview) Nothing() string { return "edit.nobody" }

// proposal is a catalog that somebody would put in force.
type proposal struct {
	board *Board
	base  string
	yaml  []byte
	editPreview
}

// proposed reads a change of the catalog from the request; nil where it was answered. A proposal that cannot be made says why.
func (v *visit) proposed() *proposal {
	b, name := v.boardOf(), v.r.PathValue("change")
	make := changes[name]
	if b == nil || make == nil {
		v.refuse(http.StatusNotFound, "not-found")
		return nil
	}
	_ = v.r.ParseForm() // what cannot be read is missing, and asked for
	p := &proposal{board: b, base: v.r.PostForm.Get("base"), editPreview: editPreview{Group: v.r.PostForm.Get("group")}}
	p.Network, p.Act, p.Form, p.Base = b.Network, name, v.r.PostForm, p.base
	if p.Group == "" {
		p.Group = v.r.PostForm.Get("id")
	}
	p.Back, p.Of = "/group/"+b.Network+"/"+url.PathEscape(p.Group), p.Group
	if itemKindNamed(name) != nil {
		p.Back, p.Of = "/catalog/"+b.Network, b.Network
	}
	cat, by := b.catalogAndEditor()
	if cat == nil || cat.Hash != p.base {
		p.Changed = &by
		return p
	}
	before, err := b.mirror.CatalogText(v.ctx, p.base)
	if err != nil {
		v.failed(err)
		return nil
	}
	p.yaml, err = make(before, cat, v.r.PostForm, v.config.Now())
	if err != nil {
		p.Asked = askedOf(err)
		return p
	}
	p.Lines = linesChanged(before, p.yaml)
	p.check(before)
	return p
}

// askedOf is the message for why a change cannot be made.
func askedOf(err error) string {
	for _, known := range []error{errNothing, errNumber, errDate, errNoSession, errLast, errPast, errTaken} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if errors.Is(err, program.ErrNoGroup) {
		return "refusal.not-found.text"
	}
	return errUneditable.Error()
}

// check is that of `convene catalog check`: what it says of the new catalog and did not say of the old one.
func (p *proposal) check(before []byte) {
	_, old := program.Load(before)
	_, problems := program.Load(p.yaml)
	p.Bad = problems.Err() != nil
	for _, one := range problems {
		if !slices.ContainsFunc(old, func(o program.Problem) bool { return o.Code == one.Code && o.Path == one.Path && o.Text == one.Text }) {
			p.Problems = append(p.Problems, one)
		}
	}
}

// event that puts the proposal in force, in the place of the catalog that it was made from.
func (p *proposal) event(v *visit) *mapping.Event {
	return &mapping.Event{
		Type: mapping.CatalogApplied, Source: mapping.SourceDesk, ID: "desk-" + rand.Text(), Sent: v.config.Now().UTC(),
		Catalog: worker.CatalogHash(p.yaml), Replaces: p.base, Actor: v.person.Called(),
	}
}

// sendable reports whether it can be put in force.
func (p *proposal) sendable() bool { return p.Changed == nil && p.Asked == "" && !p.Bad }

// previewEdit shows what a change of the catalog would do, and asks whether to do it.
func (v *visit) previewEdit() {
	p := v.proposed()
	if p == nil {
		return
	}
	if p.sendable() {
		cat, _ := program.Load(p.yaml)
		tried := p.board.Try(roster.NewOffering(cat), v.config.Now(), p.event(v))
		p.Effects, p.More, p.Freed, p.Refused, p.Unchanged = tried.Effects, tried.More, tried.Freed, tried.Refused, tried.Unchanged
		if len(p.Effects) > 0 {
			if err := v.audit(p.Network, "preview", p.Group, tried.keys()...); err != nil {
				v.failed(err)
				return
			}
		}
		for i := range p.Effects {
			p.Effects[i].Name, _ = v.nameOf(p.board, p.Effects[i].Key)
		}
	}
	v.show(http.StatusOK, "edit", v.words.T("edit."+p.Act+".do"), p.editPreview)
}

// edit puts a changed catalog in force. Whoever opened the page before somebody else changed the catalog is told so, and
// nothing is sent; of two who send at once the ledger refuses the second.
func (v *visit) edit() {
	p := v.proposed()
	if p == nil {
		return
	}
	if !p.sendable() {
		v.show(http.StatusConflict, "edit", v.words.T("edit."+p.Act+".do"), p.editPreview)
		return
	}
	actor := v.actors[p.Network]
	if _, err := worker.StoreCatalog(v.ctx, actor, p.Network, p.yaml); err != nil {
		v.failed(err)
		return
	}
	input, err := worker.PublishEvent(v.ctx, actor, p.Network, p.event(v))
	if err != nil {
		v.failed(err)
		return
	}
	v.awaitDecision(p.board, input)
	http.Redirect(v.w, v.r, fmt.Sprintf("%s?did=%d", p.Back, input), http.StatusSeeOther)
}

// awaitDecision waits until an input is decided, so that the page that follows knows of it; no longer than a person waits.
func (v *visit) awaitDecision(b *Board, input uint64) {
	ctx, cancel := context.WithTimeout(v.ctx, decidedMax)
	defer cancel()
	_, _, _ = b.Outcome(ctx, input) // the next page says what came of it
}

// catalogAndEditor are the catalog in force and who put it there.
func (b *Board) catalogAndEditor() (*program.Catalog, edited) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.offer == nil {
		return nil, b.edited
	}
	by := b.edited
	if !by.Time.IsZero() {
		by.Time = by.Time.In(b.offer.Catalog.Location)
	}
	return b.offer.Catalog, by
}

// editForm is what the forms of a group need.
type editForm struct {
	Network, Base string
	Group         *program.Group // as the catalog has it; nil for a new one
	Begun         bool
	Sessions      []option // to come, the next first
	Counted       bool
	Leaders       []option
	Programs      []option
	Sites         []option
	Today         string
}

// sessionsAhead of a group can be taken out.
const sessionsAhead = 60

// editFormOf a group, or of a new one; nil for who may not edit.
func (v *visit) editFormOf(network string, cat *program.Catalog, g *program.Group, now time.Time) *editForm {
	if !v.person.May(Supervisor) {
		return nil
	}
	f := &editForm{Network: network, Base: cat.Hash, Group: g, Today: now.In(cat.Location).Format(time.DateOnly), Leaders: []option{{"", "–"}}, Sites: []option{{"", "–"}}}
	for _, l := range cat.Leaders {
		f.Leaders = append(f.Leaders, option{l.ID, leaderName(l)})
	}
	for i := range cat.Programs {
		f.Programs = append(f.Programs, option{cat.Programs[i].ID, cat.Programs[i].Name})
	}
	for _, s := range cat.Sites {
		f.Sites = append(f.Sites, option{s.ID, s.Name})
	}
	if g == nil {
		return f
	}
	f.Begun, f.Counted = len(g.Dates) > 0 && !g.Dates[0].After(now), g.Sessions.Count > 0
	for _, d := range g.Dates {
		if d.After(now) && len(f.Sessions) < sessionsAhead {
			local := d.In(cat.Location)
			f.Sessions = append(f.Sessions, option{local.Format(time.DateOnly), v.words.Weekday(local)})
		}
	}
	return f
}

// newGroup is the page on which a group is added.
func (v *visit) newGroup() {
	b := v.boardOf()
	if b == nil || b.Catalog() == nil {
		v.refuse(http.StatusNotFound, "not-found")
		return
	}
	v.show(http.StatusOK, "add", v.words.T("edit.add.do"), v.editFormOf(b.Network, b.Catalog(), nil, v.config.Now()))
}

// catalogFile is the YAML in force, so that the file elsewhere can follow what was edited here.
func (v *visit) catalogFile() {
	b := v.boardOf()
	if b == nil || b.Catalog() == nil {
		v.refuse(http.StatusNotFound, "not-found")
		return
	}
	yaml, err := b.mirror.CatalogText(v.ctx, b.Catalog().Hash)
	if err != nil {
		v.failed(err)
		return
	}
	v.w.Header().Set("Content-Type", "application/yaml")
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+b.Network+`.yaml"`)
	_, _ = v.w.Write(yaml) // the browser may be gone
}

// number of a group's seats for a form; nothing where there is none.
func (f *editForm) Number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
