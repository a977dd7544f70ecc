package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/worker"
)

type watchCmd struct {
	connection
	Network []string `placeholder:"NAME" help:"Networks to watch; without it all whose coordinator's key is in the data folder."`
	JSON    bool     `name:"json" help:"One confirmation a line, as published (CloudEvents JSON)."`
	All     bool     `help:"Begin with the first confirmation of the ledger, not with the next."`
	Since   string   `placeholder:"TIME" help:"Begin with what was stored since: a duration such as 2h, or a time such as 2026-11-09T08:00:00Z."`
	Count   int      `short:"n" placeholder:"N" help:"End after this many confirmations; 0 is never."`

	Status   []string `placeholder:"NAME" help:"Only these statuses, e.g. review,needs-info."`
	Program  []string `placeholder:"ID" help:"Only these programs."`
	Priority []string `placeholder:"NAME" help:"Only these priorities."`
	Source   []string `placeholder:"NAME" help:"Only referrals of these sources."`
	Color    string   `enum:"auto,always,never" default:"auto" help:"Colour and a heading: auto is on a terminal, unless NO_COLOR is set (${default})."`
}

// start is when --since begins; zero without it.
func (c *watchCmd) start(now time.Time) (time.Time, error) {
	if c.Since == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(c.Since); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	if at, err := time.Parse(time.RFC3339, c.Since); err == nil {
		return at, nil
	}
	return time.Time{}, usage(watchSinceHint, "--since %s is neither a duration nor a time", c.Since)
}

// words of the filters are checked: with one that no confirmation has, the wait would have no end.
func (c *watchCmd) words() error {
	for _, filter := range []struct {
		flag         string
		given, known []string
	}{
		{"--status", c.Status, texts(mapping.Statuses)}, {"--priority", c.Priority, texts(mapping.Priorities)},
	} {
		for _, word := range filter.given {
			if !slices.Contains(filter.known, word) {
				return unknownWord(filter.flag, word, strings.Join(filter.known, ", "))
			}
		}
	}
	return nil
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// takes reports whether the filters let a confirmation through.
func (c *watchCmd) takes(e *confirmation) bool {
	within := func(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }
	return within(c.Status, e.Data.Status) && within(c.Program, e.Data.Program.ID) && within(c.Priority, e.Data.Priority) && within(c.Source, e.Data.Referral.Source)
}

// colourful reports whether lines are for a person at a terminal.
func (c *watchCmd) colourful(out io.Writer) bool {
	if c.Color != "auto" {
		return c.Color == "always"
	}
	file, ok := out.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && isatty.IsTerminal(file.Fd())
}

func (c *watchCmd) Run(ctx context.Context, say *speaker, g *globals) error {
	if err := c.words(); err != nil {
		return err
	}
	networks := c.Network
	if len(networks) == 0 {
		var err error
		if networks, err = worker.FolderKeys(g.Data).Networks(); err != nil || len(networks) == 0 {
			return usage(watchNeedsNetwork, "no network is named and the data folder %s knows none", g.Data)
		}
	}
	since, err := c.start(time.Now())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &confirmationPrinter{say: say, json: c.JSON, takes: c.takes, colour: c.colourful(say.out), left: c.Count, done: cancel}
	ended := make(chan error, len(networks))
	for _, network := range networks {
		conn, err := c.connect(g, worker.User{Role: worker.RoleCoordinator, Network: network})
		if err != nil {
			return err
		}
		defer conn.Close()
		go func() { ended <- c.follow(ctx, conn, network, since, p) }()
	}
	for range networks {
		if err := <-ended; err != nil {
			return err
		}
	}
	return nil
}

// follow prints one network's confirmations until the context ends. A server that is away is waited for.
func (c *watchCmd) follow(ctx context.Context, conn *worker.Conn, network string, since time.Time, p *confirmationPrinter) error {
	ledger, err := worker.OpenLedger(conn, network)
	if err != nil {
		return err
	}
	defer ledger.Close()
	after := uint64(0)
	switch {
	case c.All:
	case since.IsZero():
		after, err = ledger.End(ctx)
	default:
		after, err = ledger.Before(ctx, since)
	}
	if err != nil {
		return watchImpossible(network, err)
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
	say    *speaker
	json   bool
	takes  func(*confirmation) bool // nil: all
	colour bool
	mu     sync.Mutex
	headed bool // the heading is printed
	left   int  // until done is called, if it was not 0 to begin with
	done   func()
}

// confirmation is what a line shows of one: keys, never names.
type confirmation struct {
	Time    time.Time `json:"time"`
	Subject string    `json:"subject"`
	Data    struct {
		Referral  struct{ Source string } `json:"referral"`
		Priority  string                  `json:"priority"`
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
	var c confirmation
	if p.takes != nil || !p.json {
		if err := json.Unmarshal(data, &c); err != nil {
			p.say.warn("network %s: a confirmation cannot be read: %v", network, err)
			return
		}
	}
	if p.takes != nil && !p.takes(&c) {
		return
	}
	if p.left--; p.left == 0 {
		p.left = -1
		defer p.done()
	} else if p.left < 0 {
		p.left = 0 // for ever
	}
	switch {
	case p.json:
		var line bytes.Buffer
		if json.Compact(&line, data) != nil {
			line.Write(data)
		}
		p.say.line("%s", line.Bytes())
	case p.colour:
		if !p.headed {
			p.headed = true
			p.say.line("%s", watchHeading)
		}
		p.say.line("%s", c.painted(network))
	default:
		p.say.line("%s", c.line(network))
	}
}

// Colours of a terminal (ECMA-48) by status: green is settled, yellow asks for a person, red is an end unserved or a refusal.
var colours = map[string]string{
	"placed": "32", "enrolled": "32", "completed": "32", "offered": "36", "waitlisted": "35", "review": "33", "needs-info": "33",
	"refused": "31", "rejected": "31", "dropped-out": "31",
}

// painted is line for a terminal: local time, the status in colour, urgency marked, the reasons dim.
func (c confirmation) painted(network string) string {
	status, mark := fmt.Sprintf("%-12s", c.Data.Status), " "
	if code := colours[c.Data.Status]; code != "" {
		status = "\x1b[" + code + "m" + status + "\x1b[0m"
	}
	if c.Data.Priority != "" && c.Data.Priority != "routine" {
		mark = "\x1b[1;31m!\x1b[0m"
	}
	where, why := c.where(), c.why()
	if why != "" {
		why = "\x1b[2m" + why + "\x1b[0m"
	}
	return strings.TrimRight(fmt.Sprintf("%s  %-10s %-7s %s %s  %-40s %s", c.Time.Local().Format("Mon 15:04:05"), network, c.Subject, mark, status, where, why), " ")
}

// line in plain columns: time, network, key, status, where, why.
func (c confirmation) line(network string) string {
	return strings.TrimRight(fmt.Sprintf("%s  %-10s %-8s %-16s %-40s %s",
		c.Time.UTC().Format("2006-01-02 15:04:05"), network, c.Subject, c.Data.Status, c.where(), c.why()), " ")
}

// where it leads: the group and from when, or the program and the place in line.
func (c confirmation) where() string {
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
	return where
}

// why are the codes of its reasons and issues.
func (c confirmation) why() string {
	var codes []string
	for _, r := range append(c.Data.Reasons, c.Data.Issues...) {
		codes = append(codes, r.Code)
	}
	return strings.Join(codes, ",")
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
