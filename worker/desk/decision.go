package desk

import (
	"strings"
	"time"

	json "github.com/goccy/go-json"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
)

// decision is what the desk reads of one (roster.Decision.Append says how it is written).
type decision struct {
	Key     string         `json:"key"`
	Time    time.Time      `json:"time"`
	Cause   uint64         `json:"cause"`
	Own     bool           `json:"own"`
	Actor   string         `json:"actor"`
	Why     string         `json:"why"` // as the actor says
	Record  decisionRecord `json:"record"`
	Patient struct {
		Key   string `json:"key"`
		Risks []struct {
			Rule  string `json:"rule"`
			Level string `json:"level"`
		} `json:"risks"`
	} `json:"patient"`
	Safety []struct {
		Rule  string       `json:"rule"`
		Level match.Level  `json:"level"`
		Code  mapping.Code `json:"code"`
		Path  string       `json:"path"`
		Quote string       `json:"quote"`
	} `json:"safety"`
	Results  []result         `json:"results"`
	Referral mapping.Referral `json:"referral"`

	sequence uint64 // in PLACEMENTS
}

type decisionRecord struct {
	Source     string           `json:"source"`
	Patient    string           `json:"patient"`
	Priority   mapping.Priority `json:"priority"`
	Arrival    int64            `json:"arrival"`
	Alerts     []string         `json:"alerts"`
	Doubts     []string         `json:"doubts"`
	Assignee   string           `json:"assignee"`
	Placements []struct {
		ID      string         `json:"id"`
		Role    mapping.Role   `json:"role"`
		Status  mapping.Status `json:"status"`
		Program string         `json:"program"`
		Group   string         `json:"group"`
		Seat    bool           `json:"seat"`
		First   int64          `json:"first"`
		Expires int64          `json:"expires"`
	} `json:"placements"`
	Facts struct {
		Conditions []struct {
			Key      string `json:"key"`
			Severity string `json:"severity"`
		} `json:"conditions"`
		Goals []string `json:"goals"`
	} `json:"facts"`
}

// result explains one placement: what matching looked at.
type result struct {
	Placement  string           `json:"placement"`
	Reasons    []mapping.Reason `json:"reasons"`
	Candidates []candidate      `json:"candidates"`
	More       struct {
		Excluded int `json:"excluded"`
		Full     int `json:"full"`
		Possible int `json:"possible"`
	} `json:"more"`
}

type candidate struct {
	Group   string         `json:"group"`
	Outcome string         `json:"outcome"`
	Score   map[string]int `json:"score"`
	Reasons []match.Reason `json:"reasons"`

	Name string // of the group, from the catalog in force
}

// Total of the score.
func (c *candidate) Total() (total int) {
	for _, points := range c.Score {
		total += points
	}
	return total
}

// Parts of the score that gave points, in the order of the rules.
func (c *candidate) Parts() (parts []part) {
	for _, rule := range match.ScoreParts {
		if points := c.Score[rule.ID]; points != 0 {
			parts = append(parts, part{rule.ID, rule.Text, points})
		}
	}
	return parts
}

type part struct {
	ID, Text string
	Points   int
}

func parseDecision(sequence uint64, data []byte) (*decision, error) {
	d := &decision{sequence: sequence}
	if err := json.Unmarshal(data, d); err != nil {
		return nil, err
	}
	return d, nil
}

// addressLine is an address in one line, as far as it is known.
func addressLine(a mapping.Address) string {
	var parts []string
	for _, s := range append(append([]string(nil), a.Line...), a.City, strings.TrimSpace(a.State+" "+a.PostalCode)) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}
