package desk

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
)

// Limits of the page that reads the audit stream.
const (
	auditPage  = 50
	auditChunk = 1000
	auditScan  = 50_000 // records that one page looks at; the next goes on from there
	auditDays  = 7      // that are shown where no time is asked for
)

// question is what of the audit stream is asked for. An empty field takes all.
type question struct {
	Network string
	Key     string // of a referral, a patient, an input or a group
	Person  string
	What    string
	From    string // YYYY-MM-DD, of the network's zone
	To      string // the last day
	before  uint64 // sequence
}

// whats are what a look can be, in the order of the choice.
var whats = []string{"referral", "bundle", "input", "preview", "proposed", "second", "agreed", "declined", "withdrew", "group", "now", "rows", "needs", "groups", "audit"}

// query is the question as it stands in an address. What was typed may be a name, so it is sealed.
func (q *question) query(s *sealer) url.Values {
	v := url.Values{"network": {q.Network}, "what": {q.What}, "from": {q.From}, "to": {q.To}}
	for name, value := range map[string]string{"key": q.Key, "person": q.Person} {
		if value != "" {
			v.Set(name, s.seal(value))
		}
	}
	return v
}

// questionOf a form or an address.
func (v *visit) questionOf() (q question) {
	text := v.r.FormValue
	if v.r.Method == http.MethodGet {
		text = func(name string) string { return v.seals.open(v.r.FormValue(name)) }
	}
	q = question{Key: strings.TrimSpace(text("key")), Person: strings.TrimSpace(text("person"))}
	if what := v.r.FormValue("what"); slices.Contains(whats, what) {
		q.What = what
	}
	q.Network = v.r.FormValue("network")
	for name, day := range map[string]*string{"from": &q.From, "to": &q.To} {
		if d := v.r.FormValue(name); d != "" {
			if _, err := time.Parse(time.DateOnly, d); err == nil {
				*day = d
			}
		}
	}
	q.before, _ = strconv.ParseUint(v.r.FormValue("before"), 10, 64)
	return q
}

// seen is one record that answers a question.
type seen struct {
	Look
	Sequence uint64
	At       time.Time // in the network's zone
	Found    []string  // keys asked for, where they were shown in a list
	Group    bool      // Key is a group's
}

// auditBody is the page.
type auditBody struct {
	Question question
	Networks []*Board
	Whats    []string
	Seen     []seen
	Older    string // address of the next page; empty where there is none
	Looked   int    // records that were looked at
	Cut      bool   // there are more to look at than one page does
}

// askAudit keeps what was typed out of the address.
func (v *visit) askAudit() {
	q := v.questionOf()
	http.Redirect(v.w, v.r, "/audit?"+q.query(v.seals).Encode(), http.StatusSeeOther)
}

// auditLog answers who saw or did what: of one patient, by one person, in some days. That is a look too, and is recorded.
func (v *visit) auditLog() {
	q := v.questionOf()
	boards := v.boardsOf(v.person, "")
	i := slices.IndexFunc(boards, func(b *Board) bool { return b.Network == q.Network })
	if i < 0 && q.Network != "" || len(boards) == 0 {
		v.refuse(http.StatusNotFound, "not-found")
		return
	}
	b := boards[max(i, 0)]
	q.Network = b.Network
	if q.From == "" {
		q.From = v.config.Now().In(b.Location()).AddDate(0, 0, 1-auditDays).Format(time.DateOnly)
	}
	look := Look{What: "audit", Of: q.Person}
	if isKey(q.Key) {
		look.Key = q.Key
	}
	if err := v.record(v.ctx, b.Network, look); err != nil {
		v.failed(err)
		return
	}
	body, err := v.answered(b, q)
	if err != nil {
		v.failed(err)
		return
	}
	body.Networks, body.Whats = boards, whats
	v.show(http.StatusOK, "audit", v.words.T("nav.audit"), body)
}

func isKey(key string) bool {
	return len(key) > 1 && strings.ContainsRune("rpi", rune(key[0])) && strings.Trim(key[1:], "0123456789") == ""
}

