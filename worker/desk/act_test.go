package desk

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
)

// seen is the position of a referral's last decision, as a page that is opened now has it.
func (r *rig) seen(key string) string {
	r.Helper()
	return itoa(r.last(worker.DecisionSubject("north", key)).Sequence)
}

// acts on the first placement of a referral as it stands, after its preview, and gives both pages.
func (b *browser) acts(act, key string, form url.Values) (preview, done string) {
	b.Helper()
	form.Set("placement", key+"-1")
	form.Set("seen", b.seen(key))
	status, preview := b.post("/act/north/"+key+"/"+act+"/preview", form)
	if status != http.StatusOK || !strings.Contains(preview, "Do it") {
		b.Fatalf("%s of %s: %d\n%s", act, key, status, preview)
	}
	status, done = b.post("/act/north/"+key+"/"+act, form)
	if status != http.StatusOK || !strings.Contains(done, "Done:") {
		b.Fatalf("%s of %s: %d\n%s", act, key, status, done)
	}
	return preview, done
}

// status of a referral on the roster.
func (r *rig) status(key string) (s mapping.Status) {
	r.Helper()
	n, err := roster.ParseKey('r', key)
	if err != nil {
		r.Fatal(err)
	}
	r.desk.boards["north"].View(func(state *roster.State, _ *roster.Offering) { s, _ = state.StatusOf(n) })
	return s
}

// wants fails where a page lacks one of the texts.
func (r *rig) wants(page string, texts ...string) {
	r.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			r.Errorf("the page lacks %q:\n%s", text, page)
		}
	}
}

func TestReviewIsRejectedAskedAndAssigned(t *testing.T) {
	r := newRig(t, nil)
	ana := r.browser("ana")
	rejected, asked := r.send("Okafor", "Z99.999"), r.send("Ng", "Z99.998")

	preview, done := ana.acts("reject", rejected, url.Values{"reason": {"not a program for this"}})
	r.wants(preview, ">Rejected<")
	r.wants(done, "Ana Ruiz acted", "not a program for this")
	if got := r.status(rejected); got != mapping.Rejected {
		t.Errorf("rejected: %s", got)
	}

	// Assigned and assigned anew: nobody outside is told, and the desk shows who.
	form := url.Values{"assignee": {"Dr Cho"}, "reason": {"on call"}, "seen": {r.seen(asked)}}
	if _, told := ana.post("/act/north/"+asked+"/assign", form); !strings.Contains(told, "Dr Cho looks at it.") {
		t.Errorf("who is to look at it is not shown:\n%s", told)
	}
	form = url.Values{"assignee": {"Dr Vale"}, "reason": {"Dr Cho is away"}, "seen": {r.seen(asked)}}
	ana.post("/act/north/"+asked+"/assign", form)
	if needs := ana.must("/needs"); !strings.Contains(needs, "Dr Vale looks at it.") || strings.Contains(needs, "Dr Cho") {
		t.Error("the work list does not say who looks at it now")
	}

	preview, _ = ana.acts("info", asked, url.Values{"reason": {"which diagnosis do you mean?"}})
	r.wants(preview, ">Needs information<")
	r.wants(ana.must("/needs"), "A fact is missing", "which diagnosis do you mean?")
}

func TestRecordsOfOnePersonAreJoinedOrKeptApart(t *testing.T) {
	r := newRig(t, nil)
	ana := r.browser("ana")
	first := r.send("Okafor", copd)
	twin := func(number int) string {
		input, err := worker.PublishEvent(t.Context(), r.host.Admin(), "north", &mapping.Event{
			Type: mapping.ReferralCreated, Source: "clinic", ID: fmt.Sprint("twin", number), Referral: &mapping.Referral{
				Identifier: mapping.Identifier{System: "https://clinic.example/orders", Value: fmt.Sprint("twin", number)},
				Patient: mapping.Patient{Identifiers: []mapping.Identifier{{System: "https://ids.north.example/mpi", Value: fmt.Sprint("twin", number)}},
					Name: mapping.Name{Family: "Okafor", Given: []string{"Test"}}, BirthDate: "1961-05-01", Gender: "female", Address: mapping.Address{State: "MA", PostalCode: "02118"}},
				Conditions: []mapping.Condition{{Codes: []mapping.Code{{System: "http://hl7.org/fhir/sid/icd-10-cm", Code: "I10"}}}},
			}})
		if err != nil {
			t.Fatal(err)
		}
		r.decided(input)
		return fmt.Sprint("r", input)
	}
	same, other := twin(1), twin(2)
	if r.status(same) != mapping.Review || r.status(other) != mapping.Review {
		t.Fatalf("a namesake of the same birth date: %s, %s", r.status(same), r.status(other))
	}
	preview, done := ana.acts("different", other, url.Values{"reason": {"another address, asked by telephone"}})
	r.wants(preview, ">Placed<", "walk-1")
	r.wants(done, "A person says that the two records are of different patients.")

	if _, refused := ana.post("/act/north/"+same+"/same/preview", url.Values{"other": {"p999"}, "reason": {"x"}, "seen": {r.seen(same)}}); !strings.Contains(refused, "no patient has this key") || strings.Contains(refused, "Do it") {
		t.Errorf("a patient who is not there:\n%s", refused)
	}
	ana.acts("same", same, url.Values{"other": {"p" + first[1:]}, "reason": {"the same telephone"}})
	r.wants(ana.must("/referral/north/"+same), "patient p"+first[1:], "Other referrals of the patient", first)
}

