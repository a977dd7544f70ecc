package fhirtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// Rounds are the packages of profiles that a resource is held against, one round after the other: each version of US Core
// with all that is derived from it.
var Rounds = []string{
	"us-core-5.0.1+bser-2.0.0-ballot+sdoh-3.0.0",
	"us-core-7.0.0+bser-2.0.0-ballot+sdoh-3.0.0",
}

// Item is a resource to hold against profiles. Name says in problems which one it is.
type Item struct {
	Name     string          `json:"name"`
	Resource json.RawMessage `json:"resource"`
}

// Problem is what HAPI's validator says of an item.
type Problem struct {
	Name     string
	Round    string
	Severity string // warning, error, fatal
	Path     string // "Bundle.entry[9].resource/*Task/riverside-r1-1*/.businessStatus"
	Text     string
}

func (p Problem) String() string {
	return fmt.Sprintf("%s (%s): %s: %s: %s", p.Name, p.Round, p.Severity, p.Path, p.Text)
}

// Hold has every item validated by HAPI's instance validator (.ci/fhir) against base R4, the profiles it names, and US Core
// where it names none. It needs Java, Maven and the folder profiles of CONVENE_SHARED, by default the folder shared beside
// the repository, and fails the test without.
func Hold(t testing.TB, items iter.Seq[Item]) (problems []Problem) {
	t.Helper()
	root := repository(t)
	shared := os.Getenv("CONVENE_SHARED")
	if shared == "" {
		shared = filepath.Join(root, "..", "shared")
	}
	validate := exec.Command(filepath.Join(root, ".ci", "fhir", "validate"), append([]string{filepath.Join(shared, "profiles")}, Rounds...)...)
	in, err := validate.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := validate.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	validate.Stderr = &said
	if err := validate.Start(); err != nil {
		t.Fatal(err)
	}
	sent := make(chan int, 1)
	go func() {
		n, lines := 0, json.NewEncoder(in)
		for item := range items {
			if lines.Encode(item) != nil {
				break // it has died, which is told below
			}
			n++
		}
		in.Close()
		sent <- n
	}()
	done := -1
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var answer struct {
			Problem
			Done *int
		}
		if err := json.Unmarshal(lines.Bytes(), &answer); err != nil {
			t.Fatalf("%v in %s", err, lines.Bytes())
		}
		if answer.Done != nil {
			done = *answer.Done
		} else {
			problems = append(problems, answer.Problem)
		}
	}
	if err := validate.Wait(); err != nil || lines.Err() != nil {
		t.Fatalf("validate: %v, %v\n%s", err, lines.Err(), said.Bytes())
	}
	if n := <-sent; n != done {
		t.Fatalf("validate was given %d resources and answers for %d\n%s", n, done, said.Bytes())
	}
	return problems
}

// repository is the folder that holds go.mod.
func repository(t testing.TB) string {
	t.Helper()
	folder, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for ; filepath.Dir(folder) != folder; folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
	}
	t.Fatal("no go.mod above the test")
	return ""
}

// explained are the warnings that are known, each with why nothing is to be done. All others count as errors.
var explained = []struct {
	text *regexp.Regexp
	Why  string
}{
	{regexp.MustCompile(`^ValueSet 'http://(hl7\.org/fhir/us/(core|sdoh-clinicalcare)|cts\.nlm\.nih\.gov/fhir|hl7\.org/fhir)/ValueSet/[^']+' not found$`),
		"a value set of an extensible or preferred binding that is not among the profiles, or that licensed code systems make up"},
	{regexp.MustCompile(`^CodeSystem is unknown and can't be validated: (http://snomed\.info/sct|http://hl7\.org/fhir/sid/icd-(9|10)(-cm)?|http://loinc\.org|https://www\.cms\.gov/Medicare/Coding/HCPCSReleaseCodeSets) `),
		"a licensed code system, which is not here"},
	{regexp.MustCompile(`^CodeSystem is unknown and can't be validated: (https://convene\.health/fhir/|urn:|https?://[^ ]*\.example/)`),
		"a code system of Convene's or of a source's own"},
	{regexp.MustCompile(`^None of the codings provided are in the value set 'Task Business Status VS' .*#([2-7]\.0|5\.1\.[1-4]|5\.2), https://convene\.health/fhir/CodeSystem/placement-status#[a-z-]+\)$`),
		"BSeR's business status is in the value set; HAPI looks no further than that ours, beside it, is not"},
	{regexp.MustCompile(`^No code provided, and a code should be provided from the value set 'V3 Value SetPurposeOfUse' `),
		"a person's own words for why; no code says the same, and the binding is extensible"},
	{regexp.MustCompile(`^Coding has no system\. `),
		"the sender's coding has none, and is passed on as it came"},
	{regexp.MustCompile(`^None of the codings provided are in the value set 'IdentifierType' `),
		"the sender's type of identifier is of table 0203, of which R4's value set has a part; the binding is extensible"},
	{regexp.MustCompile(`^None of the codings provided are in the value set 'Patient Contact Relationship ' .*v3-RoleCode#GUARD\)$`),
		"a guardian, whom table 0131 does not have; the binding is extensible"},
	{regexp.MustCompile(`^The Coding provided \(http://terminology\.hl7\.org/CodeSystem/v3-ActCode#42CFRPart2(CD)?\) was not found in the value set 'SecurityLabels' `),
		"the label of 42 CFR Part 2 names a policy; R4's value set has sensitivities and obligations alone, and the binding is extensible"},
	{regexp.MustCompile(`^Error Cannot invoke "org\.hl7\.fhir\.r5\.model\.CodeSystem\.getConcept`),
		"HAPI fails at the type of a document, a code of LOINC, which is not here"},
	{regexp.MustCompile(`^Found multiple matching profiles for urn:uuid:[-0-9a-f]+ among choices: .*/SDOHCC-ObservationProgramEnrollmentStatus\b`),
		"the stand-ins for Gravity's other Observations ask for nothing, and match too"},
}

// Faults are the errors, and the warnings that nothing explains. It logs how often each explanation was used.
func Faults(t testing.TB, problems []Problem) (faults []Problem) {
	t.Helper()
	used := make([]int, len(explained))
next:
	for _, p := range problems {
		if p.Severity == "warning" {
			for i := range explained {
				if explained[i].text.MatchString(p.Text) {
					used[i]++
					continue next
				}
			}
		}
		faults = append(faults, p)
	}
	for i, n := range used {
		t.Logf("%6d warnings: %s", n, explained[i].Why)
	}
	return faults
}
