package mapping

import (
	"fmt"
	"strings"
)

// Issue is one problem found in an input, with the place where it was found.
type Issue struct {
	// Path is where: a JSON path ("data.referral.patient.birthDate", "data.referral.conditions[2].code"),
	// later an HL7 v2 position or a FHIRPath.
	Path string `json:"path"`
	// Code is stable and kebab-case: "required", "wrong-type", "invalid-date", "too-large", ...
	Code string `json:"code"`
	// Text says what is wrong and, where it helps, what is expected. It never repeats a patient's data
	// beyond codes.
	Text string `json:"text"`
}

// Issues collects every problem of one input, in the order found.
type Issues []Issue

// Add appends one problem.
func (is *Issues) Add(path, code, format string, args ...any) {
	*is = append(*is, Issue{Path: path, Code: code, Text: fmt.Sprintf(format, args...)})
}

// Error lists all problems, one a line.
func (is Issues) Error() string {
	lines := make([]string, len(is))
	for i, x := range is {
		lines[i] = x.Path + ": " + x.Text + " (" + x.Code + ")"
	}
	return strings.Join(lines, "\n")
}

// Err is nil when there are no problems.
func (is Issues) Err() error {
	if len(is) == 0 {
		return nil
	}
	return is
}
