package desk

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of streams.
const (
	streamsMax  = 512
	streamEvery = 100 * time.Millisecond // at the most often
	countsEvery = time.Second
	heartbeat   = 15 * time.Second
	// stalledMax is how long a browser may take nothing. It is then cut off; when it comes back it resumes.
	stalledMax = 10 * time.Second
	// rowsMax confirmations in one message.
	rowsMax = 500
)

// position is how far a list has come in each network, by sequence in PLACEMENTS: "north=17,south=842". It is the id of
// server-sent events, so that a browser that was away resumes without loss or repeat.
type position map[string]uint64

func (p position) String() string {
	var parts []string
	for _, network := range slices.Sorted(maps.Keys(p)) {
		parts = append(parts, network+"="+strconv.FormatUint(p[network], 10))
	}
	return strings.Join(parts, ",")
}

// parsePosition leaves out what is not one.
func parsePosition(s string) position {
	p := position{}
	for part := range strings.SplitSeq(s, ",") {
		network, sequence, _ := strings.Cut(part, "=")
		if n, err := strconv.ParseUint(sequence, 10, 64); err == nil {
			p[network] = n
		}
	}
	return p
}

// follower is one open stream.
type follower struct {
	*visit
	filter  Filter
	boards  []*Board
	at      position
	counted time.Time // when counts were last sent
	counts  string    // as sent
	stale   bool      // something happened since
	down    string    // networks told to be away
	control *http.ResponseController
	buf     bytes.Buffer
}

// stream sends what is confirmed from a position on (server-sent events, HTML Living Standard 9.2): "rows" are table rows,
// the newest first; "moved" says that something happened; "counts" how many placements stand in each status; "reload" says that too much was missed; "down" that a
// network cannot be read at the moment.
func (v *visit) stream() {
	if v.open.Add(1) > streamsMax {
		v.open.Add(-1)
		v.refuse(http.StatusServiceUnavailable, "busy")
		return
	}
	defer v.open.Add(-1)
	f := &follower{visit: v, filter: filterOf(v.r, v.seals), control: http.NewResponseController(v.w)}
	f.boards = v.boardsOf(v.person, f.filter.Network)
	f.at = parsePosition(cmp.Or(v.r.Header.Get("Last-Event-ID"), v.r.FormValue("after")))
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	fmt.Fprint(&f.buf, "retry: 1000\n\n")
	f.run()
}

func (f *follower) run() {
	beat := time.NewTimer(heartbeat)
	defer beat.Stop()
	for {
		more := f.pulse.next()
		if !f.catchUp() || !f.send() {
			return
		}
		pause := time.After(streamEvery)
		var late <-chan time.Time // counts that wait for their time
		if f.stale {
			late = time.After(countsEvery)
		}
		select {
		case <-more:
		case <-late:
		case <-beat.C:
			beat.Reset(heartbeat)
			if f.door.who(f.r) == nil {
				return // signed out, or a day is over
			}
			f.buf.WriteString(": still here\n\n")
		case <-f.ctx.Done():
			return
		}
		select {
		case <-pause:
		case <-f.ctx.Done():
			return
		}
	}
}

// catchUp writes what the browser has not had. It reports false when it must load the page anew.
func (f *follower) catchUp() bool {
	var list []*Entry
	var down []string
	before := maps.Clone(f.at)
	for _, b := range f.boards {
		from, known := f.at[b.Network]
		entries, end, ok := b.After(from)
		if !ok && known {
			f.event("reload", "", true)
			f.send()
			return false
		}
		for _, e := range entries {
			if f.filter.takes(e, f.names) {
				list = append(list, e)
			}
		}
		f.stale = f.stale || end != from
		f.at[b.Network] = end
		if b.Down() != "" {
			down = append(down, b.Network)
		}
	}
	if err := f.recordRows(before, list); err != nil {
		f.config.Log.Error().Err(err).Msg("desk")
		return false // what cannot be recorded is not shown; the browser comes back
	}
	f.rows(list)
	if now := strings.Join(down, ", "); now != f.down {
		f.down = now
		f.event("down", now, false)
	}
	if f.stale && time.Since(f.counted) >= countsEvery || f.counted.IsZero() {
		f.counted, f.stale = time.Now(), false
		f.event("moved", "", true)
		if counts := f.fragment("counts", f.countsOf(f.boards, f.filter)); counts != f.counts {
			f.counts = counts
			f.event("counts", counts, true)
		}
	}
	return true
}

// rows writes entries, the newest first. Only behind the last of them is the position reached. A row is written once for all
// who read it alike, and is one line.
func (f *follower) rows(list []*Entry) {
	slices.SortStableFunc(list, func(a, b *Entry) int { return a.Time.Compare(b.Time) })
	for len(list) > 0 {
		n := min(len(list), rowsMax)
		f.buf.WriteString("event: rows\n")
		if n == len(list) {
			f.buf.WriteString("id: " + f.at.String() + "\n")
		}
		for _, e := range slices.Backward(list[:n]) {
			f.buf.WriteString("data: ")
			f.buf.Write(f.row(e))
			f.buf.WriteByte('\n')
		}
		f.buf.WriteByte('\n')
		list = list[n:]
	}
}

// event appends one message; reached: it brings the browser to the position.
func (f *follower) event(name, data string, reached bool) {
	f.buf.WriteString("event: " + name + "\n")
	if reached {
		f.buf.WriteString("id: " + f.at.String() + "\n")
	}
	for line := range strings.Lines(data + "\n") {
		f.buf.WriteString("data: " + line)
	}
	f.buf.WriteByte('\n')
}

// send writes what is to be sent. It reports false when the browser is gone or takes nothing.
func (f *follower) send() bool {
	if f.buf.Len() == 0 {
		return true
	}
	if f.control.SetWriteDeadline(time.Now().Add(stalledMax)) != nil {
		return false
	}
	_, err := f.w.Write(f.buf.Bytes())
	f.buf.Reset()
	return err == nil && f.control.Flush() == nil
}
