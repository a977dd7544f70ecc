package worker

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/convene-health/convene/mapping/roster"
)

// TestVerifyFindsDamage shows that verify can fail: each kind of damage is named.
func TestVerifyFindsDamage(t *testing.T) {
	damages := map[string]struct {
		do   func(l *ledgerTest)
		want string
	}{
		"a decision is gone":     {func(l *ledgerTest) { l.drop("decisions.north.r3") }, "a decision of r3 is missing"},
		"a confirmation is gone": {func(l *ledgerTest) { l.drop("placements.north.clinic.r3") }, "a confirmation of r3 is missing"},
		"a head is gone":         {func(l *ledgerTest) { l.drop(HeadSubject("north")) }, "after the last head"},
		"a confirmation nobody decided": {func(l *ledgerTest) {
			if _, err := l.admin.Publish(l.Context(), &nats.Msg{Subject: "placements.north.clinic.r3", Data: []byte(`{"id":"north-3-1"}`)}); err != nil {
				l.Fatal(err)
			}
		}, "after the last head"},
		"a forged head": {func(l *ledgerTest) {
			h := roster.Head{Position: roster.Position{Input: 4}, Engine: roster.Engine, Previous: l.network.fold.head}
			data, _ := h.Seal([32]byte{})
			if _, err := l.admin.Publish(l.Context(), &nats.Msg{Subject: HeadSubject("north"), Data: data}); err != nil {
				l.Fatal(err)
			}
		}, "chain is broken"},
	}
	for name, d := range damages {
		t.Run(name, func(t *testing.T) {
			l := newLedgerTest(t, 8)
			l.decided(l.refer("J44.9", 1, 3))
			l.stop()
			l.sound()
			d.do(l)
			if faults := strings.Join(l.verify().Faults, "\n"); !strings.Contains(faults, d.want) {
				t.Errorf("faults %q do not say %q", faults, d.want)
			}
		})
	}
}

// drop deletes the last message on a subject.
func (l *ledgerTest) drop(subject string) {
	l.Helper()
	stream, err := l.admin.JS.Stream(l.Context(), PlacementsStream("north"))
	if err != nil {
		l.Fatal(err)
	}
	m, err := stream.GetLastMsgForSubject(l.Context(), subject)
	if err != nil {
		l.Fatal(err)
	}
	if err := stream.DeleteMsg(l.Context(), m.Sequence); err != nil {
		l.Fatal(err)
	}
}

// TestErase leaves nothing of a referral but its key, on the streams and after a restart, and the ledger sound.
func TestErase(t *testing.T) {
	l := newLedgerTest(t, 1)
	l.refer("J44.9", 1, 2) // r2 has the seat, r3 waits
	l.refer("J44.9", 1, 1) // a duplicate
	l.decided(l.refer("G89.4", 4, 4))
	done, err := Erase(t.Context(), l.admin, "north", "r2", "test", "asked by the patient")
	if err != nil {
		t.Fatal(err)
	}
	if done.Inputs != 2 || done.Decisions != 2 || done.Confirmations != 1 {
		t.Errorf("erased %+v, want the order and its duplicate, two decisions, one confirmation", done)
	}
	if n := l.find("Testfamily1"); n != 0 {
		t.Errorf("%d messages still name the patient", n)
	}
	if n := l.find("Testfamily2"); n == 0 {
		t.Error("the other patient's messages are gone too")
	}
	if n := l.confirmations(has(`"code":"promoted"`)); n != 1 {
		t.Errorf("%d promoted into the free seat, want 1", n)
	}
	if r := l.sound(); r.Erased == 0 {
		t.Error("verify does not count what was erased")
	}
	inputs := l.inputs()
	if _, err := Erase(t.Context(), l.admin, "north", "r777", "test", ""); !errors.Is(err, ErrNoReferral) {
		t.Errorf("erasing what there is not: %v", err)
	}
	if again, err := Erase(t.Context(), l.admin, "north", "r2", "test", ""); err != nil || again != (Erased{Before: true}) {
		t.Errorf("erased again: %+v, %v", again, err)
	}
	if n := l.confirmations(has(`"code":"erased"`)); n != 1 || l.inputs() != inputs {
		t.Errorf("%d notices of the erasure, and %d inputs after %d", n, l.inputs(), inputs)
	}
	l.stop()
	before, err := l.network.fold.state.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(l.folder, "north")); err != nil {
		t.Fatal(err)
	}
	l.start()
	if after, err := l.network.fold.state.Digest(); err != nil || after != before {
		t.Error("the ledger folds to another state than the one that erased")
	}
	l.decided(l.refer("J44.9", 5, 5))
	l.sound()
}

