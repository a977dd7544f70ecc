package generate

import (
	"slices"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// draft is a referral being made up, and the time at which it is sent.
type draft struct {
	source   *source
	person   *person
	at       int64 // position in the calendar
	referral mapping.Referral
	// problems are what its conditions were made from.
	problems []*problem
}

// newDraft is a referral of nobody yet: identifier, requester, priority.
func (g *generator) newDraft(s *source, at int64) *draft {
	r := g.rand
	d := &draft{source: s, at: at}
	d.referral = mapping.Referral{
		Identifier: s.orderNumber(),
		AuthoredOn: g.calendar.at(at).In(s.net.Location).Format(time.DateOnly),
		Requester:  one(r, s.requesters),
	}
	switch p := r.IntN(100); {
	case p < 3:
		d.referral.Priority = mapping.Stat
	case p < 8:
		d.referral.Priority = mapping.ASAP
	case p < 20:
		d.referral.Priority = mapping.Urgent
	case p < 60:
		d.referral.Priority = mapping.Routine // the others leave it out, which means the same
	}
	return d
}

// about makes the draft about a person with some problems, and says what goes with them.
func (g *generator) about(d *draft, p *person, problems []*problem) {
	d.person = p
	d.referral.Patient = g.as(p, d.source)
	g.access(d)
	g.guarded(d)
	for _, x := range problems[:min(len(problems), 5)] {
		g.diagnose(d, x)
	}
	g.aim(d)
	g.prefer(d)
	g.payer(d)
	if len(problems) == 0 || !chance(g.rand, 25) {
		return
	}
	d.referral.Notes = append(d.referral.Notes, one(g.rand, []string{
		"Motivated to join, asked for written information.",
		"Would like to meet others in the same situation.",
		"Has not taken part in a group before.",
		"Please call in the afternoon.",
		"Sees the practice nurse every three months.",
		"Works shifts, may miss a session now and then.",
	}))
}

// diagnose adds a condition as the source would code it, with the screening result that goes with it.
func (g *generator) diagnose(d *draft, x *problem) {
	r := g.rand
	d.problems = append(d.problems, x)
	c := mapping.Condition{Codes: g.codes(d.source, x), Text: x.icdText}
	graded := false
	if x.severity != "" && x.key != "depression" && x.key != "anxiety" || x.severity != "" && chance(r, 25) {
		c.Severity, graded = x.severity, true
	}
	if chance(r, 40) {
		c.Onset = g.options.Start.AddDate(-1-r.IntN(12), -r.IntN(12), 0).Format("2006-01")
	}
	if chance(r, 30) {
		c.ClinicalStatus, c.VerificationStatus = "active", "confirmed"
	}
	d.referral.Conditions = append(d.referral.Conditions, c)
	g.facts(d, x)
	switch x.key {
	case "depression":
		if x.severity != "" && (!graded || chance(r, 50)) {
			g.total(d, "44261-6", "PHQ-9 total score", x.severity, [3][2]int{{5, 9}, {10, 14}, {20, 24}}) // above 24 item 9 is a risk
		}
	case "anxiety":
		if x.severity != "" && (!graded || chance(r, 50)) {
			g.total(d, "70274-6", "GAD-7 total score", x.severity, [3][2]int{{5, 9}, {10, 14}, {15, 21}})
		}
	}
}

// total adds a questionnaire's total in the range of a severity.
func (g *generator) total(d *draft, code, display, severity string, ranges [3][2]int) {
	of := ranges[slices.Index([]string{"mild", "moderate", "severe"}, severity)]
	value := float64(of[0] + g.rand.IntN(of[1]-of[0]+1))
	d.referral.Observations = append(d.referral.Observations, mapping.Observation{
		Code: mapping.Code{System: mapping.SystemLOINC, Code: code, Display: display}, Value: &value, Unit: "{score}", Date: d.referral.AuthoredOn,
	})
}

// codes of a problem: the first source of a network sends mostly both systems, the second ICD-10-CM, the third SNOMED CT;
// a source with codes of its own sends those at times.
func (g *generator) codes(s *source, x *problem) []mapping.Code {
	r := g.rand
	if local := localCode(s, x.key); local.Code != "" && chance(r, 40) {
		return []mapping.Code{local}
	}
	icd := mapping.Code{System: mapping.SystemICD10CM, Code: x.icd, Display: x.icdText}
	snomed := mapping.Code{System: mapping.SystemSNOMED, Code: x.snomed, Display: x.snomedText}
	switch kind := (r.IntN(10) + 4*s.number) % 10; {
	case x.snomed == "" || kind >= 4 && kind < 8:
		return []mapping.Code{icd}
	case kind < 4:
		return []mapping.Code{icd, snomed}
	}
	return []mapping.Code{snomed}
}

// localCode is the source's own code for a condition, the least of them in order; empty without one.
func localCode(s *source, key string) (c mapping.Code) {
	for code, of := range s.Codes {
		if of == key && key != "" && (c.Code == "" || code < c.Code) {
			c = mapping.Code{Code: code}
		}
	}
	for i := range len(c.Code) {
		if c.Code[i] == '|' {
			return mapping.Code{System: c.Code[:i], Code: c.Code[i+1:]}
		}
	}
	return c
}

// aim sets goals that a program for one of the conditions serves, and at times asks for that program by name.
func (g *generator) aim(d *draft) {
	r := g.rand
	if len(d.problems) == 0 || !chance(r, 65) {
		return
	}
	serving := d.source.net.serving[one(r, d.problems).key]
	if len(serving) == 0 {
		return
	}
	p := one(r, serving)
	for range 1 + r.IntN(2) {
		if goal := one(r, append([]string{"coping-strategies"}, p.Goals...)); !slices.Contains(d.referral.Goals, goal) {
			d.referral.Goals = append(d.referral.Goals, goal)
		}
	}
	if chance(r, 8) && p.Criteria.AgeTo == 0 && d.person.age >= 18 && !barred(p, d.problems) {
		d.referral.Programs = []string{p.ID}
	}
}

// barred reports whether a program excludes people with one of the problems.
func barred(p *program.Program, problems []*problem) bool {
	return slices.ContainsFunc(problems, func(x *problem) bool { return slices.Contains(p.Criteria.Excludes, x.key) })
}

// access is what a site must offer, the more often the older somebody is.
func (g *generator) access(d *draft) {
	r := g.rand
	if chance(r, 1+d.person.age/10) {
		d.referral.Patient.Access = append(d.referral.Patient.Access, one(r, []string{"wheelchair", "wheelchair", "hearing", "vision", "oxygen"}))
	}
}

// prefer states preferences, which most referrals leave open.
func (g *generator) prefer(d *draft) {
	r, p := g.rand, &d.referral.Preferences
	if chance(r, 15) {
		p.Mode = one(r, []string{"in-person", "telehealth"})
	}
	if chance(r, 12) {
		p.Times = one(r, [][]string{{"weekday-evening"}, {"weekday-morning", "weekday-afternoon"}, {"weekday-evening", "weekend"}, {"weekday-afternoon", "weekday-evening"}})
	}
	if chance(r, 6) {
		p.Kind = one(r, []string{"support", "therapy", "education", "skills"})
	}
	if id := d.referral.Patient.GenderIdentity; id != "" && chance(r, 30) {
		p.Gender = id
	}
	if first := d.referral.Patient.Languages[0]; first[:2] != "en" && chance(r, 40) {
		p.Language = first
	}
	if sites := d.source.net.Sites; len(sites) > 0 && chance(r, 10) {
		p.Site = one(r, sites).ID
	}
	if p.Mode != "" && chance(r, 20) {
		p.Required = append(p.Required, "mode")
	}
}

// payer of the patient, unknown for a third.
func (g *generator) payer(d *draft) {
	r, known := g.rand, d.source.net.payers
	if len(known) == 0 || chance(r, 35) {
		return
	}
	payer := one(r, known)
	if slices.Contains(known, "medicare") && (d.person.age >= 65 || payer == "medicare" && chance(r, 80)) {
		// Medicare is for those of 65 and over, and a few younger ones.
		payer = "medicare"
		if d.person.age < 65 {
			payer = known[(slices.Index(known, payer)+1)%len(known)]
		}
	}
	d.referral.Payers = []string{payer}
}

// later is a time after that of the draft, with a share of the time left passed: from and to in percent.
func (g *generator) later(at int64, from, to int) int64 {
	left := g.calendar.length - 1 - at
	return at + left*int64(from+g.rand.IntN(to-from+1))/100
}
