package hl7v2

import (
	"cmp"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// readPatient reads PID.
func (r *reader) readPatient(pid *Segment, p *mapping.Patient) {
	p.Identifiers = r.recognisable(pid, "PID", 3)
	if pid == nil {
		return
	}
	p.Name = r.name(pid.Field(5))
	p.BirthDate = r.date(pid.Field(7))
	p.Gender = r.gender(pid.Field(8).Component(1))
	p.Address = r.address(pid.Field(11))
	r.contact(pid.Field(13), p)
	r.contact(pid.Field(40), p)
	r.language(pid.Field(15), p)
	p.Deceased = r.deceased(pid)
	r.guardian(p)
}

func (r *reader) deceased(pid *Segment) bool {
	died := r.date(pid.Field(29)) != ""
	v := pid.Field(30)
	switch r.text(v, mapping.ShortMax) {
	case "Y":
		return true
	case "", "N":
	default:
		r.report.Fail(v.Position(), jsontree.UnknownValue, "expected Y or N of HL7 table 0136")
	}
	return died
}

// gender is a remark when it is not known, for it decides nothing.
func (r *reader) gender(v Value) string {
	code := r.text(v, mapping.ShortMax)
	g := genders[strings.ToUpper(code)]
	if code != "" && g == "" {
		r.report.Remark(v.Position(), jsontree.UnknownValue, "expected F, M, O, A, N or U of HL7 table 0001; the sex is taken as not given")
	}
	return g
}

// name is the legal one, else the first that is none of maiden, nickname or alias.
func (r *reader) name(v Value) mapping.Name {
	chosen, found := r.best(v, func(use string) int {
		switch use {
		case "L":
			return 3
		case "M", "N", "S", "A", "NOUSE":
			return 1
		}
		return 2
	})
	if !found {
		return mapping.Name{}
	}
	return r.xpn(chosen, 1)
}

// best is the first repetition of the highest rank by its seventh component, the use of an XPN or XAD; none of rank 0.
func (r *reader) best(v Value, rank func(use string) int) (chosen Value, found bool) {
	highest := 0
	for x := range r.repetitions(v, mapping.ListMax) {
		if now := rank(x.Component(7).Text()); now > highest {
			chosen, highest = x, now
		}
	}
	return chosen, highest > 0
}

// xpn reads a person's name whose family name is component n: 1 in XPN, 2 in XCN.
func (r *reader) xpn(v Value, n int) mapping.Name {
	name := mapping.Name{Family: r.text(v.Component(n).Sub(1), mapping.TextMax)}
	for _, i := range [...]int{n + 1, n + 2} {
		if given := r.text(v.Component(i), mapping.TextMax); given != "" {
			name.Given = append(name.Given, given)
		}
	}
	return name
}

// address is where the patient is: the current or temporary one, for a telehealth leader is licensed where the patient sits;
// else the home's, else the first that is not known to be bad, or of a birth. One that is over or to come is none.
func (r *reader) address(v Value) mapping.Address {
	var chosen Value
	highest := 0
	for x := range r.repetitions(v, mapping.ListMax) {
		if now := addressRank(x.Component(7).Text()); now > highest && r.holds(x) {
			chosen, highest = x, now
		}
	}
	if highest == 0 {
		return mapping.Address{}
	}
	a := mapping.Address{
		City: r.text(chosen.Component(3), mapping.TextMax), State: r.text(chosen.Component(4), mapping.ShortMax),
		PostalCode: r.text(chosen.Component(5), mapping.ShortMax), Country: r.text(chosen.Component(6), mapping.ShortMax),
	}
	for _, line := range [...]Value{chosen.Component(1).Sub(1), chosen.Component(2)} {
		if s := r.text(line, mapping.TextMax); s != "" {
			a.Line = append(a.Line, s)
		}
	}
	return a
}

// addressRank orders the types of HL7 table 0190; 0: nobody is there.
func addressRank(use string) int {
	switch use {
	case "C":
		return 4
	case "H":
		return 3
	case "BA", "N", "BDL", "BR", "F":
		return 0
	}
	return 2
}

// holds reports whether an address was valid when the message was sent: from XAD-13 to XAD-14, or within XAD-12. A time that
// cannot be read is no bound.
func (r *reader) holds(x Value) bool {
	from, to := x.Component(13), x.Component(14)
	if from.Empty() && to.Empty() {
		from, to = x.Component(12).Sub(1), x.Component(12).Sub(2)
	}
	begins, bounded := parseMoment(from.Text())
	ends, ended := parseMoment(to.Text())
	return !(bounded && r.ahead(begins.date())) && !(ended && r.over(ends.date()))
}

// contact takes the first phone and the first e-mail address that are not there yet.
func (r *reader) contact(v Value, p *mapping.Patient) {
	for x := range r.repetitions(v, mapping.ListMax) {
		phone, email := r.xtn(x)
		if p.Phone == "" {
			p.Phone = phone
		}
		if p.Email == "" {
			p.Email = email
		}
	}
}

// xtn reads a phone number or an e-mail address: by its parts, as a whole (XTN-12), or as older senders write it (XTN-1).
func (r *reader) xtn(v Value) (phone, email string) {
	kind := v.Component(3).Text()
	if strings.EqualFold(kind, "Internet") || strings.EqualFold(kind, "X.400") || v.Component(2).Text() == "NET" {
		if email = r.text(v.Component(4), mapping.TextMax); email == "" {
			email = r.text(v.Component(1), mapping.TextMax)
		}
		if strings.Contains(email, "@") {
			return "", email
		}
		return "", ""
	}
	if kind != "" && kind != "PH" && kind != "CP" && kind != "SAT" {
		return "", "" // fax, modem, pager, teletypewriter
	}
	if phone = r.text(v.Component(12), mapping.TextMax); phone == "" && !v.Component(7).Empty() {
		parts := make([]string, 0, 3)
		for _, n := range [...]int{5, 6, 7} {
			if s := r.text(v.Component(n), mapping.ShortMax); s != "" {
				parts = append(parts, s)
			}
		}
		phone = strings.Join(parts, "-")
	}
	if phone == "" {
		phone = r.text(v.Component(1), mapping.TextMax)
	}
	return phone, ""
}

// language reads PID-15 by its code or its name. What cannot be read is kept as it is: it is not silence.
func (r *reader) language(v Value, p *mapping.Patient) {
	code, name := r.text(v.Component(1), mapping.ShortMax), r.text(v.Component(2), mapping.ShortMax)
	for _, said := range [...]string{code, name} {
		if tag := mapping.LanguageTag(said); tag != "" {
			p.Languages = []string{tag}
			return
		}
	}
	if said := cmp.Or(code, name); said != "" {
		r.report.Remark(v.Component(1).Position(), jsontree.UnknownValue, "expected a language by ISO 639 or by its name")
		p.Languages = []string{said}
	}
}
