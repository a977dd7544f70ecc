package roster

import (
	"slices"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/program"
)

// Consent is one that a referral brings and that is for treatment. Recipients are hashes of identifiers and names; none:
// whoever serves the referral. From and Until are Unix milliseconds, 0 without bound.
type Consent struct {
	Deny        bool
	Part2       bool // written, and about data under 42 CFR Part 2
	Whole       bool // about all data
	Guardian    bool // of who speaks for a minor
	Recipients  []Hash
	From, Until int64
}

// readConsents keeps of a referral's consents those that count: in force, and for a purpose that a referral has.
func (d *step) readConsents(rec *Record, r *mapping.Referral) {
	src, known := d.offer.Catalog.SourceByName(rec.Source)
	for _, label := range r.SecurityLabels() { // what was labelled once stays so, whatever is left out later
		rec.Labels = appendNew(rec.Labels, strings.Clone(label))
	}
	if known && src.Part2 {
		rec.Labels = underPart2(rec.Labels)
	}
	rec.Consents = nil
	for i := range r.Consents {
		c := &r.Consents[i]
		if !c.Counts() {
			continue
		}
		about := len(c.Labels) == 0 || slices.ContainsFunc(c.Labels, mapping.IsPart2)
		out := Consent{Deny: c.Decision == "deny", Whole: len(c.Labels) == 0, Part2: c.Written && about, Guardian: c.Guardian}
		for _, p := range c.Recipients {
			out.Recipients = append(out.Recipients, recipientHashes(p.Identifier, p.Name)...)
		}
		out.From, out.Until = bound(c.From, false, d.offer.Catalog.Location), bound(c.To, true, d.offer.Catalog.Location)
		rec.Consents = append(rec.Consents, out)
	}
}

// underPart2 adds what all that is under 42 CFR Part 2 is labelled with.
func underPart2(labels []string) []string {
	for _, label := range []string{mapping.LabelPart2, mapping.LabelNoRedisclosure, mapping.LabelPersist} {
		labels = appendNew(labels, label)
	}
	return labels
}

// part2 reports whether a referral is under 42 CFR Part 2.
func (r *Record) part2() bool { return slices.ContainsFunc(r.Labels, mapping.IsPart2) }

// labelsOf a placement: those of the referral, and of the program that it is in.
func (d *step) labelsOf(rec *Record, pl *Placement) []string {
	p, known := d.offer.Catalog.Program(pl.Program)
	if rec.part2() || known && p.Part2 {
		return underPart2(slices.Clip(rec.Labels))
	}
	return rec.Labels
}

// recipientHashes are what an organization is recognised by: its identifier, its name.
func recipientHashes(id mapping.Identifier, name string) (out []Hash) {
	if id.Value != "" {
		out = append(out, HashOf("recipient", id.System, id.Value))
	}
	if name != "" {
		out = append(out, HashOf("recipient", strings.ToLower(name)))
	}
	return out
}

// bound is a FHIR dateTime as Unix milliseconds: the first moment of it, or the last. 0 where it cannot be read.
func bound(s string, last bool, zone *time.Location) int64 {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UnixMilli()
	}
	for _, form := range []struct {
		layout              string
		years, months, days int
	}{{"2006-01-02", 0, 0, 1}, {"2006-01", 0, 1, 0}, {"2006", 1, 0, 0}} {
		t, err := time.ParseInLocation(form.layout, s, zone)
		switch {
		case err != nil:
		case last:
			return t.AddDate(form.years, form.months, form.days).UnixMilli() - 1
		default:
			return t.UnixMilli()
		}
	}
	return 0
}

// unconsented is the rule by which the patient's consents keep a referral out of a group; empty: none does. What the catalog
// does not ask for and what is not under 42 CFR Part 2 needs none; a denial always bars.
func (d *step) unconsented(rec *Record, group int32) string {
	if group < 0 {
		return ""
	}
	p, ok := d.offer.Catalog.Program(d.offer.Catalog.Groups[group].Program)
	if !ok {
		return ""
	}
	return d.unconsentedIn(rec, p)
}

// unconsentedIn is unconsented, for every group of a program. That consent is missing a person may set aside; a denial, and
// what 42 CFR Part 2 asks for, nobody.
func (d *step) unconsentedIn(rec *Record, p *program.Program) string {
	part2 := p.Part2 || rec.part2()
	if !part2 && !p.Consent && !d.offer.Catalog.Policy.Consent && len(rec.Consents) == 0 {
		return ""
	}
	permitted, written, guarded, guardian := false, false, false, false
	for i := range rec.Consents {
		c := &rec.Consents[i]
		guarded = guarded || c.Guardian && !c.Deny
		if !c.covers(p, d.t) {
			continue
		}
		if c.Deny {
			return match.RuleConsentDenied
		}
		permitted, written = permitted || c.Whole || c.Part2, written || c.Part2
		guardian = guardian || c.Guardian && c.Whole
	}
	switch {
	case part2 && !written:
		return match.RulePart2Consent
	case (p.Consent || d.offer.Catalog.Policy.Consent) && !permitted && !slices.Contains(rec.Waived, RuleConsentLapsed):
		return match.RuleMissingConsent
	case guarded && !guardian:
		return match.RuleGuardianConsent
	}
	return ""
}

// covers reports whether a consent is in force at t and is for the organization of a program.
func (c *Consent) covers(p *program.Program, t int64) bool {
	if c.From > t || c.Until != 0 && c.Until < t {
		return false
	}
	return len(c.Recipients) == 0 || slices.ContainsFunc(recipientHashes(p.Provider.Identifier, p.Provider.Name), func(h Hash) bool { return slices.Contains(c.Recipients, h) })
}
