package match

import (
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// now is a Monday morning in the test network, 14:00 UTC.
var now = time.Date(2026, 11, 9, 14, 0, 0, 0, time.UTC)

var boston = func() *time.Location {
	l, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	return l
}()

// catalog builds a resolved catalog of one site, four leaders, and the given programs and groups.
func catalog(parts ...any) *program.Catalog {
	c := &program.Catalog{
		Network: "test", Location: boston,
		Sites: []program.Site{{ID: "main", Address: mapping.Address{State: "MA", PostalCode: "02118"}, Access: []string{"wheelchair"}}},
		Leaders: []program.Leader{
			{ID: "ames", Type: "professional", Licences: []program.Licence{{Title: "LICSW", State: "MA", To: "2028-12-31"}}},
			{ID: "brief", Type: "professional", Licences: []program.Licence{{Title: "LICSW", State: "MA", To: "2026-12-01"}}},
			{ID: "vega", Type: "professional", Licences: []program.Licence{{Title: "PsyD", State: "NH", To: "2028-12-31"}}},
			{ID: "pat", Type: "peer"},
		},
	}
	for _, p := range parts {
		switch p := p.(type) {
		case program.Program:
			c.Programs = append(c.Programs, p)
		case program.Group:
			c.Groups = append(c.Groups, p)
		case program.Source:
			c.Sources = append(c.Sources, p)
		case program.Site:
			c.Sites = append(c.Sites, p)
		}
	}
	return c
}

func offers(id string, kind mapping.Kind, conditions string, goals ...string) program.Program {
	return program.Program{ID: id, Name: id, Kind: kind, Conditions: strings.Fields(conditions), Goals: goals}
}

// meets is a group of 8 weekly sessions from a week after now, at 13:00 on Mondays, led by ames.
func meets(id, of string, change ...func(*program.Group)) program.Group {
	g := program.Group{
		ID: id, Program: of, Leader: "ames", Mode: "in-person", Site: "main", Enrolment: program.EnrolmentClosed,
		Seats: program.Seats{Min: 6, Max: 8}, Sessions: program.Sessions{Count: 8}, Cost: "low",
	}
	weekly(&g, time.Date(2026, 11, 16, 13, 0, 0, 0, boston), 8)
	for _, f := range change {
		f(&g)
	}
	return g
}

func weekly(g *program.Group, first time.Time, count int) {
	g.Dates = nil
	for i := range count {
		g.Dates = append(g.Dates, first.AddDate(0, 0, 7*i).UTC())
	}
}

// starting moves a group's first session by days and hours.
func starting(days, hours int) func(*program.Group) {
	return func(g *program.Group) {
		weekly(g, g.Dates[0].In(boston).AddDate(0, 0, days).Add(time.Duration(hours)*time.Hour), len(g.Dates))
	}
}

// dropIn makes a group open, under way for four weeks, led by a peer.
func dropIn(g *program.Group) {
	g.Enrolment, g.Leader, g.Seats, g.Sessions.Count = program.EnrolmentOpen, "pat", program.Seats{}, 0
	weekly(g, g.Dates[0].In(boston).AddDate(0, 0, -35), 52)
}

// adult is a referral of an adult in Massachusetts with conditions by key, each as "key" or "key:severity".
func adult(conditions string, goals ...string) *mapping.Referral {
	r := &mapping.Referral{Goals: goals, Patient: mapping.Patient{BirthDate: "1970-05-05", Address: mapping.Address{State: "MA", PostalCode: "02139"}}}
	for c := range strings.FieldsSeq(conditions) {
		key, severity, _ := strings.Cut(c, ":")
		r.Conditions = append(r.Conditions, mapping.Condition{Codes: []mapping.Code{codeOf(key)}, Severity: severity})
	}
	return r
}

// codeOf gives a coding of a condition.
func codeOf(key string) mapping.Code { return program.ConditionByKey(key).SNOMED[0] }

// matched matches a referral at now.
func matched(c *program.Catalog, r *mapping.Referral, change ...func(*Query)) (*Book, Result) {
	b := Compile(c)
	need, _ := b.Normalise(r, "ehr")
	q := Query{Need: &need, At: now, Program: -1}
	for _, f := range change {
		f(&q)
	}
	return b, b.Match(q)
}

// chosen is the id of the chosen group.
func chosen(b *Book, r Result) string {
	if r.Chosen < 0 {
		return ""
	}
	return b.GroupID(r.Chosen)
}

// rulesOf are the rules that keep the patient out of a listed group.
func rulesOf(r Result, group string) (rules []string) {
	for i := range r.Candidates {
		if r.Candidates[i].ID == group {
			for _, reason := range r.Candidates[i].Reasons() {
				rules = append(rules, reason.Rule)
			}
		}
	}
	return rules
}

func codes(reasons []Reason) (out []string) {
	for _, r := range reasons {
		out = append(out, r.Code)
	}
	return out
}
