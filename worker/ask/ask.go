package ask

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/confirm"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/worker"
)

// Window answers the sources of one network. Safe for concurrent use.
type Window struct {
	network string
	conn    *worker.Conn
	ledger  *worker.LedgerReader
	log     zerolog.Logger

	ctx    context.Context // of the mirror, once there is one
	cancel context.CancelFunc

	mu      sync.Mutex
	mirror  *worker.Mirror   // opened at the first question that needs it
	catalog *program.Catalog // the one last read, and what is said of its programs
	writer  *confirm.Writer
	book    *engine.Book // of the catalog in force when a preview was last asked for
}

// Open a window. conn may read the network's ledger and catalogs, as the worker may.
func Open(conn *worker.Conn, network string, log zerolog.Logger) (*Window, error) {
	ledger, err := worker.OpenLedger(conn, network)
	if err != nil {
		return nil, err
	}
	w := &Window{network: network, conn: conn, ledger: ledger, log: log}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	return w, nil
}

// Close it.
func (w *Window) Close() {
	w.cancel()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ledger.Close()
	if w.mirror != nil {
		w.mirror.Close()
	}
}

// Answer is a FHIR resource, or what Media says, with its HTTP status.
type Answer struct {
	Status int
	Body   []byte
	ETag   string // of a single resource
	Media  string // of the body; empty: application/fhir+json
}

func (a *Answer) media() string { return cmp.Or(a.Media, mediaFHIR) }

const (
	base   = "https://convene.health/fhir/" // of the identifier systems of bundles
	askMax = 10 * time.Second               // for one answer
	uriMax = 2 << 10                        // bytes of a question
)

// Ask answers a question of a source: a path below /fhir/ with its query, "Task?identifier=https://orders.example|o1".
func (w *Window) Ask(ctx context.Context, source, question string) Answer {
	ctx, cancel := context.WithTimeout(ctx, askMax)
	defer cancel()
	u, err := url.Parse(strings.TrimPrefix(question, "/"))
	if err != nil || len(question) > uriMax || u.IsAbs() || u.Host != "" {
		return problem(http.StatusBadRequest, "invalid", "this is no path and query of FHIR")
	}
	kind, id, single := strings.Cut(u.Path, "/")
	query := u.Query()
	query.Del("_format")
	switch {
	case u.Path == "metadata":
		return Answer{Status: http.StatusOK, Body: capability}
	case (kind == "HealthcareService" || kind == "Organization" && single) && len(query) == 0:
		return w.offered(ctx, kind, id)
	case !slices.Contains(ours, kind):
		return problem(http.StatusNotFound, "not-supported", "ask for metadata, HealthcareService, Organization/<id>, "+strings.Join(ours, ", "))
	case single && kind == "Task" && len(query) == 0 && strings.Contains(id, "/$"):
		id, operation, _ := strings.Cut(id, "/")
		return w.operate(ctx, source, id, operation)
	case single && len(query) == 0:
		return w.read(ctx, source, kind, id)
	case !single && slices.Contains(ours[:2], kind) && len(query) == 1 && len(query["identifier"]) == 1:
		return w.search(ctx, source, kind, query.Get("identifier"))
	}
	return problem(http.StatusBadRequest, "not-supported", kind+" is found by id, ServiceRequest and Task by identifier=<system>|<value> too, and by nothing else")
}

// ours are the types that a bundle puts under ids of Convene's; the first two have identifiers.
var ours = []string{"ServiceRequest", "Task", "Appointment", "Observation"}

// read one resource by its id, which holds the referral's key: riverside-r1042-1.
func (w *Window) read(ctx context.Context, source, kind, id string) Answer {
	order, ours := strings.CutPrefix(id, w.network+"-")
	key, ok := keyOf(order)
	if !ours || !ok || strings.Contains(id, "/") {
		return notFound(kind, id)
	}
	found, err := w.confirmed(ctx, source, key)
	if err != nil {
		return w.failed(err)
	}
	for _, f := range found {
		if f.kind == kind && f.id == id {
			return Answer{Status: http.StatusOK, Body: f.resource, ETag: f.etag()}
		}
	}
	return notFound(kind, id)
}