// answered reads the stream backwards from the end of the last day.
func (v *visit) answered(b *Board, q question) (*auditBody, error) {
	body := &auditBody{Question: q}
	first, end, err := b.auditRange(v.ctx, q)
	if err != nil || first == 0 {
		return body, err
	}
	m, err := b.finder(v.ctx, q)
	if err != nil {
		return nil, err
	}
	zone := b.Location()
	for end >= first {
		from := first
		if end-first >= auditChunk {
			from = end - auditChunk + 1
		}
		chunk, err := b.mirror.Audit(v.ctx, from, int(end-from)+1)
		if err != nil {
			return nil, err
		}
		for _, s := range slices.Backward(chunk) {
			body.Looked++
			one := seen{Sequence: s.Sequence}
			if s.Sequence > end || json.Unmarshal(s.Data, &one.Look) != nil || !m.takes(&one) {
				continue
			}
			one.At = one.Time.In(zone)
			if len(body.Seen) == auditPage {
				body.Older = v.older(q, body.Seen[auditPage-1].Sequence)
				return body, nil
			}
			body.Seen = append(body.Seen, one)
		}
		if end = from - 1; body.Looked >= auditScan && end >= first {
			body.Cut, body.Older = true, v.older(q, from)
			return body, nil
		}
	}
	return body, nil
}

func (v *visit) older(q question, before uint64) string {
	query := q.query(v.seals)
	query.Set("before", strconv.FormatUint(before, 10))
	return "/audit?" + query.Encode()
}

// auditRange is the first and the last sequence to look at; first is 0 where there is nothing.
func (b *Board) auditRange(ctx context.Context, q question) (first, end uint64, err error) {
	zone := b.Location()
	day := func(s string, more int) time.Time {
		t, _ := time.ParseInLocation(time.DateOnly, s, zone)
		return t.AddDate(0, 0, more)
	}
	if first, err = b.mirror.AuditSince(ctx, day(q.From, 0)); err != nil || first == 0 {
		return 0, 0, err
	}
	if end, err = b.mirror.AuditEnd(ctx); err != nil {
		return 0, 0, err
	}
	if q.To != "" {
		after, err := b.mirror.AuditSince(ctx, day(q.To, 1))
		if err != nil {
			return 0, 0, err
		}
		if after > 0 {
			end = after - 1
		}
	}
	if q.before > 0 {
		end = min(end, q.before-1)
	}
	return first, end, nil
}

// finder says which records answer a question.
type finder struct {
	question
	keys []string // of the patient's referrals; the one asked for where it is no patient's
}

// finder of a question: who asks for one referral is told of all of the patient.
func (b *Board) finder(ctx context.Context, q question) (*finder, error) {
	m := &finder{question: q}
	if q.Key == "" {
		return m, nil
	}
	m.keys = []string{q.Key}
	patient := q.Key
	if strings.HasPrefix(q.Key, "r") && isKey(q.Key) {
		last, err := b.mirror.Ledger.Last(ctx, worker.DecisionSubject(b.Network, q.Key))
		if err != nil && !errors.Is(err, worker.ErrNotStored) {
			return nil, err
		}
		if d, err := parseDecision(last.Sequence, last.Data); err == nil {
			patient = d.Record.Patient
		}
	}
	if number, err := roster.ParseKey('p', patient); err == nil {
		b.View(func(s *roster.State, _ *roster.Offering) {
			for _, key := range s.OfPatient(number) {
				m.keys = append(m.keys, roster.KeyOf('r', key))
			}
		})
	}
	return m, nil
}

// takes reports whether a record answers the question, and notes which of the keys a list showed.
func (m *finder) takes(s *seen) bool {
	if m.Person != "" && !strings.EqualFold(m.Person, s.Person) || m.What != "" && m.What != s.What {
		return false
	}
	s.Group = s.Key != "" && !isKey(s.Key)
	if m.keys == nil {
		return true
	}
	for _, key := range s.Keys {
		if key != s.Key && slices.Contains(m.keys, key) {
			s.Found = append(s.Found, key)
		}
	}
	return slices.Contains(m.keys, s.Key) || len(s.Found) > 0
}
