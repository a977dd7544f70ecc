package roster

import (
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
)

// DecideBy is by when a person is to have decided a placement in review; false where nobody is waited for.
func DecideBy(pl *Placement) (time.Time, bool) { return instant(pl.By), pl.By != 0 }

// decideBy is by when a person is to have decided what is asked of them now, Unix milliseconds: so many business days of the
// network's calendar, fewer for urgent referrals and above and where a safety rule holds (policy.reviewDays, reviewDaysUrgent).
func (d *step) decideBy(rec *Record) int64 {
	policy := d.offer.Catalog.Policy.Filled()
	days := policy.ReviewDays
	if lane(rec.Priority) > 0 || d.stopped(rec.Patient) {
		days = policy.ReviewDaysUrgent
	}
	return millis(d.offer.Catalog.BusinessDays(instant(d.t), days))
}

// await notes by when each placement in review is to be decided. What is more urgent now is asked for sooner; nothing is put off.
func (d *step) await(rec *Record) {
	for i := range rec.Placements {
		pl := &rec.Placements[i]
		switch {
		case pl.Status == mapping.Review:
			if by := d.decideBy(rec); pl.By == 0 || by < pl.By {
				pl.By = by
			}
			if pl.Due = 0; pl.By > d.t {
				pl.Due = pl.By
			}
		case pl.By != 0:
			if pl.By = 0; undecided(*pl) {
				pl.Due = 0
			}
		}
	}
}

// remindReview tells that nobody has decided in time. The placement waits on: only a person can end that.
func (d *step) remindReview(rec *Record, i int) {
	dec := d.decision(rec)
	d.save(dec) // its time has come: no other is due
	why, m := d.whyReview(rec, &rec.Placements[i])
	d.tellAs(dec, i, mapping.Review, append([]mapping.Reason{alert(RuleReviewOverdue)}, why...), m, nil)
}

// whyReview is why a person is to decide a placement, by what is known now; nothing where nobody but a person asks.
func (d *step) whyReview(rec *Record, pl *Placement) ([]mapping.Reason, *match.Result) {
	only := int32(-1)
	if pl.Asked != "" {
		if only = d.offer.Book.Program(pl.Asked); only < 0 {
			return d.mustReview(rec, []mapping.Reason{reason(RuleUnknownProgram)}), nil
		}
	}
	m := d.offer.Book.Match(d.query(rec, pl, only))
	why := d.mustReview(rec, outward(m.Review))
	switch {
	case len(why) > 0:
	case pl.nominated() != "":
		why = []mapping.Reason{reason(RuleNominated)}
	case d.riskOutdated(rec, &m):
		why = []mapping.Reason{reason(RuleRiskOutdated)}
	}
	return becauseOf(why, &m), &m
}
