package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
	"github.com/rs/zerolog"

	"github.com/convene-health/convene/worker"
)

// globals are the settings of every command. Each flag can also be set by CONVENE_<NAME> in the environment or by its
// name in the configuration file; a flag beats the environment, which beats the file.
type globals struct {
	Config string `placeholder:"FILE" help:"YAML file with settings by flag name; those of one command under its name."`
	Data   string `placeholder:"FOLDER" default:"convene-data" help:"Data folder: files and keys of the embedded NATS server, snapshots (${default})."`
	Log    string `enum:"debug,info,warn,error" placeholder:"LEVEL" default:"warn" help:"Least level logged to stderr: debug, info, warn or error (${default})."`
}

// logger writes JSON lines to stderr.
func (g *globals) logger() zerolog.Logger {
	level, err := zerolog.ParseLevel(g.Log)
	if err != nil {
		level = zerolog.WarnLevel
	}
	return zerolog.New(os.Stderr).Level(level).With().Timestamp().Logger()
}

// connection flags of the commands that talk to a NATS server.
type connection struct {
	NATS  string `name:"nats" placeholder:"URL" help:"NATS server, several by comma. Without it: the embedded server of the data folder."`
	NKey  string `name:"nkey" placeholder:"FILE" help:"File with an nkey seed. Without credentials: the user's key in the data folder."`
	Creds string `placeholder:"FILE" help:"File with a user JWT and its seed."`
	Inbox string `placeholder:"PREFIX" help:"Prefix of the subjects answers come on. Without it: the user's own, _INBOX_<network>_<source> for a source."`
	CA    string `name:"tls-ca" placeholder:"FILE" help:"Certificates (PEM) that sign the server's."`
	Cert  string `name:"tls-cert" placeholder:"FILE" help:"Certificate (PEM) of this client."`
	Key   string `name:"tls-key" placeholder:"FILE" help:"Private key (PEM) of this client."`
}

// connect as a user: with the given credentials, else with the user's key in the data folder, else with none.
func (c connection) connect(g *globals, u worker.User) (*worker.Conn, error) {
	dial := c.dial(g, u)
	if dial.URL == "" {
		var err error
		if dial.URL, err = worker.FolderURL(g.Data); errors.Is(err, fs.ErrNotExist) {
			return nil, noServer(g.Data)
		} else if err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(dial.NKey); dial.NKey != "" && c.NKey == "" && errors.Is(err, fs.ErrNotExist) {
		known, _ := worker.FolderKeys(g.Data).Networks()
		return nil, noKey(u, dial.NKey, known)
	}
	conn, err := worker.Connect(dial)
	if err != nil {
		return nil, cannotConnect(u, err)
	}
	return conn, nil
}

// dial says where and as whom the flags connect.
func (c connection) dial(g *globals, u worker.User) worker.Dial {
	dial := worker.UserDial(c.NATS, worker.FolderKeys(g.Data), u)
	if c.NKey != "" || c.Creds != "" {
		dial.NKey, dial.Creds = c.NKey, c.Creds
	} else if _, err := os.Stat(dial.NKey); errors.Is(err, fs.ErrNotExist) && c.NATS != "" {
		dial.NKey = ""
	}
	if c.Inbox != "" {
		dial.Inbox = c.Inbox
	}
	dial.CA, dial.Cert, dial.Key, dial.Log = c.CA, c.Cert, c.Key, g.logger()
	return dial
}

func newParser(c *cli, say *speaker) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("convene"),
		kong.Description(aboutConvene),
		kong.Writers(say.out, say.err),
		kong.Vars{"version": version(), "schemas": strings.Join(slices.Sorted(maps.Keys(schemas)), ", ")},
		assumptionVars(),
		kong.DefaultEnvars("CONVENE"),
		kong.Resolvers(&configFile{}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
}

// version of the module as built.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return "convene " + info.Main.Version
	}
	return "convene (devel)"
}

// configFile resolves flags from the file that --config or CONVENE_CONFIG names.
type configFile struct {
	path     string
	settings map[string]any
}

// configError is what is wrong with the file itself.
type configError struct{ error }

func (e *configError) Unwrap() error { return e.error }

// Validate is called before the file is known; what it holds is checked when it is read.
func (f *configFile) Validate(*kong.Application) error { return nil }

// Resolve looks a flag up under its command, then at the top. The environment has been applied before.
func (f *configFile) Resolve(context *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	if err := f.load(context); err != nil {
		return nil, &configError{err}
	}
	if slices.ContainsFunc(flag.Envs, func(name string) bool { _, set := os.LookupEnv(name); return set }) {
		return nil, nil
	}
	for _, at := range context.Path {
		if at.Command == nil || !slices.Contains(at.Command.Flags, flag) {
			continue
		}
		if own, ok := f.settings[at.Command.Name].(map[string]any); ok {
			if value, ok := own[flag.Name]; ok {
				return value, nil
			}
		}
	}
	value := f.settings[flag.Name]
	if _, section := value.(map[string]any); section {
		return nil, nil
	}
	return value, nil
}

func (f *configFile) load(context *kong.Context) error {
	path := ""
	for _, flag := range context.Model.Flags {
		if flag.Name == "config" {
			path = fmt.Sprint(context.FlagValue(flag))
		}
	}
	if path == f.path {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	settings := map[string]any{}
	if err := yaml.Unmarshal(text, &settings); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if unknown := unknownSettings(context.Model.Node, settings, ""); len(unknown) > 0 {
		return fmt.Errorf("%s: no such setting: %s", path, strings.Join(unknown, ", "))
	}
	f.path, f.settings = path, settings
	return nil
}

// unknownSettings lists the keys that name neither a flag of the node, or of a command below it, nor such a command.
func unknownSettings(node *kong.Node, settings map[string]any, under string) []string {
	flags := map[string]bool{}
	commands := map[string]*kong.Node{}
	for _, flag := range node.Flags {
		flags[flag.Name] = true
	}
	for _, child := range node.Children {
		commands[child.Name] = child
		for _, flag := range child.Flags {
			flags[flag.Name] = true
		}
	}
	var unknown []string
	for key, value := range settings {
		section, isSection := value.(map[string]any)
		if child := commands[key]; child != nil && isSection {
			unknown = append(unknown, unknownSettings(child, section, key+".")...)
		} else if !flags[key] {
			unknown = append(unknown, under+key)
		}
	}
	slices.Sort(unknown)
	return unknown
}
