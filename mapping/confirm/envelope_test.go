package confirm

import (
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
)

// envelopeOf is a confirmation without its bundle and the catalog's hash.
func envelopeOf(t *testing.T, w *Writer, n *mapping.Notice) string {
	t.Helper()
	b, err := w.Append(nil, n)
	if err != nil {
		t.Fatal(err)
	}
	checkSchema(t, b)
	s, _, _ := strings.Cut(string(b), `,"bundle":`)
	return strings.Replace(s, `,"catalog":"sha256-`+strings.Repeat("0", 64)+`"`, "", 1)
}

func TestEnvelope(t *testing.T) {
	w := New(catalog(t, ""))
	waiting := placed()
	waiting.Status, waiting.Previous, waiting.Position, waiting.FirstSession, waiting.Group = mapping.Waitlisted, mapping.Review, 2, time.Time{}, ""
	offered := placed()
	offered.Status, offered.Program, offered.Group, offered.Expires = mapping.Offered, "walk", "walk-video", thursday.AddDate(0, 0, 5)
	dropIn := placed()
	dropIn.Program, dropIn.Group, dropIn.SeatsTaken = "peer", "peer-wed", 0
	const head = `{"specversion":"1.0","id":"riverside-1042-1","source":"urn:convene:riverside","type":"convene.placement.`
	const middle = `","subject":"r1042","time":"2026-11-12T15:04:05.678Z","datacontenttype":"application/json","data":{"network":"riverside",` +
		`"referral":{"key":"r1042","identifier":{"system":"urn:oid:2.16.840.1.113883.19.6","value":"ORD-7781"},"source":"north-ehr"},"placement":{"id":"r1042-1","role":"primary"},"status":"`
	const tail = `"reasons":[{"code":"placed","text":"A seat in a suitable group is taken."}],"decidedBy":"convene","cause":{"stream":"REFERRALS-riverside","sequence":1042}`
	for _, c := range []struct {
		n    *mapping.Notice
		want string
	}{
		{placed(), head + "placed" + middle + `placed","priority":"routine","program":{"id":"pain-cbt","name":"CBT for chronic pain","kind":"therapy"},` +
			`"group":{"id":"pain-tue","name":"CBT for chronic pain, Tuesdays","start":"2026-11-17","seats":{"taken":5,"max":8}},` +
			`"firstSession":{"start":"2026-11-17T18:00:00-05:00","zone":"America/New_York","place":"Mill Street Clinic, 12 Mill St, Dover, NH 03820","leader":"Rita J. Ames"},` + tail},
		{waiting, head + "waitlisted" + middle + `waitlisted","previousStatus":"review","priority":"routine","program":{"id":"pain-cbt","name":"CBT for chronic pain","kind":"therapy"},` +
			`"waitlist":{"position":2,"asOf":"2026-11-12T15:04:05.678Z"},` + tail},
		{offered, head + "offered" + middle + `offered","priority":"routine","program":{"id":"walk","name":"Walk With Ease","kind":"exercise-rehab"},` +
			`"group":{"id":"walk-video","name":"Walk With Ease","start":"2026-10-01","seats":{"taken":5,"max":12}},` +
			`"firstSession":{"start":"2026-11-17T18:00:00-05:00","zone":"America/New_York","link":"https://video.example.org/walk"},"expires":"2026-11-17T15:04:05.678Z",` + tail},
		{dropIn, head + "placed" + middle + `placed","priority":"routine","program":{"id":"peer","name":"Peer support","kind":"support"},` +
			`"group":{"id":"peer-wed","name":"Peer support","start":"2026-01-07"},` +
			`"firstSession":{"start":"2026-11-17T18:00:00-05:00","zone":"America/New_York","place":"Mill Street Clinic, 12 Mill St, Dover, NH 03820"},` + tail},
	} {
		if got := envelopeOf(t, w, c.n); got != c.want {
			t.Errorf("got\n%s\nwant\n%s", got, c.want)
		}
	}
}

// TestRefusal has neither placement nor bundle, with and without a catalog.
func TestRefusal(t *testing.T) {
	n := &mapping.Notice{
		Network: "riverside", Sequence: 7, N: 1, Time: thursday, Key: "i7", Source: "north-ehr", Status: mapping.Refused, DecidedBy: "convene",
		Reasons: []mapping.Reason{{Code: "refused", Text: "The message could not be read."}},
		Issues:  mapping.Issues{{Path: "data.referral.patient", Code: "required", Text: "is missing"}, {Path: "$", Code: "wrong-type", Text: `is "no" object`}},
	}
	const want = `{"specversion":"1.0","id":"riverside-7-1","source":"urn:convene:riverside","type":"convene.event.refused","subject":"i7",` +
		`"time":"2026-11-12T15:04:05.678Z","datacontenttype":"application/json","data":{"network":"riverside","referral":{"key":"i7","source":"north-ehr"},"status":"refused",` +
		`"reasons":[{"code":"refused","text":"The message could not be read."}],` +
		`"issues":[{"path":"data.referral.patient","code":"required","text":"is missing"},{"path":"$","code":"wrong-type","text":"is \"no\" object"}],` +
		`"decidedBy":"convene","cause":{"stream":"REFERRALS-riverside","sequence":7}}}`
	for _, w := range []*Writer{NewRefuser("riverside"), New(catalog(t, ""))} {
		if got := envelopeOf(t, w, n); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	b, err := Encode(nil, n, nil)
	if err != nil || string(b) != want {
		t.Errorf("got %s, %v", b, err)
	}
}

// TestErased: a placement whose request is gone is told without a bundle.
func TestErased(t *testing.T) {
	n := placed()
	n.Status, n.Request = mapping.Closed, nil
	b, err := New(catalog(t, "")).Append(nil, n)
	if err != nil || strings.Contains(string(b), "bundle") {
		t.Errorf("got %s, %v", b, err)
	}
	checkSchema(t, b)
}
