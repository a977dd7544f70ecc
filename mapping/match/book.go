package match

import (
	"cmp"
	"slices"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// Book is a catalog compiled for matching. It is immutable and safe for concurrent use.
//
// Programs and groups are named by their index in the catalog. Inside, groups have positions: by program, those that
// take nobody after their start first, then by the time until which they can be joined, cost and id. Every attribute
// that can exclude is a bitmap over positions, so that a filter costs one AND for 64 groups, and what must be looked
// at one by one is a run of neighbours in order of start.
type Book struct {
	cat      *program.Catalog
	programs []offering
	groups   []meeting // by position
	traits   []traits  // of groups
	at       []int32   // position by group index

	programOf map[string]int32
	groupOf   map[string]int32
	siteOf    map[string]int32 // as traits have it
	// Which programs serve: one bitmap over programs for each condition, one for "any", one for each goal.
	serves    []bitmap
	servesAny bitmap
	helps     []bitmap
	codes     map[string]map[string]uint8 // condition by source and local code
	gated     bool                        // some program has gates or a benefit, or takes minors
	panels    bool                        // some program has points for the clinician's own clients

	attributes
}

// offering is a program.
type offering struct {
	id         string
	closed     run // positions of groups with one start, by start
	open       run // positions of the others, by last session
	conditions conditionSet
	excludes   conditionSet
	goals      goalSet
	barred     ruleSet
	severities uint8 // bit for each Severity taken; 0: all
	ageFrom    uint8
	ageTo      uint8 // 0: no upper bound
	kind       kind
	any        bool
	family     bool
	licensed   bool
	weight     bool
	prevention bool
	gates      []program.Compiled
	once       once
	panel      int16 // points for the clinician's own clients
	mixedAges  bool  // the catalog's band has minors and adults; only adults join
	lastDate   date  // of any session
}

func (o *offering) groups() int {
	return int(o.closed.end - o.closed.start + o.open.end - o.open.start)
}

// run is a half-open range of positions.
type run struct{ start, end int32 }

// meeting is a group.
type meeting struct {
	program  int32
	rank     int32 // place by id, for ties
	each     int32 // sessions of one participant of a rolling group; 0: all that there are
	endless  bool  // the last of starts is not the last session
	starts   []int64
	days     []date // local, of starts
	licences []stateLicence
	npi      string // of the leader
	langs    []language
	traits
}

// traits are what most groups are asked for; kept side by side, a run of them is read at the speed of memory.
type traits struct {
	until  int64 // Unix seconds: joinable before; for a closed group its start
	group  int32 // index in the catalog
	site   int32 // 1 + index in the catalog; 0 none
	seats  int32 // 0: no limit
	langs  [4]language
	postal [5]byte
	state  [2]byte
	mode   mode
	gender gender
	cost   uint8 // 1 free to 4 high or unknown
	closed bool
}

// stateLicence is a time without a gap, first to last day, in which the leader may practise in a state.
type stateLicence struct {
	state    [2]byte
	from, to date
}

// Compile makes a loaded catalog ready for matching.
func Compile(cat *program.Catalog) *Book {
	t := shipped()
	b := &Book{
		cat: cat, programs: make([]offering, len(cat.Programs)), groups: make([]meeting, len(cat.Groups)), at: make([]int32, len(cat.Groups)),
		programOf: make(map[string]int32, len(cat.Programs)), groupOf: make(map[string]int32, len(cat.Groups)),
		serves: bitmaps(len(t.conditions), len(cat.Programs)), servesAny: newBitmap(len(cat.Programs)), helps: bitmaps(len(t.goals), len(cat.Programs)),
		siteOf: make(map[string]int32, len(cat.Sites)), codes: map[string]map[string]uint8{},
	}
	for i := range cat.Programs {
		b.addProgram(t, int32(i), &cat.Programs[i])
		o := &b.programs[i]
		b.gated = b.gated || len(o.gates)+len(o.once.facts) > 0 || !o.forAdults()
		b.panels = b.panels || o.panel > 0
	}
	b.placeGroups()
	b.readAttributes()
	for _, s := range cat.Sources {
		local := make(map[string]uint8, len(s.Codes))
		for code, key := range s.Codes {
			if c, ok := t.conditionOf[key]; ok {
				local[code] = c
			}
		}
		b.codes[s.Name] = local
	}
	return b
}

func (b *Book) addProgram(t *tables, i int32, p *program.Program) {
	o := &b.programs[i]
	b.programOf[p.ID] = i
	*o = offering{
		id: p.ID, kind: kindOf(p.Kind), family: p.Participant == mapping.ParticipantFamily,
		licensed: p.Licensed || p.Kind == mapping.Therapy || p.Kind == mapping.CognitiveRehab,
		ageFrom:  uint8(cmp.Or(p.Criteria.AgeFrom, mapping.AdultFrom)), ageTo: uint8(p.Criteria.AgeTo),
	}
	o.mixedAges = o.ageFrom < mapping.AdultFrom && (o.ageTo == 0 || o.ageTo >= mapping.AdultFrom)
	for _, key := range p.Conditions {
		if key == "any" {
			o.any = true
			b.servesAny.add(i)
		} else if c, ok := t.conditionOf[key]; ok {
			o.conditions.add(c)
			b.serves[c].add(i)
		}
	}
	for _, code := range p.Goals {
		if g, ok := t.goalOf[code]; ok {
			o.goals |= 1 << g
			b.helps[g].add(i)
		}
	}
	for _, name := range p.Criteria.Excludes {
		if c, ok := t.conditionOf[name]; ok {
			o.excludes.add(c)
		} else if r := t.rules.number(name); r != 0 {
			o.barred |= 1 << r
		}
	}
	for _, s := range p.Criteria.Severity {
		o.severities |= 1 << severityWords.number(s)
	}
	o.gates, o.once, o.panel = p.Gated, onceOf(&p.Benefit), int16(p.OwnPanel)
	names := func(key string) bool { return o.conditions.has(t.conditionOf[key]) }
	o.prevention = p.From == "ndpp" || names("prediabetes") && !names("gestational_diabetes")
	o.weight = o.prevention || p.From == "obesity_ibt_group" || names("obesity")
}

// placeGroups gives every group its position and every program its runs.
func (b *Book) placeGroups() {
	cat := b.cat
	for i := range cat.Sites {
		b.siteOf[cat.Sites[i].ID] = int32(i) + 1
	}
	leaders := make(map[string]*program.Leader, len(cat.Leaders))
	for i := range cat.Leaders {
		leaders[cat.Leaders[i].ID] = &cat.Leaders[i]
	}
	for i := range cat.Groups {
		g := &cat.Groups[i]
		b.groupOf[g.ID] = int32(i)
		b.groups[i] = b.meeting(int32(i), g, leaders[g.Leader])
	}
	byID := make([]int32, len(b.groups))
	for i := range byID {
		byID[i] = int32(i)
	}
	slices.SortFunc(byID, func(x, y int32) int { return cmp.Compare(cat.Groups[x].ID, cat.Groups[y].ID) })
	for rank, i := range byID {
		b.groups[i].rank = int32(rank)
	}
	slices.SortFunc(b.groups, func(x, y meeting) int {
		return cmp.Or(cmp.Compare(x.program, y.program), -compareBool(x.closed, y.closed), cmp.Compare(x.until, y.until),
			cmp.Compare(x.cost, y.cost), cmp.Compare(x.rank, y.rank))
	})
	for at := range b.groups {
		g := &b.groups[at]
		b.at[g.group] = int32(at)
		b.traits = append(b.traits, g.traits)
		o := &b.programs[g.program]
		r := &o.open
		if g.closed {
			r = &o.closed
		}
		if r.end == 0 {
			r.start = int32(at)
		}
		r.end = int32(at) + 1
		if len(g.days) > 0 {
			o.lastDate = max(o.lastDate, g.days[len(g.days)-1])
		}
	}
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (b *Book) meeting(i int32, g *program.Group, leader *program.Leader) meeting {
	m := meeting{program: b.programOf[g.Program], each: int32(g.Sessions.Each), endless: g.Sessions.Count == 0}
	m.traits = traits{
		group: i, site: b.siteOf[g.Site], seats: int32(g.Seats.Max), mode: mode(modeWords.number(g.Mode)), gender: gender(genderWords.number(g.Gender)),
		cost: cmp.Or(costWords.number(g.Cost), 4), closed: g.Enrolment == program.EnrolmentClosed,
	}
	for _, d := range g.Dates {
		m.starts = append(m.starts, d.Unix())
		m.days = append(m.days, b.day(d))
	}
	if len(m.starts) > 0 {
		m.until = m.starts[len(m.starts)-1]
		if m.closed {
			m.until = m.starts[0]
		}
	}
	for _, tag := range g.Languages {
		m.langs = append(m.langs, languageOf(tag))
	}
	if len(m.langs) == 0 {
		m.langs = []language{languageOf("en")}
	}
	copy(m.traits.langs[:], m.langs)
	if m.site > 0 && m.mode == inPerson {
		address := &b.cat.Sites[m.site-1].Address
		m.state, m.postal = stateOf(address.State), postalOf(address.PostalCode)
	}
	if leader != nil {
		m.npi = leader.NPI
	}
	if leader != nil && len(m.days) > 0 {
		m.licences = slices.DeleteFunc(licencesOf(leader), func(l stateLicence) bool { return m.closed && l.to < m.days[len(m.days)-1] })
	}
	return m
}

// day is the local date of an instant.
func (b *Book) day(t time.Time) date {
	if b.cat.Location != nil {
		t = t.In(b.cat.Location)
	}
	y, m, d := t.Date()
	return date(y*10000 + int(m)*100 + d)
}

// licencesOf a leader, renewals joined.
func licencesOf(leader *program.Leader) (out []stateLicence) {
	for _, l := range leader.Licences {
		out = append(out, stateLicence{stateOf(l.State), dateOf(l.From), dateOf(l.To)})
	}
	slices.SortFunc(out, func(x, y stateLicence) int {
		return cmp.Or(slices.Compare(x.state[:], y.state[:]), cmp.Compare(x.from, y.from))
	})
	joined := out[:0]
	for _, l := range out {
		if k := len(joined) - 1; k >= 0 && joined[k].state == l.state && l.from <= joined[k].to.next() {
			joined[k].to = max(joined[k].to, l.to)
		} else {
			joined = append(joined, l)
		}
	}
	return joined
}

// next is the day after.
func (d date) next() date {
	t := time.Date(int(d/10000), time.Month(d/100%100), int(d%100)+1, 0, 0, 0, 0, time.UTC)
	return date(t.Year()*10000 + int(t.Month())*100 + t.Day())
}

func stateOf(s string) (out [2]byte) {
	if len(s) == 2 {
		out = [2]byte{s[0] &^ 0x20, s[1] &^ 0x20}
	}
	return out
}

// postalOf keeps the first five characters of a postal code.
func postalOf(s string) (out [5]byte) {
	copy(out[:], s)
	return out
}

// Catalog that was compiled.
func (b *Book) Catalog() *program.Catalog { return b.cat }

// Programs and Groups count what the catalog has; indexes are below.
func (b *Book) Programs() int32 { return int32(len(b.cat.Programs)) }
func (b *Book) Groups() int32   { return int32(len(b.cat.Groups)) }

// Program is the index of a program, -1 if the catalog has none of that id.
func (b *Book) Program(id string) int32 { return lookup(b.programOf, id) }

// Group is the index of a group, -1 if the catalog has none of that id.
func (b *Book) Group(id string) int32 { return lookup(b.groupOf, id) }

// ProgramID and GroupID name what an index stands for; ProgramOf is the program of a group.
func (b *Book) ProgramID(program int32) string { return b.cat.Programs[program].ID }
func (b *Book) GroupID(group int32) string     { return b.cat.Groups[group].ID }
func (b *Book) ProgramOf(group int32) int32    { return b.groups[b.at[group]].program }

func lookup(m map[string]int32, id string) int32 {
	if i, ok := m[id]; ok {
		return i
	}
	return -1
}
