package auth

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

const (
	// TokenPath is the endpoint where a service app exchanges an assertion for an access token
	// (https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/tag/OrgAS/#tag/OrgAS/operation/token).
	TokenPath = "/oauth2/v1/token"

	// assertionLife is the lifetime of a signed assertion. Okta allows an hour. Each assertion is used once,
	// immediately.
	assertionLife = 5 * time.Minute

	// renewEarly is the time before its expiry at which a token is renewed. For short-lived tokens it is a tenth of
	// the lifetime.
	renewEarly = time.Minute

	// maxTokenLife is longer than the lifetime of any Okta token.
	maxTokenLife = 24 * time.Hour

	schemeBearer = "Bearer"
	schemeDPoP   = "DPoP"
)

// An accessToken is a token that Okta issued.
type accessToken struct {
	secret  sdk.Secret
	scheme  string   // Bearer or DPoP
	scopes  []string // granted scopes, empty if Okta does not list them
	renewAt time.Time
	ends    time.Time
}

// request requests a token for scopes. It retries once for each reason: Okta requires a proof, requires a nonce in
// the proof, or rejects the time of the assertion.
func (o *oauth) request(ctx context.Context, scopes []string) (*accessToken, error) {
	var nonced, redated bool
	for {
		o.mu.Lock()
		bound, ahead := o.bound, o.ahead
		o.mu.Unlock()
		r, err := o.post(ctx, scopes, bound)
		if err != nil {
			return nil, o.failure(err)
		}
		o.update(r, tokenServer)
		if r.Status == http.StatusOK {
			t, err := o.read(ctx, r, bound)
			if e := sdk.AsError(err); e != nil {
				e.Message = "cannot get an access token: " + e.Message
				return nil, e
			}
			return t, nil
		}
		code := r.ErrorCode()
		proofMissing := !bound && (code == rest.InvalidProof || code == rest.UseNonce)
		switch {
		case proofMissing && o.dpopSigner != nil:
			o.mu.Lock()
			o.bound = true
			o.mu.Unlock()
			continue
		case code == rest.UseNonce && bound && !nonced && r.Header.Get("DPoP-Nonce") != "":
			nonced = true
			continue
		case (code == rest.InvalidClient || code == rest.InvalidProof) && !redated && o.clockMoved(ahead):
			redated = true
			hclog.FromContext(ctx).Warn("using Okta's clock for the assertion", "skew", r.Skew().Round(time.Second))
			continue
		}
		return nil, o.rejection(r, code)
	}
}

// clockMoved reports whether Okta's clock differs too much from the time of an assertion.
func (o *oauth) clockMoved(ahead time.Duration) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return isSkewed(o.ahead - ahead)
}

// post sends one request for a token. The assertion is in the body, because URLs appear in logs.
func (o *oauth) post(ctx context.Context, scopes []string, bound bool) (*rest.Response, error) {
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
	}{o.clientID, o.clientID, proofTarget(o.endpoint), now.Unix(), now.Add(assertionLife).Unix(), rand.Text()})
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
	if bound {
		if err := o.prove(req, tokenServer, ""); err != nil {
			return nil, err
		}
	}
	r, err := o.send(req)
	return (*rest.Response)(r), err
}

