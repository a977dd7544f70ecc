package desk

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
)

const (
	copd = "J44.9"
	pain = "G89.4"
)

// places are all pages of a referral's network.
func places(key string) []string {
	return []string{"/", "/now", "/now/stream", "/needs", "/groups", "/group/north/copd-1", "/referral/north/" + key,
		"/referral/north/" + key + "/fhir/2", "/referral/north/" + key + "/input/1", "/nowhere"}
}

func TestNobodyGetsInWithoutALink(t *testing.T) {
	r := newRig(t, nil)
	key := r.send("Okafor", copd)
	stranger := r.browser("")
	for _, path := range places(key) {
		if status, body := stranger.get(path); status != http.StatusUnauthorized || strings.Contains(body, "Okafor") {
			t.Errorf("GET %s: %d", path, status)
		}
	}
	if status, _ := stranger.post("/act/north/"+key+"/cancel", url.Values{"reason": {"x"}}); status != http.StatusUnauthorized {
		t.Errorf("an act without signing in: %d", status)
	}
	link := strings.TrimPrefix(r.links["ana"], r.desk.URL)
	r.browser("ana")
	if status, _ := stranger.get(link); status != http.StatusUnauthorized {
		t.Errorf("a link that was used: %d", status)
	}
	if status, _ := stranger.get("/sign-in/guess"); status != http.StatusUnauthorized {
		t.Errorf("a guessed link: %d", status)
	}
	stranger.client.Jar.SetCookies(mustParse(t, r.desk.URL), []*http.Cookie{{Name: "convene", Value: "eyJwIjoic2FtIiwidSI6OTk5OTk5OTk5OTl9.AAAA"}})
	if status, _ := stranger.get("/now"); status != http.StatusUnauthorized {
		t.Errorf("a forged cookie: %d", status)
	}
}

