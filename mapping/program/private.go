package program

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/convene-health/convene/mapping"
)

// Pair is two people who are kept apart. The list is private: who is on it, and why, is never told outward.
type Pair struct {
	// Kind: conflict (the default), never in one group; relation, not in one therapy group.
	Kind mapping.PairKind `yaml:"kind,omitempty"`
	// People are two patients, each by an identifier of a trusted assigner.
	People []mapping.Identifier `yaml:"people"`
}

// Notices are texts that go with what Convene sends. Each is the site's own, with the date of its wording.
type Notices struct {
	// Redisclosure goes with data under 42 CFR Part 2 (42 CFR 2.32). Required where a source or program is marked part2.
	Redisclosure Notice `yaml:"redisclosure,omitempty"`
	// Confidentiality is read before the first session: what is said in the group stays there. It has a default.
	Confidentiality Notice `yaml:"confidentiality,omitempty"`
}

// Notice is one text and the day since which it reads so, YYYY-MM-DD.
type Notice struct {
	Text string `yaml:"text"`
	Date string `yaml:"date"`
}

// confidentiality is read before a first session where the network has no text of its own. source: assumption, after
// mentalhealthacademy.com.au and drpepperphd.com (members are not bound by HIPAA)
const confidentiality = "What is said in the group stays in the group. The other participants are not bound by health privacy law: " +
	"say only what you want them to know."

// NamesPatients reports whether the catalog holds identifiers of patients.
func (c *Catalog) NamesPatients() bool {
	return len(c.Pairs) > 0 || slices.ContainsFunc(c.Leaders, func(l Leader) bool { return len(l.Apart)+len(l.Clients) > 0 }) ||
		slices.ContainsFunc(c.Sites, func(s Site) bool { return len(s.Staff) > 0 })
}

// private checks who is kept apart, and from whom.
func (l *linter) private() {
	c := l.catalog
	for i, p := range c.Pairs {
		c.Pairs[i].Kind = or(p.Kind, mapping.Conflict)
		l.word(string(c.Pairs[i].Kind), []string{string(mapping.Conflict), string(mapping.Relation)}, "unknown-pair", "pairs", i, "kind")
		if len(p.People) != 2 {
			l.problem("bad-pair", "name two people, each by an identifier", fmt.Sprintf("a pair of %d", len(p.People)), "pairs", i, "people")
			continue
		}
		l.people(p.People, "pairs", i, "people")
		if p.People[0].System == p.People[1].System && p.People[0].Value == p.People[1].Value {
			l.problem("same-person", "name two different people", "both of a pair are one person", "pairs", i, "people")
		}
	}
	for i := range c.Leaders {
		l.people(c.Leaders[i].Apart, "leaders", i, "apart")
		l.people(c.Leaders[i].Clients, "leaders", i, "clients")
	}
	for i := range c.Sites {
		l.people(c.Sites[i].Staff, "sites", i, "staff")
	}
	for i, s := range c.Sources {
		for j, site := range s.Sites {
			if !slices.ContainsFunc(c.Sites, func(x Site) bool { return x.ID == site }) {
				l.problem("unknown-site", "name the id of one of sites", fmt.Sprintf("no site %q", site), "sources", i, "sites", j)
			}
		}
	}
	l.notices()
}

// people checks identifiers of patients: only a trusted assigner's means one person whoever sends it.
func (l *linter) people(ids []mapping.Identifier, path ...any) {
	known := map[string]bool{}
	for _, a := range l.catalog.Assigners {
		known[a.System] = true
	}
	for i, id := range ids {
		at := append(slices.Clip(path), i)
		if id.Value == "" {
			l.problem("required", "the identifier's value", "an identifier without a value names nobody", append(at, "value")...)
		}
		if !known[id.System] {
			l.problem("unknown-assigner", didYouMean(id.System, slices.Sorted(maps.Keys(known)), "the system of one of assigners"), fmt.Sprintf("no trusted assigner %q", id.System), append(at, "system")...)
		}
	}
}

// notices checks that a text that is needed is there, and dated: its wording is the site's, and changes with the law.
func (l *linter) notices() {
	c := l.catalog
	n := &c.Notices
	l.notice(n.Redisclosure, "redisclosure")
	l.notice(n.Confidentiality, "confidentiality")
	if n.Confidentiality.Text == "" {
		n.Confidentiality = Notice{Text: confidentiality, Date: c.ValidFrom}
	}
	part2 := slices.ContainsFunc(c.Sources, func(s Source) bool { return s.Part2 }) || slices.ContainsFunc(c.Programs, func(p Program) bool { return p.Part2 })
	if part2 && n.Redisclosure == (Notice{}) {
		l.problem("no-notice", "set text and date, as your counsel words it", "what is under 42 CFR Part 2 goes with a notice against redisclosure", "notices", "redisclosure")
	}
}

func (l *linter) notice(n Notice, key string) {
	if n == (Notice{}) {
		return
	}
	if strings.TrimSpace(n.Text) == "" {
		l.problem("required", "the text as it is to be read", "a notice without text", "notices", key, "text")
	}
	l.date(n.Date, true, "notices", key, "date")
}

// offers checks how a program takes people in.
func (l *linter) offers(p *Program, i int) {
	l.word(p.Admission, []string{AdmissionAuto, AdmissionTherapist}, "unknown-admission", "programs", i, "admission")
	if p.ClientsOnly && p.Admission != AdmissionTherapist {
		l.problem("clients-only", "set admission: therapist", "only a therapist who chooses can choose among their clients", "programs", i, "clientsOnly")
	}
	for j, id := range p.Bridges {
		at := slices.IndexFunc(l.catalog.Programs, func(x Program) bool { return x.ID == id })
		switch {
		case at < 0:
			l.problem("unknown-program", "name the id of another program", fmt.Sprintf("no program %q", id), "programs", i, "bridges", j)
		case at == i:
			l.problem("bad-bridge", "name another program", "a program is no bridge to itself", "programs", i, "bridges", j)
		}
	}
}
