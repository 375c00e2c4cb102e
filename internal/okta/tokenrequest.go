package okta

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/sdk"
)

const (
	// tokenPath is where a service app's login is exchanged for an access token
	// (https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/tag/OrgAS/#tag/OrgAS/operation/token).
	tokenPath = "/oauth2/v1/token"

	// assertionLife is how long one signed login can be used: once, at once. Okta takes
	// up to an hour.
	assertionLife = 5 * time.Minute

	// A token is renewed this much before its end, or a tenth of its life if that is
	// less.
	renewEarly = time.Minute

	// maxTokenLife is more than Okta ever gives.
	maxTokenLife = 24 * time.Hour

	schemeBearer = "Bearer"
	schemeDPoP   = "DPoP"
)

// Error codes of OAuth 2.0 and of DPoP.
const (
	invalidClient = "invalid_client"
	invalidScope  = "invalid_scope"
	invalidProof  = "invalid_dpop_proof"
	useNonce      = "use_dpop_nonce"
)

// ask gets a token for scopes. It tries again, once for each reason, if Okta demands
// a proof, demands a nonce in it, or refuses a login that was dated by a wrong clock.
func (o *oauth) ask(ctx context.Context, scopes []string) (*accessToken, error) {
	var nonced, redated bool
	for {
		o.mu.Lock()
		bound, ahead := o.bound, o.ahead
		o.mu.Unlock()
		r, err := o.post(ctx, scopes, bound)
		if err != nil {
			return nil, o.failure(err)
		}
		o.learn(r, tokenServer)
		if r.status == http.StatusOK {
			t, err := o.read(ctx, r, bound)
			if e := sdk.AsError(err); e != nil {
				e.Message = "cannot log in: " + e.Message
				return nil, e
			}
			return t, nil
		}
		code := errorCode(r)
		proofMissing := !bound && (code == invalidProof || code == useNonce)
		switch {
		case proofMissing && o.prover != nil:
			o.mu.Lock()
			o.bound = true
			o.mu.Unlock()
			continue
		case code == useNonce && bound && !nonced && r.header.Get("DPoP-Nonce") != "":
			nonced = true
			continue
		case (code == invalidClient || code == invalidProof) && !redated && o.clockMoved(ahead):
			redated = true
			hclog.FromContext(ctx).Warn("logging in by Okta's clock", "skew", r.skew().Round(time.Second))
			continue
		}
		return nil, o.refusal(r, code)
	}
}

// clockMoved reports whether Okta's time turned out to be far from what a login was
// dated by.
func (o *oauth) clockMoved(ahead time.Duration) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	moved := o.ahead - ahead
	return moved > maxSkew || moved < -maxSkew
}

// post sends one request for a token. The login is in the body: addresses end up in
// logs.
func (o *oauth) post(ctx context.Context, scopes []string, bound bool) (*reply, error) {
	o.mu.Lock()
	now := time.Now().Add(-o.ahead)
	o.mu.Unlock()
	assertion, err := sign(o.signer, struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience string `json:"aud"`
		IssuedAt int64  `json:"iat"`
		Expires  int64  `json:"exp"`
		ID       string `json:"jti"`
	}{o.clientID, o.clientID, bare(o.endpoint), now.Unix(), now.Add(assertionLife).Unix(), rand.Text()})
	if err != nil {
		return nil, err
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"scope":                 {strings.Join(scopes, " ")},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.endpoint.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", userAgent)
	if bound {
		if err := o.prove(req, tokenServer, ""); err != nil {
			return nil, err
		}
	}
	_, r, err := o.send(req)
	return r, err
}

// read takes the token out of an answer, and nothing on trust: it goes into a
// header, and a token that should be bound is.
func (o *oauth) read(ctx context.Context, r *reply, bound bool) (*accessToken, error) {
	var body struct {
		Token   string  `json:"access_token"`
		Type    string  `json:"token_type"`
		Life    float64 `json:"expires_in"`
		Granted string  `json:"scope"`
	}
	if err := r.notJSON(); err != nil {
		return nil, err
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	t := &accessToken{secret: sdk.NewSecret(body.Token)}
	switch {
	case body.Token == "" || strings.ContainsFunc(body.Token, func(c rune) bool { return c <= ' ' || c > 0x7e }):
		return nil, r.broken("no access token that a request can carry")
	case strings.EqualFold(body.Type, schemeDPoP) && bound:
		t.scheme = schemeDPoP
	case strings.EqualFold(body.Type, schemeBearer) && o.dpop != dpopRequired:
		t.scheme = schemeBearer
	case strings.EqualFold(body.Type, schemeBearer):
		return nil, &sdk.Error{Code: sdk.Unauthenticated, Message: "the settings require DPoP, and Okta gave an access token that is not bound to a key", Upstream: r.upstream("")}
	default:
		return nil, r.broken("an access token of type " + printable(body.Type, 20))
	}
	if body.Life < 1 {
		return nil, r.broken("an access token that has ended already")
	}
	life := time.Duration(min(body.Life, maxTokenLife.Seconds()) * float64(time.Second))
	// Counted from when it was asked for: by then it was not there yet.
	start := o.now().Add(r.sent.Sub(r.received))
	t.ends = start.Add(life)
	t.renewAt = t.ends.Add(-min(renewEarly, life/10))
	t.scopes = strings.Fields(body.Granted)
	hclog.FromContext(ctx).Debug("logged in", "client_id", o.clientID, "scheme", t.scheme, "life", life)
	return t, nil
}

// errorCode returns the code of an error response of Okta's, "" for any other response.
func errorCode(r *reply) string {
	if e, ok := readOktaError(r.body); ok {
		return e.Code
	}
	return oauthCode(r.body)
}
