package match

import "math/bits"

// words is a small closed vocabulary; a word's number is its index, and 0 is no word.
type words []string

func (w words) number(s string) uint8 {
	for i := 1; i < len(w); i++ {
		if w[i] == s {
			return uint8(i)
		}
	}
	return 0
}

// The vocabularies of needs and groups, in the order of the design.
var (
	modeWords     = words{"", "in-person", "telehealth"}
	genderWords   = words{"", "female", "male", "non-binary"}
	kindWords     = words{"", "therapy", "support", "education", "skills", "cognitive-rehab", "exercise-rehab", "mind-body"}
	accessWords   = words{"", "wheelchair", "hearing", "vision", "oxygen", "other"}
	timeWords     = words{"", "weekday-morning", "weekday-afternoon", "weekday-evening", "weekend"}
	wishWords     = words{"", "mode", "language", "gender", "kind", "site"}
	costWords     = words{"", "free", "low", "medium", "high"}
	severityWords = words{"", "mild", "moderate", "moderately-severe", "severe"}
)

type (
	mode   uint8
	gender uint8
	kind   uint8
	wish   uint8

	// Sets hold bit i for word i.
	accessSet uint8
	timeSet   uint8
	wishSet   uint8
	kindSet   uint8
	goalSet   uint64 // by number of the goal table
	ruleSet   uint32 // by number of the safety rules
)

const (
	inPerson   mode = 1
	telehealth mode = 2

	therapy kind = 1
	support kind = 2

	wishMode     wish = 1
	wishLanguage wish = 2
	wishGender   wish = 3
	wishKind     wish = 4
	wishSite     wish = 5
)

func (s kindSet) has(k kind) bool { return s&(1<<k) != 0 }

func (s goalSet) count() int { return bits.OnesCount64(uint64(s)) }

// conditionSet is a set of conditions by number.
type conditionSet [2]uint64

func (s *conditionSet) add(c uint8)     { s[c>>6] |= 1 << (c & 63) }
func (s conditionSet) has(c uint8) bool { return s[c>>6]&(1<<(c&63)) != 0 }
func (s conditionSet) empty() bool      { return s[0]|s[1] == 0 }
func (s conditionSet) count() int       { return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) }
func (s conditionSet) and(t conditionSet) conditionSet {
	return conditionSet{s[0] & t[0], s[1] & t[1]}
}
func (s conditionSet) or(t conditionSet) conditionSet {
	return conditionSet{s[0] | t[0], s[1] | t[1]}
}
func (s conditionSet) without(t conditionSet) conditionSet {
	return conditionSet{s[0] &^ t[0], s[1] &^ t[1]}
}

// date is YYYYMMDD as a number; unknown parts are 0.
type date uint32

// dateOf reads YYYY, YYYY-MM or YYYY-MM-DD; anything else is 0.
func dateOf(s string) (d date) {
	if len(s) != 4 && len(s) != 7 && len(s) != 10 {
		return 0
	}
	for i := range 10 {
		if i == 4 || i == 7 {
			if i < len(s) && s[i] != '-' {
				return 0
			}
			continue
		}
		d *= 10
		if i < len(s) {
			if s[i] < '0' || s[i] > '9' {
				return 0
			}
			d += date(s[i] - '0')
		}
	}
	month, day := d/100%100, d%100
	if d < 10000 || month > 12 || day > 31 || (month == 0) != (len(s) < 7) || (day == 0) != (len(s) < 10) {
		return 0
	}
	return d
}

func (d date) append(b []byte) []byte {
	if d == 0 {
		return b
	}
	b = appendDigits(b, uint32(d/10000), 4)
	if month := uint32(d / 100 % 100); month != 0 {
		b = appendDigits(append(b, '-'), month, 2)
		if day := uint32(d % 100); day != 0 {
			b = appendDigits(append(b, '-'), day, 2)
		}
	}
	return b
}

func appendDigits(b []byte, n uint32, width int) []byte {
	if width > 1 {
		b = appendDigits(b, n/10, width-1)
	}
	return append(b, byte(n%10)+'0')
}

// first and last are the first and the last day that a partial date can be.
func (d date) first() date { return max(d, d/10000*10000+101, d/100*100+1) }

func (d date) last() date {
	if d%10000 == 0 {
		return d + 1231
	}
	if d%100 == 0 {
		return d + 31
	}
	return d
}

// lowest number of a set that is not empty.
func (s goalSet) lowest() uint8 { return uint8(bits.TrailingZeros64(uint64(s))) }
