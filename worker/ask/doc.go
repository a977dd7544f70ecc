// Package ask lets a source look, instead of listen: FHIR R4 reads of what Convene has confirmed to it, over HTTP
// (GET /fhir/...) and as NATS requests. Nothing can be written.
//
//	metadata                                  what can be asked (CapabilityStatement)
//	ServiceRequest/<id>, Task/<id>            as last confirmed
//	Task?identifier=<system>|<value>          those of one order, by the EHR's identifier of it or by ours (FILL);
//	ServiceRequest?identifier=...             likewise
//	Appointment/<id>, Observation/<id>        of a placement, as its bundles refer to them
//	Task/<id>/$calendar                       the sessions of its placement as a calendar file (RFC 5545)
//	Task/<id>/$message                        its last confirmation as BSeR's message, with profile bser
//	HealthcareService, HealthcareService/<id> the programs of the catalog in force, and who provides them (Organization/<id>); with
//	                                          profile sdoh the room that they have now
//
// As a NATS service a source previews a referral (preview.<network>.<source>) and asks for its place in line
// (position.<network>.<source>): decided on the mirror of the roster and taken back.
//
// A source sees what was confirmed to it and nothing else: what is read is its own subject of the ledger. Answers are as
// fresh as the ledger, never of a batch that is not whole. References that bundles make by urn:uuid become relative ones to
// the ServiceRequest and Task, and logical ones, by identifier, to everything else.
package ask
