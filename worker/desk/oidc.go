package desk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/goccy/go-yaml"
	"golang.org/x/oauth2"
)

// OIDC says where people sign in and what they may then (OpenID Connect Core 1.0, code flow with PKCE).
type OIDC struct {
	// Issuer, as in the provider's /.well-known/openid-configuration.
	Issuer string `yaml:"issuer"`
	// Client as the provider knows the desk; its redirect address is the desk's URL and /sign-in/callback.
	Client string `yaml:"client"`
	// SecretFile holds the client's secret; relative to the file of these settings. Empty: a public client.
	SecretFile string `yaml:"secretFile,omitempty"`
	// Claim that lists what a person belongs to; default "groups".
	Claim string `yaml:"claim,omitempty"`
	// Grants give roles by a value of Claim, the first that fits. Who is among the People of the desk needs none.
	Grants []Grant `yaml:"grants,omitempty"`
	// LeaderClaim holds the catalog's id of a person whose role is leader; default "convene_leader".
	LeaderClaim string `yaml:"leaderClaim,omitempty"`
	// Scopes asked for beside openid, profile and email.
	Scopes []string `yaml:"scopes,omitempty"`

	secret string
}

// Grant gives those who have a value of the claim a role, in some networks or, without any named, in all.
type Grant struct {
	Value    string   `yaml:"value"`
	Role     Role     `yaml:"role"`
	Networks []string `yaml:"networks,omitempty"`
	// Function by profession, as of a Person.
	Function string `yaml:"function,omitempty"`
}

// LoadOIDC reads the settings of a provider from a YAML file.
func LoadOIDC(path string) (*OIDC, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	o := &OIDC{Claim: "groups", LeaderClaim: "convene_leader"}
	if err := yaml.UnmarshalWithOptions(data, o, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if o.Issuer == "" || o.Client == "" {
		return nil, fmt.Errorf("%s: issuer and client are needed", path)
	}
	for _, g := range o.Grants {
		if g.Value == "" || !slices.Contains(Roles, g.Role) {
			return nil, fmt.Errorf("%s: a grant needs a value and one of the roles viewer, coordinator, supervisor, leader", path)
		}
	}
	if o.SecretFile == "" {
		return o, nil
	}
	if !filepath.IsAbs(o.SecretFile) {
		o.SecretFile = filepath.Join(filepath.Dir(path), o.SecretFile)
	}
	secret, err := os.ReadFile(o.SecretFile)
	o.secret = strings.TrimSpace(string(secret))
	return o, err
}

// errStranger: the provider knows the person, the desk has no role for them.
var errStranger = errors.New("signed in at the provider, but no role at this desk")

// person of an ID token: one of the desk's people by e-mail address that the provider has verified, or by subject; else
// whoever a grant is for.
func (o *OIDC) person(token *oidc.IDToken, people map[string]*Person) (*Person, error) {
	var all map[string]any
	var known struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
		Name     string `json:"name"`
	}
	if err := errors.Join(token.Claims(&known), token.Claims(&all)); err != nil {
		return nil, err
	}
	if p := people[token.Subject]; p != nil {
		return p, nil
	}
	id := token.Subject
	if known.Verified && known.Email != "" {
		id = strings.ToLower(known.Email)
		for _, p := range people {
			if strings.EqualFold(p.ID, id) {
				return p, nil
			}
		}
	}
	values := textsOf(all[o.Claim])
	for _, g := range o.Grants {
		if !slices.Contains(values, g.Value) {
			continue
		}
		p := &Person{ID: id, Name: known.Name, Role: g.Role, Networks: g.Networks, Function: g.Function}
		if g.Role == Leader {
			if p.Leader, _ = all[o.LeaderClaim].(string); p.Leader == "" {
				continue
			}
		}
		if len(p.ID) > personMax || len(p.Name) > personMax {
			return nil, errStranger
		}
		return p, nil
	}
	return nil, errStranger
}

// textsOf a claim: one text or several.
func textsOf(claim any) (list []string) {
	switch c := claim.(type) {
	case string:
		return []string{c}
	case []any:
		for _, one := range c {
			if s, ok := one.(string); ok {
				list = append(list, s)
			}
		}
	}
	return list
}

// provider is a provider as it was last discovered, so that one that is away when the desk starts is asked again.
type provider struct {
	*OIDC
	redirect string
	client   *http.Client

	mu    sync.Mutex
	known *oidc.Provider
}

// providerMax is how long the provider may take.
const providerMax = 10 * time.Second

func (p *provider) discover(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		known, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.Issuer)
		if err != nil {
			return nil, nil, fmt.Errorf("the provider of sign-ins: %w", err)
		}
		p.known = known
	}
	return p.known, &oauth2.Config{
		ClientID: p.Client, ClientSecret: p.secret, Endpoint: p.known.Endpoint(), RedirectURL: p.redirect,
		Scopes: append([]string{oidc.ScopeOpenID, "profile", "email"}, p.Scopes...),
	}, nil
}

// attempt to sign in: what the callback must match. It is kept sealed in a cookie of the browser that began it.
type attempt struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Until    int64  `json:"u"` // Unix seconds
}

// attemptMax is how long signing in may take.
const attemptMax = 10 * time.Minute

// redeem exchanges the code of a callback for the person's ID token.
func (p *provider) redeem(ctx context.Context, code string, a *attempt) (*oidc.IDToken, error) {
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, p.client), providerMax)
	defer cancel()
	known, config, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	tokens, err := config.Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) { // its text repeats the answer
			return nil, fmt.Errorf("the provider refuses the code: %s", refused.ErrorCode)
		}
		return nil, err
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := known.Verifier(&oidc.Config{ClientID: p.Client}).Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if token.Nonce != a.Nonce {
		return nil, errors.New("the ID token is of another attempt")
	}
	return token, nil
}
