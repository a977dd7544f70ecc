package roster

import (
	"fmt"
	"math"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsonscan"
	"github.com/convene-health/convene/mapping/match"
)

// Stored is what the fold reads of a decision.
type Stored struct {
	Key, Cause uint64
	// Record is nil where the decision was erased.
	Record  *Record
	Patient Patient
}

// DecodeDecision reads what the fold needs of a decision, and not what comes after it. It may run in parallel; interning
// waits for Fold.
func DecodeDecision(data []byte) (Stored, error) {
	d := Stored{Record: &Record{}}
	s := scanner{jsonscan.New(data)}
	s.Object(func(name []byte) {
		switch string(name) {
		case "key":
			d.Key = s.key('r')
		case "cause":
			d.Cause = s.Uint(math.MaxUint64)
		case "record":
			s.record(d.Record)
		case "patient":
			s.patient(&d.Patient)
			s.Stop()
		default:
			s.Skip()
		}
	})
	d.Record.Key = d.Key
	if s.Expect(d.Key > 0 && d.Record.Patient > 0 && d.Patient.Key > 0, "a key is missing"); s.Err() != nil {
		return Stored{}, fmt.Errorf("decision r%d: %w", d.Key, s.Err())
	}
	return d, nil
}

// RequestOf reads the referral in force out of a decision's bytes; nil where it has none.
func RequestOf(data []byte) (request []byte, err error) {
	s := jsonscan.New(data)
	s.Object(func(name []byte) {
		if raw := s.Raw(); string(name) == "referral" {
			request = raw
		}
	})
	if s.Err() != nil {
		return nil, fmt.Errorf("decision: %w", s.Err())
	}
	return request, nil
}

// CauseOf is the input that a decision names, and whether that input was about the decision's own referral.
func CauseOf(data []byte) (input uint64, own bool, err error) {
	s := jsonscan.New(data)
	s.Object(func(name []byte) {
		switch string(name) {
		case "cause":
			input = s.Uint(math.MaxUint64)
		case "own":
			own = s.True()
		case "record": // comes after both
			s.Stop()
		default:
			s.Skip()
		}
	})
	if s.Err() != nil {
		return 0, false, fmt.Errorf("decision: %w", s.Err())
	}
	return input, own, nil
}

// scanner reads the parts of a decision.
type scanner struct{ *jsonscan.Scanner }

func (s scanner) record(r *Record) {
	s.Object(func(name []byte) {
		switch string(name) {
		case "source":
			r.Source = string(s.Text())
		case "identity":
			r.Identity = s.hash()
		case "patient":
			r.Patient = s.key('p')
		case "content":
			r.Content = s.hash()
		case "superseded":
			s.Array(func() { r.Superseded = append(r.Superseded, s.hash()) })
		case "sent":
			r.Sent = s.Int()
		case "arrival":
			r.Arrival = s.Int()
		case "priority":
			r.Priority = mapping.Priority(s.Text())
		case "alerts":
			s.Array(func() { r.Alerts = append(r.Alerts, string(s.Text())) })
		case "doubts":
			s.Array(func() { r.Doubts = append(r.Doubts, string(s.Text())) })
		case "waived":
			s.Array(func() { r.Waived = append(r.Waived, string(s.Text())) })
		case "assignee":
			r.Assignee = string(s.Text())
		case "print":
			r.Print = s.Uint(math.MaxUint64)
		case "kin":
			s.Array(func() { r.Kin = append(r.Kin, s.hash()) })
		case "notLed":
			s.Array(func() { r.NotLed = append(r.NotLed, string(s.Text())) })
		case "staff":
			r.Staff = s.True()
		case "consents":
			s.Array(func() { r.Consents = append(r.Consents, s.consent()) })
		case "labels":
			s.Array(func() { r.Labels = append(r.Labels, string(s.Text())) })
		case "erased":
			r.Erased = s.True()
		case "placements":
			s.Array(func() { r.Placements = append(r.Placements, s.placement()) })
		case "facts":
			r.Need = new(match.Need)
			r.Need.Scan(s.Scanner)
		default:
			s.Skip()
		}
	})
}

