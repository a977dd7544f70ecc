package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/bench"
)

// What the CLI prints is worded here; flags and commands carry their own help.

const aboutConvene = "Places patients with chronic conditions into group programs: referral events in, placement confirmations out, exactly once."

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1 // failed, or differs
	exitUsage  = 2 // wrong usage or configuration
)

// failure is an error for people: what is wrong, then what to do next.
type failure struct {
	what string
	hint string
	exit int
	err  error // the cause, if another error says more; its text is part of what
}

func (f *failure) Error() string { return f.what }
func (f *failure) Unwrap() error { return f.err }

// speaker prints: results to out, problems to err.
type speaker struct{ out, err io.Writer }

func newSpeaker(out, err io.Writer) *speaker { return &speaker{out: out, err: err} }

// failed prints an error with its hint and gives the exit code; nil is exitDone.
func (s *speaker) failed(err error) int {
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(s.err, "convene: error: %v\n", err)
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{exit: exitFailed}
	}
	if f.hint == "" && errors.Is(err, nats.ErrNoResponders) {
		f.hint = networkHint
	}
	if f.hint != "" {
		fmt.Fprintf(s.err, "convene: hint: %s\n", f.hint)
	}
	return f.exit
}

// misused prints what the parser did not understand.
func (s *speaker) misused(err error) int {
	var file *configError
	if errors.As(err, &file) {
		return s.failed(usage("its settings are named as the flags are; `convene COMMAND --help` lists them", "--config: %v", file))
	}
	return s.failed(&failure{what: err.Error(), hint: "see `convene --help`", exit: exitUsage})
}

func (s *speaker) line(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }
func (s *speaker) warn(format string, args ...any) {
	fmt.Fprintf(s.err, "convene: warning: "+format+"\n", args...)
}

// note says beside the results, which may be a file, how it went.
func (s *speaker) note(format string, args ...any) { fmt.Fprintf(s.err, format+"\n", args...) }

// columns prints rows with their cells aligned.
func (s *speaker) columns(rows [][]string) {
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	w.Flush()
}

func usage(hint, format string, args ...any) error {
	return &failure{what: fmt.Sprintf(format, args...), hint: hint, exit: exitUsage}
}

// Streams.

func streamsUnfit(network string) error {
	return &failure{what: "the streams of network " + network + " do not keep what the ledger needs",
		hint: "change what is listed as an error; `convene streams --print --network " + network + "` shows the whole definitions", exit: exitFailed}
}

const streamsNeedNetwork = "name the networks with --network, and their sources with --source"

func serverPart(accounts string) string {
	return `# 1. In nats-server.conf, beside your own listen and tls settings. Sources and coordinators have accounts of their own:
#    a client may name any subject for the server's answer, and in the ledger's account that could be the ledger's.
jetstream {
  store_dir: "/var/lib/nats"
  sync_interval: always
}
` + accounts
}

const streamsPart = "# 2. As admin, with the nats CLI (nats --nkey admin.nk --inbox-prefix _INBOX_admin ...)."

// Sending.

func sendDenied(subject string, err error) error {
	return &failure{what: "the server does not let this user publish to " + subject, err: err, exit: exitFailed,
		hint: "a source may publish its own subject only, and catalogs, _admin and _desk need the admin's key: give --nkey or --creds"}
}

func needsAdmin(what string, err error) error {
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return &failure{what: what + " could not be stored: the server does not know the network", err: err, exit: exitFailed, hint: networkHint}
	}
	return &failure{what: what + " could not be stored: " + err.Error(), err: err, exit: exitFailed,
		hint: "catalogs need the admin's key: give --nkey <data folder>/keys/admin.nk"}
}

func noAddress(path string) error {
	return usage("give --network and --source", "%s does not say which network and source it is from", path)
}

func tooLarge(subject string, bytes int, max int64) string {
	return fmt.Sprintf("%s: %d bytes with headers, the server takes %d: not sent", subject, bytes, max)
}

func notAllSent(count int) error {
	return &failure{what: fmt.Sprintf("%d messages were not stored", count), hint: "they are named above; the others are stored and need not be sent again", exit: exitFailed}
}

func sentSummary(stored, catalogs, clocks, others int) string {
	text := fmt.Sprintf("%d events stored", stored)
	if catalogs > 0 {
		text += fmt.Sprintf(", %d catalogs", catalogs)
	}
	if clocks > 0 {
		text += fmt.Sprintf(", %d clock events skipped", clocks)
	}
	if others > 0 {
		text += fmt.Sprintf(", %d lines of other networks and sources skipped", others)
	}
	return text
}

// Watching.

// unknownWord: a filter that nothing could pass would wait for ever.
func unknownWord(flag, word, known string) error {
	return usage("there are "+known, "%s: there is no %q", flag, word)
}

