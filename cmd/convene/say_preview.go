package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/worker/ask"
)

const previewHint = "offline: convene preview --catalog catalog.yaml referral.json; live: convene preview --network NAME --source NAME referral.json"

func nobodyAnswers(network string, err error) error {
	return &failure{what: "no worker answers for network " + network, exit: exitFailed, hint: "is `convene run` at work, and does the server know the subject preview." + network + ".<source>? (`convene streams --print`)", err: err}
}

// sayPreview explains where a patient would go.
func sayPreview(say *speaker, p *ask.Preview) {
	if len(p.Refused) > 0 {
		say.line("It would be refused:")
		for _, x := range p.Refused {
			say.line("  %s  %s  %s", x.Path, x.Code, x.Text)
		}
	}
	if p.Unchanged != "" {
		say.line("It would change nothing: %s.", p.Unchanged)
	}
	for i := range p.Placements {
		sayExplained(say, &p.Placements[i])
	}
	say.line("As of %s. Nothing is sent, placed or kept.\n", p.At.UTC().Format(time.RFC3339))
}

func sayExplained(say *speaker, x *engine.Explained) {
	say.line("%s", verdict(x))
	if x.Group != "" {
		seats := "no seat is held"
		if x.SeatsMax > 0 {
			seats = fmt.Sprintf("seat %d of %d", x.SeatsTaken, x.SeatsMax)
		}
		say.line("  group     %s, first session %s, %s", x.Group, localTime(x.First, x.Zone), seats)
	}
	sayReasons(say, "because", x.Reasons)
	sayReasons(say, "missing", x.Missing)
	for i, issue := range x.Issues {
		say.line("  %-9s %s: %s", label("noted", i), issue.Path, issue.Text)
	}
	var rows [][]string
	for i, o := range x.Others {
		rows = append(rows, []string{"  " + fmt.Sprintf("%-8s", label("not", i)), o.Group, o.Outcome, whyNot(&o)})
	}
	say.columns(rows)
	if x.More != nil {
		say.line("  %-9s and not listed: %d excluded, %d full, %d possible", "", x.More.Excluded, x.More.Full, x.More.Possible)
	}
}

// whyNot says why a group was not chosen.
func whyNot(o *engine.Other) string {
	var texts []string
	for _, r := range o.Reasons {
		texts = append(texts, r.Text)
	}
	switch {
	case len(texts) > 0:
		return strings.Join(texts, " ")
	case o.Outcome == match.Chosen.String():
		return "It suits best, once a person has decided."
	}
	return "It suits, another fits better."
}

// localTime in the network's zone.
func localTime(at time.Time, zone string) string {
	if l, err := program.LoadZone(zone); err == nil {
		at = at.In(l)
	}
	return at.Format("Mon 2006-01-02 15:04 MST")
}

// verdict is the first line: what would become of it.
func verdict(x *engine.Explained) string {
	where := x.Name
	if x.Kind != "" {
		where = fmt.Sprintf("%s (%s)", x.Name, x.Kind)
	}
	switch x.Status {
	case mapping.Placed, mapping.Enrolled:
		return "Would be placed: " + where
	case mapping.Offered:
		return fmt.Sprintf("Would be offered, until %s: %s", localTime(x.Expires, x.Zone), where)
	case mapping.Waitlisted:
		return fmt.Sprintf("Would wait, number %d in line: %s", x.Position, where)
	case mapping.NeedsInfo:
		return "Would need information first"
	case mapping.Review:
		return "Would go to a person for review"
	}
	return "Would become " + string(x.Status)
}

func sayReasons(say *speaker, word string, reasons []mapping.Reason) {
	for i, r := range reasons {
		say.line("  %-9s %s", label(word, i), r.Text)
	}
}

// label stands before the first of several lines.
func label(word string, i int) string {
	if i > 0 {
		return ""
	}
	return word
}

// standing is one line on where a placement stands.
func standing(s ask.Standing) string {
	if s.Position == 0 {
		return fmt.Sprintf("%s: %s %s", s.Placement, s.Status, strings.TrimSpace(s.Program+" "+s.Group))
	}
	return fmt.Sprintf("%s: number %d of %d in line for %s, since %s, as of %s", s.Placement, s.Position, s.Waiting, s.Program,
		s.Since.UTC().Format(time.DateOnly), s.At.UTC().Format(time.RFC3339))
}