func TestCallsAreNotedUntilTheReferralCloses(t *testing.T) {
	r := newRig(t, nil)
	ana := r.browser("ana")
	key := r.send("Diaz", pain)
	no := func() string {
		_, done := ana.acts("contact", key, url.Values{"reached": {"no"}, "reason": {"no answer"}})
		return done
	}
	no()
	r.wants(ana.must("/needs"), "Calls", "1 of 3 attempts failed")
	ana.acts("contact", key, url.Values{"reached": {"yes"}})
	no()
	no()
	r.wants(ana.must("/needs"), "2 of 3 attempts failed")
	form := url.Values{"reached": {"no"}, "placement": {key + "-1"}, "seen": {r.seen(key)}}
	_, preview := ana.post("/act/north/"+key+"/contact/preview", form)
	r.wants(preview, ">Closed<", "It frees a seat in pain-1.", "The patient could not be reached.")
	no()
	if got := r.status(key); got != mapping.Closed {
		t.Errorf("after the last attempt: %s", got)
	}
	r.wants(ana.must("/needs"), "Closed as unreachable", key)
}

func TestOffersAreAcceptedAndDeclinedForThePatient(t *testing.T) {
	r := newRig(t, nil)
	ana := r.browser("ana")
	yes, no := r.send("Diaz", pain), r.send("Moreau", pain)
	preview, _ := ana.acts("accept", yes, url.Values{"by": {"patient"}})
	r.wants(preview, ">Placed<", "pain-1")
	preview, done := ana.acts("decline", no, url.Values{"by": {"patient"}, "reason": {"not in the evening"}})
	r.wants(preview, ">Waiting<", "It frees a seat in pain-1.")
	r.wants(done, "not in the evening")
	if a, b := r.status(yes), r.status(no); a != mapping.Placed || b != mapping.Waitlisted {
		t.Errorf("accepted: %s, declined: %s", a, b)
	}
}

func TestWalkInsMovesAndReleases(t *testing.T) {
	r := newRig(t, nil)
	ana := r.browser("ana")
	seated, waits := r.send("Okafor", copd), r.send("Ng", copd)

	// A walk-in: who waits for one group joins another at the door.
	preview, _ := ana.acts("enrol", waits, url.Values{"group": {"walk-1"}, "reason": {"came with a neighbour"}})
	r.wants(preview, ">Enrolled<", "walk-1")
	third := r.send("Abara", copd)

	// A move frees the seat for the next; rules are checked.
	form := url.Values{"placement": {seated + "-1"}, "seen": {r.seen(seated)}, "group": {"walk-1"}, "reason": {"mornings"}}
	if _, refused := ana.post("/act/north/"+seated+"/move/preview", form); !strings.Contains(refused, "Convene would refuse this.") || strings.Contains(refused, "Do it") {
		t.Errorf("a move into a group that does not serve the patient:\n%s", refused)
	}
	sam := r.browser("sam")
	sam.edits("add", "", url.Values{"id": {"copd-2"}, "program": {"copd-ed"}, "leader": {"omar"}, "min": {"1"}, "max": {"2"}, "mode": {"in-person"}, "site": {"hall"}, "enrolment": {"rolling"}, "start": {"2046-11-17"}, "time": {"09:00"}, "count": {"8"}})
	if got := r.status(third); got != mapping.Placed {
		t.Fatalf("who waited: %s", got)
	}
	fourth, fifth := r.send("Diaz", copd), r.send("Silva", copd)
	if got := r.status(fifth); got != mapping.Waitlisted {
		t.Fatalf("the fifth: %s", got)
	}
	ana.acts("release", fourth, url.Values{"outcome": {"closed"}, "reason": {"moved away"}})
	if got := r.status(fifth); got != mapping.Placed {
		t.Errorf("the seat is not passed on: %s", got)
	}
	ana.acts("release", third, url.Values{"outcome": {"closed"}, "reason": {"moved away"}})
	sixth := r.send("Moreau", copd)
	seventh := r.send("Haddad", copd)
	if r.status(sixth) != mapping.Placed || r.status(seventh) != mapping.Waitlisted {
		t.Fatalf("%s, %s", r.status(sixth), r.status(seventh))
	}
	ana.acts("release", sixth, url.Values{"outcome": {"closed"}, "reason": {"x"}})
	if got := r.status(seventh); got != mapping.Placed {
		t.Fatalf("the seventh: %s", got)
	}
	ana.acts("release", seventh, url.Values{"outcome": {"closed"}, "reason": {"x"}})
	preview, done := ana.acts("move", seated, url.Values{"group": {"copd-2"}, "reason": {"mornings"}})
	r.wants(preview, "It frees a seat in copd-1.", "copd-2")
	r.wants(done, "Ana Ruiz acted", "copd-2")

	// Who has begun moves too, and stays enrolled.
	preview, _ = ana.acts("move", waits, url.Values{"group": {"copd-1"}, "reason": {"a seat at last"}})
	r.wants(preview, "It frees a seat in walk-1.", ">Enrolled<", "copd-1")
}

