package confirm

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var compiled = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("confirmation.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("confirmation.json")
})

func validateSchema(t *testing.T, confirmation []byte) error {
	t.Helper()
	s, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(confirmation))
	if err != nil {
		t.Fatalf("%v in %s", err, confirmation)
	}
	return s.Validate(v)
}

func checkSchema(t *testing.T, confirmation []byte) {
	t.Helper()
	if err := validateSchema(t, confirmation); err != nil {
		t.Errorf("%v\nin %s", err, confirmation)
	}
}

// TestSchemaRefuses shows that the schema can fail.
func TestSchemaRefuses(t *testing.T) {
	good, err := New(catalog(t, "")).Append(nil, placed())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new string }{
		{`"specversion":"1.0"`, `"specversion":"0.3"`},
		{`"subject":"r1042"`, `"subject":"Okafor"`},
		{`"status":"placed"`, `"status":"seated"`},
		{`"type":"convene.placement.placed"`, `"type":"convene.event.refused"`},
		{`"taken":5,`, ``},
		{`"role":"primary"`, `"role":"main"`},
		{`"zone":"America/New_York",`, ``},
		{`"place":`, `"link":"https://video.example.org","place":`},
		{`"cause":{`, `"reason":"x","cause":{`},
		{`"sequence":1042`, `"sequence":"1042"`},
		{`"time":"2026-11-12T15:04:05.678Z"`, `"time":"12 November"`},
		{`"resourceType":"Bundle"`, `"resourceType":"Patient"`},
	} {
		if !bytes.Contains(good, []byte(c.old)) {
			t.Errorf("%s is not in %s", c.old, good)
			continue
		}
		if err := validateSchema(t, []byte(strings.Replace(string(good), c.old, c.new, 1))); err == nil {
			t.Errorf("%s for %s passes", c.new, c.old)
		}
	}
}
