package roster_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// clinic is a network whose every step is committed, for what time brings.
type clinic struct {
	*testing.T
	state    *roster.State
	offer    *roster.Offering
	sequence uint64
	now      time.Time
}

func newClinic(t *testing.T, groups ...string) *clinic {
	cat, problems := program.Load([]byte(fmt.Sprintf(modelCatalog, strings.Join(groups, ""))))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	c := &clinic{T: t, state: roster.New(), offer: roster.NewOffering(cat), now: time.Date(2026, 11, 9, 14, 0, 0, 0, time.UTC)}
	c.state.Use(cat.Hash)
	return c
}

func (c *clinic) decide(e *mapping.Event) []mapping.Notice {
	c.sequence++
	turn := roster.Turn{Input: mapping.Input{Network: "model", Source: e.Source, Sequence: c.sequence}, Decoded: mapping.Decoded{Event: e}, Time: c.now.UnixMilli()}
	var notices []mapping.Notice
	for more := true; more; {
		out := c.state.Decide(turn, c.offer)
		if out.Offer != nil {
			c.offer = out.Offer
		}
		notices, more = append(notices, out.Notices...), out.More
	}
	return notices
}

// says decides an event and makes it final.
func (c *clinic) says(e *mapping.Event) []mapping.Notice {
	notices := c.decide(e)
	c.state.Commit(c.state.Mark())
	return notices
}

// refer is an order of a person of its own for chronic pain, for programs by name or any.
func refer(person int, programs ...string) *mapping.Event {
	return &mapping.Event{Type: mapping.ReferralCreated, Source: "north", Referral: &mapping.Referral{
		Identifier: mapping.Identifier{System: "https://orders.example", Value: fmt.Sprint("o", person)}, Programs: programs,
		Patient: mapping.Patient{Identifiers: []mapping.Identifier{{System: "https://ids.model.example/mpi", Value: fmt.Sprint("m", person)}},
			Name: mapping.Name{Family: fmt.Sprint("Family", person), Given: []string{"Given"}}, BirthDate: "1961-05-05"},
		Conditions: []mapping.Condition{{Codes: []mapping.Code{{System: mapping.SystemICD10CM, Code: "G89.4"}}}},
	}}
}

var clock = &mapping.Event{Type: mapping.Clock, Source: mapping.SourceClock}

// told are the placements and first reasons of some notices.
func told(notices []mapping.Notice) string {
	var out []string
	for _, n := range notices {
		out = append(out, n.Placement+" "+n.Reasons[0].Code)
	}
	return strings.Join(out, ", ")
}

// An offer that is accepted is due no more. When that step is taken back, for another worker was faster, the offer is due
// again: it must not be forgotten that it was looked at meanwhile.
func TestDueIsKeptThroughAnAbortedStep(t *testing.T) {
	c := newClinic(t, fmt.Sprintf(modelGroup, "pain-0", "pain", 1, false))
	c.says(refer(1))
	before, due := c.state.NextDue()
	if !due {
		t.Fatal("an offer stands and nothing is due")
	}
	mark := c.state.Mark()
	c.decide(&mapping.Event{Type: mapping.OfferAccepted, Source: "north", Target: mapping.Target{Key: "r1"}})
	if _, due := c.state.NextDue(); due {
		t.Fatal("the offer is accepted and due still")
	}
	c.state.Rollback(mark)
	if after, due := c.state.NextDue(); !due || after != before {
		t.Fatalf("due at %d before the step was taken back, at %d (%v) after", before, after, due)
	}
	c.now = c.now.AddDate(0, 0, 30)
	if got := told(c.says(clock)); got != "r1-1 offer-expired" {
		t.Errorf("a month later: %s", got)
	}
}

// Two offers of one referral, made at one moment, are called to mind and expire at one moment: each once.
func TestTwoThingsDueAtOnce(t *testing.T) {
	c := newClinic(t, fmt.Sprintf(modelGroup, "pain-0", "pain", 1, false), cohort("move-0", "lena", 0, "2026-12-20", "", false))
	c.says(refer(1, "pain", "move"))
	half, _ := c.state.NextDue()
	c.now = time.UnixMilli(half)
	if got := told(c.says(clock)); got != "r1-1 offer-reminder, r1-2 offer-reminder" {
		t.Errorf("at half time: %s", got)
	}
	end, _ := c.state.NextDue()
	c.now = time.UnixMilli(end)
	if got := told(c.says(clock)); got != "r1-1 offer-expired, r1-2 offer-expired" {
		t.Errorf("at the end: %s", got)
	}
	if at, due := c.state.NextDue(); due {
		t.Errorf("something is due still, at %d", at)
	}
}

// Two cohorts that are both short are both put off, though their dates are the same: that the dates of the first are others
// then takes nothing from the second. So again when they are short a second time, and reported.
func TestTwoGroupsWithOneDate(t *testing.T) {
	c := newClinic(t, cohort("move-0", "lena", 0, "2026-12-20", "", false), cohort("move-1", "lars", 0, "2026-12-20", "", false))
	c.says(refer(1))
	c.says(&mapping.Event{Type: mapping.OfferAccepted, Source: "north", Target: mapping.Target{Key: "r1"}})
	c.says(&mapping.Event{Type: mapping.OfferAccepted, Source: "north", Target: mapping.Target{Key: "r1"}, By: mapping.ByLeader})
	second := refer(2)
	second.Referral.Preferences = mapping.Preferences{}
	c.says(second)
	c.says(&mapping.Event{Type: mapping.ParticipantEnrolled, Source: "north", Target: mapping.Target{Key: "r4"}, Group: "move-1"})
	c.now = time.Date(2026, 12, 13, 16, 0, 0, 0, time.UTC) // a week before, an hour later
	if got := told(c.says(clock)); got != "r1-1 group-postponed, r4-1 group-postponed" {
		t.Errorf("a week before: %s", got)
	}
	due, _ := c.offer.NextDue(c.state)
	if want := time.Date(2026, 12, 27, 15, 0, 0, 0, time.UTC); due != want.UnixMilli() {
		t.Errorf("next due at %v, not a week before the later date", time.UnixMilli(due).UTC())
	}
	c.now = time.UnixMilli(due + 1)
	if got := told(c.says(clock)); got != "r1-1 alert-below-minimum, r4-1 alert-below-minimum" {
		t.Errorf("a week before the later date: %s", got)
	}
}
