package worker

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/convene-health/convene/mapping/roster"
)

// TestCohortIsPutOff: who reads the ledger, and a worker that starts from it or from a snapshot, has the later dates; the
// catalog applied again changes nothing of that, and a second time would be found.
func TestCohortIsPutOff(t *testing.T) {
	l := newLedgerTest(t, 1)
	start := l.now().AddDate(0, 0, 8)
	from, to := start.Format(time.DateOnly), start.AddDate(0, 0, 14).Format(time.DateOnly)
	catalog := bytes.Replace(ledgerCatalog(1), []byte("groups:\n"), fmt.Appendf(nil, `  - {id: calm, name: Calm, kind: skills, licensed: true, conditions: [anxiety], goals: [coping-strategies]}
groups:
  - {id: calm-1, program: calm, leader: lena, seats: {min: 2, max: 6}, enrolment: closed, mode: in-person, site: hall, sessions: {start: %s, time: "12:00", count: 6}}
`, from), 1)
	for _, yaml := range [][]byte{catalog, append(catalog, "# the same once more\n"...)} {
		if err := ApplyCatalog(t.Context(), l.admin, "north", yaml, "test"); err != nil {
			t.Fatal(err)
		}
		l.decided(l.refer("F41.1", 1, 1))
		l.advance(48 * time.Hour)
		l.decided(l.refer("J44.9", 2, 2))
		if n := l.confirmations(has(`"code":"group-postponed"`)); n != 1 {
			t.Fatalf("%d are told that the cohort is put off", n)
		}
		if _, cat, err := ReadState(t.Context(), l.admin, "north"); err != nil {
			t.Fatal(err)
		} else if g, _ := cat.Group("calm-1"); g.Sessions.Start != to {
			t.Errorf("it begins on %s to who reads the ledger, not on %s", g.Sessions.Start, to)
		}
	}
	l.stop()
	for _, snapshot := range []bool{true, false} {
		if !snapshot {
			if err := os.Remove(l.network.Snapshot); err != nil {
				t.Fatal(err)
			}
		}
		l.start()
		l.stop()
		if g, _ := l.network.engine.Catalog().Group("calm-1"); g.Sessions.Start != to {
			t.Errorf("started anew, snapshot %v: it begins on %s, not on %s", snapshot, g.Sessions.Start, to)
		}
	}
	l.sound()

	at := l.network.fold.state.Position
	forged := roster.Head{Position: at, Engine: roster.Engine, Previous: l.network.fold.head, Catalog: l.network.fold.state.Catalog,
		Changes:   []roster.Change{{Type: roster.ChangePostponed, Input: at.Input + 1, Group: "calm-1", From: from, To: to}},
		Unchanged: []roster.Unchanged{{Input: at.Input + 1, Why: "forged"}}}
	forged.Input++
	data, err := forged.Seal(l.network.fold.chain)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.admin.Publish(t.Context(), &nats.Msg{Subject: HeadSubject("north"), Data: data}); err != nil {
		t.Fatal(err)
	}
	if faults := strings.Join(l.verify().Faults, "\n"); !strings.Contains(faults, "calm-1 is put off a second time") {
		t.Errorf("verify does not see the second time: %s", faults)
	}
}
