package worker

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

func TestOwnStreamsPassTheCheck(t *testing.T) {
	s := startTest(t)
	worker := connectTest(t, s, User{Role: RoleWorker})
	for _, n := range testNetworks {
		found, err := CheckStreams(t.Context(), worker.JS, n)
		if err != nil || Fatal(found) {
			t.Errorf("%s: %v, %v", n.Name, found, err)
		}
		// What no client can see is said, and that one replica is one disk.
		for _, f := range found {
			if !strings.Contains(f.String(), "sync") && !strings.Contains(f.String(), "one replica") {
				t.Errorf("%s: %s", n.Name, f)
			}
		}
	}
}

func TestCheckFindsWhatTheLedgerCannotLiveWith(t *testing.T) {
	north := testNetworks[0]
	changes := []struct {
		name   string
		stream string // "referrals" or "placements"
		change func(*jetstream.StreamConfig)
		says   string
		fatal  bool
	}{
		{"no atomic", "placements", func(c *jetstream.StreamConfig) { c.AllowAtomicPublish = false }, "allow_atomic", true},
		{"no direct", "referrals", func(c *jetstream.StreamConfig) { c.AllowDirect = false }, "allow_direct", true},
		{"ledger ages", "placements", func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }, "max_age", true},
		{"inputs age", "referrals", func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }, "max_age", false},
		{"drops old", "referrals", func(c *jetstream.StreamConfig) { c.MaxBytes, c.Discard = 1<<20, jetstream.DiscardOld }, "discard: new", true},
		{"fills up", "placements", func(c *jetstream.StreamConfig) { c.MaxBytes = 1 << 20 }, "refuses messages when full", false},
		{"per subject", "referrals", func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 1 }, "max_msgs_per_subject", true},
		{"memory", "placements", func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage }, "storage: file", true},
		{"work queue", "referrals", func(c *jetstream.StreamConfig) { c.Retention = jetstream.WorkQueuePolicy }, "retention: limits", true},
		{"rollup", "referrals", func(c *jetstream.StreamConfig) { c.AllowRollup = true }, "rollup", true},
		{"ttl", "referrals", func(c *jetstream.StreamConfig) { c.AllowMsgTTL = true }, "vanish", true},
		{"no ack", "referrals", func(c *jetstream.StreamConfig) { c.NoAck = true }, "no_ack", true},
		{"subjects", "referrals", func(c *jetstream.StreamConfig) { c.Subjects = []string{"referrals.>"} }, "set subjects", true},
		{"no erasure", "placements", func(c *jetstream.StreamConfig) { c.DenyDelete = true }, "erase", false},
		{"quiet", "referrals", func(c *jetstream.StreamConfig) { c.RePublish = nil }, "republish", false},
		{"message ids", "referrals", func(c *jetstream.StreamConfig) { c.Duplicates = time.Minute }, "duplicate_window", false},
	}
	for _, test := range changes {
		t.Run(test.name, func(t *testing.T) {
			want := DefineStreams(north, 1)
			config := want.Referrals
			if test.stream == "placements" {
				config = want.Placements
			}
			have := config
			test.change(&have)
			found := compareStream(config, have)
			if len(found) != 1 || found[0].Fatal != test.fatal || !strings.Contains(found[0].String(), test.says) {
				t.Errorf("found %v, want one with %q, fatal %t", found, test.says, test.fatal)
			}
		})
	}
}

func TestCheckOfServerWithoutStreams(t *testing.T) {
	s := startTest(t)
	admin := connectTest(t, s, User{Role: RoleAdmin})
	found, err := CheckStreams(t.Context(), admin.JS, NetworkSources{Name: "west", Sources: []string{"clinic"}})
	if err != nil || len(found) != 4 || !Fatal(found) || !strings.Contains(found[0].Fix, "convene streams --print") {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestEnsureMendsAndKeepsWhatOperatorsChoose(t *testing.T) {
	s := startTest(t)
	admin, ctx, north := connectTest(t, s, User{Role: RoleAdmin}), t.Context(), testNetworks[0]
	config := DefineStreams(north, 1).Referrals
	config.AllowDirect, config.RePublish, config.MaxAge = false, nil, 1000*time.Hour
	if _, err := admin.JS.UpdateStream(ctx, config); err != nil {
		t.Fatal(err)
	}
	astray := DefineStreams(north, 1).Durables[1]
	astray.FilterSubject = "placements.north.>"
	if _, err := admin.JS.UpdateConsumer(ctx, "PLACEMENTS-north", astray); err != nil {
		t.Fatal(err)
	}
	if found, err := CheckStreams(ctx, admin.JS, north); err != nil || !Fatal(found) {
		t.Fatalf("found %v, %v", found, err)
	}
	if err := EnsureStreams(ctx, admin.JS, north, 1); err != nil {
		t.Fatal(err)
	}
	if found, err := CheckStreams(ctx, admin.JS, north); err != nil || Fatal(found) {
		t.Errorf("found %v, %v", found, err)
	}
	stream, err := admin.JS.Stream(ctx, "REFERRALS-north")
	if err != nil || stream.CachedInfo().Config.MaxAge != 1000*time.Hour {
		t.Errorf("the operator's age is gone: %v", err)
	}
}
