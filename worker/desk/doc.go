// Package desk serves the coordinators' pages: what is confirmed now, what needs a person, the story of one referral, the
// groups with their seats, and the acts of people.
//
// Placement never waits for a desk. Each network has one Board, which reads the ledger with a connection of its own that may
// only read, once for however many browsers are open, and keeps a bounded list of the latest confirmations. A browser has no
// queue: it has a position in that list. One that is slow is given several confirmations at once; one that falls off the end
// of the list is told to load the page anew; one that takes nothing for 10 s is cut off and resumes by Last-Event-ID.
//
// Acts of people are published as events of the source _desk with another connection, which may do only that and write the
// audit stream, and enter the ledger as every event does.
package desk
