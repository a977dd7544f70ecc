package match

import (
	"slices"
	"time"

	"github.com/convene-health/convene/mapping/program"
)

// bitmap is a set of positions (or programs).
type bitmap []uint64

func newBitmap(n int) bitmap { return make(bitmap, (n+63)/64) }

// bitmaps makes several over one piece of memory.
func bitmaps(count, n int) []bitmap {
	width := (n + 63) / 64
	all := make(bitmap, count*width)
	out := make([]bitmap, count)
	for i := range out {
		out[i] = all[i*width : (i+1)*width : (i+1)*width]
	}
	return out
}

func (s bitmap) add(i int32)      { s[i>>6] |= 1 << (i & 63) }
func (s bitmap) has(i int32) bool { return s[i>>6]&(1<<(i&63)) != 0 }

// attributes of groups that can exclude, each a bitmap over positions. A missing map entry is an empty bitmap.
type attributes struct {
	words int // length of each bitmap

	led       bitmap             // licensed leader where the group meets; telehealth: in some state
	covered   bitmap             // in person, by a leader with one licence from the first session through the last
	placeable bitmap             // led, or no licence is required
	remote    bitmap             // telehealth
	local     bitmap             // in person
	anywhere  bitmap             // in person, or by telehealth without a licence required
	ledIn     map[[2]byte]bitmap // telehealth with a leader licensed in the state
	spoken    map[language]bitmap
	interpret bitmap
	genders   [4]bitmap
	offers    [6]bitmap  // by access word; telehealth needs no wheelchair and no oxygen
	declared  bitmap     // says something of accessibility
	suits     [32]bitmap // by set of times
	pays      map[string]bitmap
	allPay    bitmap // any payer, or self-pay
	sites     map[string]bitmap
}

func (b *Book) readAttributes() {
	n := len(b.groups)
	a := &b.attributes
	a.words = (n + 63) / 64
	a.ledIn, a.spoken, a.pays, a.sites = map[[2]byte]bitmap{}, map[language]bitmap{}, map[string]bitmap{}, map[string]bitmap{}
	for _, s := range []*bitmap{&a.led, &a.covered, &a.placeable, &a.remote, &a.local, &a.anywhere, &a.interpret, &a.declared, &a.allPay} {
		*s = newBitmap(n)
	}
	copy(a.genders[:], bitmaps(len(a.genders), n))
	copy(a.offers[:], bitmaps(len(a.offers), n))
	copy(a.suits[:], bitmaps(len(a.suits), n))
	access := make(map[string][]string, len(b.cat.Sites))
	for _, s := range b.cat.Sites {
		access[s.ID] = s.Access
	}
	for at := range b.groups {
		g := &b.cat.Groups[b.groups[at].group]
		b.readPlace(int32(at), g, access[g.Site])
		b.readTerms(int32(at), g)
	}
}

// readPlace reads where a group meets, who may lead there, and what the place offers.
func (b *Book) readPlace(at int32, g *program.Group, site []string) {
	a, m := &b.attributes, &b.groups[at]
	required := b.programs[m.program].licensed
	if m.mode == telehealth {
		a.remote.add(at)
		for _, l := range m.licences {
			entry(a.ledIn, l.state, a.words).add(at)
		}
	} else {
		a.local.add(at)
		entry(a.sites, g.Site, a.words).add(at)
		m.licences = slices.DeleteFunc(m.licences, func(l stateLicence) bool { return m.state != [2]byte{} && l.state != m.state })
	}
	if len(m.licences) > 0 {
		a.led.add(at)
	}
	if n := len(m.days); n > 0 && m.mode != telehealth && licensedFor(m, m.state, m.days[0], m.days[n-1]) {
		a.covered.add(at)
	}
	if len(m.licences) > 0 || !required {
		a.placeable.add(at)
	}
	if m.mode != telehealth || !required {
		a.anywhere.add(at)
	}
	if m.mode == telehealth {
		a.offers[1].add(at)
		a.offers[4].add(at)
		site = nil
	}
	if len(site)+len(g.Access) > 0 {
		a.declared.add(at)
	}
	for _, list := range [][]string{site, g.Access} {
		for _, word := range list {
			if w := accessWords.number(word); w != 0 {
				a.offers[w].add(at)
			}
		}
	}
}

// readTerms reads languages, gender, times and payers.
func (b *Book) readTerms(at int32, g *program.Group) {
	a, m := &b.attributes, &b.groups[at]
	for _, l := range m.langs {
		entry(a.spoken, l, a.words).add(at)
	}
	if g.Interpreter {
		a.interpret.add(at)
	}
	a.genders[m.gender].add(at)
	held := timeSet(0)
	for _, d := range g.Dates {
		if b.cat.IsMoved(g, d) {
			continue // one session on another day does not make it another group
		}
		held |= 1 << b.partOfWeek(d)
	}
	for want := range a.suits {
		if w := timeSet(want); held&^w == 0 || g.Enrolment == program.EnrolmentOpen && held&w != 0 {
			a.suits[want].add(at)
		}
	}
	if len(g.Payers) == 0 || g.SelfPay {
		a.allPay.add(at)
	}
	for _, p := range g.Payers {
		entry(a.pays, p, a.words).add(at)
	}
}

