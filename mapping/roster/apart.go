package roster

import (
	"cmp"
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/program"
)

// private is what a catalog says of people who are kept apart.
type private struct {
	pairs                 []hashPair
	apart, clients, staff []whoWhere
}

type hashPair struct {
	a, b Hash
	kind mapping.PairKind
}

// whoWhere is a person and the id of a leader or site.
type whoWhere struct {
	who   Hash
	where string
}

// privateOf a catalog; nil where it names nobody.
func privateOf(cat *program.Catalog) *private {
	var p private
	for _, x := range cat.Pairs {
		p.pairs = append(p.pairs, hashPair{personHash(x.People[0]), personHash(x.People[1]), x.Kind})
	}
	for i := range cat.Leaders {
		p.apart = whoseAt(p.apart, cat.Leaders[i].Apart, cat.Leaders[i].ID)
		p.clients = whoseAt(p.clients, cat.Leaders[i].Clients, cat.Leaders[i].ID)
	}
	for i := range cat.Sites {
		p.staff = whoseAt(p.staff, cat.Sites[i].Staff, cat.Sites[i].ID)
	}
	if p.pairs == nil && p.apart == nil && p.clients == nil && p.staff == nil {
		return nil
	}
	return &p
}

func whoseAt(list []whoWhere, people []mapping.Identifier, where string) []whoWhere {
	for _, id := range people {
		list = append(list, whoWhere{personHash(id), where})
	}
	return list
}

// personHash is that of an identifier under a trusted assigner.
func personHash(id mapping.Identifier) Hash { return HashOf("patient", id.System, id.Value) }

// pair is two patients by key, as an event told them.
type pair struct {
	a, b uint64
	kind mapping.PairKind
}

// tie is one whom a person is kept apart from.
type tie struct {
	other uint32
	kind  mapping.PairKind
}

// ties are who is kept apart from whom as the people are known now: they follow from the pairs, the relatives that live
// referrals name and a catalog, and are read anew once any of these, or who somebody is, has changed.
type ties struct {
	offer *Offering
	at    int // State.people when they were read
	named map[Hash]bool
	of    map[uint32][]tie
	// wary are in a conflict, with somebody known or not.
	wary                  map[uint32]bool
	apart, clients, staff map[uint32][]string
}

// tiesIn an offering; nil where nobody is kept apart from anybody.
func (s *State) tiesIn(offer *Offering) *ties {
	if len(s.pairs) == 0 && len(s.kin) == 0 && offer.private == nil {
		return nil
	}
	if s.ties.offer != offer || s.ties.at != s.people {
		s.ties = s.readTies(offer)
	}
	return &s.ties
}

func (s *State) readTies(offer *Offering) ties {
	t := ties{offer: offer, at: s.people, named: map[Hash]bool{}, of: map[uint32][]tie{}, wary: map[uint32]bool{}}
	for x := range s.pairs {
		a, _ := s.patientIndex(x.a)
		b, _ := s.patientIndex(x.b)
		t.tie(a, b, x.kind)
	}
	for key, names := range s.kin {
		p, _ := s.patientIndex(s.live[key].Patient)
		for _, h := range names {
			t.named[h] = true
			if i, ok := s.patientOf[h]; ok {
				t.tie(p, s.survivor(i), mapping.Relation)
			}
		}
	}
	if p := offer.private; p != nil {
		for _, x := range p.pairs {
			t.named[x.a], t.named[x.b] = true, true
			i, known := s.patientOf[x.a]
			j, too := s.patientOf[x.b]
			switch {
			case known && too:
				t.tie(s.survivor(i), s.survivor(j), x.kind)
			case known && x.kind == mapping.Conflict:
				t.wary[s.survivor(i)] = true
			case too && x.kind == mapping.Conflict:
				t.wary[s.survivor(j)] = true
			}
		}
		t.apart, t.clients, t.staff = s.whose(&t, p.apart), s.whose(&t, p.clients), s.whose(&t, p.staff)
	}
	for _, list := range t.of { // pairs and kin are read in no order, and who is alerted first shows outside
		slices.SortFunc(list, func(x, y tie) int { return cmp.Or(cmp.Compare(x.other, y.other), cmp.Compare(x.kind, y.kind)) })
	}
	return t
}

// tie keeps two people apart; one person is not kept apart from themselves, as after a merge.
func (t *ties) tie(a, b uint32, kind mapping.PairKind) {
	if a == b {
		return
	}
	t.of[a], t.of[b] = append(t.of[a], tie{b, kind}), append(t.of[b], tie{a, kind})
	if kind == mapping.Conflict {
		t.wary[a], t.wary[b] = true, true
	}
}

// whose lists the leaders or sites of each person who is known.
func (s *State) whose(t *ties, list []whoWhere) map[uint32][]string {
	out := map[uint32][]string{}
	for _, x := range list {
		t.named[x.who] = true
		if i, ok := s.patientOf[x.who]; ok {
			i = s.survivor(i)
			out[i] = append(out[i], x.where)
		}
	}
	return out
}

// peopleChanged makes what is known of ties be read anew, now and when this is taken back.
func (s *State) peopleChanged() {
	s.people++
	s.onUndo(func() { s.people++ })
}

