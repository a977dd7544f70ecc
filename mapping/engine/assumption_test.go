package engine_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/program"
)

// TestAssumptions holds docs/assumptions.md against the data and the code: whatever they call an assumption is listed there,
// with its value, where it is and why, and nothing else. -update writes it.
func TestAssumptions(t *testing.T) {
	const path = module + "/docs/assumptions.md"
	got := assumptions(t)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/assumptions.md is not what data and code say; go test ./mapping/engine -run TestAssumptions -update writes it")
	}
	for _, s := range []string{"negationReach", "OfferDays", "safety.csv", "kinds.csv", "gambling_peer_support"} {
		if !bytes.Contains(got, []byte(s)) {
			t.Errorf("%s is not listed", s)
		}
	}
}

const assumptionsBegin = `# What is assumed, for a clinician to sign

Convene's clinical tables carry their sources. Where no source was found, or the sources disagree, somebody had to judge: each such
judgement is one line here, with its value, where it stands, and why. A licensed reviewer signs what they agree with and changes the rest
at the place named; catalogs can set the policies and every group's own numbers without touching the data. This file is written from the
data and the code by a test (` + "`go test ./mapping/engine -run TestAssumptions -update`" + `), which fails when they differ.

Reviewed by: ______________________  Licence: ______________________  Date: ______________________

`

// assumed is one judgement.
type assumed struct{ judgement, value, where, why string }

func assumptions(t *testing.T) []byte {
	var b bytes.Buffer
	b.WriteString(assumptionsBegin)
	n := 0
	section := func(title, intro string, rows []assumed) {
		if len(rows) == 0 {
			t.Errorf("%s: nothing is assumed, or it is not found", title)
		}
		fmt.Fprintf(&b, "## %s\n\n%s\n\n| | judgement | value | where | why |\n|---|---|---|---|---|\n", title, intro)
		for _, r := range rows {
			n++
			fmt.Fprintf(&b, "| %d | %s | %s | %s | %s |\n", n, cell(r.judgement), cell(r.value), cell(r.where), cell(r.why))
		}
		b.WriteByte('\n')
	}
	section("Policies", "What a network does unless its catalog's `policy` says otherwise.", assumedPolicies(t))
	section("Safety", "Codes and words that ask a person to look.", assumedSafety(t))
	section("Kinds of group", "Which kinds serve a condition, the preferred first, and which only beside a licensed group.", assumedKinds(t))
	section("Goals", "Which kinds of group a goal favours.", assumedGoals(t))
	section("Conditions", "Which conditions count as chronic, and so are served by programs for any chronic condition.", assumedConditions(t))
	section("Sizes and rhythms", "What a group has where its catalog and its program's template are silent.", assumedSizes(t))
	section("Programs", "Shipped programs of which not all is sourced.", assumedPrograms(t))
	section("Facts and minors", "Codes that gates read in a sense that no source gives them, and the ages from which a state lets a minor consent alone.", assumedFacts(t))
	section("Score", "How much each part weighs when several groups suit.", assumedScore())
	section("In the code", "Numbers and word lists that the code calls assumptions.", assumedInCode(t))
	if rows := assumedInYAML(t); len(rows) > 0 {
		section("Gates and consent", "Shipped rules in YAML.", rows)
	}
	return append(bytes.TrimSpace(b.Bytes()), '\n')
}

func cell(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.ReplaceAll(s, "|", `\|`)
}

// isAssumed reports whether a source owns to be none.
func isAssumed(source string) bool { return strings.Contains(strings.ToLower(source), "assumption") }

// table reads a shipped CSV file by column.
func table(t *testing.T, name string) (rows []map[string]string) {
	data, err := os.ReadFile(module + "/mapping/program/data/" + name)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[1:] {
		r := map[string]string{}
		for i, column := range lines[0] {
			r[column] = line[i]
		}
		rows = append(rows, r)
	}
	return rows
}

func listed(s string) string { return strings.ReplaceAll(s, ";", ", ") }

// policySentences say a policy in words that can be signed; one without is said as the code does.
var policySentences = map[string]string{
	"OfferDays":       "An offer holds a seat for this many business days.",
	"OfferDaysUrgent": "An offer to a referral that is urgent or more holds a seat for this many business days.",
	"HandoverDays":    "A drop-in placement counts as handed over, and so as completed, after this many days.",
	"CohortDays":      "A closed group below its minimum is put off, or else reported, this many days before its first session.",
	"PostponeWeeks":   "The start of a closed group below its minimum is put off by this many weeks, once.",
	"Declines":        "A patient may decline, or let expire, this many offers before a person calls them.",
	"ContactAttempts": "After this many attempts in a row that do not reach the patient, the referral closes as unreachable.",
	"CancelDays":      "A cancel of a referral that has not come yet is remembered for this many days.",
	"MissedSessions":  "This many sessions missed in a row release the seat where attendance is expected.",
}

func assumedPolicies(t *testing.T) (out []assumed) {
	defaults := reflect.ValueOf(program.Defaults())
	for _, f := range assumedFields(t, "Policy") {
		for _, name := range f.names {
			out = append(out, assumed{cmp.Or(policySentences[name], f.text), fmt.Sprint(reflect.Indirect(defaults.FieldByName(name))), "`policy." + strings.ToLower(name[:1]) + name[1:] + "`, program." + name, "no public source for the number was found"})
		}
	}
	for _, p := range mapping.Priorities {
		u := program.Defaults().Urgency[p]
		out = append(out, assumed{"A referral of priority " + string(p) + " has this many points in a waitlist at arrival, and gains as many each day.",
			fmt.Sprintf("%g, %g a day", u.Base, u.Rate), "`policy.urgency." + string(p) + "`, program.Defaults", "waits grow in priority at a rate set by need (Powers 2023); the numbers are ours"})
	}
	return out
}

