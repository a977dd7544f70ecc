package roster

import (
	"cmp"
	"slices"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/program"
)

// StepReferrals is about how many referrals one step of an event touches; the seats of the last group it reaches are all
// filled, so that none stays free for want of a step.
const StepReferrals = 200

// Turn is one input, read and timed, for Decide.
type Turn struct {
	Input   mapping.Input
	Decoded mapping.Decoded
	// Gone: the input can no longer be read; it is accounted for and changes nothing.
	Gone bool
	// Time is t: never before that of the previous input.
	Time int64 // Unix milliseconds, UTC
	// Offer is the catalog that a catalog event names, compiled.
	Offer *Offering
	// Requests are the referrals in force, by key, that the event may change without bringing them whole: Concerned.
	Requests map[uint64]*mapping.Referral
}

// Offering is a catalog ready to decide with.
type Offering struct {
	Catalog *program.Catalog
	Book    *match.Book
	urgency [4]program.Urgency
	// timers in rising order, no two at one moment; reserves by index of the group, nil without any.
	timers   []timer
	reserves []reserve
	private  *private
	// consent: something of the catalog asks for one.
	consent  bool
	benefits bool // some program has a benefit
	// picks are the groups whose leader chooses, by index; nil without any.
	picks []bool
}

// NewOffering compiles a catalog.
func NewOffering(cat *program.Catalog) *Offering {
	o := &Offering{Catalog: cat, Book: match.Compile(cat)}
	policy := cat.Policy.Filled()
	for i, p := range mapping.Priorities {
		o.urgency[i] = policy.Urgency[p]
	}
	o.reserves = reservesOf(cat)
	o.private, o.picks = privateOf(cat), pickedOf(cat)
	o.consent = cat.Policy.Consent || slices.ContainsFunc(cat.Programs, func(p program.Program) bool { return p.Consent || p.Part2 })
	o.timers = timersOf(cat)
	o.benefits = slices.ContainsFunc(cat.Programs, func(p program.Program) bool { return benefitOf(&p) != "" })
	return o
}

// Outcome is what one step of one input caused.
type Outcome struct {
	Decisions []*Decision
	Notices   []mapping.Notice
	// Unchanged says why an input caused nothing; empty when it caused something.
	Unchanged Unchanged
	Changes   []Change
	// Offer is the catalog in force from the next step on, compiled, where this step put another in force or put a start off.
	Offer *Offering
	// More: call Decide again with the same turn.
	More bool
}

// Unchanged names an input that caused no message.
type Unchanged struct {
	Input uint64 `json:"input"`
	Why   string `json:"why"`
	// Key of the referral concerned, so that its inputs can be found when it is erased.
	Key string `json:"key,omitempty"`
}

// Decision is what Convene keeps about a referral after a step: the whole record, and how it came about.
type Decision struct {
	Record  *Record
	Patient Patient
	Time    int64
	Cause   uint64
	// Result of matching, by placement; absent where nothing was matched.
	Results []Result
	Hits    []match.Hit
	// Request is the referral in force when this input brought it, else nil: the ledger has it already.
	Request *mapping.Referral
	// Own: the cause is about this referral, not about another that made room for it.
	Own bool
	// Actor and Why are who acted on it, and why, where a person did.
	Actor, Why string
	// Notice goes with what is under 42 CFR Part 2: the network's text against redisclosure, with its date.
	Notice string

	asks mapping.Issues // what gates ask to be sent
}

// Result explains one placement.
type Result struct {
	Placement PlacementID
	Reasons   []mapping.Reason
	Match     *match.Result
}

// step is the work on one step of one input.
type step struct {
	*State
	turn  Turn
	offer *Offering
	t     int64
	left  int
	out   Outcome
	// found are the rules of the levels of risk that this input brought to light, until everyone concerned is told.
	found []string
	// renewed are those for which this input brought other evidence than anybody has looked at.
	renewed []string
	// about is the referral that the event names, of which alone its actor and reason speak; 0: none yet.
	about uint64
	// touched maps a referral to its decision in this step, so that one touched twice is written once.
	touched map[uint64]*Decision
	// placed are referrals with a bridge that were written: it ends with what it leads to.
	placed []uint64
	// lost are patients who in this step lost a place that was theirs.
	lost []uint64
}

// Decide applies one input, or the next step of it, to the state. offer is the catalog in force; nil before the first.
func (s *State) Decide(turn Turn, offer *Offering) Outcome {
	d := &step{State: s, turn: turn, offer: offer, t: turn.Time, left: StepReferrals}
	was := s.Position
	s.onUndo(func() { s.Position = was })
	if s.Position.More && s.Position.Input == turn.Input.Sequence {
		s.Position.Step++
	} else {
		s.Position = Position{Input: turn.Input.Sequence, Time: turn.Time, Floor: was.Floor, Timed: was.Timed}
	}
	d.run()
	d.endBridges()
	d.alertAdjuncts()
	s.Position.More = d.out.More
	s.Position.Notices += len(d.out.Notices)
	return d.out
}

