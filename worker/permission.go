package worker

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/convene-health/convene/mapping"
)

// NetworkSources names a network and the sources that may send to it.
type NetworkSources struct {
	Name    string   // token of its subjects and streams
	Sources []string // tokens of the subjects they publish on
}

// token is what a network or a source may be called: it stands in subjects, stream names and file names.
var token = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?$`)

// Validate reports the first name that cannot be a subject token.
func (n NetworkSources) Validate() error {
	if !token.MatchString(n.Name) {
		return fmt.Errorf("network %q: use 1 to 48 lower-case letters, digits and inner hyphens", n.Name)
	}
	for i, s := range n.Sources {
		if !token.MatchString(s) {
			return fmt.Errorf("network %s: source %q: use 1 to 48 lower-case letters, digits and inner hyphens", n.Name, s)
		}
		if slices.Contains(n.Sources[:i], s) {
			return fmt.Errorf("network %s: source %q is listed twice", n.Name, s)
		}
	}
	return nil
}

// Role of a user of the NATS server.
type Role string

const (
	RoleAdmin       Role = "admin"       // everything: streams, catalogs, erasure, and what people do
	RoleWorker      Role = "worker"      // reads inputs, appends to the ledgers; creates, changes and deletes nothing
	RoleCoordinator Role = "coordinator" // reads one network's ledger
	RoleDelivery    Role = "delivery"    // reads one network's confirmations, to deliver them
	RoleDeskReader  Role = "desk-reader" // reads one network's inputs, ledger, catalogs and audit, for the desk's pages
	RoleDesk        Role = "desk"        // publishes what people do at one network's desk, who looked at whom, and the catalogs they edit
	RoleSource      Role = "source"      // one system: publishes its events, reads its confirmations
)

// User of the NATS server. Network is set for coordinators, deliveries, desks and sources, Source for sources.
type User struct {
	Role    Role
	Network string
	Source  string
}

// Account the user lives in. Sources, coordinators and desks each have one of their own and import from the ledger's account
// exactly the subjects they need. Subject permissions alone would not do: whoever may make one request that the
// server answers chooses the reply subject, and the answer is published there with the server's own rights, on
// the ledger's head for instance. In an account of its own the answer stays in that account.
func (u User) Account() string {
	switch u.Role {
	case RoleSource:
		return "EHR_" + u.Network + "_" + u.Source
	case RoleCoordinator:
		return "COORDINATOR_" + u.Network
	case RoleDeskReader:
		return "DESK_READER_" + u.Network
	case RoleDesk:
		return "DESK_" + u.Network
	}
	return ledgerAccount
}

// Inbox is the prefix of the subjects the user gets answers on; a client must be told it (`nats --inbox-prefix`).
func (u User) Inbox() string {
	switch u.Role {
	case RoleSource:
		return "_INBOX_" + u.Network + "_" + u.Source
	case RoleCoordinator, RoleDelivery, RoleDeskReader, RoleDesk:
		return "_INBOX_" + u.Network + "__" + string(u.Role)
	}
	return "_INBOX_" + string(u.Role)
}

// String names the user for people: "source clinic of network north".
func (u User) String() string {
	switch u.Role {
	case RoleSource:
		return "source " + u.Source + " of network " + u.Network
	case RoleCoordinator, RoleDelivery, RoleDeskReader, RoleDesk:
		return string(u.Role) + " of network " + u.Network
	}
	return string(u.Role)
}

// Users lists everyone who may connect: admin, worker, and each network's coordinator, delivery, desk and sources.
func Users(networks []NetworkSources) []User {
	users := []User{{Role: RoleAdmin}, {Role: RoleWorker}}
	for _, n := range networks {
		for _, role := range []Role{RoleCoordinator, RoleDelivery, RoleDeskReader, RoleDesk} {
			users = append(users, User{Role: role, Network: n.Name})
		}
		for _, s := range n.Sources {
			users = append(users, User{Role: RoleSource, Network: n.Name, Source: s})
		}
	}
	return users
}

const ledgerAccount = "CONVENE"

// service is a subject of the ledger's account that another account may publish to.
type service struct {
	subject string
	stream  bool // the answer is several messages
}

// services that the user's account imports; none for users of the ledger's account.
func (u User) services() []service {
	placements := PlacementsStream(u.Network)
	switch u.Role {
	case RoleSource:
		all := []service{{subject: InputSubject(u.Network, u.Source)}, {subject: AskSubject(u.Network, u.Source)},
			{subject: PreviewSubject(u.Network, u.Source)}, {subject: PositionSubject(u.Network, u.Source)}}
		for _, stream := range []string{placements, OutboundStream(u.Network)} {
			durable := stream + "." + SourceDurable(u.Source)
			all = append(all, service{subject: "$JS.API.CONSUMER.MSG.NEXT." + durable, stream: true}, service{subject: "$JS.ACK." + durable + ".>"})
		}
		return all
	case RoleCoordinator:
		return directGets(placements)
	case RoleDeskReader:
		return slices.Concat(directGets(placements), directGets(ReferralsStream(u.Network)), directGets(catalogsStream(u.Network)), directGets(AuditStream(u.Network)))
	case RoleDesk:
		objects := "$O." + CatalogsBucket(u.Network)
		return []service{
			{subject: InputSubject(u.Network, mapping.SourceDesk)}, {subject: AuditSubject(u.Network)},
			{subject: objects + ".C.*"}, {subject: objects + ".M.*"}, // catalogs that are edited at the desk
		}
	}
	return nil
}

// directGets read a stream by sequence or subject, and nothing else.
func directGets(stream string) []service {
	return []service{
		{subject: "$JS.API.DIRECT.GET." + stream, stream: true},
		{subject: "$JS.API.DIRECT.GET." + stream + ".>"},
	}
}

// feeds are the subjects of the ledger's account that the user's account may listen to.
func (u User) feeds() []string {
	if u.Role == RoleCoordinator || u.Role == RoleDeskReader {
		return []string{storedHeadSubject(u.Network)}
	}
	return nil
}

// publish and subscribe list the subjects allowed to the user within its account; nil is all.
func (u User) publish(networks []NetworkSources) []string {
	if u.Role == RoleAdmin {
		return nil
	}
	var allow []string
	if u.Role == RoleWorker {
		for _, n := range networks {
			allow = append(allow, workerPublish(n.Name)...)
		}
	}
	if u.Role == RoleDelivery {
		allow = deliveryPublish(u.Network)
	}
	for _, s := range u.services() {
		allow = append(allow, s.subject)
	}
	return allow
}

func (u User) subscribe(networks []NetworkSources) []string {
	if u.Role == RoleAdmin {
		return nil
	}
	allow := append([]string{u.Inbox() + ".>"}, u.feeds()...)
	if u.Role == RoleWorker {
		for _, n := range networks {
			allow = append(allow, storedSubject(n.Name)+".>", AskSubject(n.Name, "*"), PreviewSubject(n.Name, "*"), PositionSubject(n.Name, "*"))
		}
		allow = append(allow, MicroSubjects)
	}
	if u.Role == RoleDelivery {
		allow = append(allow, storedHeadSubject(u.Network))
	}
	return allow
}

// workerPublish is what deciding and appending need: the ledger's subjects, the clock, and reads. The worker makes
// no consumer: it reads by sequence with direct gets, which alone never show a part of an open batch.
func workerPublish(network string) []string {
	referrals, placements, catalogs := ReferralsStream(network), PlacementsStream(network), catalogsStream(network)
	outbound := OutboundStream(network)
	return []string{
		"placements." + network + ".>",
		"decisions." + network + ".>",
		HeadSubject(network),
		InputSubject(network, "_clock"),
		"$JS.API.STREAM.INFO." + referrals,
		"$JS.API.STREAM.INFO." + placements,
		"$JS.API.STREAM.INFO." + catalogs,
		"$JS.API.STREAM.INFO." + outbound,
		OutboundSubject(network, "*", "*"),
		"$JS.API.DIRECT.GET." + outbound,
		"$JS.API.DIRECT.GET." + outbound + ".>",
		"$JS.API.CONSUMER.INFO." + outbound + ".*",
		"$JS.API.STREAM.MSG.GET." + referrals,
		"$JS.API.DIRECT.GET." + referrals,
		"$JS.API.DIRECT.GET." + referrals + ".>",
		"$JS.API.DIRECT.GET." + placements,
		"$JS.API.DIRECT.GET." + placements + ".>",
		"$JS.API.DIRECT.GET." + catalogs,
		"$JS.API.DIRECT.GET." + catalogs + ".>",
		"$JS.API.CONSUMER.INFO." + placements + ".*",
	}
}

// deliveryPublish is what delivery needs: its consumer, and reads of the ledger. It is a process of Convene's and lives in the
// ledger's account, as JetStream tells nobody else how a consumer stands.
func deliveryPublish(network string) []string {
	placements := PlacementsStream(network)
	durable := placements + "." + DeliveryDurable
	return []string{
		"$JS.API.CONSUMER.INFO." + durable,
		"$JS.API.CONSUMER.MSG.NEXT." + durable,
		"$JS.ACK." + durable + ".>",
		"$JS.API.DIRECT.GET." + placements,
		"$JS.API.DIRECT.GET." + placements + ".>",
	}
}

// AccountsConfig is the "accounts" block of a nats-server configuration file for these networks. publicKey gives
// each user's public nkey. The embedded server runs on this very text.
func AccountsConfig(networks []NetworkSources, publicKey func(User) string) string {
	users := Users(networks)
	var b strings.Builder
	b.WriteString("accounts {\n")
	fmt.Fprintf(&b, "  %s {\n    jetstream: enabled\n    users: [\n", ledgerAccount)
	for _, u := range users {
		if u.Account() == ledgerAccount {
			b.WriteString(userConfig(u, networks, publicKey(u)))
		}
	}
	b.WriteString("    ]\n    exports: [\n")
	for _, u := range users {
		for _, s := range u.services() {
			fmt.Fprintf(&b, "      {service: %q%s, accounts: [%q]}\n", s.subject, responseType(s), u.Account())
		}
		for _, f := range u.feeds() {
			fmt.Fprintf(&b, "      {stream: %q, accounts: [%q]}\n", f, u.Account())
		}
	}
	b.WriteString("    ]\n  }\n")
	for _, u := range users {
		if u.Account() != ledgerAccount {
			b.WriteString(clientAccountConfig(u, networks, publicKey(u)))
		}
	}
	b.WriteString("}\n")
	return b.String()
}

func clientAccountConfig(u User, networks []NetworkSources, key string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %q {\n    users: [\n%s    ]\n    imports: [\n", u.Account(), userConfig(u, networks, key))
	for _, s := range u.services() {
		fmt.Fprintf(&b, "      {service: {account: %s, subject: %q}}\n", ledgerAccount, s.subject)
	}
	for _, f := range u.feeds() {
		fmt.Fprintf(&b, "      {stream: {account: %s, subject: %q}}\n", ledgerAccount, f)
	}
	b.WriteString("    ]\n  }\n")
	return b.String()
}

func userConfig(u User, networks []NetworkSources, key string) string {
	permissions := ""
	if u.Role != RoleAdmin {
		answers := ""
		if u.Role == RoleWorker { // what sources ask; the subject of an answer is one that the server makes for the import
			answers = "\n        allow_responses: {max: 1, expires: \"1m\"}"
		}
		permissions = fmt.Sprintf(", permissions: {\n        publish: {allow: %s}\n        subscribe: {allow: %s}%s\n      }",
			subjectList(u.publish(networks)), subjectList(u.subscribe(networks)), answers)
	}
	return fmt.Sprintf("      # %s\n      {nkey: %s%s}\n", u, key, permissions)
}

func subjectList(subjects []string) string {
	quoted := make([]string, len(subjects))
	for i, s := range subjects {
		quoted[i] = fmt.Sprintf("%q", s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func responseType(s service) string {
	if s.stream {
		return ", response: stream"
	}
	return ""
}
