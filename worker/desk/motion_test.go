package desk

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
)

var motionPath = regexp.MustCompile(`/second/north/[A-Z2-7]+`)

// moves that a stop of the referral be set aside, and gives the address at which a second person agrees.
func (b *browser) moves(key string) string {
	b.Helper()
	form := url.Values{"override": {"safety-stop"}, "reason": {"seen today, safe"}, "placement": {key + "-1"}, "seen": {b.seen(key)}}
	_, preview := b.post("/act/north/"+key+"/override/preview", form)
	b.wants(preview, "two people in two roles", "Ask a second person", "/override/propose", ">Placed<")
	_, page := b.post("/act/north/"+key+"/override/propose", form)
	b.wants(page, "You have asked", "Withdraw it", "seen today, safe")
	path := motionPath.FindString(page)
	if path == "" {
		b.Fatalf("nothing to agree to:\n%s", page)
	}
	return path
}

// TestTwoPeopleSetAStopAside: one asks, another in another role agrees from their own session; the event has both.
func TestTwoPeopleSetAStopAside(t *testing.T) {
	r := newRig(t, nil)
	key := r.stopped("Okafor")
	sam, ana, sue, cho := r.browser("sam"), r.browser("ana"), r.browser("sue"), r.browser("cho")
	path := sam.moves(key)
	for _, c := range []struct {
		b    *browser
		says string
	}{{sam, "You have asked"}, {ana, "Who agrees supervises, or has a function"}, {sue, "Both of you decide in the same role"}} {
		page := c.b.must(path)
		r.wants(page, c.says)
		if strings.Contains(page, "/agree") {
			t.Errorf("%s: it can be agreed to", c.says)
		}
		if status, _ := c.b.post(path+"/agree", nil); status != http.StatusForbidden {
			t.Errorf("%s: agreed: %d", c.says, status)
		}
	}
	if status, _ := r.browser("lena").get(path); status != http.StatusForbidden {
		t.Errorf("a leader looks: %d", status)
	}
	if got := r.status(key); got != mapping.Review {
		t.Fatalf("before anybody agrees: %s", got)
	}
	r.wants(cho.must("/needs"), "It waits for a second person", path, "seen today, safe")
	r.wants(cho.must("/referral/north/"+key), "asks a second person", path)
	r.wants(cho.must(path), "You decide as D. Cho, in the role psychiatrist", ">Placed<", path+"/agree")
	_, done := cho.post(path+"/agree", nil)
	r.wants(done, "Done: 1 confirmation sent.", "sam acted", "and D. Cho (psychiatrist) agreed")
	if got := r.status(key); got != mapping.Placed {
		t.Errorf("after both: %s", got)
	}
	e := r.lastActOf("sam")
	if e.Type != mapping.ReviewOverridden || e.Role != "supervisor" || e.Approver != (mapping.Approver{Name: "D. Cho", Role: "psychiatrist"}) {
		t.Errorf("the event: %+v", e)
	}
	if status, _ := cho.post(path+"/agree", nil); status != http.StatusNotFound {
		t.Errorf("agreed to once more: %d", status)
	}
	var what []string
	for _, l := range r.looks() {
		if l.Key == key && (l.What == "proposed" || l.What == "second" || l.What == "agreed") {
			what = append(what, l.Person+" "+l.What)
		}
	}
	if got := strings.Join(what, ", "); got != "sam proposed, sam second, sam second, ana second, sue second, cho second, cho agreed" {
		t.Errorf("recorded: %s", got)
	}
}

// lastActOf a person, as it was stored.
func (r *rig) lastActOf(actor string) *mapping.Event {
	r.Helper()
	b := r.desk.boards["north"]
	for n := b.mirror.State().Position.Input; n > 0; n-- {
		m, err := b.mirror.Input(r.Context(), n)
		if err != nil {
			r.Fatal(err)
		}
		if e := event.Decode(mapping.Input{Network: "north", Sequence: n, Data: m.Data}).Event; e != nil && e.Actor == actor {
			return e
		}
	}
	r.Fatalf("%s did nothing", actor)
	return nil
}

