package generate

import "time"

// Week is how the recorded week of 9 to 15 November 2026 is made, given its catalogs. The seed is one of many that would
// do: of the referrals about two thirds get a seat at once and a fifth wait, some of them until a seat becomes free.
func Week(catalogs [][]byte) Options {
	return Options{Seed: 4, Count: 540, Start: time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC), Days: 7, Catalogs: catalogs}
}
