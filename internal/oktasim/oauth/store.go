package oauth

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"soar.example/okta/internal/oktasim/wire"
)

const (
	// TokenPath is the path of the token endpoint.
	TokenPath = "/oauth2/v1/token"

	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// maxAssertionLife is the maximum time until the expiry of an assertion.
	maxAssertionLife = time.Hour
	// clockLeeway is the accepted difference between the clocks of client and org.
	clockLeeway = 5 * time.Minute
	nonceLife   = 24 * time.Hour
)

// Client is an OAuth client. An assertion of a client with several keys must contain the ID of its key.
type Client struct {
	ID     string
	Keys   []*jose.JSONWebKey
	Scopes []string
	// DPoP binds every token to a key of the client.
	DPoP bool
	// Life is the lifetime of the client's tokens.
	Life time.Duration
	// Active reports whether the client may request and use tokens.
	Active func() bool
}

// AddKeys parses and adds public keys of a client.
func (c *Client) AddKeys(keys ...[]byte) error {
	if len(keys) == 0 {
		return errors.New("needs a key")
	}
	for i, raw := range keys {
		k, err := ParseJWK(raw)
		if err != nil {
			return fmt.Errorf("key %d: %w", i, err)
		}
		if len(keys) > 1 && (k.KeyID == "" || c.key(k.KeyID) != nil) {
			return fmt.Errorf("key %d needs a unique kid", i)
		}
		c.Keys = append(c.Keys, k)
	}
	return nil
}

// key returns the key of an assertion. The ID may be empty if there is only one key.
func (c *Client) key(id string) *jose.JSONWebKey {
	if id == "" && len(c.Keys) == 1 {
		return c.Keys[0]
	}
	if i := slices.IndexFunc(c.Keys, func(k *jose.JSONWebKey) bool { return k.KeyID == id }); i >= 0 {
		return c.Keys[i]
	}
	return nil
}

// accessToken is a token issued to a client.
type accessToken struct {
	client  *Client
	scopes  []string
	text    string
	expires time.Time
	// thumbprint is the hash of the key to which the token is bound, empty for a bearer token.
	thumbprint string
}

// Includes reports whether granted scopes include a scope. A manage scope includes the read scope.
func Includes(granted []string, scope string) bool {
	kind, isRead := strings.CutSuffix(scope, ".read")
	return slices.Contains(granted, scope) || isRead && slices.Contains(granted, kind+".manage")
}

func (t *accessToken) scheme() string {
	if t.thumbprint != "" {
		return "DPoP"
	}
	return "Bearer"
}

// Store contains the clients, their tokens, and the IDs of used assertions and proofs.
type Store struct {
	ids     *wire.IDs
	signer  jose.Signer
	clients []*Client
	tokens  map[string]*accessToken
	// Each value is an expiry. nonces contains the valid nonces. spent contains the IDs of used assertions and
	// proofs.
	nonces, spent map[string]time.Time
}

// NewStore returns a store with a new signing key.
func NewStore(ids *wire.IDs) *Store {
	var key [32]byte
	_, _ = rand.Read(key[:])
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: key[:]}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		panic("oktasim: " + err.Error())
	}
	return &Store{ids: ids, signer: signer, tokens: map[string]*accessToken{}, nonces: map[string]time.Time{}, spent: map[string]time.Time{}}
}

// Add registers a client.
func (s *Store) Add(c *Client) { s.clients = append(s.clients, c) }

// Client returns the client with an ID, or nil.
func (s *Store) Client(id string) *Client {
	if i := slices.IndexFunc(s.clients, func(c *Client) bool { return c.ID == id }); i >= 0 {
		return s.clients[i]
	}
	return nil
}

// Revoke revokes the tokens of a client, or of all clients if the ID is empty. It returns the number of tokens.
func (s *Store) Revoke(clientID string) int {
	before := len(s.tokens)
	maps.DeleteFunc(s.tokens, func(_ string, t *accessToken) bool { return clientID == "" || t.client.ID == clientID })
	return before - len(s.tokens)
}

// ExpireNonces invalidates every DPoP nonce.
func (s *Store) ExpireNonces() { clear(s.nonces) }

// issue returns a token as a JSON Web Token, as Okta does. Clients cannot verify it.
func (s *Store) issue(c *wire.Call, client *Client, scopes []string, held *proof) (*accessToken, error) {
	maps.DeleteFunc(s.tokens, func(_ string, t *accessToken) bool { return !c.Now.Before(t.expires) })
	t := &accessToken{client: client, scopes: scopes, expires: c.Now.Add(client.Life)}
	claims := wire.Doc{
		"ver": 1, "jti": "AT." + s.ids.OneTimeToken(), "iss": c.Base, "aud": c.Base, "sub": client.ID, "cid": client.ID,
		"scp": scopes, "iat": c.Now.Unix(), "exp": t.expires.Unix(),
	}
	if held != nil {
		t.thumbprint = held.thumbprint
		claims["cnf"] = wire.Doc{"jkt": held.thumbprint}
	}
	var err error
	t.text, err = jwt.Signed(s.signer).Claims(claims).Serialize()
	s.tokens[t.text] = t
	return t, err
}

// spend marks an ID as used until a time. It reports whether the ID was new.
func (s *Store) spend(id string, now, until time.Time) bool {
	maps.DeleteFunc(s.spent, func(_ string, end time.Time) bool { return !now.Before(end) })
	if _, seen := s.spent[id]; seen {
		return false
	}
	s.spent[id] = until
	return true
}

// Check returns the client of a call's access token. It verifies the binding of the token, and its scope unless the
// scope is empty. If the client is nil, the reply is the response to the caller.
func (s *Store) Check(c *wire.Call, scheme, text, scope string) (*Client, *wire.Reply) {
	reject := func(r *wire.Reply, code, description string) (*Client, *wire.Reply) {
		r.Header.Set("WWW-Authenticate", scheme+` authorization_uri="`+c.URL("/oauth2/v1/authorize")+`", realm="`+c.Base+`", scope="`+scope+
			`", error="`+code+`", error_description="`+description+`", resource="`+c.Path+`"`)
		return nil, r
	}
	t := s.tokens[text]
	if t == nil || !c.Now.Before(t.expires) || t.scheme() != scheme || !t.client.Active() {
		return reject(wire.Code("E0000011").Reply(s.ids.ErrorID()), "invalid_token", "The access token is invalid.")
	}
	if scheme == "DPoP" {
		if description := s.checkBinding(c, t); description != "" {
			return reject(wire.Empty(http.StatusBadRequest), "invalid_dpop_proof", description)
		}
	}
	if scope != "" && !Includes(t.scopes, scope) {
		return reject(wire.Empty(http.StatusForbidden), "insufficient_scope", "The access token provided does not contain the required scopes.")
	}
	return t.client, nil
}

// checkBinding returns the fault of the proof for a bound token, or an empty text if the proof is valid.
func (s *Store) checkBinding(c *wire.Call, t *accessToken) string {
	held, err := readProof(c, t.text)
	switch {
	case err != nil:
		return err.description
	case held.thumbprint != t.thumbprint:
		return "The DPoP proof JWT is not signed with the key that the token is bound to."
	case !s.spendProof(c, held):
		return "The DPoP proof JWT has already been used."
	}
	return ""
}
