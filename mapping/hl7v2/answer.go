package hl7v2

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
)

// Told is a confirmation with what is known of the messages that it answers.
type Told struct {
	// Confirmation as it is on the ledger.
	Confirmation []byte
	// Original is the message that brought the referral, or nil: it is gone, or was none of HL7 v2.
	Original *Message
	// Cause is the message that brought this confirmation about, or nil where that was somebody else's doing.
	Cause *Message
	// Zone of the times written.
	Zone *time.Location
}

// confirmation is what an answer says of one.
type confirmation struct {
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
	Data struct {
		Network  string `json:"network"`
		Referral struct {
			Key        string             `json:"key"`
			Identifier mapping.Identifier `json:"identifier"`
		} `json:"referral"`
		Placement struct {
			ID string `json:"id"`
		} `json:"placement"`
		Status   mapping.Status   `json:"status"`
		Previous mapping.Status   `json:"previousStatus"`
		Priority mapping.Priority `json:"priority"`
		Program  struct{ ID, Name string }
		Group    struct{ ID, Name string }
		First    struct {
			Start               time.Time
			Zone                string
			Place, Link, Leader string
		} `json:"firstSession"`
		Sessions []mapping.SessionChange
		Waitlist struct{ Position int }
		Expires  time.Time
		Reasons  []mapping.Reason
		Issues   mapping.Issues
		Bundle   struct {
			Entry []struct{ Resource json.RawMessage }
		}
	} `json:"data"`
}

// Answer writes what a source is told of a confirmation: RRI^I12 to I15, or ACK with AE for a refused message. MSH-10 is
// ControlID of the confirmation's id, so that a copy sent again is known. It is nil where there is nothing to tell: what
// changed nothing and answers nothing, and what MSH-16 does not ask for.
//
// answers reports that this confirmation is what its cause asked for: the cause needs no other answer.
func Answer(t Told) (message []byte, answers bool, err error) {
	var c confirmation
	if err := json.Unmarshal(t.Confirmation, &c); err != nil {
		return nil, false, fmt.Errorf("confirmation: %w", err)
	}
	c.Time = c.Time.In(t.Zone)
	if c.because("erased") {
		t.Original, t.Cause = nil, nil // nothing of it is to be said again
	}
	asked := t.Cause.header()
	if c.Data.Status == mapping.Refused {
		if asked == nil || Enhanced(asked) && !wanted(asked.Field(16).Text(), false) {
			return nil, true, nil
		}
		return acknowledgement(asked, "AE", c.Data.Issues, ControlID(c.ID), c.Time), true, nil
	}
	if !t.Cause.names(c.Data.Referral.Identifier.Value) {
		if c.quiet() {
			return nil, false, nil
		}
		asked = nil
	}
	return t.reply(&c, asked), asked != nil, nil
}

// because reports whether a reason is given.
func (c *confirmation) because(code string) bool {
	return slices.ContainsFunc(c.Data.Reasons, func(r mapping.Reason) bool { return r.Code == code })
}

// Accept writes the application's answer to a message that was obeyed and of whose own referral there is nothing to say: a
// copy of an earlier one, a merge. name is that of MSH-10. It is nil where MSH-16 does not ask for one.
func Accept(m *Message, name string, at time.Time) []byte {
	msh := m.header()
	if msh == nil || !Enhanced(msh) || !wanted(orElse(msh.Field(16).Text(), "NE"), true) {
		return nil
	}
	return acknowledgement(msh, "AA", nil, ControlID(name), at)
}

// header of a message, nil of none.
func (m *Message) header() *Segment {
	if m == nil {
		return nil
	}
	return m.First("MSH")
}

// names reports whether a message is about the referral with this identifier.
func (m *Message) names(identifier string) bool {
	if m == nil || m.First("RF1") == nil && m.First("ORC") == nil {
		return false
	}
	_, sent := m.order()
	return sent.Empty() || sent.Component(1).Sub(1).Text() == identifier
}

// order is the segment of the referral and its identifier as it was sent.
func (m *Message) order() (*Segment, Value) {
	if rf1 := m.First("RF1"); rf1 != nil {
		return rf1, rf1.Field(6)
	}
	orc := m.First("ORC")
	if v := orc.Field(2); !v.Empty() {
		return orc, v
	}
	return orc, m.First("OBR").Field(2)
}

