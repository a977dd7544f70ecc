package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/convene-health/convene/worker"
)

type streamsCmd struct {
	connection
	Print    bool     `help:"Print what a server needs and change nothing: accounts, then streams for the nats CLI."`
	Network  []string `placeholder:"NAME" help:"Networks."`
	Source   []string `placeholder:"NAME" help:"Sources: of the only network, or as <network>.<source>."`
	Replicas int      `default:"1" help:"Copies of each stream: 1, or 3 on a cluster (${default})."`
	Keys     string   `placeholder:"FOLDER" help:"With --print: make the users' nkeys in this folder and print the public ones."`
}

func (c *streamsCmd) Run(ctx context.Context, say *speaker, g *globals) error {
	networks, err := parseNetworks(c.Network, c.Source)
	if err != nil {
		return err
	}
	if c.Print {
		return c.print(say, networks)
	}
	conn, err := c.connect(g, worker.User{Role: worker.RoleWorker})
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, n := range networks {
		found, err := worker.CheckStreams(ctx, conn.JS, n)
		if err != nil {
			return err
		}
		for _, f := range found {
			say.line("%s", f)
		}
		if worker.Fatal(found) {
			return streamsUnfit(n.Name)
		}
	}
	return nil
}

// parseNetworks joins --network and --source flags.
func parseNetworks(names, sources []string) ([]worker.NetworkSources, error) {
	if len(names) == 0 {
		return nil, usage(streamsNeedNetwork, "no network is named")
	}
	networks := make([]worker.NetworkSources, len(names))
	index := map[string]int{}
	for i, name := range names {
		networks[i].Name = name
		index[name] = i
	}
	for _, source := range sources {
		network, name, split := strings.Cut(source, ".")
		if !split {
			network, name = names[0], source
		}
		i, known := index[network]
		if !known || (!split && len(names) > 1) {
			return nil, usage("write --source <network>.<source>, and --network for each", "source %s belongs to no named network", source)
		}
		networks[i].Sources = append(networks[i].Sources, name)
	}
	for _, n := range networks {
		if err := n.Validate(); err != nil {
			return nil, usage("", "%v", err)
		}
	}
	return networks, nil
}

func (c *streamsCmd) print(say *speaker, networks []worker.NetworkSources) error {
	publicKey := func(u worker.User) string { return fmt.Sprintf("<public nkey of %s>", u) }
	if c.Keys != "" {
		keys := worker.Keys(c.Keys)
		if err := keys.Ensure(worker.Users(networks)); err != nil {
			return err
		}
		publicKey = func(u worker.User) string {
			key, err := keys.Public(u)
			if err != nil {
				return fmt.Sprintf("<%v>", err)
			}
			return key
		}
	}
	say.line("%s\n%s", serverPart(worker.AccountsConfig(networks, publicKey)), streamsPart)
	for _, n := range networks {
		if err := printStreams(say, worker.DefineStreams(n, c.Replicas)); err != nil {
			return err
		}
	}
	return nil
}

// printStreams as commands that a shell runs as they stand.
func printStreams(say *speaker, s worker.Streams) error {
	add := func(command string, definition any) error {
		say.line("nats %s --config /dev/stdin <<'END'", command)
		e := json.NewEncoder(say.out)
		e.SetEscapeHTML(false) // subjects end in >
		e.SetIndent("", "  ")
		if err := e.Encode(definition); err != nil {
			return err
		}
		say.line("END")
		return nil
	}
	for _, stream := range []jetstream.StreamConfig{s.Referrals, s.Placements, s.Outbound, s.Audit} {
		if err := add("stream add", stream); err != nil {
			return err
		}
	}
	say.line("nats object add %s --storage file --replicas %d --description %q", s.Catalogs.Bucket, s.Catalogs.Replicas, s.Catalogs.Description)
	for _, durable := range s.Durables {
		if err := add("consumer add "+s.Placements.Name, durable); err != nil {
			return err
		}
	}
	for _, durable := range s.Answers {
		if err := add("consumer add "+s.Outbound.Name, durable); err != nil {
			return err
		}
	}
	return nil
}
