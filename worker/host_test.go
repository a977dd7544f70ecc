package worker

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
)

// runHost starts a host with the given seats in network north's catalog and works it until the test ends.
func runHost(t *testing.T, folder string, config HostConfig) *Host {
	t.Helper()
	config.Folder, config.Log = folder, zerolog.New(zerolog.NewTestWriter(t))
	h, err := StartHost(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		h.Close()
	})
	return h
}

func catalogFile(t *testing.T, folder string, data []byte) string {
	t.Helper()
	path := filepath.Join(folder, "catalog.yaml")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// eventually waits for a condition, asking again every few milliseconds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not within 20 s: %s", what)
		case <-tick.C:
		}
	}
}

// TestNewSourceConnectsOnceItsCatalogIsInForce: a catalog that names a new source gives it a key and a durable.
func TestNewSourceConnectsOnceItsCatalogIsInForce(t *testing.T) {
	folder := t.TempDir()
	h := runHost(t, folder, HostConfig{Catalogs: []string{catalogFile(t, folder, ledgerCatalog(2))}})
	with := strings.Replace(string(ledgerCatalog(2)), "{name: hospital, production: true}", "{name: hospital, production: true}, {name: newcomer, production: true}", 1)
	if err := os.WriteFile(filepath.Join(folder, "catalog.yaml"), []byte(with), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	user := User{Role: RoleSource, Network: "north", Source: "newcomer"}
	eventually(t, "the new source publishes", func() bool {
		c, err := Connect(UserDial(h.Server().URL(), h.Server().Keys(), user))
		if err != nil {
			return false
		}
		defer c.Close()
		_, err = c.Publish(t.Context(), &nats.Msg{Subject: InputSubject("north", "newcomer"), Data: []byte("{}")})
		return err == nil
	})
}

// TestConfiguredCatalogYieldsToTheLedger: a file that differs from the catalog in force is left alone, and said so.
func TestConfiguredCatalogYieldsToTheLedger(t *testing.T) {
	folder := t.TempDir()
	path := catalogFile(t, folder, ledgerCatalog(2))
	t.Run("first", func(t *testing.T) {
		h := runHost(t, folder, HostConfig{Catalogs: []string{path}})
		eventually(t, "the catalog is in force", func() bool { return h.Standings()["north"].Input == 1 })
		if len(h.Stale) != 0 {
			t.Error("the first catalog is said to be stale")
		}
	})
	catalogFile(t, folder, ledgerCatalog(3))
	h := runHost(t, folder, HostConfig{Catalogs: []string{path}})
	if len(h.Stale) != 1 {
		t.Errorf("stale: %v, want north", h.Stale)
	}
	if got := h.networks[0].engine.Catalog().Groups[0].Seats.Max; got != 2 {
		t.Errorf("the group has %d seats, the catalog in force gives 2", got)
	}
}

// TestOps answers health, readiness and metrics on loopback only, and says what a network waits for.
func TestOps(t *testing.T) {
	folder := t.TempDir()
	metrics := NewMetrics()
	h := runHost(t, folder, HostConfig{Sources: []NetworkSources{{Name: "north", Sources: []string{"clinic"}}}, Observe: metrics.Observe})
	if _, err := ServeOps(t.Context(), "0.0.0.0:0", metrics, h.Standings); err == nil {
		t.Error("serves on every interface")
	}
	address, err := ServeOps(t.Context(), "127.0.0.1:0", metrics, h.Standings)
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) (int, string) {
		r, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		body, _ := io.ReadAll(r.Body)
		return r.StatusCode, string(body)
	}
	if code, _ := get("/healthz"); code != http.StatusOK {
		t.Errorf("/healthz says %d", code)
	}
	if _, err := h.Admin().Publish(t.Context(), &nats.Msg{Subject: InputSubject("north", "clinic"), Data: referral(t)}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "not ready without a catalog", func() bool {
		code, body := get("/readyz")
		return code == http.StatusServiceUnavailable && strings.Contains(body, "catalog")
	})
	if err := ApplyCatalog(t.Context(), h.Admin(), "north", ledgerCatalog(2), "test"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what waited is placed, and counted", func() bool {
		code, _ := get("/readyz")
		_, metrics := get("/metrics")
		return code == http.StatusOK && strings.Contains(metrics, `convene_confirmations_total{network="north",status="placed"} 1`) &&
			strings.Contains(metrics, `convene_seats_taken{group="copd-1",network="north"} 1`)
	})
}

// referral is one event that the ledger's catalog can place.
func referral(t *testing.T) []byte {
	t.Helper()
	data, err := event.Encode(&mapping.Event{Type: mapping.ReferralCreated, ID: "e1", Source: "clinic", Referral: &mapping.Referral{
		Patient:    mapping.Patient{Identifiers: []mapping.Identifier{{System: "https://ids.north.example/mpi", Value: "p1"}}, BirthDate: "1961-05-05"},
		Conditions: []mapping.Condition{{Codes: []mapping.Code{{System: mapping.SystemICD10CM, Code: "J44.9"}}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestUnstoredCatalogDoesNotServe: on a server that is not the worker's own, a catalog serves only once all can read it.
func TestUnstoredCatalogDoesNotServe(t *testing.T) {
	s, folder := startTest(t), t.TempDir()
	dial := UserDial(s.URL(), s.Keys(), User{Role: RoleWorker})
	config := HostConfig{Folder: folder, Dial: &dial, Catalogs: []string{catalogFile(t, folder, ledgerCatalog(2))}, Log: zerolog.Nop()}
	var unstored *UnstoredError
	if _, err := StartHost(t.Context(), config); !errors.As(err, &unstored) {
		t.Fatalf("a catalog that only this worker has: %v", err)
	}
	if err := ApplyCatalog(t.Context(), connectTest(t, s, User{Role: RoleAdmin}), "north", ledgerCatalog(2), "admin"); err != nil {
		t.Fatal(err)
	}
	h, err := StartHost(t.Context(), config)
	if err != nil {
		t.Fatalf("once it is stored: %v", err)
	}
	h.Close()
}
