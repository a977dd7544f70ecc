package desk

import (
	"context"
	"net"
	"net/http"
	"net/url"
)

// policy of the pages: nothing from elsewhere, no script or style but the embedded files, no framing.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guarded puts around every page: the host it was asked by (another name that leads here could read with the cookie), no
// requests from other sites, the policy, no caching, and a limit on what is sent.
func (d *Desk) guarded(next http.Handler) http.Handler {
	own, _ := url.Parse(d.URL)
	bound := d.listener.Addr().String()
	_, port, _ := net.SplitHostPort(bound)
	hosts := map[string]bool{own.Host: true, bound: true, "localhost:" + port: true, "127.0.0.1:" + port: true, "[::1]:" + port: true}
	apart := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if d.door.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if !hosts[r.Host] {
			http.Error(w, "ask for "+d.URL, http.StatusMisdirectedRequest)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, bodyBytesMax)
		apart.Handler(next).ServeHTTP(w, r)
	})
}

// visit is one request of a person.
type visit struct {
	*Desk
	w      http.ResponseWriter
	r      *http.Request
	ctx    context.Context
	person *Person
	words  *Words
	names  bool // names show
	theme  string
}

// page is a handler for people who are signed in and have the role. What a leader may see, everyone may.
func (d *Desk) page(role Role, serve func(*visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := d.visit(w, r)
		switch {
		case v.person == nil:
			v.refuse(http.StatusUnauthorized, "sign-in")
		case role != Leader && !v.person.May(role):
			v.refuse(http.StatusForbidden, "forbidden")
		default:
			serve(v)
		}
	}
}

func (d *Desk) visit(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{Desk: d, w: w, r: r, ctx: r.Context(), person: d.door.who(r), words: wordsOf(r), names: !d.config.NoNames}
	if c, err := r.Cookie("names"); err == nil && c.Value == "off" {
		v.names = false
	}
	if c, err := r.Cookie("theme"); err == nil && (c.Value == "light" || c.Value == "dark") {
		v.theme = c.Value
	}
	return v
}
