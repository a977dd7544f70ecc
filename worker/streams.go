package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ReferralsStream is the input log of a network.
func ReferralsStream(network string) string { return "REFERRALS-" + network }

// PlacementsStream is the ledger of a network.
func PlacementsStream(network string) string { return "PLACEMENTS-" + network }

// CatalogsBucket is the object store of a network's catalogs, named by content hash.
func CatalogsBucket(network string) string { return "CATALOGS-" + network }

// AuditStream keeps who looked at which patient, and who came and went. It is written by the desk, never by the worker.
func AuditStream(network string) string { return "AUDIT-" + network }

// AuditSubject is the only one of AuditStream.
func AuditSubject(network string) string { return "audit." + network }

func catalogsStream(network string) string { return "OBJ_" + CatalogsBucket(network) }

// InputSubject is what a source publishes its events on.
func InputSubject(network, source string) string { return "referrals." + network + "." + source }

// OutboundStream holds what sources are told in HL7 v2.
func OutboundStream(network string) string { return "OUTBOUND-" + network }

// OutboundSubject of one answer: to a source, about a referral ("r1042") or an input ("i1042").
func OutboundSubject(network, source, key string) string {
	return "outbound." + network + "." + source + "." + key
}

// HeadSubject is the last message of every batch, and the fence of the ledger.
func HeadSubject(network string) string { return "ledger." + network + ".head" }

// ConfirmationSubject of one confirmation. key is the referral's ("r1042") or the input's ("i1042").
func ConfirmationSubject(network, source, key string) string {
	return "placements." + network + "." + source + "." + key
}

// DecisionSubject of one decision about the referral with this key.
func DecisionSubject(network, key string) string { return "decisions." + network + "." + key }

// foldSubject matches decisions and heads, which have three tokens, and not confirmations, which have four. Reading both
// at once matters: of two reads the later might see a batch that the earlier did not.
func foldSubject(network string) string { return "*." + network + ".*" }

// SourceDurable is the consumer of the ledger through which a source reads its confirmations. It may pull from it and
// acknowledge, and not look it up: clients bind to it by name (`nats consumer next`, nats.Bind with SkipConsumerLookup).
// The server keeps the way back of a pull for 2 minutes, so one pull may wait no longer.
func SourceDurable(source string) string { return "ehr-" + source }

// AskSubject is what a source's questions come on (package ask). No stream takes it.
func AskSubject(network, source string) string { return "ask." + network + "." + source }

// PreviewSubject and PositionSubject are what a source's previews, and questions after its places in waitlists, come on
// (package ask). No stream takes them.
func PreviewSubject(network, source string) string  { return "preview." + network + "." + source }
func PositionSubject(network, source string) string { return "position." + network + "." + source }

// MicroSubjects are those by which NATS finds services (https://github.com/nats-io/nats-architecture-and-design, ADR-32).
const MicroSubjects = "$SRV.>"

// DeliveryDurable is the consumer of the ledger through which `convene deliver` reads all confirmations, and the heads,
// at which a batch is whole.
const DeliveryDurable = "deliver"

// storedSubject and storedHeadSubject carry the headers of what a network's streams have just stored. They wake
// readers up; nothing is read from them and losing one only costs the time of a poll.
func storedSubject(network string) string     { return "stored." + network }
func storedHeadSubject(network string) string { return storedSubject(network) + ".ledger.head" }

// Streams are the definitions of one network, as JetStream takes them.
type Streams struct {
	Referrals  jetstream.StreamConfig
	Placements jetstream.StreamConfig
	Outbound   jetstream.StreamConfig
	Audit      jetstream.StreamConfig
	Catalogs   jetstream.ObjectStoreConfig
	// Durables of the ledger, one for delivery and one a source, and of the answers in HL7 v2, one a source.
	Durables, Answers []jetstream.ConsumerConfig
}

// duplicatesWindow is the shortest that JetStream takes. Within it a message id that a sender repeats is answered
// as a duplicate and not stored, even where another source used it: Convene recognises what is sent again by itself.
const duplicatesWindow = 100 * time.Millisecond

// ackWaitMax before a confirmation that a source has not acknowledged is delivered to it again.
const ackWaitMax = 30 * time.Second

