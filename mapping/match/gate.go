package match

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// passage is what a gate says.
type passage uint8

const (
	passed    passage = iota
	missing           // a fact is not told, or is too old to count
	outside           // a measure is told and outside its bounds
	undecided         // an expression failed or ran over its limit
)

// judgeGates asks the gates of a program that is for the need otherwise.
func (s *search) judgeGates(p *prospect, o *offering) {
	if p.why&unfit != 0 {
		return
	}
	for i := range o.gates {
		switch s.pass(&o.gates[i]) {
		case missing:
			p.why.add(ruleGateMissing)
		case outside:
			p.why.add(ruleGate)
		case undecided:
			p.why.add(ruleGateUndecided)
		}
	}
	if !o.forAdults() {
		p.why |= s.guardianWhy(p)
	}
}

// pass asks one gate: one alternative that holds is enough. A measure outside its bounds excludes where none holds: nobody
// is sent for tests until one fits.
func (s *search) pass(g *program.Compiled) passage {
	if g.Expression != nil {
		says, _ := s.express(g.Expression)
		return says
	}
	worst := missing
	for _, all := range g.AnyOf {
		says := passed
		for i := range all {
			says = max(says, s.meets(&all[i]))
		}
		if says == passed {
			return passed
		}
		worst = max(worst, says)
	}
	return worst
}

// meets asks for one fact.
func (s *search) meets(r *program.Requirement) passage {
	t := s.told(r.Fact)
	kind := program.Facts()[r.Fact].Kind
	switch {
	case t == nil, kind == program.FactUntil && t.Date != 0 && t.Date.last() < s.today:
		return missing
	case r.Within > 0 && (t.Date == 0 || daysBetween(t.Date.first(), s.today) > r.Within):
		return missing
	case r.Since > 0 && (t.Date == 0 || daysBetween(t.Date.last(), s.today) < r.Since):
		return missing
	case kind != program.FactMeasure:
		return passed
	case r.To != 0 && t.Value > r.To:
		return outside
	case r.FromAsian != 0 && t.Value < r.From && t.Value >= r.FromAsian:
		switch a := s.told(factAsian); {
		case a == nil:
			return missing
		case a.Value == 0:
			return outside
		}
	case r.From != 0 && t.Value < r.From:
		return outside
	}
	return passed
}

// told is what the need tells of a fact, or nil. What is dated in the future cannot have been seen, and tells nothing; only what
// holds until its date may be.
func (s *search) told(fact uint8) *Told {
	t := s.need.told(fact)
	if t != nil && t.Date.ahead(s.today) && program.Facts()[fact].Kind != program.FactUntil {
		return nil
	}
	return t
}

// ahead reports whether a date, or all of a month or year, is after tomorrow: one day is left to zones that are ahead.
func (d date) ahead(today date) bool {
	return d.first() > today && daysBetween(d.first(), today) < -1
}

// daysBetween counts the days from one to the other.
func daysBetween(from, to date) int {
	return int(to.noon().Sub(from.noon()).Hours() / 24)
}

func (d date) noon() time.Time {
	return time.Date(int(d/10000), time.Month(d/100%100), int(d%100), 12, 0, 0, 0, time.UTC)
}

// express runs an expression over what it names. missing are names whose values are not known.
func (s *search) express(x *program.Expression) (says passage, names []string) {
	values := make(map[string]any, len(x.Names))
	for _, name := range x.Names {
		if v := s.valueOf(name); v != nil {
			values[name] = v
		}
	}
	switch a, err := x.Ask(values); {
	case err != nil:
		return undecided, nil
	case len(a.Missing) > 0:
		return missing, a.Missing
	case a.Holds:
		return passed, nil
	}
	return outside, nil
}

// valueOf a name of the vocabulary; nil where it is not known.
func (s *search) valueOf(name string) any {
	n := s.need
	switch name {
	case program.NameAge:
		if n.Birth == 0 || n.Birth.first() != n.Birth.last() {
			return nil
		}
		return int64(n.Birth.age(s.today))
	case program.NameState:
		if n.State == ([2]byte{}) {
			return nil
		}
		return string(n.State[:])
	case program.NamePayers:
		return append([]string{}, n.Payers...)
	}
	if key, ok := program.ConditionName(name); ok {
		return s.conditions.has(shipped().conditionOf[key])
	}
	fact, part, _ := program.FactName(name)
	t := s.told(fact)
	switch {
	case t == nil:
		return nil
	case part == "value":
		return t.Value
	case part == "found":
		return true
	case t.Date == 0:
		return nil
	}
	return int64(daysBetween(t.Date.first(), s.today))
}

// age in whole years on a day.
func (d date) age(on date) int { return int((on - d) / 10000) }

// guardianWhy: a minor joins with a parent or guardian who can be reached and consents, unless the law of the state lets
// them consent to care for every condition that the program names.
func (s *search) guardianWhy(p *prospect) (w why) {
	birth := s.need.Birth
	if birth == 0 || s.today >= birth.last().plus(mapping.AdultFrom) || s.consentsAlone(p) {
		return 0
	}
	if !s.need.Guardian {
		w.add(ruleGuardian)
	}
	if s.told(factGuardianConsent) == nil {
		w.add(ruleGuardianConsent)
	}
	return w
}

func (s *search) consentsAlone(p *prospect) bool {
	law := program.MinorConsentIn(string(s.need.State[:]))
	for _, c := range s.need.Conditions {
		if !p.named.has(c.Condition) {
			continue
		}
		care := shipped().conditions[c.Condition].Care()
		if !slices.ContainsFunc(law, func(m program.MinorConsent) bool {
			return m.Care == care && s.today >= s.need.Birth.last().plus(uint8(m.AgeFrom))
		}) {
			return false
		}
	}
	return !p.named.empty()
}