func assumedSafety(t *testing.T) (out []assumed) {
	for _, r := range table(t, "safety.csv") {
		if isAssumed(r["status"]) {
			out = append(out, assumed{r["display"] + " raises " + r["rule"] + ".", r["level"] + " " + r["system"] + " " + r["code"], "safety.csv", r["status"]})
		}
	}
	for _, r := range match.SafetyTexts {
		if isAssumed(r.Source) {
			out = append(out, assumed{r.Text, r.Code, "match.SafetyTexts " + r.ID, r.Source})
		}
	}
	for _, r := range match.Rules {
		if isAssumed(r.Source) {
			out = append(out, assumed{r.Text, r.Code, "match.Rules " + r.ID, r.Source})
		}
	}
	return out
}

func assumedKinds(t *testing.T) (out []assumed) {
	names := map[string]string{}
	for _, c := range table(t, "conditions.csv") {
		names[c["key"]] = c["name"]
	}
	at := map[string]int{}
	for _, r := range table(t, "kinds.csv") {
		if !isAssumed(r["source"]) {
			continue
		}
		who := cmp.Or(names[r["condition"]], "Any condition")
		if r["goal"] != "" {
			who += " with the goal " + r["goal"]
		}
		value := listed(r["kinds"])
		if r["licensed"] == "yes" {
			value += "; with a licensed leader only"
		}
		if r["adjunct"] != "" {
			value += "; beside one: " + listed(r["adjunct"])
		}
		key := who + "\x00" + value + "\x00" + r["source"]
		if i, ok := at[key]; ok { // severities that are alike are one judgement
			out[i].judgement = strings.TrimSuffix(out[i].judgement, ".") + ", " + r["severity"] + "."
			continue
		}
		at[key] = len(out)
		out = append(out, assumed{who + ", severity " + cmp.Or(r["severity"], "any") + ".", value, "kinds.csv", r["source"]})
	}
	return out
}

func assumedGoals(t *testing.T) (out []assumed) {
	for _, r := range table(t, "goals.csv") {
		if isAssumed(r["mapping"]) {
			out = append(out, assumed{r["name"] + ".", listed(r["kinds"]), "goals.csv " + r["code"], "the goal is from \"" + r["source"] + "\", which does not say which kinds serve it"})
		}
	}
	return out
}

func assumedConditions(t *testing.T) (out []assumed) {
	for _, r := range table(t, "conditions.csv") {
		if isAssumed(r["chronic_source"]) {
			out = append(out, assumed{r["name"] + " is chronic: " + r["chronic"] + ".", r["chronic"], "conditions.csv " + r["key"], r["chronic_source"]})
		}
	}
	return out
}

func assumedSizes(t *testing.T) (out []assumed) {
	for _, r := range table(t, "kind-defaults.csv") {
		if isAssumed(r["source"]) {
			value := fmt.Sprintf("%s; seats %s to %s, never more than %s; %s minutes, %s, sessions %s; attendance %s", r["enrolment"], cmp.Or(r["seats_min"], "-"), cmp.Or(r["seats_max"], "-"),
				r["seats_limit"], r["minutes"], r["every"], cmp.Or(r["sessions"], "ongoing"), r["attendance"])
			out = append(out, assumed{"A group of kind " + r["kind"] + ".", value, "kind-defaults.csv", r["source"]})
		}
	}
	return out
}

func assumedPrograms(t *testing.T) (out []assumed) {
	for _, r := range table(t, "programs.csv") {
		if isAssumed(r["source"]) {
			out = append(out, assumed{r["name"] + ".", fmt.Sprintf("%s, %s; conditions %s; goals %s", r["kind"], r["enrolment"], listed(cmp.Or(r["conditions"], "-")), listed(r["goals"])), "programs.csv " + r["key"], r["source"]})
		}
	}
	return out
}

// assumedFacts lists codes of facts by what they are read as, and each state's age of consent.
func assumedFacts(t *testing.T) (out []assumed) {
	for _, r := range table(t, "facts.csv") {
		if isAssumed(r["source"]) {
			out = append(out, assumed{r["name"] + ".", r["system"] + " " + r["code"], "facts.csv " + r["fact"], r["source"]})
		}
	}
	for _, r := range table(t, "snomed-overlay.csv") {
		if r["table"] == "fact" && isAssumed(r["source"]) {
			out = append(out, assumed{r["display"] + ".", "SNOMED " + r["code"], "snomed-overlay.csv " + r["key"], r["source"]})
		}
	}
	care := map[string]string{program.CareMental: "outpatient mental health care", program.CareSubstance: "treatment of substance use"}
	for _, r := range table(t, "minor-consent.csv") {
		if isAssumed(r["source"]) {
			out = append(out, assumed{r["state"] + ": a minor consents alone to " + care[r["care"]] + ".", "from " + r["age_from"] + " years", "minor-consent.csv", r["source"]})
		}
	}
	return out
}

func assumedScore() (out []assumed) {
	for _, r := range match.ScoreParts {
		if isAssumed(r.Source) {
			out = append(out, assumed{r.Text, "points below, under In the code", "match.ScoreParts " + r.ID, r.Source})
		}
	}
	return out
}