// search those of one order.
func (w *Window) search(ctx context.Context, source, kind, token string) Answer {
	system, value, ok := strings.Cut(token, "|")
	if !ok || value == "" {
		return problem(http.StatusBadRequest, "invalid", "write identifier=<system>|<value>")
	}
	order, key := "", ""
	switch system {
	case base + w.network + "/order": // ours
		order = value
		key, ok = keyOf(value)
	case base + w.network + "/referral": // of an order that the EHR gave no identifier
		key, ok = keyOf(value)
	default:
		var err error
		if key, ok, err = w.find(source, mapping.Identifier{System: system, Value: value}); err != nil {
			return w.failed(err)
		}
	}
	var found []resource
	if ok {
		all, err := w.confirmed(ctx, source, key)
		if err != nil {
			return w.failed(err)
		}
		for _, f := range all {
			if f.kind == kind && (order == "" || f.id == w.network+"-"+order) {
				found = append(found, f)
			}
		}
	}
	return searchset(found, nil)
}

// keyOf the referral that an order, r1042-1 or r1050-r1042-1, is of.
func keyOf(order string) (key string, ok bool) {
	key, _, _ = strings.Cut(order, "-")
	digits, ok := strings.CutPrefix(key, "r")
	_, err := strconv.ParseUint(digits, 10, 64)
	return key, ok && err == nil
}

// find the key of the source's referral by the EHR's identifier, as it sent it or as bundles write it.
func (w *Window) find(source string, id mapping.Identifier) (key string, ok bool, err error) {
	if local, mine := strings.CutPrefix(id.System, base+w.network+"/source/"+source+"/"); mine {
		if id.System, err = url.PathUnescape(local); err != nil {
			return "", false, nil
		}
	}
	if id.System == base+w.network+"/source/"+source {
		id.System = ""
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.open(); err != nil {
		return "", false, err
	}
	n, ok := w.mirror.State().Find(id, source)
	if oid, is := strings.CutPrefix(id.System, "urn:oid:"); !ok && is {
		n, ok = w.mirror.State().Find(mapping.Identifier{System: oid, Value: id.Value}, source)
	}
	return "r" + strconv.FormatUint(n, 10), ok, nil
}

// open the mirror of the roster, and keep it up to date from then on. w.mu is held.
func (w *Window) open() error {
	if w.mirror != nil {
		return nil
	}
	m, err := worker.OpenMirror(w.ctx, w.conn, w.network, "")
	if err != nil {
		return err
	}
	w.mirror = m
	go func() {
		for batch, err := range m.Follow(w.ctx) {
			if err != nil {
				w.log.Warn().Str("network", w.network).Err(err).Msg("ask: the ledger cannot be read; trying again")
				continue
			}
			w.mu.Lock()
			_, err := m.Apply(batch)
			if err != nil { // the next question folds anew
				w.log.Error().Str("network", w.network).Err(err).Msg("ask: the ledger cannot be followed")
				w.mirror = nil
				m.Close()
			}
			w.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return nil
}

func (w *Window) failed(err error) Answer {
	w.log.Warn().Str("network", w.network).Err(err).Msg("ask: not answered")
	if errors.Is(err, context.DeadlineExceeded) {
		return problem(http.StatusServiceUnavailable, "timeout", "the ledger did not answer in time; ask again")
	}
	return problem(http.StatusServiceUnavailable, "transient", "the ledger cannot be read now; ask again")
}

func notFound(kind, id string) Answer {
	return problem(http.StatusNotFound, "not-found", "you have no "+kind+" "+strconv.Quote(id))
}

// problem as an OperationOutcome.
func problem(status int, code, text string) Answer {
	body, _ := json.Marshal(map[string]any{"resourceType": "OperationOutcome",
		"issue": []any{map[string]string{"severity": "error", "code": code, "diagnostics": text}}})
	return Answer{Status: status, Body: body}
}

// ServeHTTP answers GET /fhir/... of a source.
func (w *Window) ServeHTTP(rw http.ResponseWriter, r *http.Request, source string) {
	a := w.Ask(r.Context(), source, strings.TrimPrefix(r.URL.RequestURI(), "/fhir/"))
	rw.Header().Set("Content-Type", a.media())
	rw.Header().Set("Cache-Control", "no-store")
	if a.ETag != "" {
		rw.Header().Set("ETag", a.ETag)
	}
	rw.Header().Set("Content-Length", fmt.Sprint(len(a.Body)))
	rw.WriteHeader(a.Status)
	_, _ = rw.Write(a.Body)
}
