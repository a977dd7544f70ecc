package ask

import (
	"context"
	"net/http"
	"time"

	"github.com/convene-health/convene/mapping/confirm"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// offered are the programs of the catalog in force, or the one with an id; in a network with profile sdoh with the room that
// they have.
func (w *Window) offered(ctx context.Context, kind, id string) Answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.open(); err != nil {
		return w.failed(err)
	}
	cat, err := w.inForce(ctx)
	if err != nil {
		return w.failed(err)
	}
	if cat == nil {
		return searchset(nil, nil)
	}
	var room func(string) confirm.Room
	if cat.Profile == "sdoh" {
		now, state := time.Now(), w.mirror.State()
		room = func(id string) confirm.Room { return roomOf(cat, state, id, now) }
	}
	services, providers := w.writer.Services(room)
	listed, with := entries("HealthcareService", services, services, providers), entries("Organization", providers, providers)
	if id == "" {
		return searchset(listed, with)
	}
	for _, r := range append(listed, with...) {
		if r.kind == kind && r.id == id {
			return Answer{Status: http.StatusOK, Body: r.resource}
		}
	}
	return notFound(kind, id)
}

// inForce is the catalog in force, read once; nil before the first. w.mu is held, and the mirror open.
func (w *Window) inForce(ctx context.Context) (*program.Catalog, error) {
	hash := w.mirror.State().Catalog
	if hash == "" {
		return nil, nil
	}
	if w.catalog == nil || w.catalog.Hash != hash {
		cat, err := w.mirror.Catalog(ctx, hash)
		if err != nil {
			return nil, err
		}
		w.catalog, w.writer = cat, confirm.New(cat)
	}
	if cat := w.mirror.State().InForce(w.catalog); cat != w.catalog {
		w.catalog, w.writer = cat, confirm.New(cat)
	}
	return w.catalog, nil
}

// roomOf a program: seats free in groups that can still be joined, a drop-in group's without end, and who waits.
func roomOf(cat *program.Catalog, state *roster.State, id string, now time.Time) confirm.Room {
	room := confirm.Room{Waiting: state.Waiting(id)}
	for i := range cat.Groups {
		g := &cat.Groups[i]
		if g.Program != id || !joinable(cat, g, now) {
			continue
		}
		room.Groups++
		if g.Enrolment == program.EnrolmentOpen {
			room.DropIn = true
		} else {
			room.Free += max(0, g.Seats.Max-state.Taken(g.ID))
		}
	}
	return room
}

// joinable: a closed group until its first session, others while there is a next one.
func joinable(cat *program.Catalog, g *program.Group, now time.Time) bool {
	next, ok := cat.FirstSessionAfter(g, now)
	return ok && !g.Cancelled && (g.Enrolment != program.EnrolmentClosed || next.Equal(g.Dates[0]))
}