// DefineStreams gives the definitions of a network with this number of replicas: 1, or 3 on a cluster.
func DefineStreams(n NetworkSources, replicas int) Streams {
	base := jetstream.StreamConfig{
		Retention:   jetstream.LimitsPolicy,
		Storage:     jetstream.FileStorage,
		Discard:     jetstream.DiscardNew, // a full disk refuses, it never forgets
		Replicas:    replicas,
		Duplicates:  duplicatesWindow,
		AllowDirect: true,
		MaxMsgs:     -1, MaxBytes: -1, MaxMsgsPerSubject: -1, MaxMsgSize: -1, MaxConsumers: -1,
	}
	referrals, placements := base, base
	referrals.Name = ReferralsStream(n.Name)
	referrals.Description = "Convene: what the sources of network " + n.Name + " sent, as it came"
	referrals.Subjects = []string{InputSubject(n.Name, "*")}
	referrals.RePublish = &jetstream.RePublish{Source: InputSubject(n.Name, "*"),
		Destination: storedSubject(n.Name) + ".referrals.{{wildcard(1)}}", HeadersOnly: true}

	placements.Name = PlacementsStream(n.Name)
	placements.Description = "Convene: ledger of network " + n.Name
	placements.Subjects = []string{ConfirmationSubject(n.Name, "*", "*"), DecisionSubject(n.Name, "*"), HeadSubject(n.Name)}
	placements.AllowAtomicPublish = true
	placements.RePublish = &jetstream.RePublish{Source: HeadSubject(n.Name), Destination: storedHeadSubject(n.Name), HeadersOnly: true}

	outbound := base
	outbound.Name = OutboundStream(n.Name)
	outbound.Description = "Convene: what sources of network " + n.Name + " are told in HL7 v2"
	outbound.Subjects = []string{OutboundSubject(n.Name, "*", "*")}

	audit := base
	audit.Name = AuditStream(n.Name)
	audit.Description = "Convene: who looked at which patient of network " + n.Name
	audit.Subjects = []string{AuditSubject(n.Name)}

	s := Streams{Referrals: referrals, Placements: placements, Outbound: outbound, Audit: audit, Catalogs: jetstream.ObjectStoreConfig{
		Bucket:      CatalogsBucket(n.Name),
		Description: "Convene: catalogs of network " + n.Name + " by content hash",
		Storage:     jetstream.FileStorage,
		Replicas:    replicas,
		MaxBytes:    -1,
	}}
	durable := jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       ackWaitMax,
		MaxDeliver:    -1,
		Replicas:      replicas,
	}
	delivery := durable
	delivery.Durable, delivery.Description = DeliveryDurable, "Convene: confirmations to deliver, and the heads that end their batches"
	delivery.FilterSubjects = []string{ConfirmationSubject(n.Name, "*", "*"), HeadSubject(n.Name)}
	delivery.MaxAckPending = DeliveryHeldMax
	s.Durables = append(s.Durables, delivery)
	for _, source := range n.Sources {
		durable.Durable, durable.Description = SourceDurable(source), "Convene: confirmations of source "+source
		durable.FilterSubject = ConfirmationSubject(n.Name, source, ">")
		durable.MaxAckPending = 1000
		s.Durables = append(s.Durables, durable)
		durable.Description = "Convene: answers to source " + source + " in HL7 v2"
		durable.FilterSubject = OutboundSubject(n.Name, source, "*")
		s.Answers = append(s.Answers, durable)
	}
	return s
}

// DeliveryHeldMax is how many messages delivery may hold unacknowledged: more than two whole batches, the first of which
// may wait for its head.
const DeliveryHeldMax = 2000

// filters of a consumer, however they were given.
func filters(c jetstream.ConsumerConfig) []string {
	if c.FilterSubject != "" {
		return append(slices.Clone(c.FilterSubjects), c.FilterSubject)
	}
	return c.FilterSubjects
}

// EnsureStreams creates what a network lacks and sets right what differs in a way that the ledger cannot live with.
// It needs the admin. What an operator may choose (age of REFERRALS, replicas, placement) is left as it is.
func EnsureStreams(ctx context.Context, js jetstream.JetStream, n NetworkSources, replicas int) error {
	want := DefineStreams(n, replicas)
	for _, config := range []jetstream.StreamConfig{want.Referrals, want.Placements, want.Outbound, want.Audit} {
		if err := ensureStream(ctx, js, config); err != nil {
			return fmt.Errorf("stream %s: %w", config.Name, err)
		}
	}
	_, err := js.ObjectStore(ctx, want.Catalogs.Bucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		_, err = js.CreateObjectStore(ctx, want.Catalogs)
	}
	if err != nil {
		return fmt.Errorf("object store %s: %w", want.Catalogs.Bucket, err)
	}
	return errors.Join(ensureDurables(ctx, js, want.Placements.Name, want.Durables), ensureDurables(ctx, js, want.Outbound.Name, want.Answers))
}

func ensureDurables(ctx context.Context, js jetstream.JetStream, stream string, durables []jetstream.ConsumerConfig) error {
	for _, durable := range durables {
		if err := ensureDurable(ctx, js, stream, durable); err != nil {
			return fmt.Errorf("consumer %s of %s: %w", durable.Durable, stream, err)
		}
	}
	return nil
}

func ensureStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) error {
	stream, err := js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = js.CreateStream(ctx, want)
		return err
	}
	if err != nil {
		return err
	}
	have := stream.CachedInfo().Config
	if !slices.ContainsFunc(compareStream(want, have), func(f Finding) bool { return f.repairable }) {
		return nil
	}
	have.Subjects, have.RePublish = want.Subjects, want.RePublish
	have.AllowDirect, have.AllowAtomicPublish = want.AllowDirect, want.AllowAtomicPublish
	have.Discard, have.Duplicates = want.Discard, want.Duplicates
	_, err = js.UpdateStream(ctx, have)
	return err
}

func ensureDurable(ctx context.Context, js jetstream.JetStream, stream string, want jetstream.ConsumerConfig) error {
	_, err := js.CreateConsumer(ctx, stream, want)
	if !errors.Is(err, jetstream.ErrConsumerExists) {
		return err
	}
	have, err := js.Consumer(ctx, stream, want.Durable)
	if err != nil {
		return err
	}
	if sameSubjects(filters(have.CachedInfo().Config), filters(want)) {
		return nil
	}
	_, err = js.UpdateConsumer(ctx, stream, want)
	return err
}
