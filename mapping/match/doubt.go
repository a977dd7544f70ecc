package match

import (
	"slices"

	"github.com/convene-health/convene/mapping"
)

// doubts explain why there is no group: facts that would help, or what a person must decide. A code that is not known is
// the reason only where nothing else of the referral is for a program.
func (s *search) doubts(r *Result) {
	n := s.need
	if len(n.Conditions) == 0 && n.Goals == 0 {
		r.Review = append(r.Review, ruleNothingAsked.reason())
	}
	missing, silent, peers := s.almost()
	if missing != 0 {
		r.NeedsInfo = missing.reasons()
		if silent == 0 {
			return
		}
	}
	r.Review = append(r.Review, (silent | peers).reasons()...)
	if n.Unknown && !s.overlaps() {
		r.Review = append(r.Review, ruleUnknownCode.reason())
	}
	if len(r.Review) == 0 {
		r.Review = append(r.Review, ruleNoGroup.reason())
	}
	if silent == 0 {
		r.Causes = s.causes(r.Review)
	}
}

// overlaps: some program is for a condition or goal of the need.
func (s *search) overlaps() bool {
	return slices.ContainsFunc(s.prospect, func(p prospect) bool { return !p.why.has(ruleOverlap) })
}

// almost looks, in the best programs that have any, for groups that only something unknown keeps the patient out of:
// of the patient (missing) or of the group (silent). peers say why a group is out that could only stand beside a licensed
// one, or be chosen.
func (s *search) almost() (missing, silent, peers why) {
	for i := range s.prospect {
		p := &s.prospect[i]
		if p.why&^(patientUnknown|groupUnknown|peerOnly) != 0 {
			continue
		}
		for _, part := range s.joinable(p.program) {
			for at := part.start; at < part.end; at++ {
				w := s.why(p, at)
				if w&^peerOnly == 0 {
					peers |= w
				}
				if w&^(patientUnknown|groupUnknown) == 0 {
					missing |= w & patientUnknown
					silent |= w & groupUnknown
				}
			}
		}
		if missing|silent != 0 {
			break
		}
	}
	return missing, silent, peers
}

// Why says outward what the chosen group does for the patient: the conditions and goals that its program serves.
func (r *Result) Why() []mapping.Reason {
	if r.Chosen < 0 {
		return nil
	}
	t := shipped()
	out := make([]mapping.Reason, 0, 4)
	for c := range t.conditions {
		if r.named.has(uint8(c)) {
			out = append(out, t.conditionReasons[c])
		}
		if r.open.has(uint8(c)) {
			out = append(out, t.anyReasons[c])
		}
	}
	for rest := r.served; rest != 0; rest &= rest - 1 {
		out = append(out, t.goalReasons[rest.lowest()])
	}
	if r.Adjunct {
		out = append(out, ruleAdjunct.reason().Outward())
	}
	return out
}
