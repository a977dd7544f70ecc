package confirm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/convene-health/convene/fhir/fhirtest"
	"github.com/convene-health/convene/mapping"
)

var statuses = []mapping.Status{
	mapping.Review, mapping.NeedsInfo, mapping.Waitlisted, mapping.Offered, mapping.Placed, mapping.Enrolled, mapping.Cancelled,
	mapping.Rejected, mapping.Closed, mapping.DroppedOut, mapping.Completed, mapping.EnteredInError,
}

// everyNotice calls f with each status of each kind of referral, in each profile and each group.
func everyNotice(t *testing.T, f func(t *testing.T, w *Writer, n *mapping.Notice)) {
	referrals := map[string]func() *mapping.Referral{"typical": typical, "sparse": sparse, "odd": odd}
	places := map[string][2]string{"none": {"", ""}, "site": {"pain-cbt", "pain-tue"}, "video": {"walk", "walk-video"}, "peers": {"peer", "peer-wed"}, "gone": {"old", "older"}}
	for _, profile := range []string{"", "base", "sdoh", "bser"} {
		w := New(catalog(t, profile))
		for kind, referral := range referrals {
			for place, ids := range places {
				for _, status := range statuses {
					n := placed()
					n.Request, n.Status, n.Program, n.Group = referral(), status, ids[0], ids[1]
					n.Identifier = n.Request.Identifier
					if status == mapping.Offered {
						n.Expires = thursday.AddDate(0, 0, 5)
					}
					if status.Final() {
						n.Previous = mapping.Placed
						n.Time = n.FirstSession.Add(time.Hour)
					}
					if status == mapping.Waitlisted {
						n.Position, n.FirstSession = 3, time.Time{}
					}
					t.Run(fmt.Sprintf("%s/%s/%s/%s", profile, kind, place, status), func(t *testing.T) { f(t, w, n) })
				}
			}
		}
	}
}

func TestEveryBundleIsR4(t *testing.T) {
	everyNotice(t, func(t *testing.T, w *Writer, n *mapping.Notice) {
		b, err := w.Append(nil, n)
		if err != nil {
			t.Fatal(err)
		}
		fhirtest.Check(t, bundleOf(t, b))
		checkSchema(t, b)
		again, err := w.Append([]byte("before"), n)
		if err != nil || !bytes.Equal(again[len("before"):], b) {
			t.Errorf("the second time it reads %s, %v", again, err)
		}
	})
}

func bundleOf(t *testing.T, confirmation []byte) []byte {
	t.Helper()
	var c struct {
		Data struct{ Bundle json.RawMessage }
	}
	if err := json.Unmarshal(confirmation, &c); err != nil {
		t.Fatalf("%v in %s", err, confirmation)
	}
	return c.Data.Bundle
}

func BenchmarkAppend(b *testing.B) {
	w, n := New(catalog(b, "")), placed()
	dst := make([]byte, 0, 32<<10)
	var err error
	b.ReportAllocs()
	for b.Loop() {
		if dst, err = w.Append(dst[:0], n); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(dst)))
}
