package oktatest

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// tokenPath is where access tokens are issued.
const tokenPath = "/oauth2/v1/token"

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// maxAssertionLife is how far ahead an assertion may expire.
	maxAssertionLife = time.Hour
	// clockLeeway is how far the clocks of client and org may differ where that could be an honest mistake.
	clockLeeway = 5 * time.Minute
	nonceLife   = 24 * time.Hour
)

// oauthError is an answer in the error shape of OAuth 2.0.
type oauthError struct {
	status            int
	code, description string
	nonce             string
}

func (e *oauthError) Error() string { return e.code + ": " + e.description }

func (e *oauthError) reply() *reply {
	r := jsonReply(e.status, map[string]any{"error": e.code, "error_description": e.description})
	if e.nonce != "" {
		r.header.Set("DPoP-Nonce", e.nonce)
	}
	return r
}

func badRequest(code, description string) *oauthError {
	return &oauthError{status: http.StatusBadRequest, code: code, description: description}
}

func badClient(description string) *oauthError {
	return &oauthError{status: http.StatusUnauthorized, code: "invalid_client", description: description}
}

// issueToken is the token endpoint. Only the client credentials grant with a signed assertion is to be had. What it
// refuses has spent nothing: assertion and proof may come again.
func (o *Org) issueToken(c *call) (*reply, error) {
	form, err := c.form()
	if err != nil {
		return nil, err
	}
	client, assertion, err := o.authenticateClient(c, form)
	if err != nil {
		return nil, err
	}
	if form.Get("grant_type") != "client_credentials" {
		return nil, badRequest("unsupported_grant_type", "The grant type in the request isn't supported.")
	}
	var proof *dpopProof
	if client.dpop || len(c.header.Values("DPoP")) > 0 {
		if proof, err = o.proofForToken(c); err != nil {
			return nil, err
		}
	}
	scopes := strings.Fields(form.Get("scope"))
	if len(scopes) == 0 {
		return nil, badRequest("invalid_scope", "No scopes were requested.")
	}
	for _, s := range scopes {
		if !slices.Contains(client.scopes, s) {
			return nil, badRequest("invalid_scope", "One or more scopes are not configured for the authorization server resource.")
		}
	}
	if id := assertion.claims.ID; id != "" {
		expires, _ := seconds(assertion.claims.Expires)
		if !o.oauth.spend("assertion\x00"+client.id+"\x00"+id, c.now, expires) {
			return nil, badClient("The client_assertion token has been used already.")
		}
	}
	if proof != nil && !o.spendProof(c, proof) {
		return nil, badProof("The DPoP proof JWT has been used already.")
	}
	t := o.newAccessToken(c, client, slices.Compact(scopes), proof)
	c.app = client
	o.record(c, "app.oauth2.token.grant.access_token", client.target())
	r := jsonReply(http.StatusOK, map[string]any{
		"token_type": t.scheme(), "expires_in": int(client.life / time.Second), "access_token": t.text, "scope": strings.Join(t.scopes, " "),
	})
	r.header.Set("Cache-Control", "no-cache, no-store")
	r.header.Set("Pragma", "no-cache")
	return r, nil
}

// form reads the body of a token request. Nothing of it is looked for in the query, where it would end up in the
// logs of others.
func (c *call) form() (url.Values, error) {
	media, _, err := mime.ParseMediaType(c.header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, badRequest("invalid_request", "The content type must be application/x-www-form-urlencoded.")
	}
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return nil, badRequest("invalid_request", "The request body was not well-formed.")
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, badRequest("invalid_request", "The parameter "+name+" is there more than once.")
		}
	}
	return form, nil
}

// authenticateClient finds the client whose assertion a token request carries.
func (o *Org) authenticateClient(c *call, form url.Values) (*serviceApp, *jws, error) {
	switch {
	case c.header.Get("Authorization") != "" && form.Has("client_assertion"):
		return nil, nil, badRequest("invalid_request", "Can't supply multiple client credentials.")
	case !form.Has("client_assertion"):
		return nil, nil, badClient("No client credentials found")
	case form.Get("client_assertion_type") != assertionType:
		return nil, nil, badRequest("invalid_request", "The client_assertion_type is invalid.")
	}
	assertion, err := parseJWS(form.Get("client_assertion"))
	if err != nil {
		return nil, nil, badClient("The client_assertion token is malformed.")
	}
	said := assertion.claims
	client := o.oauth.client(said.Issuer)
	if client == nil || client.app.status != "ACTIVE" || form.Has("client_id") && form.Get("client_id") != client.id {
		return nil, nil, badClient("Invalid value for the client_id parameter")
	}
	key := client.keyFor(assertion.header.KeyID)
	if key == nil {
		return nil, nil, badClient("The client_assertion JWT kid is invalid.")
	}
	if a := key.jwk.Algorithm; a != "" && a != assertion.header.Algorithm {
		return nil, nil, badClient("The client_assertion signing algorithm does not match the key.")
	}
	if assertion.verify(key.public) != nil {
		return nil, nil, badClient("The client_assertion signature is invalid.")
	}
	if said.Subject != client.id {
		return nil, nil, badClient("The subject claim for client_assertion must be the client_id.")
	}
	if len(said.Audience) != 1 || said.Audience[0] != c.url(tokenPath) {
		return nil, nil, badClient("The audience claim for client_assertion must be the endpoint invoked for the request.")
	}
	expires, ok := seconds(said.Expires)
	switch {
	case !ok:
		return nil, nil, badClient("The client_assertion token must contain an expiration.")
	case !c.now.Before(expires):
		return nil, nil, badClient("The client_assertion token is expired.")
	case expires.After(c.now.Add(maxAssertionLife)):
		return nil, nil, badClient("The client_assertion token has an expiration too far into the future.")
	}
	if issued, ok := seconds(said.Issued); said.Issued != nil && (!ok || issued.After(c.now.Add(clockLeeway))) {
		return nil, nil, badClient("The client_assertion token was issued in the future.")
	}
	return client, assertion, nil
}
