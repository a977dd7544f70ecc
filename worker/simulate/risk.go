package simulate

import (
	"math/rand/v2"

	"github.com/convene-health/convene/mapping"
)

// carrier is how a referral tells of a risk.
type carrier string

const (
	carriedCode carrier = "code"
	carriedText carrier = "text"
	// carriedUnread: in words of which nobody promises to read more than suicide, self-harm and violence.
	carriedUnread carrier = "unread"
	carriedNot    carrier = "none"
)

// heard reports whether the referral tells of it in a way that Convene says it reads.
func (c carrier) heard() bool { return c == carriedCode || c == carriedText }

// demand is what a true risk asks, in the judge's words.
type demand string

const (
	demandCare   demand = "other-care" // no group now: somebody else must act first
	demandPerson demand = "a-person"   // a group perhaps, by a person's decision
	demandNoDiet demand = "no-weight-program"
	demandNoDPP  demand = "no-diabetes-prevention"
	demandAccess demand = "access"
)

// risk is something true of a patient that a safe place depends on.
type risk struct {
	Name   string
	demand demand
	access string // demandAccess: what the place must offer
	// weight among all risks. source: assumption
	weight int
	codes  []func(*mapping.Referral)
	// texts say it in a note; readable: the wording is of a kind that free text is screened for.
	texts    []string
	readable bool
	// from is the age in years from which people have it, sex who; zero: all.
	from, to int
	sex      string
}

// risks that simulated patients have. Codes are of ICD-10-CM FY2026, SNOMED CT and LOINC; the sentences are invented.
var risks = []risk{
	{Name: "suicidal now", demand: demandCare, weight: 12, readable: true, codes: []func(*mapping.Referral){
		icd("R45.851", "Suicidal ideations"), snomed("6471006", "Suicidal thoughts"), answer("LA6570-1"), answer("LA6571-9"), icd("T14.91XA", "Suicide attempt, initial encounter")},
		texts: []string{"Since the diagnosis she has been thinking about suicide.", "He says he wants to kill himself.", "Told the nurse that she would be better off dead.",
			"Refiere que quiere morir.", "Paciente con ideas de suicidio desde el lunes.", "Reports suicidal thoughts most nights, no plan."}},
	{Name: "wants to harm others", demand: demandCare, weight: 2, readable: true, codes: []func(*mapping.Referral){icd("R45.850", "Homicidal ideations")},
		texts: []string{"He threatened to kill his brother.", "States that he wants to hurt someone at work.", "Dice que va a matar a su vecino."}},
	{Name: "past attempt or self-harm", demand: demandPerson, weight: 12, readable: true, codes: []func(*mapping.Referral){
		icd("Z91.51", "Personal history of suicidal behavior"), icd("R45.88", "Nonsuicidal self-harm"), snomed("161474000", "H/O: attempted suicide")},
		texts: []string{"History of two suicide attempts.", "Used to cut herself as a teenager.", "Antecedente de intento de suicidio en 2019."}},
	{Name: "violence by a partner", demand: demandPerson, weight: 8, readable: true, codes: []func(*mapping.Referral){
		icd("T74.11XA", "Adult physical abuse, confirmed, initial encounter"), snomed("706893006", "Victim of intimate partner abuse")},
		texts: []string{"Her husband hits her.", "She is afraid of her partner.", "Su marido la golpea."}},
	{Name: "violent behaviour", demand: demandPerson, weight: 3, codes: []func(*mapping.Referral){icd("R45.6", "Violent behavior")},
		texts: []string{"Got into fights at the last program."}},
	{Name: "psychosis now", demand: demandCare, weight: 6, codes: []func(*mapping.Referral){icd("R44.0", "Auditory hallucinations"), icd("F23", "Brief psychotic disorder"),
		icd("F33.3", "Major depressive disorder, recurrent, severe with psychotic symptoms")}, texts: []string{"Hears voices that comment on what he does."}},
	{Name: "mania now", demand: demandCare, weight: 3, codes: []func(*mapping.Referral){icd("F31.2", "Bipolar disorder, current episode manic severe with psychotic features"), icd("F30.9", "Manic episode, unspecified")},
		texts: []string{"Has hardly slept for a week and spends all he has."}},
	{Name: "withdrawal or intoxication now", demand: demandCare, weight: 4, codes: []func(*mapping.Referral){icd("F10.231", "Alcohol dependence with withdrawal delirium"),
		icd("F11.13", "Opioid abuse with withdrawal")}, texts: []string{"Came intoxicated, hands trembling."}},
	{Name: "severe dementia", demand: demandCare, weight: 3, from: 65, codes: []func(*mapping.Referral){icd("F03.C0", "Unspecified dementia, severe, without behavioral disturbance")},
		texts: []string{"No longer recognises her children."}},
	{Name: "eating disorder", demand: demandNoDiet, weight: 8, codes: []func(*mapping.Referral){icd("F50.2", "Bulimia nervosa"), icd("F50.811", "Binge eating disorder, moderate")},
		texts: []string{"Vomits after meals to lose weight."}},
	{Name: "pregnant", demand: demandNoDPP, weight: 6, from: 18, to: 45, sex: "female", codes: []func(*mapping.Referral){icd("Z33.1", "Pregnant state, incidental"), snomed("77386006", "Pregnancy")},
		texts: []string{"Is twenty weeks along and well."}},
	{Name: "wheelchair", demand: demandAccess, access: "wheelchair", weight: 12, codes: []func(*mapping.Referral){icd("Z99.3", "Dependence on wheelchair")}, texts: []string{"Uses a wheelchair."}},
	{Name: "oxygen", demand: demandAccess, access: "oxygen", weight: 6, codes: []func(*mapping.Referral){icd("Z99.81", "Dependence on supplemental oxygen")}, texts: []string{"On two litres of oxygen."}},
	{Name: "hearing loss", demand: demandAccess, access: "hearing", weight: 9, codes: []func(*mapping.Referral){icd("H91.90", "Unspecified hearing loss, unspecified ear")}, texts: []string{"Is hard of hearing."}},
	{Name: "low vision", demand: demandAccess, access: "vision", weight: 6, codes: []func(*mapping.Referral){icd("H54.7", "Unspecified visual loss")}, texts: []string{"Cannot read print any more."}},
}

