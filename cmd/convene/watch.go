package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/convene-health/convene/worker"
)

type watchCmd struct {
	connection
	Network []string `placeholder:"NAME" help:"Networks to watch; without it all whose coordinator's key is in the data folder."`
	JSON    bool     `name:"json" help:"One confirmation a line, as published (CloudEvents JSON)."`
	All     bool     `help:"Begin with the first confirmation of the ledger, not with the next."`
	Count   int      `short:"n" placeholder:"N" help:"End after this many confirmations; 0 is never."`
}

func (c *watchCmd) Run(ctx context.Context, say *speaker, g *globals) error {
	networks := c.Network
	if len(networks) == 0 {
		var err error
		if networks, err = worker.FolderKeys(g.Data).Networks(); err != nil || len(networks) == 0 {
			return usage(watchNeedsNetwork, "no network is named and the data folder %s knows none", g.Data)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &confirmationPrinter{say: say, json: c.JSON, left: c.Count, done: cancel}
	ended := make(chan error, len(networks))
	for _, network := range networks {
		conn, err := c.connect(g, worker.User{Role: worker.RoleCoordinator, Network: network})
		if err != nil {
			return err
		}
		defer conn.Close()
		go func() { ended <- c.follow(ctx, conn, network, p) }()
	}
	for range networks {
		if err := <-ended; err != nil {
			return err
		}
	}
	return nil
}

// follow prints one network's confirmations until the context ends. A server that is away is waited for.
func (c *watchCmd) follow(ctx context.Context, conn *worker.Conn, network string, p *confirmationPrinter) error {
	ledger, err := worker.OpenLedger(conn, network)
	if err != nil {
		return err
	}
	defer ledger.Close()
	after := uint64(0)
	if !c.All {
		if after, err = ledger.End(ctx); err != nil {
			return watchImpossible(network, err)
		}
	}
	p.begun(network)
	own := worker.ConfirmationSubject(network, "", "")
	own = strings.TrimSuffix(own, ".") // placements.<network>.
	for m, err := range ledger.Follow(ctx, after) {
		if err != nil {
			p.say.warn("%s", watchBroken(network, err))
			continue
		}
		if strings.HasPrefix(m.Subject, own) {
			p.print(network, m.Data)
		}
	}
	return nil
}

// confirmationPrinter prints confirmations of several networks, one at a time.
type confirmationPrinter struct {
	say  *speaker
	json bool
	mu   sync.Mutex
	left int // until done is called, if it was not 0 to begin with
	done func()
}

// confirmation is what a line shows of one: keys, never names.
type confirmation struct {
	Time    time.Time `json:"time"`
	Subject string    `json:"subject"`
	Data    struct {
		Status    string                  `json:"status"`
		Previous  string                  `json:"previousStatus"`
		Placement struct{ ID string }     `json:"placement"`
		Program   struct{ ID string }     `json:"program"`
		Group     struct{ ID string }     `json:"group"`
		Wait      struct{ Position int }  `json:"waitlist"`
		Session   struct{ Start string }  `json:"firstSession"`
		Reasons   []struct{ Code string } `json:"reasons"`
		Issues    []struct{ Code string } `json:"issues"`
	} `json:"data"`
}

func (p *confirmationPrinter) begun(network string) {
	if !p.json {
		p.mu.Lock()
		defer p.mu.Unlock()
		fmt.Fprintln(p.say.err, watching(network))
	}
}

func (p *confirmationPrinter) print(network string, data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left < 0 {
		return // enough
	}
	if p.left--; p.left == 0 {
		p.left = -1
		defer p.done()
	} else if p.left < 0 {
		p.left = 0 // for ever
	}
	if p.json {
		var line bytes.Buffer
		if json.Compact(&line, data) != nil {
			line.Write(data)
		}
		p.say.line("%s", line.Bytes())
		return
	}
	var c confirmation
	if err := json.Unmarshal(data, &c); err != nil {
		p.say.warn("network %s: a confirmation cannot be read: %v", network, err)
		return
	}
	p.say.line("%s", c.line(network))
}

// line in plain columns: time, network, key, status, where, why.
func (c confirmation) line(network string) string {
	where := c.Data.Program.ID
	if c.Data.Group.ID != "" {
		where = c.Data.Group.ID
	}
	switch {
	case c.Data.Wait.Position > 0:
		where += fmt.Sprintf(" #%d", c.Data.Wait.Position)
	case c.Data.Session.Start != "":
		where += " from " + strings.SplitN(c.Data.Session.Start, "T", 2)[0]
	}
	var why []string
	for _, r := range append(c.Data.Reasons, c.Data.Issues...) {
		why = append(why, r.Code)
	}
	return strings.TrimRight(fmt.Sprintf("%s  %-10s %-8s %-16s %-40s %s",
		c.Time.UTC().Format("2006-01-02 15:04:05"), network, c.Subject, c.Data.Status, where, strings.Join(why, ",")), " ")
}

// told is the demo's line: short, with the reason in words where there is something to explain.
func (c confirmation) told(network string) string {
	status := c.Data.Status
	if c.Data.Previous != "" && c.Data.Previous != status {
		status = c.Data.Previous + " > " + status
	}
	where := c.Data.Group.ID
	switch {
	case c.Data.Wait.Position > 0:
		where = fmt.Sprintf("%s, number %d in line", c.Data.Program.ID, c.Data.Wait.Position)
	case c.Data.Session.Start != "":
		where += ", first session " + strings.SplitN(c.Data.Session.Start, "T", 2)[0]
	}
	var why []string
	for _, r := range append(c.Data.Reasons, c.Data.Issues...) {
		if r.Code != c.Data.Status && !slices.Contains(why, r.Code) {
			why = append(why, r.Code)
		}
	}
	if len(why) > 3 {
		why = append(why[:3], fmt.Sprintf("%d more", len(why)-3))
	}
	return strings.TrimRight(fmt.Sprintf("  %s  %-9s  %-7s  %-22s  %s  %s",
		c.Time.Local().Format("15:04:05"), network, c.Subject, status, where, strings.Join(why, ", ")), " ")
}
