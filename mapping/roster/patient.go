package roster

import (
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/program"
)

// patientIndex finds a patient by key, following merges.
func (s *State) patientIndex(key uint64) (uint32, bool) {
	i, ok := slices.BinarySearchFunc(s.patients, key, func(p patientRow, k uint64) int {
		switch {
		case p.key < k:
			return -1
		case p.key > k:
			return 1
		}
		return 0
	})
	return s.survivor(uint32(i)), ok
}

func (s *State) survivor(i uint32) uint32 {
	for into := s.special[i].merged; into > 0; into = s.special[i].merged {
		i = into - 1
	}
	return i
}

// Patient as the state knows them. IDs are left out: they are only looked up, never listed.
func (s *State) Patient(key uint64) (Patient, bool) {
	i, ok := s.patientIndex(key)
	if !ok {
		return Patient{}, false
	}
	p := s.patients[i]
	return Patient{Key: p.key, Born: p.born, Family: p.family, Risks: s.special[i].risks, Used: s.special[i].used}, true
}

// putPatient adds a patient or adds to one: identifiers and risks only grow.
func (s *State) putPatient(p Patient) {
	i, known := s.patientIndex(p.Key)
	if !known {
		i = uint32(len(s.patients))
		s.patients = append(s.patients, patientRow{key: p.Key, born: p.Born, family: p.Family})
		s.onUndo(func() { s.patients = s.patients[:i] })
	}
	was := s.patients[i]
	if was.born == 0 {
		s.patients[i].born = p.Born
	}
	if was.family == 0 {
		s.patients[i].family = p.Family
	}
	if len(p.Risks)+len(p.Used) > 0 {
		more := s.special[i]
		if len(p.Risks) > 0 {
			more.risks = p.Risks
		}
		more.used = joinedUses(more.used, p.Used)
		s.putSpecial(i, more)
	}
	if known && s.patients[i] != was {
		s.onUndo(func() { s.patients[i] = was })
	}
	for _, id := range p.IDs {
		if _, ok := s.patientOf[id]; !ok {
			if s.ties.named[id] {
				s.peopleChanged()
			}
			s.patientOf[id] = i
			s.onUndo(func() { delete(s.patientOf, id) })
		}
	}
}

// mergePatients makes into the person that from was, with the risks of both. The caller re-keys the referrals.
func (s *State) mergePatients(from, into uint64) {
	a, _ := s.Patient(into)
	b, _ := s.Patient(from)
	s.putPatient(Patient{Key: into, Risks: union(a.Risks, b.Risks), Used: b.Used})
	f, _ := s.patientIndex(from)
	i, _ := s.patientIndex(into)
	s.putSpecial(f, patientMore{merged: i + 1})
	s.peopleChanged()
}

func (s *State) putSpecial(i uint32, more patientMore) {
	was, had := s.special[i]
	s.special[i] = more
	s.onUndo(func() {
		if s.special[i] = was; !had {
			delete(s.special, i)
		}
	})
}

// union of the risks of two keys of one person.
func union(a, b []Risk) []Risk {
	out := slices.Clip(a)
	for _, r := range b {
		if !slices.ContainsFunc(out, func(x Risk) bool {
			return x.Rule == r.Rule && x.Level == r.Level && (x.Cleared == 0) == (r.Cleared == 0)
		}) {
			out = append(out, r)
		}
	}
	return out
}

// identifierHashes are the identifiers that can recognise a person: never an SSN, never a bare value; under an assigner
// that the network does not trust, only within the source.
func identifierHashes(ids []mapping.Identifier, source string, cat *program.Catalog) []Hash {
	out := make([]Hash, 0, len(ids))
	for _, id := range ids {
		switch {
		case id.Value == "" || id.System == "" || id.System == mapping.SystemSSN || id.Type == "SS":
			continue
		case trusted(cat, id.System):
			out = append(out, HashOf("patient", id.System, id.Value))
		default:
			out = append(out, HashOf("patient", source, id.System, id.Value))
		}
	}
	return out
}

func trusted(cat *program.Catalog, system string) bool {
	return slices.ContainsFunc(cat.Assigners, func(a program.Assigner) bool { return a.System == system })
}

// mayMerge reports whether a source speaks for every identifier of a merge: its own local ones, and those of assigners
// for which the catalog names it.
func mayMerge(ids []mapping.Identifier, source string, cat *program.Catalog) bool {
	for _, id := range ids {
		i := slices.IndexFunc(cat.Assigners, func(a program.Assigner) bool { return a.System == id.System })
		if i >= 0 && !slices.Contains(cat.Assigners[i].Sources, source) {
			return false
		}
	}
	return true
}

// known are the patients, survivors of merges, whom any of the identifiers recognises, lowest key first.
func (s *State) known(ids []Hash) []uint32 {
	var out []uint32
	for _, id := range ids {
		if i, ok := s.patientOf[id]; ok {
			if i = s.survivor(i); !slices.Contains(out, i) {
				out = append(out, i)
			}
		}
	}
	slices.Sort(out)
	return out
}

// whois answers who a referral's patient is; whom no identifier recognises has the key given. doubt is the rule that asks
// a person, or empty.
func (s *State) whois(r *mapping.Referral, source string, key uint64, cat *program.Catalog) (p Patient, doubt string) {
	ids := identifierHashes(r.Patient.Identifiers, source, cat)
	p = Patient{Key: key, Born: born(r.Patient.BirthDate), Family: folded(r.Patient.Name.Family)}
	found := s.known(ids)
	if len(found) > 1 || len(found) == 1 && s.stranger(found[0], p) {
		return p, RuleIdentityConflict
	}
	p.IDs = ids
	if len(found) == 1 {
		p.Key = s.patients[found[0]].key
		return p, ""
	}
	if s.resembles(printOf(r), 0) {
		return p, RulePossibleDuplicate
	}
	return p, ""
}