// bars are the groups that one patient is kept out of because of other people.
type bars struct {
	cat  *program.Catalog
	here []heldBy
	// leaders by id or NPI, and sites, whose groups are none for the patient.
	leaders, sites []string
	wary           bool
}

// heldBy is a group in which somebody has a place whom the patient is kept apart from.
type heldBy struct {
	group int32
	kind  mapping.PairKind
}

// keptOut lists what keeps the patient of a referral out of groups; nil where nothing does.
func (d *step) keptOut(rec *Record) *bars {
	t := d.tiesIn(d.offer)
	p, _ := d.patientIndex(rec.Patient)
	b := bars{cat: d.offer.Catalog}
	b.wishes(d, rec)
	for _, key := range d.lives.of(p) {
		if key != rec.Key {
			b.wishes(d, d.live[key])
		}
	}
	if t != nil {
		b.wary = t.wary[p]
		b.leaders, b.sites = append(b.leaders, t.apart[p]...), append(b.sites, t.staff[p]...)
		for _, x := range t.of[p] {
			b.where(d, x)
		}
		for _, h := range rec.Kin { // of a referral that is not in force yet
			if i, ok := d.patientOf[h]; ok && d.survivor(i) != p {
				b.where(d, tie{d.survivor(i), mapping.Relation})
			}
		}
	}
	if len(b.here)+len(b.leaders)+len(b.sites) == 0 && !b.wary {
		return nil
	}
	kept := b // only what is kept is worth a place on the heap
	return &kept
}

// wishes adds what a referral says of leaders, and of where the patient works.
func (b *bars) wishes(d *step, rec *Record) {
	b.leaders = append(b.leaders, rec.NotLed...)
	if rec.Staff {
		if src, ok := d.offer.Catalog.SourceByName(rec.Source); ok {
			b.sites = append(b.sites, src.Sites...)
		}
	}
}

// where adds the groups in which somebody has a place, offered ones too.
func (b *bars) where(d *step, x tie) {
	for _, key := range d.lives.of(x.other) {
		for i := range d.live[key].Placements {
			if pl := &d.live[key].Placements[i]; pl.Status.HoldsSeat() {
				b.here = append(b.here, heldBy{d.offer.Book.Group(pl.Group), x.kind})
			}
		}
	}
}

// rule that keeps the patient out of a group; empty: none does.
func (b *bars) rule(group int32) string {
	g := &b.cat.Groups[group]
	related := false
	for _, x := range b.here {
		if x.group != group {
			continue
		}
		if x.kind == mapping.Conflict {
			return match.RuleConflict
		}
		related = true
	}
	switch {
	case related && b.alone(g):
		return match.RuleRelative
	case g.Leader != "" && slices.ContainsFunc(b.leaders, func(who string) bool { return who == g.Leader || b.npi(g) == who }):
		return match.RuleTherapist
	case g.Site != "" && slices.Contains(b.sites, g.Site):
		return match.RuleTherapist
	case b.wary && g.Enrolment == program.EnrolmentOpen:
		return match.RuleConflictOpen
	}
	return ""
}

func (b *bars) npi(g *program.Group) string {
	if l, ok := b.cat.Leader(g.Leader); ok {
		return l.NPI
	}
	return ""
}

// alone: the group is therapy, and not for couples or families.
func (b *bars) alone(g *program.Group) bool {
	p, ok := b.cat.Program(g.Program)
	return ok && p.Kind == mapping.Therapy && !p.Together && p.Participant != mapping.ParticipantFamily
}

// keptOutOf is the rule about other people that keeps the patient of a referral out of a group; empty: none does.
func (d *step) keptOutOf(rec *Record, group int32) string {
	if b := d.keptOut(rec); b != nil && group >= 0 {
		return b.rule(group)
	}
	return ""
}

// alertTogether asks a person to look where a patient has a place that people or a leader should have kept them out of. The
// place stands: nobody is unseated by a machine. again: even where a person has seen to it before.
func (d *step) alertTogether(patient uint32, again bool) {
	for n := 0; n < len(d.lives.of(patient)); n++ {
		key := d.lives.of(patient)[n]
		for i := 0; i < len(d.live[key].Placements); i++ {
			rec := d.live[key]
			pl := &rec.Placements[i]
			if !pl.Status.HoldsSeat() || slices.Contains(rec.Alerts, RuleNotOffered) || !again && slices.Contains(rec.Waived, RuleNotOffered) {
				continue
			}
			if rule := d.keptOutOf(rec, d.offer.Book.Group(pl.Group)); rule == "" || rule == match.RuleConflictOpen {
				continue
			}
			d.alter(rec, pl.ID, func(dec *Decision, _ *Placement) []mapping.Reason {
				dec.Record.Alerts = appendNew(dec.Record.Alerts, RuleNotOffered)
				return []mapping.Reason{alert(RuleNotOffered)}
			})
		}
	}
}

// alertTies does so for a patient and for all whom they are kept apart from.
func (d *step) alertTies(patient uint64, again bool) {
	t := d.tiesIn(d.offer)
	p, _ := d.patientIndex(patient)
	d.alertTogether(p, again)
	if t == nil {
		return
	}
	for _, x := range slices.Clone(t.of[p]) {
		d.alertTogether(x.other, again)
	}
}
