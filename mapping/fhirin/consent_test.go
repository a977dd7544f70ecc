package fhirin_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/convene-health/convene/mapping"
)

func TestConsent(t *testing.T) {
	const privacy = `"scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]}`
	for name, c := range map[string]struct {
		consent string
		denied  bool
		remarks []string
	}{
		"denies":              {`"status":"active",` + privacy + `,"provision":{"type":"deny"}`, true, nil},
		"denies an exception": {`"status":"active",` + privacy + `,"provision":{"type":"permit","provision":[{"type":"deny"}]}`, true, nil},
		"opts out":            {`"status":"active","policyRule":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"OPTOUT"}]}`, true, nil},
		"permits":             {`"status":"active",` + privacy + `,"provision":{"type":"permit"}`, false, nil},
		"denied once":         {`"status":"inactive","provision":{"type":"deny"}`, false, nil},
		"denies marketing":    {`"status":"active","provision":{"type":"deny","purpose":[{"code":"HMARKT"}]}`, false, nil},
		"denies treatment":    {`"status":"active","provision":{"type":"deny","purpose":[{"code":"HMARKT"},{"code":"TREAT"}]}`, true, nil},
		"denies research": {`"status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"research"}]},"provision":{"type":"deny"}`,
			false, []string{"Bundle.entry[2].resource not-used"}},
	} {
		x := referral(t, bundled("REASON", `{"resourceType":"Consent","patient":{"reference":"Patient/p"},"dateTime":"2026-11-01",`+c.consent+`}`), c.remarks...)
		want := []mapping.Observation(nil)
		if c.denied {
			want = []mapping.Observation{{Code: mapping.Code{System: mapping.SystemFinding, Code: "consent-denied", Display: "Consent denied"}, Date: "2026-11-01"}}
		}
		if diff := cmp.Diff(want, x.Observations); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	d := decode(bundled("REASON", `{"resourceType":"Consent","patient":{"reference":"Patient/p"},"status":"active","provision":{"type":"forbid"}}`))
	if got := fmt.Sprint(found(d)); got != "[Bundle.entry[2].resource.provision.type unknown-value]" {
		t.Errorf("a type that is none: %s", got)
	}
}

func TestQuestionnaireResponse(t *testing.T) {
	response := func(status string) string {
		return `{"resourceType":"QuestionnaireResponse","status":"` + status + `",MINE,"authored":"2026-11-02","item":[
			{"linkId":"/44249-1","item":[{"linkId":"/44249-1/44260-8","answer":[{"valueCoding":{LOINC,"code":"LA6570-1"}}]},{"linkId":"44261-6","answer":[{"valueDecimal":17}]}]},
			{"linkId":"7","answer":[{"valueInteger":3}]}]}`
	}
	mine := func(s string) string { return bundled("REASON", s) }
	x := referral(t, mine(response("completed")))
	total := 17.0
	if diff := cmp.Diff([]mapping.Observation{
		{Code: mapping.Code{System: mapping.SystemLOINC, Code: "44260-8"}, Answer: &mapping.Code{System: mapping.SystemLOINC, Code: "LA6570-1"}, Date: "2026-11-02"},
		{Code: mapping.Code{System: mapping.SystemLOINC, Code: "44261-6"}, Value: &total, Date: "2026-11-02"},
	}, x.Observations); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if x := referral(t, mine(response("in-progress"))); len(x.Observations) != 1 || x.Observations[0].Code.Code != "44260-8" {
		t.Errorf("unfinished, of which only what a safety rule asks is read: %v", x.Observations)
	}
	if x := referral(t, mine(response("entered-in-error"))); len(x.Observations) != 0 {
		t.Errorf("entered in error: %v", x.Observations)
	}
}
