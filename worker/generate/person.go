package generate

import (
	"fmt"
	"strconv"
	"time"

	"github.com/convene-health/convene/mapping"
)

// person is somebody who may be referred, and the numbers by which sources know them.
type person struct {
	age     int
	patient mapping.Patient
	numbers map[string]mapping.Identifier // by system
	shared  bool                          // known by the number that sources share
}

// newPerson of an age band and, unless empty, a sex. No two people have the same name and birth date.
func (g *generator) newPerson(n *network, kind kindOfPerson) *person {
	r := g.rand
	p := &person{age: kind.from + r.IntN(kind.to-kind.from+1), numbers: map[string]mapping.Identifier{}, shared: chance(r, 60)}
	sex := kind.sex
	if sex == "" {
		sex = one(r, []string{"female", "male"})
	}
	pt := &p.patient
	pt.Gender = sex
	switch r.IntN(60) {
	case 0:
		pt.GenderIdentity = "non-binary"
	case 1, 2, 3, 4, 5:
		pt.GenderIdentity = sex
	}
	for {
		pt.Name = mapping.Name{Family: one(r, families), Given: []string{given(r, sex)}}
		pt.BirthDate = g.birthDate(p.age)
		if print := pt.Name.Family + pt.Name.Given[0] + pt.BirthDate; !g.taken[print] {
			g.taken[print] = true
			break
		}
	}
	if chance(r, 20) {
		pt.Name.Given = append(pt.Name.Given, given(r, sex))
	}
	g.settle(n, p)
	return p
}

// birthDate of somebody who is so old on the day of the start.
func (g *generator) birthDate(age int) string {
	return g.options.Start.AddDate(-age, 0, -1-g.rand.IntN(364)).Format(time.DateOnly)
}

// settle gives a person a home, a phone and languages.
func (g *generator) settle(n *network, p *person) {
	r, pt := g.rand, &p.patient
	at, _ := draw(r, n.places, nil)
	if chance(r, 2) {
		at, _ = draw(r, tables().places, nil) // somebody from another state
	}
	pt.Address = mapping.Address{
		Line: []string{strconv.Itoa(1+r.IntN(240)) + " " + one(r, streets) + " " + one(r, suffixes)},
		City: at.town, State: at.state, PostalCode: at.postal, Country: "US",
	}
	if chance(r, 85) {
		pt.Phone = phone(r, one(r, []string{"617", "508", "413", "978"}))
	}
	if chance(r, 30) {
		pt.Email = fmt.Sprintf("person%06d@mail.example", r.IntN(1_000_000))
	}
	first, _ := draw(r, tables().languages, nil)
	if pt.Languages = []string{first}; first[:2] == "en" {
		return
	}
	switch r.IntN(10) {
	case 0: // speaks no other
	case 1, 2:
		pt.Interpreter = true
	default:
		pt.Languages = append(pt.Languages, "en")
	}
}

// as describes a person as a source knows them.
func (g *generator) as(p *person, s *source) mapping.Patient {
	pt := p.patient
	pt.Identifiers = []mapping.Identifier{g.numberOf(p, s)}
	if p.shared && s.shared != "" {
		if p.numbers[s.shared] == (mapping.Identifier{}) {
			p.numbers[s.shared] = mapping.Identifier{System: s.shared, Value: fmt.Sprintf("M%08d", g.unique()), Type: "MB"}
		}
		pt.Identifiers = append(pt.Identifiers, p.numbers[s.shared])
	}
	if p.age%9 == 0 { // some EHRs send it; it must recognise nobody
		pt.Identifiers = append(pt.Identifiers, mapping.Identifier{System: mapping.SystemSSN, Value: fmt.Sprintf("900-%02d-%04d", 10+p.age%80, g.rand.IntN(10000)), Type: "SS"})
	}
	return pt
}

// numberOf is the medical record number that a source gave a person.
func (g *generator) numberOf(p *person, s *source) mapping.Identifier {
	if p.numbers[s.own] == (mapping.Identifier{}) {
		p.numbers[s.own] = mapping.Identifier{System: s.own, Value: s.patientNumber(g.rand), Type: "MR"}
	}
	return p.numbers[s.own]
}

// unique is a number given out once.
func (g *generator) unique() int {
	g.given += 1 + g.rand.IntN(900)
	return 10_000_000 + g.given
}
