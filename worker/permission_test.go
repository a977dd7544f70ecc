package worker

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func message(subject, data string) *nats.Msg {
	return &nats.Msg{Subject: subject, Data: []byte(data), Header: nats.Header{}}
}

// refusedMax is how long a request that must not be answered is waited for.
const refusedMax = 150 * time.Millisecond

// mustRefuse sends a request that the user must get no answer to.
func mustRefuse(t *testing.T, c *Conn, subject, body string) {
	t.Helper()
	if m, err := c.Request(subject, []byte(body), refusedMax); err == nil {
		t.Errorf("%s was answered: %s", subject, m.Data)
	}
}

// fillLedger appends one confirmation and decision for each source of north.
func fillLedger(t *testing.T, worker *Conn) {
	t.Helper()
	_, err := Append(t.Context(), worker.JS, []Msg{
		{Subject: ConfirmationSubject("north", "clinic", "r1"), Data: []byte("for clinic")},
		{Subject: DecisionSubject("north", "r1"), Data: []byte("decision")},
		{Subject: ConfirmationSubject("north", "hospital", "r2"), Data: []byte("for hospital")},
		{Subject: DecisionSubject("north", "r2"), Data: []byte("decision")},
		{Subject: HeadSubject("north"), Data: []byte("head")},
	}, HeadSubject("north"), 0)
	if err != nil {
		t.Fatal(err)
	}
}

