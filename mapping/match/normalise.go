package match

import (
	"cmp"
	"slices"
	"strings"
	"unique"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// Normalise reduces a referral of a source to what deciding needs of it. Only active, confirmed or unqualified
// conditions count for fit; what is in doubt excludes all the same. The issues are remarks: codes that are not known, conditions that no program serves, unknown
// goals, programs and words.
func (b *Book) Normalise(r *mapping.Referral, source string) (Need, mapping.Issues) {
	w := normaliser{book: b, tables: shipped(), referral: r, local: b.codes[source]}
	n := &w.need
	w.readConditions()
	w.readGoals()
	w.readPatient()
	w.readPreferences()
	w.readTold()
	n.Family = r.Participant == mapping.ParticipantFamily
	for i, id := range r.Programs {
		if _, ok := b.programOf[id]; !ok {
			w.issue(path("data.referral.programs[", i, "]", -1), "unknown-program", "The catalog has no program of this id.")
		}
	}
	n.Programs, n.Payers = interned(r.Programs), interned(r.Payers)
	return w.need, w.issues
}

type normaliser struct {
	book     *Book
	tables   *tables
	referral *mapping.Referral
	local    map[string]uint8
	need     Need
	issues   mapping.Issues
}

func (w *normaliser) issue(path, code, text string) {
	w.issues = append(w.issues, mapping.Issue{Path: path, Code: code, Text: text})
}

func (w *normaliser) readConditions() {
	r := w.referral
	var space [16]NeedCondition
	found := space[:0]
	for i := range r.Conditions {
		c := &r.Conditions[i]
		if !stated(c) {
			continue
		}
		keys := w.resolve(c.Codes)
		if len(keys) == 0 {
			w.readName(c)
		}
		if !active(c) {
			if c.ClinicalStatus != "resolved" {
				w.doubt(keys, lastingConditions())
			}
			continue
		}
		barred := w.readCircumstances(c.Codes)
		if c.VerificationStatus != "" && c.VerificationStatus != "confirmed" {
			w.doubt(keys, everyCondition)
			continue
		}
		if len(keys) == 0 && !barred && !tells(c.Codes) {
			w.unresolved(i, c)
		}
		for _, key := range keys {
			served := !w.book.serves[key].empty() || !w.book.servesAny.empty() && w.tables.chronic.has(uint8(key))
			if !served {
				w.issue(path(conditionsPrefix, i, "]", -1), "unserved-condition", "No program of the catalog serves this condition.")
			}
			found = add(found, NeedCondition{uint8(key), w.severity(c, uint8(key))})
		}
	}
	if len(found) > 0 {
		slices.SortFunc(found[1:], func(a, b NeedCondition) int { return cmp.Compare(a.Condition, b.Condition) })
		w.need.Conditions = slices.Clone(found)
	}
}

// add keeps each condition once, as severe as anyone says.
func add(found []NeedCondition, c NeedCondition) []NeedCondition {
	for i := range found {
		if found[i].Condition == c.Condition {
			found[i].Severity = max(found[i].Severity, c.Severity)
			return found
		}
	}
	return append(found, c)
}

// resolve gives the conditions that the codings of one diagnosis name: the source's own codes by its map, the others
// by the shipped table.
func (w *normaliser) resolve(codes []mapping.Code) []int {
	for _, c := range codes {
		if len(w.local) == 0 {
			break
		}
		key, ok := w.local[c.Code]
		if c.System != "" {
			key, ok = w.local[c.System+"|"+c.Code]
		}
		if ok {
			return []int{int(key)}
		}
	}
	return program.Resolve(codes)
}

// unresolved says what of a condition is not understood.
func (w *normaliser) unresolved(i int, c *mapping.Condition) {
	w.need.Unknown = true
	if len(c.Codes) == 0 {
		w.issue(path(conditionsPrefix, i, "]", -1), "uncoded-condition", "A condition without a code is not used for matching.")
		return
	}
	w.issue(path(conditionsPrefix, i, "].codes", -1), "unknown-code", "The condition table has none of these codes.")
}

// readCircumstances takes what filters and requires from safety codes; true if any of the codes has a rule.
func (w *normaliser) readCircumstances(codes []mapping.Code) (any bool) {
	for _, c := range codes {
		for _, s := range safetyOf(c) {
			any = true
			w.circumstance(s)
		}
	}
	return any
}

func (w *normaliser) circumstance(s program.SafetyHit) {
	n := &w.need
	switch s.Level {
	case Require:
		for _, what := range s.Detail {
			if what == "language" {
				n.Interpreter = true
			} else {
				n.Access |= accessSet(1) << cmp.Or(accessWords.number(what), 5)
			}
		}
	case Filter, Review, Stop:
		n.Barred |= 1 << w.tables.rules.number(s.Rule)
	}
}

// severity of one condition: as stated, else by its ICD-10-CM code, else by the questionnaire for it.
func (w *normaliser) severity(c *mapping.Condition, key uint8) Severity {
	if s := Severity(severityWords.number(c.Severity)); s != SeverityUnknown {
		return s
	}
	for _, code := range c.Codes {
		if s := severityOfCode(code); s != SeverityUnknown {
			return s
		}
	}
	switch w.tables.conditions[key].Key {
	case "depression":
		return w.total(codePHQ9, 5, 10, 15, 20)
	case "anxiety":
		if s := w.total(codeGAD7, 5, 10, 15, 1e9); s == ModeratelySevere {
			return Severe // GAD-7 has no grade between moderate and severe
		} else {
			return s
		}
	}
	return SeverityUnknown
}

// severityOfCode reads the grade in an ICD-10-CM code: the fourth character of F32 and F33 (0 mild, 1 moderate, 2 and 3
// severe), the fifth of F01 to F03 (A mild, B moderate, C severe). ICD-10-CM FY2026.
func severityOfCode(c mapping.Code) Severity {
	if c.System != mapping.SystemICD10CM && c.System != "urn:oid:2.16.840.1.113883.6.90" {
		return SeverityUnknown
	}
	code := strings.TrimSpace(c.Code)
	if len(code) < 4 || code[0] != 'F' && code[0] != 'f' {
		return SeverityUnknown
	}
	grade := code[3]
	if grade == '.' && len(code) > 4 {
		grade = code[4]
	}
	switch stem := code[1:3]; {
	case stem == "32" || stem == "33":
		switch grade {
		case '0':
			return Mild
		case '1':
			return Moderate
		case '2', '3':
			return Severe
		}
	case stem == "01" || stem == "02" || stem == "03":
		switch grade | 0x20 {
		case 'a':
			return Mild
		case 'b':
			return Moderate
		case 'c':
			return Severe
		}
	}
	return SeverityUnknown
}

// total grades the latest total of a questionnaire; of several on one date the highest counts.
func (w *normaliser) total(code string, mild, moderate, moderatelySevere, severe float64) Severity {
	latest, value := "", -1.0
	for i := range w.referral.Observations {
		o := &w.referral.Observations[i]
		if o.Code.Code != code || o.Code.System != mapping.SystemLOINC || o.Value == nil {
			continue
		}
		if o.Date > latest || o.Date == latest && *o.Value > value {
			latest, value = o.Date, *o.Value
		}
	}
	switch {
	case value >= severe:
		return Severe
	case value >= moderatelySevere:
		return ModeratelySevere
	case value >= moderate:
		return Moderate
	case value >= mild:
		return Mild
	}
	return SeverityUnknown
}

func (w *normaliser) readGoals() {
	for i, code := range w.referral.Goals {
		if g, ok := w.tables.goalOf[code]; ok {
			w.need.Goals |= 1 << g
		} else {
			w.need.Unknown = true
			w.issue(path("data.referral.goals[", i, "]", -1), "unknown-goal", "The goal table has no such code.")
		}
	}
}

func (w *normaliser) readPatient() {
	n, p := &w.need, &w.referral.Patient
	n.Birth = dateOf(p.BirthDate)
	n.Identity = gender(genderWords.number(p.GenderIdentity))
	n.Interpreter = n.Interpreter || p.Interpreter
	n.State, n.PostalCode = stateOf(p.Address.State), postalOf(p.Address.PostalCode)
	w.readLanguages(p.Languages)
	for i, word := range p.Access {
		a := accessWords.number(word)
		if a == 0 {
			a = 5
			w.issue(path("data.referral.patient.access[", i, "]", -1), "unknown-access", "No site is known to offer this.")
		}
		n.Access |= 1 << a
	}
	for i := range w.referral.Observations {
		w.observed(&w.referral.Observations[i])
	}
}

// readLanguages reads what the patient speaks. Where nothing of it can be read, that is not silence.
func (w *normaliser) readLanguages(tags []string) {
	n, known := &w.need, 0
	for i, tag := range tags {
		l := languageOf(tag)
		switch {
		case l == 0 || known == len(n.Languages):
			w.issue(path("data.referral.patient.languages[", i, "]", -1), "unused-language", "Not a language tag, or beyond the fourth; it is not used.")
		case !slices.Contains(n.Languages[:known], l):
			n.Languages[known] = l
			known++
		}
	}
	n.LanguageUnclear = known == 0 && len(tags) > 0
}

// observed takes circumstances, pregnancy for one, from what an observation affirms and from its coded answer. A later answer
// to the same question stands in its place.
func (w *normaliser) observed(o *mapping.Observation) {
	if hits := safetyOf(o.Code); len(hits) > 0 && affirms(o) && !answeredLater(w.referral, o) {
		for _, s := range hits {
			if !s.ByAnswer() {
				w.circumstance(s)
			}
		}
	}
	if o.Answer == nil || said(o) == no || answeredLater(w.referral, o) {
		return
	}
	for _, s := range safetyOf(*o.Answer) {
		if !s.ByAnswer() {
			w.circumstance(s)
		}
	}
}

func (w *normaliser) readPreferences() {
	n, p := &w.need, &w.referral.Preferences
	n.WantMode = mode(w.word("mode", modeWords, p.Mode))
	n.WantGender = gender(w.word("gender", genderWords, p.Gender))
	n.WantKind = kind(w.word("kind", kindWords, p.Kind))
	n.WantLanguage = languageOf(p.Language)
	if n.WantLanguage == 0 && p.Language != "" {
		w.issue("data.referral.preferences.language", "unknown-value", "Not a language tag; it is not used.")
		n.LanguageUnclear = true
	}
	for _, t := range p.Times {
		if k := w.word("times", timeWords, t); k != 0 {
			n.WantTimes |= 1 << k
		}
	}
	for _, name := range p.Required {
		if k := w.word("required", wishWords, name); k != 0 {
			n.Required |= 1 << k
		}
	}
	n.Site = intern(p.Site)
}

func (w *normaliser) word(field string, of words, s string) uint8 {
	number := of.number(s)
	if number == 0 && s != "" {
		w.issue("data.referral.preferences."+field, "unknown-value", "Not one of the known words; it is not used.")
	}
	return number
}

// interned is a sorted copy that shares its strings with other needs.
func interned(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = intern(s)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func intern(s string) string {
	if s == "" {
		return ""
	}
	return unique.Make(s).Value()
}

// trimmed cuts the zero bytes at the end.
func trimmed(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b
}
