package program

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// base is a catalog without a problem; each case below breaks one line of it.
const base = `network: testnet
zone: America/New_York
validFrom: 2026-11-09
organization: {name: Test Network}
holidays: [2026-11-26]
sources:
  - name: ehr-one
    codes: {DEP: depression}
assigners:
  - system: https://ids.test.example/mrn
    sources: [ehr-one]
policy:
  urgency: {urgent: {base: 40, rate: 2}}
sites:
  - id: main
    name: Main
    address: {state: MA}
    access: [wheelchair]
leaders:
  - id: ames
    family: Ames
    type: professional
    npi: "1234567893"
    licences:
      - {title: PsyD, state: MA, from: 2020-01-01, to: 2027-01-31}
  - id: peer
    family: Brook
    type: peer
programs:
  - id: depression-cbt
    from: cbt_group_depression
  - id: own-therapy
    name: Own therapy
    kind: therapy
    conditions: [anxiety]
    goals: [coping-strategies]
    curriculum: Own manual
    acceptance: offer
    codes: {hcpcs: [G0410], snomed: ["76168009"], cpt: ["90853"]}
    criteria: {ageFrom: 20, excludes: [eating_disorder, pregnancy], severity: [mild]}
  - id: circle
    from: condition_support_group
    name: Circle
groups:
  - id: cbt-1
    program: depression-cbt
    leader: ames
    sessions: {start: 2026-11-17, time: "17:30"}
    mode: in-person
    site: main
    seats: {min: 6, max: 8}
    languages: [en]
    cost: low
    access: [hearing]
  - id: own-1
    program: own-therapy
    leader: ames
    sessions: {start: 2026-11-19, time: "17:30", skip: [2026-11-26]}
    mode: telehealth
    link: https://join.test.example/own-1
  - id: circle-1
    program: circle
    sessions: {start: 2026-11-17, time: "18:00", every: monthly}
    mode: in-person
    site: main
`

func TestBaseHasNoProblem(t *testing.T) {
	if c, ps := Load([]byte(base)); c == nil || len(ps) > 0 {
		t.Fatalf("%v", ps)
	}
}

