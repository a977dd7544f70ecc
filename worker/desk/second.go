package desk

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/worker"
)

// needsSecond reports whether an act is refused for no other reason than that a second person must agree.
func needsSecond(refused []mapping.Issue) bool {
	return len(refused) > 0 && !slices.ContainsFunc(refused, func(i mapping.Issue) bool { return i.Code != "needs-approver" })
}

// somebody stands for the second person while an act is previewed; it is never published.
var somebody = mapping.Approver{Name: "somebody else", Role: "in another role"}

// anybodyElse reports whether there may be a second person who signs in at this desk.
func (v *visit) anybodyElse(network string) bool {
	if v.provider != nil {
		return true
	}
	p := motion{Network: network, Person: *v.person}
	return slices.ContainsFunc(v.config.People, func(other Person) bool { return p.refusedTo(&other) == "" })
}

// propose keeps an act until a second person agrees.
func (v *visit) propose() {
	b, a, e := v.asked()
	if b == nil {
		return
	}
	if !a.Second || !needsSecond(b.Try(nil, v.config.Now(), e).Refused) {
		v.previewAct() // it needs nobody, or cannot be
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
	seen, _ := strconv.ParseUint(v.r.PostFormValue("seen"), 10, 64)
	p := &motion{ID: rand.Text(), Network: b.Network, Key: e.Target.Key, Act: a.ID, Form: v.r.PostForm, Seen: seen, Person: *v.person, Time: v.config.Now().UTC()}
	if err := v.audit(b.Network, "proposed", p.Key); err != nil {
		v.failed(err)
		return
	}
	if err := v.motions.add(p); err != nil {
		v.failed(err)
		return
	}
	b.pulse.beat() // lists are loaded anew
	http.Redirect(v.w, v.r, "/second/"+b.Network+"/"+p.ID, http.StatusSeeOther)
}

// secondBody is the page of a motion.
type secondBody struct {
	preview
	P      *motion // times in the network's zone
	Own    bool    // the person's own
	Denied string  // message: why this person cannot agree; empty: they can
}

// motionOf the address, on a board that the person sees; nil where it is gone, which is told.
func (v *visit) motionOf() (*Board, *motion) {
	b := v.boardOf()
	p := v.motions.get(v.r.PathValue("id"), v.config.Now())
	if b == nil || p == nil || p.Network != b.Network {
		v.refuse(http.StatusNotFound, "lapsed")
		return nil, nil
	}
	return b, p
}

// second shows what a motion would do, and asks the second person.
func (v *visit) second() {
	b, p := v.motionOf()
	if b == nil {
		return
	}
	body, err := v.secondBody(b, p)
	if err == nil {
		err = v.audit(b.Network, "second", p.Key, body.keys()...)
	}
	if err != nil {
		v.failed(err)
		return
	}
	v.show(http.StatusOK, "second", v.words.T("second.title"), body)
}

func (v *visit) secondBody(b *Board, p *motion) (*secondBody, error) {
	e := p.agreed(v.person, v.config.Now())
	shown := *p
	shown.Time = p.Time.In(b.Location())
	body := &secondBody{P: &shown, Own: p.Person.ID == v.person.ID, Denied: p.refusedTo(v.person)}
	if body.Denied != "" {
		e.Approver = somebody
	}
	var err error
	body.preview = b.Try(nil, v.config.Now(), e)
	body.Network, body.Key, body.Act = b.Network, p.Key, p.Act
	body.Conflict, err = v.changed(b, p.Key, p.Seen)
	return body, err
}

// answer a motion: the second person agrees or declines, or who made it withdraws it.
func (v *visit) answer() {
	b, p := v.motionOf()
	if b == nil {
		return
	}
	answer := v.r.PathValue("answer")
	own := p.Person.ID == v.person.ID
	switch may := p.refusedTo(v.person) == ""; {
	case answer == "withdraw" && own:
		v.drop(b, p, "withdrew")
	case answer == "decline" && may:
		v.drop(b, p, "declined")
	case answer == "agree" && may:
		v.agree(b, p)
	case answer == "agree", answer == "decline", answer == "withdraw":
		v.refuse(http.StatusForbidden, "second")
	default:
		v.refuse(http.StatusNotFound, "not-found")
	}
}

func (v *visit) drop(b *Board, p *motion, what string) {
	if err := v.audit(b.Network, what, p.Key); err != nil {
		v.failed(err)
		return
	}
	if _, err := v.motions.take(p.ID, v.config.Now()); err != nil {
		v.failed(err)
		return
	}
	b.pulse.beat()
	http.Redirect(v.w, v.r, "/needs", http.StatusSeeOther)
}

// agree publishes the act with both who decide, unless the referral changed since it was proposed.
func (v *visit) agree(b *Board, p *motion) {
	body, err := v.secondBody(b, p)
	if err != nil {
		v.failed(err)
		return
	}
	if body.Conflict != nil || len(body.Refused) > 0 || !v.stillMay(&p.Person, actNamed(p.Act)) {
		v.show(http.StatusConflict, "second", v.words.T("second.title"), body)
		return
	}
	if err := v.audit(b.Network, "agreed", p.Key); err != nil {
		v.failed(err)
		return
	}
	taken, err := v.motions.take(p.ID, v.config.Now())
	if err != nil {
		v.failed(err)
		return
	}
	if taken == nil {
		v.refuse(http.StatusNotFound, "lapsed") // another was first
		return
	}
	input, err := worker.PublishEvent(v.ctx, v.actors[b.Network], b.Network, p.agreed(v.person, v.config.Now()))
	if err != nil {
		_ = v.motions.add(p) // to be agreed to once more
		v.failed(err)
		return
	}
	http.Redirect(v.w, v.r, "/referral/"+b.Network+"/"+p.Key+"?did="+strconv.FormatUint(input, 10), http.StatusSeeOther)
}

// stillMay reports whether who is on the desk's list has kept the role since. What a provider granted holds as long as a
// motion does.
func (v *visit) stillMay(p *Person, a *act) bool {
	if listed := v.door.people[p.ID]; listed != nil {
		p = listed
	}
	return p.May(a.Role)
}
