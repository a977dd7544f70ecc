package simulate

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// Result of a simulation: the same for the same options. Times are days, shares 0 to 1.
type Result struct {
	Network string `json:"network"`
	// From is the first day simulated, Counted the first whose arrivals are counted, To the day after the last.
	From    string `json:"from"`
	Counted string `json:"counted"`
	To      string `json:"to"`
	Seed    uint64 `json:"seed"`
	// Assumed are the numbers put in, by the flag's name.
	Assumed map[string]float64 `json:"assumed"`
	// Arrivals in all, of which Referrals are counted below; Events sent, and of those Refused.
	Arrivals  int `json:"arrivals"`
	Referrals int `json:"referrals"`
	Events    int `json:"events"`
	Refused   int `json:"refused"`
	// Judged is how many places were given and judged, of all arrivals.
	Judged         int      `json:"judged"`
	UnsafeCarried  int      `json:"unsafe_carried"`
	UnsafeUncoded  int      `json:"unsafe_uncoded"`
	WronglyBlocked int      `json:"wrongly_blocked"`
	RightlyHeld    int      `json:"rightly_held"`
	Unsafe         []Unsafe `json:"unsafe"`
	Risks          []Risk   `json:"risks"`
	Outcomes       []Count  `json:"outcomes"`
	Attendance     Attended `json:"attendance"`
	Waits          []Wait   `json:"waits"`
	Fill           Fill     `json:"fill"`
	Weeks          []Week   `json:"weeks"`
	// Unmet need: referrals that nobody ended but the network had no place for.
	Unmet    []Need     `json:"unmet"`
	Language []Need     `json:"unmet_by_language"`
	Site     []Need     `json:"unmet_by_site"`
	Next     []Opening  `json:"next_groups"`
	Fairness []Fairness `json:"fairness"`
}

// Unsafe places by the judge's rule.
type Unsafe struct {
	Rule    string `json:"rule"`
	Carried int    `json:"carried"` // the referral told of what makes it unsafe
	Uncoded int    `json:"uncoded"` // it did not
	Example string `json:"example,omitempty"`
}

// Risk says how often patients have one, how their referrals tell of it, and what became of them.
type Risk struct {
	Name     string `json:"name"`
	Patients int    `json:"patients"`
	Coded    int    `json:"coded"`
	InText   int    `json:"in_text"`
	Unread   int    `json:"in_text_not_read"`
	Untold   int    `json:"not_told"`
	Held     int    `json:"held"`   // for a person
	Unsafe   int    `json:"unsafe"` // placed by a machine where they should not be
}

// Count of something by name.
type Count struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Attended counts those who had a place.
type Attended struct {
	Seated     int     `json:"seated"`
	Came       int     `json:"came"` // attended a first session
	Completed  int     `json:"completed"`
	DroppedOut int     `json:"dropped_out"`
	ShareCame  float64 `json:"share_came"` // of those the first session of whose place is over
}

// Wait of one urgency class. Medians and 90th percentiles are of those who had what they waited for.
type Wait struct {
	Urgency   mapping.Priority `json:"urgency"`
	Referrals int              `json:"referrals"`
	Seated    int              `json:"seated"`
	Waiting   int              `json:"waiting"` // without a place at the end
	Seat      Spread           `json:"seat"`    // until a place was given
	First     Spread           `json:"first"`   // until the first session attended
}

// Spread of a wait in days.
type Spread struct {
	N      int     `json:"n"`
	Median float64 `json:"median"`
	P90    float64 `json:"p90"`
}

// Fill of seats: of cohorts in the week they start, and of all groups that meet, on average over the counted weeks.
type Fill struct {
	AtStart float64 `json:"at_start"`
	Running float64 `json:"running"`
	// Cohorts that started, and that did not: too few people for their minimum.
	Cohorts    int `json:"cohorts"`
	NotStarted int `json:"not_started"`
}

// Need that a network did not meet, of one condition, language or site.
type Need struct {
	Key       string  `json:"key"`
	Name      string  `json:"name"`
	Referrals int     `json:"referrals"`
	NoGroup   int     `json:"no_group"`
	GaveUp    int     `json:"gave_up"`
	Waiting   int     `json:"waiting"` // for more than WaitingDays at the end
	Share     float64 `json:"share"`
}

// Unmet is all of it.
func (n *Need) Unmet() int { return n.NoGroup + n.GaveUp + n.Waiting }

// WaitingDays after which one who waits at the end counts as unmet: the access standard for mental health that the US
// Department of Veterans Affairs proposed in January 2019, 20 days.
const WaitingDays = 20

