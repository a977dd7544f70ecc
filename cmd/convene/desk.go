package main

import (
	"context"
	"os/user"
	"path/filepath"

	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/desk"
)

// deskFlags of the commands that serve the coordinators' pages.
type deskFlags struct {
	Desk     string `default:"127.0.0.1:8470" placeholder:"ADDR" help:"Address of the coordinators' desk, loopback without --desk-cert; port 0 takes a free one, empty is none (${default})."`
	People   string `placeholder:"FILE" help:"YAML list of who may sign in at the desk: id, name, role, networks, function. Without it: you, as supervisor."`
	DeskOIDC string `name:"desk-oidc" placeholder:"FILE" help:"YAML settings of the OpenID provider where people sign in at the desk: issuer, client, secretFile, grants."`
	DeskCert string `placeholder:"FILE" help:"Certificate (PEM) for https at the desk; it may then listen on any address."`
	DeskKey  string `placeholder:"FILE" help:"Private key (PEM) of --desk-cert."`
	DeskURL  string `name:"desk-url" placeholder:"URL" help:"Address at which people reach the desk, where it is another than --desk: https://desk.clinic.example."`
	NoNames  bool   `help:"Show no patient's name at the desk, for a screen that others see."`
}

// check what the desk needs before anything else begins.
func (f deskFlags) check(say *speaker, g *globals) error {
	if f.Desk == "" {
		return nil
	}
	config, err := f.config(say, g, g.Data, nil, nil)
	if err != nil {
		return err
	}
	if err := config.Check(); err != nil {
		return badDesk(config.Address, err)
	}
	return nil
}

// config of a desk for these networks; dial says as whom it connects.
func (f deskFlags) config(say *speaker, g *globals, folder string, networks []string, dial func(worker.User) worker.Dial) (desk.Config, error) {
	config := desk.Config{Address: f.Desk, Cert: f.DeskCert, Key: f.DeskKey, Public: f.DeskURL, Folder: folder, NoNames: f.NoNames, Log: g.logger(), Told: func(p desk.Person, link string) {
		say.line("%s", deskLink(p.Called(), link))
	}}
	if f.People != "" {
		people, err := desk.LoadPeople(f.People)
		if err != nil {
			return config, badPeople(err)
		}
		config.People = people
	}
	if f.DeskOIDC != "" {
		var err error
		if config.OIDC, err = desk.LoadOIDC(f.DeskOIDC); err != nil {
			return config, badProvider(err)
		}
	}
	if f.People == "" && f.DeskOIDC == "" {
		config.People = []desk.Person{{ID: login(), Role: desk.Supervisor}}
	}
	for _, n := range networks {
		config.Networks = append(config.Networks, desk.NetworkConfig{
			Name: n, Snapshot: filepath.Join(folder, "snapshots", n), Refused: filepath.Join(folder, "refused", n),
			Reader: dial(worker.User{Role: worker.RoleDeskReader, Network: n}),
			Actor:  dial(worker.User{Role: worker.RoleDesk, Network: n}),
		})
	}
	return config, nil
}

// login is what the person at this computer is called.
func login() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "supervisor"
}

// serve the desk until ctx ends.
func serveDesk(ctx context.Context, say *speaker, config desk.Config) error {
	d, err := desk.Start(ctx, config)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return noDesk(config.Address, err)
	}
	if config.OIDC != nil {
		say.line("%s", deskAt(d.URL))
	}
	d.Wait()
	return nil
}
