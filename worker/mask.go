package worker

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
)

// mask replaces what tells who somebody is. The same value always gets the same stand-in within one recording, by a key
// that is never written, so that identity, duplicates and merges still replay; nothing leads back.
type mask struct{ key [32]byte }

func newMask() *mask {
	m := &mask{}
	_, _ = rand.Read(m.key[:]) // never fails
	return m
}

// hide gives an input without names, identifiers, contact data, days of birth and free text. An input that cannot be read
// is left out: what it holds is not known.
func (m *mask) hide(data []byte) []byte {
	e := event.Decode(mapping.Input{Data: data}).Event
	if e == nil {
		return []byte(`"left out: could not be read"`)
	}
	m.identifier(&e.Target.Identifier)
	m.identifiers(e.Survivor)
	m.identifiers(e.Merged)
	for i := range e.People {
		m.identifier(&e.People[i].Identifier)
	}
	e.Reason = ""
	if e.Actor != "" {
		e.Actor = m.stand(e.Actor)
	}
	if e.Referral != nil {
		r := *e.Referral
		m.referral(&r)
		e.Referral = &r
	}
	out, err := event.Encode(e)
	if err != nil {
		return []byte(`"left out: could not be written"`)
	}
	return out
}

func (m *mask) referral(r *mapping.Referral) {
	m.identifier(&r.Identifier)
	p := &r.Patient
	m.identifiers(p.Identifiers)
	p.Name = m.name(p.Name)
	if len(p.BirthDate) > len("2006") {
		p.BirthDate = p.BirthDate[:len("2006")] + "-07-01"
	}
	p.Phone, p.Email = "", ""
	m.identifiers(p.Relatives)
	m.party(&p.Guardian)
	for i := range r.Consents {
		for j := range r.Consents[i].Recipients {
			m.party(&r.Consents[i].Recipients[j])
		}
	}
	p.Address = mapping.Address{State: p.Address.State, Country: p.Address.Country}
	r.Notes = nil
	for i := range r.Conditions {
		r.Conditions[i].Text = ""
	}
	m.party(&r.Requester.Practitioner)
	m.party(&r.Requester.Organization)
}

func (m *mask) party(party *mapping.Party) {
	m.identifier(&party.Identifier)
	party.Phone, party.Given = "", nil
	for _, name := range []*string{&party.Name, &party.Family} {
		if *name != "" {
			*name = m.stand(*name)
		}
	}
}

func (m *mask) name(n mapping.Name) mapping.Name {
	out := mapping.Name{}
	if n.Family != "" {
		out.Family = m.stand(n.Family)
	}
	if len(n.Given) > 0 {
		out.Given = []string{m.stand(n.Given[0])}
	}
	return out
}

func (m *mask) identifiers(ids []mapping.Identifier) {
	for i := range ids {
		m.identifier(&ids[i])
	}
}

func (m *mask) identifier(id *mapping.Identifier) {
	if id.Value != "" {
		id.Value = m.stand(id.Value)
	}
}

// stand is the stand-in of a value: 12 hexadecimal digits.
func (m *mask) stand(value string) string {
	h := hmac.New(sha256.New, m.key[:])
	h.Write([]byte(value))
	return hex.EncodeToString(h.Sum(nil)[:6])
}
