// Package roster is the state machine of a network: who holds which seat, who waits, what is due when, who is who.
//
// State is folded from the ledger's decisions and heads and from nothing else. Decide applies one input to it and
// says what is to be written; until that is stored, Rollback takes it back. A State is not safe for concurrent use.
package roster

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
)

// Hash is the first 16 bytes of a SHA-256, written as 32 hexadecimal digits. Identifiers are kept only so.
type Hash [16]byte

// HashOf joins the parts unambiguously and hashes them.
func HashOf(parts ...string) Hash {
	var buf [256]byte
	b := buf[:0]
	for _, p := range parts {
		b = strconv.AppendInt(b, int64(len(p)), 10)
		b = append(append(b, ':'), p...)
	}
	sum := sha256.Sum256(b)
	return Hash(sum[:16])
}

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads what String wrote.
func ParseHash(s string) (h Hash, err error) {
	if len(s) != 32 {
		return h, fmt.Errorf("a hash has 32 hexadecimal digits, not %d", len(s))
	}
	_, err = hex.Decode(h[:], []byte(s))
	return h, err
}

// Record is one referral as later decisions need it. A decision message carries it whole; it is never changed
// once put into a State, only replaced.
type Record struct {
	// Key is the input sequence that first named the referral.
	Key    uint64
	Source string
	// Identity is the hash of the referral's (system, value), qualified by the source where the system is local.
	Identity Hash
	Patient  uint64
	// Content in force, and what was in force before.
	Content    Hash
	Superseded []Hash
	// Sent is the sender's own time of the content in force, Arrival t of the first input; Unix milliseconds, 0 for none.
	Sent, Arrival int64
	Priority      mapping.Priority
	// Alerts are the rules that ask a person to look at a placement that stands.
	Alerts []string
	// Doubts are the rules that keep the referral in review until a person has decided.
	Doubts []string
	// Waived are the rules that a named person has set aside for this referral.
	Waived []string
	// Assignee is who is to look at it, where a person has said so.
	Assignee string
	// Need is nil once every placement is final.
	Need       *match.Need
	Placements []Placement
	// Print identifies name and birth date, to notice one person under two patient keys; zero when either is missing.
	Print uint64
	// Kin are relatives and household members as the source names them; NotLed leaders whom the patient does not want, by id
	// or NPI; Staff: the patient works for the source. All for as long as the referral is live.
	Kin    []Hash
	NotLed []string
	Staff  bool
	// Consents that count.
	Consents []Consent
	// Labels are the security labels of any content of the referral; they only grow.
	Labels []string
	// Erased: nothing but the key is left.
	Erased bool
}

// Final reports whether every placement is.
func (r *Record) Final() bool {
	for i := range r.Placements {
		if !r.Placements[i].Status.Final() {
			return false
		}
	}
	return true
}

// clone is a copy whose slices may be written to.
func (r *Record) clone() *Record {
	c := *r
	c.Placements = append([]Placement(nil), r.Placements...)
	c.Alerts = append([]string(nil), r.Alerts...)
	c.Doubts = append([]string(nil), r.Doubts...)
	c.Waived = append([]string(nil), r.Waived...)
	c.Superseded = append([]Hash(nil), r.Superseded...)
	c.Labels = slices.Clip(r.Labels)
	return &c
}

// Placement is one place sought. Times are Unix milliseconds.
type Placement struct {
	ID     PlacementID
	Role   mapping.Role
	Status mapping.Status
	// Asked is the program the referrer named; empty when any would do.
	Asked   string
	Program string
	Group   string
	// Seat: one seat of Group is held. Never for an open group.
	Seat bool
	// Arrival orders the waitlist; a joined placement has that of the one it joined.
	Arrival int64
	// Opened is when it was first decided, First the first session it is for.
	Opened, First int64
	// Due is when time itself changes it: an offer is called to mind or expires, a review is overdue, a drop-in
	// place is handed over. 0: never.
	Due int64
	// Expires is when an offer does; 0 without one.
	Expires int64
	// By is by when a person is to have decided it, where it is in review; 0 elsewhere.
	By int64
	// Past is what became of it so far; nil: nothing yet. It is never changed, only replaced.
	Past *Past
}

