package generate

import (
	"slices"

	"github.com/convene-health/convene/mapping"
)

// sampled is an adult of the sample's mix with the conditions that people of that age have together there.
func (g *generator) sampled(d *draft) {
	kind, _ := draw(g.rand, tables().people, func(k kindOfPerson) bool { return k.from >= 18 })
	p := g.newPerson(d.source.net, kind)
	b, _ := draw(g.rand, tables().bundles, func(b bundle) bool { return b.from == kind.from && suits(b, p) })
	g.about(d, p, b.problems)
}

// suits keeps a few conditions to those who can have them.
func suits(b bundle, p *person) bool {
	return p.patient.Gender == "male" || !slices.Contains(b.problems, tables().problems["prostate_cancer"])
}

// added is a person with conditions of the table of additions. Referrers mostly know what their network has.
func (g *generator) added(d *draft, purpose string) {
	n := d.source.net
	b, ok := draw(g.rand, tables().additions[purpose], func(b bundle) bool { return len(n.serving[b.problems[0].key]) > 0 })
	if !ok || chance(g.rand, 10) {
		b, _ = draw(g.rand, tables().additions[purpose], nil)
	}
	g.about(d, g.newPerson(d.source.net, kindOfPerson{from: b.from, to: b.to}), b.problems)
}

func (g *generator) therapy(d *draft) { g.added(d, "therapy") }
func (g *generator) chronic(d *draft) { g.added(d, "chronic") }
func (g *generator) minor(d *draft)   { g.added(d, "minor") }

// caregiver is referred for their own sake; the person they care for is not named.
func (g *generator) caregiver(d *draft) {
	g.added(d, "caregiver")
	d.referral.Participant = mapping.ParticipantFamily
	d.referral.Notes = append(d.referral.Notes, one(g.rand, []string{
		"Looks after a parent with memory loss at home.", "Partner is in recovery, wants to meet other families.", "Cares for a child with epilepsy.",
	}))
}

// goalOnly is somebody without a diagnosis who wants company or skills. Every third asks for a program by name.
func (g *generator) goalOnly(d *draft) {
	g.about(d, g.newPerson(d.source.net, kindOfPerson{from: 30, to: 79}), nil)
	switch r := &d.referral; g.turn("goal-only") % 3 {
	case 0:
		r.Goals = []string{"coping-strategies", "problem-solving"}
	case 1:
		r.Goals = []string{"social-connection", "community-belonging"}
		for i := range d.source.net.Programs {
			if p := &d.source.net.Programs[i]; len(p.Goals) > 0 && p.Goals[0] == r.Goals[0] {
				r.Programs = []string{p.ID}
			}
		}
	case 2:
		r.Goals = []string{"peer-support"}
	}
}

// programs asks for each of the programs that serve one of the person's conditions, two or three in all.
func (g *generator) programs(d *draft) {
	problems := tables().problems
	g.about(d, g.newPerson(d.source.net, kindOfPerson{from: 40, to: 79}), []*problem{problems["diabetes"], problems["pain"], problems["depression_moderate"]})
	d.referral.Goals, d.referral.Programs = nil, nil
	for _, x := range d.problems[:2+g.turn("programs")%2] {
		if serving := d.source.net.serving[x.key]; len(serving) > 0 && !slices.Contains(d.referral.Programs, serving[0].ID) {
			d.referral.Programs = append(d.referral.Programs, serving[0].ID)
		}
	}
}

// unknownCode carries a code of the sender's own that no map explains, or a vague one that no program is for.
func (g *generator) unknownCode(d *draft) {
	g.about(d, g.newPerson(d.source.net, kindOfPerson{from: 18, to: 79}), nil)
	code := []mapping.Code{
		{System: "https://codes." + d.source.Name + ".example/problems", Code: "GRP-017", Display: "Group referral"},
		{System: mapping.SystemICD10CM, Code: "Z99.9X", Display: "Not a code"},
		{Code: "4711"},
		{System: "http://hl7.org/fhir/sid/icd-9-cm", Code: "296.20", Display: "Depress psychosis-unspec"},
	}[g.turn("unknown-code")%4]
	d.referral.Conditions = []mapping.Condition{{Codes: []mapping.Code{code}, Text: code.Display}}
}

// missingFact leaves out the birth date, without which no age limit can be checked.
func (g *generator) missingFact(d *draft) {
	g.added(d, "chronic")
	d.referral.Patient.BirthDate = ""
}

