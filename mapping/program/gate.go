package program

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// Gate is what must be known of a patient before a place in a program. A gate whose name is that of a fact bounds that
// fact; others say by AnyOf or Expr what they ask.
type Gate struct {
	// The bounds of that fact, as in Bound.
	From      float64 `yaml:"from,omitempty"`
	To        float64 `yaml:"to,omitempty"`
	FromAsian float64 `yaml:"fromAsian,omitempty"`
	Within    string  `yaml:"within,omitempty"`
	Since     string  `yaml:"since,omitempty"`
	// AnyOf lists alternatives, each one or several facts with their bounds. One alternative that holds is enough.
	AnyOf []map[string]Bound `yaml:"anyOf,omitempty"`
	// Expr is an expression in CEL over the vocabulary of docs/catalog.md.
	Expr string `yaml:"expr,omitempty"`
	// Text says to people what the gate is for.
	Text string `yaml:"text,omitempty"`
	// Off says why the shipped gate of this name does not count here.
	Off string `yaml:"off,omitempty"`
	// Source of the gate, or "assumption".
	Source string `yaml:"source,omitempty"`
}

// Bound of one fact. All that it says must hold.
type Bound struct {
	// From and To bound a measure, both included; 0: no bound. FromAsian is From for people of Asian ancestry.
	From      float64 `yaml:"from,omitempty"`
	To        float64 `yaml:"to,omitempty"`
	FromAsian float64 `yaml:"fromAsian,omitempty"`
	// Within: not longer ago than this; Since: at least so long ago. Days or weeks: "365d", "6w".
	Within string `yaml:"within,omitempty"`
	Since  string `yaml:"since,omitempty"`
}

// Benefit that a person has once in Once: "lifetime", or days such as "730d".
type Benefit struct {
	Once string `yaml:"once,omitempty"`
	// Facts of a referral that tell that it was used elsewhere.
	Facts  []string `yaml:"facts,omitempty"`
	Source string   `yaml:"source,omitempty"`
}

func (g *Gate) bound() Bound { return Bound{g.From, g.To, g.FromAsian, g.Within, g.Since} }

// Compiled is a gate ready to be asked: alternatives of requirements, or an expression.
type Compiled struct {
	Name, Text string
	AnyOf      [][]Requirement
	Expression *Expression
}

// Requirement is a Bound of a fact, by its place in Facts. Within and Since are in days, 0 for none.
type Requirement struct {
	Fact                uint8
	From, To, FromAsian float64
	Within, Since       int
}

const (
	benefitLifetime = "lifetime"
	daysMax         = 36500
	pointsMax       = 500
	anyOfMax        = 32
)

// gatesOver are a template's gates with those of a program over them, without touching either.
func gatesOver(t, p map[string]Gate) map[string]Gate {
	if len(t) == 0 {
		return p
	}
	all := maps.Clone(t)
	maps.Copy(all, p)
	return all
}

// Days of Once; false for a lifetime.
func (b *Benefit) Days() (int, bool) {
	if b.Once == benefitLifetime {
		return 0, false
	}
	return daysOf(b.Once), true
}

