package generate

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/program"
)

// tally counts what is in a week by reading it, not by asking the generator what it meant.
type tally struct {
	counts   map[string]int
	people   map[mapping.Identifier]*mapping.Patient // first description by number
	sources  map[mapping.Identifier]map[string]bool  // who sent a number
	values   map[string]map[mapping.Identifier]bool  // numbers by bare value
	contents map[string]bool                         // of referrals, with source and identifier
	bytes    map[string]bool
	latest   map[string]time.Time // sender's time of a referral
}

// The week holds at least what it promises of everything.
func TestWeekHolds(t *testing.T) {
	w := tally{
		counts: map[string]int{}, people: map[mapping.Identifier]*mapping.Patient{}, sources: map[mapping.Identifier]map[string]bool{},
		values: map[string]map[mapping.Identifier]bool{}, contents: map[string]bool{}, bytes: map[string]bool{}, latest: map[string]time.Time{},
	}
	for _, l := range generated(t, Week(catalogs(t))) {
		if l.Catalog != nil {
			w.counts["catalog"]++
		} else {
			w.input(l.Input)
		}
	}
	w.pairs()
	for what, least := range map[string]int{
		"catalog": 2, "network": 2, "source": 4, "referral": 400, "binary": 30, "sniffed": 30,
		"type convene.referral.updated": 30, "type convene.referral.cancelled": 40, "type convene.seat.released": 5,
		"type convene.patient.merged": 2, "type convene.clock": 2, "type convene.catalog.applied": 2,
		"needs therapy": 60, "risk": 15, "stop": 8, "caregiver": 10, "minor": 10, "deceased": 2, "goals only": 2, "several programs": 2,
		"no identifier": 1, "no birth date": 5, "known by two sources": 10, "number shared by two people": 5,
		"same bytes again": 10, "same content again": 10, "older content again": 5,
		"phq-9": 40, "gad-7": 25, "item 9": 3, "severity stated": 20, "severity in ICD-10-CM": 30,
		"priority routine": 100, "priority urgent": 20, "priority asap": 10, "priority stat": 5,
		"icd only": 50, "snomed only": 50, "both codings": 50, "local code": 10,
		"goal": 100, "payer": 100, "preference": 50, "required preference": 3, "language es": 5, "language pt": 5, "language zh": 3,
		"interpreter": 3, "access": 15, "note": 80, "social security number": 10,
		"bad": 20, "bad invalid-json": 4, "bad wrong-type": 2, "bad unknown-value": 3, "bad required": 2, "bad invalid-date": 2,
		"bad duplicate-key": 1, "bad invalid-utf8": 1, "bad without patient": 1, "bad of several problems": 3, "bad cancel": 2,
	} {
		if w.counts[what] < least {
			t.Errorf("%d %s, want at least %d", w.counts[what], what, least)
		}
	}
}

func (w *tally) count(what string, is bool) {
	if is {
		w.counts[what]++
	}
}

// first counts a thing once.
func (w *tally) first(what, name string) {
	w.count(what, w.counts[what+" "+name] == 0)
	w.counts[what+" "+name]++
}

func (w *tally) input(in mapping.Input) {
	w.first("network", in.Network)
	if !strings.HasPrefix(in.Source, "_") {
		w.first("source", in.Network+" "+in.Source)
	}
	w.count("same bytes again", w.bytes[in.Source+string(in.Data)])
	w.bytes[in.Source+string(in.Data)] = true
	w.count("binary", in.Header["ce-id"] != "")
	w.count("sniffed", len(in.Header) == 0)
	read := event.Decode(in)
	if read.Event == nil {
		w.bad(in, read)
		return
	}
	w.counts["type "+string(read.Event.Type)]++
	if read.Event.Referral != nil {
		w.referral(in.Network, read.Event)
	}
}

func (w *tally) bad(in mapping.Input, read mapping.Decoded) {
	w.counts["bad"]++
	w.count("bad of several problems", len(read.Issues) > 1)
	w.count("bad cancel", strings.Contains(string(in.Data), string(mapping.ReferralCancelled)))
	for _, x := range read.Issues {
		w.counts["bad "+x.Code]++
		w.count("bad without patient", x.Path == "data.referral.patient" && x.Code == "required")
	}
}