func TestRulesAreSetAsideWithAReason(t *testing.T) {
	r := newRig(t, nil)
	key := r.stopped("Okafor")
	sam := r.browser("sam")
	form := url.Values{"override": {"safety-stop"}, "reason": {"seen today, safe"}, "placement": {key + "-1"}, "seen": {r.seen(key)}}
	if status, _ := r.browser("ana").post("/act/north/"+key+"/override", form); status != http.StatusForbidden {
		t.Errorf("a coordinator sets a rule aside: %d", status)
	}
	r.wants(sam.must("/needs"), "A safety rule says stop")
	if _, alone := sam.post("/act/north/"+key+"/override", form); !strings.Contains(alone, "Refused:") || r.status(key) != mapping.Review {
		t.Errorf("a stop is set aside by one person:\n%s", alone)
	}
	alert := r.send("Silva", "Z99.999")
	form = url.Values{"reason": {"as discussed"}, "group": {"walk-1"}, "override": {"no-overlap"}}
	if preview, _ := sam.acts("override-place", alert, form); strings.Contains(preview, "second person") {
		t.Errorf("a second person is asked where nothing stops:\n%s", preview)
	}
}

// stopped sends a referral that a safety rule stops.
func (r *rig) stopped(family string) string {
	r.Helper()
	key := r.send(family, copd, "R45.851")
	if got := r.status(key); got != mapping.Review {
		r.Fatalf("suicidal ideation gives %s", got)
	}
	return key
}

// TestTwoActAtOnce: of two who do it in the same moment one is obeyed; the other is told, or finds it done.
func TestTwoActAtOnce(t *testing.T) {
	r := newRig(t, nil)
	first, second := r.send("Okafor", copd), r.send("Ng", copd)
	form := url.Values{"reason": {"moved away"}, "outcome": {"closed"}, "placement": {first + "-1"}, "seen": {r.seen(first)}}
	var both sync.WaitGroup
	pages := make([]string, 2)
	for i, b := range []*browser{r.browser("ana"), r.browser("bo")} {
		both.Go(func() { _, pages[i] = b.post("/act/north/"+first+"/release", form) })
	}
	both.Wait()
	done, told := 0, 0
	for _, page := range pages {
		switch {
		case strings.Contains(page, "Done: 2 confirmations sent."):
			done++
		case strings.Contains(page, "changed this referral at"), strings.Contains(page, "Nothing changed: it is closed already."):
			told++
		}
	}
	if done != 1 || told != 1 || r.status(second) != mapping.Placed {
		t.Errorf("%d done, %d told; the next is %s\n%s\n%s", done, told, r.status(second), pages[0], pages[1])
	}
}

func TestTwoTakeAttendance(t *testing.T) {
	r := newRig(t, nil)
	key := r.send("Okafor", "I10")
	lena, ana := r.browser("lena"), r.browser("ana")
	page := lena.must("/group/north/walk-1")
	session := regexp.MustCompile(`<option value="(\d{4}-\d\d-\d\d)" selected>`).FindStringSubmatch(page)[1]
	r.wants(page, `name="was-`+key+`-1" value="0"`)
	sheet := func(came string) url.Values {
		return url.Values{"session": {session}, key + "-1": {came}, "was-" + key + "-1": {"0"}}
	}
	_, preview := lena.post("/attendance/north/walk-1/preview", sheet("came"))
	r.wants(preview, "Okafor, Test", ">Enrolled<", "Do it")
	lena.post("/attendance/north/walk-1", sheet("came"))
	for _, path := range []string{"/attendance/north/walk-1/preview", "/attendance/north/walk-1"} {
		if _, told := ana.post(path, sheet("missed")); !strings.Contains(told, "Somebody else has noted another thing") {
			t.Errorf("%s: the second is not told:\n%s", path, told)
		}
	}
	r.wants(lena.must("/group/north/walk-1"), `value="came" checked`)
}

