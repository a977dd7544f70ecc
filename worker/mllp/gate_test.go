package mllp

import (
	"os"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/convene-health/convene/mapping/hl7v2"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/worker"
)

var testNetwork = worker.NetworkSources{Name: "meadow", Sources: []string{"harbor"}}

// startNATS starts an embedded server with the streams of testNetwork.
func startNATS(t testing.TB) *worker.Server {
	t.Helper()
	s, err := worker.StartServer(worker.ServerConfig{Folder: t.TempDir(), Networks: []worker.NetworkSources{testNetwork}, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	if err := worker.EnsureStreams(t.Context(), connect(t, s, worker.User{Role: worker.RoleAdmin}).JS, testNetwork, 1); err != nil {
		t.Fatal(err)
	}
	return s
}

func connect(t testing.TB, s *worker.Server, u worker.User) *worker.Conn {
	t.Helper()
	c, err := worker.Connect(worker.UserDial(s.URL(), s.Keys(), u))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func harbor(t testing.TB, s *worker.Server) *worker.Conn {
	return connect(t, s, worker.User{Role: worker.RoleSource, Network: "meadow", Source: "harbor"})
}

const (
	cancelled = "MSH|^~\\&|HARBOR|CLINIC|CONVENE|MEADOW|20261110083000-0500||REF^I14^REF_I14|HB-2|P|2.5.1\rRF1||||||R-77^HARBOR\r"
	enhanced  = "MSH|^~\\&|HARBOR|CLINIC|CONVENE|MEADOW|20261110083000-0500||REF^I14^REF_I14|HB-3|P|2.5.1|||AL|AL\rRF1\r"
)

// A message is answered positively when, and only when, its bytes are in the stream.
func TestGate(t *testing.T) {
	s := startNATS(t)
	var receipts []hl7v2.Receipt
	g := &Gate{Conn: harbor(t, s), Network: "meadow", Source: "harbor", Log: zerolog.Nop(), Observe: func(r hl7v2.Receipt) { receipts = append(receipts, r) }}
	var stored []string
	handle := func(g *Gate, data string, err error) string { return string(g.Handle(t.Context(), []byte(data), err)) }
	for _, test := range []struct {
		name, data string
		err        error
		want       string // parts of the answer
		stored     bool
	}{
		{"original", cancelled, nil, "|ACK^I14^ACK| MSA|AA|HB-2", true},
		{"again", cancelled, nil, "MSA|AA|HB-2", true},
		{"enhanced, to be refused", enhanced, nil, "MSA|CA|HB-3", true},
		{"original, to be refused", strings.Replace(cancelled, "R-77", "", 1), nil, "MSA|AE|HB-2 ERR||RF1^1^6^1|101^", true},
		{"no message", "hello", nil, "MSA|AR ERR||MSH^1|100^", false},
		{"two messages", cancelled + enhanced, nil, "MSA|AR|HB-2 several-messages", false},
		{"too large", cancelled, ErrTooLarge, "MSA|AR|HB-2 |104^ too-large", false},
		{"larger than the server takes", cancelled + "NTE|||" + strings.Repeat("x", 1<<20) + "\r", nil, "MSA|AR|HB-2 too-large", false},
	} {
		got := handle(g, test.data, test.err)
		for part := range strings.FieldsSeq(test.want) {
			if !strings.Contains(got, part) {
				t.Errorf("%s: there is no %s in %q", test.name, part, got)
			}
		}
		if test.stored {
			stored = append(stored, test.data)
		}
	}
	if got := inputs(t, s); strings.Join(got, "\n") != strings.Join(stored, "\n") {
		t.Errorf("stored is %q", got)
	}
	if len(receipts) != 8 || receipts[0] != hl7v2.Stored || receipts[4] != hl7v2.NeverStored {
		t.Errorf("observed %v", receipts)
	}
	for name, stranger := range map[string]*Gate{"another network": {Conn: g.Conn, Network: "south", Source: "harbor"}, "another source": {Conn: g.Conn, Network: "meadow", Source: "brook"}} {
		stranger.Log = zerolog.Nop()
		if got := handle(stranger, cancelled, nil); !strings.Contains(got, "MSA|AR|HB-2") {
			t.Errorf("%s: %q", name, got)
		}
	}
	admin := &Gate{Conn: connect(t, s, worker.User{Role: worker.RoleAdmin}), Network: "nowhere", Source: "harbor", Log: zerolog.Nop()}
	if got := handle(admin, enhanced, nil); !strings.Contains(got, "MSA|CR|HB-3") || !strings.Contains(got, "not known") {
		t.Errorf("unknown network: %q", got)
	}
	s.Shutdown() // NATS down: the sender may try again
	if got := handle(g, enhanced, nil); !strings.Contains(got, "MSA|CE|HB-3") || !strings.Contains(got, "send it again") {
		t.Errorf("without NATS: %q", got)
	}
}

// In original mode the only answer says too what the catalog in force will refuse.
func TestGateKnowsTheCatalog(t *testing.T) {
	yaml, err := os.ReadFile("../../testdata/story/meadow.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cat, problems := program.Load(yaml)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	g := &Gate{Conn: harbor(t, startNATS(t)), Network: "meadow", Source: "harbor", Log: zerolog.Nop()}
	training := strings.Replace(cancelled, "|P|", "|T|", 1)
	for _, test := range []struct {
		catalog    *program.Catalog
		data, want string
	}{
		{nil, training, "MSA|AA|HB-2"},
		{cat, training, "MSA|AE|HB-2 ERR||MSH^1^11^1^1|202^ not-production"},
		{cat, cancelled, "MSA|AA|HB-2"},
	} {
		g.Catalog = func() *program.Catalog { return test.catalog }
		got := string(g.Handle(t.Context(), []byte(test.data), nil))
		for part := range strings.FieldsSeq(test.want) {
			if !strings.Contains(got, part) {
				t.Errorf("there is no %s in %q", part, got)
			}
		}
	}
}

// inputs stored in the network, in order.
func inputs(t testing.TB, s *worker.Server) (all []string) {
	t.Helper()
	in, err := worker.OpenIntake(connect(t, s, worker.User{Role: worker.RoleAdmin}), "meadow")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for after := uint64(0); ; {
		chunk, err := in.Read(t.Context(), after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(chunk.Inputs) == 0 {
			return all
		}
		for _, i := range chunk.Inputs {
			if i.Header["content-type"] != "x-application/hl7-v2+er7" {
				t.Errorf("content type %q", i.Header["content-type"])
			}
			all, after = append(all, string(i.Data)), i.Sequence
		}
	}
}
