package fhir

import "strconv"

func (c *checker) patient(v *Patient) {
	c.kind = "Patient"
	c.identifiers(v.Identifier)
	c.require(len(v.Name) > 0, "name")
	c.require(v.Gender != nil, "gender")
	if v.Gender != nil {
		c.code("gender", v.Gender.Code())
	}
	if v.BirthDate != nil && !IsDate(*v.BirthDate) {
		c.fail("birthDate", "invalid-date", "is no date")
	}
	c.choice("deceased", v.DeceasedBoolean != nil, v.DeceasedDateTime != nil)
	c.choice("multipleBirth", v.MultipleBirthBoolean != nil, v.MultipleBirthInteger != nil)
	for i := range v.Communication {
		c.concept("communication.language", &v.Communication[i].Language)
	}
}

// condition checks the invariants con-3 and con-5 too, which tie clinicalStatus to verificationStatus.
func (c *checker) condition(v *Condition) {
	c.kind = "Condition"
	c.require(len(v.Category) > 0, "category")
	c.concept("code", v.Code)
	c.reference("subject", &v.Subject)
	inError := v.VerificationStatus == verificationStatuses["entered-in-error"]
	if inError == (v.ClinicalStatus != nil) {
		c.fail("clinicalStatus", "invariant", "must be there unless the condition was entered in error (con-3, con-5)")
	}
	c.choice("onset", v.OnsetDateTime != nil, v.OnsetAge != nil, v.OnsetPeriod != nil, v.OnsetRange != nil, v.OnsetString != nil)
	c.choice("abatement", v.AbatementDateTime != nil, v.AbatementAge != nil, v.AbatementPeriod != nil, v.AbatementRange != nil, v.AbatementString != nil)
	c.dateTime("onset", v.OnsetDateTime)
}

func (c *checker) serviceRequest(v *ServiceRequest) {
	c.kind = "ServiceRequest"
	c.id(v.Id)
	c.identifiers(v.Identifier)
	c.code("status", v.Status.Code())
	c.code("intent", v.Intent.Code())
	if v.Priority != nil {
		c.code("priority", v.Priority.Code())
	}
	c.require(len(v.Category) > 0, "category")
	c.concept("code", v.Code)
	c.reference("subject", &v.Subject)
	c.reference("requester", v.Requester)
	for i := range v.ReasonCode {
		c.concept("reasonCode["+strconv.Itoa(i)+"]", &v.ReasonCode[i])
	}
	c.dateTime("authoredOn", v.AuthoredOn)
	c.dateTime("occurrence", v.OccurrenceDateTime)
	c.period("occurrence", v.OccurrencePeriod)
	c.choice("occurrence", v.OccurrenceDateTime != nil, v.OccurrencePeriod != nil, v.OccurrenceTiming != nil)
	c.choice("quantity", v.QuantityQuantity != nil, v.QuantityRatio != nil, v.QuantityRange != nil)
	c.choice("asNeeded", v.AsNeededBoolean != nil, v.AsNeededCodeableConcept != nil)
}

// task checks inv-1 too: last modified no earlier than authored.
func (c *checker) task(v *Task) {
	c.kind = "Task"
	c.id(v.Id)
	c.code("status", v.Status.Code())
	if v.Intent != "order" {
		c.fail("intent", "invalid-code", "is not order")
	}
	c.concept("code", v.Code)
	c.reference("focus", v.Focus)
	c.reference("for", v.For)
	c.reference("requester", v.Requester)
	c.reference("owner", v.Owner)
	if v.StatusReason != nil {
		c.require(v.StatusReason.Text != nil, "statusReason.text")
	}
	c.require(v.AuthoredOn != nil, "authoredOn")
	c.dateTime("authoredOn", v.AuthoredOn)
	c.dateTime("lastModified", v.LastModified)
	if v.AuthoredOn != nil && v.LastModified != nil && later(*v.AuthoredOn, *v.LastModified) {
		c.fail("lastModified", "invariant", "is before authoredOn (inv-1)")
	}
	c.period("executionPeriod", v.ExecutionPeriod)
	if v.Restriction != nil {
		c.period("restriction.period", v.Restriction.Period)
	}
}

