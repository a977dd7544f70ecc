package program

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/convene-health/convene/mapping"
)

// nameWord is a row of names.csv: words by which a name gives away conditions.
type nameWord struct {
	phrases    [][]string // in lower case; a last word that ends in * stands for all that begin so
	conditions []string   // that are meant; none: no group has it as its topic
	tells      string
}

// How much a word of a name tells.
const (
	// tellsSensitive may stand in a name only where it is the group's topic: elsewhere the catalog is refused. source: assumption
	tellsSensitive = "sensitive"
	// tellsDiscreet is better not said in what others see of a participant, even where it is the topic: HIV, substance use,
	// psychosis, suicide, violence. source: assumption
	tellsDiscreet = "discreet"
)

func (t *Tables) readNames() {
	for _, r := range readTable("names.csv") {
		w := nameWord{conditions: r.list("conditions"), tells: r["tells"]}
		switch w.tells {
		case "", tellsSensitive, tellsDiscreet:
		default:
			panic("data/names.csv: " + w.tells + " is nothing that a word tells")
		}
		for _, phrase := range r.list("words") {
			w.phrases = append(w.phrases, strings.Fields(phrase))
		}
		t.nameWords = append(t.nameWords, w)
	}
}

// told is what a text gives away, and by which of its words.
type told struct {
	by   string
	word *nameWord
}

// toldBy reads a text word by word; of the phrases that begin at one word the longest counts.
func (t *Tables) toldBy(text string) (all []told) {
	words := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	for at := 0; at < len(words); {
		next, length := told{}, 0
		for i := range t.nameWords {
			for _, phrase := range t.nameWords[i].phrases {
				if len(phrase) > length && begins(words[at:], phrase) {
					next, length = told{strings.Join(words[at:at+len(phrase)], "-"), &t.nameWords[i]}, len(phrase)
				}
			}
		}
		if length > 0 {
			all = append(all, next)
		}
		at += max(length, 1)
	}
	return all
}

// begins reports whether words begin with a phrase.
func begins(words, phrase []string) bool {
	if len(words) < len(phrase) {
		return false
	}
	for i, p := range phrase {
		stem, open := strings.CutSuffix(p, "*")
		if open && !strings.HasPrefix(words[i], stem) || !open && words[i] != p {
			return false
		}
	}
	return true
}

// names checks what others see of a participant: the name of the group stands in calendars, appointments and reminders, its
// link and its site beside it. It may give away no condition but the group's own topic ("Do not embarrass an individual
// member"). What is told of another condition that is sensitive is refused; the rest is a warning, and where family takes part
// none: it is not theirs. The ids of programs and groups go to referrers alone and may say anything.
func (l *linter) names() {
	for i := range l.catalog.Programs {
		p := &l.catalog.Programs[i]
		l.name(p.Name, p, false, "programs", i, "name")
	}
	for i := range l.catalog.Groups {
		g := &l.catalog.Groups[i]
		p, ok := l.catalog.Program(g.Program)
		if !ok {
			continue
		}
		if g.Name != p.Name {
			l.name(g.Name, p, false, "groups", i, "name")
		}
		l.name(g.Link, p, true, "groups", i, "link")
		if s, ok := l.catalog.Site(g.Site); ok {
			l.name(s.Name, p, true, "groups", i, "site")
		}
	}
}

// name checks one text; in some only what is sensitive counts.
func (l *linter) name(text string, p *Program, sensitive bool, path ...any) {
	for _, x := range shipped().toldBy(text) {
		topic := slices.ContainsFunc(x.word.conditions, func(c string) bool { return slices.Contains(p.Conditions, c) })
		switch {
		case !topic && x.word.tells != "":
			l.problem("name-reveals", "name it by what is done there: calendars and appointments show it to others",
				fmt.Sprintf("the word %s is sensitive and not the topic of %q", x.by, p.ID), path...)
		case sensitive, topic && x.word.tells != tellsDiscreet, !topic && p.Participant == mapping.ParticipantFamily:
		case !topic:
			l.warning("name-off-topic", "add the condition to conditions of the program, or leave it out of the name",
				fmt.Sprintf("the word %s is not the topic of %q", x.by, p.ID), path...)
		default:
			l.warning("name-sensitive", "a discreet name: calendars and appointments show it to others",
				fmt.Sprintf("the word %s tells whoever sees it", x.by), path...)
		}
	}
}
