package desk

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/convene-health/convene/mapping"
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
	if !v.person.May(a.Role) {
		v.refuse(http.StatusForbidden, "forbidden")
		return nil, nil, nil
	}
	e := a.event(v.r.PathValue("key"), v.person.Called(), v.r.PostFormValue)
	e.ID, e.Sent = "desk-"+rand.Text(), v.config.Now().UTC()
	return b, a, e
}

// previewAct shows what an act would do, and asks whether to do it.
func (v *visit) previewAct() {
	b, a, e := v.asked()
	if b == nil {
		return
	}
	p := b.Try(e, v.config.Now())
	p.Network, p.Key, p.Act = b.Network, e.Target.Key, a.ID
	p.Form = map[string]string{}
	for name := range v.r.PostForm {
		p.Form[name] = v.r.PostFormValue(name)
	}
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
	input, err := worker.PublishEvent(v.ctx, v.actors[b.Network], b.Network, e)
	if err != nil {
		v.failed(err)
		return
	}
	query := url.Values{"did": {strconv.FormatUint(input, 10)}}
	http.Redirect(v.w, v.r, "/referral/"+b.Network+"/"+e.Target.Key+"?"+query.Encode(), http.StatusSeeOther)
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
		return v.words.T("told.unchanged", unchanged)
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
