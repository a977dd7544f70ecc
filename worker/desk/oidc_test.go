package desk

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// idp is a small OpenID provider. It approves whoever is set, at once, and holds what the desk sends against RFC 6749, RFC
// 7636 and OpenID Connect Core.
type idp struct {
	*testing.T
	server *httptest.Server
	key    *ecdsa.PrivateKey
	claims map[string]any // of the next person
	nonce  string         // instead of the one asked for
	codes  map[string]url.Values
}

const idpSecret = "not a secret"

func newIDP(t *testing.T) *idp {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &idp{T: t, key: key, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		p.answer(w, map[string]any{"issuer": p.server.URL, "authorization_endpoint": p.server.URL + "/auth", "token_endpoint": p.server.URL + "/token",
			"jwks_uri": p.server.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256"}})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, r *http.Request) {
		p.answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("/auth", p.auth)
	mux.HandleFunc("/token", p.token)
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	return p
}

func (p *idp) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.Error(err)
	}
}

func (p *idp) auth(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != "convene-desk" || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || !strings.Contains(q.Get("scope"), "openid") {
		p.Errorf("the desk asks %v", q)
	}
	code := rand.Text()
	p.codes[code] = q
	to, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		p.Error(err)
	}
	to.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound)
}

func (p *idp) token(w http.ResponseWriter, r *http.Request) {
	code := r.PostFormValue("code")
	asked, ok := p.codes[code]
	delete(p.codes, code)
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	secret, err := url.QueryUnescape(secret)
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || err != nil || id != "convene-desk" || secret != idpSecret || base64.RawURLEncoding.EncodeToString(challenge[:]) != asked.Get("code_challenge") {
		w.WriteHeader(http.StatusBadRequest)
		p.answer(w, map[string]string{"error": "invalid_grant"})
		return
	}
	claims := map[string]any{"iss": p.server.URL, "aud": "convene-desk", "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(), "nonce": or(p.nonce, asked.Get("nonce"))}
	for name, value := range p.claims {
		claims[name] = value
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		p.Error(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p.key, KeyID: "1"}}, nil)
	if err != nil {
		p.Error(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		p.Error(err)
	}
	raw, err := signed.CompactSerialize()
	if err != nil {
		p.Error(err)
	}
	p.answer(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": raw})
}

// selfSigned writes a certificate for this computer and its key, and gives a client that trusts it.
func selfSigned(t *testing.T, folder string) (cert, key string, trusting func() *http.Client) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	shape := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, shape, shape, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(folder, "desk.crt"), filepath.Join(folder, "desk.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return cert, key, func() *http.Client {
		return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	}
}

// secureRig is a desk with https whose people sign in at a provider.
func secureRig(t *testing.T, change func(*Config)) (*rig, *idp, func() *browser) {
	t.Helper()
	p := newIDP(t)
	folder := t.TempDir()
	cert, key, trusting := selfSigned(t, folder)
	settings := filepath.Join(folder, "oidc.yaml")
	text := "issuer: " + p.server.URL + `
client: convene-desk
secretFile: secret
grants:
  - {value: nurses, role: viewer, networks: [south]}
  - {value: chiefs, role: supervisor}
  - {value: leaders, role: leader}
`
	for path, data := range map[string]string{settings: text, filepath.Join(folder, "secret"): idpSecret + "\n"} {
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o, err := LoadOIDC(settings)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(c *Config) {
		c.OIDC, c.Cert, c.Key = o, cert, key
		c.People = []Person{{ID: "ana@clinic.example", Name: "Ana Ruiz", Role: Coordinator}}
		if change != nil {
			change(c)
		}
	})
	return r, p, func() *browser {
		b := r.browser("")
		jar := b.client.Jar
		b.client = trusting()
		b.client.Jar = jar
		t.Cleanup(b.client.CloseIdleConnections)
		return b
	}
}

func TestPeopleSignInAtTheirProvider(t *testing.T) {
	r, p, browser := secureRig(t, nil)
	key := r.send("Okafor", copd)
	if !strings.HasPrefix(r.desk.URL, "https://") || len(r.links) > 0 {
		t.Fatalf("%s, links %v", r.desk.URL, r.links)
	}
	stranger := browser()
	if status, body := stranger.get("/now"); status != http.StatusUnauthorized || !strings.Contains(body, `href="/sign-in"`) {
		t.Errorf("nobody: %d", status)
	}
	for _, c := range []struct {
		who    string
		claims map[string]any
		signed int
		pages  map[string]int
	}{
		{"a person of the list", map[string]any{"sub": "1", "email": "Ana@clinic.example", "email_verified": true}, 200, map[string]int{"/now": 200, "/referral/north/" + key: 200, "/catalog/north/add": 403}},
		{"an address that is not verified", map[string]any{"sub": "2", "email": "ana@clinic.example", "email_verified": false}, 403, map[string]int{"/now": 401}},
		{"a group", map[string]any{"sub": "3", "groups": []string{"others", "chiefs"}, "name": "Cho Chief"}, 200, map[string]int{"/now": 200, "/catalog/north/add": 200}},
		{"a group for another network", map[string]any{"sub": "4", "groups": "nurses"}, 200, map[string]int{"/now": 200, "/referral/north/" + key: 404}},
		{"a leader", map[string]any{"sub": "5", "groups": []string{"leaders"}, "convene_leader": "lena"}, 200, map[string]int{"/now": 403, "/group/north/copd-1": 200, "/group/north/pain-1": 404}},
		{"a leader of nothing", map[string]any{"sub": "6", "groups": []string{"leaders"}}, 403, map[string]int{"/now": 401}},
		{"a stranger", map[string]any{"sub": "7", "groups": []string{"guests"}}, 403, map[string]int{"/now": 401}},
	} {
		p.claims = c.claims
		b := browser()
		if status, body := b.get("/sign-in"); status != c.signed {
			t.Errorf("%s: %d\n%s", c.who, status, body)
		}
		for path, want := range c.pages {
			if status, _ := b.get(path); status != want {
				t.Errorf("%s, %s: %d, want %d", c.who, path, status, want)
			}
		}
	}
}

func TestSignInIsNotForged(t *testing.T) {
	r, p, browser := secureRig(t, nil)
	p.claims = map[string]any{"sub": "3", "groups": []string{"chiefs"}}
	b := browser()
	stop := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	// callback leads through the provider and gives the address that its answer would be taken at.
	callback := func() string {
		b.client.CheckRedirect = stop
		defer func() { b.client.CheckRedirect = nil }()
		response, err := b.client.Get(r.desk.URL + "/sign-in")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		response, err = b.client.Get(response.Header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return strings.TrimPrefix(response.Header.Get("Location"), r.desk.URL)
	}
	if status, _ := browser().get(callback()); status != http.StatusUnauthorized {
		t.Errorf("another browser's sign-in: %d", status)
	}
	if status, _ := b.get(strings.Replace(callback(), "state=", "state=x", 1)); status != http.StatusUnauthorized {
		t.Errorf("another state: %d", status)
	}
	p.nonce = "of another attempt"
	if status, _ := b.get(callback()); status != http.StatusUnauthorized {
		t.Errorf("another nonce: %d", status)
	}
	p.nonce = ""
	used := callback()
	if status, _ := b.get(used); status != http.StatusOK {
		t.Errorf("a good one: %d", status)
	}
	if status, _ := b.get(used); status != http.StatusUnauthorized {
		t.Errorf("the same again: %d", status)
	}
	for _, secret := range []string{"code=", idpSecret, "chiefs"} {
		if strings.Contains(r.log.String(), secret) {
			t.Errorf("the log tells %q:\n%s", secret, r.log.String())
		}
	}
}

func TestSessionsEnd(t *testing.T) {
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	r, p, browser := secureRig(t, func(c *Config) { c.Now = now })
	p.claims = map[string]any{"sub": "1", "email": "ana@clinic.example", "email_verified": true}
	b := browser()
	b.must("/sign-in")
	home := mustParse(t, r.desk.URL+"/")
	var names []string
	response, err := b.client.Get(r.desk.URL + "/now")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.Header.Get("Strict-Transport-Security") == "" || response.ProtoMajor != 2 {
		t.Errorf("https: %v, %s", response.Header, response.Proto)
	}
	copied := b.client.Jar.Cookies(home)
	for _, c := range copied {
		names = append(names, c.Name)
	}
	if len(names) != 1 || names[0] != "__Host-convene" {
		t.Errorf("cookies %v", names)
	}
	thief := browser()
	thief.client.Jar.SetCookies(home, []*http.Cookie{{Name: copied[0].Name, Value: copied[0].Value, Path: "/", Secure: true}})
	thief.must("/now")
	if status, _ := b.post("/sign-out", nil); status != http.StatusUnauthorized {
		t.Errorf("after signing out: %d", status)
	}
	if status, _ := thief.get("/now"); status != http.StatusUnauthorized {
		t.Errorf("a copied cookie after signing out: %d", status)
	}
	if again, err := loadEndings(filepath.Join(r.folder, "desk.ended")); err != nil || len(again.until) != 1 {
		t.Errorf("a restart forgets: %v", err)
	}

	b = browser()
	b.must("/sign-in")
	ahead.Store(int64(sessionMax - time.Minute))
	b.must("/now")
	ahead.Store(int64(sessionMax + time.Minute))
	if status, _ := b.get("/now"); status != http.StatusUnauthorized {
		t.Errorf("after a day: %d", status)
	}
}

func TestListensElsewhereByHTTPSOnly(t *testing.T) {
	d := &Desk{config: Config{Address: "0.0.0.0:0"}}
	if err := d.listen(); err == nil {
		d.close()
		t.Error("it listens to all without https")
	}
	cert, key, _ := selfSigned(t, t.TempDir())
	d = &Desk{config: Config{Address: "0.0.0.0:0", Cert: cert, Key: key, Public: "https://desk.clinic.example/"}}
	if err := d.listen(); err != nil || d.URL != "https://desk.clinic.example" {
		t.Errorf("%s, %v", d.URL, err)
	}
	d.close()
}
