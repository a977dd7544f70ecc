package confirm

import (
	"strconv"
	"time"

	"github.com/convene-health/convene/mapping"
)

// envelope writes the event around the bundle.
type envelope struct {
	w *Writer
	n *mapping.Notice
	b []byte
}

// open writes the context attributes (https://github.com/cloudevents/spec, JSON format 1.0).
func (e *envelope) open() {
	n := e.n
	e.b = append(append(e.b, `{"specversion":"1.0","id":"`...), n.Network...)
	e.b = strconv.AppendUint(append(e.b, '-'), n.Sequence, 10)
	e.b = strconv.AppendInt(append(e.b, '-'), int64(n.N), 10)
	e.b = append(append(e.b, `","source":"urn:convene:`...), n.Network...)
	if n.Status == mapping.Refused {
		e.b = append(e.b, `","type":"convene.event.refused"`...)
	} else {
		e.b = append(append(e.b, `","type":"convene.placement.`...), n.Status...)
		e.b = append(e.b, '"')
	}
	e.text(`,"subject":`, n.Key)
	e.time(`,"time":"`, n.Time.UTC())
	e.b = append(e.b, `,"datacontenttype":"application/json"`...)
}

// data writes everything but the bundle, and leaves the object open for it.
func (e *envelope) data() {
	n := e.n
	e.b = append(e.b, `,"data":{"network":`...)
	e.b = mapping.AppendString(e.b, n.Network)
	e.referral()
	if n.Placement != "" {
		e.text(`,"placement":{"id":`, n.Placement)
		e.text(`,"role":`, string(n.Role))
		e.b = append(e.b, '}')
	}
	e.text(`,"status":`, string(n.Status))
	e.text(`,"previousStatus":`, string(n.Previous))
	e.text(`,"priority":`, string(n.Priority))
	e.program()
	e.group()
	e.sessions()
	if n.Position > 0 {
		e.b = strconv.AppendInt(append(e.b, `,"waitlist":{"position":`...), int64(n.Position), 10)
		e.time(`,"asOf":"`, n.Time.UTC())
		e.b = append(e.b, '}')
	}
	if !n.Expires.IsZero() {
		e.time(`,"expires":"`, n.Expires.UTC())
	}
	e.reasons()
	e.issues()
	e.text(`,"decidedBy":`, n.DecidedBy)
	e.text(`,"cause":{"stream":`, "REFERRALS-"+n.Network)
	e.b = strconv.AppendUint(append(e.b, `,"sequence":`...), n.Sequence, 10)
	e.b = append(e.b, '}')
	e.text(`,"catalog":`, n.Catalog)
}

func (e *envelope) referral() {
	e.text(`,"referral":{"key":`, e.n.Key)
	if id := orderIdentifier(e.n); id.Value != "" {
		e.b = append(e.b, `,"identifier":{`...)
		if id.System != "" {
			e.b = append(mapping.AppendString(append(e.b, `"system":`...), id.System), ',')
		}
		e.b = append(mapping.AppendString(append(e.b, `"value":`...), id.Value), '}')
	}
	e.text(`,"source":`, e.n.Source)
	e.b = append(e.b, '}')
}

func (e *envelope) program() {
	if o := e.w.programs[e.n.Program]; o != nil {
		e.b = append(e.b, o.data...)
	} else if e.n.Program != "" {
		e.text(`,"program":{"id":`, e.n.Program)
		e.b = append(e.b, '}')
	}
}

func (e *envelope) group() {
	g := e.w.groups[e.n.Group]
	switch {
	case g != nil:
		e.b = append(e.b, g.data...)
		if g.held {
			e.b = strconv.AppendInt(append(e.b, `,"seats":{"taken":`...), int64(e.n.SeatsTaken), 10)
			e.b = strconv.AppendInt(append(e.b, `,"max":`...), int64(g.max), 10)
			e.b = append(e.b, '}')
		}
		e.b = append(e.b, '}')
	case e.n.Group != "":
		e.text(`,"group":{"id":`, e.n.Group)
		e.b = append(e.b, '}')
	}
	if !e.n.FirstSession.IsZero() && !e.n.Status.Final() && e.w.catalog != nil {
		e.time(`,"firstSession":{"start":"`, e.n.FirstSession.In(e.w.catalog.Location))
		e.text(`,"zone":`, e.w.catalog.Zone)
		if g != nil {
			e.b = append(e.b, g.meeting...)
		}
		e.b = append(e.b, '}')
	}
}

// sessions are those that are not when the patient expected them, in the network's zone.
func (e *envelope) sessions() {
	for i, c := range e.n.Sessions {
		e.b = append(e.b, next(i, `,"sessions":[`)...)
		is := `{"is":"`
		if !c.Was.IsZero() {
			e.time(`{"was":"`, c.Was.In(e.w.catalog.Location))
			is = `,"is":"`
		}
		if !c.Is.IsZero() {
			e.time(is, c.Is.In(e.w.catalog.Location))
		}
		e.b = append(e.b, '}')
	}
	if len(e.n.Sessions) > 0 {
		e.b = append(e.b, ']')
	}
}

func (e *envelope) reasons() {
	for i, r := range e.n.Reasons {
		e.b = append(e.b, next(i, `,"reasons":[`)...)
		e.b = mapping.AppendString(append(e.b, `{"code":`...), r.Code)
		e.text(`,"text":`, r.Text)
		e.b = append(e.b, '}')
	}
	if len(e.n.Reasons) > 0 {
		e.b = append(e.b, ']')
	}
}

func (e *envelope) issues() {
	for i, x := range e.n.Issues {
		e.b = append(e.b, next(i, `,"issues":[`)...)
		e.b = mapping.AppendString(append(e.b, `{"path":`...), x.Path)
		e.text(`,"code":`, x.Code)
		e.text(`,"text":`, x.Text)
		e.b = append(e.b, '}')
	}
	if len(e.n.Issues) > 0 {
		e.b = append(e.b, ']')
	}
}

// text writes key, which ends in a colon, and s; nothing when s is empty.
func (e *envelope) text(key, s string) {
	if s != "" {
		e.b = mapping.AppendString(append(e.b, key...), s)
	}
}

// time writes key, which ends in the opening quote, and t to the nanosecond where it has them.
func (e *envelope) time(key string, t time.Time) {
	e.b = append(t.AppendFormat(append(e.b, key...), time.RFC3339Nano), '"')
}

func next(i int, open string) string {
	if i == 0 {
		return open
	}
	return ","
}
