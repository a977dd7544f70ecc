// Package report counts what became of the referrals of a period, for a manager to show to who pays: received, placed, time to
// the first session, attended, and how they ended, by program, site, source, language and payer.
//
// It reads decisions, of a ledger or of a replay, and names nobody. Counts from 1 to 10 are not shown, nor what would let
// them be worked out (the cell size policy of the US Centers for Medicare and Medicaid Services); see suppress.go.
package report
