package match

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// largeCatalog spreads groups over the shipped programs, with sites, modes, languages, times and payers as they come.
func largeCatalog(groups int, seed uint64) *program.Catalog {
	rnd := rand.New(rand.NewPCG(seed, 1))
	c := catalog()
	for _, t := range program.Templates() {
		p := t.Program
		p.ID, p.From = t.Key, t.Key
		c.Programs = append(c.Programs, p)
	}
	for i := range 20 {
		c.Sites = append(c.Sites, program.Site{ID: fmt.Sprintf("s%d", i), Access: []string{"wheelchair", "hearing", "vision", "oxygen"},
			Address: mapping.Address{State: "MA", PostalCode: fmt.Sprintf("02%03d", rnd.IntN(400))}})
	}
	for i := range groups {
		g := meets(fmt.Sprintf("g%05d", i), c.Programs[rnd.IntN(len(c.Programs))].ID, starting(rnd.IntN(140)-30, rnd.IntN(10)-4))
		g.Site = c.Sites[rnd.IntN(len(c.Sites))].ID
		switch rnd.IntN(8) {
		case 0, 1:
			g.Mode, g.Site = "telehealth", ""
		case 2:
			dropIn(&g)
		case 3:
			g.Languages = []string{"es"}
		case 4:
			g.Payers = []string{"medicare", "medicaid"}
		case 5:
			g.Enrolment = program.EnrolmentRolling
		}
		g.Cost = costWords[rnd.IntN(5)]
		c.Groups = append(c.Groups, g)
	}
	return c
}

// typical referrals: some conditions, a goal or two, a language, sometimes a wish or a note.
func typical() []*mapping.Referral {
	var out []*mapping.Referral
	for i, conditions := range []string{"diabetes_t2 hypertension obesity", "depression:moderate", "copd", "chronic_pain depression:mild",
		"osteoarthritis hypertension", "coronary_heart_disease", "ptsd", "anxiety:mild insomnia", "prediabetes", "bereavement"} {
		r := adult(conditions, "coping-strategies", "peer-support")
		r.Goals = r.Goals[:1+i%2]
		r.Patient.Languages = []string{"en"}
		if i%5 == 4 {
			r.Patient.Languages = []string{"es", "en"}
			r.Preferences = mapping.Preferences{Mode: "telehealth", Times: []string{"weekday-evening", "weekday-afternoon"}}
		}
		if i%3 == 0 {
			r.Payers = []string{"medicare"}
			r.Notes = []string{"Motivated, lives with her daughter; denies suicidal ideation. Would like to walk more."}
		}
		out = append(out, r)
	}
	return out
}

func taken(group int32) int { return int(group*7) % 9 }

func BenchmarkDecide(b *testing.B) {
	for _, groups := range []int{100, 10_000} {
		book, referrals := Compile(largeCatalog(groups, 1)), typical()
		b.Run(fmt.Sprintf("groups=%d", groups), func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				r := referrals[i%len(referrals)]
				need, _ := book.Normalise(r, "ehr")
				hits := Screen(r)
				result := book.Match(Query{Need: &need, At: now, Program: -1, Taken: taken})
				runtime.KeepAlive(hits)
				runtime.KeepAlive(result)
			}
		})
	}
}

func BenchmarkParts(b *testing.B) {
	book, referrals := Compile(largeCatalog(10_000, 1)), typical()
	needs := make([]Need, len(referrals))
	var data [][]byte
	for i, r := range referrals {
		needs[i], _ = book.Normalise(r, "ehr")
		data = append(data, needs[i].AppendJSON(nil))
	}
	run := func(name string, f func(i int)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				f(i % len(referrals))
			}
		})
	}
	run("Normalise", func(i int) { book.Normalise(referrals[i], "ehr") })
	run("Screen", func(i int) { Screen(referrals[i]) })
	run("Match", func(i int) { book.Match(Query{Need: &needs[i], At: now, Program: -1, Taken: taken}) })
	run("MatchAllFull", func(i int) {
		book.Match(Query{Need: &needs[i], At: now, Program: -1, Taken: func(int32) int { return 100 }})
	})
	run("MatchNobody", func(i int) {
		nobody := needs[i]
		nobody.Birth = 0
		book.Match(Query{Need: &nobody, At: now, Program: -1, Taken: taken})
	})
	run("Suits", func(i int) { book.Suits(&needs[i], int32(i*31), now) })
	buf := make([]byte, 0, 8192)
	run("AppendJSON", func(i int) { buf = needs[i].AppendJSON(buf[:0]) })
	run("ParseNeed", func(i int) { ParseNeed(data[i]) })
	result := book.Match(Query{Need: &needs[1], At: now, Program: -1, Taken: taken})
	run("Candidates", func(int) {
		buf = buf[:0]
		for i := range result.Candidates {
			buf = result.Candidates[i].AppendJSON(buf)
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	c := largeCatalog(10_000, 1)
	for b.Loop() {
		Compile(c)
	}
}

// In a crowded catalog, where bounds end the search early, the result is that of looking at every group.
func TestMatchAgreesWithTheNaiveOneInACrowd(t *testing.T) {
	for seed := range uint64(4) {
		b := Compile(largeCatalog(1500, seed))
		rnd := rand.New(rand.NewPCG(seed, 2))
		seats := make([]int, b.Groups())
		for round := range 4 {
			for i := range seats {
				seats[i] = max(rnd.IntN(9+3*round), 8*(round/3)) // more and more are full, in the end all
			}
			for _, r := range typical() {
				need, _ := b.Normalise(r, "ehr")
				q := Query{Need: &need, At: now.Add(time.Duration(round) * 240 * time.Hour), Program: -1, Taken: func(g int32) int { return seats[g] }}
				got := b.Match(q)
				if chosen, wait := naive(b, q); got.Chosen != chosen || got.Wait != wait {
					t.Fatalf("seed %d, %s: chosen %d, wait %d; naive %d, %d", seed, need.AppendJSON(nil), got.Chosen, got.Wait, chosen, wait)
				}
			}
		}
	}
}
