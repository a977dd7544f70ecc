package generate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// Catalog is the YAML of the workload's catalog: a program for each condition, its groups at sites all over
// Massachusetts and by telehealth, and as many seats as 60 % of the events take, or as groups of their kind may have:
// with fewer groups than one for 20 events, more wait.
func (l Load) Catalog() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "network: %s\nzone: America/New_York\nvalidFrom: %s\n", LoadNetwork, l.start().Format(time.DateOnly))
	fmt.Fprintf(&b, "organization:\n  name: Bench\n  identifier: {system: %s, value: \"9000000007\", type: NPI}\n", mapping.SystemNPI)
	b.WriteString("sources:\n")
	for _, s := range loadSources {
		fmt.Fprintf(&b, "  - {name: %s}\n", s)
	}
	b.WriteString("assigners:\n")
	for _, s := range loadSources {
		fmt.Fprintf(&b, "  - {system: %s, sources: [%s]}\n", loadAssigner(s), s)
	}
	sites := l.sites(&b)
	l.leaders(&b)
	seated, open := loadProblems()
	b.WriteString("programs:\n")
	for _, x := range seated {
		loadProgram(&b, x.key)
	}
	for _, x := range open {
		fmt.Fprintf(&b, "  - {id: %s, name: Open group, kind: support, conditions: [%s], goals: [peer-support]}\n", loadID(x.key), x.key)
	}
	l.groups(&b, sites, seated, open)
	return b.Bytes()
}

// loadID of the program for a condition.
func loadID(key string) string { return strings.ReplaceAll(key, "_", "-") }

// sites are one in each town, and the number of them.
func (l Load) sites(b *bytes.Buffer) int {
	b.WriteString("sites:\n")
	n := 0
	for _, p := range tables().places {
		if p.what.state != "MA" {
			continue
		}
		fmt.Fprintf(b, "  - {id: s%d, name: %q, address: {city: %q, state: MA, postalCode: %q}, access: [wheelchair, hearing, vision, oxygen]}\n", n, p.what.town, p.what.town, p.what.postal)
		n++
	}
	return n
}

// loadLeaders is how many people lead the groups.
const loadLeaders = 40

func (l Load) leaders(b *bytes.Buffer) {
	b.WriteString("leaders:\n")
	for i := range loadLeaders {
		fmt.Fprintf(b, "  - {id: l%d, family: %s, given: [%s], type: professional, licences: [{title: LICSW, state: MA, to: %s}]}\n",
			i, families[i], female[i%len(female)], l.start().AddDate(5, 0, 0).Format(time.DateOnly))
	}
}

// loadKind is the kind that a condition calls for first; groups of peers are left to the open ones.
func loadKind(key string) mapping.Kind {
	row, _ := program.AllowedKinds(key, "", nil)
	if row.Kinds[0] == mapping.Support {
		return row.Kinds[1]
	}
	return row.Kinds[0]
}

func loadProgram(b *bytes.Buffer, key string) {
	kind := loadKind(key)
	fmt.Fprintf(b, "  - {id: %s, name: %q, kind: %s, licensed: true, conditions: [%s], goals: [%s], curriculum: Manual}\n",
		loadID(key), "Group for "+key, kind, key, strings.Join(loadGoals(kind), ", "))
}

// loadGoals are the first two goals that favour a kind.
func loadGoals(kind mapping.Kind) (goals []string) {
	for _, g := range program.Goals() {
		if slices.Contains(g.Kinds, kind) && len(goals) < 2 {
			goals = append(goals, g.Code)
		}
	}
	return goals
}

// groups go round the conditions; one in fifty is open. Seats differ by one at most.
func (l Load) groups(b *bytes.Buffer, sites int, seated, open []*problem) {
	groups := l.Groups
	if groups == 0 {
		groups = l.Events / 8
	}
	groups = max(groups, len(seated)+len(open))
	drop := max(len(open), groups/50)
	closed := groups - drop
	total := l.Events * loadSeats / 100
	b.WriteString("groups:\n")
	for i := range closed {
		x := seated[i%len(seated)]
		most, _ := program.DefaultsOfKind(loadKind(x.key))
		seats := max(1, min(most.SeatsLimit, total*(i+1)/closed-total*i/closed))
		l.group(b, i, loadID(x.key), sites)
		fmt.Fprintf(b, ", enrolment: closed, seats: {min: 1, max: %d}, sessions: {start: %s, time: %q, count: 8}}\n",
			seats, l.start().AddDate(0, 0, 7+i*7%50).Format(time.DateOnly), loadTime(i))
	}
	for i := range drop {
		l.group(b, closed+i, loadID(open[i%len(open)].key), sites)
		fmt.Fprintf(b, ", sessions: {start: %s, time: %q}}\n", l.start().AddDate(0, 0, -30-i%7).Format(time.DateOnly), loadTime(i))
	}
}

// group writes what all groups have. Every third meets by telehealth, every tenth in two languages.
func (l Load) group(b *bytes.Buffer, i int, programID string, sites int) {
	fmt.Fprintf(b, "  - {id: g%d, program: %s, leader: l%d", i, programID, i%loadLeaders)
	if i%3 == 0 {
		fmt.Fprintf(b, ", mode: telehealth, link: \"https://join.bench.example/g%d\", access: [wheelchair, hearing, vision, oxygen]", i)
	} else {
		fmt.Fprintf(b, ", mode: in-person, site: s%d", i*31%sites)
	}
	if i%10 == 0 {
		b.WriteString(", languages: [en, es]")
	}
}

func loadTime(i int) string { return fmt.Sprintf("%02d:%02d", 9+i%10, 30*(i%2)) }
