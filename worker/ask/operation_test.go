package ask

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/convene-health/convene/mapping/confirm"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/testdata/week"
)

// TestCalendarOfAPlacement: who has a seat gets their sessions; the rest get none, nor does anybody else's source.
func TestCalendarOfAPlacement(t *testing.T) {
	r := startRig(t)
	files, none := 0, 0
	for id, o := range r.orders() {
		a := r.window.Ask(t.Context(), o.source, "Task/"+id+"/$calendar")
		switch a.Status {
		case http.StatusOK:
			files++
			c, err := ics.ParseCalendar(bytes.NewReader(a.Body))
			if err != nil || a.Media != "text/calendar; charset=utf-8" {
				t.Fatalf("%s: %v in %s %s", id, err, a.Media, a.Body)
			}
			if len(c.Events()) == 0 || !strings.HasPrefix(c.Events()[0].Id(), id+"-") {
				t.Errorf("%s has no sessions, or another's: %s", id, a.Body)
			}
		case http.StatusNotFound:
			none++
		default:
			t.Errorf("%s: %d %s", id, a.Status, a.Body)
		}
		for _, other := range r.catalog.Sources {
			if other.Name == o.source {
				continue
			}
			for _, operation := range []string{"$calendar", "$message"} {
				if a := r.window.Ask(t.Context(), other.Name, "Task/"+id+"/"+operation); a.Status != http.StatusNotFound || !bytes.Contains(a.Body, []byte("you have no Task")) {
					t.Errorf("%s asks %s of %s: %d", other.Name, operation, id, a.Status)
				}
			}
		}
		if a := r.window.Ask(t.Context(), o.source, "Task/"+id+"/$message"); a.Status != http.StatusNotFound || !bytes.Contains(a.Body, []byte("profile bser")) {
			t.Errorf("a message without profile bser: %d %s", a.Status, a.Body)
		}
		if a := r.window.Ask(t.Context(), o.source, "Task/"+id+"/$cancel"); a.Status != http.StatusBadRequest {
			t.Errorf("an operation that is none: %d", a.Status)
		}
	}
	if files < 3 || none < 3 {
		t.Errorf("%d calendars and %d without", files, none)
	}
}

// TestRoom: what a program has left, before anybody came and when all is over.
func TestRoom(t *testing.T) {
	cat, problems := program.Load(week.Catalogs()[0])
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC)
	groups := 0
	for _, p := range cat.Programs {
		now := roomOf(cat, roster.New(), p.ID, start)
		if groups += now.Groups; now.Groups == 0 && now.Free > 0 || now.Groups > 0 && now.Free == 0 && !now.DropIn {
			t.Errorf("%s: %+v", p.ID, now)
		}
		if later := roomOf(cat, roster.New(), p.ID, start.AddDate(20, 0, 0)); later != (confirm.Room{}) {
			t.Errorf("%s in twenty years: %+v", p.ID, later)
		}
	}
	if groups == 0 {
		t.Error("no group can be joined")
	}
}
