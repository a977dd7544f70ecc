package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/convene-health/convene/worker"
)

// What connecting says, and where the server does not know the network.

func noServer(folder string) error {
	return &failure{what: "no NATS server: the data folder " + folder + " has none",
		hint: "start one with `convene run`, or name one with --nats URL", exit: exitUsage}
}

// noKey: without --nkey and --creds the data folder must have the user's key.
func noKey(u worker.User, path string, known []string) error {
	hint := "give --nkey or --creds, or --data with the folder of `convene run`"
	if u.Network != "" && !slices.Contains(known, u.Network) {
		hint = "the data folder knows " + cmp.Or("network "+strings.Join(known, ", "), "no network") + "; check the name, or " + hint
	}
	return usage(hint, "there is no key of the %s at %s", u, path)
}

func cannotConnect(u worker.User, err error) error {
	hint := "is the server running? `convene run` starts an embedded one"
	if strings.Contains(err.Error(), "Authorization") || strings.Contains(err.Error(), "nkey") {
		hint = "the server does not take the credentials of the " + u.String() + ": give --nkey or --creds, or --data with the folder of `convene run`"
	}
	return &failure{what: err.Error(), hint: hint, exit: exitFailed, err: err}
}

const networkHint = "check the network's name; a network is known once `convene run` works it, or its streams are made (`convene streams --print`)"

func unknownNetwork(subject string, err error) error {
	network := strings.Split(subject, ".")[1]
	return &failure{what: "network " + network + " is unknown: no stream takes " + subject, err: err, exit: exitFailed,
		hint: networkHint}
}
