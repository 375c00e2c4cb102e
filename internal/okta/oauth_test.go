package okta

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"soar.example/okta/internal/okta/auth"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

// TestOneTokenForManyCalls checks that concurrent calls share one token request. The SDK sends one for each
// call.
func TestOneTokenForManyCalls(t *testing.T) {
	for _, dpop := range []bool{false, true} {
		o := asApp{app: oktasim.NewServiceApp{DPoP: dpop}}.open(t)
		first := 1
		if dpop {
			first = 3 // two rejections: DPoP required, and nonce required
		}
		together(t, 50, func() error { return o.read(t) })
		if n := o.tokenRequests(); n != first {
			t.Errorf("dpop %v: %d token requests", dpop, n)
		}
		// After a revocation, all callers also share one token request.
		o.org.RevokeTokens("")
		together(t, 50, func() error { return o.read(t) })
		if n := o.tokenRequests(); n != first+1 {
			t.Errorf("dpop %v: %d token requests", dpop, n)
		}
	}
}

func together(t *testing.T, n int, f func() error) {
	t.Helper()
	var wait sync.WaitGroup
	start := make(chan struct{})
	for range n {
		wait.Go(func() {
			<-start
			if err := f(); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	wait.Wait()
}

// inFront adds a handler in front of the org, for example to delay requests.
func inFront(t *testing.T, o *appOrg, handle func(http.ResponseWriter, *http.Request, http.Handler)) *Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(w, r, o.org) }))
	t.Cleanup(s.Close)
	key := sdk.NewSecret(pkcs8(rsaKeyOf(2048)))
	c, err := Open(t.Context(), Settings{OrgURL: s.URL, ServiceApp: auth.ServiceApp{ClientID: o.app.ClientID, PrivateKey: key, Scopes: wanted}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// accessToken returns the client's access token.
func accessToken(t *testing.T, c *Client) string {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, c.Org()+"/api/v1/users/me", nil)
	if err := c.credentials.Begin().Authorize(t.Context(), req); err != nil {
		t.Error(err)
	}
	_, token, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	return token
}

// dropToken removes the access token from the client, as a rejection by Okta does.
func dropToken(t *testing.T, c *Client) {
	t.Helper()
	a := c.credentials.Begin()
	if a.Authorize(t.Context(), httptest.NewRequest(http.MethodGet, c.Org()+"/api/v1/users/me", nil)) == nil {
		a.Rejected(&httpclient.Response{Status: http.StatusUnauthorized, Header: http.Header{"Www-Authenticate": {`DPoP error="invalid_token"`}}})
	}
}

func waiting(c *Client) int { return c.credentials.(interface{ Waiting() int }).Waiting() }

// TestCancelledCallLeavesTokenFetchToOthers checks that the other callers get the token if the caller that started
// the request is canceled.
func TestCancelledCallLeavesTokenFetchToOthers(t *testing.T) {
	o := asApp{}.open(t)
	release := make(chan struct{})
	c := inFront(t, o, func(w http.ResponseWriter, r *http.Request, org http.Handler) {
		if r.URL.Path == auth.TokenPath {
			<-release
		}
		org.ServeHTTP(w, r)
	})
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	read := func(ctx context.Context, done chan<- error) { _, err := c.User(ctx, o.user.ID); done <- err }
	go read(ctx, first)
	eventually(t, func() bool { return waiting(c) == 1 })
	go read(t.Context(), second)
	eventually(t, func() bool { return waiting(c) == 2 })
	cancel()
	wantCode(t, <-first, sdk.Canceled)
	close(release)
	if err := <-second; err != nil {
		t.Error(err)
	}
	wantSent(t, o, tokenOK, userOK)
}

// TestTokenFetchEndsWithItsLastWaiter checks that the token request ends if the last waiting caller is canceled. The
// next call starts another one.
func TestTokenFetchEndsWithItsLastWaiter(t *testing.T) {
	o := asApp{}.open(t)
	ended := make(chan struct{})
	var asked atomic.Int32
	c := inFront(t, o, func(w http.ResponseWriter, r *http.Request, org http.Handler) {
		if r.URL.Path == auth.TokenPath && asked.Add(1) == 1 {
			if err := r.ParseForm(); err != nil { // the server detects a closed connection only after reading the body
				t.Error(err)
			}
			<-r.Context().Done()
			close(ended)
			return
		}
		org.ServeHTTP(w, r)
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { _, err := c.User(ctx, o.user.ID); done <- err }()
	eventually(t, func() bool { return asked.Load() == 1 })
	cancel()
	wantCode(t, <-done, sdk.Canceled)
	select {
	case <-ended:
	case <-time.After(20 * time.Second): // the timeout of the token request is one minute
		t.Fatal("the token request continues")
	}
	if _, err := c.User(t.Context(), o.user.ID); err != nil {
		t.Error(err)
	}
}

// later advances the clock for the expiry of tokens.
func later(c *Client, d time.Duration) {
	c.credentials.(interface{ SetClock(func() time.Time) }).SetClock(func() time.Time { return time.Now().Add(d) })
}

func TestTokenRenewalBeforeExpiry(t *testing.T) {
	for _, test := range []struct {
		life    string
		kept    time.Duration
		renewed time.Duration
	}{
		{"1h", 58 * time.Minute, 59*time.Minute + 5*time.Second},
		{"100s", 80 * time.Second, 91 * time.Second},
	} {
		o := asApp{app: oktasim.NewServiceApp{TokenLifetime: test.life}}.open(t)
		for _, step := range []struct {
			at   time.Duration
			want int
		}{{0, 1}, {test.kept, 1}, {test.renewed, 2}, {test.renewed, 2}} {
			later(o.Client, step.at)
			if err := o.read(t); err != nil {
				t.Fatal(err)
			}
			if n := o.tokenRequests(); n != step.want {
				t.Errorf("tokens of %s: %d requests after %s, want %d", test.life, n, step.at, step.want)
			}
		}
	}
}

// TestSlowTokenEndpoint checks that the lifetime of a token starts with the request, not with the response.
func TestSlowTokenEndpoint(t *testing.T) {
	o := asApp{}.open(t)
	const slow = time.Second
	var asked time.Time
	var tokens atomic.Int32
	c := inFront(t, o, func(w http.ResponseWriter, r *http.Request, org http.Handler) {
		if r.URL.Path == auth.TokenPath && tokens.Add(1) == 1 {
			asked = time.Now()
			time.Sleep(slow) // a slow response
		}
		org.ServeHTTP(w, r)
	})
	for range 2 {
		if _, err := c.User(t.Context(), o.user.ID); err != nil {
			t.Fatal(err)
		}
		c.credentials.(interface{ SetClock(func() time.Time) }).SetClock(func() time.Time { return asked.Add(59*time.Minute + slow/2) })
	}
	if n := tokens.Load(); n != 2 {
		t.Errorf("%d token requests: the lifetime of a token started with the response", n)
	}
}

// TestFailedTokenRenewal checks that a valid token is used until it expires if the renewal fails.
func TestFailedTokenRenewal(t *testing.T) {
	o := asApp{}.open(t)
	if err := o.read(t); err != nil {
		t.Fatal(err)
	}
	o.org.Fault(oktasim.Fault{Path: auth.TokenPath, Status: 503})
	later(o.Client, 59*time.Minute+30*time.Second)
	if err := o.read(t); err != nil {
		t.Error(err)
	}
	later(o.Client, 61*time.Minute)
	wantCode(t, o.read(t), sdk.Unavailable)
	o.org.ClearFaults()
	if err := o.read(t); err != nil {
		t.Error(err)
	}
	// Okta rejects even a new token, because the app is not active. No further token request is sent.
	o.org.Fault(oktasim.Fault{Path: auth.TokenPath, Status: 401, Body: `{"error":"invalid_client"}`})
	later(o.Client, 61*time.Minute+59*time.Minute+30*time.Second)
	wantCode(t, o.read(t), sdk.Unauthenticated)
}

func TestRevokedToken(t *testing.T) {
	o := asApp{}.open(t)
	if err := o.read(t); err != nil {
		t.Fatal(err)
	}
	o.org.RevokeTokens("")
	o.org.ForgetRequests()
	if err := o.read(t); err != nil {
		t.Error(err)
	}
	wantSent(t, o, user401, tokenOK, userOK)
}

// TestRevokedTokenOfWrite checks that a write with a rejected token is repeated once, and takes effect once.
func TestRevokedTokenOfWrite(t *testing.T) {
	for _, dpop := range []bool{false, true} {
		o := asApp{app: oktasim.NewServiceApp{DPoP: dpop}}.open(t)
		body := map[string]any{"profile": map[string]any{"nickName": "twice"}}
		post := func() error {
			_, err := o.sendJSON(t.Context(), http.MethodPost, "/api/v1/users/"+o.user.ID, nil, body)
			return err
		}
		// The guard's reads come first, and their results are cached.
		if err := post(); err != nil {
			t.Fatal(err)
		}
		o.org.RevokeTokens("")
		o.org.ForgetRequests()
		if err := post(); err != nil {
			t.Error(err)
		}
		var posts []string
		for _, r := range o.org.Requests() {
			if r.Method == "POST" && r.Path != auth.TokenPath {
				posts = append(posts, fmt.Sprintf("%d %s", r.Status, r.Body))
			}
		}
		if len(posts) != 2 || !strings.HasPrefix(posts[0], "401 ") || !strings.HasPrefix(posts[1], "200 ") ||
			posts[0][4:] != posts[1][4:] || !strings.Contains(posts[1], "twice") {
			t.Errorf("dpop %v: posted %q", dpop, posts)
		}
	}
}

// TestWriteWithUnknownOutcomeIsNotRepeated checks that a write with a lost response, which may have taken effect, is
// not repeated.
func TestWriteWithUnknownOutcomeIsNotRepeated(t *testing.T) {
	for name, fault := range map[string]oktasim.Fault{
		"hang-up": {Kind: oktasim.KindHangup}, "500": {Status: 500}, "429": {Status: 429}, "403": {Status: 403},
	} {
		o := asApp{app: oktasim.NewServiceApp{DPoP: true}}.open(t)
		if err := o.read(t); err != nil {
			t.Fatal(err)
		}
		fault.Path, fault.Method = "/api/v1/users/*/lifecycle/suspend", "POST"
		o.org.Fault(fault)
		if err := o.SuspendUser(t.Context(), o.user.ID); err == nil {
			t.Errorf("%s: no error", name)
		}
		n := 0
		for _, r := range o.org.Requests() {
			if strings.HasSuffix(r.Path, "/suspend") {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s: sent %d times", name, n)
		}
	}
}

// TestRejectionUnrelatedToTheToken checks that a rejected request causes one token request, and none if its token is
// new.
func TestRejectionUnrelatedToTheToken(t *testing.T) {
	o := asApp{}.open(t)
	o.org.Fault(oktasim.Fault{Path: "/api/v1/users/**", Status: 401, ErrorCode: "E0000011",
		Headers: map[string]string{"WWW-Authenticate": `Bearer error="invalid_token"`}})
	e := wantCode(t, o.read(t), sdk.Unauthenticated)
	if !strings.Contains(e.Message, "not even a new one") {
		t.Errorf("got %s", e.Message)
	}
	wantSent(t, o, tokenOK, user401)

	o.org.ClearFaults()
	if err := o.read(t); err != nil {
		t.Fatal(err)
	}
	o.org.ForgetRequests()
	o.org.Fault(oktasim.Fault{Path: "/api/v1/users/**", Status: 401, ErrorCode: "E0000011"})
	wantCode(t, o.read(t), sdk.Unauthenticated)
	wantSent(t, o, user401, tokenOK, user401)
}

// TestOneTokenFetchAfterRevocation checks that there is no second token request, even if other callers renew the
// token each time.
func TestOneTokenFetchAfterRevocation(t *testing.T) {
	o := asApp{}.open(t)
	if err := o.read(t); err != nil {
		t.Fatal(err)
	}
	var c *Client
	var refused atomic.Int32
	c = inFront(t, o, func(w http.ResponseWriter, r *http.Request, org http.Handler) {
		if r.URL.Path == auth.TokenPath || refused.Load() == 5 {
			org.ServeHTTP(w, r)
			return
		}
		refused.Add(1)
		dropToken(t, c)
		accessToken(t, c)
		w.Header().Set("WWW-Authenticate", `DPoP error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
	})
	accessToken(t, c)
	_, err := c.User(t.Context(), o.user.ID)
	wantCode(t, err, sdk.Unauthenticated)
	if n := refused.Load(); n != 2 {
		t.Errorf("sent %d times", n)
	}
}

// TestUnauthorizedUnrelatedToCredentials checks the 401 that Okta sends for a feature that the org lacks.
func TestUnauthorizedUnrelatedToCredentials(t *testing.T) {
	o := asApp{}.open(t)
	if err := o.read(t); err != nil {
		t.Fatal(err)
	}
	o.org.ForgetRequests()
	o.org.Fault(oktasim.Fault{Path: "/api/v1/users/**", Status: 401, ErrorCode: "E0000015"})
	wantCode(t, o.read(t), sdk.Forbidden)
	wantSent(t, o, user401)
}

// TestWrongClock checks that assertions use Okta's time once it is known.
func TestWrongClock(t *testing.T) {
	for _, off := range []time.Duration{-2 * time.Hour, -10 * time.Minute, 10 * time.Minute, 2 * time.Hour} {
		for _, dpop := range []bool{false, true} {
			o := asApp{
				options: oktasim.Options{Now: func() time.Time { return time.Now().Add(-off) }},
				app:     oktasim.NewServiceApp{DPoP: dpop},
			}.open(t)
			h, err := Check(t.Context(), o.Client)
			if err != nil {
				t.Errorf("%s, dpop %v: %v", off, dpop, err)
				continue
			}
			// Okta's Date header has whole seconds.
			said, ok := strings.CutPrefix(strings.Join(h.Notes, "; "), "this machine's clock differs from Okta's by ")
			if by, err := time.ParseDuration(said); !ok || err != nil || (by-off).Abs() > 5*time.Second {
				t.Errorf("%s: noted %q", off, h.Notes)
			}
			if err := o.read(t); err != nil {
				t.Errorf("%s: %v", off, err)
			}
		}
	}
}

// TestWrongClockIsReported checks that the error reports the wrong clock if the correction does not help.
func TestWrongClockIsReported(t *testing.T) {
	o := asApp{options: oktasim.Options{Now: func() time.Time { return time.Now().Add(10 * time.Minute) }}}.open(t)
	o.org.Fault(oktasim.Fault{Path: auth.TokenPath, Status: 401, Body: `{"error":"invalid_client","error_description":"The client_assertion token is expired."}`})
	e := wantCode(t, o.read(t), sdk.Unauthenticated)
	if !strings.Contains(e.Message, "this machine's clock differs from Okta's by -") {
		t.Errorf("got %s", e.Message)
	}
	if n := o.tokenRequests(); n != 2 {
		t.Errorf("%d token requests", n)
	}
}

// TestClockJump checks that the client adapts only once to a clock that changes with each response.
func TestClockJump(t *testing.T) {
	var jumps atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(jumps.Add(1)) * 10 * time.Minute) }
	o := asApp{options: oktasim.Options{Now: now}}.open(t)
	o.org.Fault(oktasim.Fault{Path: auth.TokenPath, Status: 401, Body: `{"error":"invalid_client"}`})
	wantCode(t, o.read(t), sdk.Unauthenticated)
	if n := o.tokenRequests(); n != 2 {
		t.Errorf("%d token requests", n)
	}
}

func TestMissingScopeIsReported(t *testing.T) {
	o := asApp{}.open(t)
	_, err := o.send(t.Context(), http.MethodGet, "/api/v1/zones", nil, nil)
	e := wantCode(t, err, sdk.Forbidden)
	if !strings.Contains(e.Message, "okta.networkZones.read") || e.Upstream.Status != http.StatusForbidden {
		t.Errorf("got %v", e)
	}
	// No token request is sent, because a token with the same scopes would not help.
	if n := o.tokenRequests(); n != 1 {
		t.Errorf("%d token requests", n)
	}
}

// TestDryRunFetchesToken checks that a dry run sends no write, but requests a token for its reads.
func TestDryRunFetchesToken(t *testing.T) {
	o := asApp{}.open(t)
	ctx := sdk.WithDryRun(t.Context())
	if err := o.SuspendUser(ctx, o.user.ID); err == nil {
		t.Error("a dry run suspended a user")
	}
	sent := o.sent()
	if !slices.Contains(sent, tokenOK) || slices.ContainsFunc(sent, func(s string) bool { return strings.Contains(s, "suspend") }) {
		t.Errorf("sent %q", sent)
	}
	// A custom request to the token endpoint is also rejected.
	_, err := o.send(ctx, http.MethodPost, auth.TokenPath, nil, strings.NewReader("{}"))
	if err == nil || o.tokenRequests() != 1 {
		t.Errorf("a dry run posted: %v", err)
	}
}
