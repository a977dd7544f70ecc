package roster

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
)

// supersededMax is how many earlier contents of a referral are remembered.
const supersededMax = 64

// placementsMax is how many placements one referral may have had, the ended ones too.
const placementsMax = 200

// referral obeys an order or its update: a new referral, a change of one, or nothing new.
func (d *step) referral(e *mapping.Event) {
	r := e.Referral
	content := Hash(mapping.ContentHash(r))
	identity, minted := identityOf(r.Identifier, e.Source, content)
	if i, ok := d.rowOf[identity]; ok {
		d.again(e, i, content)
		return
	}
	var issues mapping.Issues
	if minted {
		issues.Add("data.referral.identifier", "identifier-minted", "the order has no identifier; Convene made one from source and content, so a changed copy will count as a new referral")
	}
	if e.Type == mapping.ReferralUpdated {
		issues.Add("type", "unknown-referral", "this update names a referral not seen before; it is taken as new")
	}
	d.newReferral(e, identity, content, issues)
}

// identityOf hashes a referral's own identifier. Only a URI or OID is global; a local namespace is qualified by its source.
func identityOf(id mapping.Identifier, source string, content Hash) (h Hash, minted bool) {
	switch {
	case id.Value == "":
		return HashOf("referral", source, "minted", content.String()), true
	case strings.Contains(id.System, ":"):
		return HashOf("referral", id.System, id.Value), false
	default:
		return HashOf("referral", source, id.System, id.Value), false
	}
}

func (d *step) newReferral(e *mapping.Event, identity, content Hash, issues mapping.Issues) {
	r, key := e.Referral, d.turn.Input.Sequence
	rec := &Record{
		Key: key, Source: e.Source, Identity: identity, Content: content, Sent: millis(e.Sent),
		Arrival: d.t, Priority: priorityOf(r), Print: printOf(r),
	}
	person, doubt := d.whois(r, e.Source, key, d.offer.Catalog)
	if doubt != "" {
		rec.Doubts = []string{doubt}
	}
	rec.Patient = person.Key
	need, hits, remarks := d.read(r, e.Source)
	rec.Need = need
	d.readPeople(rec, r)
	d.readConsents(rec, r)
	remarks = append(remarks, d.readBirth(rec, r)...)
	dec := d.decision(rec)
	dec.Request, dec.Hits, dec.Own = r, hits, true
	dec.Patient = d.learn(person, hits, key)
	issues = append(append(issues, d.turn.Decoded.Issues...), remarks...)

	d.askedAgain(dec, r.Programs)
	if d.cancelledBefore(rec) {
		d.finish(dec, nil, mapping.Cancelled, reason(RuleCancelledBefore), issues)
		return
	}
	if r.Patient.Deceased {
		d.finish(dec, nil, mapping.Closed, reason(RuleDeceased), issues)
		d.bereave(rec)
		return
	}
	d.placeAll(nil, dec, issues)
}

// bereave ends the other live referrals of a patient who has died: those of the same source close, for those of another
// a person is alerted.
func (d *step) bereave(rec *Record) {
	p, _ := d.patientIndex(rec.Patient)
	for _, key := range slices.Clone(d.lives.of(p)) {
		other := d.live[key]
		switch {
		case other == nil || key == rec.Key:
		case other.Source == rec.Source:
			d.finish(d.decision(other), nil, mapping.Closed, reason(RuleDeceased), nil)
		case !slices.Contains(other.Alerts, RuleDeceased) && !slices.Contains(other.Doubts, RuleDeceased):
			d.doubt(other, RuleDeceased, nil)
		}
	}
}

// read normalises a referral and screens it for risk.
func (d *step) read(r *mapping.Referral, source string) (*match.Need, []match.Hit, mapping.Issues) {
	need, issues := d.offer.Book.Normalise(r, source)
	return &need, match.Screen(r), issues
}

