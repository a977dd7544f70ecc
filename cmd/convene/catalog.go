package main

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"

	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/worker"
)

type catalogCmd struct {
	Check catalogCheckCmd `cmd:"" help:"Report every problem of a catalog with its line and a hint; exit 1 if it would not load."`
	Apply catalogApplyCmd `cmd:"" help:"Check a catalog, store it, and put it in force."`
	Show  catalogShowCmd  `cmd:"" help:"Programs, groups and seats: of a file, or in force with the seats that are free."`
	FHIR  catalogFHIRCmd  `cmd:"" name:"fhir" help:"A catalog as a FHIR R4 transaction bundle: programs, sites and leaders for an EHR to search."`
	ICS   catalogICSCmd   `cmd:"" name:"ics" help:"The sessions of a group as a calendar file (RFC 5545)."`
}

type catalogCheckCmd struct {
	Files []string `arg:"" name:"file" help:"Catalogs (YAML)."`
}

func (c *catalogCheckCmd) Run(say *speaker) error {
	bad := 0
	for _, path := range c.Files {
		data, err := os.ReadFile(path)
		if err != nil {
			return unreadable(path, err)
		}
		cat, problems := program.Load(data)
		for _, p := range problems {
			say.line("%s:%s", path, p)
			if p.Hint != "" {
				say.line("  hint: %s", p.Hint)
			}
		}
		if problems.Err() != nil {
			bad++
			continue
		}
		say.line("%s", catalogFine(path, cat))
	}
	if bad > 0 {
		return catalogsBad(bad, len(c.Files))
	}
	return nil
}

type catalogApplyCmd struct {
	connection
	File  string `arg:"" help:"Catalog (YAML); its network is the one it names."`
	Actor string `placeholder:"NAME" help:"Who puts it in force; without it the user of this computer."`
}

func (c *catalogApplyCmd) Run(ctx context.Context, say *speaker, g *globals) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return unreadable(c.File, err)
	}
	cat, problems := program.Load(data)
	if err := problems.Err(); err != nil {
		return badCatalog(c.File, err)
	}
	conn, err := c.connect(g, worker.User{Role: worker.RoleAdmin})
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := worker.ApplyCatalog(ctx, conn, cat.Network, data, actor(c.Actor)); err != nil {
		return needsAdmin("the catalog of network "+cat.Network, err)
	}
	say.line("%s", catalogAnnounced(cat))
	return nil
}

// actor is the name of who acts: the one given, else the user of this computer.
func actor(given string) string {
	if given != "" {
		return given
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "admin"
}

type catalogShowCmd struct {
	connection
	File    string   `arg:"" optional:"" help:"Catalog (YAML); without it the one in force."`
	Network []string `placeholder:"NAME" help:"Networks whose catalog in force to show; without it all of the data folder."`
}

func (c *catalogShowCmd) Run(ctx context.Context, say *speaker, g *globals) error {
	if c.File != "" {
		data, err := os.ReadFile(c.File)
		if err != nil {
			return unreadable(c.File, err)
		}
		cat, problems := program.Load(data)
		if err := problems.Err(); err != nil {
			return badCatalog(c.File, err)
		}
		showCatalog(say, cat, nil)
		return nil
	}
	networks, err := namedNetworks(c.Network, g)
	if err != nil {
		return err
	}
	conn, err := c.connect(g, worker.User{Role: worker.RoleAdmin})
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, network := range networks {
		state, cat, err := worker.ReadState(ctx, conn, network)
		if err != nil {
			return err
		}
		if cat == nil {
			say.line("%s", noCatalogYet(network))
			continue
		}
		showCatalog(say, cat, state)
	}
	return nil
}

// seatState is what of the roster a listing needs.
type seatState interface {
	Taken(group string) int
	Waiting(program string) int
}

// showCatalog lists programs with their groups, earliest first.
func showCatalog(say *speaker, cat *program.Catalog, state seatState) {
	say.line("%s", catalogTitle(cat))
	for i := range cat.Programs {
		p := &cat.Programs[i]
		waiting := ""
		if state != nil && state.Waiting(p.ID) > 0 {
			waiting = fmt.Sprintf(", %d waiting", state.Waiting(p.ID))
		}
		say.line("\n%s  %s (%s%s): %s", p.ID, p.Name, p.Kind, waiting, strings.Join(p.Conditions, ", "))
		var rows [][]string
		for j := range cat.Groups {
			if g := &cat.Groups[j]; g.Program == p.ID {
				rows = append(rows, groupRow(cat, g, state))
			}
		}
		slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[2]+a[1], b[2]+b[1]) })
		say.columns(rows)
	}
}

func groupRow(cat *program.Catalog, g *program.Group, state seatState) []string {
	place := g.Mode
	if site, ok := cat.Site(g.Site); ok {
		place = site.Name
	}
	seats := "drop-in"
	if g.Enrolment != program.EnrolmentOpen {
		seats = strconv.Itoa(g.Seats.Max) + " seats"
		if state != nil {
			seats = fmt.Sprintf("%d of %d free", g.Seats.Max-state.Taken(g.ID), g.Seats.Max)
		}
	}
	row := []string{" ", g.ID, g.Sessions.Start, g.Sessions.Time, seats, strings.Join(g.Languages, " "), place}
	if len(g.Planned) > 0 {
		row = append(row, putOffFrom(g.Planned[0].In(cat.Location)))
	}
	return row
}
