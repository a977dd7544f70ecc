package confirm

import (
	"strconv"
	"strings"

	"github.com/convene-health/convene/fhir"
	"github.com/convene-health/convene/mapping"
)

// addOrder adds what is Convene's own: the ServiceRequest, the Task that asks the program to fulfill it, the Appointment
// of a session, and the Provenance of this state of request and task.
func (x *bundle) addOrder() {
	order := orderOf(x.n)
	id := fhir.ID(x.n.Network, order)
	request, task := fhir.FullURL("ServiceRequest", id), fhir.FullURL("Task", id)
	x.addServiceRequest(order, id, request)
	x.addEnrolment(id)
	x.addTask(id, task, fhir.RefTo(request))
	x.addAppointments(order, fhir.RefTo(request))
	x.addAttendance(id, fhir.RefTo(request))
	x.addProvenance(fhir.RefTo(request), fhir.RefTo(task))
}

// orderOf names the placement of this referral: "r1042-1". A referral that joined another's placement,
// "r1042-1" too, has its own order: "r1050-r1042-1".
func orderOf(n *mapping.Notice) string {
	if n.Placement == n.Key || strings.HasPrefix(n.Placement, n.Key+"-") {
		return n.Placement
	}
	return n.Key + "-" + n.Placement
}

func (x *bundle) addServiceRequest(order, id, url string) {
	n := x.n
	code, category := &fhir.PatientReferral, []fhir.CodeableConcept{fhir.GroupProgram}
	if x.offering != nil {
		code, category = &x.offering.code, x.offering.category
	}
	v := fhir.NewServiceRequest(id, x.face.request, code, x.patient)
	switch {
	case x.w.bser:
		v.Meta = fhir.BSeRServiceRequest
	case x.w.sdoh:
		v.Meta = fhir.SDOHServiceRequest
	}
	v.Category = category
	filler := fhir.NewIdentifier(fhir.IdentifierType("FILL"), x.w.systems.order, order)
	placer, theirs := x.placer()
	v.Identifier = []fhir.Identifier{placer, filler}
	if theirs {
		order := fhir.NewIdentifier(nil, *placer.System, *placer.Value)
		v.BasedOn = []fhir.Reference{fhir.RefBy("ServiceRequest", &order)}
	}
	v.Priority = fhir.Priority(string(n.Priority))
	v.ReasonCode, v.ReasonReference = x.reasonCodes, x.reasons
	v.SupportingInfo = x.documents()
	v.Requester = &x.requester
	authored := n.Request.AuthoredOn
	if !fhir.IsDateTime(authored) {
		authored = x.instant(n.Requested)
	}
	v.AuthoredOn = &authored
	if !n.FirstSession.IsZero() {
		period := fhir.NewPeriod(fhir.Instant(n.FirstSession.In(x.w.catalog.Location)), "")
		v.OccurrencePeriod = &period
	}
	if x.offering != nil {
		if !x.w.sdoh { // whose one slice of it no validator can tell from other details
			v.OrderDetail = x.offering.detail
		}
		v.Performer = []fhir.Reference{x.offering.service.ref}
		if x.w.bser { // whose performer is no HealthcareService
			v.Performer[0] = x.offering.provider.ref
		}
		if g := x.w.groups[n.Group]; g != nil && g.site != nil {
			v.LocationReference = []fhir.Reference{g.site.ref}
		}
	}
	v.Meta, v.Note = x.labelled(v.Meta), x.notes
	if n.Status.HoldsSeat() && !n.FirstSession.IsZero() {
		v.PatientInstruction = fhir.Some(x.w.confidentiality)
	}
	x.ServiceRequest(url, &v, fhir.Update("ServiceRequest", id))
}

// documents refers to what came with the referral, by where it is: none of it is copied.
func (x *bundle) documents() (all []fhir.Reference) {
	for i := range x.n.Request.Documents {
		d := &x.n.Request.Documents[i]
		link := clean(d.Link)
		if link == "" {
			continue
		}
		id := fhir.NewIdentifier(nil, fhir.SystemURI, link)
		ref := fhir.RefBy("DocumentReference", &id)
		if title := clean(d.Title); title != "" {
			ref.Display = &title
		}
		all = append(all, ref)
	}
	return all
}