// read parses a response with a token. The token must be a valid header value, and must be bound to the key if
// required.
func (o *oauth) read(ctx context.Context, r *rest.Response, bound bool) (*accessToken, error) {
	var body struct {
		Token   string  `json:"access_token"`
		Type    string  `json:"token_type"`
		Life    float64 `json:"expires_in"`
		Granted string  `json:"scope"`
	}
	if err := r.NotJSON(); err != nil {
		return nil, err
	}
	if err := r.Decode(&body); err != nil {
		return nil, err
	}
	t := &accessToken{secret: sdk.NewSecret(body.Token)}
	switch {
	case body.Token == "" || strings.ContainsFunc(body.Token, func(c rune) bool { return c <= ' ' || c > 0x7e }):
		return nil, r.Broken("an access token with invalid characters, or none")
	case strings.EqualFold(body.Type, schemeDPoP) && bound:
		t.scheme = schemeDPoP
	case strings.EqualFold(body.Type, schemeBearer) && o.dpop != dpopRequired:
		t.scheme = schemeBearer
	case strings.EqualFold(body.Type, schemeBearer):
		return nil, &sdk.Error{
			Code: sdk.Unauthenticated, Upstream: r.Upstream(""),
			Message: "the settings require DPoP, and Okta gave an access token that is not bound to a key",
		}
	default:
		return nil, r.Broken("an access token of type " + httpclient.Printable(body.Type, 20))
	}
	if body.Life < 1 {
		return nil, r.Broken("an access token that has expired")
	}
	life := time.Duration(min(body.Life, maxTokenLife.Seconds()) * float64(time.Second))
	// The lifetime starts with the request, because the token cannot be older.
	start := o.now().Add(r.Sent.Sub(r.Received))
	t.ends = start.Add(life)
	t.renewAt = t.ends.Add(-min(renewEarly, life/10))
	t.scopes = strings.Fields(body.Granted)
	hclog.FromContext(ctx).Debug("logged in", "client_id", o.clientID, "scheme", t.scheme, "life", life)
	return t, nil
}

// rejection returns the error of a response without a token.
func (o *oauth) rejection(r *rest.Response, code string) *sdk.Error {
	if r.Status < 400 {
		e := r.Broken("no access token; check the org URL")
		if r.Status >= 300 {
			e = r.Redirected()
		}
		e.Message = "cannot get an access token: " + e.Message
		return e
	}
	e := r.Rejection(o.Mask)
	if c, message, known := rest.OAuthError(code); known {
		e.Code, e.Message, e.RetryAfter = c, message, 0
	} else if !e.Code.Transient() {
		// A 404 concerns the token endpoint here, and not the object of the request.
		e.Code, e.Message = sdk.Unauthenticated, "Okta does not accept the credentials"
		if code == "" || r.Status == http.StatusNotFound {
			e.Message = "Okta's address does not issue access tokens; check the org URL"
		}
	}
	if o.dpopSigner == nil && (code == rest.InvalidProof || code == rest.UseNonce) {
		e.Message = "the app demands proof of possession (DPoP), which the settings turn off"
	}
	e.Message = "cannot get an access token: " + e.Message
	if skew := r.Skew(); (code == rest.InvalidClient || code == rest.InvalidProof) && isSkewed(skew) {
		e.Message += "; " + describeSkew(skew) + ", and Okta rejects an assertion with a wrong time"
	}
	var body struct {
		Description string `json:"error_description"`
		Summary     string `json:"errorSummary"`
	}
	if e.Code == sdk.Unauthenticated && json.Unmarshal(r.Body, &body) == nil {
		// Only Okta's text explains the reason.
		if said := httpclient.Printable(o.Mask(body.Description+body.Summary), 300); said != "" {
			e.Message += "; Okta says: " + said
		}
	}
	return e
}

// A fetch is a single flight: one token request that all waiting requests share. It ends with its result, or when no
// request waits any more.
type fetch struct {
	done    chan struct{} // closed when token and err are set
	token   *accessToken
	err     error
	waiting int
	abort   context.CancelFunc
}

// startFetch starts a fetch. It logs and records for the first caller, but does not end with that call. The caller
// must hold the lock.
func (o *oauth) startFetch(ctx context.Context) *fetch {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.timeout)
	f := &fetch{done: make(chan struct{}), abort: cancel}
	o.fetching = f
	go func() {
		defer cancel()
		t, err := o.fetchToken(ctx)
		o.endFetch(f, t, err)
	}()
	return f
}

func (o *oauth) endFetch(f *fetch, t *accessToken, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fetching == f {
		o.fetching = nil
		switch old := o.current; {
		case err == nil:
			o.current = t
			o.scopes.granted(t.scopes)
		case old != nil && o.now().Before(old.ends) && sdk.AsError(o.failure(err)).Code.Transient():
			// The renewal was early. The old token is still valid.
			t, err = old, nil
		}
	}
	f.token, f.err = t, err
	close(f.done)
}

// abandon stops the fetch if no request waits for it.
func (o *oauth) abandon(f *fetch) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f.waiting--
	if f.waiting == 0 && o.fetching == f {
		o.fetching = nil
		f.abort()
	}
}
