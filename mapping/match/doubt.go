package match

import "github.com/convene-health/convene/mapping"

// doubts explain why there is no group: facts that would help, or what a person must decide.
func (s *search) doubts(r *Result) {
	n := s.need
	if len(n.Conditions) == 0 && n.Goals == 0 {
		r.Review = append(r.Review, ruleNothingAsked.reason())
	}
	missing, first, licensedFirst := s.almost()
	if missing != 0 && first == 0 && !n.Unknown {
		r.NeedsInfo = missing.reasons()
		return
	}
	r.Review = append(r.Review, first.reasons()...)
	if licensedFirst {
		r.Review = append(r.Review, ruleLicensedFirst.reason())
	}
	if n.Unknown {
		r.Review = append(r.Review, ruleUnknownCode.reason())
	}
	if len(r.Review) == 0 {
		r.Review = append(r.Review, ruleNoGroup.reason())
	}
	if missing != 0 {
		r.NeedsInfo = missing.reasons()
	}
}

// almost looks, in the best programs that have any, for groups that only something unknown keeps the patient out of:
// of the patient (missing) or of the group (silent). peerOnly: some group is out only because no licensed leader is
// beside it.
func (s *search) almost() (missing, silent why, peerOnly bool) {
	for i := range s.prospect {
		p := &s.prospect[i]
		if p.why&^(patientUnknown|1<<ruleLicensedFirst) != 0 {
			continue
		}
		for _, part := range s.joinable(p.program) {
			for at := part.start; at < part.end; at++ {
				w := s.why(p, at)
				peerOnly = peerOnly || w == 1<<ruleLicensedFirst
				if w&^(patientUnknown|groupUnknown) == 0 {
					missing |= w & patientUnknown
					silent |= w & groupUnknown
				}
			}
		}
		if missing|silent != 0 {
			return missing, silent, peerOnly
		}
	}
	return missing, silent, peerOnly
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
	}
	for rest := r.served; rest != 0; rest &= rest - 1 {
		out = append(out, t.goalReasons[rest.lowest()])
	}
	if r.Adjunct {
		out = append(out, ruleAdjunct.reason().Outward())
	}
	return out
}
