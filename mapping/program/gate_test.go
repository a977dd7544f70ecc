package program

import (
	"slices"
	"strings"
	"testing"
)

// gated is the base catalog with gates at its first program.
func gated(gates string) []byte {
	return []byte(strings.Replace(base, "    from: cbt_group_depression\n", "    from: cbt_group_depression\n    gates:\n"+gates, 1))
}

// Whatever is wrong with a gate is shown at its line, with a hint.
func TestGatesAreChecked(t *testing.T) {
	for _, c := range []struct{ gates, code, path, hint string }{
		{"      a1x: {from: 5}\n", "unknown-fact", "programs[0].gates.a1x", "did you mean a1c?"},
		{"      tests: {anyOf: [{ogt: {from: 140}}]}\n", "unknown-fact", "programs[0].gates.tests.anyOf[0].ogt", "did you mean ogtt?"},
		{"      a1c: {from: 6, to: 5}\n", "gate-bounds", "programs[0].gates.a1c.to", "to at least from"},
		{"      bypass: {from: 1}\n", "gate-bounds", "programs[0].gates.bypass", "only measures"},
		{"      a1c: {within: 1 year}\n", "bad-days", "programs[0].gates.a1c.within", "365d"},
		{"      a1c: {since: 0d}\n", "bad-days", "programs[0].gates.a1c.since", "365d"},
		{"      a1c: {from: 5, expr: 'true'}\n", "gate-forms", "programs[0].gates.a1c", "two gates"},
		{"      a1c: {off: no}\n", "gate-off", "programs[0].gates.a1c", "remove it"},
		{"      A1c: {from: 5}\n", "bad-gate", "programs[0].gates.A1c", "lower-case"},
		{"      old: {expr: patient.agee >= 65}\n", "bad-expression", "programs[0].gates.old.expr", "did you mean patient.age?"},
		{"      old: {expr: patient.age >= 65.5}\n", "bad-expression", "programs[0].gates.old.expr", "same type"},
		{"      old: {expr: patient.age}\n", "bad-expression", "programs[0].gates.old.expr", "true or false"},
		{"      old: {expr: patient.age >=}\n", "bad-expression", "programs[0].gates.old.expr", "CEL"},
		{"      old: {expr: 'payers.all(a, payers.all(b, payers.all(c, a + b == c)))'}\n", "expression-cost", "programs[0].gates.old.expr", "loops"},
	} {
		c2, ps := Load(gated(c.gates))
		i := slices.IndexFunc(ps, func(p Problem) bool { return p.Code == c.code })
		if c2 != nil || i < 0 {
			t.Errorf("%s: %v", c.gates, ps)
			continue
		}
		if p := ps[i]; p.Path != c.path || p.Line < 20 || !strings.Contains(p.Hint, c.hint) {
			t.Errorf("%s: %+v", c.gates, p)
		}
	}
}

// An expression asks for what is not known only where that would decide, and never panics.
func TestExpressionAsks(t *testing.T) {
	for _, c := range []struct {
		text    string
		values  map[string]any
		holds   bool
		missing []string
	}{
		{"a1c.value >= 5.7 && a1c.value <= 6.4", map[string]any{"a1c.value": 5.9}, true, nil},
		{"a1c.value >= 5.7 && a1c.value <= 6.4", map[string]any{"a1c.value": 6.9}, false, nil},
		{"a1c.value >= 5.7 && a1c.days <= 365", map[string]any{"a1c.value": 5.9}, false, []string{"a1c.days"}},
		{"a1c.value >= 5.7 && a1c.days <= 365", map[string]any{"a1c.value": 5.0}, false, nil},
		{"a1c.value >= 5.7 || authorization.found", map[string]any{"authorization.found": true}, true, nil},
		{"a1c.value >= 5.7 || authorization.found", nil, false, []string{"a1c.value", "authorization.found"}},
		{"'medicare' in payers && patient.age >= 65", map[string]any{"payers": []string{"medicare"}, "patient.age": int64(70)}, true, nil},
		{"condition.copd && patient.state == 'MA'", map[string]any{"condition.copd": true, "patient.state": "MA"}, true, nil},
	} {
		x, faults := compile(c.text)
		if x == nil {
			t.Errorf("%s: %v", c.text, faults)
			continue
		}
		if a, err := x.Ask(c.values); err != nil || a.Holds != c.holds || !slices.Equal(a.Missing, c.missing) {
			t.Errorf("%s of %v: %+v, %v", c.text, c.values, a, err)
		}
	}
}

// What runs over its limit, or fails, is for a person.
func TestExpressionThatFailsIsUndecided(t *testing.T) {
	long := make([]string, 5000)
	for i := range long {
		long[i] = "x"
	}
	for text, values := range map[string]map[string]any{
		"payers.all(p, p == 'x')":             {"payers": long},
		"patient.age / (patient.age - 5) > 0": {"patient.age": int64(5)},
		"patient.state == 'MA'":               {"patient.state": 7},
	} {
		x, faults := compile(text)
		if x == nil {
			t.Fatal(faults)
		}
		a, err := x.Ask(values)
		if text == "patient.state == 'MA'" {
			if a.Holds {
				t.Errorf("%s holds of a number", text)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s: %+v", text, a)
		}
	}
}

// Every shipped gate says where it comes from and loads, with each of its facts.
func TestShippedGatesHaveSources(t *testing.T) {
	gates := 0
	for _, p := range Templates() {
		for name, g := range p.Gates {
			gates++
			if g.Source == "" {
				t.Errorf("%s %s has no source", p.Key, name)
			}
		}
		if p.Benefit.Once != "" && p.Benefit.Source == "" {
			t.Errorf("the benefit of %s has no source", p.Key)
		}
	}
	if gates < 7 {
		t.Errorf("only %d gates", gates)
	}
	for _, f := range Facts() {
		for _, c := range f.Codes {
			if c.Source == "" {
				t.Errorf("%s: %s has no source", f.Key, c.Code.Code)
			}
		}
	}
	for _, state := range []string{"MA", "CA"} {
		for _, m := range MinorConsentIn(state) {
			if m.Source == "" || m.AgeFrom < 12 || m.AgeFrom > 17 {
				t.Errorf("%+v", m)
			}
		}
	}
}

func BenchmarkExpression(b *testing.B) {
	x, _ := compile("a1c.value >= 5.7 && a1c.value <= 6.4 && patient.age >= 18")
	values := map[string]any{"a1c.value": 5.9, "patient.age": int64(40)}
	b.ReportAllocs()
	for b.Loop() {
		x.Ask(values)
	}
}
