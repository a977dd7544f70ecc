package confirm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/convene-health/convene/fhir"
	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// part is an entry that is the same in every bundle of the catalog.
type part struct {
	url      string
	ref      fhir.Reference
	resource []byte
	request  fhir.Request
}

// offering is what is said of a program.
type offering struct {
	data     []byte // `,"program":{...}`
	category []fhir.CodeableConcept
	code     fhir.CodeableConcept
	detail   []fhir.CodeableConcept
	service  *part
	provider *part
}

// group is what is said of a group.
type group struct {
	data    []byte // `,"group":{...` without the seats and the end
	meeting []byte // `,"place":...,"leader":...` of firstSession
	name    string
	held    bool // seats are held
	max     int
	lasts   time.Duration // of a session
	link    string        // of telehealth
	site    *part         // nil for telehealth
}

// compile fills in what depends on the catalog alone.
func (w *Writer) compile() {
	cat := w.catalog
	w.faces, w.bser, w.sdoh = facesOf(cat.Profile), cat.Profile == "bser", cat.Profile == "sdoh"
	for _, a := range cat.Assigners {
		w.trusted = append(w.trusted, a.System)
	}
	w.owner = w.organization(cat.Organization)
	self := fhir.NewIdentifier(nil, base+"device", "convene")
	w.device = fhir.RefBy("Device", &self)
	w.programs = make(map[string]*offering, len(cat.Programs))
	for i := range cat.Programs {
		w.programs[cat.Programs[i].ID] = w.offering(&cat.Programs[i])
	}
	sites := make(map[string]*part, len(cat.Sites))
	for i := range cat.Sites {
		sites[cat.Sites[i].ID] = w.site(&cat.Sites[i])
	}
	w.groups = make(map[string]*group, len(cat.Groups))
	for i := range cat.Groups {
		g := w.group(&cat.Groups[i])
		g.site = sites[cat.Groups[i].Site]
		w.groups[cat.Groups[i].ID] = g
	}
}

// newPart encodes a resource that is created unless one with the identifier exists.
func newPart(kind, system, value string, resource func([]fhir.Identifier) any) *part {
	url := fhir.FullURL(kind, system, value)
	b, problems := fhir.Encode(resource([]fhir.Identifier{fhir.NewIdentifier(nil, system, value)}))
	if err := problems.Err(); err != nil {
		panic(fmt.Sprintf("confirm: %s %s|%s of the catalog: %v", kind, system, value, err))
	}
	return &part{url, fhir.RefTo(url), b, fhir.CreateUnless(kind, system, value)}
}

// organization by its own identifier where it has a global one, else by its name within the network; an
// organization that the catalog leaves out is the network.
func (w *Writer) organization(o program.Organization) *part {
	system, value, name := o.Identifier.System, clean(o.Identifier.Value), clean(o.Name)
	if name == "" {
		name = w.network
	}
	if value == "" || !fhir.IsURI(system) || system == mapping.SystemNPI && !fhir.IsNPI(value) {
		system, value = w.systems.organization, name
	}
	return newPart("Organization", system, value, func(ids []fhir.Identifier) any {
		v := fhir.NewOrganization(ids, name)
		return &v
	})
}

func (w *Writer) offering(p *program.Program) *offering {
	o := &offering{provider: w.owner}
	o.data = mapping.AppendString([]byte(`,"program":{"id":`), p.ID)
	o.data = mapping.AppendString(append(o.data, `,"name":`...), p.Name)
	o.data = append(mapping.AppendString(append(o.data, `,"kind":`...), string(p.Kind)), '}')
	if p.Provider != (program.Organization{}) {
		o.provider = w.organization(p.Provider)
	}
	o.order(p)
	o.service = w.service(p, o, nil)
	return o
}

