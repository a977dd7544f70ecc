package mapping

// AppendIdentifier appends the JSON of an identifier.
func AppendIdentifier(dst []byte, id *Identifier) []byte {
	o := object{dst: append(dst, '{')}
	o.text("system", id.System)
	o.text("value", id.Value)
	o.text("type", id.Type)
	return append(o.dst, '}')
}

// AppendIdentifiers appends the JSON of a list of identifiers: null when it is nil.
func AppendIdentifiers(dst []byte, ids []Identifier) []byte {
	if ids == nil {
		return append(dst, "null"...)
	}
	return appendAll(dst, ids, AppendIdentifier)
}

// AppendTarget appends the JSON of a target.
func AppendTarget(dst []byte, t *Target) []byte {
	o := object{dst: append(dst, '{')}
	o.identifier("identifier", t.Identifier)
	o.text("key", t.Key)
	o.text("placement", t.Placement)
	return append(o.dst, '}')
}

func appendPatient(dst []byte, p *Patient) []byte {
	o := object{dst: append(dst, '{')}
	o.name("identifiers")
	o.dst = AppendIdentifiers(o.dst, p.Identifiers)
	if p.Name.Family != "" || p.Name.Given != nil {
		o.name("name")
		n := object{dst: append(o.dst, '{')}
		n.text("family", p.Name.Family)
		n.texts("given", p.Name.Given)
		o.dst = append(n.dst, '}')
	}
	o.text("birthDate", p.BirthDate)
	o.text("gender", p.Gender)
	o.text("genderIdentity", p.GenderIdentity)
	o.flag("deceased", p.Deceased)
	o.text("phone", p.Phone)
	o.text("email", p.Email)
	if a := &p.Address; a.Line != nil || a.City != "" || a.State != "" || a.PostalCode != "" || a.Country != "" {
		o.name("address")
		o.dst = appendAddress(o.dst, a)
	}
	o.texts("languages", p.Languages)
	o.flag("interpreter", p.Interpreter)
	o.texts("access", p.Access)
	if !p.Guardian.zero() {
		o.name("guardian")
		o.dst = appendParty(o.dst, &p.Guardian)
	}
	if len(p.Relatives) > 0 {
		o.name("relatives")
		o.dst = AppendIdentifiers(o.dst, p.Relatives)
	}
	return append(o.dst, '}')
}

// AppendPatient appends the JSON of a patient.
func AppendPatient(dst []byte, p *Patient) []byte { return appendPatient(dst, p) }

func appendDocument(dst []byte, d *Document) []byte {
	o := object{dst: append(dst, '{')}
	o.text("title", d.Title)
	o.text("media", d.Media)
	o.text("link", d.Link)
	o.text("hash", d.Hash)
	return append(o.dst, '}')
}

func appendAddress(dst []byte, a *Address) []byte {
	o := object{dst: append(dst, '{')}
	o.texts("line", a.Line)
	o.text("city", a.City)
	o.text("state", a.State)
	o.text("postalCode", a.PostalCode)
	o.text("country", a.Country)
	return append(o.dst, '}')
}

func appendCondition(dst []byte, c *Condition) []byte {
	o := object{dst: append(dst, '{')}
	if len(c.Codes) > 0 {
		o.name("codes")
		o.dst = appendAll(o.dst, c.Codes, appendCode)
	}
	o.text("text", c.Text)
	o.text("clinicalStatus", c.ClinicalStatus)
	o.text("verificationStatus", c.VerificationStatus)
	o.text("severity", c.Severity)
	o.text("onset", c.Onset)
	o.texts("labels", c.Labels)
	return append(o.dst, '}')
}

func appendConsent(dst []byte, c *Consent) []byte {
	o := object{dst: append(dst, '{')}
	o.text("decision", c.Decision)
	o.text("status", c.Status)
	if len(c.Recipients) > 0 {
		o.name("recipients")
		o.dst = appendAll(o.dst, c.Recipients, appendParty)
	}
	o.texts("purposes", c.Purposes)
	o.text("from", c.From)
	o.text("to", c.To)
	o.texts("labels", c.Labels)
	o.flag("written", c.Written)
	o.flag("guardian", c.Guardian)
	return append(o.dst, '}')
}

func appendCode(dst []byte, c *Code) []byte {
	o := object{dst: append(dst, '{')}
	o.text("system", c.System)
	o.text("code", c.Code)
	o.text("display", c.Display)
	return append(o.dst, '}')
}

func appendObservation(dst []byte, obs *Observation) []byte {
	o := object{dst: append(dst, '{')}
	o.name("code")
	o.dst = appendCode(o.dst, &obs.Code)
	if obs.Value != nil {
		o.name("value")
		o.dst = appendFloat(o.dst, *obs.Value)
	}
	o.text("unit", obs.Unit)
	if obs.Answer != nil {
		o.name("answer")
		o.dst = appendCode(o.dst, obs.Answer)
	}
	o.text("date", obs.Date)
	return append(o.dst, '}')
}

// zero reports whether encoding/json leaves the field out: an empty list is not nil and counts.
func (p *Preferences) zero() bool {
	return p.Mode == "" && p.Language == "" && p.Times == nil && p.Gender == "" && p.Kind == "" && p.Site == "" &&
		p.Required == nil && p.NotLedBy == nil
}

func appendPreferences(dst []byte, p *Preferences) []byte {
	o := object{dst: append(dst, '{')}
	o.text("mode", p.Mode)
	o.text("language", p.Language)
	o.texts("times", p.Times)
	o.text("gender", p.Gender)
	o.text("kind", p.Kind)
	o.text("site", p.Site)
	o.texts("required", p.Required)
	o.texts("notLedBy", p.NotLedBy)
	return append(o.dst, '}')
}

func appendRequester(dst []byte, r *Requester) []byte {
	o := object{dst: append(dst, '{')}
	if !r.Practitioner.zero() {
		o.name("practitioner")
		o.dst = appendParty(o.dst, &r.Practitioner)
	}
	if !r.Organization.zero() {
		o.name("organization")
		o.dst = appendParty(o.dst, &r.Organization)
	}
	return append(o.dst, '}')
}

func (p *Party) zero() bool {
	return p.Identifier == (Identifier{}) && p.Name == "" && p.Family == "" && p.Given == nil && p.Phone == ""
}

func appendParty(dst []byte, p *Party) []byte {
	o := object{dst: append(dst, '{')}
	o.identifier("identifier", p.Identifier)
	o.text("name", p.Name)
	o.text("family", p.Family)
	o.texts("given", p.Given)
	o.text("phone", p.Phone)
	return append(o.dst, '}')
}
