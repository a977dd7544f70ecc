package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/convene-health/convene/worker/simulate"
)

func simulating(o simulate.Options) string {
	return fmt.Sprintf("simulating %d months with about %.0f referrals ...", o.Months, o.PerWeek*float64(o.Months)*30/7)
}

func simulatedIn(r *simulate.Result, took time.Duration) string {
	return fmt.Sprintf("%d referrals and %d events in %.1f s: %.0f referrals a second", r.Arrivals, r.Events, took.Seconds(), float64(r.Arrivals)/took.Seconds())
}

func placedUnsafely(r *simulate.Result) error {
	var rules []string
	for _, u := range r.Unsafe {
		if u.Carried > 0 {
			rules = append(rules, fmt.Sprintf("%s %d (%s)", u.Rule, u.Carried, u.Example))
		}
	}
	return &failure{what: fmt.Sprintf("%d places were unsafe for a risk that the referral told: %s", r.UnsafeCarried, strings.Join(rules, "; ")),
		exit: exitFailed, hint: "the judge and the rules that place disagree; look at the catalog's sites, leaders and ages first"}
}

// sayResult prints a simulation as tables.
func sayResult(say *speaker, r *simulate.Result) {
	say.line("Simulation of %s, %s to %s, seed %d; referrals counted from %s\n", r.Network, r.From, r.To, r.Seed, r.Counted)
	sayUnmet(say, r)
	say.line("\nWaits in days, from the referral (of those who had a place, or came)")
	rows := [][]string{{"urgency", "referrals", "had a place", "none at the end", "to a place", "90 %", "to the first session", "90 %"}}
	for _, w := range r.Waits {
		rows = append(rows, []string{string(w.Urgency), count(w.Referrals), count(w.Seated), count(w.Waiting), days(w.Seat.Median), days(w.Seat.P90), days(w.First.Median), days(w.First.P90)})
	}
	say.columns(rows)
	say.line("\nSeats: %s taken in the week a cohort starts (%d did not start of %d), %s in groups that meet",
		percent(r.Fill.AtStart), r.Fill.NotStarted, r.Fill.NotStarted+r.Fill.Cohorts, percent(r.Fill.Running))
	say.line("\nFairness: days between the longest and the shortest median wait of one urgency")
	rows = [][]string{{"urgency", "by", "spread", "parts compared"}}
	for _, f := range r.Fairness {
		rows = append(rows, []string{string(f.Urgency), f.By, days(f.Spread), count(len(f.Parts))})
	}
	say.columns(rows)
	say.line("\nWhat became of %d referrals", r.Referrals)
	rows = nil
	for _, o := range r.Outcomes {
		rows = append(rows, []string{o.Name, count(o.Count)})
	}
	say.columns(rows)
	saySafety(say, r)
}

func sayUnmet(say *speaker, r *simulate.Result) {
	say.line("Where the next group should open: referrals without a place")
	rows := [][]string{{"condition", "language", "nearest site", "unmet"}}
	for _, o := range r.Next {
		rows = append(rows, []string{o.Name, o.Language, o.Site, count(o.Unmet)})
	}
	say.columns(rows)
	say.line("\nUnmet need by condition")
	rows = [][]string{{"condition", "referrals", "no group suits", "gave up", "still waiting", "unmet"}}
	for _, n := range r.Unmet {
		if n.Unmet() > 0 {
			rows = append(rows, []string{n.Name, count(n.Referrals), count(n.NoGroup), count(n.GaveUp), count(n.Waiting), percent(n.Share)})
		}
	}
	say.columns(rows)
}

func saySafety(say *speaker, r *simulate.Result) {
	say.line("\nSafety, judged from the truth of each patient")
	say.columns([][]string{
		{"places judged", count(r.Judged)},
		{"unsafe, and the referral told of it", count(r.UnsafeCarried)},
		{"unsafe, and no referral told of it", count(r.UnsafeUncoded)},
		{"held for a person with reason", count(r.RightlyHeld)},
		{"held for a person without", count(r.WronglyBlocked)},
	})
	say.line("\nNothing here is about whether treatment works. `--html FILE` draws it.")
}

func count(n int) string       { return fmt.Sprint(n) }
func days(x float64) string    { return fmt.Sprintf("%.1f", x) }
func percent(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) }