func mustParse(t *testing.T, s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestRolesAndNetworks(t *testing.T) {
	r := newRig(t, nil)
	key := r.send("Okafor", copd)
	for person, want := range map[string]map[string]int{
		"vera": {"/now": 200, "/referral/north/" + key: 200, "/referral/south/" + key: 404, "/group/north/none": 404},
		"lena": {"/now": 403, "/needs": 403, "/now/stream": 403, "/referral/north/" + key: 403, "/groups": 200, "/group/north/copd-1": 200, "/group/north/pain-1": 404},
		"far":  {"/now": 200, "/referral/north/" + key: 404, "/group/north/copd-1": 404, "/referral/north/" + key + "/input/1": 404},
	} {
		b := r.browser(person)
		for path, status := range want {
			got, body := b.get(path)
			if got != status {
				t.Errorf("%s, %s: %d, want %d", person, path, got, status)
			}
			if person == "far" && strings.Contains(body, "Okafor") {
				t.Errorf("%s reads of another network on %s", person, path)
			}
		}
	}
	if body := r.browser("lena").must("/groups"); strings.Contains(body, "pain-1") {
		t.Error("a leader sees another's group")
	}
	for _, person := range []string{"vera", "lena"} {
		if status, _ := r.browser(person).post("/act/north/"+key+"/cancel", url.Values{"reason": {"x"}}); status != http.StatusForbidden {
			t.Errorf("%s acts: %d", person, status)
		}
	}
	if status, _ := r.browser("far").post("/act/north/"+key+"/cancel", url.Values{"reason": {"x"}}); status != http.StatusNotFound {
		t.Errorf("an act on another network: %d", status)
	}
}

func TestOtherSitesCannotReadOrAct(t *testing.T) {
	r := newRig(t, nil)
	b := r.browser("ana")
	ask := func(header, value string) *http.Response {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.desk.URL+"/settings", strings.NewReader("lang=es"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if header == "Host" {
			request.Host = value
		}
		request.Header.Set(header, value)
		response, err := b.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response
	}
	if got := ask("Sec-Fetch-Site", "cross-site").StatusCode; got != http.StatusForbidden {
		t.Errorf("a form of another site: %d", got)
	}
	if got := ask("Origin", "https://evil.example").StatusCode; got != http.StatusForbidden {
		t.Errorf("a form of another origin: %d", got)
	}
	if got := ask("Host", "rebound.example").StatusCode; got != http.StatusMisdirectedRequest {
		t.Errorf("another name that leads here: %d", got)
	}
	h := ask("Sec-Fetch-Site", "same-origin").Header
	if p := h.Get("Content-Security-Policy"); !strings.HasPrefix(p, "default-src 'none'; script-src 'self';") || strings.Contains(p, "unsafe") {
		t.Errorf("policy %q", p)
	}
	if h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("headers %v", h)
	}
}

func TestStoryTellsWhyAndWhereInLine(t *testing.T) {
	r := newRig(t, nil)
	first, second := r.send("Okafor", copd), r.send("Ng", copd)
	b := r.browser("vera")
	story := b.must("/referral/north/" + second)
	for _, want := range []string{"Ng, Test", "Waiting", "number 1 of 1 in line", "Every suitable group of the program is full.", "Why not the others", "All seats are taken.", "The referrer sent"} {
		if !strings.Contains(story, want) {
			t.Errorf("the story lacks %q", want)
		}
	}
	if title := regexp.MustCompile(`<title>.*?</title>`).FindString(story); strings.Contains(title, "Ng") {
		t.Errorf("a name in the title: %s", title)
	}
	if group := b.must("/group/north/copd-1"); !strings.Contains(group, "One more seat would go to "+second) || !strings.Contains(group, "Okafor, Test") {
		t.Error("the group does not say who is in it and who is next")
	}
	confirmation := r.last(worker.ConfirmationSubject("north", "clinic", first))
	if body := b.must("/referral/north/" + first + "/fhir/" + itoa(confirmation.Sequence)); !strings.Contains(body, "&#34;resourceType&#34;: &#34;Bundle&#34;") {
		t.Error("no bundle")
	}
	if status, _ := b.get("/referral/north/" + second + "/fhir/" + itoa(confirmation.Sequence)); status != http.StatusNotFound {
		t.Errorf("another referral's bundle: %d", status)
	}
	if body := b.must("/referral/north/" + first + "/input/" + first[1:]); !strings.Contains(body, "convene.referral.created") {
		t.Error("the input is not shown")
	}
	if status, _ := b.get("/referral/north/" + second + "/input/" + first[1:]); status != http.StatusNotFound {
		t.Errorf("another referral's input: %d", status)
	}
}

func (r *rig) last(subject string) worker.Stored {
	r.Helper()
	m, err := r.desk.boards["north"].mirror.Ledger.Last(r.Context(), subject)
	if err != nil {
		r.Fatal(err)
	}
	return m
}

func TestNamesStayOut(t *testing.T) {
	r := newRig(t, func(c *Config) { c.NoNames = true })
	key := r.send("Okafor", copd)
	r.send("Okafor", "Z99.999") // nothing known: a review
	b := r.browser("sam")
	for _, path := range []string{"/now", "/needs", "/groups", "/group/north/copd-1", "/referral/north/" + key} {
		if body := b.must(path); strings.Contains(body, "Okafor") || strings.Contains(body, "1961") {
			t.Errorf("%s names the patient", path)
		}
	}
	for _, path := range []string{"/fhir/2", "/input/" + key[1:]} {
		if status, body := b.get("/referral/north/" + key + path); status != http.StatusForbidden || strings.Contains(body, "Okafor") {
			t.Errorf("%s: %d", path, status)
		}
	}
	if s := r.log.String(); strings.Contains(s, "Okafor") {
		t.Errorf("the log names the patient: %s", s)
	}
}

func TestTextIsSoughtWithoutANameInTheAddress(t *testing.T) {
	r := newRig(t, nil)
	r.send("Okafor", copd)
	r.send("Ng", copd)
	b := r.browser("ana")
	var addresses []string
	b.client.CheckRedirect = func(request *http.Request, _ []*http.Request) error {
		addresses = append(addresses, request.URL.String())
		return nil
	}
	_, body := b.post("/now", url.Values{"text": {"okafor"}, "status": {""}})
	if !strings.Contains(body, "Okafor, Test") || strings.Contains(body, "Ng, Test") {
		t.Errorf("the list is not narrowed")
	}
	if len(addresses) != 1 || strings.Contains(strings.ToLower(addresses[0]), "okafor") {
		t.Errorf("addresses %v", addresses)
	}
}

func TestActShowsItsEffectFirst(t *testing.T) {
	r := newRig(t, nil)
	first, second := r.send("Okafor", copd), r.send("Ng", copd)
	ana, bo := r.browser("ana"), r.browser("bo")
	form := url.Values{"reason": {"moved away"}, "outcome": {"closed"}, "placement": {first + "-1"}, "seen": {itoa(r.last(worker.DecisionSubject("north", first)).Sequence)}}
	_, preview := ana.post("/act/north/"+first+"/release/preview", form)
	for _, want := range []string{">Closed<", second, ">Placed<", "A seat became free and this was the next suitable place in the waitlist."} {
		if !strings.Contains(preview, want) {
			t.Errorf("the preview lacks %q:\n%s", want, preview)
		}
	}
	r.desk.boards["north"].View(func(s *roster.State, _ *roster.Offering) {
		waits, err := roster.ParseKey('r', second)
		if got, _ := s.StatusOf(waits); err != nil || got != mapping.Waitlisted {
			t.Errorf("a preview changed the roster: %s", got)
		}
	})

	_, done := ana.post("/act/north/"+first+"/release", form)
	if !strings.Contains(done, "Done: 2 confirmations sent.") || !strings.Contains(done, "Ana Ruiz acted") {
		t.Errorf("what came of it is not told:\n%s", done)
	}
	status, late := bo.post("/act/north/"+first+"/release", form)
	if status != http.StatusConflict || !strings.Contains(late, "Ana Ruiz changed this referral") {
		t.Errorf("the second is not told: %d", status)
	}
	if got := r.last(worker.DecisionSubject("north", second)); !strings.Contains(string(got.Data), `"status":"placed"`) {
		t.Error("the seat was not passed on")
	}
}

func TestStreamResumesWithoutLossOrRepeat(t *testing.T) {
	r := newRig(t, nil)
	r.send("Okafor", copd)
	b := r.browser("vera")
	page := b.must("/now")
	address := regexp.MustCompile(`data-stream="([^"]*)"`).FindStringSubmatch(page)[1]
	address = strings.ReplaceAll(address, "&amp;", "&")
	stream := b.follow(address, "")
	r.send("Ng", copd)
	got := stream.next("rows")
	if ids := rowIDs(got.data); len(ids) != 1 || !strings.Contains(got.data, "Ng, Test") || !strings.Contains(got.id, "north=") {
		t.Fatalf("rows %v, id %q", ids, got.id)
	}
	stream.close()
	third, fourth := r.send("Abara", copd), r.send("Diaz", pain)
	again := b.follow(address, got.id).next("rows") // the header beats the address
	if ids := rowIDs(again.data); len(ids) != 2 || ids[0] != "north-"+fourth[1:]+"-1" || ids[1] != "north-"+third[1:]+"-1" {
		t.Errorf("after a break: %v, want those of %s and %s, the newest first", ids, fourth, third)
	}

	// The server restarts on the same address: the same cookie, the same position.
	r.stop()
	r.startDesk(strings.TrimPrefix(r.desk.URL, "http://"), nil)
	if ids := rowIDs(b.follow(address, got.id).next("rows").data); len(ids) != 2 {
		t.Errorf("after a restart: %v", ids)
	}
	if e := b.follow("/now/stream?status=offered", got.id).next("rows"); len(rowIDs(e.data)) != 1 || !strings.Contains(e.data, "Diaz") {
		t.Errorf("a narrowed stream: %v", rowIDs(e.data))
	}
}

var rowID = regexp.MustCompile(`id="c-([^"]*)"`)

func rowIDs(html string) (ids []string) {
	for _, m := range rowID.FindAllStringSubmatch(html, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

func TestLooksAreRecorded(t *testing.T) {
	r := newRig(t, nil)
	key := r.send("Okafor", copd)
	r.browser("vera").must("/referral/north/" + key)
	stream, err := r.host.Admin().JS.Stream(t.Context(), worker.AuditStream("north"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := stream.GetLastMsgForSubject(t.Context(), worker.AuditSubject("north"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"person":"vera"`, `"what":"referral"`, `"key":"` + key + `"`, `"names":true`} {
		if !strings.Contains(string(m.Data), want) {
			t.Errorf("the record %s lacks %s", m.Data, want)
		}
	}
	// What cannot be recorded is not shown.
	bo := r.browser("bo")
	if err := r.host.Admin().JS.DeleteStream(t.Context(), worker.AuditStream("north")); err != nil {
		t.Fatal(err)
	}
	if status, body := bo.get("/referral/north/" + key); status != http.StatusServiceUnavailable || strings.Contains(body, "Okafor") {
		t.Errorf("without the audit stream: %d", status)
	}
}

func TestNeedsMeListsWhatWaits(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Networks[0].Refused = c.Folder })
	offered := r.send("Diaz", pain)
	review := r.send("Okafor", "Z99.999")
	if _, err := r.host.Admin().JS.Publish(t.Context(), "referrals.north.clinic", []byte("{")); err != nil {
		t.Fatal(err)
	}
	r.decided(3 + 1)
	refusal := `{"key":"` + offered + `","task":"Task/north-` + offered + `-1","sequence":7,"time":"2026-11-22T12:00:00Z","status":422,"problem":"the Task has no owner"}`
	if err := os.WriteFile(filepath.Join(r.folder, "north-"+offered+"-1.json"), []byte(refusal), 0o600); err != nil {
		t.Fatal(err)
	}
	body := r.browser("vera").must("/needs")
	for _, want := range []string{"Deliveries that failed", "the Task has no owner", "To review", review, "decide by", "Offers to be answered", offered, "Messages that could not be read", "Codes without a meaning here"} {
		if !strings.Contains(body, want) {
			t.Errorf("the list lacks %q", want)
		}
	}
}

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }

func TestLeaderTakesAttendance(t *testing.T) {
	r := newRig(t, nil)
	key := r.send("Okafor", "I10")
	r.send("Diaz", pain)
	lena := r.browser("lena")
	page := lena.must("/group/north/walk-1")
	if !strings.Contains(page, "Okafor, Test") || strings.Contains(page, "/referral/") || strings.Contains(page, "Waitlist") {
		t.Error("a leader sees the participants' names, and nothing more of them")
	}
	session := regexp.MustCompile(`<option value="(\d{4}-\d\d-\d\d)" selected>`).FindStringSubmatch(page)
	if session == nil {
		t.Fatalf("no session to note:\n%s", page)
	}
	sheet := url.Values{"session": {session[1]}, key + "-1": {"came"}}
	if status, _ := r.browser("vera").post("/attendance/north/walk-1", sheet); status != http.StatusForbidden {
		t.Errorf("a viewer takes attendance: %d", status)
	}
	if status, _ := lena.post("/attendance/north/pain-1", sheet); status != http.StatusForbidden {
		t.Errorf("a leader takes attendance of another's group: %d", status)
	}
	_, noted := lena.post("/attendance/north/walk-1", sheet)
	if !strings.Contains(noted, "Done: 1 confirmation sent.") || !strings.Contains(noted, `value="came" checked`) || !strings.Contains(noted, "Enrolled") {
		t.Errorf("the sheet is not kept:\n%s", noted)
	}
	before := r.last(worker.DecisionSubject("north", key)).Sequence
	lena.post("/attendance/north/walk-1", sheet)
	if after := r.last(worker.DecisionSubject("north", key)).Sequence; after != before {
		t.Error("the same sheet again is sent again")
	}
}

func TestOffersAreAnsweredByThoseWhoMay(t *testing.T) {
	r := newRig(t, nil)
	offered := r.send("Diaz", pain)
	form := url.Values{"placement": {offered + "-1"}, "by": {"patient"}, "seen": {itoa(r.last(worker.DecisionSubject("north", offered)).Sequence)}}
	if status, _ := r.browser("lena").post("/act/north/"+offered+"/accept", form); status != http.StatusForbidden {
		t.Errorf("a leader answers an offer of another's group: %d", status)
	}
	if _, done := r.browser("ana").post("/act/north/"+offered+"/accept", form); !strings.Contains(done, "The offer was accepted.") {
		t.Errorf("an offer is not accepted:\n%s", done)
	}
}

func TestReviewIsApprovedIntoAGroup(t *testing.T) {
	r := newRig(t, nil)
	key := r.send("Okafor", "Z99.999")
	form := url.Values{"placement": {key + "-1"}, "group": {"copd-1"}, "override": {"no-overlap"}, "reason": {"seen in clinic"}, "seen": {itoa(r.last(worker.DecisionSubject("north", key)).Sequence)}}
	if status, _ := r.browser("ana").post("/act/north/"+key+"/override-place", form); status != http.StatusForbidden {
		t.Errorf("a coordinator overrides: %d", status)
	}
	sam := r.browser("sam")
	if _, preview := sam.post("/act/north/"+key+"/override-place/preview", form); !strings.Contains(preview, ">Placed<") {
		t.Errorf("the preview does not show the place:\n%s", preview)
	}
	if _, done := sam.post("/act/north/"+key+"/override-place", form); !strings.Contains(done, "sam acted") || !strings.Contains(done, "1 taken, 0 held by an offer, 0 free") {
		t.Errorf("the seat is not taken:\n%s", done)
	}
}
