package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/convene-health/convene/testdata/week"
	"github.com/convene-health/convene/worker/simulate"
)

type simulateCmd struct {
	Catalog string `placeholder:"FILE" help:"Catalog of the network (YAML); without it the larger one of the recorded week."`
	Start   string `placeholder:"DATE" help:"First day; without it the catalog's validFrom."`
	Months  int    `default:"6" help:"Months of 30 days (${default})."`
	Seed    uint64 `default:"1" help:"Of all chance: the same seed and flags give the same bytes (${default})."`
	JSON    bool   `name:"json" help:"One line of JSON."`
	HTML    string `name:"html" placeholder:"FILE" help:"Write one page with charts that needs nothing else."`

	PerWeek       float64 `group:"assumed" default:"60" placeholder:"N" help:"${per_week} Default ${default}."`
	Risk          float64 `group:"assumed" default:"0.15" placeholder:"SHARE" help:"${risk} Default ${default}."`
	Coded         float64 `group:"assumed" default:"0.6" placeholder:"SHARE" help:"${coded} Default ${default}."`
	Text          float64 `group:"assumed" default:"0.2" placeholder:"SHARE" help:"${text} Default ${default}."`
	FalseAlarm    float64 `group:"assumed" default:"0.05" placeholder:"SHARE" help:"${false_alarm} Default ${default}."`
	ReviewDays    float64 `group:"assumed" default:"2" placeholder:"DAYS" help:"${review_days} Default ${default}."`
	AnswerDays    float64 `group:"assumed" default:"2" placeholder:"DAYS" help:"${answer_days} Default ${default}."`
	AttendFirst   float64 `group:"assumed" default:"0.65" placeholder:"SHARE" help:"${attend_first} Default ${default}."`
	Unreachable   float64 `group:"assumed" default:"0.5" placeholder:"SHARE" help:"${unreachable} Default ${default}."`
	NoShow        float64 `group:"assumed" default:"0.2" placeholder:"SHARE" help:"${no_show} Default ${default}."`
	LeadOdds      float64 `group:"assumed" default:"5" placeholder:"RATIO" help:"${lead_odds} Default ${default}."`
	DropOut       float64 `group:"assumed" default:"0.2" placeholder:"SHARE" help:"${drop_out} Default ${default}."`
	Cancelled     float64 `group:"assumed" default:"0.05" placeholder:"SHARE" help:"${cancelled} Default ${default}."`
	PatienceWeeks float64 `group:"assumed" default:"26" placeholder:"WEEKS" help:"${patience_weeks} Default ${default}."`
	GapWeeks      int     `group:"assumed" default:"2" placeholder:"WEEKS" help:"${gap_weeks} Default ${default}."`
	AnnounceWeeks int     `group:"assumed" default:"8" placeholder:"WEEKS" help:"${announce_weeks} Default ${default}."`
	WarmUpWeeks   int     `group:"assumed" default:"8" placeholder:"WEEKS" help:"${warm_up_weeks} Default ${default}."`
}

// assumptionVars are the help texts of what a simulation assumes, each with its source.
func assumptionVars() kong.Vars {
	vars := kong.Vars{}
	for _, a := range simulate.Assumptions {
		vars[strings.ReplaceAll(a.Name, "-", "_")] = a.Meaning + " Source: " + a.Source + "."
	}
	return vars
}

func (c *simulateCmd) Run(ctx context.Context, say *speaker) error {
	options, err := c.options()
	if err != nil {
		return err
	}
	if isTerminal(os.Stderr) {
		fmt.Fprintln(say.err, simulating(options))
	}
	began := time.Now()
	result, err := simulate.Run(ctx, options)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return usage("see `convene simulate --help`, and `convene catalog check`", "%v", err)
	}
	fmt.Fprintln(say.err, simulatedIn(result, time.Since(began)))
	if c.HTML != "" {
		if err := writePage(c.HTML, result); err != nil {
			return err
		}
	}
	if c.JSON {
		line, err := json.Marshal(result)
		if err != nil {
			return err
		}
		say.line("%s", line)
	} else {
		sayResult(say, result)
	}
	if result.UnsafeCarried > 0 {
		return placedUnsafely(result)
	}
	return nil
}

func (c *simulateCmd) options() (o simulate.Options, err error) {
	o = simulate.Options{
		Seed: c.Seed, Months: c.Months, WarmUpWeeks: c.WarmUpWeeks, PerWeek: c.PerWeek, AttendFirst: c.AttendFirst, NoShow: c.NoShow, LeadOdds: c.LeadOdds,
		DropOut: c.DropOut, Unreachable: c.Unreachable, Cancelled: c.Cancelled, PatienceWeeks: c.PatienceWeeks, AnswerDays: c.AnswerDays, ReviewDays: c.ReviewDays,
		Risk: c.Risk, Coded: c.Coded, Text: c.Text, FalseAlarm: c.FalseAlarm, GapWeeks: c.GapWeeks, AnnounceWeeks: c.AnnounceWeeks, Catalog: week.Catalogs()[0],
	}
	if c.Catalog != "" {
		if o.Catalog, err = os.ReadFile(c.Catalog); err != nil {
			return o, unreadable(c.Catalog, err)
		}
	}
	if c.Start != "" {
		if o.Start, err = time.Parse(time.DateOnly, c.Start); err != nil {
			return o, usage("give a date such as 2026-11-09", "--start %s is no date", c.Start)
		}
	}
	return o, nil
}

func writePage(path string, result *simulate.Result) error {
	file, err := os.Create(path)
	if err != nil {
		return unreadable(path, err)
	}
	out := bufio.NewWriter(file)
	if err := result.WriteHTML(out); err != nil {
		file.Close()
		return err
	}
	if err := out.Flush(); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
