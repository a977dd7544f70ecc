package desk

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

var baseField = regexp.MustCompile(`name="base" value="(sha256-[0-9a-f]{64})"`)

// base of the forms on a page.
func (b *browser) base(path string) string {
	b.Helper()
	m := baseField.FindStringSubmatch(b.must(path))
	if m == nil {
		b.Fatalf("%s has no form to change the catalog", path)
	}
	return m[1]
}

// edits a group and gives the page that follows.
func (b *browser) edits(change, group string, form url.Values) string {
	b.Helper()
	from := "/group/north/" + group
	if change == "add" {
		from = "/catalog/north/add"
	}
	form.Set("base", b.base(from))
	form.Set("group", group)
	status, body := b.post("/catalog/north/"+change, form)
	if status != http.StatusOK {
		b.Fatalf("%s of %s: %d\n%s", change, group, status, body)
	}
	return body
}

func (r *rig) group(id string) (g *program.Group) {
	r.Helper()
	r.desk.boards["north"].View(func(_ *roster.State, offer *roster.Offering) { g, _ = offer.Catalog.Group(id) })
	if g == nil {
		r.Fatalf("no group %s", id)
	}
	return g
}

func TestSeatIsAddedAtTheDesk(t *testing.T) {
	r := newRig(t, nil)
	r.send("Okafor", copd)
	second := r.send("Ng", copd)
	sam, late := r.browser("sam"), r.browser("sam")
	form := url.Values{"base": {sam.base("/group/north/copd-1")}, "group": {"copd-1"}, "leader": {"lena"}, "min": {"1"}, "max": {"2"}, "time": {"17:00"}}
	for person, want := range map[string]int{"ana": http.StatusForbidden, "lena": http.StatusForbidden, "vera": http.StatusForbidden} {
		for _, path := range []string{"/catalog/north/change/preview", "/catalog/north/change"} {
			if status, _ := r.browser(person).post(path, form); status != want {
				t.Errorf("%s, %s: %d", person, path, status)
			}
		}
	}
	_, preview := sam.post("/catalog/north/change/preview", form)
	for _, want := range []string{"seats: {min: 1, max: 2}", second, "Ng, Test", ">Placed<", "Put it in force"} {
		if !strings.Contains(preview, want) {
			t.Errorf("the preview lacks %q:\n%s", want, preview)
		}
	}
	if g := r.group("copd-1"); g.Seats.Max != 1 {
		t.Fatalf("a preview changed the catalog: %+v", g.Seats)
	}
	status, done := sam.post("/catalog/north/change", form)
	if status != http.StatusOK || !strings.Contains(done, "Done: 1 confirmation sent.") || !strings.Contains(done, "2 taken, 0 held by an offer, 0 free") || !strings.Contains(done, "Ng, Test") {
		t.Errorf("the seat is not there: %d\n%s", status, done)
	}
	if file := sam.must("/catalog/north/file"); !strings.Contains(file, "seats: {min: 1, max: 2}") || strings.Replace(file, "max: 2", "max: 1", 1) != catalog(time.Now()) {
		t.Errorf("the file is not as it was written, but for the seat:\n%s", file)
	}
	// Who opened the page before is told, and sends nothing.
	form.Set("max", "5")
	status, told := late.post("/catalog/north/change", form)
	if status != http.StatusConflict || !strings.Contains(told, "sam changed the catalog") || r.group("copd-1").Seats.Max != 2 {
		t.Errorf("the second is not told: %d\n%s", status, told)
	}
}

