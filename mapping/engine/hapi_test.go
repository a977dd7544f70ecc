//go:build shared

package engine_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/fhir/fhirtest"
	"github.com/convene-health/convene/mapping/confirm"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/testdata/week"
	"github.com/convene-health/convene/worker/generate"
)

// bundleOf is a confirmation's id and bundle; nil without one.
func bundleOf(t *testing.T, confirmation []byte) (string, json.RawMessage) {
	t.Helper()
	var c struct {
		ID   string
		Data struct{ Bundle json.RawMessage }
	}
	if err := json.Unmarshal(confirmation, &c); err != nil {
		t.Fatal(err)
	}
	return c.ID, c.Data.Bundle
}

// TestHAPIAcceptsStories: every bundle of every story, in each profile, is valid to HAPI's validator.
func TestHAPIAcceptsStories(t *testing.T) {
	bundles := 0
	problems := fhirtest.Hold(t, func(yield func(fhirtest.Item) bool) {
		for _, profile := range []string{"base", "bser", "sdoh"} {
			for _, path := range stories(t) {
				name := strings.TrimSuffix(filepath.Base(path), ".txtar") + " " + profile
				for _, c := range storyIn(t, path, profile) {
					id, bundle := bundleOf(t, c)
					if bundle == nil {
						continue
					}
					fhirtest.Check(t, bundle)
					bundles++
					if !yield(fhirtest.Item{Name: name + " " + id, Resource: bundle}) {
						return
					}
					if profile != "bser" {
						continue
					}
					message, err := confirm.Message(c, "https://partner.example/fhir")
					if err != nil {
						t.Error(err)
					}
					if !yield(fhirtest.Item{Name: name + " message " + id, Resource: message}) {
						return
					}
				}
			}
		}
	})
	for _, p := range fhirtest.Faults(t, problems) {
		t.Error(p)
	}
	t.Logf("%d bundles", bundles)
}

// TestHAPIAcceptsGenerated: so is every bundle of a run of 2,000 generated referrals; google/fhir reads them too.
func TestHAPIAcceptsGenerated(t *testing.T) {
	recording, err := generate.Generate(generate.Options{Seed: 4, Count: 2000, Start: time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC), Catalogs: week.Catalogs()})
	if err != nil {
		t.Fatal(err)
	}
	bundles := 0
	problems := fhirtest.Hold(t, func(yield func(fhirtest.Item) bool) {
		replay := engine.NewReplay()
		for line := range recording {
			if line.Catalog != nil {
				if err := replay.Catalog(line.Network, line.Hash, line.Catalog); err != nil {
					t.Error(err)
					return
				}
				continue
			}
			messages, err := replay.Input(line.Input)
			if err != nil {
				t.Error(err)
				return
			}
			for _, m := range messages {
				if m.Decision {
					continue
				}
				id, bundle := bundleOf(t, m.Data)
				if bundle == nil {
					continue
				}
				fhirtest.Check(t, bundle)
				bundles++
				if !yield(fhirtest.Item{Name: id, Resource: bundle}) {
					return
				}
			}
		}
	})
	for _, p := range fhirtest.Faults(t, problems) {
		t.Error(p)
	}
	if bundles < 2000 {
		t.Errorf("only %d bundles of 2,000 referrals", bundles)
	}
	t.Logf("%d bundles", bundles)
}
