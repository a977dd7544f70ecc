package confirm

import (
	"bytes"
	"testing"

	"github.com/convene-health/convene/fhir/fhirtest"
)

// TestBrokenBundlesFail shows that the check of every bundle can fail, and on what.
func TestBrokenBundlesFail(t *testing.T) {
	b, err := New(catalog(t, "")).Append(nil, placed())
	if err != nil {
		t.Fatal(err)
	}
	good := bundleOf(t, b)
	if err := fhirtest.Validate(good); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new string }{
		"unknown request status":    {`"status":"active","intent"`, `"status":"live","intent"`},
		"no request status":         {`"status":"active","intent"`, `"intent"`},
		"no intent":                 {`"intent":"order","category"`, `"category"`},
		"no subject":                {`"subject":{"reference":`, `"encounter":{"reference":`},
		"unknown task status":       {`"status":"accepted"`, `"status":"waiting"`},
		"unknown priority":          {`"priority":"routine","code"`, `"priority":"normal","code"`},
		"unknown element":           {`"authoredOn"`, `"orderedOn"`},
		"unknown gender":            {`"gender":"female"`, `"gender":"F"`},
		"birth date of no calendar": {`"birthDate":"1961-04-30"`, `"birthDate":"1961-04-31"`},
		"birth date as a number":    {`"birthDate":"1961-04-30"`, `"birthDate":1961`},
		"time without offset":       {`"authoredOn":"2026-11-11T09:30:00-05:00"`, `"authoredOn":"2026-11-11T09:30:00"`},
		"two onsets":                {`"onsetDateTime":"2024-02"`, `"onsetDateTime":"2024-02","onsetString":"long ago"`},
		"a list that is none":       {`"reasonReference":[`, `"performerType":[`},
		"one name for a list":       {`"given":["Ada"]`, `"given":"Ada"`},
		"id out of bounds":          {`"id":"riverside-r1042-1"`, `"id":"riverside r1042"`},
		"unknown resource":          {`"resourceType":"Task"`, `"resourceType":"Chore"`},
		"unknown contact system":    {`"system":"phone"`, `"system":"landline"`},
		"unknown verb":              {`"method":"PUT"`, `"method":"UPSERT"`},
		"no agent":                  {`"agent":[`, `"reason":[`},
		"null":                      {`"active":true`, `"active":null`},
		"text for a boolean":        {`"active":true`, `"active":"true"`},
		"dangling reference":        {`"focus":{"reference":"urn:uuid:`, `"focus":{"reference":"urn:uuid:0`},
		"empty text":                {`"family":"Okafor"`, `"family":""`},
		"create by another search":  {`"ifNoneExist":"identifier=http`, `"ifNoneExist":"name=http`},
		"another id in the URL":     {`"url":"Task/riverside-r1042-1"`, `"url":"Task/riverside-r1042-2"`},
		"no transaction":            {`"type":"transaction"`, `"type":"document"`},
		"cut short":                 {`]}`, ``},
	} {
		if !bytes.Contains(good, []byte(c.old)) {
			t.Errorf("%s: %s is not in %s", name, c.old, good)
			continue
		}
		if err := fhirtest.Validate(bytes.Replace(good, []byte(c.old), []byte(c.new), 1)); err == nil {
			t.Errorf("%s: %s for %s passes", name, c.new, c.old)
		}
	}
}
