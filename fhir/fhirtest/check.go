// Package fhirtest checks bundles with an implementation of FHIR that is not ours: github.com/google/fhir/go,
// which parses R4 JSON into protocol buffers and refuses unknown elements, missing required ones, wrong types,
// codes outside of required value sets and references to the wrong type. It is for tests only.
package fhirtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat"
)

// Check fails the test with every problem of a transaction bundle.
func Check(t testing.TB, bundle []byte) {
	t.Helper()
	if err := Validate(bundle); err != nil {
		t.Errorf("%v\nin %s", err, bundle)
	}
}

// Read fails the test where a resource is not R4.
func Read(t testing.TB, resource []byte) {
	t.Helper()
	u, err := unmarshaller()
	if err == nil {
		_, err = u.Unmarshal(resource)
	}
	if err != nil {
		t.Errorf("google/fhir: %v\nin %s", err, resource)
	}
}

var unmarshaller = sync.OnceValues(func() (*jsonformat.Unmarshaller, error) {
	return jsonformat.NewUnmarshaller("UTC", fhirversion.R4)
})

// Validate parses the bundle as R4 and checks what a parser of single resources cannot: that it is a
// transaction whose entries each have a fullUrl of their own and a request that fits the resource, that every
// reference to a urn resolves within it, and that no element is empty. The error lists all problems.
func Validate(bundle []byte) error {
	u, err := unmarshaller()
	if err != nil {
		return err
	}
	var problems []error
	if _, err := u.Unmarshal(bundle); err != nil {
		problems = append(problems, fmt.Errorf("google/fhir: %w", err))
	}
	var b transaction
	if err := json.Unmarshal(bundle, &b); err != nil {
		return errors.Join(append(problems, err)...)
	}
	return errors.Join(append(problems, b.problems()...)...)
}

type transaction struct {
	ResourceType string  `json:"resourceType"`
	Type         string  `json:"type"`
	Entry        []entry `json:"entry"`
}

type entry struct {
	FullURL  string         `json:"fullUrl"`
	Resource map[string]any `json:"resource"`
	Request  struct {
		Method      string `json:"method"`
		URL         string `json:"url"`
		IfNoneExist string `json:"ifNoneExist"`
	} `json:"request"`
}

// fullURL is a urn:uuid as RFC 4122 writes it.
var fullURL = regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func (b *transaction) problems() (found []error) {
	report := func(format string, args ...any) { found = append(found, fmt.Errorf(format, args...)) }
	if b.ResourceType != "Bundle" || b.Type != "transaction" {
		report("is a %s of type %q, not a transaction Bundle", b.ResourceType, b.Type)
	}
	urls, conditions := map[string]bool{}, map[string]bool{}
	for i, e := range b.Entry {
		kind, _ := e.Resource["resourceType"].(string)
		if !fullURL.MatchString(e.FullURL) || urls[e.FullURL] {
			report("entry %d (%s): fullUrl %q is no urn:uuid of its own", i, kind, e.FullURL)
		}
		urls[e.FullURL] = true
		request := e.Request.Method + " " + e.Request.URL
		id, _ := e.Resource["id"].(string)
		switch {
		case request == "PUT "+kind+"/"+id && id != "" && e.Request.IfNoneExist == "":
		case request == "POST "+kind && strings.HasPrefix(e.Request.IfNoneExist, "identifier=") && id == "":
		default:
			report("entry %d (%s): request %s %q does not fit", i, kind, request, e.Request.IfNoneExist)
		}
		if key := request + e.Request.IfNoneExist; conditions[key] {
			report("entry %d (%s): two entries for one resource: %s", i, kind, key)
		} else {
			conditions[key] = true
		}
	}
	for i, e := range b.Entry {
		walk(e.Resource, func(path, problem string) { report("entry %d%s: %s", i, path, problem) }, urls, "")
	}
	return found
}

// walk looks for empty elements and for references that do not resolve.
func walk(v any, report func(path, problem string), urls map[string]bool, path string) {
	switch v := v.(type) {
	case nil:
		report(path, "is null")
	case string:
		if strings.TrimSpace(v) == "" {
			report(path, "is an empty string")
		}
	case []any:
		if len(v) == 0 {
			report(path, "is an empty array")
		}
		for i, x := range v {
			walk(x, report, urls, fmt.Sprintf("%s[%d]", path, i))
		}
	case map[string]any:
		if len(v) == 0 {
			report(path, "is an empty object")
		}
		if ref, ok := v["reference"].(string); ok && !urls[ref] {
			report(path, "refers to "+ref+", which is not in the bundle")
		}
		for name, x := range v {
			walk(x, report, urls, path+"."+name)
		}
	}
}
