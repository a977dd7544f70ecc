package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

// Finding is one way in which a server's streams differ from what the ledger needs.
type Finding struct {
	Where string // stream, bucket or consumer
	What  string // what is wrong
	Fix   string // what to change
	// Fatal findings break a guarantee of the ledger: the worker refuses to run. The others are told as warnings.
	Fatal bool

	repairable bool // by an update of the stream
}

// String is one line for people.
func (f Finding) String() string {
	level := "warning"
	if f.Fatal {
		level = "error"
	}
	return fmt.Sprintf("%s: %s: %s (%s)", level, f.Where, f.What, f.Fix)
}

// Fatal reports whether the worker must refuse to run.
func Fatal(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Fatal })
}

// CheckStreams compares the streams of a network on a server that is not ours with DefineStreams. It needs no right
// to change anything. The error is about asking; what is wrong with the streams is in the findings, fatal ones first.
func CheckStreams(ctx context.Context, js jetstream.JetStream, n NetworkSources) ([]Finding, error) {
	want := DefineStreams(n, 1)
	var found []Finding
	for _, config := range []jetstream.StreamConfig{want.Referrals, want.Placements, want.Outbound} {
		stream, err := js.Stream(ctx, config.Name)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			f := missing(config.Name)
			f.Fatal = config.Name != want.Outbound.Name // only answers in HL7 v2 wait for it
			found = append(found, f)
		case err != nil:
			return nil, fmt.Errorf("stream %s: %w", config.Name, err)
		default:
			info := stream.CachedInfo()
			found = append(found, compareStream(config, info.Config)...)
			found = append(found, durability(info)...)
		}
	}
	if _, err := js.Stream(ctx, catalogsStream(n.Name)); errors.Is(err, jetstream.ErrStreamNotFound) {
		found = append(found, missing("object store "+want.Catalogs.Bucket))
	} else if err != nil {
		return nil, fmt.Errorf("object store %s: %w", want.Catalogs.Bucket, err)
	}
	for stream, durables := range map[string][]jetstream.ConsumerConfig{want.Placements.Name: want.Durables, want.Outbound.Name: want.Answers} {
		if slices.ContainsFunc(found, func(f Finding) bool { return f.Where == stream && f.What == missing(stream).What }) {
			continue
		}
		for _, durable := range durables {
			f, err := checkDurable(ctx, js, stream, durable)
			if err != nil {
				return nil, err
			}
			found = append(found, f...)
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return rank(a) - rank(b) })
	return found, nil
}

func rank(f Finding) int {
	if f.Fatal {
		return 0
	}
	return 1
}

func missing(where string) Finding {
	return Finding{Where: where, What: "does not exist", Fix: "create it as `convene streams --print` shows", Fatal: true}
}

// compareStream lists what a stream lacks, or has that it must not have.
func compareStream(want, have jetstream.StreamConfig) []Finding {
	var found []Finding
	add := func(wrong, fatal, repairable bool, what, fix string) {
		if wrong {
			found = append(found, Finding{Where: want.Name, What: what, Fix: fix, Fatal: fatal, repairable: repairable})
		}
	}
	must := func(wrong bool, what, fix string) { add(wrong, true, false, what, fix) }
	mend := func(wrong bool, what, fix string) { add(wrong, true, true, what, fix) }
	warn := func(wrong bool, what, fix string) { add(wrong, false, false, what, fix) }
	ledger := want.AllowAtomicPublish

	mend(!sameSubjects(want.Subjects, have.Subjects), fmt.Sprintf("subjects are %q", have.Subjects), fmt.Sprintf("set subjects to %q", want.Subjects))
	mend(!have.AllowDirect, "direct get is off", "set allow_direct: true")
	mend(ledger && !have.AllowAtomicPublish, "atomic batches are off", "set allow_atomic: true")
	must(have.Storage != jetstream.FileStorage, "messages are kept in memory", "recreate it with storage: file")
	must(have.Retention != jetstream.LimitsPolicy, "retention is "+have.Retention.String(), "recreate it with retention: limits")
	must(have.Mirror != nil || len(have.Sources) > 0, "it copies another stream", "recreate it without mirror and sources")
	must(have.SubjectTransform != nil, "it transforms subjects", "remove subject_transform")
	must(have.NoAck, "it acknowledges nothing", "set no_ack: false")
	must(have.Sealed, "it is sealed", "restore it unsealed")
	must(have.AllowRollup, "a publisher can wipe it with a rollup header", "set allow_rollup_hdrs: false")
	must(have.AllowMsgTTL, "a publisher can make its messages vanish", "recreate it with allow_msg_ttl: false")
	must(have.PersistMode == jetstream.AsyncPersistMode, "it acknowledges before storing", "recreate it with persist_mode: default")
	must(have.MaxMsgsPerSubject > 0, "old messages of a subject are dropped", "set max_msgs_per_subject: -1")
	limited := have.MaxMsgs > 0 || have.MaxBytes > 0
	mend(limited && have.Discard != jetstream.DiscardNew, "when full it drops acknowledged messages", "set discard: new")
	must(ledger && have.MaxAge > 0, "the ledger forgets after "+have.MaxAge.String(), "set max_age: 0")
	warn(!ledger && have.MaxAge > 0, "inputs are dropped after "+have.MaxAge.String(),
		"keep it longer than a worker may ever be down, or set max_age: 0")
	warn(limited && have.Discard == jetstream.DiscardNew, "it refuses messages when full", "set max_msgs and max_bytes to -1, or watch its size")
	warn(have.DenyDelete || have.DenyPurge, "`convene erase` cannot delete here", "recreate it with deny_delete and deny_purge: false")
	add(have.Duplicates > want.Duplicates, false, true, "a message id used by one source hides another's message for "+have.Duplicates.String(),
		"set duplicate_window: "+want.Duplicates.String())
	if r := want.RePublish; r != nil {
		add(!sameRePublish(r, have.RePublish), false, true, "readers are not woken when a message is stored and poll instead",
			fmt.Sprintf("set republish from %s to %s, headers only", r.Source, r.Destination))
	}
	return found
}

// durability says where acknowledged may not mean safe. Nothing that a client can ask shows whether a server syncs.
func durability(info *jetstream.StreamInfo) []Finding {
	name := info.Config.Name
	found := []Finding{{Where: name, What: "a client cannot see whether the server syncs every write to disk; by default it does so every 2 minutes",
		Fix: "set `jetstream { sync_interval: always }` in the server's configuration"}}
	if info.Cluster != nil && len(info.Cluster.Replicas) > 0 || info.Config.Replicas >= 3 {
		return found
	}
	return append(found, Finding{Where: name, What: "one replica: the loss of its disk is the loss of the data",
		Fix: "on a cluster set num_replicas: 3"})
}

func checkDurable(ctx context.Context, js jetstream.JetStream, stream string, want jetstream.ConsumerConfig) ([]Finding, error) {
	where := "consumer " + want.Durable + " of " + stream
	consumer, err := js.Consumer(ctx, stream, want.Durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		f := missing(where)
		f.Fatal = false // nobody can read through it yet; the ledger is none the worse
		return []Finding{f}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	have := consumer.CachedInfo().Config
	if sameSubjects(filters(have), filters(want)) {
		return nil, nil
	}
	return []Finding{{Where: where, What: fmt.Sprintf("it reads %q, which may be another source's", filters(have)),
		Fix: fmt.Sprintf("set filter_subjects: %q", filters(want)), Fatal: true}}, nil
}

func sameSubjects(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func sameRePublish(want, have *jetstream.RePublish) bool {
	return have != nil && have.Source == want.Source && have.Destination == want.Destination
}