// Each rule by the one line that breaks it: what is replaced by what, the line that is blamed, code and hint.
func TestLint(t *testing.T) {
	tests := []struct {
		old, new string
		code     string
		path     string
		hint     string // a part of it
		warning  bool
	}{
		{"network: testnet", "network: Test_Net", "bad-network", "network", "lower-case", false},
		{"zone: America/New_York", "zone: America/Bostn", "bad-zone", "zone", "IANA", false},
		{"validFrom: 2026-11-09", "validFrom: 2026-02-30", "bad-date", "validFrom", "YYYY-MM-DD", false},
		{"validFrom: 2026-11-09", "validFrom: 0226-11-09", "bad-date", "validFrom", "1950", false},
		{"validFrom: 2026-11-09", "profil: base\nvalidFrom: 2026-11-09", "unknown-key", "profil", "did you mean profile?", false},
		{"validFrom: 2026-11-09", "profile: basic\nvalidFrom: 2026-11-09", "unknown-profile", "profile", "did you mean base?", false},
		{"organization: {name: Test Network}", "organization: {name: \"\"}", "required", "organization.name", "name", false},
		{"organization: {name: Test Network}", "organization: Test Network", "wrong-type", "organization", "key: value", false},
		{"[2026-11-26]\nsources", "[2026-11-26, 2026-11-26]\nsources", "duplicate", "holidays[1]", "remove", false},
		{"name: ehr-one", "name: _desk", "bad-source", "sources[0].name", "Convene's own", false},
		{"name: ehr-one", "name: EHR.One", "bad-source", "sources[0].name", "lower-case", false},
		{"{DEP: depression}", "{DEP: depresion}", "unknown-condition", "sources[0].codes.DEP", "did you mean depression?", false},
		{"    codes: {DEP", "    format: xml\n    codes: {DEP", "unknown-format", "sources[0].format", "fhir", false},
		{"    codes: {DEP", "    zone: Nowhere\n    codes: {DEP", "bad-zone", "sources[0].zone", "IANA", false},
		{"https://ids.test.example/mrn", "mrn", "bad-assigner", "assigners[0].system", "URI", false},
		{"https://ids.test.example/mrn", "http://hl7.org/fhir/sid/us-ssn", "bad-assigner", "assigners[0].system", "remove", false},
		{"sources: [ehr-one]", "sources: [ehr-on]", "unknown-source", "assigners[0].sources[0]", "did you mean ehr-one?", false},
		{"{urgent: {", "{soon: {", "unknown-priority", "policy.urgency.soon", "routine", false},
		{"rate: 2", "rate: 0", "bad-number", "policy.urgency.urgent", "starve", false},
		{"policy:", "policy:\n  postponeWeeks: -1", "bad-number", "policy.postponeWeeks", "0 to 26", false},
		{"policy:", "policy:\n  offerDays: -1", "bad-number", "policy.offerDays", "days", false},
		{"[wheelchair]", "[wheelchairs]", "unknown-access", "sites[0].access[0]", "did you mean wheelchair?", false},
		{"{state: MA}", "{state: Mass}", "bad-state", "sites[0].address.state", "USPS", false},
		{"{state: MA}", "{city: Boston}", "no-state", "groups[0].site", "address.state", false},
		{"  - id: peer", "  - id: ames", "duplicate-id", "leaders[1].id", "its own", false},
		{"type: peer", "type: volunteer", "unknown-leader-type", "leaders[1].type", "peer", false},
		{`"1234567893"`, `"1234567890"`, "bad-npi", "leaders[0].npi", "Luhn", false},
		{"from: 2020-01-01, to: 2027-01-31", "from: 2028-01-01, to: 2027-01-31", "date-order", "leaders[0].licences[0].to", "swap", false},
		{"to: 2027-01-31", "to: 2026-12-31", "licence-ends", "groups[0].leader", "renew", false},
		{"to: 2027-01-31", "to: 2026-11-01", "licence-inactive", "groups[0].leader", "renew", false},
		{"state: MA, from", "state: NH, from", "licence-state", "groups[0].leader", "MA", false},
		{"from: cbt_group_depression", "from: cbt_group_depresion", "unknown-template", "programs[0].from", "did you mean cbt_group_depression?", false},
		{"kind: therapy", "kind: theraphy", "unknown-kind", "programs[1].kind", "did you mean therapy?", false},
		{"[anxiety]", "[anxeity]", "unknown-condition", "programs[1].conditions[0]", "did you mean anxiety?", false},
		{"goals: [coping-strategies]", "goals: [coping]", "unknown-goal", "programs[1].goals[0]", "goals", false},
		{"    goals: [coping-strategies]\n", "", "no-goals", "programs[1].goals", "goals", false},
		{"    curriculum: Own manual\n", "", "no-curriculum", "programs[1].curriculum", "manual", false},
		{"    name: Own therapy\n", "", "required", "programs[1].name", "name", false},
		{"kind: therapy\n    conditions: [anxiety]\n    goals: [coping-strategies]", "kind: therapy", "serves-nothing", "programs[1]", "conditions, goals", false},
		{"acceptance: offer", "acceptance: maybe", "unknown-acceptance", "programs[1].acceptance", "auto", false},
		{"acceptance: offer", "attendance: never", "unknown-attendance", "programs[1].attendance", "drop-in", false},
		{"acceptance: offer", "participant: friend", "unknown-participant", "programs[1].participant", "family", false},
		{"[G0410]", "[G041]", "bad-hcpcs", "programs[1].codes.hcpcs[0]", "G0109", false},
		{`"76168009"`, `"76168008"`, "bad-snomed", "programs[1].codes.snomed[0]", "check digit", false},
		{`"90853"`, `"9085"`, "bad-cpt", "programs[1].codes.cpt[0]", "90853", false},
		{"ageFrom: 20", "ageFrom: 20, ageTo: 19", "age-order", "programs[1].criteria.ageTo", "ageFrom", false},
		{"ageFrom: 20", "ageFrom: 16", "age-mix", "programs[1].criteria.ageFrom", "17", false},
		{"ageFrom: 20", "ageFrom: twenty", "wrong-type", "programs[1].criteria.ageFrom", "whole number", false},
		{"pregnancy]", "pregnant]", "unknown-exclusion", "programs[1].criteria.excludes[1]", "did you mean pregnancy?", false},
		{"[mild]", "[slight]", "unknown-severity", "programs[1].criteria.severity[0]", "mild", false},
		{"  - id: own-1", "  - id: cbt-1", "duplicate-id", "groups[1].id", "its own", false},
		{"  - id: own-1", "  - id: own 1", "bad-id", "groups[1].id", "hyphen", false},
		{"program: depression-cbt", "program: depression-cbd", "unknown-program", "groups[0].program", "did you mean depression-cbt?", false},
		{"leader: ames\n    sessions: {start: 2026-11-17", "leader: aimes\n    sessions: {start: 2026-11-17", "unknown-leader", "groups[0].leader", "did you mean ames?", false},
		{"leader: ames\n    sessions: {start: 2026-11-17", "leader: peer\n    sessions: {start: 2026-11-17", "no-licence", "groups[0].leader", "licence", false},
		{"leader: ames\n    sessions: {start: 2026-11-19", "sessions: {start: 2026-11-19", "no-licence", "groups[1].leader", "licence", false},
		{"site: main\n    seats", "site: man\n    seats", "unknown-site", "groups[0].site", "did you mean main?", false},
		{"    site: main\n    seats", "    seats", "no-site", "groups[0].site", "telehealth", false},
		{"mode: telehealth", "mode: video", "unknown-mode", "groups[1].mode", "telehealth", false},
		{"{min: 6, max: 8}", "{min: 6, max: 5}", "seats-order", "groups[0].seats.max", "at least min", false},
		{"{min: 6, max: 8}", "{min: 6, max: 16}", "seats-limit", "groups[0].seats.max", "at most 15", false},
		{"{min: 6, max: 8}", "{min: -6}", "bad-number", "groups[0].seats", "1 or more", false},
		{"languages: [en]", "languages: [English]", "bad-language", "groups[0].languages[0]", "es", false},
		{"languages: [en]", "languages: en", "wrong-type", "groups[0].languages", "list", false},
		{"cost: low", "cost: cheap", "unknown-cost", "groups[0].cost", "free", false},
		{"cost: low", "gender: women", "unknown-gender", "groups[0].gender", "female", false},
		{"access: [hearing]", "access: [deaf]", "unknown-access", "groups[0].access[0]", "hearing", false},
		{`start: 2026-11-17, time: "17:30"`, `start: 2026-11-31, time: "17:30"`, "bad-date", "groups[0].sessions.start", "YYYY-MM-DD", false},
		{`start: 2026-11-17, time: "17:30"`, `start: 2026-11-17, time: "5pm"`, "bad-time", "groups[0].sessions.time", "18:30", false},
		{`start: 2026-11-17, time: "17:30"`, `start: 2026-11-17, time: "17:30", end: 2026-11-10`, "date-order", "groups[0].sessions.end", "on or after", false},
		{`start: 2026-11-17, time: "17:30"`, `start: 2026-11-17, second: 2026-11-17, time: "17:30"`, "date-order", "groups[0].sessions.second", "after start", false},
		{`start: 2026-11-17, time: "17:30"`, `start: 2026-11-17, second: soon, time: "17:30"`, "bad-date", "groups[0].sessions.second", "real day", false},
		{`start: 2026-11-17, time: "18:00"`, `start: 2026-11-17, second: 2026-12-15, time: "18:00"`, "second-closed", "groups[2].sessions.second", "leave", false},
		{`start: 2026-11-17, time: "17:30"`, `start: 2026-11-17, second: 2027-01-05, time: "17:30"`, "second-start", "groups[0].sessions.second", "licence", true},
		{`start: 2026-11-17, time: "17:30"`, `start: 2026-11-17, time: "17:30", count: -1`, "bad-number", "groups[0].sessions.count", "0 to", false},
		{`start: 2026-11-17, time: "17:30"`, `start: 2026-11-17, time: "17:30", each: 3`, "each-rolling", "groups[0].sessions.each", "leave", false},
		{`start: 2026-11-17, time: "17:30"`, `start: 2026-11-17, time: "17:30", skip: [soon]`, "bad-date", "groups[0].sessions.skip[0]", "YYYY-MM-DD", false},
		{"    type: professional\n", "    type: professional\n    languages: [es]\n", "leader-language", "groups[0].languages[0]", "another leader", true},
		{"    type: professional\n", "    type: professional\n    languages: [Spanish]\n", "bad-language", "leaders[0].languages[0]", "es", false},
		{"skip: [2026-11-26]", "skip: [2026-11-26], moved: [{date: 2026-12-01, to: 2026-12-02}]", "no-session", "groups[1].sessions.moved[0].date", "near it: 2026-11-19, 2026-12-03", false},
		{"skip: [2026-11-26]", "moved: [{date: 2026-11-19, to: 2026-11-26}]", "holiday", "groups[1].sessions.moved[0].to", "another day", false},
		{"skip: [2026-11-26]", "skip: [2026-11-26], moved: [{date: 2026-11-19, to: 2026-12-03, time: '9:00'}]", "session-clash", "groups[1].sessions.moved[0].to", "by the day", false},
		{"skip: [2026-11-26]", "moved: [{date: 2026-11-26, to: 2026-11-27}, {date: 2026-11-26, to: 2026-11-28}]", "moved-twice", "groups[1].sessions.moved[1].date", "keep one", false},
		{"skip: [2026-11-26]", "skip: [2026-11-26], moved: [{date: 2026-11-26, to: 2026-11-27}]", "moved-skipped", "groups[1].sessions.moved[0].date", "out of skip", true},
		{"skip: [2026-11-26]", "skip: [2026-11-26], moved: [{date: 2026-11-19, to: 2026-11-19}]", "moved-nowhere", "groups[1].sessions.moved[0].to", "out of moved", true},
		{"skip: [2026-11-26]", "skip: [2026-11-26], moved: [{date: 2026-11-19, to: soon}]", "bad-date", "groups[1].sessions.moved[0].to", "YYYY-MM-DD", false},
		{"skip: [2026-11-26]", "skip: [2026-11-26], moved: [{date: 2026-11-19, to: 2026-11-20, time: noon}]", "bad-time", "groups[1].sessions.moved[0].time", "the group's", false},
		{"skip: [2026-11-26]", "skip: [2026-11-26], end: 2027-03-01, moved: [{date: 2026-11-19, to: 2027-03-02}]", "date-order", "groups[1].sessions.moved[0].to", "sessions.end", false},
		{"skip: [2026-11-26]", "skip: [2026-11-26], count: 3, moved: [{date: 2026-12-10, to: 2031-01-10}]", "licence-ends", "groups[1].leader", "", false},
		{", skip: [2026-11-26]", "", "holiday", "groups[1].sessions.skip", "skip: [2026-11-26]", false},
		{"every: monthly", "every: month", "unknown-every", "groups[2].sessions.every", "did you mean monthly?", false},
		{"cost: low", "enrolment: shut", "unknown-enrolment", "groups[0].enrolment", "closed", false},
		{"cost: low", "enrolment: open", "open-therapy", "groups[0].enrolment", "rolling", false},
		{"    site: main\n" + "$", "    site: main\n    enrolment: closed\n", "closed-count", "groups[2].sessions.count", "count", false},
		{"    site: main\n" + "$", "    site: main\n    seats: {min: 3}\n", "open-min", "groups[2].seats.min", "leave", false},
		{"    name: Circle", "    name: Circle\n    acceptance: offer", "open-offer", "groups[2].enrolment", "auto", false},
		{"    link: https://join.test.example/own-1\n", "", "no-link", "groups[1]", "join", true},
		{"start: 2026-11-17, time: \"17:30\"", "start: 2026-01-06, time: \"17:30\"", "past", "groups[0].sessions.start", "dates", true},
		{"  - id: circle\n", "  - id: spare\n    from: cdsmp\n  - id: circle\n", "no-group", "programs[2]", "group", true},
		{"name: Own therapy", "name: Worry and HIV", "name-reveals", "programs[1].name", "calendars", false},
		{"cost: low", "name: After self-harm", "name-reveals", "groups[0].name", "what is done", false},
		{"example/own-1", "example/sober-friends", "name-reveals", "groups[1].link", "calendars", false},
		{"name: Main", "name: House of recovery from addiction", "name-reveals", "groups[0].site", "calendars", false},
		{"cost: low", "name: Mood and migraine", "name-off-topic", "groups[0].name", "conditions", true},
		{"name: Own therapy\n    kind: therapy\n    conditions: [anxiety]", "name: Life with HIV\n    kind: therapy\n    conditions: [hiv]", "name-sensitive", "programs[1].name", "discreet", true},
		{"cost: low", "cost: low\n    cost: free", "duplicate-key", "groups[0].cost", "one of them", false},
		{"cost: low", "cost: *cheap", "unknown-alias", "groups[0].cost", "&cheap", false},
	}
	for _, tt := range tests {
		t.Run(tt.code+" "+tt.path, func(t *testing.T) {
			text := replaceOnce(t, tt.old, tt.new)
			line := lineOf(text, tt.path, tt.code == "duplicate-key")
			c, ps := Load([]byte(text))
			if (c != nil) != tt.warning {
				t.Errorf("loaded: %v, warning: %v", c != nil, tt.warning)
			}
			var lines []string
			for _, p := range ps {
				if p.Code == tt.code && p.Path == tt.path {
					if p.Warning != tt.warning || !strings.Contains(p.Hint, tt.hint) || p.Text == "" || p.Column < 1 {
						t.Errorf("%+v", p)
					}
					if p.Line != line {
						t.Errorf("line %d, want %d: %s", p.Line, line, p)
					}
					return
				}
				lines = append(lines, p.String())
			}
			t.Errorf("not found among:\n%s", strings.Join(lines, "\n"))
		})
	}
}

