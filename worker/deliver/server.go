package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// server is the REST interface of a FHIR R4 server (https://hl7.org/fhir/R4/http.html), as far as delivery needs it.
type server struct {
	base    string // without a slash at the end
	http    *http.Client
	timeout time.Duration
}

// A laterError says nothing about what was sent: it may or may not have been done, and may be sent again.
type laterError struct {
	err      error
	after    time.Duration // that the server asks for; 0: it does not say
	answered bool          // a 5xx, which could be about this bundle
}

func (e *laterError) Error() string { return e.err.Error() }
func (e *laterError) Unwrap() error { return e.err }

// A refusal is the server's answer that it will not take a bundle. Its text leaves the outcome out, which may name people.
type refusal struct {
	status  int
	outcome json.RawMessage // OperationOutcome, or nil
}

func (e *refusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the server answers %d %s", e.status, http.StatusText(e.status)))
}

// conflict: a resource has another version than the bundle names, or something that must be one is several.
func (e *refusal) conflict() bool {
	return e.status == http.StatusConflict || e.status == http.StatusPreconditionFailed
}

// transaction posts a bundle and returns, by entry, the version that the server gives; empty where it does not say.
func (s *server) transaction(ctx context.Context, body []byte) ([]string, error) {
	status, answer, err := s.do(ctx, http.MethodPost, s.base, body)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK && status != http.StatusCreated {
		return nil, &refusal{status, outcomeOf(answer)}
	}
	var b struct {
		Entry []struct {
			Response struct {
				Location string `json:"location"`
				ETag     string `json:"etag"`
			} `json:"response"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(answer, &b); err != nil {
		return nil, &laterError{err: fmt.Errorf("the server's answer to a transaction is no Bundle: %w", err)}
	}
	versions := make([]string, len(b.Entry))
	for i, e := range b.Entry {
		if _, version, ok := strings.Cut(e.Response.Location, "/_history/"); ok {
			versions[i] = version
		} else {
			versions[i] = versionOf(e.Response.ETag)
		}
	}
	return versions, nil
}

// process sends a message (https://hl7.org/fhir/R4/messageheader-operation-process-message.html). Where the answer is a message too,
// its header says whether it was taken.
func (s *server) process(ctx context.Context, message []byte) error {
	status, answer, err := s.do(ctx, http.MethodPost, s.base+"/$process-message", message)
	if err != nil {
		return err
	}
	if status >= 300 {
		return &refusal{status, outcomeOf(answer)}
	}
	var b struct {
		Entry []struct {
			Resource json.RawMessage `json:"resource"`
		} `json:"entry"`
	}
	if json.Unmarshal(answer, &b) != nil || len(b.Entry) == 0 {
		return nil // no word is none against it
	}
	var header struct {
		Response struct {
			Code string `json:"code"`
		} `json:"response"`
	}
	_ = json.Unmarshal(b.Entry[0].Resource, &header) // what is no header says nothing
	var outcome json.RawMessage
	for _, e := range b.Entry {
		if found := outcomeOf(e.Resource); found != nil {
			outcome = found
		}
	}
	switch header.Response.Code {
	case "fatal-error":
		return &refusal{http.StatusUnprocessableEntity, outcome}
	case "transient-error":
		return &laterError{err: errors.New("the receiver cannot take the message now"), answered: true}
	}
	return nil
}

// read tells how a resource of ours, "Task/riverside-r1042-1", stands.
func (s *server) read(ctx context.Context, reference string) (standing, error) {
	status, answer, err := s.do(ctx, http.MethodGet, s.base+"/"+reference, nil)
	if err != nil {
		return standing{}, err
	}
	switch status {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return standing{}, nil
	default:
		return standing{}, &refusal{status, outcomeOf(answer)}
	}
	var resource struct {
		Meta struct {
			VersionID string `json:"versionId"`
			Tag       []struct{ System, Code string }
		} `json:"meta"`
	}
	if err := json.Unmarshal(answer, &resource); err != nil {
		return standing{}, &laterError{err: fmt.Errorf("%s cannot be read: %w", reference, err)}
	}
	at := standing{version: resource.Meta.VersionID}
	if at.version == "" {
		return standing{}, &laterError{err: fmt.Errorf("%s has no meta.versionId: the server must keep versions", reference)}
	}
	for _, t := range resource.Meta.Tag {
		if sequence, err := strconv.ParseUint(t.Code, 10, 64); err == nil && t.System == tagSystem {
			at.sequence = max(at.sequence, sequence)
		}
	}
	return at, nil
}

// do sends one request. Answers that say nothing about what was sent are errors. A request under way when ctx ends has a
// little time to finish.
func (s *server) do(ctx context.Context, method, address string, body []byte) (status int, answer []byte, err error) {
	whole := ctx
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeout)
	defer cancel()
	defer context.AfterFunc(whole, func() { time.AfterFunc(finishMax, cancel) })()
	q, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	q.Header.Set("Accept", "application/fhir+json")
	if body != nil {
		q.Header.Set("Content-Type", "application/fhir+json")
		q.Header.Set("Prefer", "return=minimal")
	}
	response, err := s.http.Do(q)
	if err != nil {
		var outer *url.Error // names the address, which may hold an id; ours do not tell anything, but others log it
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return 0, nil, &laterError{err: err}
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, responseMax))
	if err != nil {
		return 0, nil, &laterError{err: err}
	}
	if err := transient(response, answer); err != nil {
		return 0, nil, err
	}
	return response.StatusCode, answer, nil
}

// transient is the error of an answer that says nothing about the bundle.
func transient(r *http.Response, answer []byte) error {
	later := &laterError{after: retryAfter(r.Header.Get("Retry-After")), err: &refusal{r.StatusCode, outcomeOf(answer)}}
	switch code := r.StatusCode; {
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests:
		return later
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		later.err = fmt.Errorf("the server does not let us in: %w", later.err)
		return later
	case code >= 500:
		later.answered = true
		return later
	case code >= 300 && code < 400:
		later.err = fmt.Errorf("the server sends us to %q: give that address with --fhir", r.Header.Get("Location"))
		return later
	case code == http.StatusNotFound && r.Request.Method == http.MethodPost && outcomeOf(answer) == nil:
		later.err = errors.New("there is no FHIR server at this address (404)")
		return later
	}
	return nil
}

// retryAfter reads the header, seconds or a date.
func retryAfter(value string) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.Atoi(value); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = time.Until(at)
	}
	return min(max(wait, 0), retryAfterMax)
}

// outcomeOf an answer: the OperationOutcome, or nil if it is none.
func outcomeOf(answer []byte) json.RawMessage {
	var kind struct {
		ResourceType string `json:"resourceType"`
	}
	if json.Unmarshal(answer, &kind) != nil || kind.ResourceType != "OperationOutcome" || len(answer) > outcomeMax {
		return nil
	}
	return answer
}