// run does what is pending, then what is due, then the event itself; the last only when the others are done.
func (d *step) run() {
	if d.Pending != nil {
		d.continuePending()
		return
	}
	if d.offer != nil && !d.timePasses() {
		d.out.More = true
		return
	}
	d.event()
	if len(d.out.Notices) == 0 && len(d.out.Decisions) == 0 && d.out.Unchanged.Why == "" && !d.out.More && d.Position.Step == 0 {
		d.unchanged("nothing-due", 0)
	}
}

// event obeys the input.
func (d *step) event() {
	e := d.turn.Decoded.Event
	if d.turn.Gone {
		d.unchanged("gone", 0)
		return
	}
	if e == nil {
		d.refuse(d.turn.Decoded.Issues...)
		return
	}
	if d.offer == nil && e.Type != mapping.CatalogApplied {
		d.refuse(mapping.Issue{Path: "data", Code: "no-catalog", Text: "the network has no catalog in force yet; apply one, then send again"})
		return
	}
	if internal(e.Type) && e.Source != mapping.SourceAdmin && !(e.Type == mapping.Clock && e.Source == mapping.SourceClock) &&
		!(e.Type == mapping.CatalogApplied && e.Source == mapping.SourceDesk) {
		d.refuse(mapping.Issue{Path: "type", Code: "not-allowed", Text: "only the network's administrator may send " + string(e.Type)})
		return
	}
	switch e.Type {
	case mapping.ReferralCreated, mapping.ReferralUpdated:
		d.referral(e)
	case mapping.ReferralCancelled:
		d.cancel(e)
	case mapping.ReferralQueried:
		d.standing(e)
	case mapping.PatientMerged:
		d.merge(e)
	case mapping.PatientUpdated:
		d.updatePatient(e)
	case mapping.CatalogApplied:
		d.applyCatalog(e)
	case mapping.ReferralErased:
		d.erase(e)
	case mapping.Clock:
	case mapping.PairAdded, mapping.PairEnded:
		d.pair(e)
	default:
		if len(mapping.StatusesFor(e.Type)) > 0 {
			d.act(e)
			return
		}
		d.refuse(mapping.Issue{Path: "type", Code: "unknown-value", Text: "Convene does not obey " + string(e.Type)})
	}
}

// internal reports whether an event type is the administrator's; the clock and the desk may each send one of them.
func internal(t mapping.EventType) bool {
	return t == mapping.CatalogApplied || t == mapping.ReferralErased || t == mapping.Clock
}

// refuse answers an input that cannot be read or obeyed. No status changes.
func (d *step) refuse(issues ...mapping.Issue) {
	n := d.notice()
	n.Key, n.Source, n.Status = KeyOf('i', d.turn.Input.Sequence), d.turn.Input.Source, mapping.Refused
	n.Identifier = d.turn.Decoded.Target.Identifier
	n.Issues = issues
	if e := d.turn.Decoded.Event; e != nil {
		n.Identifier = e.Target.Identifier
		if e.Referral != nil {
			n.Identifier = e.Referral.Identifier
		}
		n.Issues = append(n.Issues, d.turn.Decoded.Issues...)
	}
	n.Reasons = []mapping.Reason{reason(RuleRefused)}
	d.out.Notices = append(d.out.Notices, n)
}

func (d *step) unchanged(why string, key uint64) {
	d.out.Unchanged = Unchanged{Input: d.turn.Input.Sequence, Why: why}
	if key != 0 {
		d.out.Unchanged.Key = KeyOf('r', key)
	}
}

// notice starts the next notice of this input.
func (d *step) notice() mapping.Notice {
	return mapping.Notice{
		Network: d.turn.Input.Network, Sequence: d.turn.Input.Sequence, N: d.Position.Notices + len(d.out.Notices) + 1,
		Time: instant(d.t), Catalog: d.Catalog, DecidedBy: d.actor(),
	}
}

// actor is the person who acted, where the desk or an administrator sent the event; else Convene.
func (d *step) actor() string {
	if e := d.turn.Decoded.Event; e != nil && e.Actor != "" && d.Pending == nil {
		return e.Actor
	}
	return convene
}

// sign says who decided and why. What befalls others because of an act, or because time passed before it, is Convene's.
func (d *step) sign(n *mapping.Notice, rec *Record) {
	e := d.turn.Decoded.Event
	switch {
	case e == nil || e.Type == mapping.PatientMerged:
	case rec.Key == d.about && d.Pending == nil:
		n.Why, n.Approver = e.Reason, e.Approver.Name
	default:
		n.DecidedBy = convene
	}
}

// convene is who decided where no person did.
const convene = "convene"