// replaceOnce edits the base; an old text that ends with $ is replaced where it last occurs.
func replaceOnce(t *testing.T, old, new string) string {
	t.Helper()
	i := strings.Index(base, old)
	if trimmed, atEnd := strings.CutSuffix(old, "$"); atEnd {
		old = trimmed
		i = strings.LastIndex(base, old)
	}
	if i < 0 {
		t.Fatalf("%q is not in the base", old)
	}
	return base[:i] + new + base[i+len(old):]
}

// lineOf finds by plain search of text the line that a path stands on; of what is missing, the line of what lacks it.
func lineOf(text, path string, last bool) int {
	lines := strings.Split(text, "\n")
	at, end := 0, len(lines)
	for _, part := range strings.Split(path, ".") {
		key, rest, list := strings.Cut(part, "[")
		found := -1
		for i := at; i < end && (found < 0 || last); i++ {
			if strings.Contains(lines[i], key+":") && (at > 0 || strings.HasPrefix(lines[i], key)) {
				found = i
			}
		}
		if found < 0 {
			break
		}
		at = found
		if !list || !strings.HasSuffix(lines[at], ":") {
			continue // a list in one line
		}
		n, _ := strconv.Atoi(strings.TrimSuffix(rest, "]"))
		dash := lines[at+1][:strings.Index(lines[at+1], "-")+1]
		for i := at + 1; i <= end; i++ {
			item := i < end && strings.HasPrefix(lines[i], dash)
			if item && n >= 0 {
				at = i
			}
			if n < 0 && (i == end || item || len(lines[i]) < len(dash) || lines[i][:len(dash)-1] != dash[:len(dash)-1]) {
				end = i
				break
			}
			if item {
				n--
			}
		}
	}
	return at + 1
}

