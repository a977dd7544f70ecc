package roster

import (
	"fmt"

	json "github.com/goccy/go-json"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
)

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
	Print      uint64          `json:"print,omitempty"`
	Erased     bool            `json:"erased,omitempty"`
	Placements []placementWire `json:"placements"`
	Need       *match.Need     `json:"facts,omitempty"`
}

type placementWire struct {
	ID      string `json:"id"`
	Role    string `json:"role"`
	Status  string `json:"status"`
	Asked   string `json:"asked,omitempty"`
	Program string `json:"program,omitempty"`
	Group   string `json:"group,omitempty"`
	Seat    bool   `json:"seat,omitempty"`
	Arrival int64  `json:"arrival"`
	Opened  int64  `json:"opened"`
	First   int64  `json:"first,omitempty"`
	Due     int64  `json:"due,omitempty"`
}

type patientWire struct {
	Key    string     `json:"key"`
	IDs    []Hash     `json:"ids,omitempty"`
	Born   uint32     `json:"born,omitempty"`
	Family uint32     `json:"family,omitempty"`
	Risks  []riskWire `json:"risks,omitempty"`
}

type riskWire struct {
	Rule     string      `json:"rule"`
	Level    match.Level `json:"level"`
	Referral string      `json:"referral"`
	Since    int64       `json:"since"`
}

// Stored is what the fold reads of a decision.
type Stored struct {
	Key, Cause uint64
	// Record is nil where the decision was erased.
	Record  *Record
	Patient Patient
}

// storedWire leaves out what explains.
type storedWire struct {
	Key     string      `json:"key"`
	Cause   uint64      `json:"cause"`
	Record  recordWire  `json:"record"`
	Patient patientWire `json:"patient"`
}

// DecodeDecision reads what the fold needs of a decision. It may run in parallel; interning waits for Fold.
func DecodeDecision(data []byte) (Stored, error) {
	var w storedWire
	if err := json.UnmarshalNoEscape(data, &w); err != nil {
		return Stored{}, fmt.Errorf("decision: %w", err)
	}
	return w.stored()
}

func (w *storedWire) stored() (Stored, error) {
	key, err := ParseKey('r', w.Key)
	if err != nil {
		return Stored{}, fmt.Errorf("decision: %w", err)
	}
	rec := &Record{
		Key: key, Source: w.Record.Source, Identity: w.Record.Identity, Content: w.Record.Content, Superseded: w.Record.Superseded,
		Sent: w.Record.Sent, Arrival: w.Record.Arrival, Priority: mapping.Priority(w.Record.Priority), Alerts: w.Record.Alerts,
		Doubts: w.Record.Doubts, Need: w.Record.Need, Print: w.Record.Print, Erased: w.Record.Erased,
		Placements: make([]Placement, len(w.Record.Placements)),
	}
	if rec.Patient, err = ParseKey('p', w.Record.Patient); err != nil {
		return Stored{}, fmt.Errorf("decision %s: %w", w.Key, err)
	}
	for i, p := range w.Record.Placements {
		id, err := ParsePlacementID(p.ID)
		if err != nil {
			return Stored{}, fmt.Errorf("decision %s: %w", w.Key, err)
		}
		rec.Placements[i] = Placement{id, mapping.Role(p.Role), mapping.Status(p.Status), p.Asked, p.Program, p.Group, p.Seat, p.Arrival, p.Opened, p.First, p.Due}
	}
	out := Stored{Key: key, Cause: w.Cause, Record: rec, Patient: Patient{IDs: w.Patient.IDs, Born: w.Patient.Born, Family: w.Patient.Family}}
	if out.Patient.Key, err = ParseKey('p', w.Patient.Key); err != nil {
		return Stored{}, fmt.Errorf("decision %s: %w", w.Key, err)
	}
	for _, r := range w.Patient.Risks {
		ref, _ := ParseKey('r', r.Referral)
		out.Patient.Risks = append(out.Patient.Risks, Risk{r.Rule, r.Level, ref, r.Since})
	}
	return out, nil
}

// RequestOf reads the referral in force out of a decision's bytes.
func RequestOf(data []byte) ([]byte, error) {
	var w struct {
		Request json.RawMessage `json:"referral"`
	}
	if err := json.Unmarshal(data, &w); err != nil {
		return nil, fmt.Errorf("decision: %w", err)
	}
	return w.Request, nil
}

// CauseOf is the input that a decision names, and whether that input was about the decision's own referral.
func CauseOf(data []byte) (input uint64, own bool, err error) {
	var w struct {
		Cause uint64 `json:"cause"`
		Own   bool   `json:"own"`
	}
	if err := json.Unmarshal(data, &w); err != nil {
		return 0, false, fmt.Errorf("decision: %w", err)
	}
	return w.Cause, w.Own, nil
}