// readPeople notes of whom a referral says that they and its patient are kept apart.
func (d *step) readPeople(rec *Record, r *mapping.Referral) {
	p := &r.Patient
	rec.Kin, rec.NotLed, rec.Staff = nil, nil, slices.Contains(r.Labels, mapping.LabelEmployee)
	if len(p.Relatives) > 0 || p.Guardian.Identifier.Value != "" {
		rec.Kin = identifierHashes(append(slices.Clip(p.Relatives), p.Guardian.Identifier), rec.Source, d.offer.Catalog)
	}
	for _, who := range r.Preferences.NotLedBy {
		rec.NotLed = append(rec.NotLed, strings.Clone(who))
	}
	if src, ok := d.offer.Catalog.SourceByName(rec.Source); rec.Staff && !(ok && len(src.Sites) > 0) && !slices.Contains(rec.Waived, RuleNotOffered) {
		rec.Doubts = appendNew(rec.Doubts, RuleNotOffered)
	}
}

// livedMax is how many years a person may be old: 122 years is the longest life on record (Robine and Allard, Science 1998).
const livedMax = 122

// readBirth doubts a birth date that cannot be true, which every rule about ages would believe. A day in advance is allowed
// for places where it is tomorrow already.
func (d *step) readBirth(rec *Record, r *mapping.Referral) mapping.Issues {
	rec.Doubts = slices.DeleteFunc(rec.Doubts, func(rule string) bool { return rule == RuleImplausibleDate })
	born := r.Patient.BirthDate
	if len(born) < len("2006") {
		return nil
	}
	now := time.UnixMilli(d.t).UTC()
	year, _ := strconv.Atoi(born[:len("2006")])
	if year >= now.Year()-livedMax && (year < now.Year() || born <= now.AddDate(0, 0, 1).Format(time.DateOnly)) {
		return nil
	}
	if !slices.Contains(rec.Waived, RuleImplausibleDate) {
		rec.Doubts = append(rec.Doubts, RuleImplausibleDate)
	}
	return mapping.Issues{{Path: "data.referral.patient.birthDate", Code: RuleImplausibleDate, Text: "nobody can be born on this day who is referred now"}}
}

// learn records what a referral tells about its patient. Risks are kept for the person, whatever is sent later.
func (d *step) learn(p Patient, hits []match.Hit, referral uint64) Patient {
	old, _ := d.State.Patient(p.Key)
	p.Risks = addRisks(old.Risks, hits, referral, d.t)
	d.found, d.renewed = rulesOf(found(old.Risks, p.Risks)), rulesOf(renewed(old.Risks, p.Risks))
	d.putPatient(p)
	return p
}

func priorityOf(r *mapping.Referral) mapping.Priority {
	if r.Priority == "" {
		return mapping.Routine
	}
	return r.Priority
}

// again handles a referral that is already known: a duplicate, a stale copy, or a change.
func (d *step) again(e *mapping.Event, i uint32, content Hash) {
	known := d.rows[i]
	sent := millis(e.Sent)
	switch {
	case !d.mayChange(e.Source, known):
		d.refuse(notOwner(e.Source))
		return
	case [8]byte(content[:8]) == known.content:
		d.unchanged("duplicate", known.key)
		return
	case sent != 0 && known.sent != 0 && sent < known.sent, d.superseded(i, content) && sent <= known.sent:
		d.unchanged("stale", known.key)
		return
	}
	rec := d.live[known.key]
	if rec == nil {
		d.refuse(mapping.Issue{Path: "data.referral.identifier", Code: "referral-closed",
			Text: "this referral ended as " + string(statuses[known.status]) + "; send a new referral with an identifier of its own"})
		return
	}
	d.update(e, rec, content)
}

// mayChange reports whether a source may change a referral: the one that made it, the desk or an administrator.
func (d *step) mayChange(source string, r row) bool {
	return source == d.sources[r.source] || source == mapping.SourceDesk || source == mapping.SourceAdmin
}

func notOwner(source string) mapping.Issue {
	return mapping.Issue{Path: "source", Code: "not-owner", Text: "only the source that made this referral may change it, not " + source}
}

func (d *step) superseded(i uint32, content Hash) bool {
	if rec := d.live[d.rows[i].key]; rec != nil {
		return slices.Contains(rec.Superseded, content)
	}
	return slices.Contains(d.older[i], content)
}

// update applies new content to a live referral. It re-decides what was not yet accepted or only waits, keeping its
// arrival; it never moves an offered, placed or enrolled place.
func (d *step) update(e *mapping.Event, rec *Record, content Hash) {
	r := e.Referral
	person, doubt := d.sameOne(r, rec)
	if doubt != "" {
		d.own(rec)
		d.doubt(rec, doubt, d.turn.Decoded.Issues)
		return
	}
	if len(rec.Placements)+len(r.Programs) > placementsMax {
		d.refuse(mapping.Issue{Path: "data.referral.programs", Code: "too-large", Text: "this referral has asked for too many programs; send a new one"})
		return
	}
	need, hits, remarks := d.read(r, rec.Source)
	dec := d.decision(rec)
	dec.Request, dec.Hits, dec.Own = r, hits, true
	dec.Patient = d.learn(person, hits, rec.Key)
	was, rec := rec, dec.Record
	if len(rec.Superseded) < supersededMax {
		rec.Superseded = append(rec.Superseded, rec.Content)
	}
	if print := printOf(r); print != rec.Print && d.resembles(print, rec.Patient) {
		rec.Doubts = appendNew(rec.Doubts, RulePossibleDuplicate)
	}
	rec.Waived = slices.DeleteFunc(rec.Waived, func(rule string) bool { return slices.Contains(d.renewed, rule) })
	if need.Screened != rec.Need.Screened { // who set an old screening aside has not seen this one
		rec.Waived = slices.DeleteFunc(rec.Waived, func(rule string) bool { return rule == RuleRiskOutdated })
	}
	rec.Content, rec.Priority, rec.Need, rec.Print = content, priorityOf(r), need, printOf(r)
	d.readPeople(rec, r)
	d.readConsents(rec, r)
	remarks = append(remarks, d.readBirth(rec, r)...)
	if sent := millis(e.Sent); sent != 0 {
		rec.Sent = sent
	}
	issues := append(slices.Clone(d.turn.Decoded.Issues), remarks...)
	if r.Patient.Deceased {
		d.finish(dec, nil, mapping.Closed, reason(RuleDeceased), issues)
		d.bereave(rec)
		return
	}
	d.askedAgain(dec, r.Programs)
	d.leaveShared(dec)
	d.placeAll(was, dec, issues)
}

// sameOne answers whether an update is about the referral's own patient. doubt is the rule that asks a person, or empty.
func (d *step) sameOne(r *mapping.Referral, rec *Record) (p Patient, doubt string) {
	p, doubt = d.whois(r, rec.Source, 0, d.offer.Catalog)
	own, _ := d.patientIndex(rec.Patient)
	switch {
	case p.Key == 0 && (doubt == RuleIdentityConflict || d.recognisable(own) || d.unlike(own, p)):
		// The identifiers recognise nobody. That may only be so where none of the patient's ever did.
		return p, RuleIdentityConflict
	case p.Key != 0:
		if now, _ := d.patientIndex(p.Key); now != own {
			return p, RuleIdentityConflict
		}
	}
	p.Key = rec.Patient
	return p, ""
}

// askedAgain aligns the placements with the programs asked for; none: any will do. Each program is sought once.
func (d *step) askedAgain(dec *Decision, programs []string) {
	rec := dec.Record
	if len(programs) == 0 {
		programs = []string{""}
	}
	for _, p := range programs {
		if i := rec.standing(p); i >= 0 {
			rec.Placements[i].Asked = p
			continue
		}
		rec.Placements = append(rec.Placements, Placement{
			ID: PlacementID{rec.Key, d.nextPlacement(rec)}, Role: mapping.Primary, Asked: p, Arrival: rec.Arrival, Opened: d.t,
		})
	}
	for i := range rec.Placements {
		pl := &rec.Placements[i]
		if pl.Status != "" && !pl.Status.Final() && !pl.Status.HoldsSeat() && pl.Role != mapping.Bridge && !slices.Contains(programs, pl.Asked) {
			previous := pl.Status
			d.end(pl, mapping.Cancelled)
			d.save(dec)
			d.tellRequested(rec, i, previous, nil)
			d.tell(rec, i, previous, []mapping.Reason{reason(RuleNoLongerAsked)}, nil)
			dec.Record = rec.clone()
			rec = dec.Record
		}
	}
}

// standing is the live placement that seeks a program, or has a place in it; for any program (""), one that seeks any, or
// has a place. -1: there is none.
func (r *Record) standing(program string) int {
	i := slices.IndexFunc(r.Placements, func(p Placement) bool { return !p.Status.Final() && p.Asked == program })
	if i < 0 {
		i = slices.IndexFunc(r.Placements, func(p Placement) bool { return p.Status.HoldsSeat() && (program == "" || p.Program == program) })
	}
	if i < 0 {
		i = slices.IndexFunc(r.Placements, func(p Placement) bool { return accepted(p) && (program == "" || p.Program == program) })
	}
	return i
}

// doubt leaves a live referral as it is and asks a person: review before acceptance, an alert afterwards.
func (d *step) doubt(rec *Record, rule string, issues mapping.Issues) {
	dec := d.decision(rec)
	before := slices.Clone(dec.Record.Placements)
	rec = dec.Record
	for i := range rec.Placements {
		if s := rec.Placements[i].Status; s == mapping.NeedsInfo {
			rec.Placements[i].Status = mapping.Review
		}
	}
	if slices.ContainsFunc(rec.Placements, func(p Placement) bool { return p.Status == mapping.Review }) && !slices.Contains(rec.Doubts, rule) {
		rec.Doubts = append(rec.Doubts, rule)
	}
	if slices.ContainsFunc(rec.Placements, accepted) && !slices.Contains(rec.Alerts, rule) {
		rec.Alerts = append(rec.Alerts, rule)
	}
	d.save(dec)
	for i := range rec.Placements {
		switch {
		case rec.Placements[i].Status == mapping.Review:
			d.tellAs(dec, i, before[i].Status, []mapping.Reason{reason(rule)}, nil, issues)
		case accepted(rec.Placements[i]):
			d.tellAs(dec, i, before[i].Status, []mapping.Reason{alert(rule)}, nil, issues)
		}
	}
}

// accepted reports whether a placement is beyond review: its status stands until it ends.
func accepted(p Placement) bool { return p.Status == mapping.Waitlisted || p.Status.HoldsSeat() }

// alarm brings a risk found just now to a person's attention wherever else the patient holds, waits or is considered.
func (d *step) alarm(patient, except uint64) {
	p, _ := d.patientIndex(patient)
	others := slices.DeleteFunc(slices.Clone(d.lives.of(p)), func(key uint64) bool { return key == except })
	for _, rule := range d.renewed {
		d.askAgain(rule, others)
	}
	for _, rule := range d.found {
		d.warn(rule, others)
	}
	d.found, d.renewed = nil, nil
}

// askAgain takes back what people set aside of a risk for which there is other evidence now: they have not seen that.
func (d *step) askAgain(rule string, keys []uint64) {
	for _, key := range keys {
		if rec := d.live[key]; slices.Contains(rec.Waived, rule) {
			dec := d.decision(rec)
			dec.Record.Waived = slices.DeleteFunc(dec.Record.Waived, func(r string) bool { return r == rule })
			d.save(dec)
			d.warn(rule, []uint64{key})
		}
	}
}

// warn asks a person to look at each referral for a rule of which it does not speak yet.
func (d *step) warn(rule string, keys []uint64) {
	for _, key := range keys {
		rec := d.live[key]
		if !slices.Contains(rec.Alerts, rule) && !slices.Contains(rec.Doubts, rule) {
			d.doubt(rec, rule, nil)
		}
	}
}

func undecided(p Placement) bool { return p.Status == mapping.Review || p.Status == mapping.NeedsInfo }

// tellAs is tell, with the reasons and the match kept in the decision too.
func (d *step) tellAs(dec *Decision, i int, previous mapping.Status, reasons []mapping.Reason, m *match.Result, issues mapping.Issues) {
	dec.explain(dec.Record.Placements[i].ID, reasons, m)
	d.tell(dec.Record, i, previous, reasons, issues)
}
