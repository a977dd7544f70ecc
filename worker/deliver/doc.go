// Package deliver writes the bundles of a network's confirmations to a FHIR R4 server, as transactions.
//
// # Order and concurrency
//
// Confirmations of one referral, and of one person, are delivered in the order of the ledger, one at a time; others side by
// side, Config.InFlight of them on their way at once. A confirmation is acknowledged, and the acknowledgement
// confirmed, before the next of its referral begins. One that is of a batch whose head has not come is not touched.
//
// # Exactly one ServiceRequest and Task a placement, with the last status
//
// Each delivery puts a tag with the confirmation's ledger sequence on the Task, with which all else of the bundle is
// written. Every write of what is Convene's own names the version that it replaces (If-Match), also one that must find nothing there. A request that a network
// kept and carries out later, even after the next one, is therefore refused by the server. What is not known to be the
// server's present version, after a timeout, a restart or a redelivery, is read first: a Task with a tag that is not
// older has this confirmation, or a later one, and nothing is sent.
//
// R4 does not say what If-Match means for a resource that is not there. HAPI FHIR creates it and refuses the second
// creation, which is what is wanted. From a server that refuses both, deliver learns to send If-None-Match: * instead;
// if it ignores that too, only a first write that is carried out late is unguarded.
//
// Resources that are not Convene's own are created conditionally (ifNoneExist) and never written again. A Patient is looked for
// by Convene's key too: referrals of one person may each know another of the person's identifiers. Two bundles that
// would both create the same one do not travel together, as servers may then create it twice.
//
// # Messages
//
// With Config.Message a confirmation is sent as BSeR's message (confirm.Message) to $process-message instead, in the same order and
// with the same waits. There are no versions then: a message that comes again is known by its id.
//
// # Failures
//
// What says nothing about the bundle (no connection, a timeout, 408, 429, 5xx, a login refused) is tried again for
// ever, after the wait that the server asks for (Retry-After) or a growing one with jitter. After several such answers
// in a row a circuit breaker holds everything back and lets one try through at a time. What the server will not take,
// however often it is sent (400, 422, a 409 or 412 that a fresh read does not mend, a 5xx while others go through),
// is kept as Refused with the server's OperationOutcome, and delivery of the others and of later confirmations goes on.
package deliver
