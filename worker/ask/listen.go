package ask

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/convene-health/convene/worker"
)

// answersMax at once; further questions wait.
const answersMax = 16

// Listen answers requests on ask.<network>.<source> until ctx ends. A request's data is the question, "Task/riverside-r5-1";
// the answer's header Status is that of HTTP. Of several workers one answers. When Listen returns, the server knows of it.
func (w *Window) Listen(ctx context.Context) error {
	room := make(chan struct{}, answersMax)
	s, err := w.conn.QueueSubscribe(worker.AskSubject(w.network, "*"), "ask", func(m *nats.Msg) {
		room <- struct{}{}
		go func() {
			defer func() { <-room }()
			w.respond(ctx, m)
		}()
	})
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = s.Unsubscribe() })
	return w.conn.FlushTimeout(askMax)
}

func (w *Window) respond(ctx context.Context, m *nats.Msg) {
	a := w.Ask(ctx, m.Subject[strings.LastIndexByte(m.Subject, '.')+1:], string(m.Data))
	if int64(len(a.Body)) > w.conn.MaxPayload()-1024 {
		a = problem(http.StatusInsufficientStorage, "too-long", "the answer is larger than a NATS message may be; ask over HTTP")
	}
	answer := nats.NewMsg(m.Reply)
	answer.Data = a.Body
	answer.Header.Set("Status", fmt.Sprint(a.Status))
	answer.Header.Set("Content-Type", a.media())
	if a.ETag != "" {
		answer.Header.Set("ETag", a.ETag)
	}
	if err := m.RespondMsg(answer); err != nil {
		w.log.Warn().Str("network", w.network).Err(err).Msg("ask: not answered")
	}
}
