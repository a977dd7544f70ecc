package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/convene-health/convene/mapping/program"
)

// Metrics counts what a host does. Labels are networks, statuses and ids of the catalog: nothing of a patient.
type Metrics struct {
	registry  *prometheus.Registry
	inputs    *prometheus.CounterVec
	outcomes  *prometheus.CounterVec
	batch     *prometheus.HistogramVec
	append    *prometheus.HistogramVec
	conflicts *prometheus.CounterVec
	lag       *prometheus.GaugeVec
	referrals *prometheus.GaugeVec
	seats     *prometheus.GaugeVec
	waiting   *prometheus.GaugeVec
	received  *prometheus.CounterVec

	mu   sync.Mutex
	last map[string]map[string]int // gauges as set, by network, then by group or program
}

// NewMetrics registers them.
func NewMetrics() *Metrics {
	network := []string{"network"}
	m := &Metrics{
		last:      map[string]map[string]int{},
		registry:  prometheus.NewRegistry(),
		inputs:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "convene_inputs_total", Help: "Inputs decided and stored."}, network),
		outcomes:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "convene_confirmations_total", Help: "Confirmations by status; refused counts inputs that could not be read or obeyed."}, []string{"network", "status"}),
		batch:     prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "convene_batch_inputs", Help: "Inputs in one batch.", Buckets: []float64{1, 4, 16, 64, 256}}, network),
		append:    prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "convene_append_seconds", Help: "Time to store one batch.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 12)}, network),
		conflicts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "convene_conflicts_total", Help: "Batches that another worker was faster to, or whose outcome was not told."}, network),
		lag:       prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "convene_lag_seconds", Help: "Age of the last input decided when its batch was stored."}, network),
		referrals: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "convene_live_referrals", Help: "Referrals with a placement that is not final."}, network),
		seats:     prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "convene_seats_taken", Help: "Seats held, by group."}, []string{"network", "group"}),
		received:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "convene_received_total", Help: "Messages that came by MLLP, requests by HTTP, by what became of them."}, []string{"by", "network", "source", "outcome"}),
		waiting:   prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "convene_waiting", Help: "Places waited for, by program."}, []string{"network", "program"}),
	}
	m.registry.MustRegister(m.inputs, m.outcomes, m.batch, m.append, m.conflicts, m.lag, m.referrals, m.seats, m.waiting, m.received)
	return m
}

// Observe counts a batch. It is called by the loops of the networks, each of which alone changes its state.
func (m *Metrics) Observe(o Observation) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o.Conflict {
		m.conflicts.WithLabelValues(o.Network).Inc()
		return
	}
	m.inputs.WithLabelValues(o.Network).Add(float64(o.Batch.Inputs))
	m.batch.WithLabelValues(o.Network).Observe(float64(o.Batch.Inputs))
	m.append.WithLabelValues(o.Network).Observe(o.Took.Seconds())
	m.lag.WithLabelValues(o.Network).Set(o.Lag.Seconds())
	m.referrals.WithLabelValues(o.Network).Set(float64(o.Counts.Live))
	for i := range o.Batch.Messages {
		if msg := &o.Batch.Messages[i]; !msg.Decision {
			m.outcomes.WithLabelValues(o.Network, string(msg.Status)).Inc()
		}
	}
	if o.Catalog != nil {
		m.observeGroups(o)
	}
}

// Received counts a message that came by another way than NATS.
func (m *Metrics) Received(by, network, source, outcome string) {
	m.received.WithLabelValues(by, network, source, outcome).Inc()
}

// observeGroups sets what changed since the last batch: there may be thousands of groups.
func (m *Metrics) observeGroups(o Observation) {
	last := m.last[o.Network]
	if last == nil {
		last = map[string]int{}
		m.last[o.Network] = last
	}
	set := func(gauge *prometheus.GaugeVec, kind, id string, value int) {
		if old, known := last[kind+id]; !known || old != value {
			last[kind+id] = value
			gauge.WithLabelValues(o.Network, id).Set(float64(value))
		}
	}
	for i := range o.Catalog.Groups {
		if g := &o.Catalog.Groups[i]; g.Enrolment != program.EnrolmentOpen {
			set(m.seats, "g", g.ID, o.State.Taken(g.ID))
		}
	}
	for i := range o.Catalog.Programs {
		id := o.Catalog.Programs[i].ID
		set(m.waiting, "p", id, o.State.Waiting(id))
	}
}

// ServeOps answers /healthz, /readyz and /metrics on a loopback address until ctx ends. It returns the address it listens on.
func ServeOps(ctx context.Context, address string, m *Metrics, standings func() map[string]Standing) (string, error) {
	return ServeHealth(ctx, address, m.registry, func(w http.ResponseWriter) { writeReady(w, standings()) })
}

// ServeHealth is ServeOps for any metrics; ready answers /readyz.
func ServeHealth(ctx context.Context, address string, metrics prometheus.Gatherer, ready func(http.ResponseWriter)) (string, error) {
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("%s is not a loopback address such as 127.0.0.1:9464", address)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { ready(w) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	go func() {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(end)
	}()
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			_ = listener.Close()
		}
	}()
	return listener.Addr().String(), nil
}

// writeReady answers 200 when every network is ready, else 503 and why.
func writeReady(w http.ResponseWriter, standings map[string]Standing) {
	w.Header().Set("Content-Type", "application/json")
	for _, s := range standings {
		if !s.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
			break
		}
	}
	_ = json.NewEncoder(w).Encode(standings)
}
