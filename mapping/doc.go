// Package mapping holds the words of the field: what a referral asks for, what an event reports,
// what a placement is and what Convene says about it.
//
// Everything below mapping is a function of values. No package here reads a clock, draws a random
// number, does I/O or logs; time and catalogs arrive as arguments, so that live work, replay,
// simulation, tests and the benchmark run the very same code.
package mapping