// partOfWeek is the time word of a session: morning before noon, evening from 17:00 on, in the network's zone.
// source: assumption
func (b *Book) partOfWeek(t time.Time) uint8 {
	if b.cat.Location != nil {
		t = t.In(b.cat.Location)
	}
	switch {
	case t.Weekday() == time.Saturday || t.Weekday() == time.Sunday:
		return 4
	case t.Hour() < 12:
		return 1
	case t.Hour() < 17:
		return 2
	}
	return 3
}

func entry[K comparable](m map[K]bitmap, key K, words int) bitmap {
	if m[key] == nil {
		m[key] = make(bitmap, words)
	}
	return m[key]
}

// filters of one need, in order: each passes the positions of any of its bitmaps.
type filters struct {
	list [16]struct {
		rule     rule
		from, to uint8 // of bits
	}
	n    int
	bits [32]bitmap
	used uint8
}

// begin starts a filter, or adds an alternative to the last one.
func (f *filters) begin(r rule, s bitmap) {
	f.list[f.n].rule, f.list[f.n].from, f.list[f.n].to = r, f.used, f.used
	f.n++
	f.or(s)
}

func (f *filters) or(s bitmap) {
	if s != nil {
		f.bits[f.used] = s
		f.used++
		f.list[f.n-1].to = f.used
	}
}

// word i of what filter k passes.
func (f *filters) passed(k int, i int32) (w uint64) {
	for j := f.list[k].from; j < f.list[k].to; j++ {
		w |= f.bits[j][i]
	}
	return w
}

// word i of the positions that pass every filter.
func (f *filters) word(i int32) uint64 {
	w := ^uint64(0)
	for k := range f.n {
		if w &= f.passed(k, i); w == 0 {
			return 0
		}
	}
	return w
}

// failing are the rules of the filters that a position does not pass.
func (f *filters) failing(at int32) (w why) {
	for k := range f.n {
		if f.passed(k, at>>6)&(1<<(at&63)) == 0 {
			w.add(f.list[k].rule)
		}
	}
	return w
}

// mask of a run within word i.
func (r run) mask(i int32) uint64 {
	w := ^uint64(0)
	if base := i << 6; base < r.start {
		w <<= r.start - base
	}
	if end := i<<6 + 64; end > r.end {
		w &= ^uint64(0) >> (end - r.end)
	}
	return w
}

// filters for a need. What the need does not say excludes nothing.
func (b *Book) filters(n *Need, f *filters) {
	a := &b.attributes
	f.begin(ruleLicence, a.placeable)
	if !n.silentOnLanguage() {
		lacks := ruleLanguage
		if n.Languages[0] == 0 {
			lacks = ruleLanguageUnknown
		}
		f.begin(lacks, a.interpret)
		for _, l := range n.Languages {
			f.or(a.spoken[l])
		}
		f.or(a.spoken[n.WantLanguage])
	}
	b.accessFilters(n, f)
	if n.State == ([2]byte{}) {
		f.begin(ruleStateUnknown, a.anywhere)
	} else {
		f.begin(ruleState, a.anywhere)
		f.or(a.ledIn[n.State])
	}
	f.begin(ruleGender, a.genders[0])
	if n.WantGender != 0 && (n.Identity == 0 || n.Identity == n.WantGender) {
		f.or(a.genders[n.WantGender])
	}
	if n.WantTimes != 0 {
		f.begin(ruleTimes, a.suits[n.WantTimes])
	}
	if len(n.Payers) > 0 {
		f.begin(rulePayer, a.allPay)
		for _, p := range n.Payers {
			f.or(a.pays[p])
		}
	}
	if n.Required != 0 {
		b.wishFilters(n, f)
	}
}

// accessFilters ask for each thing that the patient needs. Where the catalog is silent on a group, that is the reason.
func (b *Book) accessFilters(n *Need, f *filters) {
	for w := range b.offers {
		if n.Access&(1<<w) != 0 {
			f.begin(ruleAccess, b.offers[w])
		}
	}
}

// wishFilters are for preferences that the patient requires; that for a kind is the program's.
func (b *Book) wishFilters(n *Need, f *filters) {
	a := &b.attributes
	switch {
	case !n.requires(wishMode):
	case n.WantMode == inPerson:
		f.begin(ruleWishMode, a.local)
	case n.WantMode == telehealth:
		f.begin(ruleWishMode, a.remote)
	}
	if n.requires(wishLanguage) && n.WantLanguage != 0 {
		f.begin(ruleWishLanguage, a.spoken[n.WantLanguage])
	}
	if n.requires(wishGender) && n.WantGender != 0 {
		f.begin(ruleWishGender, a.genders[n.WantGender])
	}
	if n.requires(wishSite) && n.Site != "" {
		f.begin(ruleWishSite, a.sites[n.Site])
	}
}

func (s bitmap) empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}
