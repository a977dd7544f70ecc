package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// patient is one simulated person with their one referral, and what has become of it.
type patient struct {
	number  int
	rand    *rand.Rand // of this person alone, so that a change elsewhere leaves them as they are
	truth   truth
	source  string
	key     string
	postal  string
	sex     string
	payer   string
	urgency mapping.Priority
	arrived time.Time
	counted bool

	status   mapping.Status
	plan     int // number of the plan made: of an offer, of a course of sessions
	approved bool
	group    string
	last     string // reason code of the last notice
	alert    string // why a person is to look at who waits
	held     bool   // was held for a person by a safety rule
	unsafe   bool   // was placed unsafely, by a machine
	fate     string // why it ended, for the unmet need

	willing, reachable bool
	leaves             float64 // share of the sessions after which they drop out; 1 or more: never
	waits, looked      bool    // a time to give up, a look of the desk: listed

	seated, first, came time.Time // first seat, the first session of the place, the first session attended
	ended               time.Time
	begins              time.Time // first session of the place they have
}

// arrive makes a person up and sends their referral.
func (w *world) arrive(p *patient) error {
	p.rand = rand.New(rand.NewPCG(w.Seed, uint64(p.number)))
	d := w.people.Draw(p.rand, w.now)
	p.truth = w.learn(p.rand, &d, w.now)
	ref := &d.Referral
	p.source, p.postal, p.sex, p.arrived = d.Source, ref.Patient.Address.PostalCode, ref.Patient.Gender, w.now
	p.payer, p.urgency = "not told", mapping.Routine
	if len(ref.Payers) > 0 {
		p.payer = ref.Payers[0]
	}
	if ref.Priority != "" {
		p.urgency = ref.Priority
	}
	p.counted = !w.now.Before(w.counts)
	p.key = "r" + strconv.FormatUint(w.input+1, 10)
	w.byKey[p.key] = p
	// Who takes a place up and comes while it is near is AttendFirst of all; NoShow of those who take it up do not come.
	p.willing = p.rand.Float64()*(1-w.NoShow) < w.AttendFirst
	p.reachable = p.willing || p.rand.Float64() >= w.Unreachable
	if p.leaves = 1; p.rand.Float64() < w.DropOut {
		p.leaves = p.rand.Float64()
	}
	if p.rand.Float64() < w.Cancelled {
		w.list(w.now.Add(p.days(meanCancelDays)), isCancelled, p)
	}
	w.tally.arrive(p)
	if w.deaf != nil {
		w.deaf(ref)
	}
	return w.send(&mapping.Event{Type: mapping.ReferralCreated, Source: d.Source, Referral: ref})
}

// Times for which no figure was found, in days. source: assumption
const (
	meanCancelDays = 21
	attemptDays    = 2
	moreInfoDays   = 4
)

// days is a time with a mean, exponential.
func (p *patient) days(mean float64) time.Duration {
	return time.Duration(p.rand.ExpFloat64() * mean * float64(24*time.Hour))
}

// hear tells the person, the desk and the tally of a confirmation, and makes plans.
func (w *world) hear(n *mapping.Notice) {
	p := w.byKey[n.Key]
	if n.Status == mapping.Refused || p == nil {
		w.tally.refused(n)
		return
	}
	was, group := p.status, p.group
	p.status, p.last = n.Status, ""
	if len(n.Reasons) > 0 {
		p.last = n.Reasons[0].Code
	}
	switch {
	case n.Status.Final():
		w.tally.end(p, w.now)
		p.group = ""
		delete(w.byKey, n.Key)
	case n.Status == mapping.Review:
		w.hold(p, n)
	case n.Status == mapping.NeedsInfo:
		if was != mapping.NeedsInfo {
			w.list(w.now.Add(p.days(moreInfoDays)), sendsMore, p)
		}
	case n.Status == mapping.Waitlisted:
		p.group = ""
		w.wait(p, n)
	case n.Group != group || was != n.Status && n.Status != mapping.Enrolled:
		w.seat(p, n, n.Group != group)
	case n.Status != mapping.Enrolled && !n.FirstSession.Equal(p.begins):
		w.seat(p, n, true) // put off: other dates are another place to the judge
	}
}

// hold notes that a person has to look, and lists when.
func (w *world) hold(p *patient, n *mapping.Notice) {
	if slices.ContainsFunc(n.Reasons, func(r mapping.Reason) bool { return strings.HasPrefix(r.Code, "safety-") }) {
		w.tally.hold(p)
	}
	w.look(p)
}

// look lists a person's look, one at a time.
func (w *world) look(p *patient) {
	if !p.looked {
		p.looked = true
		w.list(w.now.Add(p.days(w.ReviewDays)), looks, p)
	}
}

// wait lists when the patient gives up, and a call where the desk is to make one.
func (w *world) wait(p *patient, n *mapping.Notice) {
	p.plan++
	if i := slices.IndexFunc(n.Reasons, func(r mapping.Reason) bool { return strings.HasPrefix(r.Code, "alert-") }); i >= 0 {
		p.alert = n.Reasons[i].Code
		w.look(p)
	}
	if !p.waits {
		p.waits = true
		w.list(w.now.Add(p.days(7*w.PatienceWeeks/math.Ln2)), givesUp, p)
	}
}

