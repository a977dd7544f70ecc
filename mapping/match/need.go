package match

import "github.com/convene-health/convene/mapping"

// Need is what later decisions need of a referral: normalised, without a name or an identifier. It is kept for every
// live placement, so it is compact: words of fixed vocabularies are numbers and bits (200 bytes, and its lists).
//
// Its JSON (AppendJSON, ParseNeed) uses the words themselves and is stable:
//
//	{"participant":"family",                                   absent: the patient
//	 "conditions":[{"key":"copd","severity":"moderate"}],      keys of the condition table; the main one first;
//	                                                          absent severity is unknown
//	 "doubted":["eating_disorder"],                           by key: they exclude and never fit
//	 "goals":["peer-support"],"programs":["pain-cbt"],
//	 "birth":"1961-05",                                        YYYY, YYYY-MM or YYYY-MM-DD
//	 "genderIdentity":"female","languages":["es","en"],"interpreter":true,"access":["wheelchair"],
//	 "state":"MA","postalCode":"02139","payers":["medicare"],
//	 "preferences":{"mode","language","times":[],"gender","kind","site","required":[]},
//	 "languageUnclear":true,"barred":["pregnancy"],"unknown":true,
//	 "told":[{"fact":"a1c","value":5.9,"date":"2026-10-01"}],  what gates can ask, each once, the latest
//	 "screened":"2026-10-01","guardian":true,"clinician":"1200000018"}
type Need struct {
	// Conditions that count for fit, each once: first the main one, which the referral lists first, then by number.
	Conditions []NeedCondition
	// Doubted are conditions that the patient may have, or have again: they never fit, and exclude where they would.
	Doubted conditionSet
	// Programs the referrer asked for by id; Payers by the catalog's codes. Both sorted.
	Programs, Payers []string
	// Site is the id of the site that suits best.
	Site  string
	Goals goalSet
	// Birth is the date of birth; parts may be unknown.
	Birth date
	// Languages that the patient speaks, the preferred first; zero where there are fewer.
	Languages [4]language
	// WantLanguage is the language that the group should be held in.
	WantLanguage language
	PostalCode   [5]byte
	State        [2]byte
	Family       bool
	Interpreter  bool
	// LanguageUnclear: something is said of a language, and none can be read from it.
	LanguageUnclear bool
	// Unknown: some code of the referral is not understood, so more may be needed than is listed here.
	Unknown    bool
	Access     accessSet
	Identity   gender
	WantMode   mode
	WantGender gender
	WantKind   kind
	WantTimes  timeSet
	Required   wishSet
	Barred     ruleSet
	// Told are the facts of the shipped table that the referral tells, by number; of each the latest.
	Told []Told
	// Screened is the day of the latest screening for risk that the referral dates; 0: none.
	Screened date
	// Guardian: somebody who speaks for the patient is named, with a telephone number.
	Guardian bool
	// Clinician is the NPI of who refers; empty without one.
	Clinician string
}

// Told is what a referral tells of a fact: the value of a measure, 0 for others, and its day, 0 where it has none.
type Told struct {
	Fact  uint8
	Date  date
	Value float64
}

// NeedCondition is a condition of the shipped table, by number, and how severe it is.
type NeedCondition struct {
	Condition uint8
	Severity  Severity
}

// Severity of a condition in rising order. Unknown is none of the others, never mild.
type Severity uint8

const (
	SeverityUnknown Severity = iota
	Mild
	Moderate
	ModeratelySevere
	Severe
)

// conditionSet is the set of the conditions.
func (n *Need) conditionSet() (s conditionSet) {
	for _, c := range n.Conditions {
		s.add(c.Condition)
	}
	return s
}

// silentOnLanguage: nothing is said of what the patient speaks, so nothing is excluded.
func (n *Need) silentOnLanguage() bool {
	return n.Languages[0] == 0 && !n.Interpreter && !n.LanguageUnclear
}

// requires reports whether a preference is a condition.
func (n *Need) requires(w wish) bool { return n.Required&(1<<w) != 0 }

// kindOf is the number of a kind of group; 0 for none.
func kindOf(k mapping.Kind) kind { return kind(kindWords.number(string(k))) }
