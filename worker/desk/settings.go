package desk

import (
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/text/language"
)

// matcher finds the language a browser would rather have among Languages.
var matcher = func() language.Matcher {
	tags := make([]language.Tag, len(Languages))
	for i, w := range Languages {
		tags[i] = language.Make(w.Lang)
	}
	return language.NewMatcher(tags)
}()

// wordsOf a request: as chosen on the page, else as the browser asks.
func wordsOf(r *http.Request) *Words {
	if c, err := r.Cookie("lang"); err == nil {
		for _, w := range Languages {
			if w.Lang == c.Value {
				return w
			}
		}
	}
	_, i := language.MatchStrings(matcher, r.Header.Get("Accept-Language"))
	return Languages[i]
}

// settings that a person may choose, and their values; they are kept by the browser.
var settings = map[string][]string{"lang": {"en", "es"}, "theme": {"auto", "light", "dark"}, "names": {"on", "off"}}

const settingAge = 365 * 24 * 60 * 60

// choose keeps a setting and shows the page again.
func (d *Desk) choose(w http.ResponseWriter, r *http.Request) {
	for name, values := range settings {
		for _, value := range values {
			if r.PostFormValue(name) == value {
				http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: settingAge, HttpOnly: true, Secure: d.door.secure, SameSite: http.SameSiteLaxMode})
			}
		}
	}
	http.Redirect(w, r, localPath(r.PostFormValue("back")), http.StatusSeeOther)
}

// localPath is a path on this desk, or the first page.
func localPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.Contains(s, `\`) {
		return "/now"
	}
	return s
}
