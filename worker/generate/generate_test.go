package generate

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

func catalogs(t testing.TB) [][]byte {
	t.Helper()
	var all [][]byte
	for _, name := range []string{"catalog.yaml", "catalog-lakeside.yaml"} {
		data, err := os.ReadFile("../../testdata/week/" + name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}

func generated(t testing.TB, o Options) []Line {
	t.Helper()
	lines, err := Generate(o)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(lines)
}

func TestSameOptionsGiveTheSameLines(t *testing.T) {
	o := Options{Seed: 7, Count: 60, Start: time.Date(2027, 3, 8, 0, 0, 0, 0, time.UTC), Days: 3, Catalogs: catalogs(t)}
	once := generated(t, o)
	if again := generated(t, o); !reflect.DeepEqual(once, again) {
		t.Error("the same options gave other lines")
	}
	o.Seed++
	if other := generated(t, o); reflect.DeepEqual(once, other) {
		t.Error("another seed gave the same lines")
	}
}

func TestLinesAreInOrder(t *testing.T) {
	for _, rate := range []float64{0, 50} {
		sequence := map[string]uint64{}
		named := map[string]bool{}
		var last time.Time
		for _, l := range generated(t, Options{Count: 80, Rate: rate, Start: time.Date(2027, 3, 8, 0, 0, 0, 0, time.UTC), Catalogs: catalogs(t)}) {
			if l.Catalog != nil {
				named[l.Network] = l.Hash == program.HashOf(l.Catalog)
				continue
			}
			in := l.Input
			if sequence[in.Network]++; in.Sequence != sequence[in.Network] || !named[in.Network] {
				t.Fatalf("%s: sequence %d comes as number %d, catalog named: %t", in.Network, in.Sequence, sequence[in.Network], named[in.Network])
			}
			if in.Stored.Before(last) {
				t.Fatalf("%s %d: %v comes after %v", in.Network, in.Sequence, in.Stored, last)
			}
			last = in.Stored
		}
		if days := last.Sub(time.Date(2027, 3, 8, 0, 0, 0, 0, time.UTC)).Hours() / 24; rate == 0 && days < 5 || rate > 0 && days > 1 {
			t.Errorf("rate %g: the last event is %v", rate, last)
		}
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	start, all := time.Date(2027, 3, 8, 0, 0, 0, 0, time.UTC), catalogs(t)
	for want, o := range map[string]Options{
		"no catalog":            {Start: start},
		"no start":              {Catalogs: all},
		"above 0":               {Start: start, Catalogs: all, Count: -1},
		"share riks=0.1":        {Start: start, Catalogs: all, Shares: map[string]float64{"riks": 0.1}},
		"share risk=2":          {Start: start, Catalogs: all, Shares: map[string]float64{"risk": 2}},
		"catalog:":              {Start: start, Catalogs: [][]byte{[]byte("network: x")}},
		"two catalogs of netwo": {Start: start, Catalogs: [][]byte{all[0], all[0]}},
	} {
		if _, err := Generate(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", o.Shares, err, want)
		}
	}
}

// A share of a case changes how many there are of it and of nothing else.
func TestShares(t *testing.T) {
	o := Options{Count: 200, Start: time.Date(2027, 3, 8, 0, 0, 0, 0, time.UTC), Catalogs: catalogs(t), Shares: map[string]float64{}}
	for _, c := range Cases() {
		o.Shares[c.Name] = 0
	}
	if got := len(generated(t, o)); got != 200+4 {
		t.Errorf("without cases: %d lines, want 200 referrals, 2 catalogs and their events", got)
	}
	o.Shares["cancelled"] = 0.1
	if got := len(generated(t, o)); got != 220+4 {
		t.Errorf("a tenth cancelled: %d lines, want 220 and 4", got)
	}
}

// The codings of every condition mean the condition they are listed under.
func TestConditionsResolve(t *testing.T) {
	for name, x := range tables().problems {
		var codes []mapping.Code
		for system, code := range map[string]string{mapping.SystemICD10CM: x.icd, mapping.SystemSNOMED: x.snomed} {
			if code != "" {
				codes = append(codes, mapping.Code{System: system, Code: code})
			}
		}
		var keys []string
		for _, i := range program.Resolve(codes) {
			keys = append(keys, program.Conditions()[i].Key)
		}
		if x.key == "" && len(keys) > 0 || x.key != "" && !slices.Contains(keys, x.key) {
			t.Errorf("%s: the codes mean %v, listed is %q", name, keys, x.key)
		}
	}
}

// NPIs have a right check digit and a first digit that is never issued.
func TestNPI(t *testing.T) {
	n, err := openNetwork(newRand(1), catalogs(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range n.sources {
		for _, q := range s.requesters {
			digits := "80840" + q.Practitioner.Identifier.Value
			sum := 0
			for i := range digits {
				d := int(digits[len(digits)-1-i] - '0')
				if i%2 == 1 {
					if d *= 2; d > 9 {
						d -= 9
					}
				}
				sum += d
			}
			if sum%10 != 0 || digits[5] != '9' || len(digits) != 15 {
				t.Errorf("NPI %s", q.Practitioner.Identifier.Value)
			}
		}
	}
}