// decide opens the decision of a referral in this step. The record in it may be changed until save.
func (d *step) decision(rec *Record) *Decision {
	if dec := d.touched[rec.Key]; dec != nil {
		dec.Record = dec.Record.clone()
		return dec
	}
	dec := &Decision{Record: rec.clone(), Time: d.t, Cause: d.turn.Input.Sequence}
	if d.touched == nil {
		d.touched = map[uint64]*Decision{}
	}
	d.touched[rec.Key] = dec
	d.out.Decisions = append(d.out.Decisions, dec)
	d.left--
	return dec
}

// save puts the decision's record in force.
func (d *step) save(dec *Decision) {
	if dec.Record.Final() {
		dec.Record.Need, dec.Record.Kin, dec.Record.NotLed, dec.Record.Staff, dec.Record.Consents = nil, nil, nil, false, nil
	}
	if dec.Notice = ""; dec.Record.part2() {
		n := d.offer.Catalog.Notices.Redisclosure
		dec.Notice = strings.TrimSpace(n.Text + " (" + n.Date + ")")
	}
	if slices.ContainsFunc(dec.Record.Placements, bridging) && !slices.Contains(d.placed, dec.Record.Key) {
		d.placed = append(d.placed, dec.Record.Key)
	}
	if d.offer != nil {
		d.await(dec.Record)
	}
	if was := d.live[dec.Record.Key]; was != nil && slices.ContainsFunc(was.Placements, func(p Placement) bool { return theirs(p) && !dec.Record.has(p.ID) }) {
		d.lost = append(d.lost, dec.Record.Patient)
	}
	d.put(dec.Record)
	if d.offer != nil && d.offer.benefits {
		d.useBenefits(dec)
	}
	if dec.Patient.Key == 0 {
		dec.Patient, _ = d.Patient(dec.Record.Patient)
	}
}

// tell makes a notice of placement i of the record as it now stands. Call it after save: position and seats are read
// from the state.
func (d *step) tell(rec *Record, i int, previous mapping.Status, reasons []mapping.Reason, issues mapping.Issues) *mapping.Notice {
	return d.announce(rec, i, d.tellAccepted(rec, i, previous, issues), reasons, issues)
}

// tellAccepted tells that a placement is accepted, before it is told that the patient takes part already: profile bser has
// no other way there from receipt. It returns the status that was told last.
func (d *step) tellAccepted(rec *Record, i int, previous mapping.Status, issues mapping.Issues) mapping.Status {
	if d.offer.Catalog.Profile != "bser" || rec.Placements[i].Status != mapping.Enrolled {
		return previous
	}
	switch previous {
	case "", mapping.Review, mapping.NeedsInfo:
		n := d.announce(rec, i, previous, []mapping.Reason{reason(RulePlaced)}, issues)
		n.Status = mapping.Placed
		return mapping.Placed
	}
	return previous
}

// announce adds one notice of a placement as it is.
func (d *step) announce(rec *Record, i int, previous mapping.Status, reasons []mapping.Reason, issues mapping.Issues) *mapping.Notice {
	pl := &rec.Placements[i]
	if !mapping.Allowed(previous, pl.Status) {
		panic("roster: " + pl.ID.String() + " may not go from " + string(previous) + " to " + string(pl.Status))
	}
	n := d.notice()
	n.Key, n.Source, n.PatientKey = KeyOf('r', rec.Key), rec.Source, KeyOf('p', rec.Patient)
	n.Placement, n.Role, n.Status, n.Previous = pl.ID.String(), pl.Role, pl.Status, previous
	n.Priority, n.Program, n.Group = rec.Priority, pl.Program, pl.Group
	n.FirstSession, n.Requested, n.Opened = instant(pl.First), instant(rec.Arrival), instant(pl.Opened)
	n.SeatsTaken = d.Taken(pl.Group)
	n.Reasons, n.Issues, n.Labels = reasons, issues, d.labelsOf(rec, pl)
	if pl.Past != nil {
		n.Attended, n.Missed = pl.Past.count(Attended), pl.Past.count(Missed)
	}
	d.sign(&n, rec)
	switch pl.Status {
	case mapping.Waitlisted:
		n.Position = d.position(&d.offer.urgency, pl, d.t)
	case mapping.Offered:
		n.Expires = instant(pl.Expires)
	}
	if d.stopped(rec.Patient) {
		n.Priority = mapping.Stat
	}
	d.out.Notices = append(d.out.Notices, n)
	return &d.out.Notices[len(d.out.Notices)-1]
}

// stopped reports whether a STOP rule holds for a patient.
func (s *State) stopped(patient uint64) bool {
	p, _ := s.Patient(patient)
	return gravest(p.Risks) == match.Stop
}

// explain keeps the result of matching a placement for the decision.
func (dec *Decision) explain(id PlacementID, reasons []mapping.Reason, m *match.Result) {
	i := slices.IndexFunc(dec.Results, func(r Result) bool { return r.Placement == id })
	if i < 0 {
		dec.Results = append(dec.Results, Result{Placement: id})
		i = len(dec.Results) - 1
	}
	dec.Results[i].Reasons = reasons
	dec.Results[i].Match = cmp.Or(m, dec.Results[i].Match)
}