func (s scanner) consent() (c Consent) {
	s.Object(func(name []byte) {
		switch string(name) {
		case "deny":
			c.Deny = s.True()
		case "part2":
			c.Part2 = s.True()
		case "whole":
			c.Whole = s.True()
		case "guardian":
			c.Guardian = s.True()
		case "recipients":
			s.Array(func() { c.Recipients = append(c.Recipients, s.hash()) })
		case "from":
			c.From = s.Int()
		case "until":
			c.Until = s.Int()
		default:
			s.Skip()
		}
	})
	return c
}

func (s scanner) placement() (p Placement) {
	s.Object(func(name []byte) {
		switch string(name) {
		case "id":
			id, err := ParsePlacementID(string(s.Text()))
			s.Expect(err == nil, "a placement id is expected")
			p.ID = id
		case "role":
			p.Role = mapping.Role(s.Text())
		case "status":
			p.Status = mapping.Status(s.Text())
		case "asked":
			p.Asked = string(s.Text())
		case "program":
			p.Program = string(s.Text())
		case "group":
			p.Group = string(s.Text())
		case "seat":
			p.Seat = s.True()
		case "arrival":
			p.Arrival = s.Int()
		case "opened":
			p.Opened = s.Int()
		case "first":
			p.First = s.Int()
		case "due":
			p.Due = s.Int()
		case "expires":
			p.Expires = s.Int()
		case "decideBy":
			p.By = s.Int()
		case "past":
			p.Past = s.past()
		default:
			s.Skip()
		}
	})
	return p
}

func (s scanner) past() *Past {
	var p Past
	s.Object(func(name []byte) {
		switch string(name) {
		case "attempts":
			p.Attempts = uint8(s.Uint(math.MaxUint8))
		case "attempted":
			p.Attempted = s.Int()
		case "declined":
			p.Declined = uint8(s.Uint(math.MaxUint8))
		case "not":
			s.Array(func() { p.Not = append(p.Not, string(s.Text())) })
		case "nominated":
			p.Nominated = string(s.Text())
		case "unchosen":
			s.Array(func() { p.Unchosen = append(p.Unchosen, string(s.Text())) })
		case "own":
			p.Own = s.True()
		case "accepted":
			p.Accepted = mapping.Answerer(s.Text())
		case "withheld":
			p.Withheld = s.True()
		case "sessions":
			s.Array(func() { p.Sessions = append(p.Sessions, s.session()) })
		default:
			s.Skip()
		}
	})
	return &p
}

func (s scanner) session() (x Session) {
	s.Object(func(name []byte) {
		switch string(name) {
		case "day":
			x.Day = uint32(s.Uint(math.MaxUint32))
		case "came":
			x.Came = Attendance(s.Uint(uint64(NotHeld)))
		default:
			s.Skip()
		}
	})
	return x
}

func (s scanner) patient(p *Patient) {
	s.Object(func(name []byte) {
		switch string(name) {
		case "key":
			p.Key = s.key('p')
		case "ids":
			s.Array(func() { p.IDs = append(p.IDs, s.hash()) })
		case "born":
			p.Born = uint32(s.Uint(math.MaxUint32))
		case "family":
			p.Family = uint32(s.Uint(math.MaxUint32))
		case "risks":
			s.Array(func() { p.Risks = append(p.Risks, s.risk()) })
		case "used":
			s.Array(func() { p.Used = append(p.Used, s.use()) })
		default:
			s.Skip()
		}
	})
}

func (s scanner) use() (u Use) {
	s.Object(func(name []byte) {
		switch string(name) {
		case "benefit":
			u.Benefit = string(s.Text())
		case "since":
			u.Since = s.Int()
		default:
			s.Skip()
		}
	})
	return u
}

func (s scanner) risk() (r Risk) {
	s.Object(func(name []byte) {
		switch string(name) {
		case "rule":
			r.Rule = string(s.Text())
		case "level":
			r.Level = match.Level(s.Text())
		case "referral":
			r.Referral = s.key('r')
		case "since":
			r.Since = s.Int()
		case "evidence":
			r.Evidence = s.Uint(math.MaxUint64)
		case "cleared":
			r.Cleared = s.Int()
		default:
			s.Skip()
		}
	})
	return r
}

func (s scanner) key(prefix byte) uint64 {
	key, err := ParseKey(prefix, string(s.Text()))
	s.Expect(err == nil, "a key is expected")
	return key
}

func (s scanner) hash() Hash {
	h, err := ParseHash(string(s.Text()))
	s.Expect(err == nil, "a hash is expected")
	return h
}