// stranger reports whether neither birth date nor family name is that of a patient; unlike, whether one of them is not.
func (s *State) stranger(patient uint32, p Patient) bool {
	row := &s.patients[patient]
	return differ(row.born, p.Born) && differ(row.family, p.Family)
}

func (s *State) unlike(patient uint32, p Patient) bool {
	row := &s.patients[patient]
	return differ(row.born, p.Born) || differ(row.family, p.Family)
}

// resembles reports whether a live referral of anyone but that patient has this name and birth date.
func (s *State) resembles(print, patient uint64) bool {
	own, known := s.patientIndex(patient)
	return slices.ContainsFunc(s.prints.of(print), func(key uint64) bool {
		i, _ := s.patientIndex(s.live[key].Patient)
		return !known || i != own
	})
}

// recognisable reports whether any identifier recognises a patient.
func (s *State) recognisable(patient uint32) bool {
	for _, i := range s.patientOf {
		if s.survivor(i) == patient {
			return true
		}
	}
	return false
}

func differ(a, b uint32) bool { return a != 0 && b != 0 && a != b }

// born is YYYYMMDD of a full birth date, else 0.
func born(date string) uint32 {
	if len(date) != len("2006-01-02") {
		return 0
	}
	n, _ := strconv.ParseUint(strings.ReplaceAll(date, "-", ""), 10, 32)
	return uint32(n)
}

// folded is a hash of a name that ignores case.
func folded(name string) uint32 {
	if name == "" {
		return 0
	}
	h := fnv.New32a()
	h.Write([]byte(strings.ToLower(name)))
	return h.Sum32() | 1
}

// printOf is a hash of family name, first given name and full birth date; 0 when one is missing.
func printOf(r *mapping.Referral) uint64 {
	n := r.Patient.Name
	if n.Family == "" || len(n.Given) == 0 || born(r.Patient.BirthDate) == 0 {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(strings.ToLower(n.Family + "|" + n.Given[0] + "|" + r.Patient.BirthDate)))
	return h.Sum64() | 1
}

// addRisks are the patient's risks with those of a referral added: a rule once, at its highest level. What a person has
// cleared stays so until there is other evidence.
func addRisks(risks []Risk, hits []match.Hit, referral uint64, t int64) []Risk {
	if len(hits) == 0 {
		return risks
	}
	out := slices.Clone(risks)
	for _, h := range hits {
		if h.Level != match.Stop && h.Level != match.Review {
			continue
		}
		found := Risk{h.Rule, h.Level, referral, t, evidenceOf(hits, h.Rule), 0}
		i := slices.IndexFunc(out, func(r Risk) bool { return r.Rule == h.Rule })
		switch {
		case i < 0:
			out = append(out, found)
		case out[i].Cleared != 0 && out[i].Evidence == found.Evidence:
		case out[i].Cleared != 0, h.Level == match.Stop && out[i].Level != match.Stop:
			out[i] = found
		default:
			out[i].Evidence = found.Evidence
		}
	}
	return out
}

// found are the risks that did not hold before.
func found(old, now []Risk) []Risk {
	return slices.DeleteFunc(slices.Clone(now), func(r Risk) bool {
		return slices.ContainsFunc(old, func(o Risk) bool { return o.Rule == r.Rule && o.Level == r.Level && o.Cleared == 0 })
	})
}

// renewed are the risks that hold by other evidence than before.
func renewed(old, now []Risk) (out []Risk) {
	for _, r := range now {
		if !slices.ContainsFunc(old, func(o Risk) bool { return o.Rule == r.Rule && o.Level == r.Level && o.Evidence == r.Evidence }) {
			out = append(out, r)
		}
	}
	return out
}

// evidenceOf is a hash of all by which a rule holds; never 0.
func evidenceOf(hits []match.Hit, rule string) uint64 {
	h := fnv.New64a()
	for _, x := range hits {
		if x.Rule == rule {
			h.Write([]byte(string(x.Level) + "|" + x.Code.System + "|" + x.Code.Code + "|" + x.Path + "|" + x.Quote + "\n"))
		}
	}
	return h.Sum64() | 1
}

// gravest level among risks that nobody has cleared; empty without any.
func gravest(risks []Risk) match.Level {
	var worst match.Level
	for _, r := range risks {
		switch {
		case r.Cleared != 0:
		case r.Level == match.Stop:
			return match.Stop
		default:
			worst = r.Level
		}
	}
	return worst
}

// rulesOf are the outward rules of the levels of risk that hold, the gravest first.
func rulesOf(risks []Risk) (rules []string) {
	for _, level := range [...]match.Level{match.Stop, match.Review} {
		if slices.ContainsFunc(risks, func(r Risk) bool { return r.Level == level && r.Cleared == 0 }) {
			rules = append(rules, ruleOf(level))
		}
	}
	return rules
}

// ruleOf is the outward rule of a risk level.
func ruleOf(l match.Level) string {
	switch l {
	case match.Stop:
		return RuleStop
	case match.Review:
		return RuleSafetyReview
	}
	return ""
}
