package match

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/convene-health/convene/mapping"
)

func TestScreenText(t *testing.T) {
	for _, c := range []struct{ text, rule string }{
		{"Reports suicidal ideation last week.", RuleTextSelfHarm},
		{"She says she wants to kill herself", RuleTextSelfHarm},
		{"Pt states he would be better off dead", RuleTextSelfHarm},
		{"Wishes to die; no plan", RuleTextSelfHarm},
		{"I don’t want to live any more", RuleTextSelfHarm},
		{"Self-harm by cutting in June", RuleTextSelfHarm},
		{"endorses SI without plan", RuleTextSelfHarm},
		{"Refiere ideación suicida", RuleTextSelfHarm},
		{"Dice que quiere morirse", RuleTextSelfHarm},
		{"Piensa en quitarse la vida", RuleTextSelfHarm},
		{"Ha tenido autolesiones", RuleTextSelfHarm},
		{"Homicidal ideation toward neighbour", RuleTextViolence},
		{"threatened to kill his brother", RuleTextViolence},
		{"Amenazó con matar al vecino", RuleTextViolence},
		{"Afraid of her husband", RuleTextAbuse},
		{"Vive violencia doméstica", RuleTextAbuse},

		// Not clearly negated.
		{"Does not deny suicidal thoughts", RuleTextSelfHarm},
		{"Denies plan but has suicidal ideation", RuleTextSelfHarm},
		{"Denies alcohol use, reports suicidal thoughts", RuleTextSelfHarm},
		{"No longer suicidal", RuleTextSelfHarm},
		{"No change in suicidal thoughts", RuleTextSelfHarm},
		{"Cannot rule out suicidal intent", RuleTextSelfHarm},
		{"Not sure whether he is suicidal", RuleTextSelfHarm},
		{"Without treatment he will kill himself", RuleTextSelfHarm},
		{"No, she wants to kill herself", RuleTextSelfHarm},
		{"Suicidal ideation: no plan", RuleTextSelfHarm},
		{"No alcohol. Suicidal.", RuleTextSelfHarm},
		{"No niega ideas suicidas", RuleTextSelfHarm},
		{"Niega alcohol pero tiene ideas suicidas", RuleTextSelfHarm},
		{"Ya no quiere vivir", RuleTextSelfHarm},

		// Clearly negated.
		{"Denies suicidal ideation", ""},
		{"Denies SI, HI, AVH", ""},
		{"Patient denies that she is suicidal or wants to kill herself", ""},
		{"No suicidal or homicidal ideation", ""},
		{"No evidence of self-harm", ""},
		{"Negative for suicidal thoughts", ""},
		{"Has never attempted suicide", ""},
		{"Suicidal ideation: denied", ""},
		{"Suicidal thoughts: none", ""},
		{"Thoughts of being better off dead: 0", ""},
		{"Doesn't want to die", ""},
		{"Niega ideación suicida", ""},
		{"Sin ideas suicidas ni homicidas", ""},
		{"Ideas suicidas: no", ""},
		{"No tiene pensamientos de muerte", ""},

		// Nothing of the kind.
		{"Chronic low back pain, wants a group near home", ""},
		{"Fuma: SI", ""},
		{"Le interesa el grupo; SI puede los martes", ""},
		{"Sedentary; kills time with television", ""},
		{"Skill building", ""},
		{"", ""},
	} {
		hits := Screen(&mapping.Referral{Notes: []string{c.text}})
		switch {
		case c.rule == "" && len(hits) > 0:
			t.Errorf("%q raises %s", c.text, hits[0].Rule)
		case c.rule != "" && len(hits) == 0:
			t.Errorf("%q raises nothing", c.text)
		case c.rule != "":
			if hits[0].Rule != c.rule || hits[0].Level != Review || hits[0].Path != "data.referral.notes[0]" {
				t.Errorf("%q raises %+v", c.text, hits[0])
			}
		}
	}
}

func TestScreenTextQuotesTheSentence(t *testing.T) {
	hits := Screen(&mapping.Referral{Notes: []string{"Walks daily. Feels suicidal at night! Sleeps badly."}})
	if len(hits) != 1 || hits[0].Quote != "Feels suicidal at night" {
		t.Errorf("got %+v", hits)
	}
}

// Any text gives hits of level REVIEW whose quotes are valid UTF-8, at most so long, and stand in the text.
func TestScreenTextHolds(t *testing.T) {
	words := []string{"denies", "suicidal", "kill", "herself", "no", "but", "ideación", "suicida", "SI", ",", ". ", "\xff", "ñ", "'", "matar", "a", strings.Repeat("x", 200)}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.OneOf(rapid.SampledFrom(words), rapid.String())).Draw(t, "words"), " ")
		for _, h := range Screen(&mapping.Referral{Notes: []string{text}}) {
			if h.Level != Review || !utf8.ValidString(h.Quote) || len(h.Quote) > quoteMax {
				t.Fatalf("%q raises %+v", text, h)
			}
			if utf8.ValidString(text) && !strings.Contains(text, h.Quote) {
				t.Fatalf("%q does not stand in %q", h.Quote, text)
			}
		}
	})
}

func FuzzScreenText(f *testing.F) {
	f.Add("Denies SI. Wants to kill himself, but not today")
	f.Add("Niega ideación suicida; amenazó con matar a su hermano")
	f.Fuzz(func(t *testing.T, text string) {
		for _, h := range Screen(&mapping.Referral{Notes: []string{text}, Conditions: []mapping.Condition{{Text: text}}}) {
			if h.Level != Review || len(h.Quote) > quoteMax {
				t.Errorf("%q raises %+v", text, h)
			}
		}
	})
}
