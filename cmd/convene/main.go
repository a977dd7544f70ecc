// Command convene places patients with chronic conditions into group programs: referral events in, placement
// confirmations out, exactly once.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is everything that can be said on the command line. A new command is one line here and one file with its struct,
// whose Run method gets what run binds below.
type cli struct {
	globals

	Demo     demoCmd     `cmd:"" help:"See it work: a recorded week, decided live on this computer, in seconds."`
	Run      runCmd      `cmd:"" help:"Work networks: decide what their sources send and publish confirmations."`
	Send     sendCmd     `cmd:"" help:"Publish event files, wait until they are stored, and say where."`
	Watch    watchCmd    `cmd:"" help:"Print confirmations as they are decided."`
	Ask      askCmd      `cmd:"" help:"Ask a worker what was confirmed to a source: resources of FHIR R4, the sessions of a placement."`
	Deliver  deliverCmd  `cmd:"" help:"Write confirmations to a FHIR R4 server."`
	Preview  previewCmd  `cmd:"" help:"Say where a patient would go, without placing anybody."`
	Replay   replayCmd   `cmd:"" help:"Decide recorded events offline: the same bytes every time."`
	Record   recordCmd   `cmd:"" help:"Write what a network received and when it was decided, for replay."`
	Verify   verifyCmd   `cmd:"" help:"Walk the ledger and prove that nothing is lost, doubled or overbooked."`
	Report   reportCmd   `cmd:"" help:"Count what became of the referrals of a period, for who pays."`
	Catalog  catalogCmd  `cmd:"" help:"Check, apply or show catalogs."`
	Generate generateCmd `cmd:"" help:"Make up referral events: the recorded week, or any other stream."`
	Simulate simulateCmd `cmd:"" help:"Play months of a network in seconds: unmet need, waits, safety."`
	Erase    eraseCmd    `cmd:"" help:"Close a referral and delete all that was stored of it."`
	Streams  streamsCmd  `cmd:"" help:"Check the streams of a NATS server, or print the definitions and permissions it needs."`
	Bench    benchCmd    `cmd:"" help:"Measure this computer: drain, latency, mapping, memory, start-up."`
	HL7      hl7Cmd      `cmd:"" name:"hl7" help:"Explain HL7 v2 messages; fetch their documents."`
	Document documentCmd `cmd:"" help:"Fetch a document that a referral's message holds, by its link."`
	Schema   schemaCmd   `cmd:"" help:"Print the JSON Schema of what Convene reads and writes."`

	Version kong.VersionFlag `env:"-" help:"Print the version and exit."`
}

// gcPercent, unless GOGC says otherwise: most of what a worker allocates is short-lived and what it keeps is small, so
// collecting half as often costs little memory.
const gcPercent = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], newSpeaker(os.Stdout, os.Stderr))
	stop()
	os.Exit(code)
}

// run does what the arguments say and returns the exit code: 0 done, 1 failed or differs, 2 wrong usage or
// configuration. Commands get the context (ended by SIGINT and SIGTERM), the speaker and the globals.
func run(ctx context.Context, args []string, say *speaker) int {
	var c cli
	parser, err := newParser(&c, say)
	if err != nil {
		return say.failed(err)
	}
	command, err := parser.Parse(args)
	if err != nil {
		return say.misused(err)
	}
	command.BindTo(ctx, (*context.Context)(nil))
	return say.failed(command.Run(say, &c.globals))
}