// denied says in words that a risk is absent.
func (g *generator) denied(d *draft) {
	g.added(d, "therapy")
	d.referral.Notes = append(d.referral.Notes, one(g.rand, []string{
		"Denies suicidal ideation.", "No thoughts of self-harm at today's visit.", "Patient denies any intent to harm self or others.",
	}))
}

// unidentified leaves the order's number out.
func (g *generator) unidentified(d *draft) {
	g.sampled(d)
	d.referral.Identifier = mapping.Identifier{}
}

// risk adds what a safety rule looks for, each kind in turn.
func (g *generator) risk(d *draft) {
	g.added(d, "risk")
	risks[g.turn("risk")%len(risks)](&d.referral)
}

// risks are ways in which EHRs tell of a danger, in codes, answers and words.
var risks = []func(*mapping.Referral){
	icdRisk("R45.851", "Suicidal ideations"),
	icdRisk("F33.3", "Major depressive disorder, recurrent, severe with psychotic symptoms"),
	answerRisk("LA6570-1", "More than half the days"),
	icdRisk("T14.91XA", "Suicide attempt, initial encounter"),
	noteRisk("She told the nurse that she has been thinking about killing herself."),
	icdRisk("F32.3", "Major depressive disorder, single episode, severe with psychotic features"),
	answerRisk("LA6569-3", "Several days"),
	icdRisk("R45.850", "Homicidal ideations"),
	icdRisk("Z91.51", "Personal history of suicidal behavior"),
	snomedRisk("6471006", "Suicidal thoughts"),
	icdRisk("F10.231", "Alcohol dependence with withdrawal delirium"),
	icdRisk("R45.88", "Nonsuicidal self-harm"),
	icdRisk("F31.2", "Bipolar disorder, current episode manic severe with psychotic features"),
	numberRisk(3),
	icdRisk("T42.4X2A", "Poisoning by benzodiazepines, intentional self-harm, initial encounter"),
	icdRisk("R44.0", "Auditory hallucinations"),
	resolvedRisk("R45.851", "Suicidal ideations"),
	noteRisk("Patient reports thoughts of suicide since the divorce, lives alone."),
	icdRisk("X78.8XXA", "Intentional self-harm by other sharp object, initial encounter"),
	icdRisk("R45.6", "Violent behavior"),
	icdRisk("T74.11XA", "Adult physical abuse, confirmed, initial encounter"),
	icdRisk("F03.C0", "Unspecified dementia, severe, without behavioral disturbance, psychotic disturbance, mood disturbance, and anxiety"),
}

func icdRisk(code, display string) func(*mapping.Referral) {
	return codedRisk(mapping.Code{System: mapping.SystemICD10CM, Code: code, Display: display}, "active")
}

func snomedRisk(code, display string) func(*mapping.Referral) {
	return codedRisk(mapping.Code{System: mapping.SystemSNOMED, Code: code, Display: display}, "active")
}

func resolvedRisk(code, display string) func(*mapping.Referral) {
	return codedRisk(mapping.Code{System: mapping.SystemICD10CM, Code: code, Display: display}, "resolved")
}

func codedRisk(c mapping.Code, status string) func(*mapping.Referral) {
	return func(r *mapping.Referral) {
		r.Conditions = append(r.Conditions, mapping.Condition{Codes: []mapping.Code{c}, ClinicalStatus: status})
	}
}

// item9 is the question of the PHQ-9 about thoughts of death and self-harm.
var item9 = mapping.Code{System: mapping.SystemLOINC, Code: "44260-8", Display: "PHQ-9 item 9"}

func answerRisk(code, display string) func(*mapping.Referral) {
	return func(r *mapping.Referral) {
		answer := mapping.Code{System: mapping.SystemLOINC, Code: code, Display: display}
		r.Observations = append(r.Observations, mapping.Observation{Code: item9, Answer: &answer, Date: r.AuthoredOn})
	}
}

func numberRisk(value float64) func(*mapping.Referral) {
	return func(r *mapping.Referral) {
		r.Observations = append(r.Observations, mapping.Observation{Code: item9, Value: &value, Date: r.AuthoredOn})
	}
}

func noteRisk(note string) func(*mapping.Referral) {
	return func(r *mapping.Referral) { r.Notes = append(r.Notes, note) }
}
