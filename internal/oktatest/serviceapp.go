package oktatest

import (
	"crypto"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// NewServiceApp describes an application that calls the API on its own behalf, with OAuth 2.0 client credentials.
type NewServiceApp struct {
	// ClientID is made where it is empty.
	ClientID string `json:"client_id,omitempty"`
	Label    string `json:"label,omitempty"`
	// Keys are the public JSON Web Keys, at least one, that its assertions are signed with: RSA, or EC on P-256, P-384
	// or P-521. Where there are several, each needs a kid.
	Keys []json.RawMessage `json:"keys"`
	// Scopes are those that it has been granted.
	Scopes []string `json:"scopes"`
	// DPoP makes its tokens be bound to a key of the client's (RFC 9449).
	DPoP bool `json:"dpop,omitempty"`
	// Roles are the types of its standard admin roles, SUPER_ADMIN where there are none.
	Roles []string `json:"roles,omitempty"`
	// TokenLifetime is a Go duration, "1h" by default.
	TokenLifetime string `json:"token_lifetime,omitempty"`
}

// usualTokenLife is how long Okta's tokens for its own API live.
const usualTokenLife = time.Hour

// serviceApp is an OAuth client.
type serviceApp struct {
	id     string
	app    *app
	keys   []serviceKey
	scopes []string
	roles  []*role
	dpop   bool
	life   time.Duration
}

type serviceKey struct {
	jwk    *jwk
	public crypto.PublicKey
}

// oauthStore holds the OAuth clients and what was issued to them or seen of them.
type oauthStore struct {
	clients []*serviceApp
	tokens  map[string]*accessToken
	// nonces are valid until then; spent are ids of assertions and proofs that are not accepted again until then.
	nonces map[string]time.Time
	spent  map[string]time.Time
	key    [32]byte // signs access tokens
}

func newOAuthStore() oauthStore {
	s := oauthStore{tokens: map[string]*accessToken{}, nonces: map[string]time.Time{}, spent: map[string]time.Time{}}
	_, _ = rand.Read(s.key[:])
	return s
}

// AddServiceApp registers an OAuth client, which is also one of the org's applications, and returns its client id. It
// panics when the id is taken, a key is malformed or private, or the lifetime is no positive duration.
func (o *Org) AddServiceApp(n NewServiceApp) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return must(o.placeServiceApp(n, o.clock()))
}

func (o *Org) placeServiceApp(n NewServiceApp, now time.Time) (string, error) {
	s := &serviceApp{scopes: slices.Clone(n.Scopes), dpop: n.DPoP, life: usualTokenLife}
	if n.TokenLifetime != "" {
		d, err := time.ParseDuration(n.TokenLifetime)
		if err != nil || d <= 0 {
			return "", fmt.Errorf("service app: token_lifetime %q is not a positive duration", n.TokenLifetime)
		}
		s.life = d
	}
	for _, kind := range n.Roles {
		r := &role{kind: kind, label: roleLabels[kind], created: now}
		if err := r.check(); err != nil {
			return "", fmt.Errorf("service app: %w", err)
		}
		s.roles = append(s.roles, r)
	}
	if len(s.roles) == 0 {
		s.roles = []*role{{kind: superAdmin, label: roleLabels[superAdmin], created: now}}
	}
	for _, r := range s.roles {
		r.id = o.stable.object("ra1")
	}
	if len(n.Keys) == 0 {
		return "", errors.New("service app: needs a key")
	}
	for i, raw := range n.Keys {
		k, public, err := parseJWK(raw)
		if err != nil {
			return "", fmt.Errorf("service app: key %d: %w", i, err)
		}
		if len(n.Keys) > 1 && (k.ID == "" || s.keyWithID(k.ID) != nil) {
			return "", fmt.Errorf("service app: key %d needs a kid of its own", i)
		}
		s.keys = append(s.keys, serviceKey{k, public})
	}
	a, err := o.placeApp(NewApp{
		ID: n.ClientID, Label: orElse(n.Label, "Service app"), SignOnMode: "OPENID_CONNECT", Hidden: true,
		Document: map[string]any{
			"credentials": map[string]any{
				"userNameTemplate": map[string]any{"template": "${source.login}", "type": "BUILT_IN"},
				"oauthClient": map[string]any{
					"client_id": n.ClientID, "token_endpoint_auth_method": "private_key_jwt", "autoKeyRotation": true, "pkce_required": false,
				},
			},
			"settings": map[string]any{
				"app": map[string]any{},
				"oauthClient": map[string]any{
					"application_type": "service", "grant_types": []any{"client_credentials"}, "response_types": []any{"token"},
					"dpop_bound_access_tokens": n.DPoP,
				},
			},
		},
	}, now)
	if err != nil {
		return "", err
	}
	a.document["credentials"].(map[string]any)["oauthClient"].(map[string]any)["client_id"] = a.id
	s.id, s.app = a.id, a
	o.oauth.clients = append(o.oauth.clients, s)
	return s.id, nil
}

func (s *serviceApp) keyWithID(id string) *serviceKey {
	for i := range s.keys {
		if s.keys[i].jwk.ID == id {
			return &s.keys[i]
		}
	}
	return nil
}

// keyFor finds the key of an assertion. Without a kid there must be only one.
func (s *serviceApp) keyFor(id string) *serviceKey {
	if id == "" && len(s.keys) == 1 {
		return &s.keys[0]
	}
	return s.keyWithID(id)
}

// target is how the log names the client as an actor.
func (s *serviceApp) target() map[string]any {
	return map[string]any{
		"id": s.id, "type": "PublicClientApp", "alternateId": s.id, "displayName": s.app.label, "detailEntry": nil,
	}
}

func (s *oauthStore) client(id string) *serviceApp {
	for _, c := range s.clients {
		if c.id == id {
			return c
		}
	}
	return nil
}

// spend remembers an id until then and reports whether it was new.
func (s *oauthStore) spend(id string, now, until time.Time) bool {
	for k, end := range s.spent {
		if !now.Before(end) {
			delete(s.spent, k)
		}
	}
	if _, seen := s.spent[id]; seen {
		return false
	}
	s.spent[id] = until
	return true
}
