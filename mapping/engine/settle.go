package engine

import (
	"fmt"
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// Settle applies to what was read what the catalog in force says of its source: the zone of times without an offset, the
// format it sends, and that nothing but production is decided where real patients are. Reading knows no catalog. An event
// that the catalog refuses is taken out, and the issues say why.
func Settle(d *mapping.Decoded, format string, cat *program.Catalog) {
	e := d.Event
	if e == nil {
		return
	}
	source, listed := cat.SourceByName(e.Source)
	var issues mapping.Issues
	if listed && source.Format != "" && source.Format != format {
		issues.Add("data", "unexpected-format", "the catalog says that this source sends %s, and this is %s", source.Format, format)
	}
	switch {
	case e.Processing == "":
	case slices.ContainsFunc(cat.Sources, func(s program.Source) bool { return s.Production }):
		issues.Add("MSH-11.1", "not-production", "this message is for %s; only P, production, is decided in a network of real patients", purposes[e.Processing])
	default:
		d.Issues = append(slices.Clip(d.Issues), mapping.Issue{Path: "MSH-11.1", Code: "not-production",
			Text: fmt.Sprintf("this message is for %s and is decided, for no source of this network is in production", purposes[e.Processing])})
	}
	if len(issues) > 0 {
		target := e.Target
		if e.Referral != nil {
			target = mapping.Target{Identifier: e.Referral.Identifier}
		}
		*d = mapping.Decoded{Issues: append(issues, d.Issues...), Target: target}
		return
	}
	if len(e.Local) > 0 {
		e.InZone(cat.SourceLocation(e.Source))
	}
	if e.Referral != nil && len(e.Ordered) > 0 && len(e.Referral.Programs) == 0 {
		d.Event = ordered(e, cat)
	}
}

// ordered asks for the program that the order's code means, where one program of the catalog alone has the code and is for one of the
// referral's conditions. A code of many services, group psychotherapy say, or of a service for something else, is no wish.
func ordered(e *mapping.Event, cat *program.Catalog) *mapping.Event {
	p, ok := cat.ProgramOf(e.Ordered)
	if !ok || !slices.ContainsFunc(e.Referral.Conditions, func(c mapping.Condition) bool { return p.Serves(c.Codes) }) {
		return e
	}
	asks, r := *e, *e.Referral
	r.Programs = []string{p.ID}
	asks.Referral = &r
	return &asks
}

var purposes = map[string]string{mapping.ProcessingTraining: "training", mapping.ProcessingDebugging: "debugging"}
