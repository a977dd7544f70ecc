package roster

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
)

// Append appends the JSON of a decision as the ledger keeps it: record and patient are what the fold reads
// (DecodeDecision), the rest explains. request is the referral in force as JSON, so that the last decision of a referral always tells the
// whole of it; nil for an erased one.
//
//	{"key":"r1042","time","cause":1042,"own":true,"actor","record":{...},"patient":{...},"safety":[...],
//	 "results":[{"placement":"r1042-1","reasons":[{"code","text"}],"candidates":[...],"more":{...}}],"referral":{...}}
//
// It is written by hand, as confirmations are: a decision is written for every event, and reflection costs as much as
// deciding.
func (dec *Decision) Append(dst, request []byte) []byte {
	w := writer{dst}
	w.open('{').key("key", 'r', dec.Record.Key)
	w.name("time").b = instant(dec.Time).AppendFormat(append(w.b, '"'), time.RFC3339Nano)
	w.b = append(w.b, '"')
	w.number("cause", dec.Cause).flag("own", dec.Own).text("actor", dec.Actor).text("why", dec.Why).text("notice", dec.Notice)
	w.name("record").record(dec.Record)
	w.name("patient").patient(&dec.Patient)
	if len(dec.Hits) > 0 {
		w.name("safety")
		all(&w, dec.Hits, (*writer).hit)
	}
	if len(dec.Results) > 0 {
		w.name("results")
		all(&w, dec.Results, (*writer).result)
	}
	if len(request) > 0 {
		w.name("referral").b = append(w.b, request...)
	}
	return w.close('}').b
}

// writer appends JSON. Its methods leave out what is zero, except those that say otherwise.
type writer struct{ b []byte }

func (w *writer) open(bracket byte) *writer {
	w.b = append(w.b, bracket)
	return w
}

func (w *writer) close(bracket byte) *writer {
	w.b = append(w.b, bracket)
	return w
}

// comma stands between values.
func (w *writer) comma() {
	if last := w.b[len(w.b)-1]; last != '{' && last != '[' {
		w.b = append(w.b, ',')
	}
}

// name begins a member.
func (w *writer) name(name string) *writer {
	w.comma()
	w.b = append(append(append(w.b, '"'), name...), '"', ':')
	return w
}

func (w *writer) text(name, value string) *writer {
	if value != "" {
		w.name(name).b = mapping.AppendString(w.b, value)
	}
	return w
}

// must writes a text even when it is empty.
func (w *writer) must(name, value string) *writer {
	w.name(name).b = mapping.AppendString(w.b, value)
	return w
}

func (w *writer) texts(name string, values []string) *writer {
	if len(values) > 0 {
		w.name(name).open('[')
		for _, v := range values {
			w.comma()
			w.b = mapping.AppendString(w.b, v)
		}
		w.close(']')
	}
	return w
}

// number writes 0 too.
func (w *writer) number(name string, n uint64) *writer {
	w.name(name).b = strconv.AppendUint(w.b, n, 10)
	return w
}

func (w *writer) some(name string, n int64) *writer {
	if n != 0 {
		w.integer(name, n)
	}
	return w
}

// integer writes 0 too.
func (w *writer) integer(name string, n int64) *writer {
	w.name(name).b = strconv.AppendInt(w.b, n, 10)
	return w
}

func (w *writer) flag(name string, yes bool) *writer {
	if yes {
		w.name(name).b = append(w.b, "true"...)
	}
	return w
}

func (w *writer) key(name string, prefix byte, sequence uint64) *writer {
	w.name(name).b = append(strconv.AppendUint(append(w.b, '"', prefix), sequence, 10), '"')
	return w
}

func (w *writer) hash(h *Hash) {
	w.b = append(hex.AppendEncode(append(w.b, '"'), h[:]), '"')
}

func (w *writer) hashes(name string, list []Hash) *writer {
	if len(list) > 0 {
		w.name(name)
		all(w, list, (*writer).hash)
	}
	return w
}

func (w *writer) placementID(id PlacementID) {
	w.b = strconv.AppendUint(append(w.b, '"', 'r'), id.Referral, 10)
	w.b = append(strconv.AppendUint(append(w.b, '-'), uint64(id.N), 10), '"')
}

// all writes a list.
func all[T any](w *writer, list []T, one func(*writer, *T)) {
	w.open('[')
	for i := range list {
		w.comma()
		one(w, &list[i])
	}
	w.close(']')
}

