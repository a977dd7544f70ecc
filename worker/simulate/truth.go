package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/worker/generate"
)

// truth is what is so of a patient, whatever the referral says.
type truth struct {
	conditions  []generate.Had
	risk        int // index of risks, -1 for none
	carrier     carrier
	alarmed     bool // the referral speaks of a risk that is not there
	born        time.Time
	languages   []string
	interpreter bool
	access      []string // told in the referral
	state       string
	family      bool
}

// learn notes the truth and lets the referral say as much of it as it is to.
func (o *Options) learn(r *rand.Rand, d *generate.Drawn, at time.Time) truth {
	pt := &d.Referral.Patient
	t := truth{
		conditions: d.Conditions, risk: -1, languages: slices.Clone(pt.Languages), interpreter: pt.Interpreter,
		access: slices.Clone(pt.Access), state: pt.Address.State, family: d.Referral.Participant == mapping.ParticipantFamily,
	}
	t.born, _ = time.Parse(time.DateOnly, pt.BirthDate)
	if d.Referral.Preferences.Language != "" {
		t.languages = append(t.languages, d.Referral.Preferences.Language)
	}
	age := yearsAt(t.born, at)
	switch {
	case r.Float64() < o.Risk:
		t.risk = drawRisk(r, age, pt.Gender)
		o.tell(r, &t, &d.Referral)
	case r.Float64() < o.FalseAlarm:
		t.alarmed = true
		alarms[r.IntN(len(alarms))](&d.Referral)
	}
	return t
}

// tell lets the referral carry the risk in codes, in words, or not at all.
func (o *Options) tell(r *rand.Rand, t *truth, ref *mapping.Referral) {
	k := &risks[t.risk]
	switch x := r.Float64(); {
	case x < o.Coded:
		t.carrier = carriedCode
		k.codes[r.IntN(len(k.codes))](ref)
	case x < o.Coded+o.Text:
		if t.carrier = carriedUnread; k.readable {
			t.carrier = carriedText
		}
		ref.Notes = append(ref.Notes, k.texts[r.IntN(len(k.texts))])
	default:
		t.carrier = carriedNot
	}
}

// yearsAt is an age in whole years.
func yearsAt(born, at time.Time) int {
	years := at.Year() - born.Year()
	if at.YearDay() < born.AddDate(years, 0, 0).YearDay() {
		years--
	}
	return years
}

// main condition, for counting.
func (t *truth) main() string {
	if len(t.conditions) == 0 {
		return "none"
	}
	return t.conditions[0].Key
}

// speaks is the language that a group must have for the patient: English where they speak it.
func (t *truth) speaks() string {
	if len(t.languages) == 0 || slices.ContainsFunc(t.languages, func(l string) bool { return primary(l) == "en" }) {
		return "en"
	}
	return primary(t.languages[0])
}

func primary(tag string) string {
	for i := range len(tag) {
		if tag[i] == '-' {
			return tag[:i]
		}
	}
	return tag
}

// nearest of places by ZIP code, a rough measure of distance: codes that are near in number are mostly near on the map.
func nearest(postal string, sites []string) int {
	best, at := math.MaxInt, -1
	own, err := strconv.Atoi(postal)
	for i, s := range sites {
		z, err2 := strconv.Atoi(s)
		if d := max(own-z, z-own); err == nil && err2 == nil && d < best {
			best, at = d, i
		}
	}
	return at
}

// rural marks postal regions (the first three digits of a ZIP code) without a city: the far west of Massachusetts, most of
// Vermont and New Hampshire. source: assumption, after the maps of USDA's Rural-Urban Commuting Areas.
var rural = []string{"012", "013", "032", "034", "035", "036", "037", "050", "051", "052", "053", "056", "057", "058", "059"}

func rurality(postal string) string {
	if len(postal) >= 3 && slices.Contains(rural, postal[:3]) {
		return "rural"
	}
	return "urban"
}
