package program

import (
	"maps"
	"slices"

	"github.com/convene-health/convene/mapping"
)

// Defaults are the network's numbers where its catalog says nothing. source: assumption
func Defaults() Policy {
	weeks := 2
	return Policy{
		OfferDays: 5, OfferDaysUrgent: 2, HandoverDays: 28,
		CohortDays: 7, PostponeWeeks: &weeks, Declines: 2, ContactAttempts: 3, MissedSessions: 3, CancelDays: 30, ReviewDays: 3, ReviewDaysUrgent: 1, RiskDays: 90,
		Urgency: map[mapping.Priority]Urgency{
			mapping.Routine: {Base: 0, Rate: 1},
			mapping.Urgent:  {Base: 30, Rate: 2},
			mapping.ASAP:    {Base: 60, Rate: 3},
			mapping.Stat:    {Base: 120, Rate: 4},
		},
	}
}

// Filled is the policy with the defaults where it is silent.
func (p Policy) Filled() Policy {
	d := Defaults()
	p.OfferDays = or(p.OfferDays, d.OfferDays)
	p.OfferDaysUrgent = or(p.OfferDaysUrgent, d.OfferDaysUrgent)
	p.HandoverDays = or(p.HandoverDays, d.HandoverDays)
	p.CohortDays = or(p.CohortDays, d.CohortDays)
	p.PostponeWeeks = or(p.PostponeWeeks, d.PostponeWeeks)
	p.Declines = or(p.Declines, d.Declines)
	p.ContactAttempts = or(p.ContactAttempts, d.ContactAttempts)
	p.MissedSessions = or(p.MissedSessions, d.MissedSessions)
	p.CancelDays = or(p.CancelDays, d.CancelDays)
	p.ReviewDays = or(p.ReviewDays, d.ReviewDays)
	p.ReviewDaysUrgent = or(p.ReviewDaysUrgent, d.ReviewDaysUrgent)
	p.RiskDays = or(p.RiskDays, d.RiskDays)
	maps.Copy(d.Urgency, p.Urgency)
	p.Urgency = d.Urgency
	return p
}

// fillPrograms takes what a program leaves out from its template, then from its kind.
func (c *Catalog) fillPrograms() {
	for i := range c.Programs {
		p := &c.Programs[i]
		if t := TemplateByKey(p.From); t != nil {
			p.fill(&t.Program)
		}
		d, _ := DefaultsOfKind(p.Kind)
		p.Licensed = p.Licensed || d.Licensed
		p.Attendance = or(p.Attendance, d.Attendance)
		p.Participant = or(p.Participant, mapping.ParticipantPatient)
		p.Acceptance = or(p.Acceptance, AcceptanceAuto)
		p.Admission = or(p.Admission, AdmissionAuto)
		p.Criteria.AgeFrom = or(p.Criteria.AgeFrom, mapping.AdultFrom)
		if p.Provider.Name == "" && p.Provider.Identifier.Value == "" {
			p.Provider = c.Organization
		}
	}
}

// fill takes from t what p leaves out. What t demands stays demanded: a licensed leader, its exclusions.
func (p *Program) fill(t *Program) {
	p.Name = or(p.Name, t.Name)
	p.Kind = or(p.Kind, t.Kind)
	p.Participant = or(p.Participant, t.Participant)
	p.Conditions = orList(p.Conditions, t.Conditions)
	p.Goals = orList(p.Goals, t.Goals)
	p.Curriculum = or(p.Curriculum, t.Curriculum)
	p.Licensed = p.Licensed || t.Licensed
	p.Attendance = or(p.Attendance, t.Attendance)
	p.Criteria.AgeFrom = or(p.Criteria.AgeFrom, t.Criteria.AgeFrom)
	p.Criteria.AgeTo = or(p.Criteria.AgeTo, t.Criteria.AgeTo)
	p.Criteria.Excludes = joined(t.Criteria.Excludes, p.Criteria.Excludes)
	p.Gates = gatesOver(t.Gates, p.Gates)
	p.FollowUp = or(p.FollowUp, t.FollowUp)
	if p.Benefit.Once == "" {
		p.Benefit = t.Benefit
	}
	p.Codes.HCPCS = orList(p.Codes.HCPCS, t.Codes.HCPCS)
	p.Codes.SNOMED = orList(p.Codes.SNOMED, t.Codes.SNOMED)
	p.Codes.CPT = orList(p.Codes.CPT, t.Codes.CPT)
	p.Codes.Category = or(p.Codes.Category, t.Codes.Category)
	p.Codes.ServiceCategory = or(p.Codes.ServiceCategory, t.Codes.ServiceCategory)
	p.Codes.ServiceType = or(p.Codes.ServiceType, t.Codes.ServiceType)
}

// fillGroups takes what a group leaves out from its program, the program's template, then the kind.
func (c *Catalog) fillGroups() {
	for i := range c.Groups {
		g := &c.Groups[i]
		if len(g.Languages) == 0 {
			g.Languages = english
		}
		p, ok := c.Program(g.Program)
		if !ok {
			continue // reported as unknown-program
		}
		g.Name = or(g.Name, p.Name)
		d, _ := DefaultsOfKind(p.Kind)
		if t := TemplateByKey(p.From); t != nil {
			d.Enrolment = or(t.Enrolment, d.Enrolment)
			d.Seats = Seats{Min: or(t.Seats.Min, d.Seats.Min), Max: or(t.Seats.Max, d.Seats.Max)}
			d.Minutes = or(t.Minutes, d.Minutes)
			d.Every = or(t.Every, d.Every)
			d.Sessions = or(t.Sessions, d.Sessions)
		}
		g.fill(&d)
	}
}

func (g *Group) fill(d *KindDefault) {
	g.Enrolment = or(g.Enrolment, d.Enrolment)
	g.Sessions.Minutes = or(g.Sessions.Minutes, d.Minutes)
	g.Sessions.Every = or(g.Sessions.Every, d.Every)
	switch g.Enrolment {
	case EnrolmentOpen:
		return // holds no seats and has no end of its own
	case EnrolmentRolling:
		if g.Sessions.Count == 0 {
			g.Sessions.Each = or(g.Sessions.Each, d.Sessions)
		}
	case EnrolmentClosed:
		if g.Sessions.End == "" {
			g.Sessions.Count = or(g.Sessions.Count, d.Sessions)
		}
	}
	g.Seats.Max = or(g.Seats.Max, d.Seats.Max)
	g.Seats.Min = or(g.Seats.Min, d.Seats.Min)
}

// english is shared by all groups that name no language.
var english = []string{"en"}

// or is a where it says something, else b.
func or[T comparable](a, b T) T {
	var zero T
	if a != zero {
		return a
	}
	return b
}

func orList(a, b []string) []string {
	if len(a) > 0 {
		return a
	}
	return b
}

// joined is a followed by what b adds, without touching either.
func joined(a, b []string) []string {
	if len(b) == 0 {
		return a
	}
	all := append([]string(nil), a...)
	for _, x := range b {
		if !slices.Contains(all, x) {
			all = append(all, x)
		}
	}
	return all
}
