package bench

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/program"
)

// network and source of the workload.
const (
	network = "bench"
	source  = "ehr"
)

// workload is a catalog and the inputs that it is to serve. The same seed, number and start give the same bytes.
//
// There is a group for every eight events, spread over the topics. About 60 % of the inputs are placed in a seat, 25 %
// find every seat taken and wait, 10 % join a drop-in group, 5 % are sent twice or cannot be read.
type workload struct {
	Catalog []byte
	Inputs  []mapping.Input
}

// topic is a condition and the kind of group that serves it.
type topic struct {
	condition string
	kind      mapping.Kind
	goals     string
}

// seated topics have groups with seats, dropIn topics have groups that anybody may join.
var (
	seated = []topic{
		{"diabetes_t2", mapping.Education, "skill-building"}, {"prediabetes", mapping.Education, "behaviour-change"},
		{"hypertension", mapping.Education, "skill-building"}, {"heart_failure", mapping.Education, "coping-strategies"},
		{"coronary_heart_disease", mapping.Education, "behaviour-change"}, {"copd", mapping.Education, "coping-strategies"},
		{"asthma", mapping.Education, "skill-building"}, {"ckd", mapping.Education, "coping-strategies"},
		{"obesity", mapping.Skills, "behaviour-change"}, {"chronic_pain", mapping.Skills, "coping-strategies"},
		{"fibromyalgia", mapping.Skills, "coping-strategies"}, {"low_back_pain", mapping.Skills, "coping-strategies"},
		{"rheumatoid_arthritis", mapping.Education, "skill-building"}, {"osteoarthritis", mapping.Skills, "skill-building"},
		{"multiple_sclerosis", mapping.Education, "coping-strategies"}, {"parkinson", mapping.Education, "skill-building"},
		{"epilepsy", mapping.Education, "skill-building"}, {"migraine", mapping.Education, "coping-strategies"},
		{"depression", mapping.Therapy, "symptom-reduction"}, {"anxiety", mapping.Therapy, "symptom-reduction"},
		{"ptsd", mapping.Therapy, "symptom-reduction"}, {"insomnia", mapping.Skills, "symptom-reduction"},
		{"tobacco", mapping.Skills, "behaviour-change"}, {"long_covid", mapping.Education, "coping-strategies"},
	}
	dropIn = []topic{
		{"cancer_survivor", mapping.Support, "peer-support"}, {"hiv", mapping.Support, "peer-support"},
		{"lupus", mapping.Support, "peer-support"}, {"sickle_cell", mapping.Support, "peer-support"},
		{"ibd", mapping.Support, "peer-support"}, {"esrd", mapping.Support, "peer-support"},
	}
	// company are conditions that come along with others and that nothing in the catalog serves.
	company = []string{"hyperlipidemia", "atrial_fibrillation", "me_cfs", "hepatitis_c"}
)

// seatsMax of the groups with seats, in turn: with three groups of four having seats, six referrals of ten find one.
var seatsMax = []int{6, 6, 7, 6, 7}

func newWorkload(seed uint64, events int, start time.Time) *workload {
	return workloadIn(event.TypeCloudEvents, event.Encode, seed, events, start)
}

// newFHIRWorkload is the same referrals in FHIR R4.
func newFHIRWorkload(seed uint64, events int, start time.Time) *workload {
	return workloadIn(typeFHIR, fhirOf, seed, events, start)
}

func workloadIn(media string, encode encoder, seed uint64, events int, start time.Time) *workload {
	r := rand.New(rand.NewPCG(seed, 0x62656e6368))
	w := &workload{Catalog: catalogYAML(max(8, events/8), start)}
	for i := range events {
		at := start.Add(time.Duration(i) * 2 * time.Millisecond)
		in := mapping.Input{Network: network, Source: source, Sequence: uint64(i + 1), Stored: at.UTC(),
			Header: map[string]string{"content-type": media}}
		switch roll := r.IntN(1000); {
		case roll < 35 && i > 0:
			in.Data = w.Inputs[r.IntN(i)].Data
		case roll < 50:
			in.Data = bad(r, encoded(r, encode, i, at))
		default:
			in.Data = encoded(r, encode, i, at)
		}
		w.Inputs = append(w.Inputs, in)
	}
	return w
}

// bad is a message that breaks off, or one that asks for something that is not.
func bad(r *rand.Rand, data []byte) []byte {
	if r.IntN(2) == 0 {
		return data[:len(data)/2]
	}
	return bytes.Replace(data, []byte(`"birthDate":"`), []byte(`"birthDate":"around `), 1)
}

// encoder of an event in one format.
type encoder func(*mapping.Event) ([]byte, error)

func encoded(r *rand.Rand, encode encoder, i int, at time.Time) []byte {
	data, err := encode(&mapping.Event{
		Type: mapping.ReferralCreated, ID: fmt.Sprintf("%08x-0000-4000-8000-%012x", r.Uint32(), i), Source: source,
		Sent: at.Add(-time.Second).UTC(), Referral: referral(r, i),
	})
	if err != nil {
		panic(err) // a fault of the workload
	}
	return data
}

