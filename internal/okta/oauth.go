package okta

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

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// oauth is the login of a service app: one access token, shared by every request
// and renewed before it ends.
type oauth struct {
	clientID string
	endpoint *url.URL // where tokens are given out
	signer   jose.Signer
	prover   *prover // nil: tokens are never bound
	dpop     string
	timeout  time.Duration
	send     func(*http.Request) (*http.Response, *reply, error)
	now      func() time.Time // by which tokens grow old

	mu      sync.Mutex
	current *accessToken
	flight  *flight
	scopes  appScopes
	bound   bool          // the app demands tokens that are bound to a key
	nonces  [2]string     // Okta's latest, for the token endpoint and for the API
	ahead   time.Duration // how far this machine's clock is ahead of Okta's
}

// An accessToken is one that Okta gave out.
type accessToken struct {
	secret  sdk.Secret
	scheme  string   // Bearer or DPoP
	scopes  []string // what it is for, by Okta's word; empty if Okta does not say
	renewAt time.Time
	ends    time.Time
}

func newOAuth(app ServiceApp, t *transport, timeout time.Duration) (*oauth, error) {
	key, err := app.signingKey()
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, err
	}
	endpoint := *t.origin
	endpoint.Path = tokenPath
	o := &oauth{
		clientID: app.ClientID, endpoint: &endpoint, signer: signer, dpop: app.DPoP,
		timeout: timeout, send: t.send, now: time.Now,
		scopes: appScopes{wanted: app.Scopes}, bound: app.DPoP == dpopRequired,
	}
	if app.DPoP != dpopOff {
		if o.prover, err = newProver(); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// token returns an access token that is good for now, and whether this very call
// waited for it to be given out.
func (o *oauth) token(ctx context.Context) (t *accessToken, fresh bool, err error) {
	o.mu.Lock()
	if t := o.current; t != nil && o.now().Before(t.renewAt) {
		o.mu.Unlock()
		return t, false, nil
	}
	f := o.flight
	if f == nil {
		f = o.takeOff(ctx)
	}
	f.waiting++
	o.mu.Unlock()
	select {
	case <-f.landed:
		return f.token, true, f.err
	case <-ctx.Done():
		o.leave(f)
		return nil, false, ctx.Err()
	}
}

// drop forgets a token that Okta did not accept, unless there is a newer one.
func (o *oauth) drop(t *accessToken) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.current == t {
		o.current = nil
	}
}

// learn keeps what any answer says besides: Okta's time, and the nonce that the next
// proof must have.
func (o *oauth) learn(r *reply, at server) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if date, err := http.ParseTime(r.header.Get("Date")); err == nil {
		o.ahead = r.sent.Sub(date)
	}
	if nonce := r.header.Get("DPoP-Nonce"); nonce != "" {
		o.nonces[at] = nonce
	}
}

// A server is one that gives out nonces of its own.
type server int

const (
	tokenServer server = iota
	apiServer
)

// prove puts a proof for one sending of req on it. Its time is Okta's as far as that
// is known.
func (o *oauth) prove(req *http.Request, at server, token string) error {
	o.mu.Lock()
	nonce, when := o.nonces[at], time.Now().Add(-o.ahead)
	o.mu.Unlock()
	proof, err := o.prover.proof(req.Method, req.URL, when, nonce, token)
	if err != nil {
		return err
	}
	req.Header.Set("DPoP", proof)
	return nil
}

func (o *oauth) visit() visit { return &oauthVisit{login: o} }

type oauthVisit struct {
	login    *oauth
	token    *accessToken
	fresh    bool
	relogged bool
	reproved bool
}

func (v *oauthVisit) authorize(ctx context.Context, req *http.Request) error {
	t, fresh, err := v.login.token(ctx)
	if err != nil {
		return v.login.failure(err)
	}
	v.token, v.fresh = t, fresh
	req.Header.Set("Authorization", t.scheme+" "+t.secret.Reveal())
	if t.scheme != schemeDPoP {
		return nil
	}
	return v.login.prove(req, apiServer, t.secret.Reveal())
}

func (v *oauthVisit) refused(r *reply) bool {
	v.login.learn(r, apiServer)
	if r.status != http.StatusUnauthorized && r.status != http.StatusBadRequest {
		return false
	}
	switch code, _ := r.challenge(); {
	case code == useNonce || code == invalidProof:
		// The proof was refused, not the token. Without a nonce a new proof still helps:
		// net/http repeats a GET whose kept connection had ended, with the proof of the
		// first time; and now Okta's clock is known.
		again := !v.reproved && v.token.scheme == schemeDPoP && (code == invalidProof || r.header.Get("DPoP-Nonce") != "")
		v.reproved = true
		return again
	case r.status != http.StatusUnauthorized || errorCode(r) == featureOff || !r.fromOkta():
		return false
	}
	v.login.drop(v.token)
	again := !v.relogged && !v.fresh
	v.relogged = true
	return again
}

// featureOff is a 401 of Okta's that is not about the login.
const featureOff = "E0000015"

// failure says that there is no login. It is never not_found, forbidden or
// invalid_input, whatever the token endpoint said: these are answers about what a
// request was for, and callers draw conclusions from them.
func (o *oauth) failure(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	host := o.endpoint.Host
	var ours *sdk.Error
	if errors.As(err, &ours) {
		own := *ours // which other requests have been given too
		return &own
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &sdk.Error{Code: sdk.Timeout, Message: "cannot log in: " + about(o.request(), host+" gave no access token in time; the request itself was not sent"), Err: err}
	}
	return &sdk.Error{Code: sdk.Unavailable, Message: "cannot log in: " + about(o.request(), reason(host, err)), Err: err}
}

func (o *oauth) request() string { return requestTo(http.MethodPost, o.endpoint.EscapedPath()) }

func (o *oauth) identify(_ *reply, err error) (string, []string, error) {
	// A service app is no user, and need not be allowed to read any.
	if e := sdk.AsError(err); e != nil && e.Code != sdk.NotFound && e.Code != sdk.Forbidden {
		return "", nil, e
	}
	var notes []string
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ahead > maxSkew || o.ahead < -maxSkew {
		notes = append(notes, describeSkew(o.ahead))
	}
	if missing := o.scopes.missing(); len(missing) > 0 {
		notes = append(notes, "the app is not granted "+strings.Join(missing, ", ")+"; what needs them may be refused")
	}
	return o.clientID, notes, nil
}

// jwt is how a signed token looks, or the beginning of one: an assertion, a proof, an
// access token.
var jwt = regexp.MustCompile(`eyJ[\w-]{8,}[\w.-]*`)

func (o *oauth) mask(text string) string {
	o.mu.Lock()
	t := o.current
	o.mu.Unlock()
	if t != nil {
		text = strings.ReplaceAll(text, t.secret.Reveal(), schema.Masked)
	}
	return jwt.ReplaceAllString(text, schema.Masked)
}
