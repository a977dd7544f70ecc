package deliver

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what a Deliverer does. Labels are the network and fixed words.
type metrics struct {
	registry                  *prometheus.Registry
	attempts                  *prometheus.CounterVec
	outcomes                  *prometheus.CounterVec
	written, skipped, refused atomic.Int64
}

func newMetrics(d *Deliverer) *metrics {
	network := prometheus.Labels{"network": d.config.Network}
	gauge := func(name, help string, value func(Progress) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: network}, func() float64 { return value(d.Progress()) })
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "convene_delivery_attempts_total", ConstLabels: network,
			Help: "Attempts by what came of them: written, skipped, conflict, later, refused."}, []string{"result"}),
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "convene_delivered_total", ConstLabels: network,
			Help: "Confirmations dealt with: written, skipped (the server had it), refused (kept for a person), empty (no bundle)."}, []string{"outcome"}),
	}
	m.registry.MustRegister(m.attempts, m.outcomes,
		gauge("convene_delivery_lag_seconds", "Age of the oldest confirmation fetched and not delivered.", func(p Progress) float64 { return p.Lag.Seconds() }),
		gauge("convene_delivery_held", "Confirmations fetched and not delivered.", func(p Progress) float64 { return float64(p.Held) }),
		gauge("convene_delivery_refusals", "Placements whose last confirmation the server refused.", func(p Progress) float64 { return float64(p.Kept) }),
		gauge("convene_delivery_breaker_open", "1 while the FHIR server fails and everything is held back.", func(p Progress) float64 {
			if p.Open {
				return 1
			}
			return 0
		}))
	return m
}

func (m *metrics) attempted(result string) { m.attempts.WithLabelValues(result).Inc() }

func (m *metrics) delivered(o Outcome) {
	m.outcomes.WithLabelValues(string(o)).Inc()
	switch o {
	case Written:
		m.written.Add(1)
	case Skipped:
		m.skipped.Add(1)
	case Refused:
		m.refused.Add(1)
	}
}

func (m *metrics) progress() Progress {
	return Progress{Written: int(m.written.Load()), Skipped: int(m.skipped.Load()), Refused: int(m.refused.Load())}
}

// Metrics to be scraped.
func (d *Deliverer) Metrics() prometheus.Gatherer { return d.metrics.registry }
