package program

import "github.com/convene-health/convene/mapping"

// Template is a shipped program: what `from:` fills in. Values of its sources only; what they do not say is
// left to the kind's defaults.
type Template struct {
	Key string // e.g. "cbt_group_depression"
	Program
	// LeaderNeeds describes who leads it.
	LeaderNeeds string
	// Judged are exclusions of its sources that no code shows, for people to weigh, e.g. "untreated_sleep_apnoea".
	Judged    []string
	Modes     []string
	Enrolment string
	Seats     Seats
	// Sessions in all for one participant; 0: ongoing or not stated.
	Sessions int
	Minutes  int
	Every    string
	// HCPCSRelated are verified codes of the same service in another setting (individual, partial hospitalisation,
	// milestones): never written on a group order.
	HCPCSRelated []string
	// Modifiers of HCPCS, e.g. HQ: group setting.
	Modifiers []string
	Source    string
}

// Templates are the shipped programs.
func Templates() []Template { return shipped().templates }

// TemplateByKey finds a shipped program, nil if there is none of that key.
func TemplateByKey(key string) *Template {
	if i, ok := shipped().templateOf[key]; ok {
		return &shipped().templates[i]
	}
	return nil
}

func (t *Tables) readTemplates(extra map[string][]mapping.Code) {
	t.templateOf = map[string]int{}
	for i, r := range readTable("programs.csv") {
		p := Program{
			Name: r["name"], Kind: mapping.Kind(r["kind"]), Participant: mapping.Participant(r["participant"]),
			Conditions: r.list("conditions"), Goals: r.list("goals"), Curriculum: r["curriculum"], Licensed: r.yes("licensed"),
			Criteria: Criteria{Excludes: r.list("excludes")}, Attendance: r["attendance"],
			Codes: Codes{
				HCPCS: r.list("hcpcs"), CPT: r.list("cpt"), SNOMED: r.list("snomed"), Category: r["category"],
				ServiceCategory: r["service_category"], ServiceType: r["service_type"],
			},
		}
		for _, c := range extra["program "+r["key"]] {
			p.Codes.SNOMED = append(p.Codes.SNOMED, c.Code)
		}
		t.templateOf[r["key"]] = i
		t.templates = append(t.templates, Template{
			Key: r["key"], Program: p, LeaderNeeds: r["leader"], Judged: r.list("judged"), Modes: r.list("modes"),
			Enrolment: r["enrolment"], Seats: Seats{Min: r.number("seats_min"), Max: r.number("seats_max")},
			Sessions: r.number("sessions"), Minutes: r.number("minutes"), Every: r["every"],
			HCPCSRelated: r.list("hcpcs_related"), Modifiers: r.list("modifiers"), Source: r["source"],
		})
	}
}
