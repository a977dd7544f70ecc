package simulate

import (
	"slices"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/worker/generate"
)

// Rules of the judge, each after the row of the safety rules that it checks anew.
const (
	judgedRisk     = "a risk that needs a person"    // suicide, violence, psychosis, mania, withdrawal, severe dementia, abuse
	judgedWeight   = "eating disorder, weight group" // clinical convention
	judgedDPP      = "pregnant, diabetes prevention" // CDC Diabetes Prevention Recognition Program
	judgedAge      = "minors and adults apart"       // CDC; age bands of the groups
	judgedPeers    = "peers instead of a licence"    // "The difference between support and therapy groups"
	judgedLicence  = "therapy without a licence"     // licence through the last session, where the patient sits
	judgedAccess   = "not accessible"                // Americans with Disabilities Act
	judgedLanguage = "language not understood"       // NICE CG91
)

// objection of the judge to a place, and whether the referral told of what it rests on.
type objection struct {
	rule    string
	carried bool
}

// place that somebody was given.
type place struct {
	group       *program.Group
	program     *program.Program
	site        *program.Site   // nil without one
	leader      *program.Leader // nil without one
	first, last time.Time
}

// placeIn a group, for one whose first session is given.
func placeIn(cat *program.Catalog, group string, first time.Time) (p place, ok bool) {
	p.group, ok = cat.Group(group)
	if !ok {
		return p, false
	}
	p.program, _ = cat.Program(p.group.Program)
	if s, ok := cat.Site(p.group.Site); ok {
		p.site = s
	}
	if l, ok := cat.Leader(p.group.Leader); ok {
		p.leader = l
	}
	p.first, p.last = first, first
	if last, ok := cat.LastSessionFor(p.group, first); ok && p.group.Enrolment != program.EnrolmentOpen && (p.group.Sessions.Count > 0 || p.group.Sessions.Each > 0 || p.group.Sessions.End != "") {
		p.last = last
	}
	return p, true
}

// judge says what this patient, as they truly are, may not join the place for. approved: a person has looked at them. It
// shares nothing with the rules that place.
func judge(t *truth, p *place, approved bool) (no []objection) {
	if t.risk >= 0 {
		if rule := judgeRisk(&risks[t.risk], p, approved); rule != "" {
			no = append(no, objection{rule, t.carrier.heard()})
		}
	}
	if slices.ContainsFunc(t.conditions, func(c generate.Had) bool { return c.Key == "eating_disorder" }) && p.teaches("obesity", "prediabetes") {
		no = append(no, objection{judgedWeight, true})
	}
	age := yearsAt(t.born, p.first)
	grown := p.program.Criteria.AgeFrom >= 18 || p.program.Criteria.AgeTo == 0 || p.program.Criteria.AgeTo >= 18
	if (age < 18) == grown {
		no = append(no, objection{judgedAge, true})
	}
	if slices.ContainsFunc(t.access, func(need string) bool { return !p.offers(need) }) {
		no = append(no, objection{judgedAccess, true})
	}
	if !p.group.Interpreter && !slices.ContainsFunc(t.languages, func(l string) bool { return slices.Contains(p.group.Languages, primary(l)) }) {
		no = append(no, objection{judgedLanguage, true})
	}
	switch licensed := p.licensed(t.state); {
	case p.program.Kind == mapping.Therapy && !licensed:
		no = append(no, objection{judgedLicence, true})
	case p.program.Kind == mapping.Support && !licensed && t.onlyGrave(p.program):
		no = append(no, objection{judgedPeers, true})
	}
	return no
}

// judgeRisk is what a true risk says against a place; empty for nothing.
func judgeRisk(k *risk, p *place, approved bool) string {
	switch k.demand {
	case demandCare, demandPerson:
		if !approved {
			return judgedRisk
		}
	case demandNoDiet:
		if p.teaches("obesity", "prediabetes") {
			return judgedWeight
		}
	case demandNoDPP:
		if p.teaches("prediabetes") && !slices.Contains(p.program.Conditions, "gestational_diabetes") {
			return judgedDPP
		}
	case demandAccess:
		if !p.offers(k.access) {
			return judgedAccess
		}
	}
	return ""
}

// teaches reports whether the program is education about one of the conditions.
func (p *place) teaches(conditions ...string) bool {
	return p.program.Kind == mapping.Education && slices.ContainsFunc(conditions, func(c string) bool { return slices.Contains(p.program.Conditions, c) })
}

// offers reports whether the place has what is needed. From home nobody needs a ramp, or a site with oxygen.
func (p *place) offers(need string) bool {
	if p.group.Mode == "telehealth" && (need == "wheelchair" || need == "oxygen") {
		return true
	}
	return slices.Contains(p.group.Access, need) || p.site != nil && slices.Contains(p.site.Access, need)
}

// licensed reports whether the leader may practise, where the patient sits, from the first session to the last.
func (p *place) licensed(state string) bool {
	if p.leader == nil {
		return false
	}
	if p.group.Mode != "telehealth" && p.site != nil {
		state = p.site.Address.State
	}
	return slices.ContainsFunc(p.leader.Licences, func(l program.Licence) bool {
		return l.State == state && l.From <= p.first.Format(time.DateOnly) && l.To >= p.last.Format(time.DateOnly)
	})
}

// grave conditions ask for a licensed leader first; mood and anxiety where they are severe.
var grave = []string{"alcohol_use_disorder", "opioid_use_disorder", "drug_use_disorder", "schizophrenia", "bipolar", "eating_disorder", "borderline_pd", "ptsd"}

// onlyGrave: all that a program serves of what the patient has asks for a licensed leader.
func (t *truth) onlyGrave(p *program.Program) bool {
	served, all := 0, true
	for _, c := range t.conditions {
		if slices.Contains(p.Conditions, c.Key) {
			served++
			all = all && (slices.Contains(grave, c.Key) || c.Severity == "severe" && (c.Key == "depression" || c.Key == "anxiety"))
		}
	}
	return served > 0 && all && !t.family
}