func TestLinesOfWhatIsMissing(t *testing.T) {
	_, ps := Load([]byte(strings.Replace(base, "    curriculum: Own manual\n", "", 1)))
	want := 1 + strings.Count(base[:strings.Index(base, "  - id: own-therapy")], "\n")
	if len(ps) != 1 || ps[0].Line != want || ps[0].Column != 5 {
		t.Errorf("want line %d, column 5: %v", want, ps)
	}
}

func TestEveryProblemAtOnce(t *testing.T) {
	text := strings.NewReplacer("network: testnet", "network: T", "cost: low", "cost: cheap", "kind: therapy", "kind: x", "leader: ames", "leader: nobody", "time:", "tine:").Replace(base)
	c, ps := Load([]byte(text))
	if c != nil {
		t.Fatal("loaded")
	}
	codes := map[string]int{}
	for i, p := range ps {
		codes[p.Code]++
		if i > 0 && p.Line < ps[i-1].Line {
			t.Errorf("out of order: %s after %s", p, ps[i-1])
		}
	}
	want := map[string]int{"bad-network": 1, "unknown-cost": 1, "unknown-kind": 1, "unknown-leader": 2, "unknown-key": 3, "bad-time": 3}
	if fmt.Sprint(codes) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v\n%s", codes, want, ps.Error())
	}
	if err := ps.Err(); err == nil || !strings.Contains(err.Error(), "hint: ") {
		t.Errorf("error without hints: %v", err)
	}
}

