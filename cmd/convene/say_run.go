package main

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/worker"
)

// What running, listening and HL7 v2 say.

const (
	runNeedsNetwork     = "give each network's catalog with --catalog FILE, or its name with --network"
	catalogUnstoredHint = "as admin, store and announce it first: convene catalog apply --nats URL FILE; then run"
	runBusyHint         = "end that process, or choose another folder (--data) or port (--port); workers that share the work need one NATS server (--nats)"
	runFailedHint       = "look at the data folder (--data), the port (--port) and the server (--nats)"
	stopped             = "stopped; the batch in hand is finished"
	reloaded            = "catalogs read again and announced"
)

// running says where everything is once the worker works.
func running(folder string, host *worker.Host, ops string, doors []string) []string {
	var lines []string
	if s := host.Server(); s != nil {
		lines = append(lines, "NATS server at "+s.URL()+", files in "+folder+", this computer only")
		for _, u := range worker.Users(host.Sources()) {
			lines = append(lines, "key of the "+u.String()+": "+s.Keys().Path(u))
		}
	}
	if ops != "" {
		lines = append(lines, "health and metrics at http://"+ops+"/healthz, /readyz, /metrics")
	}
	lines = append(lines, doors...)
	for name := range host.Standings() {
		lines = append(lines, "working network "+name)
	}
	slices.Sort(lines[len(lines)-len(host.Standings()):])
	for _, name := range host.Stale {
		lines = append(lines, "note: the ledger of "+name+" names another catalog than the file given, and keeps it; `convene catalog apply FILE` changes it")
	}
	return append(lines, "Ctrl-C ends it")
}

func cannotServe(address string, err error) error {
	return &failure{what: "health and metrics cannot be served on " + address + ": " + err.Error(), err: err, exit: exitUsage,
		hint: "give another loopback address with --ops, or --ops= for none"}
}

func listensMLLP(address, who string, secure bool) string {
	return "HL7 v2 of " + who + " by MLLP at " + address + withTLS(secure)
}

func listensHTTP(address, keys string, secure bool) string {
	return "events by HTTP at " + address + "/referrals/<network>" + withTLS(secure) + ", tokens in " + keys + "/<network>/<source>.token"
}

func withTLS(secure bool) string {
	if secure {
		return " with TLS"
	}
	return " without TLS"
}

func delivers(address, who string) string {
	return "answers in HL7 v2 for " + who + " go to " + address
}

func cannotListen(flag, address string, err error) error {
	return &failure{what: flag + " " + address + ": " + err.Error(), err: err, exit: exitUsage, hint: "give another address, such as 127.0.0.1:2575"}
}

func unknownParty(name, all string) error {
	return usage("name it as NETWORK/SOURCE; there are "+all, "no source is called %q", name)
}

func noSourceKey(who, path string) error {
	return usage("`convene streams --print --keys FOLDER` makes keys and says what the server must know of them", "the key of source %s is not at %s", who, path)
}

func networkStopped(err error) error {
	return &failure{what: err.Error(), err: err, exit: exitFailed, hint: "`convene verify` shows how the ledger is; the other networks went on"}
}

func notReloaded(err error) string { return "catalogs not applied: " + err.Error() }

// The desk.

func deskLink(name, link string) string {
	return "desk for " + name + ", a link that works once: " + link
}

func badDesk(address string, err error) error {
	f := noDesk(address, err).(*failure)
	f.exit = exitUsage
	return f
}

func noDesk(address string, err error) error {
	return &failure{what: "the desk cannot be served on " + address + ": " + err.Error(), err: err, exit: exitFailed,
		hint: "look at --desk, --desk-cert, --desk-key and --desk-url; --desk= is none"}
}

func badPeople(err error) error {
	return &failure{what: err.Error(), err: err, exit: exitUsage, hint: "a person is a line such as `- {id: ana, name: Ana Ruiz, role: coordinator, networks: [north]}`"}
}

func deskAt(url string) string { return "desk: " + url }

func badProvider(err error) error {
	return &failure{what: err.Error(), err: err, exit: exitUsage, hint: "--desk-oidc names a YAML file with issuer, client, secretFile and grants; docs/desk.md shows one"}
}

func deskNeedsKeys(folder string) string {
	return "note: no desk; it needs the keys " + folder + "/keys/<network>/_desk-reader.nk and _desk.nk (`convene streams --print --keys`)"
}

// HL7 v2.

func noHL7(path string) error {
	return usage("a message begins with MSH; `convene replay` decides other formats", "%s holds no HL7 v2 message", path)
}

// hl7Awaits says what of an event the catalog has yet to decide.
func hl7Awaits(e *mapping.Event) (lines []string) {
	if e.Processing != "" {
		lines = append(lines, "MSH-11: for training or debugging: refused where the catalog has a source in production")
	}
	if len(e.Local) > 0 {
		lines = append(lines, "times without an offset are of the zone that the catalog gives the source")
	}
	return lines
}

func noDocument(link string, err error) error {
	return &failure{what: link + ": " + err.Error(), err: err, exit: exitFailed,
		hint: "a link is that of ServiceRequest.supportingInfo in a confirmation; what was erased is gone"}
}

func notAsEncoded(err error) string {
	return "the document is not in the encoding that its message names: " + err.Error()
}

// explained says what becomes of a field.
func explained(becomes string) string {
	if becomes == "" {
		return "ignored"
	}
	return "-> " + becomes
}

func hl7Outcome(d mapping.Decoded) string {
	switch {
	case d.Event == nil:
		return "Convene refuses this message:"
	case len(d.Issues) > 0:
		return "Convene reads this message as " + string(d.Event.Type) + ", with remarks:"
	}
	return "Convene reads this message as " + string(d.Event.Type) + "."
}
