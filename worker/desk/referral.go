package desk

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	json "github.com/goccy/go-json"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
)

// moment is one point of a referral's story: what came in, and what was confirmed because of it.
type moment struct {
	Time  time.Time
	Input uint64
	// Own: the input was about this referral; else another's made room for it, or time passed.
	Own     bool
	Actor   string
	With    mapping.Approver // who agreed, where two decided
	Why     string           // as the actor says; it may name the patient
	Entries []*Entry
	reached uint64 // sequence of its decision
}

// placementView is one placement as it stands.
type placementView struct {
	ID       string
	Role     mapping.Role
	Status   mapping.Status
	Program  string
	Group    *program.Group
	GroupID  string
	First    time.Time
	Due      time.Time
	Position int
	Waiting  int
	Seats    seats
	Result   *result
	Chosen   *candidate
	Wishes   []wish
}

// wish is a preference and whether the group meets it.
type wish struct {
	What, Value string
	Met, Asked  bool // Asked: it was a condition
}

// story is the page of one referral.
type story struct {
	Network, Key string
	Seen         uint64 // sequence of the last decision: what the person has seen when acting
	Name         string
	Last         *decision
	Address      string
	Placements   []placementView
	Moments      []*moment
	Others       []other
	Acts         []actForm
	Now          time.Time
	Told         string // what an act just did
	Motions      []*motion
}

// other referral of the patient.
type other struct {
	Key    string
	Status mapping.Status
}

// errUnknown: no such referral, or it is erased.
var errUnknown = errors.New("no such referral")

func (v *visit) referral() {
	b, key := v.boardOf(), v.r.PathValue("key")
	if b == nil {
		v.refuse(http.StatusNotFound, "not-found")
		return
	}
	if err := v.audit(b.Network, "referral", key); err != nil {
		v.failed(err)
		return
	}
	told := v.told(b) // before reading, so that what it did is read too
	s, err := v.story(b, key)
	switch {
	case errors.Is(err, errUnknown):
		v.refuse(http.StatusNotFound, "not-found")
	case err != nil:
		v.failed(err)
	default:
		s.Told = told
		s.Motions = v.motions.of(b.Network, key, s.Now)
		v.show(http.StatusOK, "referral", v.words.T("referral.title", key), s)
	}
}

// boardOf the network in the address, or nil where there is none that the person may see.
func (v *visit) boardOf() *Board {
	network := v.r.PathValue("network")
	if !v.person.Sees(network) {
		return nil
	}
	return v.boards[network]
}

// story reads everything the ledger holds of a referral.
func (v *visit) story(b *Board, key string) (*story, error) {
	number, err := roster.ParseKey('r', key)
	if err != nil {
		return nil, errUnknown
	}
	s := &story{Network: b.Network, Key: key, Now: v.config.Now()}
	moments := map[uint64]*moment{}
	results := map[string]*result{}
	for m, err := range b.mirror.Ledger.On(v.ctx, worker.DecisionSubject(b.Network, key)) {
		if err != nil {
			return nil, err
		}
		d, err := parseDecision(m.Sequence, m.Data)
		if err != nil {
			return nil, err
		}
		for i := range d.Results {
			if r := &d.Results[i]; len(r.Candidates) > 0 || results[r.Placement] == nil {
				results[r.Placement] = r
			}
		}
		mo := moments[d.Cause]
		if mo == nil {
			mo = &moment{Time: d.Time.In(b.Location()), Input: d.Cause, Own: d.Own, Actor: d.Actor}
			if v.names {
				mo.Why = d.Why
			}
			moments[d.Cause] = mo
			s.Moments = append(s.Moments, mo)
		}
		mo.reached = d.sequence
		s.Last, s.Seen = d, d.sequence
	}
	if s.Last == nil {
		return nil, errUnknown
	}
	for m, err := range b.mirror.Ledger.On(v.ctx, worker.ConfirmationSubject(b.Network, "*", key)) {
		if err != nil {
			return nil, err
		}
		e, err := parseEntry(b.Network, m.Sequence, m.Data)
		if err != nil {
			return nil, err
		}
		if mo := moments[e.Data.Cause.Sequence]; mo != nil {
			mo.Entries = append(mo.Entries, e)
		}
	}
	if v.names {
		s.Name, s.Address = fullName(s.Last.Referral.Patient.Name), addressLine(s.Last.Referral.Patient.Address)
	}
	for _, m := range s.Moments {
		for _, e := range m.Entries {
			if r := results[e.Data.Placement.ID]; r != nil {
				r.Reasons = e.Data.Reasons // the latest: matching is done when a place is sought, and told of later too
			}
		}
	}
	for _, m := range s.Moments {
		if m.Own && m.Actor != "" {
			m.With = v.approver(b, m.Input)
		}
	}
	v.place(b, s, number, results)
	return s, nil
}

// approver of an act, of which the input says who it was; nobody where it is erased.
func (v *visit) approver(b *Board, input uint64) (a mapping.Approver) {
	m, err := b.mirror.Input(v.ctx, input)
	if err != nil {
		return a
	}
	if e := event.Decode(mapping.Input{Network: b.Network, Sequence: m.Sequence, Data: m.Data}).Event; e != nil {
		a = e.Approver
	}
	return a
}

