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
	Record  recordWire      `json:"record"`
	Patient patientWire     `json:"patient"`
	Safety  []match.Hit     `json:"safety,omitempty"`
	Results []resultWire    `json:"results,omitempty"`
	Request json.RawMessage `json:"referral,omitempty"`
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
		Key: KeyOf('r', dec.Record.Key), Time: instant(dec.Time).Format(time.RFC3339Nano), Cause: dec.Cause, Own: dec.Own, Actor: dec.Actor,
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
		Sent: r.Sent, Arrival: r.Arrival, Priority: string(r.Priority), Alerts: r.Alerts, Doubts: r.Doubts, Print: r.Print, Erased: r.Erased,
		Placements: make([]placementWire, len(r.Placements)), Need: r.Need,
	}
	for i, p := range r.Placements {
		w.Placements[i] = placementWire{p.ID.String(), string(p.Role), string(p.Status), p.Asked, p.Program, p.Group, p.Seat, p.Arrival, p.Opened, p.First, p.Due}
	}
	return w
}

func toPatientWire(p Patient) patientWire {
	w := patientWire{Key: KeyOf('p', p.Key), IDs: p.IDs, Born: p.Born, Family: p.Family}
	for _, r := range p.Risks {
		w.Risks = append(w.Risks, riskWire{r.Rule, r.Level, KeyOf('r', r.Referral), r.Since})
	}
	return w
}
