package generate

import (
	"iter"
	"slices"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/program"
)

// Load is the benchmark's workload: one network with many groups, spread over the conditions, and referrals of about
// 2 KB of which about 60 % get a seat, 25 % wait, 10 % are for drop-in groups and 5 % are duplicates or bad. Equal
// values give equal bytes.
type Load struct {
	Seed   uint64
	Events int
	// Groups of the catalog; 0: one for eight events.
	Groups int
	// Start is the time of the first event; closed groups begin one to eight weeks later. Zero: 9 November 2026, noon UTC.
	Start time.Time
}

// LoadNetwork is the network of a Load.
const LoadNetwork = "bench"

// loadSources send in turn.
var loadSources = []string{"clinic-a", "clinic-b", "clinic-c", "clinic-d"}

// Shares of the events, in hundredths.
const (
	loadDropIn    = 10
	loadDuplicate = 3
	loadBad       = 2
	loadSeats     = 60
)

func (l Load) start() time.Time {
	if l.Start.IsZero() {
		return time.Date(2026, 11, 9, 12, 0, 0, 0, time.UTC)
	}
	return l.Start.UTC()
}

// Inputs are the events, numbered from 2: input 1 is left to the event that puts the catalog in force. They are stored
// two milliseconds apart.
func (l Load) Inputs() iter.Seq[mapping.Input] {
	return func(yield func(mapping.Input) bool) {
		m := l.maker()
		for i := range l.Events {
			in := m.next(l.start().Add(time.Duration(2*i) * time.Millisecond))
			in.Sequence = uint64(i) + 2
			if !yield(in) {
				return
			}
		}
	}
}

// loadMaker makes events one after another.
type loadMaker struct {
	*generator
	sources []*source
	seated  []*problem // of which groups hold seats
	open    []*problem // of which groups are drop-in
	recent  []mapping.Input
	made    int
}

// recentMax is how far back a duplicate reaches.
const recentMax = 512

func (l Load) maker() *loadMaker {
	g := &generator{rand: newRand(l.Seed), taken: map[string]bool{}, turns: map[string]int{}}
	g.options.Start = l.start()
	g.calendar = &calendar{start: l.start(), length: int64(max(1, 2*l.Events))}
	n := &network{Catalog: &program.Catalog{Network: LoadNetwork, Location: time.UTC}, places: slices.Clone(tables().places)}
	n.places = slices.DeleteFunc(n.places, func(p weighted[place]) bool { return p.what.state != "MA" })
	m := &loadMaker{generator: g}
	m.seated, m.open = loadProblems()
	for _, name := range loadSources {
		n.Catalog.Sources = append(n.Catalog.Sources, program.Source{Name: name})
		n.Catalog.Assigners = append(n.Catalog.Assigners, program.Assigner{System: loadAssigner(name), Sources: []string{name}})
	}
	for i := range n.Catalog.Sources {
		m.sources = append(m.sources, openSource(g.rand, n, i))
	}
	return m
}

func loadAssigner(source string) string { return "https://ids." + source + ".example/mrn" }

// next event, stored at a time.
func (m *loadMaker) next(at time.Time) mapping.Input {
	r := m.rand
	s := m.sources[m.made%len(m.sources)]
	m.made++
	p := r.IntN(100)
	if p < loadDuplicate && len(m.recent) > 0 {
		in := one(r, m.recent)
		in.Stored = at
		return in
	}
	d := m.draft(s, p >= 100-loadDropIn)
	e := mapping.Event{Type: mapping.ReferralCreated, Source: s.Name, ID: m.uuid(), Sent: at.Add(-time.Second), Referral: &d.referral}
	data, err := event.Encode(&e)
	if err != nil {
		panic(err) // the generator made an event that cannot be: a fault of its own
	}
	in := mapping.Input{Network: LoadNetwork, Source: s.Name, Stored: at, Header: loadHeader, Data: data}
	if p >= loadDuplicate && p < loadDuplicate+loadBad {
		in.Data = spoilers[m.turn("bad")%len(spoilers)](data)
		return in
	}
	if len(m.recent) < recentMax {
		m.recent = append(m.recent, in)
	} else {
		m.recent[m.made%recentMax] = in
	}
	return in
}

// loadHeader of every event; nobody changes it.
var loadHeader = map[string]string{"content-type": event.TypeCloudEvents}

// draft of a referral for a seat or a drop-in group.
func (m *loadMaker) draft(s *source, dropIn bool) *draft {
	r := m.rand
	d := m.newDraft(s, 0)
	p := m.newPerson(s.net, kindOfPerson{from: 18, to: 79})
	p.patient.Languages, p.patient.Interpreter = []string{"en-US"}, false
	if chance(r, 8) {
		p.patient.Languages = []string{"es", "en"}
	}
	problems := []*problem{one(r, m.seated)}
	switch {
	case dropIn:
		problems[0] = one(r, m.open)
	case chance(r, 50):
		problems = append(problems, one(r, m.seated))
	}
	m.about(d, p, problems)
	d.referral.Goals, d.referral.Preferences = nil, mapping.Preferences{}
	if chance(r, 30) {
		d.referral.Preferences.Mode = one(r, []string{"in-person", "telehealth"})
	}
	d.referral.Notes = append(d.referral.Notes, loadNotes[r.IntN(len(loadNotes))])
	return d
}

// loadNotes bring an event to the size that referrals have.
var loadNotes = []string{
	"Seen today for a follow-up. Doing well on the current treatment, no side effects, keeps a diary. Interested in a group after reading the leaflet in the waiting room; a partner would come along to the first session. Prefers a place that can be reached by bus. Has a phone and an e-mail address and reads both every day.",
	"Long-standing patient of the practice. We talked about what a group can and cannot do and about confidentiality. Would like to learn from others how they manage from day to day, and to have a fixed date in the week. Works part time and can change shifts with two weeks' notice. Please send the confirmation to the practice as well.",
	"Newly registered here after a move. Earlier records have been requested. Took part in a course years ago and found it useful. Wishes for a small group and a leader who keeps to the time. No objection to meeting by video for some of the sessions, though the connection at home is not the best. Next appointment with us in six weeks.",
}

// loadProblems divides the conditions: most hold seats, those of loneliness and loss are for open groups. Each
// condition once, in the order of the shipped table.
func loadProblems() (seated, open []*problem) {
	for _, c := range program.Conditions() {
		x := loadProblem(c.Key)
		switch {
		case x == nil || c.Key == "caregiver_strain" || c.Key == "gestational_diabetes":
		case c.Key == "social_isolation" || c.Key == "bereavement":
			open = append(open, x)
		default:
			seated = append(seated, x)
		}
	}
	return seated, open
}

// loadProblem is the first by name that has a condition's key and does not say how severe it is, if there is one.
func loadProblem(key string) *problem {
	var found, graded string
	for name, x := range tables().problems {
		switch {
		case x.key != key:
		case x.severity == "" && (found == "" || name < found):
			found = name
		case x.severity != "" && (graded == "" || name < graded):
			graded = name
		}
	}
	if found == "" {
		found = graded
	}
	return tables().problems[found]
}
