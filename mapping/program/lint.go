package program

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
)

var (
	nameShape  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	idShape    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$`) // also a FHIR id
	stateShape = regexp.MustCompile(`^[A-Z]{2}$`)
)

// Years that a catalog speaks of; what is outside is a slip of the hand.
const (
	yearMin = 1950
	yearMax = 2150
)

const idHint = "letters, digits, dot and hyphen, at most 64"

// network checks what stands at the top.
func (l *linter) network() {
	c := l.catalog
	if !nameShape.MatchString(c.Network) {
		l.problem("bad-network", "lower-case letters, digits and hyphen, at most 40; it is a part of subjects", fmt.Sprintf("network %q", c.Network), "network")
	}
	c.Location = time.UTC
	if loc, err := LoadZone(c.Zone); err != nil {
		l.problem("bad-zone", "an IANA name such as America/New_York", fmt.Sprintf("no time zone %q", c.Zone), "zone")
	} else {
		c.Location = loc
	}
	l.date(c.ValidFrom, true, "validFrom")
	l.word(or(c.Profile, "base"), []string{"base", "bser", "sdoh"}, "unknown-profile", "profile")
	c.Profile = or(c.Profile, "base")
	if c.Organization.Name == "" {
		l.problem("required", "the name under which the network refers", "organization.name is missing", "organization", "name")
	}
	l.npi(c.Organization.Identifier, "organization", "identifier")
	c.index.holidays = map[string]bool{}
	for i, h := range c.Holidays {
		if l.date(h, true, "holidays", i) {
			if c.index.holidays[h] {
				l.problem("duplicate", "remove one", h+" is listed twice", "holidays", i)
			}
			c.index.holidays[h] = true
		}
	}
	l.holidays = c.index.holidays
}

func (l *linter) sources() {
	c := l.catalog
	c.index.zones = map[string]*time.Location{}
	if len(c.Sources) == 0 {
		l.problem("required", "name at least one system that sends events", "no sources", "sources")
	}
	seen := map[string]bool{}
	for i, s := range c.Sources {
		if strings.HasPrefix(s.Name, "_") {
			l.problem("bad-source", "names that begin with _ are Convene's own", fmt.Sprintf("source %q", s.Name), "sources", i, "name")
		} else if !nameShape.MatchString(s.Name) {
			l.problem("bad-source", "lower-case letters, digits and hyphen, at most 40; it is a part of subjects", fmt.Sprintf("source %q", s.Name), "sources", i, "name")
		}
		l.unique(seen, s.Name, "source", "sources", i, "name")
		if s.Zone != "" {
			loc, err := LoadZone(s.Zone)
			if err != nil {
				l.problem("bad-zone", "an IANA name such as America/New_York", fmt.Sprintf("no time zone %q", s.Zone), "sources", i, "zone")
			}
			c.index.zones[s.Name] = loc
		}
		if s.Format != "" {
			l.word(s.Format, []string{"json", "fhir", "hl7v2"}, "unknown-format", "sources", i, "format")
		}
		for _, code := range slices.Sorted(maps.Keys(s.Codes)) {
			l.condition(s.Codes[code], "sources", i, "codes", code)
		}
	}
	l.assigners(seen)
}

func (l *linter) assigners(sources map[string]bool) {
	seen := map[string]bool{}
	for i, a := range l.catalog.Assigners {
		switch {
		case !strings.Contains(a.System, ":"):
			l.problem("bad-assigner", "a URI or urn:oid: a bare name is never global", fmt.Sprintf("assigner %q", a.System), "assigners", i, "system")
		case a.System == mapping.SystemSSN || a.System == "urn:oid:2.16.840.1.113883.4.1":
			l.problem("bad-assigner", "remove it", "a person is never recognised by a social security number", "assigners", i, "system")
		}
		l.unique(seen, a.System, "assigner", "assigners", i, "system")
		for j, s := range a.Sources {
			if !sources[s] {
				l.problem("unknown-source", didYouMean(s, slices.Sorted(maps.Keys(sources)), "name one of sources"), fmt.Sprintf("no source %q", s), "assigners", i, "sources", j)
			}
		}
	}
}

func (l *linter) policy() {
	p := l.catalog.Policy
	for _, n := range []struct {
		key   string
		value int
	}{{"offerDays", p.OfferDays}, {"offerDaysUrgent", p.OfferDaysUrgent}, {"handoverDays", p.HandoverDays}, {"cohortDays", p.CohortDays}, {"declines", p.Declines},
		{"contactAttempts", p.ContactAttempts}, {"missedSessions", p.MissedSessions}, {"cancelDays", p.CancelDays},
		{"reviewDays", p.ReviewDays}, {"reviewDaysUrgent", p.ReviewDaysUrgent}, {"riskDays", p.RiskDays}} {
		if n.value < 0 || n.value > 366 {
			l.problem("bad-number", "days, 1 to 366; leave it out for the default", fmt.Sprintf("%s is %d", n.key, n.value), "policy", n.key)
		}
	}
	if n := p.PostponeWeeks; n != nil && (*n < 0 || *n > postponeWeeksMax) {
		l.problem("bad-number", fmt.Sprintf("weeks, 0 to %d; 0: only groups with sessions.second are put off", postponeWeeksMax), fmt.Sprintf("postponeWeeks is %d", *n), "policy", "postponeWeeks")
	}
	for _, k := range slices.Sorted(maps.Keys(p.Urgency)) {
		u := p.Urgency[k]
		l.word(string(k), []string{"routine", "urgent", "asap", "stat"}, "unknown-priority", "policy", "urgency", string(k))
		if u.Base < 0 || u.Rate <= 0 {
			l.problem("bad-number", "base at least 0, rate above 0: nobody may starve", fmt.Sprintf("urgency of %s is base %g, rate %g", k, u.Base, u.Rate), "policy", "urgency", string(k))
		}
	}
	l.catalog.Policy = p.Filled()
}

var accessValues = []string{"wheelchair", "hearing", "vision", "oxygen"}

func (l *linter) sites() {
	seen := map[string]bool{}
	for i, s := range l.catalog.Sites {
		l.id(seen, s.ID, "site", "sites", i, "id")
		if s.Name == "" {
			l.problem("required", "the name people know it by", "a site without a name", "sites", i, "name")
		}
		if s.Address.State != "" && !stateShape.MatchString(s.Address.State) {
			l.problem("bad-state", "a USPS code such as MA", fmt.Sprintf("state %q", s.Address.State), "sites", i, "address", "state")
		}
		for j, a := range s.Access {
			l.word(a, accessValues, "unknown-access", "sites", i, "access", j)
		}
	}
}

func (l *linter) leaders() {
	seen := map[string]bool{}
	for i, p := range l.catalog.Leaders {
		l.id(seen, p.ID, "leader", "leaders", i, "id")
		if p.Family == "" {
			l.problem("required", "the family name", "a leader without a name", "leaders", i, "family")
		}
		l.word(p.Type, []string{"professional", "peer", "rotating"}, "unknown-leader-type", "leaders", i, "type")
		if p.NPI != "" {
			l.npi(mapping.Identifier{System: mapping.SystemNPI, Value: p.NPI}, "leaders", i, "npi")
		}
		l.languages(p.Languages, "leaders", i, "languages")
		for j, x := range p.Licences {
			l.licence(x, "leaders", i, "licences", j)
		}
	}
}

// languages checks BCP 47 primary subtags.
func (l *linter) languages(tags []string, path ...any) {
	for j, x := range tags {
		if !languageShape.MatchString(x) {
			l.problem("bad-language", "a BCP 47 primary subtag such as en or es", fmt.Sprintf("language %q", x), append(path, j)...)
		}
	}
}

func (l *linter) licence(x Licence, path ...any) {
	if x.Title == "" {
		l.problem("required", "the licence's title, such as LICSW, PsyD, RN", "a licence without a title", append(path, "title")...)
	}
	if !stateShape.MatchString(x.State) {
		l.problem("bad-state", "a USPS code such as MA", fmt.Sprintf("state %q", x.State), append(path, "state")...)
	}
	okTo := l.date(x.To, true, append(path, "to")...)
	okFrom := l.date(x.From, false, append(path, "from")...)
	if okTo && okFrom && x.From != "" && x.To < x.From {
		l.problem("date-order", "swap from and to", fmt.Sprintf("the licence ends on %s, before it begins on %s", x.To, x.From), append(path, "to")...)
	}
}

// date checks YYYY-MM-DD of a real day; false when it is not one.
func (l *linter) date(s string, required bool, path ...any) bool {
	if s == "" && !required {
		return true
	}
	d, err := time.Parse(dateForm, s)
	if err != nil {
		if s == "" {
			l.problem("required", "write YYYY-MM-DD", "a date is missing", path...)
		} else {
			l.problem("bad-date", "write a real day as YYYY-MM-DD", fmt.Sprintf("%q is not a date", s), path...)
		}
		return false
	}
	if d.Year() < yearMin || d.Year() > yearMax {
		l.problem("bad-date", fmt.Sprintf("a year from %d to %d", yearMin, yearMax), s+" is out of range", path...)
		return false
	}
	return true
}

// word checks a value of a closed list.
func (l *linter) word(s string, known []string, code string, path ...any) {
	if !slices.Contains(known, s) {
		l.problem(code, didYouMean(s, known, "one of "+strings.Join(known, ", ")), fmt.Sprintf("%q is not one of %s", s, strings.Join(known, ", ")), path...)
	}
}

// id checks shape and uniqueness.
func (l *linter) id(seen map[string]bool, id, what string, path ...any) {
	if !idShape.MatchString(id) {
		l.problem("bad-id", idHint, fmt.Sprintf("%s id %q", what, id), path...)
	}
	l.unique(seen, id, what, path...)
}

func (l *linter) unique(seen map[string]bool, id, what string, path ...any) {
	if id != "" && seen[id] {
		l.problem("duplicate-id", "give each its own", fmt.Sprintf("%s %q is defined twice", what, id), path...)
	}
	seen[id] = true
}

// condition checks a key of the shipped table.
func (l *linter) condition(key string, path ...any) {
	if ConditionByKey(key) == nil {
		keys := slices.Collect(maps.Keys(shipped().conditionOf))
		slices.Sort(keys)
		l.problem("unknown-condition", didYouMean(key, keys, "use a key of the shipped conditions, such as diabetes_t2"), fmt.Sprintf("no condition %q", key), path...)
	}
}

// npi checks the ten digits and the check digit of a National Provider Identifier.
func (l *linter) npi(id mapping.Identifier, path ...any) {
	if id.System == mapping.SystemNPI && !validNPI(id.Value) {
		l.problem("bad-npi", "ten digits, the last a Luhn check digit over 80840 and the others", fmt.Sprintf("%q is no NPI", id.Value), path...)
	}
}