// seat judges a place given and plans what the patient does about it.
func (w *world) seat(p *patient, n *mapping.Notice, another bool) {
	p.plan++
	p.group = n.Group
	p.begins = n.FirstSession
	if another {
		if at, ok := placeIn(w.supply.current, n.Group, n.FirstSession); ok {
			w.tally.seat(p, &at, judge(&p.truth, &at, p.approved), w.now)
		}
	}
	switch {
	case !p.reachable:
		w.list(w.now.Add(attemptDays*24*time.Hour), isCalled, p)
	case n.Status == mapping.Offered || !p.willing:
		w.list(w.now.Add(p.days(w.AnswerDays)), answers, p)
	default:
		w.sit(p, n.FirstSession)
	}
}

// sit lists the patient's next session at a time, an hour after it begins.
func (w *world) sit(p *patient, session time.Time) {
	w.list(session.Add(time.Hour), sits, p)
}

// live is what a person does, or somebody does about them.
func (w *world) live(what happening, p *patient) error {
	switch what {
	case answers:
		return w.answer(p)
	case isCalled:
		plan := p.plan
		err := w.send(&mapping.Event{Type: mapping.ContactAttempted, Source: p.source, Target: mapping.Target{Key: p.key}})
		if plan == p.plan && !p.status.Final() {
			w.list(w.now.Add(attemptDays*24*time.Hour), isCalled, p)
		}
		return err
	case sits:
		return w.session(p)
	case looks:
		p.looked = false
		return w.review(p)
	case sendsMore:
		return w.unserved(p, "needs-info")
	case givesUp:
		if p.status != mapping.Waitlisted {
			return nil
		}
		p.fate = fateGaveUp
	case isCancelled:
		p.fate = fateCancelled
	}
	return w.send(&mapping.Event{Type: mapping.ReferralCancelled, Source: p.source, Target: mapping.Target{Key: p.key}, Reason: "The patient no longer wishes it."})
}

// answer to an offer, or to a place that nobody had to accept.
func (w *world) answer(p *patient) error {
	e := &mapping.Event{Source: p.source, Target: mapping.Target{Key: p.key}}
	switch {
	case p.willing:
		e.Type = mapping.OfferAccepted
	case p.status == mapping.Offered:
		e.Type, e.Reason = mapping.OfferDeclined, "Does not suit."
	default:
		p.fate = fateDeclined
		e.Type, e.Outcome, e.Reason = mapping.SeatReleased, mapping.Closed, "Declined."
	}
	return w.send(e)
}

// session is attended or missed; the last one attended completes.
func (w *world) session(p *patient) error {
	g, ok := w.supply.current.Group(p.group)
	if !ok {
		return nil
	}
	session := w.now.Add(-time.Hour)
	last, _ := w.supply.current.LastSessionFor(g, p.begins)
	target := mapping.Target{Key: p.key}
	first := p.came.IsZero()
	came := p.rand.Float64() >= w.missed(p, session)
	total, done := last.Sub(p.begins), session.Sub(p.begins)
	switch {
	case !first && p.leaves < 1 && float64(done) >= p.leaves*float64(total):
		return w.send(&mapping.Event{Type: mapping.ParticipantDroppedOut, Source: p.source, Target: target, Reason: "Stays away."})
	case came && first:
		p.came = session
	}
	plan := p.plan
	e := &mapping.Event{Type: mapping.SessionMissed, Source: p.source, Target: target, Session: session.In(w.Start.Location()).Format(time.DateOnly)}
	if came {
		e.Type = mapping.SessionAttended
	}
	if err := w.send(e); err != nil || p.status.Final() || p.plan != plan || g.Enrolment == program.EnrolmentOpen {
		return err
	}
	if next, ok := nextSession(g, session, last); ok {
		w.sit(p, next)
		return nil
	}
	if first && !came {
		p.fate = fateNeverCame
		return w.send(&mapping.Event{Type: mapping.SeatReleased, Source: p.source, Target: target, Outcome: mapping.Closed, Reason: "Never came."})
	}
	return w.send(&mapping.Event{Type: mapping.ParticipantCompleted, Source: p.source, Target: target})
}

// missed is the chance that the patient misses a session. It rises with the lead time to the first.
func (w *world) missed(p *patient, session time.Time) float64 {
	if !session.Equal(p.first) || session.Sub(p.seated) <= leadMax {
		return w.NoShow
	}
	odds := w.LeadOdds * w.NoShow / (1 - w.NoShow)
	return odds / (1 + odds)
}

// leadMax is the lead time from which on more stay away.
const leadMax = 4 * week

func nextSession(g *program.Group, after, last time.Time) (time.Time, bool) {
	i := sort.Search(len(g.Dates), func(i int) bool { return g.Dates[i].After(after) })
	if i == len(g.Dates) || g.Dates[i].After(last) {
		return time.Time{}, false
	}
	return g.Dates[i], true
}
