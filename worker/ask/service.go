package ask

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/micro"

	"github.com/convene-health/convene/worker"
)

// serviceVersion of the two endpoints' requests and answers.
const serviceVersion = "1.0.0"

// Serve answers previews on preview.<network>.<source> and questions after waitlists on position.<network>.<source> until ctx
// ends, as a NATS service (`nats micro info convene`). A preview's request is an event as it would be published, headers and
// all; a position's is a key, or "<system>|<value>". Answers are JSON, problems have the headers of a NATS service error.
// When Serve returns, the server knows of both.
func (w *Window) Serve(ctx context.Context) error {
	s, err := micro.AddService(w.conn.Conn, micro.Config{
		Name: "convene-" + w.network, Version: serviceVersion, Description: "Where would this patient go? Where does one stand in line?",
		Metadata: map[string]string{"network": w.network},
	})
	if err != nil {
		return err
	}
	room := make(chan struct{}, answersMax)
	answer := func(f func(ctx context.Context, source string, r micro.Request) (any, error)) micro.Handler {
		return micro.HandlerFunc(func(r micro.Request) {
			room <- struct{}{}
			go func() {
				defer func() { <-room }()
				ctx, cancel := context.WithTimeout(ctx, askMax)
				defer cancel()
				found, err := f(ctx, r.Subject()[strings.LastIndexByte(r.Subject(), '.')+1:], r)
				w.reply(r, found, err)
			}()
		})
	}
	err = s.AddEndpoint("preview", answer(func(ctx context.Context, source string, r micro.Request) (any, error) {
		return w.Preview(ctx, source, worker.InputHeader(r.Headers()), r.Data())
	}), micro.WithEndpointSubject(worker.PreviewSubject(w.network, "*")))
	if err == nil {
		err = s.AddEndpoint("position", answer(func(ctx context.Context, source string, r micro.Request) (any, error) {
			return w.Position(ctx, source, string(r.Data()))
		}), micro.WithEndpointSubject(worker.PositionSubject(w.network, "*")))
	}
	if err != nil {
		_ = s.Stop()
		return err
	}
	context.AfterFunc(ctx, func() { _ = s.Stop() })
	return w.conn.FlushTimeout(askMax)
}

// reply sends what was found, or why nothing was.
func (w *Window) reply(r micro.Request, found any, err error) {
	var data []byte
	if err == nil {
		data, err = json.Marshal(found)
	}
	if err == nil && int64(len(data)) > w.conn.MaxPayload()-1024 {
		err = &Problem{http.StatusInsufficientStorage, "the answer is larger than a NATS message may be"}
	}
	var sent error
	switch problem := (*Problem)(nil); {
	case err == nil:
		sent = r.Respond(data, micro.WithHeaders(micro.Headers{"Content-Type": {"application/json"}}))
	case errors.As(err, &problem):
		sent = r.Error(strconv.Itoa(problem.Status), problem.Text, nil)
	default:
		w.log.Warn().Str("network", w.network).Err(err).Msg("ask: not answered")
		sent = r.Error(strconv.Itoa(http.StatusServiceUnavailable), "the ledger cannot be read now; ask again", nil)
	}
	if sent != nil {
		w.log.Warn().Str("network", w.network).Err(sent).Msg("ask: not answered")
	}
}
