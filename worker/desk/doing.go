package desk

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
)

// decidedMax is how long a person waits for what came of an act; it is decided in any case.
const decidedMax = 5 * time.Second

// asked reads an act from the request; nil where there is none, or the person may not.
func (v *visit) asked() (*Board, *act, *mapping.Event) {
	b, a := v.boardOf(), actNamed(v.r.PathValue("act"))
	if b == nil || a == nil {
		v.refuse(http.StatusNotFound, "not-found")
		return nil, nil, nil
	}
	_ = v.r.ParseForm() // what cannot be read is missing, and refused for that
	if !v.person.May(a.Role) && !v.leads(b, a) {
		v.refuse(http.StatusForbidden, "forbidden")
		return nil, nil, nil
	}
	e := a.event(v.r.PathValue("key"), v.person, v.r.PostForm)
	if _, status := v.standing(b, e.Target.Key, e.Target.Placement); status == mapping.Enrolled && a.Begun != "" {
		e.Type = a.Begun
	}
	e.ID, e.Sent = "desk-"+rand.Text(), v.config.Now().UTC()
	return b, a, e
}

// previewAct shows what an act would do, and asks whether to do it.
func (v *visit) previewAct() {
	b, a, e := v.asked()
	if b == nil {
		return
	}
	p := b.Try(nil, v.config.Now(), e)
	if a.Second && needsSecond(p.Refused) && e.Approver.Name == "" {
		e.Approver = somebody
		p = b.Try(nil, v.config.Now(), e)
		p.Second = "propose"
		if !v.anybodyElse(b.Network) {
			p.Second = "nobody"
		}
	}
	if err := v.audit(b.Network, "preview", e.Target.Key, p.keys()...); err != nil {
		v.failed(err)
		return
	}
	p.Network, p.Key, p.Act = b.Network, e.Target.Key, a.ID
	p.Form = v.r.PostForm
	var err error
	if p.Conflict, err = v.conflict(b, e.Target.Key); err != nil {
		v.failed(err)
		return
	}
	v.show(http.StatusOK, "preview", v.words.T("act."+a.ID+".do"), p)
}

// conflict is the decision that came since the person looked, or nil.
func (v *visit) conflict(b *Board, key string) (*decision, error) {
	seen, _ := strconv.ParseUint(v.r.PostFormValue("seen"), 10, 64)
	return v.changed(b, key, seen)
}

// changed is a referral's last decision, where it is not the one that was seen, or nil.
func (v *visit) changed(b *Board, key string, seen uint64) (*decision, error) {
	m, err := b.mirror.Ledger.Last(v.ctx, worker.DecisionSubject(b.Network, key))
	if errors.Is(err, worker.ErrNotStored) || err == nil && m.Sequence == seen {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d, err := parseDecision(m.Sequence, m.Data)
	if err == nil {
		d.Time = d.Time.In(b.Location())
	}
	return d, err
}

// do publishes an act and shows what came of it. Whoever looked before somebody else changed the referral is told so and
// sends nothing.
func (v *visit) do() {
	b, a, e := v.asked()
	if b == nil {
		return
	}
	other, err := v.conflict(b, e.Target.Key)
	if err != nil {
		v.failed(err)
		return
	}
	if other != nil {
		v.show(http.StatusConflict, "preview", v.words.T("act."+a.ID+".do"), preview{Network: b.Network, Key: e.Target.Key, Act: a.ID, Conflict: other})
		return
	}
	to := "/referral/" + b.Network + "/" + e.Target.Key
	if v.person.Role == Leader { // the group is asked for before the act, which may end what the patient has in it
		group, _ := v.standing(b, e.Target.Key, e.Target.Placement)
		to = "/group/" + b.Network + "/" + group
	}
	input, err := worker.PublishEvent(v.ctx, v.actors[b.Network], b.Network, e)
	if err != nil {
		v.failed(err)
		return
	}
	http.Redirect(v.w, v.r, to+"?did="+strconv.FormatUint(input, 10), http.StatusSeeOther)
}

// standing is the group of a placement, or that whose leader is asked about it, and its status; empty when it has none, or
// is not there.
func (v *visit) standing(b *Board, key, placement string) (group string, status mapping.Status) {
	number, err := roster.ParseKey('r', key)
	if err != nil {
		return "", ""
	}
	b.View(func(s *roster.State, _ *roster.Offering) {
		rec := s.Record(number)
		for i := 0; rec != nil && i < len(rec.Placements); i++ {
			if pl := &rec.Placements[i]; pl.ID.String() == placement {
				group, status = cmp.Or(pl.Group, nominatedFor(pl)), pl.Status
			}
		}
	})
	return group, status
}

// leads reports whether the person leads the group of the placement, and the act is one for leaders.
func (v *visit) leads(b *Board, a *act) bool {
	if v.person.Role != Leader || !a.Leader {
		return false
	}
	group, _ := v.standing(b, v.r.PathValue("key"), v.r.PostFormValue("placement"))
	return group != "" && v.leadsGroup(b, group)
}

// leadsGroup reports whether the person is the leader of a group.
func (v *visit) leadsGroup(b *Board, group string) (yes bool) {
	b.View(func(_ *roster.State, offer *roster.Offering) {
		if offer == nil {
			return
		}
		if at := offer.Book.Group(group); at >= 0 {
			yes = offer.Catalog.Groups[at].Leader == v.person.Leader
		}
	})
	return yes
}

// told says what came of the act that led here, if one did.
func (v *visit) told(b *Board) string {
	input, err := strconv.ParseUint(v.r.FormValue("did"), 10, 64)
	if err != nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(v.ctx, decidedMax)
	defer cancel()
	caused, unchanged, err := b.Outcome(ctx, input)
	switch {
	case err != nil:
		return v.words.T("told.later")
	case unchanged != "":
		return v.words.T("told.unchanged", v.words.Unchanged(unchanged))
	}
	for _, e := range caused {
		if e.Refused() {
			text := v.words.T("told.refused")
			for _, issue := range e.Data.Issues {
				text += " " + issue.Text
			}
			return text
		}
	}
	return v.words.N("told.done", len(caused))
}