func TestSourceDoesItsWork(t *testing.T) {
	s := startTest(t)
	clinic := connectTest(t, s, User{Role: RoleSource, Network: "north", Source: "clinic"})
	ack, err := clinic.Publish(t.Context(), message(InputSubject("north", "clinic"), "event"))
	if err != nil || ack.Stream != "REFERRALS-north" || ack.Sequence != 1 {
		t.Fatalf("publish: %+v, %v", ack, err)
	}
	fillLedger(t, connectTest(t, s, User{Role: RoleWorker}))

	// The client libraries look a consumer up before they read; a source may not, and says that it knows it.
	legacy, err := clinic.Conn.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	durable, err := legacy.PullSubscribe("", "ehr-clinic", nats.Bind("PLACEMENTS-north", "ehr-clinic"), nats.SkipConsumerLookup())
	if err != nil {
		t.Fatal(err)
	}
	batch, err := durable.Fetch(2, nats.MaxWait(500*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range batch {
		got = append(got, string(m.Data))
		if err := m.AckSync(); err != nil {
			t.Errorf("ack: %v", err)
		}
	}
	if len(got) != 1 || got[0] != "for clinic" {
		t.Errorf("clinic read %q", got)
	}
}

func TestSourceIsKeptApart(t *testing.T) {
	s := startTest(t)
	worker := connectTest(t, s, User{Role: RoleWorker})
	fillLedger(t, worker)
	admin := connectTest(t, s, User{Role: RoleAdmin})
	if _, err := PutCatalog(t.Context(), admin, "north", []byte("network: north")); err != nil {
		t.Fatal(err)
	}
	clinic := connectTest(t, s, User{Role: RoleSource, Network: "north", Source: "clinic"})

	for _, subject := range []string{
		InputSubject("north", "hospital"), InputSubject("south", "clinic"),
		InputSubject("north", "_admin"), InputSubject("north", "_desk"), InputSubject("north", "_clock"),
		ConfirmationSubject("north", "clinic", "r1"), DecisionSubject("north", "r1"), HeadSubject("north"),
		"$O.CATALOGS-north.M.x", "stored.north.ledger.head",
	} {
		if _, err := clinic.Publish(t.Context(), message(subject, "x")); !errors.Is(err, ErrDenied) {
			t.Errorf("publish to %s: %v, want ErrDenied", subject, err)
		}
	}
	for subject, body := range map[string]string{
		"$JS.API.INFO":                                             "",
		"$JS.API.STREAM.NAMES":                                     "",
		"$JS.API.STREAM.LIST":                                      "",
		"$JS.API.STREAM.INFO.REFERRALS-north":                      "",
		"$JS.API.STREAM.INFO.PLACEMENTS-north":                     `{"subjects_filter":">"}`,
		"$JS.API.STREAM.MSG.GET.PLACEMENTS-north":                  `{"seq":1}`,
		"$JS.API.STREAM.MSG.GET.REFERRALS-north":                   `{"seq":1}`,
		"$JS.API.DIRECT.GET.PLACEMENTS-north":                      `{"seq":3}`,
		"$JS.API.DIRECT.GET.PLACEMENTS-north.ledger.north.head":    "",
		"$JS.API.DIRECT.GET.OBJ_CATALOGS-north":                    `{"seq":1}`,
		"$JS.API.CONSUMER.LIST.PLACEMENTS-north":                   "",
		"$JS.API.CONSUMER.NAMES.PLACEMENTS-north":                  "",
		"$JS.API.CONSUMER.INFO.PLACEMENTS-north.ehr-hospital":      "",
		"$JS.API.CONSUMER.INFO.PLACEMENTS-north.ehr-clinic":        "",
		"$JS.API.CONSUMER.MSG.NEXT.PLACEMENTS-north.ehr-hospital":  `{"batch":1,"no_wait":true}`,
		"$JS.API.CONSUMER.MSG.NEXT.PLACEMENTS-south.ehr-clinic":    `{"batch":1,"no_wait":true}`,
		"$JS.API.CONSUMER.DELETE.PLACEMENTS-north.ehr-hospital":    "",
		"$JS.API.CONSUMER.DELETE.PLACEMENTS-north.ehr-clinic":      "",
		"$JS.API.CONSUMER.CREATE.PLACEMENTS-north.ehr-clinic":      `{"stream_name":"PLACEMENTS-north","config":{"durable_name":"ehr-clinic","filter_subject":"placements.north.>","ack_policy":"explicit"}}`,
		"$JS.API.CONSUMER.CREATE.PLACEMENTS-north.spy":             `{"stream_name":"PLACEMENTS-north","config":{"name":"spy","ack_policy":"none"}}`,
		"$JS.API.CONSUMER.CREATE.PLACEMENTS-north.spy.decisions.>": `{"stream_name":"PLACEMENTS-north","config":{"name":"spy","filter_subject":"decisions.>","ack_policy":"none"}}`,
		"$JS.API.CONSUMER.PAUSE.PLACEMENTS-north.ehr-hospital":     `{"pause_until":"2030-01-01T00:00:00Z"}`,
		"$JS.API.STREAM.PURGE.REFERRALS-north":                     "",
		"$JS.API.STREAM.DELETE.REFERRALS-north":                    "",
		"$JS.ACK.PLACEMENTS-north.ehr-hospital.1.3.1.0.0":          "+ACK",
	} {
		mustRefuse(t, clinic, subject, body)
	}
	listenInVain(t, clinic, worker, "placements.>", "decisions.>", "ledger.>", "referrals.>", "stored.>", "_INBOX_north_hospital.>", ">")
}

// listenInVain subscribes the spy to the subjects, has the worker and another source at work, and expects silence.
func listenInVain(t *testing.T, spy, worker *Conn, subjects ...string) {
	t.Helper()
	heard := make(chan *nats.Msg, 100)
	for _, subject := range subjects {
		if _, err := spy.ChanSubscribe(subject, heard); err != nil {
			t.Fatal(err)
		}
	}
	if err := spy.Flush(); err != nil {
		t.Fatal(err)
	}
	last, err := readLast(t.Context(), worker.Conn, "PLACEMENTS-north", HeadSubject("north"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Append(t.Context(), worker.JS, []Msg{
		{Subject: ConfirmationSubject("north", "hospital", "r2"), Data: []byte("secret")},
		{Subject: HeadSubject("north"), Data: []byte("head")},
	}, HeadSubject("north"), last.Sequence); err != nil {
		t.Fatal(err)
	}
	if err := spy.Flush(); err != nil {
		t.Fatal(err)
	}
	for len(heard) > 0 {
		m := <-heard
		t.Errorf("overheard %s: %s", m.Subject, m.Data)
	}
}

// The server publishes its answer to whatever reply subject a request names, with its own rights. Were sources in
// the ledger's account, an acknowledgement could be aimed at the head.
func TestAnswersCannotBeAimedAtTheStreams(t *testing.T) {
	s := startTest(t)
	worker := connectTest(t, s, User{Role: RoleWorker})
	fillLedger(t, worker)
	clinic := connectTest(t, s, User{Role: RoleSource, Network: "north", Source: "clinic"})
	coordinator := connectTest(t, s, User{Role: RoleCoordinator, Network: "north"})
	for _, target := range []string{HeadSubject("north"), InputSubject("north", "hospital"), InputSubject("north", "_admin"), ConfirmationSubject("north", "hospital", "r1")} {
		for c, subject := range map[*Conn]string{
			clinic:      InputSubject("north", "clinic"),
			coordinator: "$JS.API.DIRECT.GET.PLACEMENTS-north",
		} {
			if err := c.PublishRequest(subject, target, []byte(`{"seq":1}`)); err != nil {
				t.Fatal(err)
			}
		}
		if err := clinic.PublishRequest("$JS.API.CONSUMER.MSG.NEXT.PLACEMENTS-north.ehr-clinic", target, []byte("1")); err != nil {
			t.Fatal(err)
		}
	}
	// A message of the source's own, acknowledged, is behind all of the above.
	if _, err := clinic.Publish(t.Context(), message(InputSubject("north", "clinic"), "last")); err != nil {
		t.Fatal(err)
	}
	in, err := OpenIntake(worker, "north")
	if err != nil {
		t.Fatal(err)
	}
	chunk, err := in.Read(t.Context(), 0, 100)
	if err != nil || len(chunk.Inputs) != 5 {
		t.Fatalf("%d inputs, %v", len(chunk.Inputs), err)
	}
	for _, input := range chunk.Inputs {
		if input.Source != "clinic" {
			t.Errorf("input %d is from %s: %s", input.Sequence, input.Source, input.Data)
		}
	}
	if last, err := lastSequence(t.Context(), worker.JS, "PLACEMENTS-north"); err != nil || last != 5 {
		t.Errorf("ledger ends at %d, want 5: %v", last, err)
	}
}

func TestCoordinatorOnlyReads(t *testing.T) {
	s := startTest(t)
	worker := connectTest(t, s, User{Role: RoleWorker})
	fillLedger(t, worker)
	coordinator := connectTest(t, s, User{Role: RoleCoordinator, Network: "north"})
	ledger, err := OpenLedger(coordinator, "north")
	if err != nil {
		t.Fatal(err)
	}
	if got := subjects(t, ledger.All(t.Context(), 1)); len(got) != 5 {
		t.Errorf("coordinator read %q", got)
	}
	for _, subject := range []string{InputSubject("north", "clinic"), InputSubject("north", "_desk"), DecisionSubject("north", "r1"), HeadSubject("north")} {
		if _, err := coordinator.Publish(t.Context(), message(subject, "x")); !errors.Is(err, ErrDenied) {
			t.Errorf("publish to %s: %v, want ErrDenied", subject, err)
		}
	}
	for _, subject := range []string{
		"$JS.API.DIRECT.GET.PLACEMENTS-south", "$JS.API.DIRECT.GET.REFERRALS-north", "$JS.API.STREAM.INFO.REFERRALS-north",
		"$JS.API.CONSUMER.MSG.NEXT.PLACEMENTS-north.ehr-clinic", "$JS.API.CONSUMER.DELETE.PLACEMENTS-north.ehr-clinic",
		"$JS.API.CONSUMER.CREATE.PLACEMENTS-north.ehr-clinic.placements.north.>", "$JS.API.STREAM.PURGE.PLACEMENTS-north",
	} {
		mustRefuse(t, coordinator, subject, `{"seq":1}`)
	}
}

func TestWorkerCannotDestroy(t *testing.T) {
	s := startTest(t)
	worker := connectTest(t, s, User{Role: RoleWorker})
	fillLedger(t, worker)
	for _, stream := range []string{"REFERRALS-north", "PLACEMENTS-north", "OBJ_CATALOGS-north"} {
		for _, verb := range []string{"STREAM.DELETE", "STREAM.PURGE", "STREAM.MSG.DELETE", "STREAM.UPDATE"} {
			mustRefuse(t, worker, "$JS.API."+verb+"."+stream, `{"seq":1,"name":"`+stream+`"}`)
		}
	}
	mustRefuse(t, worker, "$JS.API.STREAM.CREATE.X", `{"name":"X","subjects":["x"]}`)
	mustRefuse(t, worker, "$JS.API.CONSUMER.CREATE.PLACEMENTS-north.x", `{"stream_name":"PLACEMENTS-north","config":{"name":"x"}}`)
	mustRefuse(t, worker, "$JS.API.CONSUMER.DELETE.PLACEMENTS-north.ehr-clinic", "")
	if _, err := worker.Publish(t.Context(), message(InputSubject("north", "clinic"), "x")); !errors.Is(err, ErrDenied) {
		t.Errorf("worker published as a source: %v", err)
	}
}

func TestDeniedPublishIsToldAtOnce(t *testing.T) {
	s := startTest(t)
	clinic := connectTest(t, s, User{Role: RoleSource, Network: "north", Source: "clinic"})
	ctx, cancel := context.WithTimeout(t.Context(), requestMax/2)
	defer cancel()
	_, err := clinic.Publish(ctx, message(InputSubject("north", "hospital"), "x"))
	if !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), "referrals.north.hospital") {
		t.Errorf("got %v", err)
	}
	admin := connectTest(t, s, User{Role: RoleAdmin})
	if _, err := admin.Publish(ctx, message(InputSubject("nowhere", "clinic"), "x")); !errors.Is(err, jetstream.ErrNoStreamResponse) {
		t.Errorf("unknown network: %v", err)
	}
}

// TestDeliveryReadsOnly: it reads the ledger and acknowledges, and stores nothing.
func TestDeliveryReadsOnly(t *testing.T) {
	s := startTest(t)
	fillLedger(t, connectTest(t, s, User{Role: RoleWorker}))
	delivery := connectTest(t, s, User{Role: RoleDelivery, Network: "north"})
	durable, err := delivery.JS.Consumer(t.Context(), "PLACEMENTS-north", DeliveryDurable)
	if err != nil {
		t.Fatal(err)
	}
	batch, err := durable.Fetch(3)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for m := range batch.Messages() {
		got = append(got, string(m.Data()))
		if err := m.DoubleAck(t.Context()); err != nil {
			t.Errorf("ack: %v", err)
		}
	}
	if strings.Join(got, ", ") != "for clinic, for hospital, head" {
		t.Errorf("delivery read %q", got)
	}
	for _, subject := range []string{
		InputSubject("north", "clinic"), InputSubject("north", "_admin"), ConfirmationSubject("north", "clinic", "r1"),
		DecisionSubject("north", "r1"), HeadSubject("north"), "stored.north.ledger.head",
		"$JS.API.STREAM.PURGE.PLACEMENTS-north", "$JS.API.CONSUMER.DELETE.PLACEMENTS-north.deliver",
		"$JS.API.CONSUMER.INFO.PLACEMENTS-south.deliver", "$JS.API.DIRECT.GET.PLACEMENTS-south", "$JS.API.DIRECT.GET.REFERRALS-north",
	} {
		if _, err := delivery.Publish(t.Context(), message(subject, "x")); !errors.Is(err, ErrDenied) {
			t.Errorf("publish to %s: %v, want ErrDenied", subject, err)
		}
	}
}
