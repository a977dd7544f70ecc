package worker

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/convene-health/convene/mapping/hl7v2"
)

// hl7Catalog is ledgerCatalog with hospital answered in HL7 v2.
func hl7Catalog(seats int) []byte {
	return []byte(strings.Replace(string(ledgerCatalog(seats)), "{name: hospital, production: true}", "{name: hospital, production: true, format: hl7v2}", 1))
}

func hl7Message(kind, id, order, patient string) string {
	text := fmt.Sprintf("MSH|^~\\&|HOSP|MAIN|CONVENE|NORTH|20261109083000-0500||REF^%s^REF_I12|%s|P|2.5.1|||AL|AL\rRF1||R||||%s^HOSP\r"+
		"PRD|RP|REYES^TOMAS\rPID|1||%s^^^HOSP^MR||%s^PAT||19600101|F|||1 Elm St^^Boston^MA^02118\r", kind, id, order, patient, patient)
	if kind != "I14" {
		text += "DG1|1||J44.9^COPD^I10\r"
	}
	return text
}

// answersOf are what the source of a network is told in HL7 v2, in order.
func answersOf(t *testing.T, c *Conn) []Stored {
	t.Helper()
	stored, err := readDirect(t.Context(), c.Conn, OutboundStream("north"), 1, 1000, "")
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// told says of each answer what matters: its key, type, what it acknowledges, the referral and its status.
func told(answers []Stored) (all []string) {
	for _, s := range answers {
		m, _ := hl7v2.Parse(s.Data)
		line := s.Subject[strings.LastIndex(s.Subject, ".")+1:] + " " + m.First("MSH").Field(9).Component(2).Raw
		if msa := m.First("MSA"); msa != nil {
			line += " " + msa.Field(1).Raw + " " + msa.Field(2).Raw
		}
		if rf1 := m.First("RF1"); rf1 != nil {
			line += " " + rf1.Field(6).Raw + " " + rf1.Field(1).Component(1).Raw + " " + m.First("PID").Field(3).Component(1).Raw
		}
		all = append(all, line)
	}
	return all
}

func TestOutbound(t *testing.T) {
	folder := t.TempDir()
	h := runHost(t, folder, HostConfig{Catalogs: []string{catalogFile(t, folder, hl7Catalog(1))}})
	source, err := Connect(UserDial(h.Server().URL(), h.Server().Keys(), User{Role: RoleSource, Network: "north", Source: "hospital"}))
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	for _, data := range []string{
		hl7Message("I12", "M1", "O1", "ADA"), hl7Message("I12", "M2", "O1", "ADA"), hl7Message("I12", "M3", "O2", "BEN"),
		hl7Message("I14", "M4", "O1", "ADA"), hl7Message("I14", "M5", "O9", "ADA"), "{}", hl7Message("I13", "M6", "O2", "BEN") + "NTE|1||x\r",
	} {
		if _, err := source.Publish(t.Context(), &nats.Msg{Subject: InputSubject("north", "hospital"), Data: []byte(data)}); err != nil {
			t.Fatal(err)
		}
	}
	// Input 1 put the catalog in force.
	want := []string{
		"r2 I12 AA M1 O1^HOSP A ADA", // placed
		"r4 I12 AA M3 O2^HOSP A BEN", // waitlisted
		"r2 I14 AA M4 O1^HOSP R ADA", // cancelled
		"r4 I13 O2^HOSP A BEN",       // promoted: it asked nothing
		"i6 I14 AE M5",               // no such referral
		"r4 I13 AA M6 O2^HOSP A BEN",
		"i3 I12 AA M2", // a copy
	}
	order := func(a, b string) int { return strings.Compare(a, b) }
	eventually(t, "seven answers", func() bool { return len(answersOf(t, h.Admin())) >= len(want) })
	all := answersOf(t, h.Admin())
	got := told(all)
	if diff := cmp.Diff(slices.SortedFunc(slices.Values(want), order), slices.SortedFunc(slices.Values(got), order)); diff != "" {
		t.Error(diff)
	}
	if r4 := slices.DeleteFunc(got, func(s string) bool { return !strings.HasPrefix(s, "r4 ") }); len(r4) != 3 || r4[1] != want[3] {
		t.Errorf("the order of a referral's answers is %q", r4)
	}
	if id := hl7ID(all[0]); id != "north-2-1" {
		t.Errorf("MSH-10 is %s, the confirmation's id is north-2-1", id)
	}
	pulled(t, source, all)
	resumed(t, h.Admin(), h.conn, all)
	erasedAnswers(t, h, all)
}

func hl7ID(s Stored) string {
	m, _ := hl7v2.Parse(s.Data)
	return m.First("MSH").Field(10).Raw
}

// pulled: the source takes its answers from the stream through its durable.
func pulled(t *testing.T, source *Conn, all []Stored) {
	t.Helper()
	js, err := source.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	sub, err := js.PullSubscribe("", SourceDurable("hospital"), nats.Bind(OutboundStream("north"), SourceDurable("hospital")), nats.SkipConsumerLookup())
	if err != nil {
		t.Fatal(err)
	}
	messages, err := sub.Fetch(len(all))
	if err != nil || len(messages) != len(all) || string(messages[0].Data) != string(all[0].Data) {
		t.Fatalf("%d of %d answers pulled: %v", len(messages), len(all), err)
	}
}

// resumed: from wherever the answers end, whoever goes on writes the very same, and two at once write none twice.
func resumed(t *testing.T, admin, worker *Conn, all []Stored) {
	t.Helper()
	stream, err := admin.JS.Stream(t.Context(), OutboundStream("north"))
	if err != nil {
		t.Fatal(err)
	}
	for keep := len(all) - 1; keep >= 0; keep-- {
		for _, s := range answersOf(t, admin)[keep:] {
			if err := stream.DeleteMsg(t.Context(), s.Sequence); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		var both sync.WaitGroup
		for range 2 {
			o := &Outbound{Conn: worker, Network: "north", Log: zerolog.Nop()}
			both.Go(func() { o.Run(ctx) })
		}
		eventually(t, "all answers again", func() bool { return len(answersOf(t, admin)) >= len(all) })
		cancel()
		both.Wait()
		again := answersOf(t, admin)
		if len(again) != len(all) {
			t.Fatalf("from %d on there are %d answers", keep, len(again))
		}
		for i := range again {
			if again[i].Subject != all[i].Subject || string(again[i].Data) != string(all[i].Data) {
				t.Errorf("from %d on answer %d is %s, was %s", keep, i, again[i].Data, all[i].Data)
			}
		}
	}
}

// Two sources sent the same again, and one batch covers that. Each is told so in the order in which they sent, so that from
// wherever the answers end nobody's is left out.
func TestAcceptancesOfSeveralSources(t *testing.T) {
	l := newLedgerTest(t, 3)
	both := bytes.Replace(hl7Catalog(3), []byte("{name: clinic, production: true}"), []byte("{name: clinic, production: true, format: hl7v2}"), 1)
	if err := ApplyCatalog(t.Context(), l.admin, "north", both, "test"); err != nil {
		t.Fatal(err)
	}
	var last uint64
	for _, x := range []struct{ source, id, order string }{
		{"hospital", "M1", "O1"}, {"clinic", "M2", "O2"}, // decided now, so that what follows comes at once
		{"hospital", "M3", "O1"}, {"clinic", "M4", "O2"}, {"hospital", "M5", "O1"}, {"clinic", "M6", "O2"},
	} {
		if x.id == "M3" {
			l.decided(last)
			l.stop()
		}
		last = l.publish(x.source, []byte(hl7Message("I12", x.id, x.order, "P"+x.order)))
	}
	l.start()
	l.decided(last)
	worker := connectTest(t, l.server, User{Role: RoleWorker})
	ctx, cancel := context.WithCancel(t.Context())
	o, ended := &Outbound{Conn: worker, Network: "north", Log: zerolog.Nop()}, make(chan bool)
	go func() { o.Run(ctx); close(ended) }()
	eventually(t, "six answers", func() bool { return len(answersOf(t, l.admin)) >= 6 })
	cancel()
	<-ended
	all := answersOf(t, l.admin)
	want := []string{"r3 I12 AA M1 O1^HOSP A PO1", "r4 I12 AA M2 O2^HOSP A PO2", "i5 I12 AA M3", "i6 I12 AA M4", "i7 I12 AA M5", "i8 I12 AA M6"}
	if diff := cmp.Diff(want, told(all)); diff != "" {
		t.Error(diff)
	}
	resumed(t, l.admin, worker, all)
}

// erasedAnswers: an erasure leaves nothing of the patient among the answers.
func erasedAnswers(t *testing.T, h *Host, all []Stored) {
	t.Helper()
	done, err := Erase(t.Context(), h.Admin(), "north", "r4", "test", "asked for")
	if err != nil || done.Answers < 3 {
		t.Fatalf("%+v, %v", done, err)
	}
	eventually(t, "the erasure is told", func() bool {
		left := answersOf(t, h.Admin())
		return len(left) > 0 && left[len(left)-1].Sequence > all[len(all)-1].Sequence
	})
	for _, s := range answersOf(t, h.Admin()) {
		if strings.Contains(string(s.Data), "BEN") {
			t.Errorf("%s names an erased patient: %s", s.Subject, s.Data)
		}
	}
	report, err := Verify(t.Context(), h.Admin(), "north", nil)
	if err != nil || len(report.Faults) > 0 {
		t.Errorf("%v, %+v", err, report)
	}
}
