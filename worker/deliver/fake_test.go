package deliver

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// fakeServer is a small, strict FHIR R4 server: transactions of conditional creations and of updates under client ids with
// If-Match, versions, tags that stay, reads. The test in .ci/run holds it against HAPI FHIR.
type fakeServer struct {
	*httptest.Server
	t *testing.T
	// strictMatch: If-Match holds nowhere where nothing is, as RFC 9110 says; If-None-Match: * is obeyed.
	strictMatch bool

	mu           sync.Mutex
	resources    map[string]*stored // by reference
	numbered     int
	transactions int
	// before, if set, sees each request first; it may answer it itself and return true.
	before func(w http.ResponseWriter, r *http.Request, body []byte) bool
}

type stored struct {
	version  int
	resource map[string]any
	statuses []string // of all versions
}

func newFake(t *testing.T) *fakeServer {
	f := &fakeServer{t: t, resources: map[string]*stored{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	f.mu.Lock()
	before := f.before
	f.mu.Unlock()
	if before != nil && before(w, r, body) {
		return
	}
	f.answer(w, r.Method, r.URL.Path, body)
}

func (f *fakeServer) answer(w http.ResponseWriter, method, path string, body []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w.Header().Set("Content-Type", "application/fhir+json")
	if method == http.MethodGet {
		at := f.resources[strings.TrimPrefix(path, "/")]
		if at == nil {
			outcome(w, http.StatusNotFound, "not-found")
			return
		}
		_ = json.NewEncoder(w).Encode(at.resource)
		return
	}
	if path != "/" && path != "" {
		outcome(w, http.StatusMethodNotAllowed, "not-supported")
		return
	}
	f.transaction(w, body)
}

func outcome(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":%q}]}`, code)
}

// transaction carries out all entries or none.
func (f *fakeServer) transaction(w http.ResponseWriter, body []byte) {
	var b struct {
		ResourceType, Type string
		Entry              []struct {
			FullURL  string
			Resource map[string]any
			Request  request
		}
	}
	if err := json.Unmarshal(body, &b); err != nil || b.ResourceType != "Bundle" || b.Type != "transaction" {
		outcome(w, http.StatusBadRequest, "structure")
		return
	}
	f.transactions++
	before := maps.Clone(f.resources)
	var entries []string
	for _, e := range b.Entry {
		location, status := f.entry(e.Resource, e.Request)
		if status >= 400 {
			f.resources = before
			outcome(w, status, "conflict")
			return
		}
		entries = append(entries, fmt.Sprintf(`{"response":{"status":"%d","location":%q}}`, status, location))
	}
	fmt.Fprintf(w, `{"resourceType":"Bundle","type":"transaction-response","entry":[%s]}`, strings.Join(entries, ","))
}

func (f *fakeServer) entry(resource map[string]any, q request) (location string, status int) {
	kind := fmt.Sprint(resource["resourceType"])
	if q.Method == http.MethodPost {
		query, err := url.ParseQuery(q.IfNoneExist)
		if err != nil || q.URL != kind {
			return "", http.StatusBadRequest
		}
		var found []string
		for reference, at := range f.resources {
			if strings.HasPrefix(reference, kind+"/") && slices.ContainsFunc(strings.Split(query.Get("identifier"), ","), func(token string) bool { return identified(at.resource, token) }) {
				found = append(found, reference)
			}
		}
		switch len(found) {
		case 0:
		case 1:
			return found[0] + "/_history/1", http.StatusOK
		default:
			return "", http.StatusPreconditionFailed
		}
		f.numbered++
		return f.put(fmt.Sprintf("%s/%d", kind, f.numbered), resource), http.StatusCreated
	}
	if q.URL != kind+"/"+fmt.Sprint(resource["id"]) {
		return "", http.StatusBadRequest
	}
	at := f.resources[q.URL]
	switch {
	case at != nil && q.IfMatch != "" && q.IfMatch != etag(strconv.Itoa(at.version)),
		at == nil && q.IfMatch != "" && f.strictMatch,
		at != nil && q.IfNoneMatch == "*" && f.strictMatch:
		return "", http.StatusPreconditionFailed
	}
	return f.put(q.URL, resource), http.StatusOK
}

func identified(resource map[string]any, token string) bool {
	system, value, _ := strings.Cut(token, "|")
	list, _ := resource["identifier"].([]any)
	for _, one := range list {
		if id := one.(map[string]any); id["system"] == system && id["value"] == value {
			return true
		}
	}
	return false
}

// put a new version. Tags of the one before stay.
func (f *fakeServer) put(reference string, resource map[string]any) string {
	now := &stored{version: 1, resource: resource}
	meta, _ := resource["meta"].(map[string]any)
	if meta == nil {
		meta = map[string]any{}
	}
	if at := f.resources[reference]; at != nil {
		now.version, now.statuses = at.version+1, at.statuses
		tags, _ := meta["tag"].([]any)
		old, _ := at.resource["meta"].(map[string]any)["tag"].([]any)
		meta["tag"] = append(tags, old...)
	}
	now.statuses = append(now.statuses[:len(now.statuses):len(now.statuses)], fmt.Sprint(resource["status"]))
	meta["versionId"] = strconv.Itoa(now.version)
	resource["meta"] = meta
	f.resources[reference] = now
	return fmt.Sprintf("%s/_history/%d", reference, now.version)
}

// statuses that a resource has had, "requested accepted".
func (f *fakeServer) statuses(reference string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at := f.resources[reference]; at != nil {
		return strings.Join(at.statuses, " ")
	}
	return ""
}

// count of resources of a kind.
func (f *fakeServer) count(kind string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for reference := range f.resources {
		if strings.HasPrefix(reference, kind+"/") {
			n++
		}
	}
	return n
}

func (f *fakeServer) intercept(before func(w http.ResponseWriter, r *http.Request, body []byte) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = before
}