// Past counts what happened to a placement.
type Past struct {
	// Attempts to reach the patient since the last that did; Attempted is the sender's time of the last, Unix milliseconds.
	Attempts  uint8
	Attempted int64
	// Declined offers, those that expired among them; Not are the groups they were for.
	Declined uint8
	Not      []string
	// Nominated is the group whose leader is asked whether to take the patient in; Unchosen are those whose leader did not.
	Nominated string
	Unchosen  []string
	// Own: the leader of the group sees the patient alone as well.
	Own bool
	// Accepted names who has accepted the offer that stands, where more than one is asked.
	Accepted mapping.Answerer
	// Withheld: everyone asked has accepted, and a person is to look at a doubt before it is a place.
	Withheld bool
	// Sessions of which something was reported, in order of their days.
	Sessions []Session
}

// Session is what was reported of one session: its day as YYYYMMDD and what became of it.
type Session struct {
	Day  uint32
	Came Attendance
}

// Attendance at one session.
type Attendance uint8

const (
	Attended Attendance = iota + 1
	Missed
	NotHeld
)

// past is a copy of what became of a placement, to be changed and put in its place.
func (p *Placement) past() *Past {
	if p.Past == nil {
		return &Past{}
	}
	c := *p.Past
	c.Not, c.Unchosen, c.Sessions = slices.Clip(c.Not), slices.Clip(c.Unchosen), slices.Clone(c.Sessions)
	return &c
}

// refused reports whether a group was offered and not taken.
func (p *Placement) refused(group string) bool {
	return p.Past != nil && slices.Contains(p.Past.Not, group)
}

// PlacementID names a placement by the referral that opened it: "r1042-1".
type PlacementID struct {
	Referral uint64
	N        uint8
}

func (id PlacementID) String() string {
	return "r" + strconv.FormatUint(id.Referral, 10) + "-" + strconv.Itoa(int(id.N))
}

// ParsePlacementID reads what String wrote.
func ParsePlacementID(s string) (PlacementID, error) {
	key, n, ok := strings.Cut(s, "-")
	r, err := ParseKey('r', key)
	i, err2 := strconv.ParseUint(n, 10, 8)
	if !ok || err != nil || err2 != nil {
		return PlacementID{}, fmt.Errorf("%q is not a placement id such as r1042-1", s)
	}
	return PlacementID{r, uint8(i)}, nil
}

// KeyOf writes a key: 'r' a referral, 'p' a patient, 'i' an input.
func KeyOf(prefix byte, sequence uint64) string {
	return string(strconv.AppendUint([]byte{prefix}, sequence, 10))
}

// ParseKey reads a key with the given prefix.
func ParseKey(prefix byte, s string) (uint64, error) {
	if len(s) < 2 || s[0] != prefix {
		return 0, fmt.Errorf("%q is not a key such as %c1042", s, prefix)
	}
	return strconv.ParseUint(s[1:], 10, 64)
}

// Patient is one person of the network.
type Patient struct {
	Key uint64
	// IDs recognise the person.
	IDs []Hash
	// Born is the birth date as an integer YYYYMMDD, Family a hash of the family name; 0 unknown. Together they
	// notice that an identifier was given to somebody else.
	Born, Family uint32
	// Risks found by the safety rules, of any referral. Later silence never clears one; a named person does.
	Risks []Risk
	// Used are the benefits that the person has but once and has begun.
	Used []Use
}

// Use of a benefit: what it is, a shipped program or else a program of the catalog, and when it began, Unix milliseconds.
type Use struct {
	Benefit string
	Since   int64
}

// Risk is one safety rule that held for a patient.
type Risk struct {
	Rule  string
	Level match.Level
	// Referral and Since say where and when it was first found.
	Referral uint64
	Since    int64
	// Evidence identifies what it was found in; a person clears that and no more. Cleared is when; 0: it holds.
	Evidence uint64
	Cleared  int64
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
