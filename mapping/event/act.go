package event

import (
	"strconv"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

var pairKinds = []mapping.PairKind{mapping.Conflict, mapping.Relation}

var answerers = []mapping.Answerer{mapping.ByPatient, mapping.ByLeader}

// readAct reads a field of the events of a placement's life and of the desk.
func readAct(f jsontree.Cursor, e *mapping.Event) {
	switch f.Key() {
	case "by":
		e.By = jsontree.OneOf(f, answerers)
	case "reached":
		e.Reached = f.Bool()
	case "session":
		if e.Session = f.Date(); len(e.Session) > 0 && len(e.Session) < len("2006-01-02") {
			f.Fail(jsontree.InvalidDate, "expected the day of the session: YYYY-MM-DD")
		}
	case "program":
		e.Program = f.Text(shortMax)
	case "group":
		e.Group = f.Text(shortMax)
	case "override":
		e.Override = f.Strings(listMax, shortMax)
	case "role":
		e.Role = f.Text(textMax)
	case "approver":
		e.Approver = readApprover(f)
	case "assignee":
		e.Assignee = f.Text(textMax)
	case "owner":
		e.Owner = f.Text(shortMax)
	case "people":
		e.People = readAll(f, 2, readPerson)
		if f.Kind() == jsontree.Array && f.Len() < 2 && !f.Cut() {
			f.Fail(jsontree.InvalidValue, "expected two people")
		}
	case "kind":
		e.Pair = jsontree.OneOf(f, pairKinds)
	case "other":
		if e.Other = f.Text(shortMax); e.Other != "" && !(e.Other[0] == 'p' && isKey(e.Other)) {
			f.Fail(jsontree.InvalidValue, `expected the key of a patient such as "p1042"`)
		}
	}
}

// readPerson reads a patient's key or identifier.
func readPerson(c jsontree.Cursor, p *mapping.Person) {
	for f := range c.Fields() {
		switch f.Key() {
		case "key":
			if p.Key = f.Text(shortMax); p.Key != "" && !(p.Key[0] == 'p' && isKey(p.Key)) {
				f.Fail(jsontree.InvalidValue, `expected the key of a patient such as "p1042"`)
			}
		case "identifier":
			p.Identifier = readIdentifier(f)
			f.Require("system", "expected the identifier's system")
			f.Require("value", "expected the identifier's value")
		default:
			f.Unknown()
		}
	}
	if !c.Has("key") {
		c.Require("identifier", "expected the patient's identifier, or key")
	}
}

func readApprover(c jsontree.Cursor) (a mapping.Approver) {
	for f := range c.Fields() {
		switch f.Key() {
		case "name":
			a.Name = f.Text(textMax)
		case "role":
			a.Role = f.Text(textMax)
		default:
			f.Unknown()
		}
	}
	if c.Kind() == jsontree.Object {
		c.Require("name", "expected who agrees")
		c.Require("role", "expected the role in which they agree")
	}
	return a
}

// requiredOfAct says what an act must have. Who acts at the desk says who they are and why.
func (d *decoder) requiredOfAct(c jsontree.Cursor) {
	e := d.event.Type
	if len(fields[e]) == 0 {
		return
	}
	if e == mapping.PairAdded || e == mapping.PairEnded {
		c.Require("people", "expected two people")
	} else {
		requireTarget(c)
	}
	if e.OfDesk() {
		c.Require("actor", "expected who decides")
		c.Require("reason", "expected why")
	}
	switch e {
	case mapping.ContactAttempted:
		c.Require("reached", "expected whether the patient was reached")
	case mapping.SessionAttended, mapping.SessionMissed, mapping.SessionNotHeld:
		c.Require("session", "expected the day of the session")
	case mapping.ReferralReassigned:
		c.Require("owner", "expected the source that owns the referral now")
	case mapping.ReviewAssigned:
		c.Require("assignee", "expected who is to look at it")
	case mapping.ReviewSamePerson:
		c.Require("other", "expected the key of the patient that this one is")
	case mapping.ReviewOverridden:
		c.Require("override", "expected the rules to set aside")
	}
}

// appendAct writes the fields of an act, but for reason and actor, which end it.
func appendAct(b []byte, e *mapping.Event) []byte {
	for i, field := range fields[e.Type] {
		if value := actField(e, field); value != nil {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(append(append(b, '"'), field...), '"', ':')
			b = append(b, value...)
		}
	}
	return b
}

// actField is the JSON of one field of an act; nil where there is nothing to write.
func actField(e *mapping.Event, field string) []byte {
	switch field {
	case "target":
		return mapping.AppendTarget(nil, &e.Target)
	case "reached":
		return strconv.AppendBool(nil, e.Reached)
	case "override":
		return texts(e.Override)
	case "people":
		return people(e.People)
	case "kind":
		if e.Pair == "" {
			return nil
		}
		return mapping.AppendString(nil, string(e.Pair))
	case "approver":
		if e.Approver == (mapping.Approver{}) {
			return nil
		}
		b := mapping.AppendString([]byte(`{"name":`), e.Approver.Name)
		return append(mapping.AppendString(append(b, `,"role":`...), e.Approver.Role), '}')
	}
	text := map[string]string{
		"by": string(e.By), "session": e.Session, "program": e.Program, "group": e.Group, "role": e.Role, "assignee": e.Assignee,
		"owner": e.Owner, "other": e.Other,
	}[field]
	if text == "" {
		return nil
	}
	return mapping.AppendString(nil, text)
}

func people(list []mapping.Person) []byte {
	b := []byte{'['}
	for i, p := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if p.Key != "" {
			b = append(mapping.AppendString(append(b, `{"key":`...), p.Key), '}')
		} else {
			b = append(mapping.AppendIdentifier(append(b, `{"identifier":`...), &p.Identifier), '}')
		}
	}
	return append(b, ']')
}

func texts(list []string) []byte {
	if len(list) == 0 {
		return nil
	}
	b := []byte{'['}
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = mapping.AppendString(b, s)
	}
	return append(b, ']')
}
