package match

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/convene-health/convene/mapping"
)

// falseAlarmsMax is the share of harmless and negated sentences that may raise a rule: a needless look costs minutes, a missed
// sentence may cost a life. source: assumption
const falseAlarmsMax = 0.15

// Every sentence of testdata that affirms a risk raises a review of that kind; of the others few do. What a relative did may:
// it is a risk of its own.
func TestSentences(t *testing.T) {
	f, err := os.Open("testdata/sentences.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rules := map[string]string{"s": RuleTextSelfHarm, "v": RuleTextViolence, "a": RuleTextAbuse}
	affirmed, others, alarms, relatives := map[string]int{}, map[string]int{}, map[string]int{}, 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		parts := strings.SplitN(line, " ", 3)
		lang, says, sentence := parts[0], parts[1], strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(parts[2])
		hits := Screen(&mapping.Referral{Notes: []string{sentence}})
		for _, h := range hits {
			if h.Level != Review || !strings.Contains(sentence, h.Quote) {
				t.Errorf("%q: %+v", sentence, h)
			}
		}
		want, affirms := rules[says]
		switch {
		case says == "f":
			if len(hits) > 0 {
				relatives++
			}
		case affirms:
			affirmed[lang]++
			if !hasRule(hits, want) {
				t.Errorf("%s: %q does not raise %s", lang, sentence, want)
			}
		case len(hits) > 0:
			alarms[lang]++
			t.Logf("false alarm, %s: %q raises %s", lang, sentence, hits[0].Rule)
			fallthrough
		default:
			others[lang]++
		}
	}
	t.Logf("of a relative: %d raise a review", relatives)
	for _, lang := range []string{"en", "es"} {
		rate := float64(alarms[lang]) / float64(others[lang])
		t.Logf("%s: %d affirmed, %d others, %d false alarms (%.1f %%)", lang, affirmed[lang], others[lang], alarms[lang], 100*rate)
		if rate > falseAlarmsMax || affirmed[lang] < 50 || others[lang] < 20 {
			t.Errorf("%s: %d affirmed, %d false alarms in %d others", lang, affirmed[lang], alarms[lang], others[lang])
		}
	}
	if n := affirmed["en"] + affirmed["es"] + others["en"] + others["es"]; n < 400 {
		t.Errorf("%d sentences, of 400 at least", n)
	}
}
