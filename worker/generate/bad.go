package generate

import (
	"bytes"
	"strings"

	"github.com/convene-health/convene/mapping"
)

// spoiler makes a message of a readable one that cannot be read or obeyed. The readable one is in structured mode.
type spoiler func(data []byte) []byte

// badMessages sends one of each kind in turn.
func (g *generator) badMessages() {
	bad := Cases()[len(Cases())-2]
	for i := range g.number(&bad) {
		s, _ := g.anySource(nil)
		at := g.rand.Int64N(g.calendar.length * 95 / 100)
		if i%(len(spoilers)+len(disobeyed)) >= len(spoilers) {
			g.send(s, at, disobeyed[i%(len(spoilers)+len(disobeyed))-len(spoilers)](g, s))
			continue
		}
		d := g.newDraft(s, at)
		g.sampled(d)
		g.created(d)
		if i%2 == 0 { // the sender mends it and sends again
			g.again(g.last(), g.later(at, 2, 20))
			g.messages[len(g.messages)-1], g.messages[len(g.messages)-2] = g.messages[len(g.messages)-2], g.messages[len(g.messages)-1]
		}
		g.spoil(spoilers[i%(len(spoilers)+len(disobeyed))])
	}
}

// spoil the last message.
func (g *generator) spoil(how spoiler) {
	m := &g.messages[len(g.messages)-1]
	if m.header["ce-id"] != "" {
		// What follows is about envelopes: bring the binary mode into the structured one.
		m.data = []byte(`{"specversion":"1.0","type":"` + m.header["ce-type"] + `","source":"` + m.source + `","id":"` + m.header["ce-id"] +
			`","time":"` + m.header["ce-time"] + `","data":` + string(m.data) + `}`)
	}
	m.header = map[string]string{"content-type": "application/cloudevents+json"}
	m.data = how(m.data)
}

// spoilers of a referral. The first two also suit a cancel.
var spoilers = []spoiler{
	func(b []byte) []byte { return b[:len(b)*2/3] },
	replaced(`"specversion":"1.0",`, ``),
	replaced(`"identifiers":[{`, `"identifiers":{"first":[{`, `}],"name"`, `}]},"name"`, `"birthDate":"`, `"birthDate":["`, `","gender"`, `"],"gender"`),
	dropped(`"patient":{`),
	replaced(`"birthDate":"19`, `"birthDate":"1958-13-40","was":"19`, `"birthDate":"20`, `"birthDate":"1958-13-40","was":"20`),
	replaced(`"gender":"female"`, `"gender":"F"`, `"gender":"male"`, `"gender":"M"`, `"data":{"referral":{`, `"data":{"referral":{"participant":"self",`),
	replaced(`"data":{"referral":{`, `"data":{"referral":{"authoredOn":"2026-11-02",`), // and once more where it was
	replaced(`convene.referral.created`, `convene.referral.reopened`),
	replaced(`"id":"`, `"eventId":"`, `"time":"2026-`, `"time":"09.11.2026 08:15","was":"2026-`, `"languages":[`, `"languages":{"preferred":`, `"],"`, `"},"`),
	func([]byte) []byte { return []byte("TEST") },
	func([]byte) []byte { return nil },
	func(b []byte) []byte { return append(append([]byte("["), b...), ']') },
	replaced(`"identifiers":[{"system":"`, `"identifiers":[{"value":"4711"}],"was":[{"system":"`),
	func(b []byte) []byte { // sent in Latin-1: what is not ASCII is not UTF-8
		return bytes.Replace(b, []byte(`"family":"`), []byte("\"family\":\"Pe\xf1alta "), 1)
	},
}

// replaced puts new text for old, pair by pair, in the first place of each.
func replaced(pairs ...string) spoiler {
	return func(b []byte) []byte {
		s := string(b)
		for i := 0; i < len(pairs); i += 2 {
			s = strings.Replace(s, pairs[i], pairs[i+1], 1)
		}
		return []byte(s)
	}
}

// dropped leaves out a member whose value is an object, given its name and opening brace.
func dropped(member string) spoiler {
	return func(b []byte) []byte {
		i := bytes.Index(b, []byte(member))
		depth := 0
		for k := i + len(member) - 1; i >= 0 && k < len(b); k++ {
			switch b[k] {
			case '{':
				depth++
			case '}':
				depth--
			}
			if depth == 0 {
				rest := b[k+1:]
				if len(rest) > 0 && rest[0] == ',' {
					rest = rest[1:]
				}
				return append(bytes.Clone(b[:i]), rest...)
			}
		}
		return b
	}
}

// disobeyed are events that can be read but not obeyed.
var disobeyed = []func(*generator, *source) mapping.Event{
	func(g *generator, s *source) mapping.Event { // of a referral that nobody sent
		return mapping.Event{Type: mapping.ReferralCancelled, Target: mapping.Target{Identifier: mapping.Identifier{System: s.orders, Value: "X-" + g.uuid()[:8]}}}
	},
	func(g *generator, s *source) mapping.Event {
		return mapping.Event{Type: mapping.SeatReleased, Target: mapping.Target{Key: "r999999"}, Outcome: mapping.Completed}
	},
	func(g *generator, s *source) mapping.Event { // a source is no administrator
		return mapping.Event{Type: mapping.CatalogApplied, Catalog: s.net.Hash}
	},
	func(g *generator, s *source) mapping.Event {
		return mapping.Event{Type: mapping.ReferralErased, Target: mapping.Target{Key: "r2"}, Reason: "Please delete."}
	},
}

// clocks are published by a worker when something is due; a recording may hold them.
func (g *generator) clocks() {
	clock := Cases()[len(Cases())-1]
	for i := range g.number(&clock) {
		n := g.networks[i%len(g.networks)]
		g.sendEvent(n, g.calendar.at(g.calendar.length*int64(i+1)/int64(g.number(&clock)+1)), mapping.Event{Type: mapping.Clock, Source: mapping.SourceClock})
	}
}
