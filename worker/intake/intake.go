// Package intake takes referral events over HTTP: POST /referrals/<network> with a bearer token, in any format that is read
// (CloudEvents, FHIR R4, HL7 v2). It answers 202 with the sequence once JetStream has the bytes, and not before.
//
// What parses as a message is stored, whatever it says: its confirmation answers it. An error status means that nothing, or
// of a batch not all, is stored; 503 may be tried again, and a copy sent twice is known by the roster.
package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/hl7v2"
	"github.com/convene-health/convene/worker"
)

// Door is the HTTP side of a worker.
type Door struct {
	// Keys hold the tokens of the sources.
	Keys worker.Keys
	// Connect as a source; called once for each.
	Connect func(network, source string) (*worker.Conn, error)
	// Networks that are known here, by name.
	Networks func() []string
	// Observe is told of each request which source it was of and its status; may be nil.
	Observe func(network, source string, status int)
	Log     zerolog.Logger
	// Asked answers GET /fhir/... of a source; may be nil.
	Asked func(w http.ResponseWriter, r *http.Request, network, source string)

	mu    sync.Mutex
	conns map[string]*worker.Conn
	room  chan struct{}
}

const (
	// requestsMax at once: each may hold a message of the largest size in memory.
	requestsMax = 256
	// headroom is what NATS headers take of the server's max_payload.
	headroom = 4 << 10
	// messagesMax of one batch.
	messagesMax = 1000
	endMax      = 10 * time.Second
)

// Serve answers requests until ctx ends, then those under way.
func (d *Door) Serve(ctx context.Context, on net.Listener) error {
	d.room, d.conns = make(chan struct{}, requestsMax), map[string]*worker.Conn{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /referrals/{network}", d.post)
	if d.Asked != nil {
		mux.HandleFunc("GET /fhir/", d.get)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 90 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		end, cancel := context.WithTimeout(context.Background(), endMax)
		defer cancel()
		_ = server.Shutdown(end)
	})
	err := server.Serve(on)
	if !stop() {
		<-ended
	}
	for _, c := range d.conns {
		c.Close()
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// failure is what a sender is told of a request that is not wholly stored.
type failure struct {
	status int
	text   string
	issues mapping.Issues
	stored []uint64
}

// post stores what one request brings.
func (d *Door) post(w http.ResponseWriter, r *http.Request) {
	network, source, f := d.admit(r)
	var stored []uint64
	if f == nil {
		select {
		case d.room <- struct{}{}:
			stored, f = d.take(w, r, network, source)
			<-d.room
		default:
			f = &failure{status: http.StatusServiceUnavailable, text: "too many requests at once; send again"}
		}
	}
	status := http.StatusAccepted
	if f != nil {
		status = f.status
	}
	if d.Observe != nil {
		d.Observe(network, source, status)
	}
	d.answer(w, network, stored, f)
}

// get lets a source ask.
func (d *Door) get(w http.ResponseWriter, r *http.Request) {
	network, source, ok := d.bearer(r)
	if !ok || !slices.Contains(d.Networks(), network) {
		http.Error(w, "give the source's token: Authorization: Bearer <token>", http.StatusUnauthorized)
		return
	}
	select {
	case d.room <- struct{}{}:
		defer func() { <-d.room }()
		d.Asked(w, r, network, source)
	default:
		http.Error(w, "too many requests at once; ask again", http.StatusServiceUnavailable)
	}
}

// bearer is who the request's token says it is of.
func (d *Door) bearer(r *http.Request) (network, source string, ok bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	network, source, ok = d.Keys.Bearer(strings.TrimSpace(token))
	return network, source, ok && strings.EqualFold(scheme, "Bearer")
}

// admit finds out who sends.
func (d *Door) admit(r *http.Request) (network, source string, f *failure) {
	network, source, ok := d.bearer(r)
	if !ok {
		return "", "", &failure{status: http.StatusUnauthorized, text: "give the source's token: Authorization: Bearer <token>"}
	}
	switch asked := r.PathValue("network"); {
	case !slices.Contains(d.Networks(), asked):
		return network, source, &failure{status: http.StatusNotFound, text: "this network is not known here"}
	case asked != network:
		return network, source, &failure{status: http.StatusForbidden, text: "this token is of another network"}
	}
	return network, source, nil
}

// take reads, looks and stores.
func (d *Door) take(w http.ResponseWriter, r *http.Request, network, source string) ([]uint64, *failure) {
	conn, err := d.conn(network, source)
	if err != nil {
		return nil, d.unstored(network, source, err)
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, max(conn.MaxPayload()-headroom, headroom)))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &failure{status: http.StatusRequestEntityTooLarge, text: fmt.Sprintf("at most %d bytes are taken", tooLarge.Limit)}
	case err != nil:
		return nil, &failure{status: http.StatusBadRequest, text: "the body could not be read"}
	}
	messages, f := messagesOf(r.Header, data)
	if f != nil {
		return nil, f
	}
	var stored []uint64
	for _, m := range messages {
		m.Subject = worker.InputSubject(network, source)
		ack, err := conn.Publish(context.WithoutCancel(r.Context()), m)
		if err != nil {
			f := d.unstored(network, source, err)
			f.stored = stored
			return nil, f
		}
		stored = append(stored, ack.Sequence)
	}
	return stored, nil
}

