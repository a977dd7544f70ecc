package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/convene-health/convene/worker/deliver"
)

// What `convene deliver` says.

const (
	deliverNeedsServer = "give its base address with --fhir URL, such as https://fhir.example/r4"
	deliverLoginHint   = "a fixed token, or SMART Backend Services with a client id and its private key"
)

func delivering(network, server string) string {
	return "delivering confirmations of network " + network + " to " + server + "; Ctrl-C ends it"
}

func servingOps(address string) string {
	return "health and metrics at http://" + address + "/healthz, /readyz, /metrics"
}

func delivered(p deliver.Progress) string {
	text := fmt.Sprintf("%d written, %d were there already, %d refused; %d wait, lag %s", p.Written, p.Skipped, p.Refused, p.Held, p.Lag.Round(time.Millisecond))
	if p.Open {
		text += "; the server fails, trying now and then"
	}
	if p.Kept > 0 {
		text += fmt.Sprintf("; refusals kept: %d (`convene deliver --refused`)", p.Kept)
	}
	return text
}

func deliveryFailed(network string, err error) error {
	f := &failure{what: "network " + network + " is not delivered: " + err.Error(), err: err, exit: exitFailed}
	if errors.Is(err, deliver.ErrNoConsumer) {
		f.hint = "as admin, make it (`convene streams --print --network " + network + "` shows it; a restart of `convene run` makes it on the embedded server), and give the key of keys/" + network + "/_delivery.nk"
	}
	return f
}

func retried(r deliver.Retried) string {
	switch {
	case r.Erased:
		return fmt.Sprintf("%s %s: erased since; nothing to send", r.Key, r.Task)
	case r.Outcome == deliver.Skipped:
		return fmt.Sprintf("%s %s: the server has it, or a later one, already", r.Key, r.Task)
	}
	return fmt.Sprintf("%s %s: %s", r.Key, r.Task, r.Outcome)
}

func cannotRetry(key, network string, err error) error {
	if errors.Is(err, deliver.ErrNotRefused) {
		return &failure{what: "nothing refused is kept of " + key, err: err, exit: exitFailed, hint: "`convene deliver --refused --network " + network + "` lists what is"}
	}
	return &failure{what: key + " is not sent again: " + err.Error(), err: err, exit: exitFailed, hint: "check the network's name, the NATS server and the FHIR server"}
}

func refusedAgain(n int) error {
	return &failure{what: fmt.Sprintf("%d refused again", n), exit: exitFailed, hint: "`convene deliver --refused --json` shows what the server says of each"}
}

func refusedSummary(n int, folder string) string {
	if n == 0 {
		return "nothing that the server refused is kept"
	}
	return fmt.Sprintf("%d kept in %s; --json shows the server's OperationOutcome, `convene deliver --fhir URL --retry KEY` sends again", n, folder)
}

// Asking.

func nobodyAsked(network string, err error) error {
	return &failure{what: "no worker of " + network + " answers", exit: exitFailed, hint: "start one with `convene run`", err: err}
}

func notAnswered(status string, outcome []byte) error {
	return &failure{what: "answered " + status + ": " + string(outcome), exit: exitFailed, hint: "`convene ask --help` shows what can be asked; a source sees its own only"}
}
