package desk

import (
	"net/url"
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/roster"
)

// act is something a person may do about a referral. It becomes an event of the source _desk.
type act struct {
	ID   string
	Type mapping.EventType
	// Begun is its type where the patient has begun; empty: the same.
	Begun mapping.EventType
	// On placements in one of these statuses.
	On   []mapping.Status
	Role Role
	// Leader: the leader of the placement's group may do it too.
	Leader bool
	// Whole: it is about the referral, not about one of its placements.
	Whole bool
	// Second: where a safety stop holds, a second person must agree.
	Second bool
	// If it makes sense for this referral; nil: always.
	If     func(*roster.Record, roster.Patient) bool
	Fields []field
}

// field of an act's form.
type field struct {
	Name     string
	Type     string // of the input element, or "many": any of the choices
	Required bool
	// Choices there are; none: it is typed.
	Choices []string
	// From gives the choices of one referral instead.
	From func(*story, *roster.Record, roster.Patient, *roster.Offering) []option
}

var (
	undecided  = []mapping.Status{mapping.Review, mapping.NeedsInfo}
	waiting    = []mapping.Status{mapping.Review, mapping.NeedsInfo, mapping.Waitlisted}
	seated     = []mapping.Status{mapping.Offered, mapping.Placed, mapping.Enrolled}
	reason     = field{Name: "reason", Type: "text", Required: true}
	group      = field{Name: "group", From: groupsThatServe}
	otherGroup = field{Name: "group", Required: true, From: otherGroups}
)

// acts there are, in the order in which they are offered.
var acts = []act{
	{ID: "approve", Type: mapping.ReviewApproved, On: waiting, Role: Coordinator, Fields: []field{group, reason}},
	{ID: "override-place", Type: mapping.ReviewApproved, On: waiting, Role: Supervisor, Second: true,
		Fields: []field{group, {Name: "override", Type: "many", From: rulesAgainst}, reason}},
	{ID: "override", Type: mapping.ReviewOverridden, On: standing, Whole: true, Role: Supervisor, Second: true, If: isHeldBack,
		Fields: []field{{Name: "override", Type: "many", From: rulesHolding}, reason}},
	{ID: "reject", Type: mapping.ReviewRejected, On: undecided, Role: Coordinator, Fields: []field{reason}},
	{ID: "info", Type: mapping.ReviewInfoRequested, On: undecided, Role: Coordinator, Fields: []field{reason}},
	{ID: "assign", Type: mapping.ReviewAssigned, On: undecided, Whole: true, Role: Coordinator, Fields: []field{{Name: "assignee", Type: "text", Required: true}, reason}},
	{ID: "same", Type: mapping.ReviewSamePerson, On: standing, Whole: true, Role: Coordinator, If: isPersonInDoubt, Fields: []field{{Name: "other", Type: "text", Required: true}, reason}},
	{ID: "different", Type: mapping.ReviewDifferentPerson, On: standing, Whole: true, Role: Coordinator, If: isPersonInDoubt, Fields: []field{reason}},
	{ID: "accept", Type: mapping.OfferAccepted, On: []mapping.Status{mapping.Offered}, Role: Coordinator, Leader: true, Fields: []field{{Name: "by", Choices: answerers}, {Name: "reason", Type: "text"}}},
	{ID: "decline", Type: mapping.OfferDeclined, On: []mapping.Status{mapping.Offered}, Role: Coordinator, Leader: true, Fields: []field{{Name: "by", Choices: answerers}, reason}},
	{ID: "contact", Type: mapping.ContactAttempted, On: slices.Concat(waiting, seated[:2]), Role: Coordinator, Fields: []field{{Name: "reached", Required: true, Choices: []string{"yes", "no"}}, {Name: "reason", Type: "text"}}},
	{ID: "enrol", Type: mapping.ParticipantEnrolled, On: slices.Concat(waiting, seated[:2]), Role: Coordinator, Fields: []field{group, reason}},
	{ID: "move", Type: mapping.ReviewApproved, Begun: mapping.ParticipantEnrolled, On: seated, Role: Coordinator, Fields: []field{otherGroup, reason}},
	{ID: "release", Type: mapping.SeatReleased, On: seated, Role: Coordinator, Fields: []field{{Name: "outcome", Required: true, Choices: outcomes()}, reason}},
	{ID: "elsewhere", Type: mapping.ParticipantElsewhere, On: standing, Role: Coordinator, Fields: []field{reason}},
	{ID: "cancel", Type: mapping.ReferralCancelled, On: standing, Role: Coordinator, Fields: []field{reason}},
}

var answerers = []string{string(mapping.ByPatient), string(mapping.ByLeader)}

func outcomes() (list []string) {
	for _, s := range event.Outcomes {
		list = append(list, string(s))
	}
	return list
}

// groupsMax of a catalog are offered for a choice.
const groupsMax = 500

// groupsThatServe are those that matching looked at, then every other: a person may know better.
func groupsThatServe(s *story, _ *roster.Record, _ roster.Patient, offer *roster.Offering) []option {
	list := []option{{"", ""}}
	listed := map[string]bool{}
	add := func(id, name string) {
		if !listed[id] && len(list) < groupsMax && offer.Book.Group(id) >= 0 {
			listed[id] = true
			list = append(list, option{id, name + ", " + id})
		}
	}
	for i := range s.Placements {
		if r := s.Placements[i].Result; r != nil {
			for _, c := range r.Candidates {
				add(c.Group, c.Name)
			}
		}
	}
	for i := range offer.Catalog.Groups {
		add(offer.Catalog.Groups[i].ID, offer.Catalog.Groups[i].Name)
	}
	return list
}

