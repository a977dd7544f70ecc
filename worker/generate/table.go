package generate

import (
	"embed"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
)

//go:embed data/*.csv
var data embed.FS

// figures are the tables of the data folder. They are read once and never changed.
type figures struct {
	people    []weighted[kindOfPerson]
	languages []weighted[string]
	places    []weighted[place]
	bundles   []weighted[bundle]
	additions map[string][]weighted[bundle] // by purpose
	problems  map[string]*problem           // by name
}

// kindOfPerson is a sex and an age band in whole years.
type kindOfPerson struct {
	sex      string
	from, to int
}

type place struct{ town, state, postal string }

// bundle is what people of an age band have together.
type bundle struct {
	from, to int
	problems []*problem
}

// problem is a diagnosis with its codings. key is that of the condition table, empty for one that no program serves.
type problem struct {
	key, severity                    string
	snomed, snomedText, icd, icdText string
}

type weighted[T any] struct {
	what   T
	weight int
}

var tables = sync.OnceValue(readTables)

func readTables() *figures {
	f := &figures{additions: map[string][]weighted[bundle]{}, problems: map[string]*problem{}}
	for _, r := range rows("conditions") {
		f.problems[r["name"]] = &problem{r["key"], r["severity"], r["snomed"], r["snomed_text"], r["icd"], r["icd_text"]}
	}
	for _, r := range rows("people") {
		from, to := ages(r["ages"])
		f.people = append(f.people, weighted[kindOfPerson]{kindOfPerson{r["sex"], from, to}, number(r["weight"])})
	}
	for _, r := range rows("languages") {
		f.languages = append(f.languages, weighted[string]{r["language"], number(r["weight"])})
	}
	for _, r := range rows("places") {
		f.places = append(f.places, weighted[place]{place{r["town"], r["state"], r["postal"]}, number(r["weight"])})
	}
	for _, r := range rows("bundles") {
		f.bundles = append(f.bundles, f.bundle(r))
	}
	for _, r := range rows("additions") {
		f.additions[r["purpose"]] = append(f.additions[r["purpose"]], f.bundle(r))
	}
	return f
}

func (f *figures) bundle(r map[string]string) weighted[bundle] {
	b := bundle{}
	b.from, b.to = ages(r["ages"])
	for _, name := range strings.Fields(r["conditions"]) {
		p := f.problems[name]
		if p == nil {
			panic("generate: no condition is called " + name)
		}
		b.problems = append(b.problems, p)
	}
	return weighted[bundle]{b, number(r["weight"])}
}

// rows of a table by column name. The tables are part of the program: a broken one is a fault, not an error.
func rows(name string) []map[string]string {
	file, err := data.Open("data/" + name + ".csv")
	if err != nil {
		panic(err)
	}
	defer file.Close()
	all, err := csv.NewReader(file).ReadAll()
	if err != nil {
		panic(fmt.Errorf("data/%s.csv: %w", name, err))
	}
	out := make([]map[string]string, 0, len(all)-1)
	for _, line := range all[1:] {
		row := map[string]string{}
		for i, column := range all[0] {
			row[column] = line[i]
		}
		out = append(out, row)
	}
	return out
}

// ages of a band "18-39".
func ages(band string) (from, to int) {
	a, b, _ := strings.Cut(band, "-")
	return number(a), number(b)
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

// draw picks by weight among those that fit; fits nil takes all. ok is false when none does.
func draw[T any](r *rand.Rand, list []weighted[T], fits func(T) bool) (what T, ok bool) {
	total := 0
	for i := range list {
		if fits == nil || fits(list[i].what) {
			total += list[i].weight
		}
	}
	if total == 0 {
		return what, false
	}
	left := r.IntN(total)
	for i := range list {
		if fits != nil && !fits(list[i].what) {
			continue
		}
		if left -= list[i].weight; left < 0 {
			return list[i].what, true
		}
	}
	panic("unreachable")
}

// one of a list, each as likely.
func one[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// chance is true in so many of a hundred cases.
func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }
