package generate

import (
	"time"

	"github.com/convene-health/convene/mapping"
)

// facts adds what the gates of programs for a problem ask. Most referrals tell all of it; every seventh or so lacks a part,
// or has a value that is outside. It goes by the draft's time, so that it draws nothing.
func (g *generator) facts(d *draft, x *problem) {
	n := int(d.at / 60)
	switch x.key {
	case "prediabetes":
		if n%7 != 0 {
			g.measure(d, mapping.SystemLOINC, "4548-4", float64(57+n%8)/10, "%", 10+n%200)
		}
		if n%9 != 0 {
			g.measure(d, mapping.SystemLOINC, "39156-5", float64(25+n%12), "kg/m2", 5)
		}
	case "copd":
		if n%7 != 0 {
			g.measure(d, mapping.SystemFinding, "gold-stage", float64(1+n%4), "", 30)
		}
	case "coronary_heart_disease":
		if n%8 != 0 {
			g.found(d, mapping.SystemICD10CM, "Z95.5", 20+n%90)
		}
	case "heart_failure":
		if n%8 != 0 {
			g.measure(d, mapping.SystemLOINC, "10230-1", float64(25+n%15), "%", 40)
			g.found(d, mapping.SystemFinding, "heart-failure-therapy", 60+n%100)
			d.referral.Observations = append(d.referral.Observations, mapping.Observation{
				Code: mapping.Code{System: mapping.SystemLOINC, Code: "88020-3"}, Answer: &mapping.Code{System: mapping.SystemLOINC, Code: "LA28405-1"}, Date: g.before(d, 30),
			})
		}
	case "diabetes_t1", "diabetes_t2", "diabetes_other":
		if n%7 != 0 {
			g.measure(d, mapping.SystemFinding, mapping.FindingOrderedHours, 10, "h", 0)
			g.found(d, mapping.SystemFinding, mapping.FindingOrderedTopics, 0)
		}
	case "borderline_pd":
		if n%4 != 0 {
			g.found(d, mapping.SystemFinding, "individual-therapy", 15)
		}
	}
}

// guarded names the guardian of a minor, who mostly consents.
func (g *generator) guarded(d *draft) {
	if d.person.age >= 18 {
		return
	}
	p := &d.referral.Patient
	p.Guardian = mapping.Party{Family: p.Name.Family, Given: []string{"Robin"}, Phone: p.Phone}
	if p.Guardian.Phone == "" {
		p.Guardian.Phone = "555-0199"
	}
	if int(d.at/60)%7 != 0 {
		g.found(d, mapping.SystemFinding, mapping.FindingGuardianConsent, 3)
	}
}

// measure adds a result of some days before the order.
func (g *generator) measure(d *draft, system, code string, value float64, unit string, days int) {
	d.referral.Observations = append(d.referral.Observations,
		mapping.Observation{Code: mapping.Code{System: system, Code: code}, Value: &value, Unit: unit, Date: g.before(d, days)})
}

func (g *generator) found(d *draft, system, code string, days int) {
	d.referral.Observations = append(d.referral.Observations, mapping.Observation{Code: mapping.Code{System: system, Code: code}, Date: g.before(d, days)})
}

// before is the day some days before the order.
func (g *generator) before(d *draft, days int) string {
	signed, err := time.Parse(time.DateOnly, d.referral.AuthoredOn)
	if err != nil {
		panic(err)
	}
	return signed.AddDate(0, 0, -days).Format(time.DateOnly)
}