// place adds where the placements stand now.
func (v *visit) place(b *Board, s *story, number uint64, results map[string]*result) {
	zone, now := b.Location(), s.Now.UnixMilli()
	b.View(func(state *roster.State, offer *roster.Offering) {
		if offer == nil {
			return
		}
		rec := state.Record(number)
		for i, p := range s.Last.Record.Placements {
			pv := placementView{ID: p.ID, Role: p.Role, Status: p.Status, GroupID: p.Group, First: at(p.First, zone), Due: at(p.Expires, zone), Result: results[p.ID]}
			if prog, ok := offer.Catalog.Program(p.Program); ok {
				pv.Program = prog.Name
			}
			if g := offer.Book.Group(p.Group); g >= 0 {
				pv.Group = &offer.Catalog.Groups[g]
				pv.Seats = seatsOf(state, pv.Group)
			}
			if rec != nil && i < len(rec.Placements) && p.Status == mapping.Waitlisted {
				pv.Position = state.PositionOf(&rec.Placements[i], offer, now)
				pv.Waiting = state.Waiting(p.Program)
			}
			pv.explain(offer, &s.Last.Referral.Preferences)
			s.Placements = append(s.Placements, pv)
		}
		var person roster.Patient
		if patient, err := roster.ParseKey('p', s.Last.Record.Patient); err == nil {
			person, _ = state.Patient(patient)
			for _, key := range state.OfPatient(patient) {
				if key != number {
					status, _ := state.StatusOf(key)
					s.Others = append(s.Others, other{roster.KeyOf('r', key), status})
				}
			}
		}
		s.Acts = v.actsOf(s, rec, person, offer)
	})
}

// explain names the groups that were looked at, and says which wishes the chosen one meets.
func (p *placementView) explain(offer *roster.Offering, wishes *mapping.Preferences) {
	if p.Result != nil {
		for i := range p.Result.Candidates {
			c := &p.Result.Candidates[i]
			c.Name = c.Group
			if g := offer.Book.Group(c.Group); g >= 0 {
				c.Name = offer.Catalog.Groups[g].Name
			}
			if c.Group == p.GroupID {
				p.Chosen = c
			}
		}
	}
	g := p.Group
	if g == nil {
		return
	}
	add := func(what, value string, met bool) {
		if value != "" {
			p.Wishes = append(p.Wishes, wish{what, value, met, slices.Contains(wishes.Required, what)})
		}
	}
	add("mode", wishes.Mode, g.Mode == wishes.Mode)
	add("language", wishes.Language, slices.Contains(g.Languages, primarySubtag(wishes.Language)))
	add("gender", wishes.Gender, g.Gender == wishes.Gender)
	if prog, ok := offer.Catalog.Program(g.Program); ok {
		add("kind", wishes.Kind, string(prog.Kind) == wishes.Kind)
	}
	add("site", wishes.Site, g.Site == wishes.Site)
	for _, t := range wishes.Times {
		add("times", t, true) // a group outside them is excluded
	}
}

func primarySubtag(language string) string {
	if i := slices.Index([]byte(language), '-'); i >= 0 {
		return language[:i]
	}
	return language
}

// bundle shows the FHIR bundle of one confirmation of the referral.
func (v *visit) bundle() {
	v.source("bundle", func(b *Board, key string, sequence uint64) ([]byte, error) {
		m, err := b.mirror.Ledger.At(v.ctx, sequence)
		if err != nil {
			return nil, err
		}
		var event struct {
			Subject string `json:"subject"`
			Data    struct {
				Bundle json.RawMessage `json:"bundle"`
			} `json:"data"`
		}
		if json.Unmarshal(m.Data, &event) != nil || event.Subject != key {
			return nil, worker.ErrNotStored
		}
		return event.Data.Bundle, nil
	})
}

// input shows what came in, byte for byte, where it was about the referral.
func (v *visit) input() {
	v.source("input", func(b *Board, key string, sequence uint64) ([]byte, error) {
		s, err := v.story(b, key)
		if err != nil || !slices.ContainsFunc(s.Moments, func(m *moment) bool { return m.Own && m.Input == sequence }) {
			return nil, worker.ErrNotStored
		}
		m, err := b.mirror.Input(v.ctx, sequence)
		return m.Data, err
	})
}

// source shows a document of the referral as text. It names people, so it is shown only where names are.
func (v *visit) source(what string, read func(b *Board, key string, sequence uint64) ([]byte, error)) {
	b, key := v.boardOf(), v.r.PathValue("key")
	sequence, err := strconv.ParseUint(v.r.PathValue("sequence"), 10, 64)
	if b == nil || err != nil {
		v.refuse(http.StatusNotFound, "not-found")
		return
	}
	if !v.names {
		v.refuse(http.StatusForbidden, "names")
		return
	}
	if err := v.audit(b.Network, what, key); err != nil {
		v.failed(err)
		return
	}
	data, err := read(b, key, sequence)
	switch {
	case errors.Is(err, worker.ErrNotStored):
		v.refuse(http.StatusNotFound, "not-found")
		return
	case err != nil:
		v.failed(err)
		return
	}
	var text bytes.Buffer
	if json.Indent(&text, data, "", "  ") != nil {
		text.Reset()
		text.Write(bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))) // HL7 v2 ends segments with CR
	}
	v.show(http.StatusOK, "source", v.words.T("source."+what, key), struct{ Network, Key, What, Text string }{b.Network, key, what, text.String()})
}
