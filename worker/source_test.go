package worker

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

func openIntake(t testing.TB, c *Conn, network string) *Intake {
	t.Helper()
	in, err := OpenIntake(c, network)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Close)
	return in
}

func subjects(t *testing.T, messages iter.Seq2[Stored, error]) []string {
	t.Helper()
	var got []string
	for m, err := range messages {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d %s", m.Sequence, m.Subject))
	}
	return got
}

func TestIntakeReadsBySequence(t *testing.T) {
	s := startTest(t)
	admin, in := connectTest(t, s, User{Role: RoleAdmin}), openIntake(t, connectTest(t, s, User{Role: RoleWorker}), "north")
	before := time.Now()
	m := message(InputSubject("north", "clinic"), "a")
	m.Header = nats.Header{"Content-Type": {"application/json"}, "Ce-Id": {"7"}, "Authorization": {"x"}, "Nats-Sequence": {"99"},
		"Nats-Subject": {"referrals.north._admin"}, "Nats-Time-Stamp": {"2001-01-01T00:00:00Z"}, "Status": {"404"}}
	if _, err := admin.Publish(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	storeInputs(t, admin, "north", "hospital", "b", "")
	storeInputs(t, admin, "south", "clinic", "not ours")

	chunk, err := in.Read(t.Context(), 0, 10)
	if err != nil || len(chunk.Inputs) != 3 || len(chunk.Gaps) != 0 {
		t.Fatalf("read %+v, %v", chunk, err)
	}
	first := chunk.Inputs[0]
	if first.Sequence != 1 || first.Network != "north" || first.Source != "clinic" || string(first.Data) != "a" {
		t.Errorf("a sender's header was believed: %+v", first)
	}
	if len(first.Header) != 2 || first.Header["content-type"] != "application/json" || first.Header["ce-id"] != "7" {
		t.Errorf("headers %v", first.Header)
	}
	if first.Stored.Location() != time.UTC || first.Stored.Before(before.Add(-time.Minute)) {
		t.Errorf("stored %v", first.Stored)
	}
	if chunk, err = in.Read(t.Context(), 1, 1); err != nil || len(chunk.Inputs) != 1 || chunk.Inputs[0].Source != "hospital" {
		t.Errorf("from the middle: %+v, %v", chunk, err)
	}
	if chunk, err = in.Read(t.Context(), 3, 10); err != nil || len(chunk.Inputs) != 0 {
		t.Errorf("at the end: %+v, %v", chunk, err)
	}
	if last, err := in.Last(t.Context()); err != nil || last != 3 {
		t.Errorf("last %d, %v", last, err)
	}
}

func TestIntakeEndsAnEmptyInputLikeAStatusLine(t *testing.T) {
	s := startTest(t)
	admin, in := connectTest(t, s, User{Role: RoleAdmin}), openIntake(t, connectTest(t, s, User{Role: RoleWorker}), "north")
	for _, status := range []string{"204", "404", "503"} {
		m := message(InputSubject("north", "clinic"), "")
		m.Header = nats.Header{"Status": {status}, "Description": {"EOB"}}
		if _, err := admin.Publish(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	storeInputs(t, admin, "north", "clinic", "behind")
	if chunk, err := in.Read(t.Context(), 0, 10); err != nil || len(chunk.Inputs) != 4 {
		t.Errorf("read %+v, %v", chunk, err)
	}
}

// A client that speaks the protocol by hand can store a header block that no library reads.
func TestIntakeReadsPastBrokenHeaders(t *testing.T) {
	s := startTest(t)
	admin, in := connectTest(t, s, User{Role: RoleAdmin}), openIntake(t, connectTest(t, s, User{Role: RoleWorker}), "north")
	storeInputs(t, admin, "north", "clinic", "before")
	dial := UserDial(s.URL(), s.Keys(), User{Role: RoleSource, Network: "north", Source: "clinic"})
	options, err := dial.options(&Conn{})
	if err != nil {
		t.Fatal(err)
	}
	clinic, err := nats.Connect(s.URL(), append(options, nats.SetCustomDialer(breakingConn{}))...)
	if err != nil {
		t.Fatal(err)
	}
	defer clinic.Close()
	broken := message(InputSubject("north", "clinic"), "broken")
	broken.Header.Set("X-Broken", "1")
	if _, err := clinic.RequestMsg(broken, requestMax); err != nil {
		t.Fatal(err)
	}
	storeInputs(t, admin, "north", "clinic", "behind")
	var got []string
	for after := uint64(0); after < 3; {
		chunk, err := in.Read(t.Context(), after, 10)
		if err != nil || len(chunk.Inputs) == 0 {
			t.Fatalf("after %d: %+v, %v", after, chunk, err)
		}
		for _, i := range chunk.Inputs {
			got, after = append(got, string(i.Data)), i.Sequence
		}
	}
	if !slices.Equal(got, []string{"before", "broken", "behind"}) {
		t.Errorf("read %q", got)
	}
}

// breakingConn takes the colon out of the header X-Broken on its way to the server.
type breakingConn struct{ net.Conn }

func (c breakingConn) Write(p []byte) (int, error) {
	return c.Conn.Write(bytes.Replace(p, []byte("X-Broken:"), []byte("X-Broken;"), 1))
}

func (breakingConn) Dial(network, address string) (net.Conn, error) {
	c, err := net.Dial(network, address)
	return breakingConn{c}, err
}

func TestIntakeReportsGaps(t *testing.T) {
	s := startTest(t)
	admin, in := connectTest(t, s, User{Role: RoleAdmin}), openIntake(t, connectTest(t, s, User{Role: RoleWorker}), "north")
	storeInputs(t, admin, "north", "clinic", "1", "2", "3", "4", "5", "6", "7")
	stream, err := admin.JS.Stream(t.Context(), "REFERRALS-north")
	if err != nil {
		t.Fatal(err)
	}
	for _, seq := range []uint64{1, 3, 4, 7} {
		if err := stream.SecureDeleteMsg(t.Context(), seq); err != nil {
			t.Fatal(err)
		}
	}
	chunk, err := in.Read(t.Context(), 0, 10)
	if err != nil || len(chunk.Inputs) != 3 || !slices.Equal(chunk.Gaps, []Gap{{1, 1}, {3, 4}}) {
		t.Errorf("read %+v, %v", chunk, err)
	}
	storeInputs(t, admin, "north", "clinic", "8")
	if chunk, err = in.Read(t.Context(), 6, 10); err != nil || len(chunk.Inputs) != 1 || !slices.Equal(chunk.Gaps, []Gap{{7, 7}}) {
		t.Errorf("behind a gap at the end: %+v, %v", chunk, err)
	}
}

func TestWaitWakes(t *testing.T) {
	s := startTest(t)
	admin, worker := connectTest(t, s, User{Role: RoleAdmin}), connectTest(t, s, User{Role: RoleWorker})
	in := openIntake(t, worker, "north")
	ledger, err := OpenLedger(worker, "north")
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	if err := worker.Flush(); err != nil {
		t.Fatal(err)
	}
	storeInputs(t, admin, "north", "clinic", "x")
	<-in.wake.signal // by the server's word, not by a poll
	fillLedger(t, worker)
	<-ledger.wake.signal
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if in.Wait(ctx) == nil {
		t.Error("wait goes on after its context ended")
	}
}

func TestLedgerReader(t *testing.T) {
	s := startTest(t)
	worker := connectTest(t, s, User{Role: RoleWorker})
	ledger, err := OpenLedger(worker, "north")
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	if got := subjects(t, ledger.Fold(t.Context(), 1)); len(got) != 0 {
		t.Errorf("empty ledger: %q", got)
	}
	fillLedger(t, worker)
	if _, err := Append(t.Context(), worker.JS, []Msg{{Subject: HeadSubject("north"), Data: []byte("2")}}, HeadSubject("north"), 5); err != nil {
		t.Fatal(err)
	}
	if got := subjects(t, ledger.All(t.Context(), 2)); len(got) != 5 || got[0] != "2 decisions.north.r1" {
		t.Errorf("all from 2: %q", got)
	}
	want := []string{"2 decisions.north.r1", "4 decisions.north.r2", "5 ledger.north.head", "6 ledger.north.head"}
	if got := subjects(t, ledger.Fold(t.Context(), 1)); !slices.Equal(got, want) {
		t.Errorf("fold: %q", got)
	}
	if head, err := ledger.Head(t.Context()); err != nil || head.Sequence != 6 || string(head.Data) != "2" {
		t.Errorf("head %+v, %v", head, err)
	}
	if _, err := ledger.Last(t.Context(), DecisionSubject("north", "r9")); err == nil {
		t.Error("a decision that is not there was found")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range ledger.Fold(ctx, 1) {
		if err == nil {
			t.Error("reads on after its context ended")
		}
	}
}

func TestFollowReleasesWholeBatches(t *testing.T) {
	s := startTest(t)
	worker, admin := connectTest(t, s, User{Role: RoleWorker}), connectTest(t, s, User{Role: RoleAdmin})
	ledger, err := OpenLedger(connectTest(t, s, User{Role: RoleCoordinator, Network: "north"}), "north")
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	fillLedger(t, worker)
	// What has no head behind it is never a batch's.
	if _, err := admin.JS.Publish(t.Context(), DecisionSubject("north", "r9"), nil); err != nil {
		t.Fatal(err)
	}
	var got []uint64
	for m, err := range ledger.Follow(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, m.Sequence); m.Sequence == 5 {
			if _, err := Append(t.Context(), worker.JS, batchOf(2, 1), HeadSubject("north"), 5); err != nil {
				t.Fatal(err)
			}
		}
		if m.Sequence < 6 && len(got) > 5 {
			t.Fatalf("%v: read twice", got)
		}
		if m.Sequence == 8 {
			break
		}
	}
	if !slices.Equal(got, []uint64{1, 2, 3, 4, 5, 6, 7, 8}) {
		t.Errorf("followed %v", got)
	}
}

// BenchmarkRead shows what reading costs beside deciding: inputs of 2 KB, a ledger of 4 KB confirmations.
func BenchmarkRead(b *testing.B) {
	s := startTest(b)
	admin, worker := connectTest(b, s, User{Role: RoleAdmin}), connectTest(b, s, User{Role: RoleWorker})
	const n = 10_000
	fill(b, admin, worker, n)
	b.Run("intake", func(b *testing.B) {
		in := openIntake(b, worker, "north")
		for b.Loop() {
			for after := uint64(0); after < n; {
				chunk, err := in.Read(b.Context(), after, 1000)
				if err != nil || len(chunk.Inputs) == 0 {
					b.Fatal(err)
				}
				after = chunk.Inputs[len(chunk.Inputs)-1].Sequence
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "us/msg")
	})
	ledger, err := OpenLedger(worker, "north")
	if err != nil {
		b.Fatal(err)
	}
	for name, read := range map[string]func(context.Context, uint64) iter.Seq2[Stored, error]{"fold": ledger.Fold, "all": ledger.All} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				for _, err := range read(b.Context(), 1) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "us/placement")
		})
	}
}

// fill stores n inputs of 2 KB and as many confirmations of 4 KB with decisions of 1 KB.
func fill(b *testing.B, admin, worker *Conn, n int) {
	input, confirmation, decision := make([]byte, 2<<10), make([]byte, 4<<10), make([]byte, 1<<10)
	for i := range n {
		if _, err := admin.JS.PublishAsync(InputSubject("north", "clinic"), input); err != nil {
			b.Fatal(err)
		}
		if i%256 == 255 || i == n-1 {
			<-admin.JS.PublishAsyncComplete()
		}
	}
	head := uint64(0)
	for from := 0; from < n; from += 250 {
		var msgs []Msg
		for i := range 250 {
			key := fmt.Sprintf("r%d", from+i)
			msgs = append(msgs, Msg{Subject: ConfirmationSubject("north", "clinic", key), Data: confirmation},
				Msg{Subject: DecisionSubject("north", key), Data: decision})
		}
		msgs = append(msgs, Msg{Subject: HeadSubject("north"), Data: decision})
		var err error
		if head, err = Append(b.Context(), worker.JS, msgs, HeadSubject("north"), head); err != nil {
			b.Fatal(err)
		}
	}
}