// alarms speak of a risk that the patient does not have: somebody else's, one denied, one long over.
var alarms = []func(*mapping.Referral){
	note("Denies suicidal ideation."), note("No thoughts of self-harm at today's visit."), note("Niega ideas suicidas."),
	note("Her father died by suicide when she was ten."), note("Works for a suicide prevention hotline."),
	note("Her sister was hit by her husband, which keeps her awake."), note("Afraid of his ex-wife's lawyers."),
	over("R45.851", "Suicidal ideations"), over("R44.0", "Auditory hallucinations"), refuted("R45.851", "Suicidal ideations"),
}

func icd(code, display string) func(*mapping.Referral) {
	return coded(mapping.Code{System: mapping.SystemICD10CM, Code: code, Display: display}, "active", "")
}

func snomed(code, display string) func(*mapping.Referral) {
	return coded(mapping.Code{System: mapping.SystemSNOMED, Code: code, Display: display}, "active", "")
}

func over(code, display string) func(*mapping.Referral) {
	return coded(mapping.Code{System: mapping.SystemICD10CM, Code: code, Display: display}, "resolved", "")
}

func refuted(code, display string) func(*mapping.Referral) {
	return coded(mapping.Code{System: mapping.SystemICD10CM, Code: code, Display: display}, "", "refuted")
}

func coded(c mapping.Code, clinical, verification string) func(*mapping.Referral) {
	return func(r *mapping.Referral) {
		r.Conditions = append(r.Conditions, mapping.Condition{Codes: []mapping.Code{c}, ClinicalStatus: clinical, VerificationStatus: verification})
	}
}

// answer to item 9 of the PHQ-9.
func answer(code string) func(*mapping.Referral) {
	return func(r *mapping.Referral) {
		r.Observations = append(r.Observations, mapping.Observation{Code: mapping.Code{System: mapping.SystemLOINC, Code: "44260-8", Display: "PHQ-9 item 9"},
			Answer: &mapping.Code{System: mapping.SystemLOINC, Code: code}, Date: r.AuthoredOn})
	}
}

func note(text string) func(*mapping.Referral) {
	return func(r *mapping.Referral) { r.Notes = append(r.Notes, text) }
}

// fits reports whether somebody of an age and sex can have the risk.
func (k *risk) fits(age int, sex string) bool {
	return age >= k.from && (k.to == 0 || age <= k.to) && (k.sex == "" || k.sex == sex)
}

// drawRisk picks one by weight among those that fit.
func drawRisk(r *rand.Rand, age int, sex string) int {
	total := 0
	for i := range risks {
		if risks[i].fits(age, sex) {
			total += risks[i].weight
		}
	}
	left := r.IntN(total)
	for i := range risks {
		if !risks[i].fits(age, sex) {
			continue
		}
		if left -= risks[i].weight; left < 0 {
			return i
		}
	}
	panic("unreachable")
}