func TestBadCatalogIsNotPutInForce(t *testing.T) {
	r := newRig(t, nil)
	r.send("Okafor", copd) // the catalog is in force by then
	sam := r.browser("sam")
	base := sam.base("/group/north/copd-1")
	for _, c := range []struct {
		change string
		form   url.Values
		want   string
	}{
		{"change", url.Values{"leader": {"nobody"}, "min": {"1"}, "max": {"1"}, "time": {"17:00"}}, "no leader"},
		{"change", url.Values{"leader": {"lena"}, "min": {"1"}, "max": {"1"}, "time": {"17:00"}}, "nothing would change"},
		{"change", url.Values{"leader": {"lena"}, "min": {"many"}, "max": {"1"}, "time": {"17:00"}}, "whole numbers"},
		{"postpone", url.Values{"start": {"soon"}}, "Choose a day"},
		{"session", url.Values{"session": {"2046-11-17"}}, "no session on that day"},
		{"add", url.Values{"id": {"copd-1"}, "program": {"copd-ed"}, "mode": {"telehealth"}, "start": {"2046-11-16"}, "time": {"09:00"}, "count": {"8"}, "max": {"6"}}, "defined twice"},
	} {
		c.form.Set("base", base)
		c.form.Set("group", "copd-1")
		_, preview := sam.post("/catalog/north/"+c.change+"/preview", c.form)
		if !strings.Contains(preview, c.want) || strings.Contains(preview, "Put it in force") {
			t.Errorf("%s: want %q:\n%s", c.change, c.want, preview)
		}
		if status, _ := sam.post("/catalog/north/"+c.change, c.form); status != http.StatusConflict {
			t.Errorf("%s: %d", c.change, status)
		}
	}
	if got := sam.base("/group/north/copd-1"); got != base {
		t.Error("the catalog changed")
	}
}

func TestSessionIsMovedAtTheDesk(t *testing.T) {
	r := newRig(t, nil)
	member := r.send("Okafor", copd)
	sam, late := r.browser("sam"), r.browser("sam")
	form := url.Values{"base": {sam.base("/group/north/copd-1")}, "group": {"copd-1"}, "session": {"2046-11-23"}, "to": {"2046-11-26"}, "time": {"18:30"}}
	if status, _ := r.browser("ana").post("/catalog/north/move", form); status != http.StatusForbidden {
		t.Errorf("a coordinator moves a session: %d", status)
	}
	for want, change := range map[string][2]string{
		"no session on that day": {"session", "2046-11-25"},
		"still to come":          {"to", "2026-01-05"},
		"Choose a day":           {"to", "soon"},
		"meets already on":       {"to", "2046-11-30"},
	} {
		bad := url.Values{}
		for k, v := range form {
			bad[k] = v
		}
		bad.Set(change[0], change[1])
		if _, preview := sam.post("/catalog/north/move/preview", bad); !strings.Contains(preview, want) || strings.Contains(preview, "Put it in force") {
			t.Errorf("%v: want %q:\n%s", change, want, preview)
		}
	}
	_, preview := sam.post("/catalog/north/move/preview", form)
	const told = "Fri Nov 23, 2046, 5:00 pm is moved to Mon Nov 26, 2046, 6:30 pm"
	for _, want := range []string{"moved: [{date: &#34;2046-11-23&#34;", told, "Okafor, Test"} {
		if !strings.Contains(preview, want) {
			t.Errorf("the preview lacks %q:\n%s", want, preview)
		}
	}
	status, done := sam.post("/catalog/north/move", form)
	if status != http.StatusOK || !strings.Contains(done, "Done: 1 confirmation sent.") || !strings.Contains(done, "instead of Fri Nov 23, 2046, 5:00 pm") {
		t.Errorf("it is not moved: %d\n%s", status, done)
	}
	if story := r.browser("ana").must("/referral/north/" + member); !strings.Contains(story, told) {
		t.Errorf("the member's story does not tell it:\n%s", story)
	}
	if status, told := late.post("/catalog/north/move", form); status != http.StatusConflict || !strings.Contains(told, "sam changed the catalog") {
		t.Errorf("the second is not told: %d\n%s", status, told)
	}

	// It is moved again, to another time only, then left out: each time it is the session of its first day.
	sam.edits("move", "copd-1", url.Values{"session": {"2046-11-26"}, "to": {"2046-11-26"}, "time": {"09:00"}})
	if m := r.group("copd-1").Sessions.Moved; len(m) != 1 || m[0] != (program.Moved{Date: "2046-11-23", To: "2046-11-26", Time: "09:00"}) {
		t.Errorf("moved again: %v", m)
	}
	left := sam.edits("session", "copd-1", url.Values{"session": {"2046-11-26"}, "instead": {"end"}})
	if g := r.group("copd-1"); len(g.Sessions.Skip) != 1 || g.Sessions.Skip[0] != "2046-11-23" || len(g.Dates) != 30 || strings.Contains(left, "Nov 26") {
		t.Errorf("left out: %v\n%s", g.Sessions, left)
	}
	if story := r.browser("ana").must("/referral/north/" + member); !strings.Contains(story, "Mon Nov 26, 2046, 9:00 am is left out") {
		t.Errorf("the member's story does not tell that it is left out:\n%s", story)
	}
}