// Opening is where a group would meet most unmet need.
type Opening struct {
	Condition string `json:"condition"`
	Name      string `json:"name"`
	Language  string `json:"language"`
	Site      string `json:"site"` // nearest to the patients by ZIP code
	Unmet     int    `json:"unmet"`
}

func (w *world) result() *Result {
	t := w.tally
	day := func(at time.Time) string { return at.In(w.Start.Location()).Format(time.DateOnly) }
	r := &Result{
		Network: w.network, From: day(w.Start), Counted: day(w.counts), To: day(w.end), Seed: w.Seed, Assumed: w.assumed(),
		Arrivals: len(t.patients), Events: t.Events, Refused: t.Refused, Judged: t.seats, UnsafeCarried: t.unsafeCarried, UnsafeUncoded: t.unsafeUncoded,
		WronglyBlocked: t.blocked, RightlyHeld: t.held, Weeks: t.weeks, Risks: risksOf(t.patients),
	}
	for _, rule := range slices.Sorted(maps.Keys(t.unsafe)) {
		r.Unsafe = append(r.Unsafe, *t.unsafe[rule])
	}
	// Who came after the counting began has a wait that the warm-up does not shorten.
	counted := slices.Clone(t.patients)
	counted = slices.DeleteFunc(counted, func(p *patient) bool { return !p.counted || p.key == "" })
	r.Referrals = len(counted)
	r.Outcomes, r.Attendance = outcomes(counted), attendance(counted, w.end)
	r.Waits = waits(counted)
	r.Fill = t.fill(day(w.counts))
	r.Unmet = w.unmet(counted, func(p *patient) (string, string) { return p.truth.main(), conditionName(p.truth.main()) })
	r.Language = w.unmet(counted, func(p *patient) (string, string) { return p.truth.speaks(), languageName(p.truth.speaks()) })
	r.Site = w.unmet(counted, func(p *patient) (string, string) { s := t.siteOf(p); return s, s })
	r.Next = w.openings(counted)
	r.Fairness = w.fairness(counted)
	return r
}

// assumed are the numbers put in.
func (o *Options) assumed() map[string]float64 {
	return map[string]float64{
		"months": float64(o.Months), "warm-up-weeks": float64(o.WarmUpWeeks), "per-week": o.PerWeek, "attend-first": o.AttendFirst, "no-show": o.NoShow,
		"lead-odds": o.LeadOdds, "drop-out": o.DropOut, "unreachable": o.Unreachable, "cancelled": o.Cancelled, "patience-weeks": o.PatienceWeeks,
		"answer-days": o.AnswerDays, "review-days": o.ReviewDays, "risk": o.Risk, "coded": o.Coded, "text": o.Text, "false-alarm": o.FalseAlarm,
		"gap-weeks": float64(o.GapWeeks), "announce-weeks": float64(o.AnnounceWeeks),
	}
}

func risksOf(patients []*patient) []Risk {
	out := make([]Risk, len(risks))
	for i := range risks {
		out[i].Name = risks[i].Name
	}
	for _, p := range patients {
		if p.truth.risk < 0 || p.key == "" {
			continue
		}
		k := &out[p.truth.risk]
		k.Patients++
		switch p.truth.carrier {
		case carriedCode:
			k.Coded++
		case carriedText:
			k.InText++
		case carriedUnread:
			k.Unread++
		default:
			k.Untold++
		}
		if p.held {
			k.Held++
		}
		if p.unsafe {
			k.Unsafe++
		}
	}
	return out
}

// outcomes says how the counted referrals stand at the end, in the order of the statuses, then by why they ended.
func outcomes(patients []*patient) []Count {
	n := map[string]int{}
	for _, p := range patients {
		name := string(p.status)
		if p.status.Final() && p.status != mapping.Completed && p.status != mapping.DroppedOut {
			name += ": " + cmp.Or(p.fate, p.last)
		}
		n[name]++
	}
	var out []Count
	for _, name := range slices.Sorted(maps.Keys(n)) {
		out = append(out, Count{name, n[name]})
	}
	slices.SortStableFunc(out, func(a, b Count) int { return b.Count - a.Count })
	return out
}

func attendance(patients []*patient, end time.Time) (a Attended) {
	over := 0
	for _, p := range patients {
		if p.seated.IsZero() {
			continue
		}
		a.Seated++
		if !p.came.IsZero() {
			a.Came++
		}
		// Who declines ends at once, who comes does so weeks later: only the session's date makes them comparable.
		if p.first.Before(end) {
			over++
		}
		switch p.status {
		case mapping.Completed:
			a.Completed++
		case mapping.DroppedOut:
			a.DroppedOut++
		}
	}
	a.ShareCame = share(a.Came, over)
	return a
}