// daysOf reads "365d" or "6w"; 0 for anything else.
func daysOf(s string) int {
	if len(s) < 2 {
		return 0
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	switch unit := s[len(s)-1]; {
	case err != nil || n <= 0 || n > daysMax:
		return 0
	case unit == 'd':
		return n
	case unit == 'w' && n <= daysMax/7:
		return 7 * n
	}
	return 0
}

// readTemplateGates adds gates and benefits to the shipped programs.
func (t *Tables) readTemplateGates() {
	data, err := files.ReadFile("data/gates.yaml")
	if err != nil {
		panic(err)
	}
	root, problem := parse(data)
	if problem != nil {
		panic("data/gates.yaml: " + problem.String())
	}
	var all map[string]struct {
		Gates    map[string]Gate `yaml:"gates"`
		Benefit  Benefit         `yaml:"benefit"`
		FollowUp string          `yaml:"followUp"`
	}
	r := &reader{anchors: map[string]ast.Node{}, fields: map[reflect.Type]map[string]int{}}
	r.value(root, reflect.ValueOf(&all).Elem(), nil)
	if r.problems.Err() != nil {
		panic("data/gates.yaml: " + r.problems.Error())
	}
	for key, x := range all {
		p := &t.templates[t.templateOf[key]].Program
		p.Gates, p.Benefit, p.FollowUp = x.Gates, x.Benefit, x.FollowUp
	}
}

// gates checks and compiles what a program asks.
func (l *linter) gates(p *Program, i int) {
	p.Gated = nil
	for _, name := range slices.Sorted(maps.Keys(p.Gates)) {
		g := p.Gates[name]
		if g.Off != "" && l.switchedOff(p, g, i, name) {
			continue
		}
		c := Compiled{Name: name, Text: g.Text}
		switch _, known := FactByKey(name); {
		case !nameShape.MatchString(name):
			l.problem("bad-gate", "lower-case letters, digits and hyphen, at most 40", fmt.Sprintf("gate %q", name), "programs", i, "gates", name)
		case g.Expr != "" && (len(g.AnyOf) > 0 || g.bound() != Bound{}), len(g.AnyOf) > 0 && g.bound() != Bound{}:
			l.problem("gate-forms", "make two gates of it: both must be passed", fmt.Sprintf("gate %q is written in two ways", name), "programs", i, "gates", name)
		case g.Expr != "":
			c.Expression = l.expression(g.Expr, i, name)
		case len(g.AnyOf) > anyOfMax:
			l.problem("bad-gate", fmt.Sprintf("at most %d", anyOfMax), fmt.Sprintf("gate %q has %d alternatives", name, len(g.AnyOf)), "programs", i, "gates", name, "anyOf")
		case len(g.AnyOf) > 0:
			c.AnyOf = l.alternatives(g.AnyOf, i, name)
		case known:
			c.AnyOf = [][]Requirement{{l.requirement(name, g.bound(), "programs", i, "gates", name)}}
		default:
			l.problem("unknown-fact", didYouMean(name, FactKeys(), "name a fact of docs/catalog.md, or say by anyOf or expr what it asks"), fmt.Sprintf("no fact %q", name), "programs", i, "gates", name)
		}
		if g.Off == "" && (c.Expression != nil || len(c.AnyOf) > 0) {
			p.Gated = append(p.Gated, c)
		}
	}
}

// switchedOff checks that there is a shipped gate to switch off. It reports whether nothing else is said of the gate.
func (l *linter) switchedOff(p *Program, g Gate, i int, name string) bool {
	shipped := map[string]Gate{}
	if t := TemplateByKey(p.From); t != nil {
		shipped = t.Gates
	}
	if _, ok := shipped[name]; !ok {
		l.problem("gate-off", didYouMean(name, slices.Sorted(maps.Keys(shipped)), "remove it"), fmt.Sprintf("there is no shipped gate %q to switch off", name), "programs", i, "gates", name)
	}
	g.Off, g.Text, g.Source = "", "", ""
	return g.bound() == Bound{} && len(g.AnyOf) == 0 && g.Expr == ""
}

func (l *linter) alternatives(anyOf []map[string]Bound, i int, name string) (all [][]Requirement) {
	for k, facts := range anyOf {
		var one []Requirement
		for _, fact := range slices.Sorted(maps.Keys(facts)) {
			if _, known := FactByKey(fact); !known {
				l.problem("unknown-fact", didYouMean(fact, FactKeys(), "name a fact of docs/catalog.md"), fmt.Sprintf("no fact %q", fact), "programs", i, "gates", name, "anyOf", k, fact)
				continue
			}
			one = append(one, l.requirement(fact, facts[fact], "programs", i, "gates", name, "anyOf", k, fact))
		}
		if len(one) > 0 {
			all = append(all, one)
		}
	}
	return all
}

// requirement checks the bounds of one fact.
func (l *linter) requirement(fact string, b Bound, path ...any) Requirement {
	at, _ := FactByKey(fact)
	r := Requirement{Fact: at, From: b.From, To: b.To, FromAsian: b.FromAsian, Within: daysOf(b.Within), Since: daysOf(b.Since)}
	if f := &Facts()[at]; f.Kind != FactMeasure && (b.From != 0 || b.To != 0 || b.FromAsian != 0) {
		l.problem("gate-bounds", "only measures have bounds; leave from and to out", fmt.Sprintf("%s is no measure", fact), path...)
	}
	if b.To != 0 && b.To < max(b.From, b.FromAsian) {
		l.problem("gate-bounds", "to at least from", fmt.Sprintf("%s is asked to be from %g to %g", fact, b.From, b.To), append(path, "to")...)
	}
	for _, x := range []struct {
		key, value string
		days       int
	}{{"within", b.Within, r.Within}, {"since", b.Since, r.Since}} {
		if x.value != "" && x.days == 0 {
			l.problem("bad-days", `days or weeks, such as "365d" or "6w"`, fmt.Sprintf("%s is %q", x.key, x.value), append(path, x.key)...)
		}
	}
	return r
}

func (l *linter) benefit(b *Benefit, i int) {
	if b.Once != "" && b.Once != benefitLifetime && daysOf(b.Once) == 0 {
		l.problem("bad-days", `lifetime, or days or weeks such as "730d"`, fmt.Sprintf("once is %q", b.Once), "programs", i, "benefit", "once")
	}
	if b.Once == "" && len(b.Facts) > 0 {
		l.problem("benefit-once", "lifetime, or days", "a benefit without once", "programs", i, "benefit")
	}
	for k, fact := range b.Facts {
		if _, ok := FactByKey(fact); !ok {
			l.problem("unknown-fact", didYouMean(fact, FactKeys(), "name a fact of docs/catalog.md"), fmt.Sprintf("no fact %q", fact), "programs", i, "benefit", "facts", k)
		}
	}
}