// quiet reports a confirmation that tells a source that did not ask nothing new: a move in the queue, a hint for people.
func (c *confirmation) quiet() bool {
	if c.Data.Status != c.Data.Previous {
		return false
	}
	return c.Data.Status == mapping.Waitlisted || !slices.ContainsFunc(c.Data.Reasons, func(r mapping.Reason) bool { return !strings.HasPrefix(r.Code, "alert-") })
}

// reply writes RRI in the words of the message that brought the referral, else of the one that asks.
func (t Told) reply(c *confirmation, asked *Segment) []byte {
	base := t.Original
	if base == nil {
		base = t.Cause
	}
	if base == nil {
		base = new(Message)
	}
	msh := base.header()
	w, whole := codingFor(msh)
	head := w.header(msh, whole, "RRI^"+c.trigger(asked)+"^RRI_I12", ControlID(c.ID), c.Time)
	if Enhanced(msh) {
		head.put(15, "AL").put(16, "NE")
	}
	var b strings.Builder
	b.WriteString(head.text())
	if asked != nil {
		b.WriteString(w.segment("MSA").put(1, "AA").put(2, asked.Field(10).Text()).text())
	}
	b.WriteString(w.referral(c, base, whole).text())
	for i := range base.Segments {
		if s := &base.Segments[i]; whole && s.Name == "PRD" {
			b.WriteString(w.line(s))
		}
	}
	program := orElse(c.Data.Program.Name, c.Data.Network)
	b.WriteString(w.segment("PRD").join(1, "RT", "Referred to Provider", "HL70286").join(10, program).text())
	if pid := base.First("PID"); pid != nil && whole {
		b.WriteString(w.line(pid))
	} else {
		b.WriteString(w.patient(c).text())
	}
	for i, text := range c.notes() {
		b.WriteString(w.segment("NTE").put(1, fmt.Sprint(i+1)).put(3, text).text())
	}
	return w.charset.whole(b.String())
}

// line gives a segment back as it was sent.
func (c *coding) line(s *Segment) string { return strings.Join(s.Fields, string(c.field)) + "\r" }

// trigger of the answer: that of the referral message it answers; unasked, I14 where the referral ends without being
// served, else I13.
func (c *confirmation) trigger(asked *Segment) string {
	switch kind := asked.Field(9); kind.Component(2).Text() {
	case "I12", "I13", "I14", "I15":
		return kind.Component(2).Text()
	case "O19", "O51":
		if c.Data.Previous == "" {
			return "I12"
		}
	}
	switch c.Data.Status {
	case mapping.Cancelled, mapping.Rejected, mapping.Closed, mapping.DroppedOut, mapping.EnteredInError:
		return "I14"
	}
	return "I13"
}

// status of HL7 table 0283. An offer is accepted by the network, the patient's answer is awaited.
func (c *confirmation) status() (code, text string) {
	switch c.Data.Status {
	case mapping.Review, mapping.NeedsInfo:
		return "P", "Pending"
	case mapping.Cancelled, mapping.Rejected, mapping.DroppedOut, mapping.EnteredInError:
		return "R", "Rejected"
	case mapping.Closed:
		if c.because("offer-expired") {
			return "E", "Expired"
		}
		return "R", "Rejected"
	}
	return "A", "Accepted"
}

// urgencies of HL7 table 0280 by priority.
var urgencies = map[mapping.Priority]string{mapping.Routine: "R", mapping.ASAP: "A", mapping.Stat: "S", mapping.Urgent: "U"}

// referral writes RF1.
func (w *coding) referral(c *confirmation, base *Message, whole bool) *segment {
	status, text := c.status()
	s := w.segment("RF1").join(1, status, text, "HL70283").put(2, urgencies[c.Data.Priority])
	if p := c.Data.Program; p.ID != "" {
		s.join(3, p.ID, p.Name, codesProgram)
	}
	id := c.Data.Referral.Identifier
	switch _, sent := base.order(); {
	case whole && !sent.Empty():
		s.set(6, sent.Raw)
	case id.Value != "":
		s.join(6, append([]string{id.Value}, designator(id.System)...)...)
	default:
		s.join(6, c.Data.Referral.Key, "CONVENE")
	}
	if !c.Data.First.Start.IsZero() {
		s.put(7, stamp(c.Data.First.Start))
	}
	return s.put(8, stamp(c.Data.Expires)).put(9, stamp(c.Time)).join(11, orElse(c.Data.Placement.ID, c.Data.Referral.Key), "CONVENE")
}

