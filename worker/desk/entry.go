package desk

import (
	"strings"
	"sync/atomic"
	"time"

	json "github.com/goccy/go-json"

	"github.com/convene-health/convene/mapping"
)

// Entry is one confirmation as the desk lists it. It is not changed once it is on a board.
type Entry struct {
	Network string
	// Sequence in PLACEMENTS.
	Sequence uint64
	// ID of the CloudEvent.
	ID   string
	Time time.Time
	// Key of the referral, or of the input on a refusal.
	Key  string
	Data Confirmation
	// Name of the patient, from the decision of the same batch; empty where the desk shows no names.
	Name string

	rows [rowVariants]atomic.Pointer[[]byte] // as HTML, by language and whether names show
}

// Confirmation is what the desk reads of one; the bundle stays on the server.
type Confirmation struct {
	Referral struct {
		Key        string             `json:"key"`
		Identifier mapping.Identifier `json:"identifier"`
		Source     string             `json:"source"`
	} `json:"referral"`
	Placement struct {
		ID   string       `json:"id"`
		Role mapping.Role `json:"role"`
	} `json:"placement"`
	Status   mapping.Status   `json:"status"`
	Previous mapping.Status   `json:"previousStatus"`
	Priority mapping.Priority `json:"priority"`
	Program  struct {
		ID   string       `json:"id"`
		Name string       `json:"name"`
		Kind mapping.Kind `json:"kind"`
	} `json:"program"`
	Group struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Seats struct {
			Taken int `json:"taken"`
			Max   int `json:"max"`
		} `json:"seats"`
	} `json:"group"`
	First struct {
		Start  time.Time `json:"start"`
		Place  string    `json:"place"`
		Leader string    `json:"leader"`
	} `json:"firstSession"`
	Sessions []mapping.SessionChange `json:"sessions"`
	Waitlist struct {
		Position int `json:"position"`
	} `json:"waitlist"`
	Expires   time.Time        `json:"expires"`
	Reasons   []mapping.Reason `json:"reasons"`
	Issues    []mapping.Issue  `json:"issues"`
	DecidedBy string           `json:"decidedBy"`
	Cause     struct {
		Sequence uint64 `json:"sequence"`
	} `json:"cause"`
}

// parseEntry reads a stored confirmation.
func parseEntry(network string, sequence uint64, data []byte) (*Entry, error) {
	var event struct {
		ID      string       `json:"id"`
		Time    time.Time    `json:"time"`
		Subject string       `json:"subject"`
		Data    Confirmation `json:"data"`
	}
	if err := json.Unmarshal(data, &event); err != nil {
		return nil, err
	}
	return &Entry{Network: network, Sequence: sequence, ID: event.ID, Time: event.Time, Key: event.Subject, Data: event.Data}, nil
}

// parseName reads the patient's name of a decision: "Family, Given".
func parseName(decision []byte) (key, name string) {
	var d struct {
		Key      string `json:"key"`
		Referral struct {
			Patient struct {
				Name mapping.Name `json:"name"`
			} `json:"patient"`
		} `json:"referral"`
	}
	if json.Unmarshal(decision, &d) != nil {
		return "", ""
	}
	return d.Key, fullName(d.Referral.Patient.Name)
}

func fullName(n mapping.Name) string {
	given := strings.Join(n.Given, " ")
	switch {
	case n.Family == "":
		return given
	case given == "":
		return n.Family
	}
	return n.Family + ", " + given
}

// Refused reports whether it answers an input that could not be read or obeyed.
func (e *Entry) Refused() bool { return e.Data.Status == mapping.Refused }

// matches reports whether the text stands in what the row shows.
func (e *Entry) matches(text string, names bool) bool {
	text = strings.ToLower(text)
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), text) }
	if has(e.Key) || has(e.Data.Program.Name) || has(e.Data.Group.ID) || has(e.Data.Group.Name) || names && has(e.Name) {
		return true
	}
	for _, r := range e.Data.Reasons {
		if has(r.Text) || has(r.Code) {
			return true
		}
	}
	return false
}

// fullNameForward is "Given Family", for those who are not patients.
func fullNameForward(n mapping.Name) string {
	return strings.TrimSpace(strings.Join(n.Given, " ") + " " + n.Family)
}