const watchNeedsNetwork = "name the network with --network"

const (
	watchSinceHint = "give --since 2h, or --since 2026-11-09T08:00:00Z"
	watchHeading   = "time          network    key       status        where                                    why"
)

func watchBroken(network string, err error) string {
	return fmt.Sprintf("network %s: %v: trying again", network, err)
}

func watching(network string) string { return "watching network " + network + "; Ctrl-C ends it" }

func watchImpossible(network string, err error) error {
	return &failure{what: "network " + network + " cannot be watched: " + err.Error(), err: err, exit: exitFailed,
		hint: "check the name, and that the user may read its ledger (--nkey <data folder>/keys/<network>/_coordinator.nk)"}
}

// Replaying, recording, verifying.

func unreadable(path string, err error) error {
	hint, what := "", err.Error()
	if file := new(fs.PathError); errors.As(err, &file) {
		hint, what = "check the path and that it may be read", file.Path+": "+file.Err.Error()
	}
	if !strings.HasPrefix(what, path+":") {
		what = path + ": " + what
	}
	return &failure{what: what, hint: hint, exit: exitUsage, err: err}
}

func badCatalog(path string, err error) error {
	if errors.As(err, new(*fs.PathError)) {
		return unreadable(path, err)
	}
	if errors.Is(err, worker.ErrTwoCatalogs) {
		return usage("give --catalog one file for each network", "%s: %v", path, err)
	}
	return &failure{what: "the catalog " + path + " does not load:\n" + err.Error(), hint: "`convene catalog check " + path + "` lists every problem with its line", exit: exitUsage, err: err}
}

func replayImpossible(path string, err error) error {
	hint := "the file may be cut or out of order; `convene record` writes whole ones"
	if errors.Is(err, worker.ErrNetwork) {
		hint = "for single events, give the network's catalog: --catalog FILE"
	}
	if errors.Is(err, engine.ErrNoCatalog) {
		hint = "give the network's catalog with --catalog FILE, or put its line before the events"
	}
	return &failure{what: path + ": " + err.Error(), hint: hint, exit: exitUsage, err: err}
}

func differs(differ, same int, path string) error {
	return &failure{what: fmt.Sprintf("%d confirmations differ from %s, %d are the same", differ, path, same), exit: exitFailed,
		hint: "the same engine version gives the same bytes: look for another version, catalog or order of events"}
}

func allSame(n int, path string) string {
	return fmt.Sprintf("%d confirmations, byte for byte those of %s", n, path)
}

func recordedSummary(inputs int, networks []string) string {
	return fmt.Sprintf("%d inputs of %s recorded", inputs, strings.Join(networks, ", "))
}

func verified(r *worker.Report) string {
	state := "checks out"
	if len(r.Faults) > 0 {
		state = fmt.Sprintf("has %d faults", len(r.Faults))
	}
	text := fmt.Sprintf("ledger of %s %s: %d inputs decided (%d unchanged), %d decisions, %d confirmations in %d batches; %d referrals, %d live, %d waiting; chain, hashes, seats, patients and inputs checked",
		r.Network, state, r.Decided, r.Unchanged, r.Decisions, r.Confirmations, r.Batches, r.Counts.Referrals, r.Counts.Live, r.Counts.Waiting)
	if r.Erased > 0 {
		text += fmt.Sprintf("; %d messages erased", r.Erased)
	}
	if r.Pending > 0 {
		text += fmt.Sprintf("; %d inputs wait", r.Pending)
	}
	return text
}

func ledgerFaulty(n int) error {
	return &failure{what: fmt.Sprintf("%d faults in the ledger", n), exit: exitFailed,
		hint: "stop the worker, keep the streams as they are, and restore the ledger from a backup or replica"}
}

// Catalogs and erasing.

func catalogFine(path string, cat *program.Catalog) string {
	return fmt.Sprintf("%s: network %s, %d programs, %d groups, no error", path, cat.Network, len(cat.Programs), len(cat.Groups))
}

func catalogsBad(bad, of int) error {
	return &failure{what: fmt.Sprintf("%d of %d checked would not load", bad, of), hint: "mend what is listed above and check again", exit: exitFailed}
}

func catalogAnnounced(cat *program.Catalog) string {
	return fmt.Sprintf("catalog %s of network %s stored and announced; `convene catalog show` shows it once it is in force", cat.Hash[:19], cat.Network)
}

func noCatalogYet(network string) string {
	return "network " + network + " has no catalog in force yet"
}

func catalogTitle(cat *program.Catalog) string {
	return fmt.Sprintf("network %s, %s: %d programs, %d groups (%s)", cat.Network, cat.Organization.Name, len(cat.Programs), len(cat.Groups), cat.Hash[:19])
}