// once is a benefit: the facts that tell that it was used, and in how many days it counts; 0: ever.
type once struct {
	facts []uint8
	days  int
}

func onceOf(b *program.Benefit) (o once) {
	if b.Once == "" {
		return o
	}
	o.days, _ = b.Days()
	for _, key := range b.Facts {
		if f, ok := program.FactByKey(key); ok {
			o.facts = append(o.facts, f)
		}
	}
	return o
}

// used reports whether the referral tells that the benefit was used.
func (o *once) used(n *Need, today date) bool {
	return slices.ContainsFunc(o.facts, func(f uint8) bool {
		t := n.told(f)
		return t != nil && (o.days == 0 || t.Date == 0 || daysBetween(t.Date.last(), today) <= o.days)
	})
}

// Programs of which gate issues speak, at most.
const gateIssuesMax = 5

// gateIssues say what the gates of those programs ask that would be better than what was found.
func (s *search) gateIssues(r *Result) {
	const asked = gates | 1<<ruleGuardian | 1<<ruleGuardianConsent
	least := int32(-1)
	for i := range s.prospect {
		if p := &s.prospect[i]; p.why == 0 {
			least = max(least, p.need)
		}
	}
	found := r.Chosen >= 0 || r.Wait >= 0
	programs := 0
	for i := range s.prospect {
		p := &s.prospect[i]
		if p.why&asked == 0 || p.why&^(asked|patientUnknown|groupUnknown) != 0 || r.Join >= 0 || found && p.need <= least || programs == gateIssuesMax {
			continue
		}
		programs++
		s.issuesOf(r, p)
	}
}

func (s *search) issuesOf(r *Result, p *prospect) {
	o := &s.programs[p.program]
	add := func(path, code, text string) {
		r.Issues = append(r.Issues, mapping.Issue{Path: "data.referral." + path, Code: code, Text: o.id + ": " + text})
	}
	for i := range o.gates {
		g := &o.gates[i]
		switch s.pass(g) {
		case missing:
			add("observations", "gate-missing", "gate "+g.Name+" asks for "+s.asks(g))
		case outside:
			add("observations", "gate-outside", "gate "+g.Name+" excludes: "+s.tells(g))
		case undecided:
			add("observations", "gate-undecided", "gate "+g.Name+" could not be decided; a person must")
		}
	}
	if p.why.has(ruleGuardian) {
		add("patient.guardian", "guardian-missing", "name and telephone number of parent or guardian")
	}
	if p.why.has(ruleGuardianConsent) {
		add("observations", "guardian-consent-missing", "the consent of parent or guardian: "+program.Facts()[factGuardianConsent].Ask())
	}
}

// asks says in words what to send for a gate: all its alternatives, or what an expression misses.
func (s *search) asks(g *program.Compiled) string {
	var words []string
	if g.Expression != nil {
		_, names := s.express(g.Expression)
		for _, name := range names {
			words = append(words, askName(name))
		}
		return strings.Join(words, ", and ")
	}
	for _, all := range g.AnyOf {
		var one []string
		for i := range all {
			one = append(one, s.askFor(&all[i]))
		}
		words = append(words, strings.Join(one, " with "))
	}
	return strings.Join(words, ", or ")
}

func askName(name string) string {
	switch name {
	case program.NameAge:
		return "the birth date"
	case program.NameState:
		return "the patient's state"
	}
	fact, part, _ := program.FactName(name)
	if part == "days" {
		return "the date of " + program.Facts()[fact].Ask()
	}
	return program.Facts()[fact].Ask()
}

// askFor says what to send for one fact.
func (s *search) askFor(r *program.Requirement) string {
	if t := s.told(r.Fact); t != nil && r.FromAsian != 0 && t.Value >= r.FromAsian && t.Value < r.From && s.meets(r) == missing {
		return program.Facts()[factAsian].Ask() + ", which decides at " + number(t.Value)
	}
	words := program.Facts()[r.Fact].Ask()
	switch {
	case r.From != 0 && r.To != 0:
		words += " from " + number(r.From) + " to " + number(r.To)
	case r.From != 0:
		words += " from " + number(r.From)
	case r.To != 0:
		words += " to " + number(r.To)
	}
	if r.FromAsian != 0 {
		words += " (from " + number(r.FromAsian) + " with " + program.Facts()[factAsian].Ask() + ")"
	}
	if r.Within > 0 {
		words += ", dated, at most " + strconv.Itoa(r.Within) + " days old"
	}
	if r.Since > 0 {
		words += ", dated, at least " + strconv.Itoa(r.Since) + " days ago"
	}
	if t := s.need.told(r.Fact); t != nil && s.told(r.Fact) == nil {
		words += " (not " + string(t.Date.append(nil)) + ", in the future)"
	}
	return words
}

// tells says what is outside the bounds of a gate.
func (s *search) tells(g *program.Compiled) string {
	if g.Expression != nil {
		return cmp.Or(g.Text, "its expression does not hold")
	}
	var words []string
	for _, all := range g.AnyOf {
		for i := range all {
			if r := &all[i]; s.meets(r) == outside {
				words = append(words, fmt.Sprintf("%s is %s", program.Facts()[r.Fact].Name, number(s.need.told(r.Fact).Value)))
			}
		}
	}
	return strings.Join(words, ", ")
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
