package desk

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/convene-health/convene/mapping"
)

// Limits of motions. source: assumption
const (
	motionMax  = 24 * time.Hour // then it lapses
	motionsMax = 1000           // of a desk
)

// motion is an act that waits for a second person: it sets a safety stop aside, which nobody does alone. It is nothing yet:
// nothing is published before the second person agrees, and nobody is hurt where it is lost.
type motion struct {
	ID           string `json:"id"`
	Network, Key string
	Act          string
	Form         url.Values // as the first person filled it in
	Seen         uint64     // last decision of the referral when they did
	Person       Person     // who proposes
	Time         time.Time  // UTC
}

// Until when it can be agreed to.
func (p *motion) Until() time.Time { return p.Time.Add(motionMax) }

// Why is the first person's reason; it may name the patient.
func (p *motion) Why() string { return p.Form.Get("reason") }

// refusedTo is the message that says why a person may not be the second, or empty: it is somebody else, who supervises or
// has a function, in another role.
func (p *motion) refusedTo(second *Person) string {
	switch {
	case strings.EqualFold(second.ID, p.Person.ID), strings.EqualFold(second.Called(), p.Person.Called()):
		return "second.same-person"
	case second.Role == Leader, second.Function == "" && !second.May(Supervisor), !second.Sees(p.Network):
		return "second.no-role"
	case strings.EqualFold(second.Signs(), p.Person.Signs()):
		return "second.same-role"
	}
	return ""
}

// agreed is the event, with both who decide.
func (p *motion) agreed(second *Person, now time.Time) *mapping.Event {
	e := actNamed(p.Act).event(p.Key, &p.Person, p.Form)
	e.ID, e.Sent = "desk-"+p.ID, now.UTC()
	e.Approver = mapping.Approver{Name: second.Called(), Role: second.Signs()}
	return e
}

// motions of a desk. They are kept in a file, so that they outlive a restart.
type motions struct {
	path string

	mu   sync.Mutex
	open map[string]*motion
}

func loadMotions(path string) (*motions, error) {
	p := &motions{path: path, open: map[string]*motion{}}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &p.open)
	}
	maps.DeleteFunc(p.open, func(_ string, one *motion) bool { return one == nil || actNamed(one.Act) == nil })
	return p, err
}

// errFull: more motions are open than a desk keeps.
var errFull = errors.New("too many motions wait for a second person")

// add one, in the place of the same person's last about the referral.
func (p *motions) add(one *motion) error {
	return p.change(one.Time, func() error {
		maps.DeleteFunc(p.open, func(_ string, o *motion) bool {
			return o.Network == one.Network && o.Key == one.Key && o.Person.ID == one.Person.ID
		})
		if len(p.open) >= motionsMax {
			return errFull
		}
		p.open[one.ID] = one
		return nil
	})
}

// take one out, so that nobody else can; nil where it is gone.
func (p *motions) take(id string, now time.Time) (one *motion, err error) {
	err = p.change(now, func() error {
		one = p.open[id]
		delete(p.open, id)
		return nil
	})
	return one, err
}

// change them, and forget those that have lapsed.
func (p *motions) change(now time.Time, f func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.open, func(_ string, o *motion) bool { return !now.Before(o.Until()) })
	if err := f(); err != nil {
		return err
	}
	data, err := json.Marshal(p.open)
	if err == nil {
		err = os.WriteFile(p.path+".new", data, 0o600)
	}
	if err == nil {
		err = os.Rename(p.path+".new", p.path)
	}
	return err
}

// of a network, the oldest first; of one referral where its key is given.
func (p *motions) of(network, key string, now time.Time) (list []*motion) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range p.open {
		if o.Network == network && (key == "" || o.Key == key) && now.Before(o.Until()) {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b *motion) int { return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.ID, b.ID)) })
	return list
}

// get one that has not lapsed, or nil.
func (p *motions) get(id string, now time.Time) *motion {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o := p.open[id]; o != nil && now.Before(o.Until()) {
		return o
	}
	return nil
}