// putOffFrom says of a group in a listing when its catalog has it begin.
func putOffFrom(day time.Time) string { return "put off from " + day.Format(time.DateOnly) }

func cannotErase(key string, err error) error {
	if errors.Is(err, worker.ErrNoReferral) {
		return &failure{what: key + ": no such referral; nothing is erased", err: err, exit: exitFailed, hint: "check the key and the network; `convene watch --all` shows keys, such as r1042"}
	}
	return &failure{what: key + " is not erased: " + err.Error(), err: err, exit: exitFailed, hint: "check the key and network, and that a worker runs; the key is that of a referral, such as r1042"}
}

func cannotForget(key string, err error) error {
	return &failure{what: key + " is erased, but what a FHIR server refused of it may be kept: " + err.Error(), err: err, exit: exitFailed, hint: "delete its file in the folder refused of the data folder"}
}

func erased(key string, done worker.Erased) string {
	if done.Before {
		return key + " was already erased; nothing of it was left but the notice, which stays"
	}
	return fmt.Sprintf("%s erased: %d inputs, %d decisions, %d confirmations and %d answers in HL7 v2 overwritten; backups and what was delivered elsewhere are yours to erase", key, done.Inputs, done.Decisions, done.Confirmations, done.Answers)
}

// The demo.

func demoBegins(folder string) []string {
	return []string{
		"Convene demo: a week of referrals from four EHRs in two care networks, decided live.",
		"An embedded NATS server keeps them in " + folder + " until the demo ends. People appear by key only.",
		"",
		"  time      network    key      becomes                 what Convene confirms to the EHR",
	}
}

var demoEnds = []string{
	"",
	"Every line above is a confirmation that the EHR receives, with a FHIR bundle. Next: `convene replay --json --decisions FILE`",
	"shows why each patient is in that group; `convene run --catalog FILE` works for real; README.md sends your first event.",
}

func demoStuck() error {
	return &failure{what: "the demo did not decide everything in time", exit: exitFailed, hint: "run it again with --log info and look at what the worker says"}
}

func serving(folder string) string {
	return "\nstill running: `convene watch --data " + folder + "` and `convene send --data " + folder + " FILE` work now; Ctrl-C ends it"
}

func received(events, confirmations int) string {
	return fmt.Sprintf("%d events received, %d confirmations published. Where the referrals stand:", events, confirmations)
}

// meaning of a status in a few words.
var meaning = map[mapping.Status]string{
	mapping.Placed:         "a seat, or a place in a drop-in group",
	mapping.Offered:        "a seat is held until the patient answers",
	mapping.Waitlisted:     "all suitable groups are full",
	mapping.Review:         "a person decides",
	mapping.NeedsInfo:      "a fact is missing; the EHR is told which",
	mapping.Cancelled:      "by the referrer",
	mapping.Closed:         "ended unserved",
	mapping.DroppedOut:     "left before the end",
	mapping.Completed:      "served",
	mapping.Rejected:       "by a person",
	mapping.EnteredInError: "never meant",
}

func promotedSummary(n int) string {
	return fmt.Sprintf("promoted from a waitlist when a seat became free: %d", n)
}

const (
	reviewedBecause = "review because of: "
	refusedBecause  = "refused because of: "
)

func seatsTitle(network string) string { return "seats in " + network + " (● taken, ○ free):" }

// Measuring.

// benchRows show each figure beside what it is to be compared with.
func benchRows(r *bench.Result) (rows [][]string) {
	row := func(format string, args ...any) {
		rows = append(rows, strings.Split(fmt.Sprintf(format, args...), "|"))
	}
	if d := r.Drain; d != nil {
		row("drain|%.0f events/s|bare %.0f|ratio %.2f", d.EventsPerS, d.BarePerS, d.Ratio)
	}
	if l := r.Latency; l != nil {
		row("latency p50|%.1f ms|bare %.1f ms", l.P50, l.BareP50)
		row("latency p99|%.1f ms|bare %.1f ms", l.P99, l.BareP99)
	}
	if m := r.Mapping; m != nil {
		row("mapping|%.1f us an event|with 10,000 groups %.1f us|plain codec %.1f us", m.PerEvent, m.PerEvent10000, m.CodecPerEvent)
		row("mapping FHIR|%.1f us an event", m.PerFHIREvent)
	}
	if m := r.Memory; m != nil {
		row("memory|%.0f bytes a live referral|%.0f bytes a closed one", m.PerReferral, m.PerClosed)
	}
	if s := r.Startup; s != nil {
		row("startup|%.2f s with a snapshot|%.2f s without", s.Snapshot, s.Fold)
	}
	if s := r.Sizes; s != nil {
		row("sizes|input %d bytes|confirmation %d|p99 %d", s.InputMedian, s.ConfirmationMedian, s.ConfirmationP99)
	}
	return rows
}
