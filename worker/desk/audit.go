package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/convene-health/convene/worker"
)

// Look is one record of the audit stream: who looked at what, and when. It names patients by key only.
type Look struct {
	Time   time.Time `json:"time"`
	Person string    `json:"person"`
	Role   Role      `json:"role"`
	// What was looked at: "referral", "bundle", "input", "preview" of an act, "group", or a list: "now", "needs", "groups", and
	// "rows" of a list that came while it was open. And what became of an act that needs two: "proposed", "second" (looked at
	// by who may agree), "agreed", "declined", "withdrew". Who reads this stream is recorded too: "audit".
	What string `json:"what"`
	// Key of the referral, or id of the group; empty for a list.
	Key string `json:"key,omitempty"`
	// Keys of the referrals that a list or a preview showed.
	Keys []string `json:"keys,omitempty"`
	// Of is the person whose looks were looked at.
	Of string `json:"of,omitempty"`
	// From and To are positions in PLACEMENTS: rows after From, up to To, were shown as they came.
	From uint64 `json:"from,omitempty"`
	To   uint64 `json:"to,omitempty"`
	// Only says how the list was narrowed, but for the text that was sought, which may be a name.
	Only *Filter `json:"only,omitempty"`
	// Names were shown.
	Names bool `json:"names"`
}

// auditMax is how long a page waits for its record to be stored.
const auditMax = 3 * time.Second

// audit stores that the person looks at something, and which referrals are shown with it. Without it, nothing is shown.
func (v *visit) audit(network, what, key string, shown ...string) error {
	return v.record(v.ctx, network, Look{What: what, Key: key, Keys: shown})
}

func (v *visit) record(ctx context.Context, network string, look Look) error {
	look.Time, look.Person, look.Role, look.Names = v.config.Now().UTC(), v.person.ID, v.person.Role, v.names
	data, err := json.Marshal(look)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, auditMax)
	defer cancel()
	if _, err := v.actors[network].Publish(ctx, &nats.Msg{Subject: worker.AuditSubject(network), Data: data}); err != nil {
		return fmt.Errorf("the view cannot be recorded in %s: %w", worker.AuditStream(network), err)
	}
	return nil
}

// listEvery a list that a page keeps up to date is recorded again.
const listEvery = 5 * time.Minute

// listed is when a list was last recorded, with which referrals.
type listed struct {
	at   time.Time
	keys []string // sorted
}

// auditList stores it in each network of a list, with the referrals that the list shows, by network.
func (v *visit) auditList(boards []*Board, what string, shown map[string][]string) error {
	for _, b := range boards {
		id := v.person.ID + " " + b.Network + " " + what
		slices.Sort(shown[b.Network])
		next := listed{v.config.Now(), slices.Compact(shown[b.Network])}
		if last, ok := v.looked.Load(id); ok && v.r.Header.Get("HX-Request") != "" && last.(listed).covers(next) {
			continue
		}
		if err := v.audit(b.Network, what, "", next.keys...); err != nil {
			return err
		}
		v.looked.Store(id, next)
	}
	return nil
}

// covers reports whether it is not long ago and nobody else is shown since.
func (l listed) covers(next listed) bool {
	return next.at.Sub(l.at) < listEvery && !slices.ContainsFunc(next.keys, func(key string) bool {
		_, known := slices.BinarySearch(l.keys, key)
		return !known
	})
}

// recordRows stores whom the rows are of that are about to be shown. A browser is sent rows ten times a second at most, and
// waits for its record each time, so that it is given the more at once the longer records take.
func (f *follower) recordRows(before position, list []*Entry) error {
	shown := map[string][]string{}
	for _, e := range list {
		shown[e.Network] = append(shown[e.Network], e.Key)
	}
	only := f.filter
	only.Text = ""
	for network, keys := range shown {
		slices.Sort(keys)
		look := Look{What: "rows", Keys: slices.Compact(keys), From: before[network], To: f.at[network]}
		if only.Any() {
			look.Only = &only
		}
		if err := f.record(f.ctx, network, look); err != nil {
			return err
		}
	}
	return nil
}
