package deliver

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// Login is what a FHIR server wants to know of us: nothing, a fixed token, or SMART Backend Services, OAuth2 client
// credentials with a signed assertion (https://hl7.org/fhir/smart-app-launch/backend-services.html).
type Login struct {
	// Token is sent as it is, if it is set.
	Token string
	// ClientID turns on Backend Services.
	ClientID string
	// Key signs the assertions: a private key with its key id, RSA (RS384) or P-384 (ES384).
	Key *jose.JSONWebKey
	// TokenURL of the authorization server; empty: as the FHIR server's .well-known/smart-configuration says.
	TokenURL string
	// Scope asked for; empty: system/*.cruds.
	Scope string
	// TLS of all connections; nil is the system's.
	TLS *tls.Config
}

const (
	standardScope  = "system/*.cruds"
	assertionLives = 4 * time.Minute // at most 5 are allowed
	dialMax        = 5 * time.Second
)

// ErrInsecure: a login would travel in the clear.
var ErrInsecure = errors.New("a token may travel by https only, or to this computer")

// ParseKey reads a private key as JWK.
func ParseKey(data []byte) (*jose.JSONWebKey, error) {
	var key jose.JSONWebKey
	if err := json.Unmarshal(data, &key); err != nil {
		return nil, fmt.Errorf("not a JWK: %w", err)
	}
	if key.IsPublic() || !key.Valid() || key.KeyID == "" {
		return nil, errors.New("not a private JWK with a kid")
	}
	if _, err := signer(&key); err != nil {
		return nil, err
	}
	return &key, nil
}

// Client of a FHIR server that logs in. Redirects are not followed: they would carry the token elsewhere.
func (l Login) Client(server string, inFlight int) (*http.Client, error) {
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialMax}).DialContext,
		TLSHandshakeTimeout:    dialMax,
		TLSClientConfig:        l.TLS,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    inFlight,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: 64 << 10,
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if l.Token == "" && l.ClientID == "" {
		return client, nil
	}
	for _, address := range []string{server, l.TokenURL} {
		if address != "" && !secure(address) {
			return nil, fmt.Errorf("%s: %w", address, ErrInsecure)
		}
	}
	var tokens oauth2.TokenSource = oauth2.StaticTokenSource(&oauth2.Token{AccessToken: l.Token})
	if l.Token == "" {
		tokens = &assertions{login: l, server: strings.TrimRight(server, "/"), http: client}
	}
	return &http.Client{CheckRedirect: client.CheckRedirect, Transport: newBearer(tokens, transport)}, nil
}

// secure tells whether what is sent to an address stays secret.
func secure(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// assertions get tokens for a signed assertion, a fresh one each time.
type assertions struct {
	login  Login
	server string
	http   *http.Client
}

// Token asks the authorization server for one.
func (a *assertions) Token() (*oauth2.Token, error) {
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), oauth2.HTTPClient, a.http), 4*dialMax)
	defer cancel()
	address, err := a.tokenURL(ctx)
	if err != nil {
		return nil, err
	}
	assertion, err := a.sign(address)
	if err != nil {
		return nil, err
	}
	scope := a.login.Scope
	if scope == "" {
		scope = standardScope
	}
	config := clientcredentials.Config{TokenURL: address, Scopes: []string{scope}, AuthStyle: oauth2.AuthStyleInParams, EndpointParams: url.Values{
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	}}
	return config.Token(ctx)
}

// tokenURL as configured, else as the FHIR server says.
func (a *assertions) tokenURL(ctx context.Context) (string, error) {
	if a.login.TokenURL != "" {
		return a.login.TokenURL, nil
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, a.server+"/.well-known/smart-configuration", nil)
	if err != nil {
		return "", err
	}
	q.Header.Set("Accept", "application/json")
	r, err := a.http.Do(q)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	var smart struct {
		TokenEndpoint string `json:"token_endpoint"`
	}
	err = json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20)).Decode(&smart)
	if err != nil || r.StatusCode != http.StatusOK || smart.TokenEndpoint == "" {
		return "", fmt.Errorf("%s names no token endpoint (%d): give --token-url", q.URL, r.StatusCode)
	}
	if !secure(smart.TokenEndpoint) {
		return "", fmt.Errorf("%s: %w", smart.TokenEndpoint, ErrInsecure)
	}
	return smart.TokenEndpoint, nil
}

// sign an assertion for an authorization server.
func (a *assertions) sign(audience string) (string, error) {
	s, err := signer(a.login.Key)
	if err != nil {
		return "", err
	}
	now := time.Now()
	return jwt.Signed(s).Claims(jwt.Claims{
		Issuer: a.login.ClientID, Subject: a.login.ClientID, Audience: jwt.Audience{audience},
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(assertionLives)), ID: rand.Text(),
	}).Serialize()
}

// signer with one of the two algorithms that SMART servers must take.
func signer(key *jose.JSONWebKey) (jose.Signer, error) {
	for _, algorithm := range []jose.SignatureAlgorithm{jose.RS384, jose.ES384} {
		s, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
		if err == nil {
			if _, err := s.Sign(nil); err == nil {
				return s, nil
			}
		}
	}
	return nil, errors.New("the key must be RSA (RS384) or P-384 (ES384)")
}
