package simulate

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// Options of a simulation. Set all of them: Base has the defaults.
type Options struct {
	// Seed of all chance.
	Seed uint64
	// Catalog of the network, YAML. Groups that end are held anew, GapWeeks later, at the same weekday and time.
	Catalog []byte
	// Start of the first day; zero: the catalog's validFrom.
	Start time.Time
	// Months of 30 days.
	Months int
	// WarmUpWeeks before anything is counted but safety: at first nobody sits anywhere.
	WarmUpWeeks int
	// PerWeek referrals arrive on average, by a Poisson process.
	PerWeek float64
	// AttendFirst is the share of the patients with a place who attend its first session when it is within four weeks.
	AttendFirst float64
	// NoShow is the share of other sessions missed; LeadOdds multiplies the odds of missing the first one when it is more
	// than four weeks away.
	NoShow, LeadOdds float64
	// DropOut is the share of those who begin and leave before the end.
	DropOut float64
	// Unreachable is the share of those who take no place up that cannot be reached; the others decline.
	Unreachable float64
	// Cancelled is the share of referrals that the referrer cancels.
	Cancelled float64
	// PatienceWeeks after which half of those who wait have given up.
	PatienceWeeks float64
	// AnswerDays until a patient answers an offer, ReviewDays until a person decides a review: means.
	AnswerDays, ReviewDays float64
	// Risk is the share of patients with a risk or need of the table Risks. Of those Coded are told in codes and Text in
	// free text; the rest is not told.
	Risk, Coded, Text float64
	// FalseAlarm is the share of the others whose referral speaks of a risk they do not have.
	FalseAlarm float64
	// GapWeeks between a group's end and its next start; AnnounceWeeks before its start it enters the catalog.
	GapWeeks, AnnounceWeeks int

	// deaf changes what the referral says after the truth is noted: a rule that no longer hears. For the judge's own test.
	deaf func(*mapping.Referral)
	// told changes the catalog that decides, and not the one that judges. For the judge's own test.
	told func([]byte) []byte
}

// Base case; Assumptions names the sources.
func Base() Options {
	return Options{
		Seed: 1, Months: 6, WarmUpWeeks: 8, PerWeek: 60,
		AttendFirst: 0.65, NoShow: 0.20, LeadOdds: 5, DropOut: 0.20, Unreachable: 0.5, Cancelled: 0.05,
		PatienceWeeks: 26, AnswerDays: 2, ReviewDays: 2, Risk: 0.15, Coded: 0.6, Text: 0.2, FalseAlarm: 0.05,
		GapWeeks: 2, AnnounceWeeks: 8,
	}
}

// check refuses what makes no simulation, and loads the catalog.
func (o *Options) check() (*program.Catalog, error) {
	cat, problems := program.Load(o.Catalog)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	for _, s := range []struct {
		name  string
		share float64
	}{
		{"attend-first", o.AttendFirst}, {"no-show", o.NoShow}, {"drop-out", o.DropOut}, {"unreachable", o.Unreachable}, {"cancelled", o.Cancelled},
		{"risk", o.Risk}, {"coded", o.Coded}, {"text", o.Text}, {"coded and text", o.Coded + o.Text}, {"false-alarm", o.FalseAlarm},
	} {
		if s.share < 0 || s.share > 1 {
			return nil, fmt.Errorf("%s is %g: expected a share from 0 to 1", s.name, s.share)
		}
	}
	switch {
	case o.Months < 1 || o.Months > monthsMax:
		return nil, fmt.Errorf("months is %d: expected 1 to %d", o.Months, monthsMax)
	case o.PerWeek <= 0 || o.PerWeek > perWeekMax:
		return nil, fmt.Errorf("per-week is %g: expected more than 0, at most %d", o.PerWeek, perWeekMax)
	case o.WarmUpWeeks < 0 || o.WarmUpWeeks*7 >= o.Months*daysPerMonth:
		return nil, errors.New("warm-up-weeks: expected less than the months simulated")
	case o.LeadOdds <= 0 || o.PatienceWeeks <= 0 || o.AnswerDays <= 0 || o.ReviewDays <= 0 || o.GapWeeks < 0 || o.AnnounceWeeks < 1:
		return nil, errors.New("lead-odds, patience-weeks, answer-days, review-days and announce-weeks are more than 0")
	case len(cat.Groups) == 0:
		return nil, errors.New("the catalog has no groups")
	}
	first, _ := time.ParseInLocation(time.DateOnly, cat.ValidFrom, cat.Location)
	o.Start = cmp.Or(o.Start, first)
	o.Start = time.Date(o.Start.Year(), o.Start.Month(), o.Start.Day(), 0, 0, 0, 0, cat.Location)
	return cat, nil
}

// Limits of one simulation.
const (
	monthsMax    = 60
	perWeekMax   = 100_000
	daysPerMonth = 30
)