func (w *tally) referral(network string, e *mapping.Event) {
	r := e.Referral
	hash := mapping.ContentHash(r)
	name := network + e.Source + r.Identifier.System + r.Identifier.Value
	content := name + string(hash[:])
	known := w.contents[content]
	older := !w.latest[name].IsZero() && e.Sent.Before(w.latest[name])
	w.contents[content] = true
	if e.Sent.After(w.latest[name]) {
		w.latest[name] = e.Sent
	}
	w.count("same content again", known && !older)
	w.count("older content again", older && known)
	w.count("deceased", r.Patient.Deceased)
	for _, id := range r.Patient.Identifiers {
		w.number(network, e.Source, id, &r.Patient)
	}
	if known || e.Type != mapping.ReferralCreated {
		return
	}
	w.counts["referral"]++
	w.subject(r)
	w.clinic(r)
}

func (w *tally) number(network, source string, id mapping.Identifier, p *mapping.Patient) {
	if id.Type == "SS" {
		w.counts["social security number"]++
		return
	}
	if w.people[id] == nil {
		w.people[id], w.sources[id] = p, map[string]bool{}
	}
	w.sources[id][network+source] = true
	if w.values[network+id.Value] == nil {
		w.values[network+id.Value] = map[mapping.Identifier]bool{}
	}
	w.values[network+id.Value][id] = true
}

// pairs counts people whom two sources know by one number, and pairs who have one number under two assigners.
func (w *tally) pairs() {
	for _, sources := range w.sources {
		w.count("known by two sources", len(sources) > 1)
	}
	for _, ids := range w.values {
		names := map[string]bool{}
		for id := range ids {
			names[w.people[id].Name.Family+w.people[id].BirthDate] = true
		}
		w.count("number shared by two people", len(ids) > 1 && len(names) > 1)
	}
}

func (w *tally) subject(r *mapping.Referral) {
	p := &r.Patient
	w.counts["priority "+string(r.Priority)]++
	w.count("caregiver", r.Participant == mapping.ParticipantFamily)
	w.count("no identifier", r.Identifier.Value == "")
	w.count("no birth date", p.BirthDate == "")
	year, _ := strconv.Atoi(p.BirthDate[:min(4, len(p.BirthDate))])
	w.count("minor", year > 2026-18)
	w.count("goals only", len(r.Conditions) == 0)
	w.count("several programs", len(r.Programs) > 1)
	w.count("goal", len(r.Goals) > 0)
	w.count("payer", len(r.Payers) > 0)
	w.count("note", len(r.Notes) > 0)
	w.count("interpreter", p.Interpreter)
	w.count("access", len(p.Access) > 0)
	w.count("required preference", len(r.Preferences.Required) > 0)
	w.count("preference", r.Preferences.Mode != "" || r.Preferences.Times != nil || r.Preferences.Kind != "" || r.Preferences.Language != "")
	w.counts["language "+p.Languages[0][:2]]++
}

func (w *tally) clinic(r *mapping.Referral) {
	hits := match.Screen(r)
	w.count("risk", slices.ContainsFunc(hits, func(h match.Hit) bool { return h.Level == match.Stop || h.Level == match.Review }))
	w.count("stop", slices.ContainsFunc(hits, func(h match.Hit) bool { return h.Level == match.Stop }))
	therapy := false
	for _, c := range r.Conditions {
		systems := map[string]bool{}
		for _, code := range c.Codes {
			systems[code.System] = true
			w.count("severity in ICD-10-CM", code.System == mapping.SystemICD10CM && len(code.Code) > 4 && slices.Contains([]string{"F32.0", "F32.1", "F32.2", "F33.0", "F33.1", "F33.2"}, code.Code))
		}
		w.count("icd only", systems[mapping.SystemICD10CM] && !systems[mapping.SystemSNOMED])
		w.count("snomed only", !systems[mapping.SystemICD10CM] && systems[mapping.SystemSNOMED])
		w.count("both codings", systems[mapping.SystemICD10CM] && systems[mapping.SystemSNOMED])
		w.count("local code", !systems[mapping.SystemICD10CM] && !systems[mapping.SystemSNOMED])
		w.count("severity stated", c.Severity != "")
		for _, i := range program.Resolve(c.Codes) {
			row, _ := program.AllowedKinds(program.Conditions()[i].Key, c.Severity, nil)
			therapy = therapy || len(row.Kinds) > 0 && row.Kinds[0] == mapping.Therapy
		}
	}
	w.count("needs therapy", therapy)
	for _, o := range r.Observations {
		w.count("phq-9", o.Code.Code == "44261-6")
		w.count("gad-7", o.Code.Code == "70274-6")
		w.count("item 9", o.Code.Code == item9.Code)
	}
}