func referral(r *rand.Rand, i int) *mapping.Referral {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	wanted := seated[r.IntN(len(seated))]
	if r.IntN(95) < 10 {
		wanted = dropIn[r.IntN(len(dropIn))]
	}
	ref := &mapping.Referral{
		Identifier: mapping.Identifier{System: "https://ehr.bench.example/orders", Value: fmt.Sprintf("B-%07d", i), Type: "PLAC"},
		AuthoredOn: "2026-01-05", Priority: mapping.Routine,
		Patient: mapping.Patient{
			Identifiers: []mapping.Identifier{{System: "https://ehr.bench.example/mrn", Value: fmt.Sprintf("%08d", i), Type: "MR"}},
			Name:        mapping.Name{Family: syllables(r, 3), Given: []string{syllables(r, 2), syllables(r, 2)}},
			BirthDate:   fmt.Sprintf("%d-%02d-%02d", 1940+r.IntN(60), 1+r.IntN(12), 1+r.IntN(28)), Gender: pick("female", "male"),
			Phone: fmt.Sprintf("617-555-01%02d", r.IntN(100)), Languages: []string{"en"},
			Address: mapping.Address{Line: []string{fmt.Sprintf("%d %s Street", 1+r.IntN(200), syllables(r, 2))}, City: pick("Boston", "Lowell", "Quincy"),
				State: "MA", PostalCode: fmt.Sprintf("02%03d", r.IntN(200)), Country: "US"},
		},
		Conditions: []mapping.Condition{conditionOf(wanted.condition)},
		Goals:      []string{wanted.goals},
		Requester: mapping.Requester{
			Practitioner: mapping.Party{Identifier: mapping.Identifier{System: mapping.SystemNPI, Value: "1234567893", Type: "NPI"}, Family: "Okafor", Given: []string{"Grace"}, Phone: "617-555-0199"},
			Organization: mapping.Party{Identifier: mapping.Identifier{System: mapping.SystemNPI, Value: "1245319599", Type: "NPI"}, Name: "Harbor Primary Care"},
		},
	}
	if r.IntN(20) == 0 {
		ref.Priority = mapping.Urgent
	}
	first := r.IntN(len(company))
	for k := range r.IntN(3) {
		ref.Conditions = append(ref.Conditions, conditionOf(company[(first+k)%len(company)]))
	}
	if r.IntN(4) == 0 {
		ref.Notes = []string{"Motivated and keen to meet others. Lives with family, comes by bus; works in the mornings."}
	}
	return ref
}

// program is the id of the one program of a topic.
func (t topic) program() string { return strings.ReplaceAll(t.condition, "_", "-") }

// conditionOf is a condition of the shipped table as an EHR sends it.
func conditionOf(key string) mapping.Condition {
	c := program.ConditionByKey(key)
	x := mapping.Condition{Text: c.Name, ClinicalStatus: "active", VerificationStatus: "confirmed"}
	if len(c.SNOMED) > 0 {
		x.Codes = append(x.Codes, c.SNOMED[0])
	}
	if len(c.ICD10CM) > 0 {
		x.Codes = append(x.Codes, mapping.Code{System: mapping.SystemICD10CM, Code: c.ICD10CM[0]})
	}
	return x
}

// syllables is a name of nobody.
func syllables(r *rand.Rand, n int) string {
	var b []byte
	for range n {
		b = append(b, "bdfgklmnprstvz"[r.IntN(14)], "aeiou"[r.IntN(5)], "lnrs"[r.IntN(4)])
	}
	b[0] -= 'a' - 'A'
	return string(b)
}

// catalogYAML offers one program for each topic, with three groups of four for those that have seats.
func catalogYAML(groups int, start time.Time) []byte {
	var b bytes.Buffer
	day := func(n int) string { return start.AddDate(0, 0, n).Format(time.DateOnly) }
	fmt.Fprintf(&b, "network: %s\nzone: America/New_York\nvalidFrom: %s\n", network, day(0))
	fmt.Fprintf(&b, "organization: {name: Bench Care Network, identifier: {system: %s, value: \"1100000011\", type: NPI}}\n", mapping.SystemNPI)
	fmt.Fprintf(&b, "sources: [{name: %s, production: true}]\n", source)
	fmt.Fprint(&b, "assigners: [{system: https://ehr.bench.example/mrn, sources: [ehr]}]\npolicy: {handoverDays: 365}\nsites:\n")
	for i := range 20 {
		fmt.Fprintf(&b, "  - {id: s%d, name: Site %d, address: {line: [\"%d Main Street\"], city: Boston, state: MA, postalCode: \"02%03d\", country: US}, access: [wheelchair]}\n", i, i, i+1, i*10)
	}
	fmt.Fprintf(&b, "leaders:\n  - {id: lead, npi: \"1200001000\", family: Abara, given: [Ngozi], type: professional, licences: [{title: PsyD, state: MA, from: 2019-01-01, to: %s}]}\n", day(3650))
	fmt.Fprint(&b, "programs:\n")
	for _, t := range append(append([]topic(nil), seated...), dropIn...) {
		fmt.Fprintf(&b, "  - {id: %s, name: Living with %s, kind: %s, conditions: [%s], goals: [%s], curriculum: Own, codes: {category: \"409073007\"}}\n", t.program(), t.program(), t.kind, t.condition, t.goals)
	}
	fmt.Fprint(&b, "groups:\n")
	for i := range groups {
		if i%4 == 3 {
			t := dropIn[i/4%len(dropIn)]
			fmt.Fprintf(&b, "  - {id: g%d, program: %s, enrolment: open, sessions: {start: %s, time: \"18:00\"}, mode: in-person, site: s%d}\n", i, t.program(), day(-30), i%20)
			continue
		}
		t, seat := seated[(i-i/4)%len(seated)], seatsMax[i%len(seatsMax)]
		fmt.Fprintf(&b, "  - {id: g%d, program: %s, leader: lead, enrolment: closed, seats: {min: 4, max: %d}, sessions: {start: %s, time: \"%02d:00\", count: 8}, mode: in-person, site: s%d}\n",
			i, t.program(), seat, day(7+i%60), 9+i%10, i%20)
	}
	return b.Bytes()
}