func (w *writer) record(r *Record) {
	w.open('{').text("source", r.Source)
	w.name("identity").hash(&r.Identity)
	w.key("patient", 'p', r.Patient)
	w.name("content").hash(&r.Content)
	w.hashes("superseded", r.Superseded).some("sent", r.Sent).integer("arrival", r.Arrival).must("priority", string(r.Priority))
	w.texts("alerts", r.Alerts).texts("doubts", r.Doubts).texts("waived", r.Waived).text("assignee", r.Assignee)
	if r.Print != 0 {
		w.number("print", r.Print)
	}
	w.hashes("kin", r.Kin).texts("notLed", r.NotLed).flag("staff", r.Staff)
	if len(r.Consents) > 0 {
		w.name("consents")
		all(w, r.Consents, (*writer).consent)
	}
	w.texts("labels", r.Labels)
	w.flag("erased", r.Erased)
	w.name("placements")
	all(w, r.Placements, (*writer).placement)
	if r.Need != nil {
		w.name("facts").b = r.Need.AppendJSON(w.b)
	}
	w.close('}')
}

func (w *writer) consent(c *Consent) {
	w.open('{').flag("deny", c.Deny).flag("part2", c.Part2).flag("whole", c.Whole).flag("guardian", c.Guardian).hashes("recipients", c.Recipients)
	w.some("from", c.From).some("until", c.Until).close('}')
}

func (w *writer) placement(p *Placement) {
	w.open('{').name("id").placementID(p.ID)
	w.must("role", string(p.Role)).must("status", string(p.Status)).text("asked", p.Asked).text("program", p.Program).text("group", p.Group)
	w.flag("seat", p.Seat).integer("arrival", p.Arrival).integer("opened", p.Opened).some("first", p.First).some("due", p.Due).some("expires", p.Expires).some("decideBy", p.By)
	if p.Past != nil {
		w.name("past").past(p.Past)
	}
	w.close('}')
}

func (w *writer) past(p *Past) {
	w.open('{').some("attempts", int64(p.Attempts)).some("attempted", p.Attempted).some("declined", int64(p.Declined)).texts("not", p.Not)
	w.text("nominated", p.Nominated).texts("unchosen", p.Unchosen).flag("own", p.Own).text("accepted", string(p.Accepted)).flag("withheld", p.Withheld)
	if len(p.Sessions) > 0 {
		w.name("sessions")
		all(w, p.Sessions, (*writer).session)
	}
	w.close('}')
}

func (w *writer) session(s *Session) {
	w.open('{').number("day", uint64(s.Day)).number("came", uint64(s.Came)).close('}')
}

func (w *writer) patient(p *Patient) {
	w.open('{').key("key", 'p', p.Key).hashes("ids", p.IDs).some("born", int64(p.Born)).some("family", int64(p.Family))
	if len(p.Risks) > 0 {
		w.name("risks")
		all(w, p.Risks, (*writer).risk)
	}
	if len(p.Used) > 0 {
		w.name("used")
		all(w, p.Used, func(w *writer, u *Use) { w.open('{').must("benefit", u.Benefit).integer("since", u.Since).close('}') })
	}
	w.close('}')
}

func (w *writer) risk(r *Risk) {
	w.open('{').must("rule", r.Rule).must("level", string(r.Level)).key("referral", 'r', r.Referral).integer("since", r.Since)
	if r.Evidence != 0 {
		w.number("evidence", r.Evidence)
	}
	w.some("cleared", r.Cleared).close('}')
}

func (w *writer) hit(h *match.Hit) {
	w.open('{').must("rule", h.Rule).must("level", string(h.Level))
	if h.Code != (mapping.Code{}) {
		w.name("code").open('{').text("system", h.Code.System).text("code", h.Code.Code).text("display", h.Code.Display).close('}')
	}
	w.must("path", h.Path).text("quote", h.Quote).close('}')
}

func (w *writer) result(r *Result) {
	w.open('{').name("placement").placementID(r.Placement)
	if len(r.Reasons) > 0 {
		w.name("reasons")
		all(w, r.Reasons, (*writer).reason)
	}
	if m := r.Match; m != nil {
		if len(m.Candidates) > 0 {
			w.name("candidates")
			all(w, m.Candidates, func(w *writer, c *match.Candidate) { w.b = c.AppendJSON(w.b) })
		}
		w.name("more").open('{').integer("excluded", int64(m.More.Excluded)).integer("full", int64(m.More.Full)).integer("possible", int64(m.More.Possible)).close('}')
	}
	w.close('}')
}

func (w *writer) reason(r *mapping.Reason) {
	w.open('{').must("code", r.Code).must("text", r.Text).close('}')
}