// formats by media type, with the name under which it is stored. Without any it is told by the first bytes.
var formats = map[string]string{
	// The last two are what HTTP clients send when they are told nothing.
	"": "", "application/octet-stream": "", "application/x-www-form-urlencoded": "",
	event.TypeCloudEvents: event.TypeCloudEvents, event.TypeJSON: event.TypeJSON, "text/json": event.TypeJSON,
	event.TypeFHIR: event.TypeFHIR, "application/json+fhir": event.TypeFHIR,
	event.TypeHL7v2: event.TypeHL7v2, "application/hl7-v2": event.TypeHL7v2, "application/hl7-v2+er7": event.TypeHL7v2,
}

// messagesOf a body, with the headers that decoding needs; a failure for what is no message at all.
func messagesOf(header http.Header, data []byte) ([]*nats.Msg, *failure) {
	given := header.Get("Content-Type")
	media, _, err := mime.ParseMediaType(given)
	format, known := formats[media]
	if !known || err != nil && given != "" {
		return nil, &failure{status: http.StatusUnsupportedMediaType, text: "send " + strings.Join([]string{event.TypeCloudEvents, event.TypeJSON, event.TypeFHIR, event.TypeHL7v2}, ", ")}
	}
	in := mapping.Input{Header: map[string]string{"content-type": format}, Data: data}
	parts := [][]byte{data}
	if hl7v2.Claims(in) {
		format, parts = event.TypeHL7v2, hl7v2.Split(data)
		if len(parts) > messagesMax {
			return nil, &failure{status: http.StatusRequestEntityTooLarge, text: fmt.Sprintf("at most %d messages are taken at once", messagesMax)}
		}
		if m, issues := hl7v2.Parse(data); m.Count("MSH") == 0 || len(parts) == 0 {
			return nil, &failure{status: http.StatusBadRequest, text: "this is no HL7 v2 message", issues: issues}
		}
	} else if !json.Valid(bytes.TrimPrefix(data, []byte("\uFEFF"))) {
		return nil, &failure{status: http.StatusBadRequest, text: "this is neither JSON nor an HL7 v2 message"}
	}
	messages := make([]*nats.Msg, len(parts))
	for i, part := range parts {
		m := nats.NewMsg("")
		if m.Data = part; format != "" {
			m.Header.Set("Content-Type", format)
		}
		for name, values := range header {
			if lower := strings.ToLower(name); strings.HasPrefix(lower, "ce-") && len(values) > 0 {
				m.Header.Set(lower, values[0])
			}
		}
		messages[i] = m
	}
	return messages, nil
}

// conn of a source: one for all its requests.
func (d *Door) conn(network, source string) (*worker.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := network + "." + source
	if c := d.conns[name]; c != nil {
		return c, nil
	}
	c, err := d.Connect(network, source)
	if err == nil {
		d.conns[name] = c
	}
	return c, err
}

// unstored says why JetStream did not store a message.
func (d *Door) unstored(network, source string, err error) *failure {
	d.Log.Warn().Str("network", network).Str("source", source).Err(err).Msg("http: not stored")
	switch {
	case errors.Is(err, jetstream.ErrNoStreamResponse):
		return &failure{status: http.StatusNotFound, text: "this network is not known here"}
	case errors.Is(err, worker.ErrDenied):
		return &failure{status: http.StatusForbidden, text: "this source may not send to this network"}
	case errors.Is(err, nats.ErrMaxPayload):
		return &failure{status: http.StatusRequestEntityTooLarge, text: "the message is larger than the server takes"}
	}
	return &failure{status: http.StatusServiceUnavailable, text: "the message could not be stored now; send it again"}
}

// answer writes 202 and the sequence, of a batch the sequences; or why not.
func (d *Door) answer(w http.ResponseWriter, network string, stored []uint64, f *failure) {
	w.Header().Set("Content-Type", event.TypeJSON)
	body := struct {
		Stream    string         `json:"stream,omitempty"`
		Sequence  uint64         `json:"sequence,omitempty"`
		Sequences []uint64       `json:"sequences,omitempty"`
		Error     string         `json:"error,omitempty"`
		Issues    mapping.Issues `json:"issues,omitempty"`
	}{Sequences: stored}
	status := http.StatusAccepted
	switch {
	case f == nil && len(stored) == 1:
		body.Sequence, body.Sequences = stored[0], nil
	case f != nil:
		status, body.Error, body.Issues, body.Sequences = f.status, f.text, f.issues, f.stored
	}
	if f == nil || len(f.stored) > 0 {
		body.Stream = worker.ReferralsStream(network)
	}
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="convene"`)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
