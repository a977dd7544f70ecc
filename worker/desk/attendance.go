package desk

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
)

// sheet is the attendance of one session of a group.
type sheet struct {
	// Sessions that have begun, the latest first, as YYYY-MM-DD.
	Sessions []option
	Session  string
	Lines    []sheetLine
}

// sheetLine is one participant: what was noted of the session.
type sheetLine struct {
	holder
	Came roster.Attendance // 0: nothing yet
}

// Attended and Missed, for templates.
func (l sheetLine) Attended() bool { return l.Came == roster.Attended }
func (l sheetLine) Missed() bool   { return l.Came == roster.Missed }

// sheetSessions is how many sessions back can be noted.
const sheetSessions = 12

// sheetOf a group: of the session chosen, or the latest that has begun.
func (v *visit) sheetOf(s *roster.State, cat *program.Catalog, g *program.Group, in []holder, now time.Time, chosen string) (sh sheet) {
	for _, d := range slices.Backward(g.Dates) {
		if local := d.In(cat.Location); !d.After(now) && len(sh.Sessions) < sheetSessions {
			sh.Sessions = append(sh.Sessions, option{local.Format(time.DateOnly), v.words.Weekday(local)})
		}
	}
	if len(sh.Sessions) == 0 {
		return sh
	}
	sh.Session = sh.Sessions[0].Value
	if slices.ContainsFunc(sh.Sessions, func(o option) bool { return o.Value == chosen }) {
		sh.Session = chosen
	}
	day, _ := strconv.ParseUint(strings.ReplaceAll(sh.Session, "-", ""), 10, 32)
	for _, h := range in {
		if h.Status == mapping.Offered {
			continue
		}
		line := sheetLine{holder: h}
		line.Placement = h.placement.String()
		key, _ := roster.ParseKey('r', h.Key)
		if pl := placementOf(s.Record(key), h.placement); pl != nil && pl.Past != nil {
			for _, session := range pl.Past.Sessions {
				if uint64(session.Day) == day {
					line.Came = session.Came
				}
			}
		}
		sh.Lines = append(sh.Lines, line)
	}
	return sh
}

func placementOf(rec *roster.Record, id roster.PlacementID) *roster.Placement {
	for i := 0; rec != nil && i < len(rec.Placements); i++ {
		if rec.Placements[i].ID == id {
			return &rec.Placements[i]
		}
	}
	return nil
}

// filled is a sheet that somebody has filled in: the events that say what was not noted before.
type filled struct {
	board  *Board
	group  string
	sheet  sheet
	events []*mapping.Event
	// clash: somebody else has noted another thing meanwhile.
	clash bool
}

// filledIn reads a sheet from the request; nil where it was answered.
func (v *visit) filledIn() *filled {
	b, group := v.boardOf(), v.r.PathValue("group")
	if b == nil {
		v.refuse(http.StatusNotFound, "not-found")
		return nil
	}
	if !v.person.May(Coordinator) && (v.person.Role != Leader || !v.leadsGroup(b, group)) {
		v.refuse(http.StatusForbidden, "forbidden")
		return nil
	}
	f := &filled{board: b, group: group}
	b.View(func(s *roster.State, offer *roster.Offering) {
		if offer == nil {
			return
		}
		if at := offer.Book.Group(group); at >= 0 {
			g := &offer.Catalog.Groups[at]
			f.sheet = v.sheetOf(s, offer.Catalog, g, holders(s, offer.Catalog.Location)[g.ID], v.config.Now(), v.r.PostFormValue("session"))
		}
	})
	for _, line := range f.sheet.Lines {
		kind, ok := noted(v.r.PostFormValue(line.Placement), v.r.PostFormValue("held") != "", line.Came)
		if !ok {
			continue
		}
		if was := v.r.PostFormValue("was-" + line.Placement); was != "" && was != strconv.Itoa(int(line.Came)) {
			f.clash = true
		}
		f.events = append(f.events, &mapping.Event{
			Type: kind, Source: mapping.SourceDesk, ID: "desk-" + rand.Text(), Sent: v.config.Now().UTC(), Actor: v.person.Called(),
			Target: mapping.Target{Key: line.Key, Placement: line.Placement}, Session: f.sheet.Session,
		})
	}
	return f
}

// previewAttendance shows what a sheet would do: who begins, whose seat is released for the sessions missed.
func (v *visit) previewAttendance() {
	f := v.filledIn()
	if f == nil {
		return
	}
	p := attendancePreview{Group: f.group, Session: f.sheet.Session, Clash: f.clash}
	if !f.clash {
		p.preview = f.board.Try(nil, v.config.Now(), f.events...)
	}
	p.Network, p.Form = f.board.Network, v.r.PostForm
	if v.person.Role == Leader { // who moves up is not theirs to know
		p.Effects = slices.DeleteFunc(p.Effects, func(e effect) bool {
			return !slices.ContainsFunc(f.sheet.Lines, func(l sheetLine) bool { return l.Key == e.Key })
		})
	}
	if err := v.audit(f.board.Network, "preview", f.group, p.keys()...); err != nil {
		v.failed(err)
		return
	}
	for i := range p.Effects {
		p.Effects[i].Name, _ = v.nameOf(f.board, p.Effects[i].Key)
	}
	v.show(http.StatusOK, "attendance", v.words.T("attendance.title"), p)
}

// attendancePreview is what a sheet would do.
type attendancePreview struct {
	preview
	Group, Session string
	Clash          bool
}

// attendance publishes a sheet, an event a participant. Whoever filled it in before somebody else noted another thing is
// told, and nothing is sent.
func (v *visit) attendance() {
	f := v.filledIn()
	if f == nil {
		return
	}
	if f.clash {
		p := attendancePreview{Group: f.group, Session: f.sheet.Session, Clash: true}
		p.Network = f.board.Network
		v.show(http.StatusConflict, "attendance", v.words.T("attendance.title"), p)
		return
	}
	var last uint64
	for _, e := range f.events {
		var err error
		if last, err = worker.PublishEvent(v.ctx, v.actors[f.board.Network], f.board.Network, e); err != nil {
			v.failed(err)
			return
		}
	}
	to := "/group/" + f.board.Network + "/" + f.group + "?session=" + f.sheet.Session
	if last > 0 {
		to += "&did=" + strconv.FormatUint(last, 10)
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
}

// noted is the event of one line of a sheet; false where it says nothing new.
func noted(came string, notHeld bool, before roster.Attendance) (mapping.EventType, bool) {
	switch {
	case notHeld:
		return mapping.SessionNotHeld, before != roster.NotHeld
	case came == "came":
		return mapping.SessionAttended, before != roster.Attended
	case came == "missed":
		return mapping.SessionMissed, before != roster.Missed
	}
	return "", false
}
