package match

import (
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// saying is what an observation says of what its code names.
type saying uint8

const (
	unsaid  saying = iota // it stands without an answer
	yes                   // that it is so
	no                    // that it is not
	unclear               // neither can be read
)

// said reads the answer of an observation: a yes or a no of the usual value sets, by code or by word; a number is no where it is
// 0 and yes above.
func said(o *mapping.Observation) saying {
	switch {
	case o.Value != nil && *o.Value == 0:
		return no
	case o.Value != nil && *o.Value > 0:
		return yes
	case o.Value != nil:
		return unclear
	case o.Answer == nil:
		return unsaid
	}
	if s := sayings[o.Answer.Code]; s != unsaid {
		return s
	}
	for _, word := range [...]string{o.Answer.Code, o.Answer.Display} {
		if s := saidWords[strings.ToLower(strings.TrimSpace(word))]; s != unsaid {
			return s
		}
	}
	return unclear
}

// affirms reports whether an observation says that what its code names is so: by a yes, or, where the code is no question, by
// standing there without an answer.
func affirms(o *mapping.Observation) bool {
	s := said(o)
	return s == yes || s == unsaid && o.Code.System != mapping.SystemLOINC
}

// sayings by the codes of SNOMED CT qualifiers and of LOINC's answer lists.
var sayings = map[string]saying{
	"373066001": yes, "52101004": yes, "10828004": yes, "260373001": yes, // Yes, Present, Positive, Detected
	"LA33-6": yes, "LA9633-4": yes, "LA6576-8": yes, "LA11882-0": yes, "LA15173-0": yes, // and Pregnant
	"373067005": no, "2667000": no, "260385009": no, "260415000": no, "60001007": no, // No, Absent, Negative, Not detected, Not pregnant
	"LA32-8": no, "LA9634-2": no, "LA6577-6": no, "LA11883-8": no, "LA26683-5": no, "LA6568-5": no, // and Not at all
}

var saidWords = map[string]saying{
	"y": yes, "yes": yes, "true": yes, "positive": yes, "present": yes, "detected": yes, "pregnant": yes, "sí": yes, "si": yes,
	"n": no, "no": no, "false": no, "negative": no, "absent": no, "none": no, "not detected": no, "not pregnant": no, "not at all": no,
	"refused": no, "declined": no, "denied": no,
}

// finds reports whether an observation tells an event. Consent is a yes or it is none; another finding of ours is told by its
// answer, whatever that is but a no; the rest is affirmed. What is as late, or of no known day, and says no, overrules it.
func (w *normaliser) finds(hit program.FactCodeHit, o *mapping.Observation) bool {
	told := affirms(o)
	if hit.System == mapping.SystemFinding && hit.Fact != factGuardianConsent {
		told = said(o) != no
	}
	if !told {
		return false
	}
	for i := range w.referral.Observations {
		other := &w.referral.Observations[i]
		if other.Code.Code == o.Code.Code && other.Code.System == o.Code.System && said(other) == no &&
			(o.Date == "" || other.Date == "" || dayIn(other.Date) >= dayIn(o.Date)) {
			return false
		}
	}
	return true
}
