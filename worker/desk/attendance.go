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

// attendance publishes what a sheet says that was not noted before, an event a participant.
func (v *visit) attendance() {
	b, group := v.boardOf(), v.r.PathValue("group")
	if b == nil {
		v.refuse(http.StatusNotFound, "not-found")
		return
	}
	if !v.person.May(Coordinator) && (v.person.Role != Leader || !v.leadsGroup(b, group)) {
		v.refuse(http.StatusForbidden, "forbidden")
		return
	}
	var sh sheet
	b.View(func(s *roster.State, offer *roster.Offering) {
		if offer == nil {
			return
		}
		if at := offer.Book.Group(group); at >= 0 {
			g := &offer.Catalog.Groups[at]
			sh = v.sheetOf(s, offer.Catalog, g, holders(s, offer.Catalog.Location)[g.ID], v.config.Now(), v.r.PostFormValue("session"))
		}
	})
	var last uint64
	for _, line := range sh.Lines {
		kind, ok := noted(v.r.PostFormValue(line.Placement), v.r.PostFormValue("held") != "", line.Came)
		if !ok {
			continue
		}
		var err error
		last, err = worker.PublishEvent(v.ctx, v.actors[b.Network], b.Network, &mapping.Event{
			Type: kind, Source: mapping.SourceDesk, ID: "desk-" + rand.Text(), Sent: v.config.Now().UTC(), Actor: v.person.Called(),
			Target: mapping.Target{Key: line.Key, Placement: line.Placement}, Session: sh.Session,
		})
		if err != nil {
			v.failed(err)
			return
		}
	}
	to := "/group/" + b.Network + "/" + group + "?session=" + sh.Session
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