// placer is the identifier of the EHR's order, which ours is based on. An order without one has the key that
// Convene knows it by, which refers to nothing of theirs.
func (x *bundle) placer() (id fhir.Identifier, theirs bool) {
	order := orderIdentifier(x.n)
	system, value := x.w.global(order.System, x.n.Source), clean(order.Value)
	if theirs = value != ""; !theirs {
		system, value = x.w.systems.network+"/referral", x.n.Key
	} else if system == "" {
		system = x.w.systems.network + "/source/" + x.n.Source
	}
	id = fhir.NewIdentifier(fhir.IdentifierType("PLAC"), system, value)
	if x.w.bser {
		id.Assigner = &x.organization
	}
	return id, theirs
}

func (x *bundle) addTask(id, url string, focus fhir.Reference) {
	n := x.n
	v := fhir.NewTask(id, x.face.task, &focus, &x.patient)
	switch {
	case x.w.bser:
		v.Meta = fhir.BSeRTask
	case x.w.sdoh:
		v.Meta = fhir.SDOHTask
	}
	v.BusinessStatus, v.Output = x.face.business, x.outputs
	reason, told := x.statusReason()
	if told {
		v.StatusReason = &reason
	}
	v.Priority = fhir.Priority(string(n.Priority))
	g := x.w.groups[n.Group]
	if g != nil && g.name != "" {
		v.Description = &g.name
	}
	authored := x.instant(n.Opened)
	v.AuthoredOn, v.LastModified = &authored, &x.now
	v.Requester, v.Owner = &x.requester, &x.w.owner.ref
	if x.offering != nil && served(n) {
		v.Owner = &x.offering.provider.ref
	}
	execution := x.execution()
	if execution.Start != nil || execution.End != nil {
		v.ExecutionPeriod = &execution
	}
	if !n.Expires.IsZero() {
		period := fhir.NewPeriod("", fhir.Instant(n.Expires.UTC()))
		restriction := fhir.NewRestriction(&period)
		v.Restriction = &restriction
	}
	v.Meta, v.Note = x.labelled(v.Meta), x.notes
	x.Task(url, &v, fhir.Update("Task", id))
}

// execution runs from the first session, once it has been, to the end of the placement.
func (x *bundle) execution() fhir.Period {
	start, end := "", ""
	if n := x.n; !n.FirstSession.IsZero() && !n.FirstSession.After(n.Time) {
		start = fhir.Instant(n.FirstSession.UTC())
	}
	if x.n.Status.Final() && !x.n.CancelRequested {
		end = x.now
	}
	return fhir.NewPeriod(start, end)
}

// statusReason is why the Task stands as it does, where that is not a plain success or a person must look at it.
func (x *bundle) statusReason() (reason fhir.CodeableConcept, told bool) {
	text, code := "", ""
	told = x.face.reason != ""
	for _, r := range x.n.Reasons {
		told = told || strings.HasPrefix(r.Code, "alert-")
		if code == "" && fhir.IsCode(r.Code) {
			code = r.Code
		}
		if t := clean(r.Text); t != "" && text == "" {
			text = t
		} else if t != "" {
			text += " " + t
		}
	}
	if text == "" {
		text = x.face.reason
	}
	switch {
	case !told || text == "":
		return reason, false
	case code == "":
		return fhir.Concept(text), true
	}
	return fhir.Concept(text, fhir.NewCoding(fhir.SystemReason, code, "")), true
}

// addProvenance says who decided, Convene or a person, on behalf of the network's organization, and what the person gives as
// the reason; where two people had to, who agreed.
func (x *bundle) addProvenance(request, task fhir.Reference) {
	n := x.n
	id := fhir.ID(n.Network, strconv.FormatUint(n.Sequence, 10), strconv.Itoa(n.N))
	who := x.w.device
	if n.DecidedBy != "" && n.DecidedBy != "convene" {
		person := fhir.NewIdentifier(nil, x.w.systems.actor, clean(n.DecidedBy))
		who = fhir.RefBy("Practitioner", &person)
	}
	agents := []fhir.ProvenanceAgent{fhir.NewAuthor(who, &x.w.owner.ref)}
	if approver := clean(n.Approver); approver != "" {
		person := fhir.NewIdentifier(nil, x.w.systems.actor, approver)
		agents = append(agents, fhir.NewVerifier(fhir.RefBy("Practitioner", &person), &x.w.owner.ref))
	}
	v := fhir.NewProvenance(id, []fhir.Reference{request, task}, x.now, agents)
	if why := clean(n.Why); why != "" {
		v.Reason = []fhir.CodeableConcept{fhir.Concept(why)}
	}
	v.Meta = x.labelled(v.Meta)
	x.Provenance(fhir.FullURL("Provenance", id), &v, fhir.Update("Provenance", id))
}
