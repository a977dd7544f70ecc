package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/convene-health/convene/worker"
)

// Look is one record of the audit stream: who looked at what, and when. It names patients by key only.
type Look struct {
	Time   time.Time `json:"time"`
	Person string    `json:"person"`
	Role   Role      `json:"role"`
	// What was looked at: "referral", "bundle", "input", "group", or a list: "now", "needs".
	What string `json:"what"`
	// Key of the referral, or id of the group; empty for a list.
	Key string `json:"key,omitempty"`
	// Names were shown.
	Names bool `json:"names"`
}

// auditMax is how long a page waits for its record to be stored.
const auditMax = 3 * time.Second

// audit stores that the person looks at something. Without it, nothing is shown.
func (v *visit) audit(network, what, key string) error {
	data, err := json.Marshal(Look{v.config.Now().UTC(), v.person.ID, v.person.Role, what, key, v.names})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(v.ctx, auditMax)
	defer cancel()
	if _, err := v.actors[network].Publish(ctx, &nats.Msg{Subject: worker.AuditSubject(network), Data: data}); err != nil {
		return fmt.Errorf("the view cannot be recorded in %s: %w", worker.AuditStream(network), err)
	}
	return nil
}

// listEvery a list that a page keeps up to date is recorded again.
const listEvery = 5 * time.Minute

// auditList stores it in each network of a list.
func (v *visit) auditList(boards []*Board, what string) error {
	for _, b := range boards {
		id := v.person.ID + " " + b.Network + " " + what
		now := v.config.Now()
		if last, ok := v.looked.Load(id); ok && now.Sub(last.(time.Time)) < listEvery && v.r.Header.Get("HX-Request") != "" {
			continue
		}
		if err := v.audit(b.Network, what, ""); err != nil {
			return err
		}
		v.looked.Store(id, now)
	}
	return nil
}
