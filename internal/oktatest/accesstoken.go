package oktatest

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"
	"time"
)

// accessToken is a token that was issued to an OAuth client.
type accessToken struct {
	text    string
	client  *serviceApp
	scopes  []string
	expires time.Time
	// thumbprint is that of the key which the token is bound to, empty for a bearer token.
	thumbprint string
}

func (t *accessToken) scheme() string {
	if t.thumbprint != "" {
		return "DPoP"
	}
	return "Bearer"
}

// newAccessToken writes a token as a JSON Web Token, as Okta's are. Its holder has nothing to read in it.
func (o *Org) newAccessToken(c *call, client *serviceApp, scopes []string, proof *dpopProof) *accessToken {
	for text, t := range o.oauth.tokens {
		if !c.now.Before(t.expires) {
			delete(o.oauth.tokens, text)
		}
	}
	t := &accessToken{client: client, scopes: scopes, expires: c.now.Add(client.life)}
	claims := map[string]any{
		"ver": 1, "jti": "AT." + o.fresh.oneTimeToken(), "iss": c.base, "aud": c.base, "sub": client.id, "cid": client.id,
		"scp": scopes, "iat": c.now.Unix(), "exp": t.expires.Unix(),
	}
	if proof != nil {
		t.thumbprint = proof.thumbprint
		claims["cnf"] = map[string]any{"jkt": proof.thumbprint}
	}
	text := encode64(encode(map[string]any{"alg": "HS256", "typ": "JWT"})) + "." + encode64(encode(claims))
	mac := hmac.New(sha256.New, o.oauth.key[:])
	mac.Write([]byte(text))
	t.text = text + "." + encode64(mac.Sum(nil))
	o.oauth.tokens[t.text] = t
	return t
}

// RevokeTokens makes the access tokens of an OAuth client useless, those of all clients where its id is empty, and
// returns how many there were.
func (o *Org) RevokeTokens(clientID string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := len(o.oauth.tokens)
	for text, t := range o.oauth.tokens {
		if clientID == "" || t.client.id == clientID {
			delete(o.oauth.tokens, text)
		}
	}
	return before - len(o.oauth.tokens)
}

// authorise finds out who calls. It returns the answer for a caller who may not, and nil for one who may. An API token
// may do what the roles of its owner allow, an access token what its scopes and the roles of its app do, and at a public
// endpoint nobody is asked. Where there is no route, whoever has a login may hear so.
func (o *Org) authorise(c *call, r *route) *reply {
	scope := ""
	if r != nil {
		if scope = r.scope; scope == "" {
			return nil
		}
	}
	if c.owner, c.tokenID = o.ownerOf(c); c.owner != nil {
		if c.asksForMe() {
			if c.params[0] = c.owner.id; r.method == http.MethodGet && r.pattern == "/api/v1/users/{id}" {
				return nil
			}
		}
		if roles := o.rolesOf(c.owner); !permits(roles, r) || o.shields(r, c, roles) {
			return o.noPermission()
		}
		return nil
	}
	scheme, text, _ := strings.Cut(c.header.Get("Authorization"), " ")
	if scheme != "Bearer" && scheme != "DPoP" {
		return o.badToken()
	}
	t := o.oauth.tokens[text]
	if t == nil || !c.now.Before(t.expires) || t.scheme() != scheme || t.client.app.status != "ACTIVE" {
		r := o.badToken()
		r.header.Set("WWW-Authenticate", c.challenge(scheme, scope, "invalid_token", "The access token is invalid."))
		return r
	}
	if scheme == "DPoP" {
		if description := o.checkBinding(c, t); description != "" {
			return blank(http.StatusBadRequest, c.challenge(scheme, scope, "invalid_dpop_proof", description))
		}
	}
	if !t.allows(scope) {
		return blank(http.StatusForbidden, c.challenge(scheme, scope, "insufficient_scope",
			"The access token provided does not contain the required scopes."))
	}
	c.app = t.client
	if !permits(t.client.roles, r) || o.shields(r, c, t.client.roles) {
		return o.noPermission()
	}
	return nil
}

// checkBinding says what is wrong with the proof that has to come with a bound token, if anything.
func (o *Org) checkBinding(c *call, t *accessToken) string {
	proof, err := o.readProof(c, t.text)
	switch {
	case err != nil:
		_, description, _ := strings.Cut(err.Error(), ": ")
		return description
	case proof.thumbprint != t.thumbprint:
		return "The DPoP proof JWT is not signed with the key that the token is bound to."
	case !o.spendProof(c, proof):
		return "The DPoP proof JWT has already been used."
	}
	return ""
}

// allows tells whether the token's scopes are enough: who may manage may also read.
func (t *accessToken) allows(scope string) bool {
	if scope == "" || slices.Contains(t.scopes, scope) {
		return true
	}
	kind, ok := strings.CutSuffix(scope, ".read")
	return ok && slices.Contains(t.scopes, kind+".manage")
}

// challenge is what WWW-Authenticate says of a refusal.
func (c *call) challenge(scheme, scope, code, description string) string {
	return scheme + ` authorization_uri="` + c.url("/oauth2/v1/authorize") + `", realm="` + c.base + `", scope="` + scope +
		`", error="` + code + `", error_description="` + description + `", resource="` + c.path + `"`
}

// blank refuses a call in the header alone.
func blank(status int, challenge string) *reply {
	return &reply{status: status, header: http.Header{"Www-Authenticate": {challenge}}}
}

func (o *Org) badToken() *reply { return o.refusal("E0000011") }

func (o *Org) noPermission() *reply { return o.refusal("E0000006") }

func (o *Org) refusal(code string) *reply {
	e := oktaError(code)
	return rawReply(e.status, e.body(o.fresh.errorID()))
}