func TestMotionsEnd(t *testing.T) {
	var ahead atomic.Int64
	r := newRig(t, func(c *Config) { c.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) } })
	key := r.stopped("Okafor")
	sam, cho := r.browser("sam"), r.browser("cho")
	gone := func(path, why string) {
		t.Helper()
		if status, page := cho.post(path+"/agree", nil); status != http.StatusNotFound || !strings.Contains(page, "It no longer waits") {
			t.Errorf("%s: %d\n%s", why, status, page)
		}
		if strings.Contains(cho.must("/needs"), path) {
			t.Errorf("%s: it is still listed", why)
		}
	}
	path := sam.moves(key)
	if status, _ := cho.post(path+"/withdraw", nil); status != http.StatusForbidden {
		t.Errorf("another withdraws it: %d", status)
	}
	sam.post(path+"/withdraw", nil)
	gone(path, "withdrawn")

	path = sam.moves(key)
	cho.post(path+"/decline", nil)
	gone(path, "declined")

	path = sam.moves(key)
	again := sam.moves(key)
	gone(path, "asked anew")

	r.browser("ana").post("/act/north/"+key+"/assign", url.Values{"assignee": {"Dr Vale"}, "reason": {"on call"}, "seen": {r.seen(key)}})
	status, page := cho.post(again+"/agree", nil)
	if r.wants(page, "The referral changed after this was asked."); status != http.StatusConflict || r.status(key) != mapping.Review {
		t.Errorf("agreed to what has changed: %d", status)
	}

	path = sam.moves(key)
	ahead.Store(int64(motionMax))
	cho = r.browser("cho") // a session is shorter
	gone(path, "a day later")
}

// TestMotionsOutliveARestart, and of two who agree in the same moment one is obeyed.
func TestMotionsOutliveARestart(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.People = append([]Person{{ID: "ned", Role: Viewer, Function: "nurse"}}, everyone...)
	})
	key := r.stopped("Okafor")
	path := r.browser("sam").moves(key)
	address := strings.TrimPrefix(r.desk.URL, "http://")
	r.stop()
	r.startDesk(address, func(c *Config) {
		c.People = append([]Person{{ID: "ned", Role: Viewer, Function: "nurse"}}, everyone...)
	})
	var both sync.WaitGroup
	statuses := make([]int, 2)
	for i, b := range []*browser{r.browser("cho"), r.browser("ned")} {
		both.Go(func() { statuses[i], _ = b.post(path+"/agree", nil) })
	}
	both.Wait()
	if a, b := statuses[0], statuses[1]; min(a, b) != http.StatusOK || max(a, b) < http.StatusBadRequest {
		t.Errorf("both agree: %v", statuses)
	}
	if got := r.status(key); got != mapping.Placed {
		t.Errorf("after one agreed: %s", got)
	}
}

// TestNobodySetsAStopAsideAlone: where one person has the desk to themselves there is no second.
func TestNobodySetsAStopAsideAlone(t *testing.T) {
	r := newRig(t, func(c *Config) { c.People = []Person{{ID: "sam", Role: Supervisor, Function: "nurse"}} })
	key := r.stopped("Okafor")
	sam := r.browser("sam")
	form := url.Values{"override": {"safety-stop"}, "reason": {"seen"}, "seen": {r.seen(key)}, "approver": {"Dr Vale"}, "approver-role": {"clinician"}}
	_, page := sam.post("/act/north/"+key+"/override/preview", form)
	if r.wants(page, "nobody else signs in at this desk"); strings.Contains(page, "Do it") || strings.Contains(page, "Ask a second person") {
		t.Errorf("it can be done:\n%s", page)
	}
	_, page = sam.post("/act/north/"+key+"/override", form)
	if r.wants(page, "Refused:"); r.status(key) != mapping.Review {
		t.Errorf("a typed name sets a stop aside: %s", r.status(key))
	}
}