// otherGroups are those to which a patient can move: not the one that they are in.
func otherGroups(s *story, rec *roster.Record, p roster.Patient, offer *roster.Offering) []option {
	in := func(o option) bool {
		return slices.ContainsFunc(rec.Placements, func(pl roster.Placement) bool { return pl.Status.HoldsSeat() && pl.Group == o.Value })
	}
	return slices.DeleteFunc(groupsThatServe(s, rec, p, offer)[1:], in)
}

// rulesAgainst are the rules that exclude a group that is offered for a choice, and that a person may set aside.
func rulesAgainst(s *story, rec *roster.Record, p roster.Patient, offer *roster.Offering) (list []option) {
	add := func(reasons []match.Reason) {
		for _, r := range reasons {
			if o := (option{r.Rule, r.Text}); !match.Absolute(r.Rule) && !slices.Contains(list, o) {
				list = append(list, o)
			}
		}
	}
	for _, g := range groupsThatServe(s, rec, p, offer)[1:] {
		add(offer.Book.WhyNot(rec.Need, offer.Book.Group(g.Value), s.Now))
	}
	if offer.Book.ScreeningOutdated(rec.Need, s.Now) {
		list = append(list, option{roster.RuleRiskOutdated, roster.TextOf(roster.RuleRiskOutdated)})
	}
	for i := range s.Placements { // what other people are the reason of was decided with them
		if r := s.Placements[i].Result; r != nil {
			for _, c := range r.Candidates {
				add(slices.DeleteFunc(slices.Clone(c.Reasons), func(r match.Reason) bool { return r.Code != roster.RuleNotOffered }))
			}
		}
	}
	return list
}

// rulesHolding are the doubts, alerts and risks that hold a referral back.
func rulesHolding(_ *story, rec *roster.Record, p roster.Patient, _ *roster.Offering) (list []option) {
	for _, r := range p.Risks {
		if r.Cleared == 0 {
			list = append(list, option{r.Rule, r.Rule})
		}
	}
	for _, rule := range slices.Concat(rec.Doubts, rec.Alerts) {
		if o := (option{rule, roster.TextOf(rule)}); !slices.Contains(list, o) {
			list = append(list, o)
		}
	}
	return list
}

func isHeldBack(rec *roster.Record, p roster.Patient) bool {
	return len(rulesHolding(nil, rec, p, nil)) > 0
}

func isPersonInDoubt(rec *roster.Record, _ roster.Patient) bool {
	return slices.ContainsFunc(slices.Concat(rec.Doubts, rec.Alerts), func(rule string) bool {
		return rule == roster.RulePossibleDuplicate || rule == roster.RuleIdentityConflict
	})
}

// actNamed finds an act.
func actNamed(id string) *act {
	for i := range acts {
		if acts[i].ID == id {
			return &acts[i]
		}
	}
	return nil
}

// event of the act, as the form fills it in.
func (a *act) event(key string, actor *Person, form url.Values) *mapping.Event {
	e := &mapping.Event{
		Type: a.Type, Source: mapping.SourceDesk, Actor: actor.Called(), Reason: form.Get("reason"), Target: mapping.Target{Key: key},
	}
	if !a.Whole {
		e.Target.Placement = form.Get("placement")
	}
	for _, f := range a.Fields {
		value := form.Get(f.Name)
		switch f.Name {
		case "outcome":
			e.Outcome = mapping.Status(value)
		case "group":
			e.Group = value
		case "override":
			e.Override, e.Role = form["override"], actor.Signs()
		case "assignee":
			e.Assignee = value
		case "other":
			e.Other = value
		case "by":
			e.By = mapping.Answerer(value)
		case "reached":
			e.Reached = value == "yes"
		}
	}
	if actor.Role == Leader {
		e.By = mapping.ByLeader
	}
	return e
}

// actForm is an act as it is offered for one referral.
type actForm struct {
	ID         string
	Placements []option
	Fields     []fieldForm
}

type fieldForm struct {
	field
	Options []option
}

// actsOf lists what the person may do about a referral as it stands.
func (v *visit) actsOf(s *story, rec *roster.Record, p roster.Patient, offer *roster.Offering) (forms []actForm) {
	if rec == nil {
		return nil
	}
	for i := range acts {
		a := &acts[i]
		if !v.person.May(a.Role) || a.If != nil && !a.If(rec, p) {
			continue
		}
		form := actForm{ID: a.ID, Placements: v.placementsFor(a, s, rec)}
		if len(form.Placements) == 0 {
			continue
		}
		if a.Whole {
			form.Placements = nil
		}
		for _, f := range a.Fields {
			ff := fieldForm{field: f}
			for _, c := range f.Choices {
				ff.Options = append(ff.Options, option{c, v.words.T(f.Name + "." + c)})
			}
			if f.From != nil {
				ff.Options = f.From(s, rec, p, offer)
			}
			if f.Type == "many" && len(ff.Options) == 0 {
				continue
			}
			form.Fields = append(form.Fields, ff)
		}
		forms = append(forms, form)
	}
	return forms
}

// placementsFor an act are those in a status that it is for.
func (v *visit) placementsFor(a *act, s *story, rec *roster.Record) (list []option) {
	for i := range rec.Placements {
		pl := &rec.Placements[i]
		if !slices.Contains(a.On, pl.Status) {
			continue
		}
		label := v.words.Status(pl.Status)
		if i < len(s.Placements) && s.Placements[i].Program != "" {
			label = v.words.Named(s.Placements[i].Program) + ", " + label
		}
		list = append(list, option{pl.ID.String(), label})
	}
	return list
}