// service is a program as a HealthcareService, with its room where that is known.
func (w *Writer) service(p *program.Program, o *offering, room *Room) *part {
	name := cmp.Or(clean(p.Name), p.ID)
	return newPart("HealthcareService", w.systems.program, p.ID, func(ids []fhir.Identifier) any {
		s := fhir.NewHealthcareService(ids, name, &o.provider.ref)
		s.Category = concepts(fhir.SystemServiceCategory, p.Codes.ServiceCategory)
		s.Type = concepts(fhir.SystemServiceType, p.Codes.ServiceType)
		if room != nil {
			if len(s.Type) == 0 {
				s.Type = []fhir.CodeableConcept{fhir.GroupProgram}
			}
			code, notes := room.capacity()
			fhir.WithCapacity(&s, code, notes)
		}
		return &s
	})
}

// order fills in the codes of the ServiceRequest. HCPCS codes of two characters are modifiers, HQ "group
// setting" say: they detail the order.
func (o *offering) order(p *program.Program) {
	if o.category = concepts(fhir.SystemSNOMED, p.Codes.Category); len(o.category) == 0 {
		o.category = []fhir.CodeableConcept{fhir.GroupProgram}
	}
	var codings []fhir.Coding
	for _, c := range concepts(fhir.SystemSNOMED, p.Codes.SNOMED...) {
		codings = append(codings, c.Coding...)
	}
	for _, c := range concepts(fhir.SystemHCPCS, p.Codes.HCPCS...) {
		if len(*c.Coding[0].Code) == 2 {
			o.detail = append(o.detail, c)
		} else {
			codings = append(codings, c.Coding...)
		}
	}
	if len(codings) == 0 {
		codings = fhir.PatientReferral.Coding
	}
	o.code = fhir.Concept(clean(p.Name), codings...)
}

// concepts of one coding each, of the codes that are such.
func concepts(system string, codes ...string) []fhir.CodeableConcept {
	var all []fhir.CodeableConcept
	for _, c := range codes {
		if fhir.IsCode(c) {
			all = append(all, fhir.Concept("", fhir.NewCoding(system, c, "")))
		}
	}
	return all
}

func (w *Writer) site(s *program.Site) *part {
	name := clean(s.Name)
	if name == "" {
		name = s.ID
	}
	return newPart("Location", w.systems.site, s.ID, func(ids []fhir.Identifier) any {
		l := fhir.NewLocation(ids, name)
		if phone := clean(s.Phone); phone != "" {
			l.Telecom = []fhir.ContactPoint{fhir.Phone(phone)}
		}
		if a, known := address(&s.Address); known {
			l.Address = &a
		}
		return &l
	})
}

func (w *Writer) group(g *program.Group) *group {
	c := &group{name: clean(g.Name), held: g.Enrolment != program.EnrolmentOpen, max: g.Seats.Max, lasts: lasts(g), link: clean(g.Link)}
	c.data = mapping.AppendString([]byte(`,"group":{"id":`), g.ID)
	c.data = mapping.AppendString(append(c.data, `,"name":`...), g.Name)
	c.data = mapping.AppendString(append(c.data, `,"start":`...), w.catalog.StartOf(g))
	if place := w.place(g.Site); place != "" {
		c.meeting = mapping.AppendString(append(c.meeting, `,"place":`...), place)
	} else if g.Link != "" {
		c.meeting = mapping.AppendString(append(c.meeting, `,"link":`...), g.Link)
	}
	i := slices.IndexFunc(w.catalog.Leaders, func(l program.Leader) bool { return l.ID == g.Leader })
	if i >= 0 {
		l := &w.catalog.Leaders[i]
		c.meeting = mapping.AppendString(append(c.meeting, `,"leader":`...), strings.Join(append(slices.Clone(l.Given), l.Family), " "))
	}
	return c
}

// lasts is the length of a session, an hour where the catalog does not say.
func lasts(g *program.Group) time.Duration {
	return time.Duration(cmp.Or(g.Sessions.Minutes, 60)) * time.Minute
}

// place is a site in one line: "Mill Street Clinic, 12 Mill St, Dover, NH 03820".
func (w *Writer) place(id string) string {
	i := slices.IndexFunc(w.catalog.Sites, func(s program.Site) bool { return s.ID == id })
	if i < 0 {
		return ""
	}
	s := &w.catalog.Sites[i]
	a := &s.Address
	parts := append([]string{s.Name}, a.Line...)
	parts = append(parts, a.City, strings.TrimSpace(a.State+" "+a.PostalCode))
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ", ")
}
