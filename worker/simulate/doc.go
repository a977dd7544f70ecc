// Package simulate plays months of a network in virtual time: referrals arrive, patients answer, stay away, drop out and
// cannot be reached, people at the desk decide reviews, cohorts end and new ones open. Every event goes as bytes through
// the decision code of the worker (decode and decide; nothing is written, since nobody reads it).
//
// Each simulated patient carries a truth that the referral tells in codes, in free text, or not at all. Whether a place
// was safe, or a hold needless, is judged from that truth by Judge, a small set of rules of its own that shares no code or
// table with those that placed.
//
// All chance comes from the seed, patient by patient: the same options give the same result, byte for byte. The figures
// are about access and safety; a simulation says nothing about whether treatment works.
package simulate
