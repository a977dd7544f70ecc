package ask

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/calendar"
	"github.com/convene-health/convene/mapping/confirm"
	"github.com/convene-health/convene/worker"
)

// Operations on a Task: the sessions of its placement as a calendar file (RFC 5545), and its last confirmation as a message of
// BSeR's.
const (
	opCalendar = "$calendar"
	opMessage  = "$message"

	mediaFHIR     = "application/fhir+json"
	mediaCalendar = "text/calendar; charset=utf-8"
)

// said is what operations read of a confirmation.
type said struct {
	Time time.Time
	Data struct {
		Placement    struct{ ID string }
		Status       mapping.Status
		Group        struct{ ID string }
		FirstSession struct{ Start time.Time }
	}
	whole []byte
}

// operate on a Task of the source's own.
func (w *Window) operate(ctx context.Context, source, id, operation string) Answer {
	order, ours := strings.CutPrefix(id, w.network+"-")
	key, ok := keyOf(order)
	if !ours || !ok {
		return notFound("Task", id)
	}
	last, err := w.last(ctx, source, key, order)
	switch {
	case err != nil:
		return w.failed(err)
	case last == nil:
		return notFound("Task", id)
	case operation == opCalendar:
		return w.sessions(ctx, order, last)
	case operation == opMessage:
		return message(last)
	}
	return problem(http.StatusBadRequest, "not-supported", "the operations on a Task are "+opCalendar+" and "+opMessage)
}

// last confirmation to a source about an order, r1042-1 or r1050-r1042-1; nil where there is none.
func (w *Window) last(ctx context.Context, source, key, order string) (found *said, err error) {
	for m, err := range w.ledger.On(ctx, worker.ConfirmationSubject(w.network, source, key)) {
		if err != nil {
			return nil, err
		}
		c := &said{whole: m.Data}
		if err := json.Unmarshal(m.Data, c); err != nil {
			return nil, err
		}
		if id := c.Data.Placement.ID; order == id || order == key+"-"+id {
			found = c
		}
	}
	return found, nil
}

// sessions of a placement with a seat, or an offer of one.
func (w *Window) sessions(ctx context.Context, order string, last *said) Answer {
	d := &last.Data
	if d.Status.HoldsSeat() && !d.FirstSession.Start.IsZero() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if err := w.open(); err != nil {
			return w.failed(err)
		}
		cat, err := w.inForce(ctx)
		if err != nil {
			return w.failed(err)
		}
		if cat != nil {
			if text, ok := calendar.Placement(cat, order, d.Group.ID, d.FirstSession.Start, last.Time, d.Status == mapping.Offered); ok {
				return Answer{Status: http.StatusOK, Body: []byte(text), Media: mediaCalendar}
			}
		}
	}
	return problem(http.StatusNotFound, "not-found", "this placement has no sessions to come: it is "+string(d.Status))
}

func message(last *said) Answer {
	body, err := confirm.Message(last.whole, "https://convene.health/fhir/ask")
	if errors.Is(err, confirm.ErrNoMessage) {
		return problem(http.StatusNotFound, "not-supported", "messages are made in networks with profile bser")
	}
	if err != nil {
		return problem(http.StatusInternalServerError, "exception", "the confirmation cannot be read")
	}
	return Answer{Status: http.StatusOK, Body: body}
}
