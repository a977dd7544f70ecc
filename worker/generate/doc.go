// Package generate makes up referral events: a week of them for the recorded week, streams of any length for
// trials, and the benchmark's workload.
//
// Everything follows from the options: there is no clock and no other source of randomness than the seed, so the
// same options give the same bytes on every machine. People are mixed as in a public sample of synthetic patients
// (data/SOURCES.md); their names, numbers and stories are invented here and belong to nobody.
package generate
