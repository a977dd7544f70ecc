package desk

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"
)

// watcher notes every address that a browser asks for or is sent to, and every page's title.
type watcher struct {
	next http.RoundTripper

	mu   sync.Mutex
	seen []string
}

func (w *watcher) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := w.next.RoundTrip(r)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, r.URL.String())
	if err == nil {
		w.seen = append(w.seen, response.Header.Get("Location"))
	}
	return response, err
}

var (
	title   = regexp.MustCompile(`<title>.*?</title>`)
	address = regexp.MustCompile(`(?:href|action|src|data-stream|hx-get|hx-post)="[^"]*"`)
)

// TestNamesAreInNoAddressTitleOrLog plays all that names somebody, with every word of the log on.
func TestNamesAreInNoAddressTitleOrLog(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Log = c.Log.Level(zerolog.TraceLevel) })
	names := []string{"okafor", "achterberg", "test"} // "Test" is the given name of all
	seated, waits := r.send("Okafor", copd), r.send("Achterberg", copd)
	walker, review := r.send("Okafor", "I10"), r.send("Achterberg", "Z99.999")
	sam, lena := r.browser("sam"), r.browser("lena")
	w := &watcher{next: http.DefaultTransport}
	sam.client.Transport, lena.client.Transport = w, w
	var pages []string
	for _, path := range append(places(seated), "/referral/north/"+waits, "/referral/north/"+review, "/catalog/north/add", "/group/north/walk-1") {
		if path == "/now/stream" {
			continue
		}
		_, body := sam.get(path)
		pages = append(pages, body)
	}
	for _, page := range []string{"/groups", "/group/north/walk-1"} {
		pages = append(pages, lena.must(page))
	}
	_, found := sam.post("/now", url.Values{"text": {"Okafor"}})
	preview, done := sam.acts("release", seated, url.Values{"outcome": {"closed"}, "reason": {"Okafor moved away"}})
	edited := sam.edits("cancel", "copd-1", url.Values{})
	_, sheet := lena.post("/attendance/north/walk-1/preview", url.Values{walker + "-1": {"came"}})
	stream := sam.follow("/now/stream?after=north%3D0", "")
	stream.next("rows")
	stream.close()
	pages = append(pages, found, preview, done, edited, sheet)

	named := 0
	for _, page := range pages {
		if strings.Contains(strings.ToLower(page), "okafor") || strings.Contains(page, "Achterberg") {
			named++
		}
		w.seen = append(w.seen, title.FindString(page))
		w.seen = append(w.seen, address.FindAllString(page, -1)...)
	}
	if named < 10 {
		t.Fatalf("only %d pages name anybody", named)
	}
	for _, name := range names {
		for _, s := range w.seen {
			if strings.Contains(strings.ToLower(s), name) {
				t.Errorf("%q names %s", s, name)
			}
		}
		if log := strings.ToLower(r.log.String()); strings.Contains(log, name) {
			t.Errorf("the log names %s:\n%s", name, log)
		}
	}
	for _, l := range r.looks() {
		if l.Key != "" && !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(l.Key) {
			t.Errorf("the audit names %q", l.Key)
		}
	}
}