func TestGroupsAreAddedPostponedAndCancelled(t *testing.T) {
	r := newRig(t, nil)
	member := r.send("Okafor", copd)
	second := r.send("Ng", copd)
	sam := r.browser("sam")

	// A new group takes who waited.
	added := sam.edits("add", "", url.Values{"id": {"copd-2"}, "program": {"copd-ed"}, "leader": {"omar"}, "min": {"1"}, "max": {"1"}, "mode": {"in-person"}, "site": {"hall"}, "enrolment": {"rolling"}, "start": {"2046-11-17"}, "time": {"09:00"}, "count": {"8"}})
	if !strings.Contains(added, "Ng, Test") || !strings.Contains(added, "1 taken, 0 held by an offer, 0 free") {
		t.Errorf("the new group is not filled:\n%s", added)
	}
	if g := r.group("copd-2"); g.Leader != "omar" || g.Seats.Max != 1 || len(g.Dates) != 8 {
		t.Errorf("the new group is %+v", g)
	}

	// A session less, a session put off, the whole put off.
	sam.edits("session", "copd-1", url.Values{"session": {"2046-11-23"}, "instead": {"none"}})
	if g := r.group("copd-1"); len(g.Dates) != 29 || g.Sessions.Count != 29 {
		t.Errorf("a session less: %d, count %d", len(g.Dates), g.Sessions.Count)
	}
	sam.edits("session", "copd-1", url.Values{"session": {"2046-11-30"}, "instead": {"end"}})
	if g := r.group("copd-1"); len(g.Dates) != 29 || len(g.Sessions.Skip) != 2 {
		t.Errorf("a session put off: %d, %v", len(g.Dates), g.Sessions.Skip)
	}
	told := sam.edits("postpone", "copd-1", url.Values{"start": {"2046-12-10"}})
	if g := r.group("copd-1"); g.Sessions.Start != "2046-12-10" || !strings.Contains(told, "Done: 1 confirmation sent.") {
		t.Errorf("the group is not postponed: %+v\n%s", g.Sessions, told)
	}
	if story := r.browser("ana").must("/referral/north/" + member); !strings.Contains(story, "Dec 10, 2046") {
		t.Error("the member's first session is not moved")
	}

	// One that has begun pauses.
	begun := r.group("walk-1")
	resume := time.Now().In(mustLoad(t, "America/New_York")).AddDate(0, 0, 5).Format(time.DateOnly)
	sam.edits("postpone", "walk-1", url.Values{"start": {resume}})
	if g := r.group("walk-1"); len(g.Sessions.Skip) < 4 || g.Sessions.Start != begun.Sessions.Start || len(g.Dates) != len(begun.Dates) {
		t.Errorf("a group that has begun does not pause: %v", g.Sessions.Skip)
	}

	// Cancelled: who was in it waits, keeping the arrival.
	gone := sam.edits("cancel", "copd-1", url.Values{})
	if !strings.Contains(gone, "The group is cancelled.") || !strings.Contains(gone, "Nobody yet.") {
		t.Errorf("the group is not cancelled:\n%s", gone)
	}
	if story := r.browser("ana").must("/referral/north/" + member); !strings.Contains(story, "Waiting") {
		t.Error("the member does not wait")
	}
	if story := r.browser("ana").must("/referral/north/" + second); !strings.Contains(story, "copd-2") {
		t.Error("the other kept no seat")
	}
}

func mustLoad(t *testing.T, zone string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}
