package desk

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/roster"
)

// TestEveryMessageIsInEveryLanguage compares the files with each other and with what the templates and rules ask for.
func TestEveryMessageIsInEveryLanguage(t *testing.T) {
	en := Languages[0]
	for _, w := range Languages[1:] {
		for key, text := range en.text {
			if w.text[key] == "" {
				t.Errorf("%s lacks %s", w.Lang, key)
			}
			if a, b := holes(text), holes(w.text[key]); !slices.Equal(a, b) {
				t.Errorf("%s, %s: fills in %v, English %v", w.Lang, key, b, a)
			}
		}
		for key := range w.text {
			if en.text[key] == "" && !strings.HasPrefix(key, "rule.") && !strings.HasPrefix(key, "issue.") {
				t.Errorf("%s has %s, English has not", w.Lang, key)
			}
		}
		for key := range en.plural {
			if w.plural[key]["other"] == "" {
				t.Errorf("%s lacks %s", w.Lang, key)
			}
		}
		for _, rule := range match.Rules[1:] {
			if !w.Has("rule."+rule.ID) && !w.Has("rule."+rule.Code) {
				t.Errorf("%s has no words for the rule %s", w.Lang, rule.ID)
			}
		}
		for _, rule := range roster.RuleIDs() {
			if !w.Has("rule." + rule) {
				t.Errorf("%s has no words for the rule %s", w.Lang, rule)
			}
		}
	}
	asked := regexp.MustCompile(`\b(T|N) "([a-z.-]+)"`)
	files, err := fs.Glob(pageFiles, "page/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(pageFiles, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range asked.FindAllStringSubmatch(string(text), -1) {
			if en.text[m[2]] == "" && en.plural[m[2]] == nil {
				t.Errorf("%s asks for %s, which is no message", file, m[2])
			}
		}
	}
}

func holes(text string) []string {
	list := regexp.MustCompile(`\{\d\}`).FindAllString(text, -1)
	slices.Sort(list)
	return list
}

func TestPluralsNumbersAndDates(t *testing.T) {
	en, es := Languages[0], Languages[1]
	at := time.Date(2026, 11, 22, 15, 4, 0, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{en.N("since.days", 1), "1 day"}, {en.N("since.days", 1200), "1,200 days"},
		{es.N("since.days", 1), "1 día"}, {es.N("since.days", 3), "3 días"},
		{en.Day(at), "Nov 22, 2026"}, {es.Day(at), "22 nov. 2026"},
		{en.Date("1961-05-05"), "May 5, 1961"}, {es.Date("1961-05-05"), "5 may. 1961"}, {es.Date("1961-05"), "1961-05"},
		{en.Language("es"), "Spanish"}, {es.Language("en"), "inglés"}, {es.Language("pt-BR"), "portugués de Brasil"}, {es.Language("?"), "?"},
		{en.Clock(at), "3:04 pm"}, {en.Clock(at.Add(9 * time.Hour)), "12:04 am"},
		{en.Since(at, at.Add(90*time.Minute)), "1 hour"}, {es.Since(at, at.Add(50*time.Hour)), "2 días"},
	} {
		if got := strings.ReplaceAll(c.got, "\u202f", " "); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
