package roster

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
)

// What was in order when a place was sought may have run out when it is there: the screening for risk, a consent, a test that a
// gate asks for, the leader's licence. Then nobody is seated, and nobody is passed over in silence.

// lapsed is the rule by which a place in a group is held back although the group suits; empty: none is.
func (d *step) lapsed(rec *Record, group int32) string {
	p := d.offer.Book.ProgramOf(group)
	switch {
	case d.outdated(rec, p):
		return RuleRiskOutdated
	case d.unconsented(rec, group) != "":
		return RuleConsentLapsed
	case !slices.Contains(rec.Waived, RuleGateUnmet) && d.offer.Book.GateUnmet(rec.Need, p, instant(d.t)):
		return RuleGateUnmet
	}
	return ""
}

// lapse is a referral that a place is held back from, and why.
type lapse struct {
	key   uint64
	rule  string
	group int32
}

// tellLapses alerts a person of each, once, and tells the referrer what to send. An update that brings it is decided with the
// first arrival.
func (d *step) tellLapses(list []lapse) {
	for _, x := range list {
		rec := d.live[x.key]
		if rec != nil && !slices.Contains(rec.Alerts, x.rule) {
			d.doubt(rec, x.rule, d.wanted(rec, x.rule, x.group))
		}
	}
}

// wanted says what is to be sent so that a rule no longer holds a place in a group back.
func (d *step) wanted(rec *Record, rule string, group int32) (issues mapping.Issues) {
	if group < 0 {
		return nil
	}
	p, _ := d.offer.Catalog.Program(d.offer.Catalog.Groups[group].Program)
	switch rule {
	case RuleRiskOutdated:
		issues.Add("data.referral.observations", rule, "%s: a screening for risk, such as PHQ-9 with item 9, at most %d days old", p.ID, d.offer.Catalog.Policy.Filled().RiskDays)
	case RuleConsentLapsed:
		if p.Part2 || rec.part2() {
			issues.Add("data.referral.consents", match.RuleMissingConsent, "%s: an active written consent about data under 42 CFR Part 2, for the program's organization and for treatment", p.ID)
			break
		}
		issues.Add("data.referral.consents", match.RuleMissingConsent, "%s: an active consent for the program's organization and for treatment", p.ID)
	case RuleGateUnmet:
		issues = append(issues, d.offer.Book.GateIssues(rec.Need, d.offer.Book.Program(p.ID), instant(d.t))...)
	}
	return issues
}

// quieten ends the alerts and doubts that what the referral tells now has answered, as far as a placement shows it.
func (d *step) quieten(rec *Record, pl *Placement) {
	over := func(rule string) bool {
		p, known := d.offer.Catalog.Program(pl.Program)
		switch rule {
		case RuleRiskOutdated:
			return !d.offer.Book.ScreeningOutdated(rec.Need, instant(d.t))
		case RuleConsentLapsed:
			return known && d.unconsentedIn(rec, p) == ""
		case RuleGateUnmet:
			return !d.gateUnmet(rec, pl)
		}
		return false
	}
	rec.Alerts, rec.Doubts = slices.DeleteFunc(rec.Alerts, over), slices.DeleteFunc(rec.Doubts, over)
}

// doubtful is what keeps an answer from being a place: what has lapsed, a risk that nobody has set aside, or a rule that nobody
// sets aside and that holds since, such as a leader's licence or a cohort that has begun. rule is empty where nothing does; rec
// is the referral, of those that share the place, whom it is about.
func (d *step) doubtful(of *Record, id PlacementID) (rec *Record, rule string) {
	for _, rec := range d.sharing(of, id) {
		pl := &rec.Placements[rec.find(id)]
		group := d.offer.Book.Group(pl.Group)
		if why := d.mustReview(rec, nil); len(why) > 0 {
			return rec, why[0].Code
		}
		if group < 0 {
			return rec, RuleGroupGone
		}
		if rule := d.lapsed(rec, group); rule != "" && rule != RuleGateUnmet { // gates were passed, or set aside, when it was offered
			return rec, rule
		}
		if slices.Contains(rec.Alerts, RuleGroupUnsuited) {
			return rec, RuleGroupUnsuited
		}
		if slices.ContainsFunc(d.offer.Book.WhyNot(rec.Need, group, instant(d.t), d.beside(rec, pl)...), func(r match.Reason) bool { return match.Absolute(r.Rule) }) {
			return rec, RuleGroupUnsuited
		}
	}
	return nil, ""
}

// withhold keeps an offer that everyone asked has accepted as an offer, because something is in doubt: a person is alerted, the
// referrer learns what to send. The answer came in time, so the seat is held for as long as a person has to decide a review.
// source: assumption
func (d *step) withhold(rec *Record, id PlacementID, about *Record, rule string) {
	issues := d.wanted(about, rule, d.offer.Book.Group(rec.Placements[rec.find(id)].Group))
	told := len(d.out.Notices)
	d.alter(rec, id, func(dec *Decision, pl *Placement) []mapping.Reason {
		past := pl.past()
		if !past.Withheld {
			pl.Expires = max(pl.Expires, d.decideBy(dec.Record))
			pl.Due = pl.Expires
		}
		past.Accepted, past.Withheld = "", true
		pl.Past = past
		dec.Record.Alerts = appendNew(dec.Record.Alerts, rule)
		return []mapping.Reason{alert(rule)}
	})
	for i := range d.out.Notices[told:] {
		n := &d.out.Notices[told+i]
		n.Issues = append(slices.Clip(n.Issues), issues...)
	}
}

// settleOffers makes the offers of a referral that were accepted in doubt into places, where nothing is in doubt any more.
func (d *step) settleOffers(key uint64) {
	for i := 0; d.live[key] != nil && i < len(d.live[key].Placements); i++ {
		rec := d.live[key]
		pl := &rec.Placements[i]
		if pl.Status != mapping.Offered || pl.Past == nil || !pl.Past.Withheld {
			continue
		}
		about, rule := d.doubtful(rec, pl.ID)
		switch {
		case rule == "" && d.keptOutOf(rec, d.offer.Book.Group(pl.Group)) == "":
			d.takeUp(rec, pl.ID)
		case rule != "" && !slices.Contains(about.Alerts, rule):
			d.withhold(rec, pl.ID, about, rule)
		}
	}
}

// takeUp makes an offer that everyone asked has accepted a place.
func (d *step) takeUp(rec *Record, id PlacementID) {
	d.alter(rec, id, func(_ *Decision, pl *Placement) []mapping.Reason {
		past := pl.past()
		past.Accepted, past.Withheld = "", false
		pl.Status, pl.Due, pl.Expires, pl.Past = mapping.Placed, 0, 0, past
		return []mapping.Reason{reason(RuleAccepted)}
	})
}
