package deliver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestAnswers: what each answer to a transaction means.
func TestAnswers(t *testing.T) {
	const outcome = `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"x","diagnostics":"Amara Okafor"}]}`
	const later, conflict, refused, done = "later", "conflict", "refused", "done"
	for _, test := range []struct {
		status int
		body   string
		want   string
	}{
		{200, `{"resourceType":"Bundle"}`, done}, {200, `<html>`, later},
		{400, outcome, refused}, {413, "", refused}, {422, outcome, refused}, {410, outcome, refused},
		{409, outcome, conflict}, {412, outcome, conflict},
		{401, "", later}, {403, outcome, later}, {408, "", later}, {429, outcome, later}, {500, outcome, later}, {503, "", later},
		{302, "", later}, {404, "<html>no such page", later}, {404, outcome, refused},
	} {
		f := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(test.status)
			fmt.Fprint(w, test.body)
		}))
		client, err := Login{}.Client(f.URL, 1)
		if err != nil {
			t.Fatal(err)
		}
		s := server{base: f.URL, http: client, timeout: 5 * time.Second}
		_, err = s.transaction(t.Context(), []byte("{}"))
		f.Close()
		var laterErr *laterError
		var refusal *refusal
		got := done
		switch {
		case errors.As(err, &laterErr):
			got = later
			if test.status != 200 && laterErr.after != 7*time.Second {
				t.Errorf("%d: wait %s, the server asks for 7 s", test.status, laterErr.after)
			}
		case errors.As(err, &refusal) && refusal.conflict():
			got = conflict
		case errors.As(err, &refusal):
			got = refused
			if (refusal.outcome == nil) != (test.body == "") {
				t.Errorf("%d: outcome %s", test.status, refusal.outcome)
			}
		}
		if got != test.want {
			t.Errorf("%d %s: %s, want %s", test.status, test.body, got, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "Amara") {
			t.Errorf("%d: the error names a person: %v", test.status, err)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	in := time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)
	for value, want := range map[string][2]time.Duration{
		"": {0, 0}, "soon": {0, 0}, "-5": {0, 0}, "30": {30 * time.Second, 30 * time.Second}, "999999": {retryAfterMax, retryAfterMax},
		in: {50 * time.Second, time.Minute},
	} {
		if got := retryAfter(value); got < want[0] || got > want[1] {
			t.Errorf("Retry-After %q is %s, want %v", value, got, want)
		}
	}
}

// TestTag: what a resource says stays, its tags too, and the type comes first.
func TestTag(t *testing.T) {
	for in, want := range map[string]string{
		`{"resourceType":"Task","id":"a","status":"draft"}`: `{"resourceType":"Task","id":"a","meta":{"tag":[{"system":"https://convene.health/fhir/sequence","code":"7"}]},"status":"draft"}`,
		`{"resourceType":"Task"}`:                           `{"resourceType":"Task","meta":{"tag":[{"system":"https://convene.health/fhir/sequence","code":"7"}]}}`,
		`{"id":"a","resourceType":"Task","meta":{"profile":["p"],"tag":[{"code":"t"}]},"note":[{"text":"n"}]}`: `{"resourceType":"Task","id":"a","meta":{"profile":["p"],"tag":[{"code":"t"},{"system":"https://convene.health/fhir/sequence","code":"7"}]},"note":[{"text":"n"}]}`,
	} {
		if got, err := tag([]byte(in), 7); err != nil || string(got) != want {
			t.Errorf("tag of %s is\n%s, want\n%s (%v)", in, got, want, err)
		}
	}
}

func TestPackWantsATransaction(t *testing.T) {
	for _, data := range []string{
		`{"resourceType":"Bundle","type":"message","entry":[]}`, `{"resourceType":"Bundle","type":"transaction","entry":[]}`, `[]`,
		`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":[],"request":{"method":"PUT","url":"Task/a"}}]}`,
	} {
		var b bundle
		_ = json.Unmarshal([]byte(data), &b) // of what is no bundle nothing is read
		if _, err := pack(&b, "r1", 1); !errors.Is(err, errNoTransaction) {
			t.Errorf("%s: %v", data, err)
		}
	}
}

// TestMemory keeps the last ones and stays bounded.
func TestMemory(t *testing.T) {
	var m memory[int]
	for i := range 3 * rememberMost {
		m.set(fmt.Sprint(i), i)
	}
	if got, ok := m.get(fmt.Sprint(2 * rememberMost)); !ok || got != 2*rememberMost {
		t.Error("a young one is forgotten")
	}
	if _, ok := m.get("0"); ok || len(m.young)+len(m.old) > 2*rememberMost {
		t.Errorf("%d are remembered", len(m.young)+len(m.old))
	}
	m.forget(fmt.Sprint(3*rememberMost - 1))
	if _, ok := m.get(fmt.Sprint(3*rememberMost - 1)); ok {
		t.Error("one to forget is remembered")
	}
}
