package roster

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
)

// decisionWire is a decision as it stands on the ledger: as encoding/json writes it.
type decisionWire struct {
	Key     string          `json:"key"`
	Time    string          `json:"time"`
	Cause   uint64          `json:"cause"`
	Own     bool            `json:"own,omitempty"`
	Actor   string          `json:"actor,omitempty"`
	Why     string          `json:"why,omitempty"`
	Notice  string          `json:"notice,omitempty"`
	Record  recordWire      `json:"record"`
	Patient patientWire     `json:"patient"`
	Safety  []match.Hit     `json:"safety,omitempty"`
	Results []resultWire    `json:"results,omitempty"`
	Request json.RawMessage `json:"referral,omitempty"`
}

// recordWire is a record in a decision.
type recordWire struct {
	Source     string          `json:"source,omitempty"`
	Identity   Hash            `json:"identity"`
	Patient    string          `json:"patient"`
	Content    Hash            `json:"content"`
	Superseded []Hash          `json:"superseded,omitempty"`
	Sent       int64           `json:"sent,omitempty"`
	Arrival    int64           `json:"arrival"`
	Priority   string          `json:"priority"`
	Alerts     []string        `json:"alerts,omitempty"`
	Doubts     []string        `json:"doubts,omitempty"`
	Waived     []string        `json:"waived,omitempty"`
	Assignee   string          `json:"assignee,omitempty"`
	Print      uint64          `json:"print,omitempty"`
	Kin        []Hash          `json:"kin,omitempty"`
	NotLed     []string        `json:"notLed,omitempty"`
	Staff      bool            `json:"staff,omitempty"`
	Consents   []consentWire   `json:"consents,omitempty"`
	Labels     []string        `json:"labels,omitempty"`
	Erased     bool            `json:"erased,omitempty"`
	Placements []placementWire `json:"placements"`
	Need       *match.Need     `json:"facts,omitempty"`
}

type consentWire struct {
	Deny       bool   `json:"deny,omitempty"`
	Part2      bool   `json:"part2,omitempty"`
	Whole      bool   `json:"whole,omitempty"`
	Guardian   bool   `json:"guardian,omitempty"`
	Recipients []Hash `json:"recipients,omitempty"`
	From       int64  `json:"from,omitempty"`
	Until      int64  `json:"until,omitempty"`
}

type placementWire struct {
	ID      string    `json:"id"`
	Role    string    `json:"role"`
	Status  string    `json:"status"`
	Asked   string    `json:"asked,omitempty"`
	Program string    `json:"program,omitempty"`
	Group   string    `json:"group,omitempty"`
	Seat    bool      `json:"seat,omitempty"`
	Arrival int64     `json:"arrival"`
	Opened  int64     `json:"opened"`
	First   int64     `json:"first,omitempty"`
	Due     int64     `json:"due,omitempty"`
	Expires int64     `json:"expires,omitempty"`
	By      int64     `json:"decideBy,omitempty"`
	Past    *pastWire `json:"past,omitempty"`
}

type pastWire struct {
	Attempts  uint8         `json:"attempts,omitempty"`
	Attempted int64         `json:"attempted,omitempty"`
	Declined  uint8         `json:"declined,omitempty"`
	Not       []string      `json:"not,omitempty"`
	Nominated string        `json:"nominated,omitempty"`
	Unchosen  []string      `json:"unchosen,omitempty"`
	Own       bool          `json:"own,omitempty"`
	Accepted  string        `json:"accepted,omitempty"`
	Withheld  bool          `json:"withheld,omitempty"`
	Sessions  []sessionWire `json:"sessions,omitempty"`
}

type sessionWire struct {
	Day  uint32 `json:"day"`
	Came uint8  `json:"came"`
}

func toPastWire(p *Past) *pastWire {
	if p == nil {
		return nil
	}
	w := &pastWire{p.Attempts, p.Attempted, p.Declined, p.Not, p.Nominated, p.Unchosen, p.Own, string(p.Accepted), p.Withheld, nil}
	for _, s := range p.Sessions {
		w.Sessions = append(w.Sessions, sessionWire{s.Day, uint8(s.Came)})
	}
	return w
}

type patientWire struct {
	Key    string     `json:"key"`
	IDs    []Hash     `json:"ids,omitempty"`
	Born   uint32     `json:"born,omitempty"`
	Family uint32     `json:"family,omitempty"`
	Risks  []riskWire `json:"risks,omitempty"`
	Used   []useWire  `json:"used,omitempty"`
}

type useWire struct {
	Benefit string `json:"benefit"`
	Since   int64  `json:"since"`
}

type riskWire struct {
	Rule     string      `json:"rule"`
	Level    match.Level `json:"level"`
	Referral string      `json:"referral"`
	Since    int64       `json:"since"`
	Evidence uint64      `json:"evidence,omitempty"`
	Cleared  int64       `json:"cleared,omitempty"`
}

type resultWire struct {
	Placement  string            `json:"placement"`
	Reasons    []mapping.Reason  `json:"reasons,omitempty"`
	Candidates []match.Candidate `json:"candidates,omitempty"`
	More       *match.More       `json:"more,omitempty"`
}

// Wire is what Append must write, by an encoder that is not ours.
func (dec *Decision) Wire(request []byte) ([]byte, error) {
	w := decisionWire{
		Key: KeyOf('r', dec.Record.Key), Time: instant(dec.Time).Format(time.RFC3339Nano), Cause: dec.Cause, Own: dec.Own, Actor: dec.Actor, Why: dec.Why, Notice: dec.Notice,
		Record: toRecordWire(dec.Record), Patient: toPatientWire(dec.Patient), Safety: dec.Hits, Request: request,
	}
	for _, r := range dec.Results {
		x := resultWire{Placement: r.Placement.String(), Reasons: r.Reasons}
		if r.Match != nil {
			x.Candidates, x.More = r.Match.Candidates, &r.Match.More
		}
		w.Results = append(w.Results, x)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(&w)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

func toRecordWire(r *Record) recordWire {
	w := recordWire{
		Source: r.Source, Identity: r.Identity, Patient: KeyOf('p', r.Patient), Content: r.Content, Superseded: r.Superseded,
		Sent: r.Sent, Arrival: r.Arrival, Priority: string(r.Priority), Alerts: r.Alerts, Doubts: r.Doubts, Waived: r.Waived, Assignee: r.Assignee, Print: r.Print, Kin: r.Kin, NotLed: r.NotLed, Staff: r.Staff, Labels: r.Labels, Erased: r.Erased,
		Placements: make([]placementWire, len(r.Placements)), Need: r.Need,
	}
	for _, c := range r.Consents {
		w.Consents = append(w.Consents, consentWire(c))
	}
	for i, p := range r.Placements {
		w.Placements[i] = placementWire{p.ID.String(), string(p.Role), string(p.Status), p.Asked, p.Program, p.Group, p.Seat, p.Arrival, p.Opened, p.First, p.Due, p.Expires, p.By, toPastWire(p.Past)}
	}
	return w
}

func toPatientWire(p Patient) patientWire {
	w := patientWire{Key: KeyOf('p', p.Key), IDs: p.IDs, Born: p.Born, Family: p.Family}
	for _, r := range p.Risks {
		w.Risks = append(w.Risks, riskWire{r.Rule, r.Level, KeyOf('r', r.Referral), r.Since, r.Evidence, r.Cleared})
	}
	for _, u := range p.Used {
		w.Used = append(w.Used, useWire(u))
	}
	return w
}
