package mapping

import "slices"

// Security labels of HL7 v3 ActCode (https://terminology.hl7.org/CodeSystem-v3-ActCode.html), as R4 has them.
const (
	LabelPart2    = "42CFRPart2"
	LabelEmployee = "EMP"
	// LabelNoRedisclosure obliges who receives it not to disclose it again without consent; LabelPersist to keep the labels.
	LabelNoRedisclosure = "NORDSCLCD"
	LabelPersist        = "PERSISTLABEL"
)

// labelsPart2 are labels of data under 42 CFR Part 2.
var labelsPart2 = []string{LabelPart2, "42CFRPart2CD", "SUD", "ETHUD", "OPIOIDUD"}

// labelsKept are labels of what is not told again: psychotherapy notes, HIV, sexual assault or domestic violence, sickle cell.
var labelsKept = []string{"PSYTHPN", "HIV", "SDV", "SCA"}

// IsPart2 reports whether a label says that data is under 42 CFR Part 2.
func IsPart2(label string) bool { return slices.Contains(labelsPart2, label) }

// SecurityLabels of a referral and of the conditions that are told again, each once.
func (r *Referral) SecurityLabels() (labels []string) {
	add := func(list []string) {
		for _, l := range list {
			if !slices.Contains(labels, l) {
				labels = append(labels, l)
			}
		}
	}
	add(r.Labels)
	for i := range r.Conditions {
		if c := &r.Conditions[i]; !c.Kept() {
			add(c.Labels)
		}
	}
	return labels
}

// Kept reports whether a condition is labelled as one that is not told again.
func (c *Condition) Kept() bool {
	return slices.ContainsFunc(c.Labels, func(l string) bool { return slices.Contains(labelsKept, l) })
}
