package deliver

import (
	"net/http"
	"sync"

	"golang.org/x/oauth2"
)

// bearer adds a token to each request. A token is kept until it expires or the server refuses it.
type bearer struct {
	source oauth2.TokenSource
	next   http.RoundTripper

	mu    sync.Mutex
	token *oauth2.Token
}

func newBearer(source oauth2.TokenSource, next http.RoundTripper) *bearer {
	return &bearer{source: source, next: next}
}

// RoundTrip implements http.RoundTripper.
func (b *bearer) RoundTrip(q *http.Request) (*http.Response, error) {
	token, err := b.current()
	if err != nil {
		if q.Body != nil {
			q.Body.Close()
		}
		return nil, err
	}
	q = q.Clone(q.Context())
	token.SetAuthHeader(q)
	r, err := b.next.RoundTrip(q)
	if err == nil && r.StatusCode == http.StatusUnauthorized {
		b.drop(token)
	}
	return r, err
}

// current token; all requests wait while a new one is fetched.
func (b *bearer) current() (*oauth2.Token, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.token.Valid() {
		return b.token, nil
	}
	token, err := b.source.Token()
	if err == nil {
		b.token = token
	}
	return token, err
}

func (b *bearer) drop(token *oauth2.Token) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.token == token {
		b.token = nil
	}
}
