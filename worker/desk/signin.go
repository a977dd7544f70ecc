package desk

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// signIn takes a link.
func (d *Desk) signIn(w http.ResponseWriter, r *http.Request) {
	p := d.door.enter(w, r.PathValue("token"))
	if p == nil {
		d.visit(w, r).refuse(http.StatusUnauthorized, "link")
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// signOut ends the session, here and wherever its cookie was copied to.
func (d *Desk) signOut(w http.ResponseWriter, r *http.Request) {
	if err := d.door.leave(w, r); err != nil {
		d.visit(w, r).failed(err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// attemptCookie goes back to the callback only, which the provider's page leads to.
func (d *Desk) attemptCookie(value string, age int) *http.Cookie {
	return &http.Cookie{Name: "convene-attempt", Value: value, Path: "/sign-in/callback", MaxAge: age, HttpOnly: true, Secure: d.door.secure, SameSite: http.SameSiteLaxMode}
}

// toProvider begins signing in at the provider.
func (d *Desk) toProvider(w http.ResponseWriter, r *http.Request) {
	v := d.visit(w, r)
	if d.provider == nil {
		v.refuse(http.StatusUnauthorized, "sign-in")
		return
	}
	_, config, err := d.provider.discover(r.Context())
	if err != nil {
		v.failed(err)
		return
	}
	a := attempt{rand.Text(), rand.Text(), oauth2.GenerateVerifier(), d.config.Now().Add(attemptMax).Unix()}
	data, err := json.Marshal(a)
	if err != nil {
		v.failed(err)
		return
	}
	http.SetCookie(w, d.attemptCookie(d.seals.seal(string(data)), int(attemptMax/time.Second)))
	http.Redirect(w, r, config.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), http.StatusSeeOther)
}

// fromProvider ends it.
func (d *Desk) fromProvider(w http.ResponseWriter, r *http.Request) {
	v := d.visit(w, r)
	a := d.attemptOf(r)
	http.SetCookie(w, d.attemptCookie("", -1))
	if d.provider == nil || a == nil || subtle.ConstantTimeCompare([]byte(a.State), []byte(r.FormValue("state"))) != 1 || r.FormValue("code") == "" {
		v.refuse(http.StatusUnauthorized, "attempt")
		return
	}
	token, err := d.provider.redeem(r.Context(), r.FormValue("code"), a)
	if err != nil {
		d.config.Log.Warn().Err(err).Msg("desk: a sign-in failed")
		v.refuse(http.StatusUnauthorized, "attempt")
		return
	}
	p, err := d.provider.person(token, d.door.people)
	if errors.Is(err, errStranger) {
		v.refuse(http.StatusForbidden, "stranger")
		return
	}
	if err != nil {
		v.failed(err)
		return
	}
	d.door.begin(w, p)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// attemptOf the browser, or nil where there is none, or it took too long.
func (d *Desk) attemptOf(r *http.Request) *attempt {
	c, err := r.Cookie("convene-attempt")
	if err != nil {
		return nil
	}
	var a attempt
	if json.Unmarshal([]byte(d.seals.open(c.Value)), &a) != nil || d.config.Now().Unix() >= a.Until {
		return nil
	}
	return &a
}
