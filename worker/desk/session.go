package desk

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// sessionMax is a long working day; a wall signs in each morning.
const sessionMax = 14 * time.Hour

// door lets people in: by a link that works once, and by a cookie from then on. The cookie names the person and when it
// ends and is signed, so that it outlives a restart of the server; what the person may is looked up at each request.
type door struct {
	key    []byte
	secure bool // cookies over https only
	people map[string]*Person
	now    func() time.Time
	base   string // http://127.0.0.1:8470
	// told is given each new link.
	told func(Person, string)

	mu    sync.Mutex
	links map[string]string // person by the hash of the link's token
	ended *endings
}

// loadKey reads the desk's key from a file of mode 0600, or makes it.
func loadKey(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		data = newKey()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		return data, os.WriteFile(path, data, 0o600)
	}
	if err == nil && len(data) != 32 {
		return nil, errors.New("desk: " + path + " is not a key of 32 bytes; remove it to have a new one made")
	}
	return data, err
}

// newLink makes a person's next link and tells it.
func (d *door) newLink(p *Person) {
	token := rand.Text()
	d.mu.Lock()
	d.links[hashed(token)] = p.ID
	d.mu.Unlock()
	d.told(*p, d.base+signInPath+token)
}

const signInPath = "/sign-in/"

func hashed(token string) string {
	sum := sha256.Sum256([]byte(token))
	return string(sum[:])
}

// enter takes a link's token: it works once, and the person's next link is told.
func (d *door) enter(w http.ResponseWriter, token string) *Person {
	d.mu.Lock()
	id, ok := d.links[hashed(token)]
	delete(d.links, hashed(token))
	d.mu.Unlock()
	p := d.people[id]
	if !ok || p == nil {
		return nil
	}
	d.begin(w, p)
	d.newLink(p)
	return p
}

// session is what the cookie says.
type session struct {
	ID     string `json:"i"`
	Person string `json:"p"`
	Until  int64  `json:"u"` // Unix seconds
	// Granted is the person, where the provider of sign-ins says what they may and the desk's list does not.
	Granted *Person `json:"g,omitempty"`
}

func (d *door) cookieName() string {
	if d.secure {
		return "__Host-convene"
	}
	return "convene"
}

// begin gives the browser its cookie.
func (d *door) begin(w http.ResponseWriter, p *Person) {
	s := session{ID: rand.Text(), Person: p.ID, Until: d.now().Add(sessionMax).Unix()}
	if d.people[p.ID] != p {
		s.Granted = p
	}
	body, _ := json.Marshal(s) // cannot fail
	value := base64.RawURLEncoding.EncodeToString(body)
	d.set(w, value+"."+d.sign(value), int(sessionMax/time.Second))
}

// leave ends the session of a request and takes the cookie away.
func (d *door) leave(w http.ResponseWriter, r *http.Request) error {
	d.set(w, "", -1)
	if s := d.session(r); s != nil {
		return d.ended.add(s.ID, s.Until, d.now().Unix())
	}
	return nil
}

func (d *door) set(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: d.cookieName(), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: d.secure, SameSite: http.SameSiteLaxMode})
}

func (d *door) sign(value string) string {
	mac := hmac.New(sha256.New, d.key)
	mac.Write([]byte("session " + value))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// who is the person of a request, or nil.
func (d *door) who(r *http.Request) *Person {
	s := d.session(r)
	if s == nil {
		return nil
	}
	if s.Granted != nil {
		return s.Granted
	}
	return d.people[s.Person]
}

// session of a request that has not ended, or nil.
func (d *door) session(r *http.Request) *session {
	c, err := r.Cookie(d.cookieName())
	if err != nil {
		return nil
	}
	value, signature, _ := strings.Cut(c.Value, ".")
	if !hmac.Equal([]byte(signature), []byte(d.sign(value))) {
		return nil
	}
	body, err := base64.RawURLEncoding.DecodeString(value)
	var s session
	if err != nil || json.Unmarshal(body, &s) != nil || d.now().Unix() >= s.Until || d.ended.has(s.ID) {
		return nil
	}
	return &s
}