func waits(patients []*patient) (out []Wait) {
	for _, urgency := range slices.Backward(mapping.Priorities) {
		w := Wait{Urgency: urgency}
		var seat, first []float64
		for _, p := range patients {
			if p.urgency != urgency {
				continue
			}
			w.Referrals++
			switch {
			case !p.seated.IsZero():
				w.Seated++
				seat = append(seat, daysBetween(p.arrived, p.seated))
			case !p.status.Final():
				w.Waiting++
			}
			if !p.came.IsZero() {
				first = append(first, daysBetween(p.arrived, p.came))
			}
		}
		w.Seat, w.First = spreadOf(seat), spreadOf(first)
		out = append(out, w)
	}
	return out
}

func (t *tally) fill(from string) Fill {
	f := Fill{AtStart: share(t.started, t.capacity), Cohorts: t.cohorts, NotStarted: t.empty}
	sum, n := 0.0, 0
	for _, w := range t.weeks {
		if w.End >= from {
			sum, n = sum+w.Fill, n+1
		}
	}
	if n > 0 {
		f.Running = rounded(sum/float64(n), 3)
	}
	return f
}

// lack is why the network had no place for a patient: empty where it had, or where somebody else ended it.
func (w *world) lack(p *patient) string {
	switch {
	case !p.seated.IsZero():
	case p.fate == fateNoGroup, p.fate == fateNoInfo:
		return fateNoGroup
	case p.fate == fateGaveUp:
		return fateGaveUp
	case !p.status.Final() && daysBetween(p.arrived, w.end) > WaitingDays:
		return "waiting"
	}
	return ""
}

// unmet need by what of says of a patient, the most first.
func (w *world) unmet(patients []*patient, of func(*patient) (key, name string)) (out []Need) {
	at := map[string]int{}
	for _, p := range patients {
		key, name := of(p)
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, Need{Key: key, Name: name})
		}
		n := &out[i]
		n.Referrals++
		switch w.lack(p) {
		case fateNoGroup:
			n.NoGroup++
		case fateGaveUp:
			n.GaveUp++
		case "waiting":
			n.Waiting++
		}
	}
	for i := range out {
		out[i].Share = share(out[i].Unmet(), out[i].Referrals)
	}
	slices.SortFunc(out, func(a, b Need) int {
		return cmp.Or(b.Unmet()-a.Unmet(), b.Referrals-a.Referrals, strings.Compare(a.Key, b.Key))
	})
	return out
}

// openingsMax bounds the list of where a group should open next.
const openingsMax = 10

func (w *world) openings(patients []*patient) (out []Opening) {
	n := map[Opening]int{}
	for _, p := range patients {
		if w.lack(p) != "" {
			n[Opening{Condition: p.truth.main(), Name: conditionName(p.truth.main()), Language: languageName(p.truth.speaks()), Site: w.tally.siteOf(p)}]++
		}
	}
	for o, unmet := range n {
		o.Unmet = unmet
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b Opening) int {
		return cmp.Or(b.Unmet-a.Unmet, strings.Compare(a.Condition, b.Condition), strings.Compare(a.Language, b.Language), strings.Compare(a.Site, b.Site))
	})
	return out[:min(len(out), openingsMax)]
}

func (t *tally) siteOf(p *patient) string {
	if i := nearest(p.postal, t.codes); i >= 0 {
		return t.sites[i]
	}
	return "unknown"
}

func conditionName(key string) string {
	if c := program.ConditionByKey(key); c != nil {
		return c.Name
	}
	return "no condition of the table"
}

func languageName(tag string) string {
	if name, ok := map[string]string{"en": "English", "es": "Spanish", "pt": "Portuguese", "zh": "Chinese", "fr": "French", "ar": "Arabic", "el": "Greek", "it": "Italian", "ru": "Russian"}[tag]; ok {
		return name
	}
	return tag
}

func daysBetween(a, b time.Time) float64 { return rounded(b.Sub(a).Hours()/24, 2) }

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return rounded(float64(n)/float64(of), 3)
}

func rounded(x float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(x*p) / p
}

// spreadOf some waits: nearest-rank percentiles.
func spreadOf(days []float64) Spread {
	s := Spread{N: len(days)}
	if s.N == 0 {
		return s
	}
	slices.Sort(days)
	rank := func(q float64) float64 { return rounded(days[max(0, int(math.Ceil(q*float64(len(days))))-1)], 1) }
	s.Median, s.P90 = rank(0.5), rank(0.9)
	return s
}