// inputs is the sequence of the network's last input.
func (l *ledgerTest) inputs() uint64 {
	l.Helper()
	s, err := l.admin.JS.Stream(l.Context(), ReferralsStream("north"))
	if err != nil {
		l.Fatal(err)
	}
	return s.CachedInfo().State.LastSeq
}

// find counts messages of both streams with a text in them.
func (l *ledgerTest) find(text string) (n int) {
	l.Helper()
	for _, stream := range []string{ReferralsStream("north"), PlacementsStream("north")} {
		for from := uint64(1); ; {
			stored, err := readDirect(l.Context(), l.admin.Conn, stream, from, 1000, "")
			if err != nil {
				l.Fatal(err)
			}
			if len(stored) == 0 {
				break
			}
			for _, s := range stored {
				if bytes.Contains(s.Data, []byte(text)) {
					n++
				}
			}
			from = stored[len(stored)-1].Sequence + 1
		}
	}
	return n
}

// TestStepsOfACatalogChange lets one event concern more referrals than a step may touch: 240 wait, 40 seats are added,
// then the program is gone.
func TestStepsOfACatalogChange(t *testing.T) {
	l := newLedgerTest(t, 1)
	l.decided(l.refer("J44.9", 1, 260))
	l.catalog(30)
	l.decided(l.refer("J44.9", 261, 261))
	if n := l.confirmations(has(`"code":"promoted"`)); n != 29 {
		t.Errorf("%d promoted, want 29", n)
	}
	without := strings.ReplaceAll(string(ledgerCatalog(30)), "copd", "pulmo")
	without = strings.ReplaceAll(without, "conditions: [pulmo]", "conditions: [asthma]")
	if err := ApplyCatalog(t.Context(), l.admin, "north", []byte(without), "test"); err != nil {
		t.Fatal(err)
	}
	if stream, err := l.admin.JS.Stream(t.Context(), ReferralsStream("north")); err != nil {
		t.Fatal(err)
	} else {
		l.decided(stream.CachedInfo().State.LastSeq)
	}
	if n := l.confirmations(has("alert-")); n < 260 {
		t.Errorf("%d alerts after the program went, want one for each of 261 referrals", n)
	}
	steps := 0
	ledger, err := OpenLedger(l.admin, "north")
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	for m, err := range ledger.subject(t.Context(), 1, HeadSubject("north")) {
		if err != nil {
			t.Fatal(err)
		}
		if h, err := roster.DecodeHead(m.Data); err == nil && h.Step > 0 {
			steps++
		}
	}
	if steps == 0 {
		t.Error("no head tells of a further step")
	}
	l.sound()
}

// TestSnapshotMustFit: a snapshot gives the state that the whole ledger gives; one that does not fit is discarded.
func TestSnapshotMustFit(t *testing.T) {
	l := newLedgerTest(t, 2)
	l.decided(l.refer("J44.9", 1, 5))
	l.stop()
	digest := func() [32]byte {
		d, err := l.network.fold.state.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	snapshot := filepath.Join(l.folder, "north")
	data, err := os.ReadFile(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	want := digest()
	reopen := func(file []byte) [32]byte {
		t.Helper()
		if err := os.WriteFile(snapshot, file, 0o600); err != nil {
			t.Fatal(err)
		}
		l.log.Reset()
		l.start()
		l.stop()
		return digest()
	}
	if reopen(data) != want {
		t.Error("the snapshot gives another state")
	}
	if strings.Contains(l.log.String(), "discarded") {
		t.Error("a good snapshot is discarded")
	}
	for name, file := range map[string][]byte{
		"cut short":      data[:len(data)/2],
		"another format": bytes.Replace(data, []byte("convene-snapshot-"), []byte("convene-snapshoX-"), 1),
		"another chain":  bytes.Replace(data, l.network.fold.chain[:], make([]byte, 32), 1),
	} {
		if reopen(file) != want {
			t.Errorf("%s: the ledger gives another state", name)
		}
		if name != "another chain" && !strings.Contains(l.log.String(), "discarded") {
			t.Errorf("%s: not said that it is discarded", name)
		}
	}
}

// TestTimePasses: an offer expires though no input comes, and the next in line is offered the seat.
func TestTimePasses(t *testing.T) {
	l := newLedgerTest(t, 1)
	l.decided(l.refer("G89.4", 1, 2))
	l.advance(20 * 24 * time.Hour)
	// Stored times stay those of the server, so time passes by the floor, as after an outage.
	l.decided(l.refer("J44.9", 3, 3))
	if n := l.confirmations(has(`"code":"offer-expired"`)); n != 1 {
		t.Errorf("%d offers expired, want 1", n)
	}
	if n := l.confirmations(func(s string) bool { return strings.Contains(s, `"status":"offered"`) }); n != 2 {
		t.Errorf("%d offers, want the first and the promoted one", n)
	}
	l.sound()
}
