package auth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

// oauth are the credentials of a service app: one access token, shared by all requests and renewed before it
// expires.
type oauth struct {
	clientID   string
	endpoint   *url.URL // address of the token endpoint
	signer     jose.Signer
	dpopSigner *dpopSigner // nil: tokens are never bound to a key
	dpop       string
	timeout    time.Duration
	send       func(*http.Request) (*httpclient.Response, error)
	now        func() time.Time // clock for the expiry of tokens

	mu       sync.Mutex
	current  *accessToken
	fetching *fetch
	scopes   appScopes
	bound    bool          // the app requires tokens that are bound to a key
	nonces   [2]string     // latest nonce of each server
	ahead    time.Duration // how far this machine's clock is ahead of Okta's
}

func newOAuth(c Config) (*oauth, error) {
	key, err := c.App.SigningKey()
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, err
	}
	endpoint := *c.Org
	endpoint.Path = TokenPath
	o := &oauth{
		clientID: c.App.ClientID, endpoint: &endpoint, signer: signer, dpop: c.App.DPoP,
		timeout: c.Timeout, send: c.Send, now: time.Now,
		scopes: appScopes{wanted: c.App.Scopes}, bound: c.App.DPoP == dpopRequired,
	}
	if c.App.DPoP != dpopOff {
		if o.dpopSigner, err = newDPoPSigner(); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (o *oauth) ClientID() string { return o.clientID }

// token returns a valid access token, and whether this call waited for a new one.
func (o *oauth) token(ctx context.Context) (t *accessToken, fresh bool, err error) {
	o.mu.Lock()
	if t := o.current; t != nil && o.now().Before(t.renewAt) {
		o.mu.Unlock()
		return t, false, nil
	}
	f := o.fetching
	if f == nil {
		f = o.startFetch(ctx)
	}
	f.waiting++
	o.mu.Unlock()
	select {
	case <-f.done:
		return f.token, true, f.err
	case <-ctx.Done():
		o.abandon(f)
		return nil, false, ctx.Err()
	}
}

// drop forgets a token that Okta rejected, unless there is a newer one.
func (o *oauth) drop(t *accessToken) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.current == t {
		o.current = nil
	}
}

// update stores Okta's time, and the nonce for the next proof. Any response may contain them.
func (o *oauth) update(r *rest.Response, from server) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, err := http.ParseTime(r.Header.Get("Date")); err == nil {
		o.ahead = r.Skew()
	}
	if nonce := r.Header.Get("DPoP-Nonce"); nonce != "" {
		o.nonces[from] = nonce
	}
}

// A server issues its own nonces.
type server int

const (
	tokenServer server = iota
	apiServer
)

// prove adds a new proof to a request. The time of the proof is Okta's, if known.
func (o *oauth) prove(req *http.Request, to server, token string) error {
	o.mu.Lock()
	nonce, when := o.nonces[to], time.Now().Add(-o.ahead)
	o.mu.Unlock()
	proof, err := o.dpopSigner.proof(req.Method, req.URL, when, nonce, token)
	if err != nil {
		return err
	}
	req.Header.Set("DPoP", proof)
	return nil
}

func (o *oauth) Begin() httpclient.Authorization { return &oauthAuthorization{oauth: o} }

type oauthAuthorization struct {
	oauth       *oauth
	token       *accessToken
	fresh       bool
	renewed     bool
	signedAgain bool
}

func (a *oauthAuthorization) Authorize(ctx context.Context, req *http.Request) error {
	t, fresh, err := a.oauth.token(ctx)
	if err != nil {
		return a.oauth.failure(err)
	}
	a.token, a.fresh = t, fresh
	req.Header.Del("DPoP")
	req.Header.Set("Authorization", t.scheme+" "+t.secret.Reveal())
	if t.scheme != schemeDPoP {
		return nil
	}
	return a.oauth.prove(req, apiServer, t.secret.Reveal())
}

func (a *oauthAuthorization) Rejected(response *httpclient.Response) bool {
	r := (*rest.Response)(response)
	a.oauth.update(r, apiServer)
	if r.Status != http.StatusUnauthorized && r.Status != http.StatusBadRequest {
		return false
	}
	switch code, _ := r.Challenge(); {
	case code == rest.UseNonce || code == rest.InvalidProof:
		// Okta rejected the proof, not the token. A new proof helps even without a nonce. net/http may have repeated
		// a GET with the same proof on a new connection. In addition, Okta's clock is known now.
		again := !a.signedAgain && a.token.scheme == schemeDPoP && (code == rest.InvalidProof || r.Header.Get("DPoP-Nonce") != "")
		a.signedAgain = true
		return again
	case r.Status != http.StatusUnauthorized || r.ErrorCode() == rest.FeatureOff || !r.FromOkta():
		return false
	}
	a.oauth.drop(a.token)
	again := !a.renewed && !a.fresh
	a.renewed = true
	return again
}

// failure returns the error of a request without an access token. Its code is never not_found, forbidden or
// invalid_input, because callers would conclude that the object of the request is missing or protected.
func (o *oauth) failure(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	var ours *sdk.Error
	if errors.As(err, &ours) {
		shared := *ours // several requests may share the error
		return &shared
	}
	code, reason := sdk.Unavailable, httpclient.Reason(o.endpoint.Host, err)
	if errors.Is(err, context.DeadlineExceeded) {
		code, reason = sdk.Timeout, o.endpoint.Host+" sent no access token in time; the request itself was not sent"
	}
	request := httpclient.RequestTo(http.MethodPost, o.endpoint.EscapedPath())
	return &sdk.Error{Code: code, Message: "cannot get an access token: " + httpclient.WithRequest(request, reason), Err: err}
}

func (o *oauth) Describe(_ string, _ time.Duration, err error) (string, []string, error) {
	// A service app is not a user, and may lack the permission to read users.
	if e := sdk.AsError(err); e != nil && e.Code != sdk.NotFound && e.Code != sdk.Forbidden {
		return "", nil, e
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	notes := skewNotes(o.ahead)
	if missing := o.scopes.missing(); len(missing) > 0 {
		notes = append(notes, "the app is not granted "+strings.Join(missing, ", ")+"; actions that need them may be rejected")
	}
	return o.clientID, notes, nil
}

// jwt matches the beginning of a signed token: an assertion, a proof, or an access token.
var jwt = regexp.MustCompile(`eyJ[\w-]{8,}[\w.-]*`)

func (o *oauth) Mask(text string) string {
	o.mu.Lock()
	t := o.current
	o.mu.Unlock()
	if t != nil {
		text = strings.ReplaceAll(text, t.secret.Reveal(), schema.Masked)
	}
	return jwt.ReplaceAllString(text, schema.Masked)
}

// SetClock replaces the clock for the expiry of tokens. Tests use it.
func (o *oauth) SetClock(now func() time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = now
}

// Waiting returns the number of requests that wait for an access token. Tests use it.
func (o *oauth) Waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fetching == nil {
		return 0
	}
	return o.fetching.waiting
}