// looks are all that is stored of who looked at what.
func (r *rig) looks() (list []Look) {
	r.Helper()
	stream, err := r.host.Admin().JS.Stream(r.Context(), worker.AuditStream("north"))
	if err != nil {
		r.Fatal(err)
	}
	info, err := stream.Info(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	for n := uint64(1); n <= info.State.LastSeq; n++ {
		m, err := stream.GetMsg(r.Context(), n)
		if err != nil {
			r.Fatal(err)
		}
		var l Look
		if err := json.Unmarshal(m.Data, &l); err != nil {
			r.Fatal(err)
		}
		list = append(list, l)
	}
	return list
}

func TestRowsThatComeLateAreRecorded(t *testing.T) {
	r := newRig(t, nil)
	vera := r.browser("vera")
	vera.must("/groups")
	stream := vera.follow("/now/stream?after=north%3D0&status=placed", "")
	key := r.send("Okafor", copd)
	stream.next("rows")
	got := r.looks()[1:] // signing in led to the list
	if n := len(got); n != 2 || got[0].What != "groups" || got[1].What != "rows" || !slices.Equal(got[1].Keys, []string{key}) || got[1].To == 0 || got[1].Person != "vera" || got[1].Only == nil || got[1].Only.Status != mapping.Placed {
		t.Errorf("before the row is shown: %+v", got)
	}
}

// TestLeadersChooseTheirNominees: a leader sees who is offered to the own group, with the least that is needed, accepts one
// and declines another, whose seat goes to the next.
func TestLeadersAnswerOffers(t *testing.T) {
	r := newRig(t, nil)
	first, next := r.send("Okafor", "G47.00"), r.send("Ng", "G47.00")
	lena := r.browser("lena")
	page := lena.must("/group/north/sleep-1")
	r.wants(page, "Okafor, Test", "1 held by an offer", `value="leader"`, "Accept the offer", "Decline the offer")
	for _, more := range []string{"Ng, Test", "1961", "02118", "/referral/", "Waitlist"} {
		if strings.Contains(page, more) {
			t.Errorf("a leader sees %q", more)
		}
	}
	form := func(key string) url.Values {
		return url.Values{"placement": {key + "-1"}, "by": {"leader"}, "reason": {"not yet ready for a group"}, "seen": {r.seen(key)}}
	}
	_, preview := lena.post("/act/north/"+first+"/decline/preview", form(first))
	r.wants(preview, ">Waiting<", next, ">Offered<")
	_, done := lena.post("/act/north/"+first+"/decline", form(first))
	r.wants(done, "Done:", "Ng, Test")
	_, done = lena.post("/act/north/"+next+"/accept", form(next))
	r.wants(done, "Done: 1 confirmation sent.", ">Placed<")
	if a, b := r.status(first), r.status(next); a != mapping.Waitlisted || b != mapping.Placed {
		t.Errorf("declined: %s, accepted: %s", a, b)
	}
	if status, _ := lena.post("/act/north/"+next+"/release", form(next)); status != http.StatusForbidden {
		t.Errorf("a leader releases a seat: %d", status)
	}
}

// A leader who picks sees who is nominated, with minimum data, and takes them in or does not; no seat is held meanwhile.
func TestLeadersChooseTheirNominees(t *testing.T) {
	r := newRig(t, nil)
	first, next := r.send("Okafor", "J45.40"), r.send("Ng", "J45.40")
	lena := r.browser("lena")
	page := lena.must("/group/north/breath-1")
	r.wants(page, "Nominated", "Okafor, Test", "Ng, Test", "Take in", "Do not take in", "2 free")
	for _, more := range []string{"1961", "02118", "/referral/"} {
		if strings.Contains(page, more) {
			t.Errorf("a leader sees %q", more)
		}
	}
	form := func(key string) url.Values {
		return url.Values{"placement": {key + "-1"}, "by": {"leader"}, "reason": {"as discussed"}, "seen": {r.seen(key)}}
	}
	_, preview := lena.post("/act/north/"+first+"/accept/preview", form(first))
	r.wants(preview, ">Placed<")
	_, done := lena.post("/act/north/"+first+"/accept", form(first))
	r.wants(done, "Done: 1 confirmation sent.", "1 taken")
	_, done = lena.post("/act/north/"+next+"/decline", form(next))
	r.wants(done, "Done: 1 confirmation sent.")
	if strings.Contains(done, next) {
		t.Error("who was not chosen is still shown")
	}
	if a, b := r.status(first), r.status(next); a != mapping.Placed || b != mapping.Review {
		t.Errorf("taken in: %s, not chosen: %s", a, b)
	}
	if status, _ := lena.post("/act/north/"+next+"/accept", form(next)); status != http.StatusForbidden {
		t.Errorf("a leader answers for whom nobody asks: %d", status)
	}
}
