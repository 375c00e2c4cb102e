package oktasim_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// token is the response of the token endpoint.
type token struct {
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Text    string `json:"access_token"`
	Scope   string `json:"scope"`
}

// fetchToken requests a token for a client without DPoP.
func (c *caller) fetchToken(k *clientKey, client, scope string, now time.Time) token {
	c.t.Helper()
	a := c.tokenRequest(k.form(k.assertion(client, c.org.URL, now), scope), "")
	if a.status != 200 {
		c.t.Fatalf("token: %d %s", a.status, a.body)
	}
	return decode[token](c.t, a)
}

func TestTokenWithEveryAlgorithm(t *testing.T) {
	t.Parallel()
	c, clock := start(t)
	for _, alg := range []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"} {
		t.Run(alg, func(t *testing.T) {
			k := newKey(t, alg)
			client := c.org.AddServiceApp(k.app("okta.users.read", "okta.groups.read"))
			got := c.fetchToken(k, client, "okta.groups.read okta.users.read", clock.Now())
			if got.Type != "Bearer" || got.Expires != 3600 || got.Scope != "okta.groups.read okta.users.read" || got.Text == "" {
				t.Errorf("%+v", got)
			}
			a := c.with("GET", "/api/v1/users", map[string]string{"Authorization": "Bearer " + got.Text})
			if a.status != 200 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}

func TestTokenRejections(t *testing.T) {
	t.Parallel()
	c, clock := start(t)
	now := clock.Now()
	k, stranger := newKey(t, "ES256"), newKey(t, "ES256")
	client := c.org.AddServiceApp(k.app("okta.users.read"))
	second := newKey(t, "RS256")
	two := k.app("okta.users.read")
	two.Keys = append(two.Keys, second.jwk())
	both := c.org.AddServiceApp(two)
	assertion := func(ch changes) string { return k.assertion(client, c.org.URL, now, ch) }
	good := assertion(nil)
	form := func(ch map[string]string) string {
		v, _ := url.ParseQuery(k.form(assertion(nil), "okta.users.read"))
		for name, s := range ch {
			v.Set(name, s)
			if s == "" {
				v.Del(name)
			}
		}
		return v.Encode()
	}
	withAssertion := func(s string) string { return form(map[string]string{"client_assertion": s}) }
	for _, tc := range []struct {
		name, form string
		status     int
		code       string
	}{
		{"nothing", "", 401, "invalid_client"},
		{"grant", form(map[string]string{"grant_type": "password"}), 400, "unsupported_grant_type"},
		{"no grant", form(map[string]string{"grant_type": ""}), 400, "unsupported_grant_type"},
		{"assertion type", form(map[string]string{"client_assertion_type": "jwt"}), 400, "invalid_request"},
		{"no scope", form(map[string]string{"scope": ""}), 400, "invalid_scope"},
		{"blank scope", form(map[string]string{"scope": "  "}), 400, "invalid_scope"},
		{"scope not granted", form(map[string]string{"scope": "okta.users.read okta.users.manage"}), 400, "invalid_scope"},
		{"twice a parameter", form(nil) + "&scope=okta.users.read", 400, "invalid_request"},
		{"bad escape", "%zz", 400, "invalid_request"},
		{"another client id", form(map[string]string{"client_id": both}), 401, "invalid_client"},
		{"not a token", withAssertion("abc"), 401, "invalid_client"},
		{"cut off", withAssertion(good[:len(good)-10]), 401, "invalid_client"},
		{"no signature", withAssertion(good[:strings.LastIndex(good, ".")+1]), 401, "invalid_client"},
		{"another key", withAssertion(stranger.assertion(client, c.org.URL, now)), 401, "invalid_client"},
		{"alg none", withAssertion(assertion(changes{"header:alg": "none"})), 401, "invalid_client"},
		{"alg of an RSA key", withAssertion(assertion(changes{"header:alg": "RS256"})), 401, "invalid_client"},
		{"alg of another curve", withAssertion(assertion(changes{"header:alg": "ES384"})), 401, "invalid_client"},
		{"alg HS256", withAssertion(assertion(changes{"header:alg": "HS256"})), 401, "invalid_client"},
		{"critical extension", withAssertion(assertion(changes{"header:crit": []string{"x"}})), 401, "invalid_client"},
		{"unknown kid", withAssertion(assertion(changes{"header:kid": "other"})), 401, "invalid_client"},
		{"no kid, one key", withAssertion(assertion(changes{"header:kid": nil})), 200, ""},
		{"no kid, two keys", withAssertion(k.assertion(both, c.org.URL, now, changes{"header:kid": nil})), 401, "invalid_client"},
		{"the other of two keys", withAssertion(second.assertion(both, c.org.URL, now)), 200, ""},
		{"unknown issuer", withAssertion(assertion(changes{"iss": "0oanone"})), 401, "invalid_client"},
		{"other subject", withAssertion(assertion(changes{"sub": both})), 401, "invalid_client"},
		{"audience is the org", withAssertion(assertion(changes{"aud": c.org.URL})), 401, "invalid_client"},
		{"audience in a list", withAssertion(assertion(changes{"aud": []string{c.org.URL + "/oauth2/v1/token"}})), 200, ""},
		{"two audiences", withAssertion(assertion(changes{"aud": []string{c.org.URL + "/oauth2/v1/token", "x"}})), 401, "invalid_client"},
		{"no audience", withAssertion(assertion(changes{"aud": nil})), 401, "invalid_client"},
		{"no expiry", withAssertion(assertion(changes{"exp": nil})), 401, "invalid_client"},
		{"expired", withAssertion(assertion(changes{"exp": now.Unix()})), 401, "invalid_client"},
		{"expiry as text", withAssertion(assertion(changes{"exp": "soon"})), 401, "invalid_client"},
		{"expires in an hour", withAssertion(assertion(changes{"exp": now.Add(time.Hour).Unix()})), 200, ""},
		{"expires too late", withAssertion(assertion(changes{"exp": now.Add(time.Hour + 2*time.Second).Unix()})), 401, "invalid_client"},
		{"from the future", withAssertion(assertion(changes{"iat": now.Add(10 * time.Minute).Unix()})), 401, "invalid_client"},
		{"no iat", withAssertion(assertion(changes{"iat": nil})), 200, ""},
		{"good", withAssertion(good), 200, ""},
		{"replayed", withAssertion(good), 401, "invalid_client"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := c.tokenRequest(tc.form, "")
			if a.status != tc.status || a.oauthCode() != tc.code {
				t.Errorf("got %d %s, want %d %s", a.status, a.body, tc.status, tc.code)
			}
		})
	}

	// The assertion is accepted only in the body, and not in addition to an API token.
	r := c.request("POST", "/oauth2/v1/token?"+form(nil), "")
	r.Header.Del("Authorization")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a, err := c.send(r); err != nil || a.oauthCode() != "invalid_client" {
		t.Error(a.body, err)
	}
	r = c.request("POST", "/oauth2/v1/token", form(nil))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a, err := c.send(r); err != nil || a.oauthCode() != "invalid_request" {
		t.Error(a.body, err)
	}
	if a := c.do("POST", "/oauth2/v1/token", `{}`); a.oauthCode() != "invalid_request" {
		t.Error(a.body)
	}
	if a := c.do("GET", "/oauth2/v1/token", ""); a.status != 405 {
		t.Error(a.status)
	}
	for _, r := range c.org.Requests() {
		if strings.Contains(r.Body+r.Query, good) || strings.Contains(r.Body+r.Query, "client_assertion=ey") {
			t.Errorf("the list of requests contains an assertion: %s %s", r.Query, r.Body)
		}
	}
}

func TestDeactivatedServiceApp(t *testing.T) {
	t.Parallel()
	c, clock := start(t)
	k := newKey(t, "ES256")
	client := c.org.AddServiceApp(k.app("okta.users.read"))
	got := c.fetchToken(k, client, "okta.users.read", clock.Now())
	c.want("POST", "/api/v1/apps/"+client+"/lifecycle/deactivate", "", 200, "")
	if a := c.tokenRequest(k.form(k.assertion(client, c.org.URL, clock.Now()), "okta.users.read"), ""); a.status != 401 {
		t.Error(a.status, a.body)
	}
	if a := c.with("GET", "/api/v1/users", map[string]string{"Authorization": "Bearer " + got.Text}); a.status != 401 {
		t.Error(a.status, a.body)
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	c, clock := start(t)
	k := newKey(t, "ES256")
	client := c.org.AddServiceApp(k.app("okta.users.manage", "okta.groups.read"))
	header := map[string]string{"Authorization": "Bearer " + c.fetchToken(k, client, "okta.users.manage okta.groups.read", clock.Now()).Text}
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	for _, tc := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/api/v1/users", 200}, // manage includes read
		{"POST", "/api/v1/users/" + u.ID + "/lifecycle/suspend", 200},
		{"GET", "/api/v1/groups", 200},
		{"DELETE", "/api/v1/groups/none", 403}, // read does not include manage
		{"GET", "/api/v1/users/" + u.ID + "/roles", 403},
		{"GET", "/api/v1/users/" + u.ID + "/risk", 403},
		{"GET", "/api/v1/logs", 403},
		{"PATCH", "/api/v1/logs", 405},
		{"GET", "/api/v1/users/me", 404},
		{"GET", "/api/v1/users/me/groups", 404},
		{"POST", "/oauth2/v1/global-token-revocation", 403},
	} {
		a := c.with(tc.method, tc.path, header)
		if a.status != tc.want {
			t.Errorf("%s %s: %d %s", tc.method, tc.path, a.status, a.body)
		}
		if a.status != 403 {
			continue
		}
		challenge := a.header.Get("WWW-Authenticate")
		if a.body != "" || !strings.HasPrefix(challenge, "Bearer ") || !strings.Contains(challenge, `error="insufficient_scope"`) ||
			a.header.Get("X-Okta-Request-Id") == "" {
			t.Errorf("%s %s: %q %q", tc.method, tc.path, challenge, a.body)
		}
	}
	events := c.get("/api/v1/logs").list(t)
	last := events[len(events)-1]
	actor := last["actor"].(map[string]any)
	if last["eventType"] != "user.lifecycle.suspend" || actor["id"] != client || actor["type"] != "PublicClientApp" {
		t.Errorf("%v by %v", last["eventType"], actor)
	}
	if d := last["transaction"].(map[string]any)["detail"].(map[string]any); d["requestApiTokenId"] != nil {
		t.Errorf("the error blames the API token: %v", d)
	}
}

func TestTokenExpiryAndRevocation(t *testing.T) {
	t.Parallel()
	c, clock := start(t)
	k := newKey(t, "ES256")
	short, other := k.app("okta.users.read"), k.app("okta.users.read")
	short.TokenLifetime = "10m"
	first, second := c.org.AddServiceApp(short), c.org.AddServiceApp(other)
	use := func(tok token) int {
		t.Helper()
		a := c.with("GET", "/api/v1/users", map[string]string{"Authorization": "Bearer " + tok.Text})
		if a.status == 401 && (!strings.Contains(a.header.Get("WWW-Authenticate"), `error="invalid_token"`) || a.code() != "E0000011") {
			t.Errorf("%v %s", a.header, a.body)
		}
		return a.status
	}
	a, b := c.fetchToken(k, first, "okta.users.read", clock.Now()), c.fetchToken(k, second, "okta.users.read", clock.Now())
	if a.Expires != 600 || use(a) != 200 || use(b) != 200 {
		t.Errorf("%+v", a)
	}
	clock.Advance(10*time.Minute - time.Millisecond)
	if use(a) != 200 {
		t.Error("ended too early")
	}
	clock.Advance(time.Millisecond)
	if use(a) != 401 || use(b) != 200 {
		t.Error("expiry")
	}
	a = c.fetchToken(k, first, "okta.users.read", clock.Now())
	if n := c.org.RevokeTokens(second); n != 1 || use(b) != 401 || use(a) != 200 {
		t.Errorf("revoked %d", n)
	}
	if n := c.org.RevokeTokens(""); n != 1 || use(a) != 401 {
		t.Errorf("revoked %d", n)
	}
	if use(token{Text: a.Text + "x"}) != 401 || use(token{}) != 401 {
		t.Error("an unknown token")
	}
}

// TestProofIsUsedOnce sends many requests with the same proof or assertion. Exactly one succeeds.
func TestProofIsUsedOnce(t *testing.T) {
	t.Parallel()
	c, clock := start(t)
	k := newKey(t, "ES256")
	client := c.org.AddServiceApp(k.app("okta.users.read"))
	form := k.form(k.assertion(client, c.org.URL, clock.Now()), "okta.users.read")
	statuses := make(chan int, 16)
	for range cap(statuses) {
		go func() {
			r, err := http.NewRequestWithContext(t.Context(), "POST", c.org.URL+"/oauth2/v1/token", strings.NewReader(form))
			if err != nil {
				statuses <- 0
				return
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			a, err := c.send(r)
			if err != nil {
				a.status = 0
			}
			statuses <- a.status
		}()
	}
	count := map[int]int{}
	for range cap(statuses) {
		count[<-statuses]++
	}
	if count[200] != 1 || count[401] != cap(statuses)-1 {
		t.Error(count)
	}
}

func TestInvalidServiceApps(t *testing.T) {
	t.Parallel()
	org := oktasim.New(oktasim.Options{})
	k, two := newKey(t, "ES256"), newKey(t, "ES384")
	good := k.app("okta.users.read")
	id := org.AddServiceApp(good)
	var private map[string]any
	_ = json.Unmarshal(k.jwk(), &private)
	private["d"] = "secret"
	change := func(f func(*oktasim.NewServiceApp)) func() {
		n := k.app("okta.users.read")
		f(&n)
		return func() { org.AddServiceApp(n) }
	}
	keys := func(all ...json.RawMessage) func() {
		return change(func(n *oktasim.NewServiceApp) { n.Keys = all })
	}
	for name, f := range map[string]func(){
		"taken":     change(func(n *oktasim.NewServiceApp) { n.ClientID = id }),
		"lifetime":  change(func(n *oktasim.NewServiceApp) { n.TokenLifetime = "-1h" }),
		"no key":    keys(),
		"private":   keys(marshal(private)),
		"symmetric": keys(json.RawMessage(`{"kty":"oct","k":"AAAA"}`)),
		"short RSA": keys(json.RawMessage(`{"kty":"RSA","n":"AQAB","e":"AQAB"}`)),
		"off curve": keys(json.RawMessage(`{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("A", 43) + `"}`)),
		"no JSON":   keys(json.RawMessage(`{`)),
		"same kid":  keys(k.jwk(), oktasim.PublicJWK(two.private.Public(), k.id)),
		"no kid":    keys(k.jwk(), oktasim.PublicJWK(two.private.Public(), "")),
		"not a key": func() { oktasim.PublicJWK("key", "") },
	} {
		if !panics(f) {
			t.Errorf("%s: no panic", name)
		}
	}
	if n := len(org.State().Apps); n != 1 {
		t.Errorf("%d apps", n)
	}
}

// TestKnownVectors checks the examples of RFC 7638 and RFC 7515.
func TestKnownVectors(t *testing.T) {
	t.Parallel()
	const rsaJWK = `{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV` +
		`4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpb` +
		`ISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`
	if got, err := oktasim.Thumbprint([]byte(rsaJWK)); err != nil || got != "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" {
		t.Error(got, err)
	}
	const key = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
	const signed = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3l" +
		"jbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
	if err := oktasim.VerifyToken(signed, []byte(key)); err != nil {
		t.Error(err)
	}
	if err := oktasim.VerifyToken(signed[:len(signed)-2]+"1g", []byte(key)); err == nil {
		t.Error("a changed signature is valid")
	}
}

func FuzzToken(f *testing.F) {
	k := newKey(f, "ES256")
	good := k.proof("GET", "https://org.example/api/v1/users", "n", "t", t0)
	for _, s := range []string{good, good[:len(good)-4], "", "..", "a.b.c", "e30.e30.", strings.Repeat("A", 5000), good + "."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		thumbprint, err := oktasim.ParseToken(s)
		if err == nil && (thumbprint == "" || strings.Count(s, ".") != 2) {
			t.Errorf("%q was accepted as a token", s)
		}
	})
}
