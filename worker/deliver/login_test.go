package deliver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func keyOf(t *testing.T, private any) (*jose.JSONWebKey, []byte) {
	t.Helper()
	jwk := jose.JSONWebKey{Key: private, KeyID: "k1"}
	data, err := jwk.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := ParseKey(data)
	if err != nil {
		t.Fatal(err)
	}
	return parsed, data
}

// authorization is a FHIR server that lets in who has a token, and the authorization server that gives them for a right
// assertion, each once.
type authorization struct {
	*httptest.Server
	t        *testing.T
	public   jose.JSONWebKey
	seen     []string // jti
	tokens   int
	revoked  bool // the first token
	accepted int
}

func (a *authorization) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/fhir/.well-known/smart-configuration":
		fmt.Fprintf(w, `{"token_endpoint":%q}`, a.URL+"/token")
	case "/token":
		a.token(w, r)
	default:
		if r.Header.Get("Authorization") != fmt.Sprintf("Bearer t%d", a.tokens) || a.revoked && a.tokens == 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		a.accepted++
		fmt.Fprint(w, `{"resourceType":"Bundle","entry":[]}`)
	}
}

func (a *authorization) token(w http.ResponseWriter, r *http.Request) {
	assertion, err := jwt.ParseSigned(r.FormValue("client_assertion"), []jose.SignatureAlgorithm{jose.RS384, jose.ES384})
	if err != nil {
		a.t.Errorf("assertion: %v", err)
		return
	}
	var claims jwt.Claims
	err = errors.Join(assertion.Claims(a.public.Key, &claims), claims.ValidateWithLeeway(jwt.Expected{
		Issuer: "convene", Subject: "convene", AnyAudience: jwt.Audience{a.URL + "/token"}, Time: time.Now()}, 0))
	switch {
	case err != nil:
		a.t.Errorf("assertion: %v", err)
	case assertion.Headers[0].KeyID != "k1" || assertion.Headers[0].ExtraHeaders["typ"] != "JWT":
		a.t.Errorf("header: %+v", assertion.Headers[0])
	case time.Until(claims.Expiry.Time()) > 5*time.Minute || claims.ID == "" || slices.Contains(a.seen, claims.ID):
		a.t.Errorf("claims: %+v", claims)
	case r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "system/*.cruds" ||
		r.FormValue("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
		a.t.Errorf("form: %v", r.Form)
	}
	a.seen = append(a.seen, claims.ID)
	a.tokens++
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token":"t%d","token_type":"bearer","expires_in":300}`, a.tokens)
}

// TestBackendServices logs in with either kind of key, keeps the token, and gets another when it is refused.
func TestBackendServices(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, private := range map[string]any{"RSA": rsaKey, "P-384": ecKey} {
		t.Run(name, func(t *testing.T) {
			key, _ := keyOf(t, private)
			a := &authorization{t: t, public: key.Public()}
			a.Server = httptest.NewServer(a)
			defer a.Close()
			client, err := Login{ClientID: "convene", Key: key}.Client(a.URL+"/fhir/", 8)
			if err != nil {
				t.Fatal(err)
			}
			s := server{base: a.URL + "/fhir", http: client, timeout: 5 * time.Second}
			for range 3 {
				if _, err := s.transaction(t.Context(), []byte("{}")); err != nil {
					t.Fatal(err)
				}
			}
			if a.tokens != 1 || a.accepted != 3 {
				t.Errorf("%d tokens for %d requests", a.tokens, a.accepted)
			}
			a.revoked = true
			var later *laterError
			if _, err := s.transaction(t.Context(), []byte("{}")); !errors.As(err, &later) {
				t.Errorf("a revoked token: %v, want to try later", err)
			}
			if _, err := s.transaction(t.Context(), []byte("{}")); err != nil || a.tokens != 2 {
				t.Errorf("after a revoked token: %v, %d tokens", err, a.tokens)
			}
		})
	}
}

func TestKeysThatWillNotDo(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]jose.JSONWebKey{
		"P-256":      {Key: p256, KeyID: "k"},
		"public":     {Key: p384.Public(), KeyID: "k"},
		"without id": {Key: p384},
	} {
		data, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseKey(data); err == nil {
			t.Errorf("a key that is %s was taken", name)
		}
	}
}

// TestTokensStaySecret: not in the clear to another computer, not after a redirect.
func TestTokensStaySecret(t *testing.T) {
	if _, err := (Login{Token: "secret"}).Client("http://fhir.example", 1); !errors.Is(err, ErrInsecure) {
		t.Errorf("in the clear: %v", err)
	}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the token went elsewhere: %s", r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	moved := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer moved.Close()
	client, err := Login{Token: "secret"}.Client(moved.URL, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := server{base: moved.URL, http: client, timeout: 5 * time.Second}
	var later *laterError
	if _, err := s.transaction(t.Context(), []byte("{}")); !errors.As(err, &later) {
		t.Errorf("after a redirect: %v", err)
	}
}