func (c *checker) practitioner(v *Practitioner) {
	c.kind = "Practitioner"
	c.identifiers(v.Identifier)
	c.require(len(v.Name) > 0 && v.Name[0].Family != nil, "name.family")
}

func (c *checker) practitionerRole(v *PractitionerRole) {
	c.kind = "PractitionerRole"
	c.identifiers(v.Identifier)
	if v.Practitioner == nil && v.Organization == nil {
		c.fail("organization", "required", "needs a practitioner or an organization")
	}
	if len(v.Telecom) == 0 && len(v.Endpoint) == 0 {
		c.fail("telecom", "invariant", "needs a telecom or an endpoint (US Core pd-1)")
	}
}

func (c *checker) organization(v *Organization) {
	c.kind = "Organization"
	c.identifiers(v.Identifier)
	c.require(v.Active != nil, "active")
	c.require(v.Name != nil, "name")
}

func (c *checker) healthcareService(v *HealthcareService) {
	c.kind = "HealthcareService"
	c.identifiers(v.Identifier)
	c.require(v.Active != nil, "active")
	c.require(v.Name != nil, "name")
	for i := range v.Type {
		c.concept("type", &v.Type[i])
	}
}

func (c *checker) location(v *Location) {
	c.kind = "Location"
	c.identifiers(v.Identifier)
	c.require(v.Name != nil, "name")
	if v.Status != nil {
		c.code("status", v.Status.Code())
	}
}

// provenance checks that a decision names whom it was made for, as US Core asks (provenance-1).
func (c *checker) provenance(v *Provenance) {
	c.kind = "Provenance"
	c.id(v.Id)
	c.require(len(v.Target) > 0, "target")
	if !IsInstant(v.Recorded) {
		c.fail("recorded", "invalid-date", "is no instant")
	}
	c.choice("occurred", v.OccurredPeriod != nil, v.OccurredDateTime != nil)
	c.require(len(v.Agent) > 0, "agent")
	for i := range v.Agent {
		c.reference("agent.who", &v.Agent[i].Who)
		c.reference("agent.onBehalfOf", v.Agent[i].OnBehalfOf)
	}
}

// appointment checks app-2 and app-3 too: start and end stand together, and are missing only where it is called off.
func (c *checker) appointment(v *Appointment) {
	c.kind = "Appointment"
	c.id(v.Id)
	c.code("status", v.Status.Code())
	if (v.Start == nil) != (v.End == nil) || v.Start == nil && v.Status != AppointmentCancelled {
		c.fail("start", "invariant", "start and end are both there, unless it is cancelled (app-2, app-3)")
	}
	if v.Start != nil && !IsInstant(*v.Start) || v.End != nil && !IsInstant(*v.End) {
		c.fail("start", "invalid-date", "start or end is no instant")
	}
	c.require(len(v.Participant) > 0, "participant")
	for i := range v.Participant {
		c.reference("participant["+strconv.Itoa(i)+"].actor", v.Participant[i].Actor)
	}
}

func (c *checker) observation(v *Observation) {
	c.kind = "Observation"
	c.id(v.Id)
	c.code("status", v.Status.Code())
	c.require(len(v.Category) > 0, "category")
	c.concept("code", &v.Code)
	c.reference("subject", v.Subject)
	c.dateTime("effective", v.EffectiveDateTime)
	c.choice("effective", v.EffectiveDateTime != nil, v.EffectivePeriod != nil, v.EffectiveTiming != nil, v.EffectiveInstant != nil)
	c.choice("value", v.ValueQuantity != nil, v.ValueCodeableConcept != nil, v.ValueString != nil, v.ValueBoolean != nil, v.ValueInteger != nil,
		v.ValueRange != nil, v.ValueRatio != nil, v.ValueSampledData != nil, v.ValueTime != nil, v.ValueDateTime != nil, v.ValuePeriod != nil)
}