// designator of an assigner: namespace, or universal id and its type.
func designator(system string) []string {
	if oid, ok := strings.CutPrefix(system, "urn:oid:"); ok {
		return []string{"", oid, "ISO"}
	}
	if uuid, ok := strings.CutPrefix(system, "urn:uuid:"); ok {
		return []string{"", uuid, "UUID"}
	}
	if strings.Contains(system, ":") {
		return []string{"", system, "URI"}
	}
	return []string{system}
}

// patient writes PID of a referral whose own message is gone, from the bundle.
func (w *coding) patient(c *confirmation) *segment {
	s := w.segment("PID").put(1, "1")
	for _, e := range c.Data.Bundle.Entry {
		var p struct {
			Identifier []struct{ System, Value string }
			Name       []struct {
				Family string
				Given  []string
			}
		}
		if !bytes.HasPrefix(e.Resource, []byte(`{"resourceType":"Patient"`)) || json.Unmarshal(e.Resource, &p) != nil {
			continue
		}
		var all []string
		for _, id := range p.Identifier {
			hd := strings.Join(designator(w.escaped(id.System)), string(w.subcomponent))
			all = append(all, w.escaped(id.Value)+strings.Repeat(string(w.component), 3)+hd)
		}
		s.set(3, strings.Join(all, string(w.repetition)))
		for _, n := range p.Name {
			s.join(5, append([]string{n.Family}, n.Given...)...)
		}
		break
	}
	return s
}

// sessionNote says which session is not when it was to be, in the network's time.
func sessionNote(s mapping.SessionChange) string {
	const form = "2006-01-02 15:04"
	switch {
	case s.Is.IsZero():
		return "session of " + s.Was.Format(form) + " is left out"
	case s.Was.IsZero():
		return "one more session " + s.Is.Format(form)
	}
	return "session of " + s.Was.Format(form) + " is moved to " + s.Is.Format(form)
}

// notes say in words what the fields cannot: where and when, the place in line, why, and remarks.
func (c *confirmation) notes() []string {
	d := &c.Data
	notes := []string{string(d.Status)}
	if d.Program.Name != "" {
		notes[0] += ": " + d.Program.Name
	}
	if d.Group.ID != "" {
		notes[0] += ", group " + d.Group.ID
	}
	if f := d.First; !f.Start.IsZero() {
		text := "first session " + f.Start.Format("2006-01-02 15:04") + " " + f.Zone
		for _, part := range []struct{ before, text string }{{", ", f.Place}, {", ", f.Link}, {", with ", f.Leader}} {
			if part.text != "" {
				text += part.before + part.text
			}
		}
		notes = append(notes, text)
	}
	for _, s := range d.Sessions {
		notes = append(notes, sessionNote(s))
	}
	if d.Waitlist.Position > 0 {
		notes = append(notes, fmt.Sprintf("number %d in line as of %s", d.Waitlist.Position, c.Time.Format("2006-01-02 15:04 MST")))
	}
	if !d.Expires.IsZero() {
		notes = append(notes, "a seat is held until "+d.Expires.In(c.Time.Location()).Format("2006-01-02 15:04 MST"))
	}
	for _, r := range d.Reasons {
		notes = append(notes, r.Text)
	}
	for _, e := range d.Bundle.Entry { // a notice against redisclosure, dated, goes wherever the data goes
		var r struct{ Note []struct{ Text, Time string } }
		if bytes.HasPrefix(e.Resource, []byte(`{"resourceType":"ServiceRequest"`)) && json.Unmarshal(e.Resource, &r) == nil {
			for _, n := range r.Note {
				notes = append(notes, n.Text+" ("+n.Time+")")
			}
		}
	}
	for _, i := range d.Issues {
		notes = append(notes, i.Path+": "+i.Text+" ("+i.Code+")")
	}
	return notes
}
