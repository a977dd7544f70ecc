package desk

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// asks the audit page and gives it.
func (b *browser) asks(form url.Values) string {
	b.Helper()
	form.Set("network", "north")
	status, page := b.post("/audit", form)
	if status != http.StatusOK {
		b.Fatalf("%v: %d\n%s", form, status, page)
	}
	return page
}

var lookRow = regexp.MustCompile(`(?s)<li class="look">.*?</li>`)

// TestWhoSawWhatIsTold: of one patient, by one person, in some days, also what lists and streams showed; to supervisors only,
// and recorded itself.
func TestWhoSawWhatIsTold(t *testing.T) {
	r := newRig(t, nil)
	key, other := r.send("Okafor", copd), r.send("Ng", "I10")
	vera, ana, sam := r.browser("vera"), r.browser("ana"), r.browser("sam")
	stream := vera.follow("/now/stream?after=north%3D0&status=placed", "")
	stream.next("rows")
	stream.close()
	vera.must("/referral/north/" + other)
	ana.must("/referral/north/" + key)
	ana.must("/group/north/copd-1")
	ana.must("/groups")
	if status, _ := ana.get("/audit"); status != http.StatusForbidden {
		t.Errorf("a coordinator reads the record: %d", status)
	}
	if status, _ := sam.get("/audit?network=south"); status != http.StatusNotFound {
		t.Errorf("of a network that is not there: %d", status)
	}

	page := sam.asks(url.Values{"key": {key}})
	rows := strings.Join(lookRow.FindAllString(page, -1), "\n")
	for _, want := range []string{">Referral<", ">Group<", ">Rows that came<", ">List of confirmations<"} {
		if !strings.Contains(rows, want) {
			t.Errorf("of one patient lacks %s:\n%s", want, rows)
		}
	}
	if strings.Contains(rows, ">Groups<") || strings.Contains(rows, other) {
		t.Errorf("of one patient there is what shows another:\n%s", rows)
	}
	page = sam.asks(url.Values{"person": {"VERA"}, "what": {"referral"}})
	if rows := lookRow.FindAllString(page, -1); len(rows) != 1 || !strings.Contains(rows[0], other) {
		t.Errorf("of one person: %q", rows)
	}
	today := time.Now().UTC()
	for day, want := range map[string]int{today.AddDate(0, 0, -3).Format(time.DateOnly): 0, today.AddDate(0, 0, 1).Format(time.DateOnly): 1} {
		page := sam.asks(url.Values{"person": {"vera"}, "what": {"referral"}, "from": {today.AddDate(0, 0, -5).Format(time.DateOnly)}, "to": {day}})
		if rows := lookRow.FindAllString(page, -1); len(rows) != want {
			t.Errorf("through %s: %q", day, rows)
		}
	}
	last := r.looks()
	if l := last[len(last)-1]; l.What != "audit" || l.Person != "sam" || l.Of != "vera" {
		t.Errorf("not recorded: %+v", l)
	}
	status, _ := sam.post("/audit", url.Values{"network": {"north"}, "key": {"Okafor"}})
	last = r.looks()
	if l := last[len(last)-1]; status != http.StatusOK || l.Key != "" {
		t.Errorf("a name is recorded: %d, %+v", status, l)
	}
}

// TestTheRecordIsPaged: the newest first, each once.
func TestTheRecordIsPaged(t *testing.T) {
	r := newRig(t, nil)
	sam := r.browser("sam")
	const looks = 2*auditPage + 3
	for range looks {
		sam.must("/groups")
	}
	older := regexp.MustCompile(`href="(/audit\?[^"]*before=\d+[^"]*)"`)
	seen, path, pages := map[string]bool{}, "", 0
	for page := sam.asks(url.Values{"what": {"groups"}}); ; page = sam.must(path) {
		pages++
		for _, row := range lookRow.FindAllString(page, -1) {
			seen[row] = true
		}
		m := older.FindStringSubmatch(page)
		if m == nil {
			break
		}
		path = strings.ReplaceAll(m[1], "&amp;", "&")
	}
	if len(seen) == 0 || pages != 3 {
		t.Errorf("%d pages, %d different rows", pages, len(seen))
	}
}

// TestWorkListsTellWhomTheyShowed: who is new on a list that stays open is recorded at once.
func TestWorkListsTellWhomTheyShowed(t *testing.T) {
	r := newRig(t, nil)
	first := r.send("Okafor", "Z99.999")
	ana := r.browser("ana")
	ana.must("/needs")
	refresh := func() (keys []string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.desk.URL+"/needs", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("HX-Request", "true")
		response, err := ana.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		for _, l := range r.looks() {
			if l.What == "needs" {
				keys = append(keys, strings.Join(l.Keys, " "))
			}
		}
		return keys
	}
	if got := refresh(); len(got) != 1 || got[0] != first {
		t.Errorf("nobody new: %q", got)
	}
	second := r.send("Ng", "Z99.998")
	if got := refresh(); len(got) != 2 || got[1] != first+" "+second {
		t.Errorf("somebody new: %q", got)
	}
}