func TestBrokenYAML(t *testing.T) {
	for _, tt := range []struct {
		text, code string
		line       int
	}{
		{"", "empty", 1},
		{"# nothing\n", "empty", 1},
		{"network: a\nzone: [b\nsources: {", "syntax", 3},
		{"network: a\n---\nnetwork: b\n", "syntax", 3},
		{"- a\n- b\n", "wrong-type", 1},
		{"just words", "wrong-type", 1},
	} {
		c, ps := Load([]byte(tt.text))
		if c != nil || len(ps) == 0 || ps[0].Code != tt.code {
			t.Errorf("%q: %v", tt.text, ps)
		} else if ps[0].Line != tt.line {
			t.Errorf("%q: line %d, want %d", tt.text, ps[0].Line, tt.line)
		}
	}
	if _, ps := Load(make([]byte, BytesMax+1)); len(ps) != 1 || ps[0].Code != "too-large" {
		t.Errorf("%v", ps)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(base))
	f.Add([]byte("a: &a [*a]\nb: *a"))
	f.Add([]byte("groups: [{sessions: {start: 2026-11-17, time: '10:00', every: twice-monthly}}]\nzone: UTC"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, ps := Load(data)
		if (c == nil) != (ps.Err() != nil) {
			t.Errorf("catalog %v with problems %v", c != nil, ps)
		}
	})
}
