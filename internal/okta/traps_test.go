package okta

// Each test in this file covers one defect of okta-sdk-golang v4.1.2 or one pitfall of Okta.

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/sdk"
)

// TestEnvironmentIsIgnored covers the SDK's configuration. The SDK reads OKTA_* variables and ~/.okta/okta.yaml into
// every field, and one field makes it log the token. It prints parse errors to stdout, which the plugin needs for its
// handshake.
func TestEnvironmentIsIgnored(t *testing.T) {
	home := t.TempDir()
	if err := os.MkdirAll(filepath.Join(home, ".okta"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".okta", "okta.yaml"),
		[]byte("okta:\n  client:\n    orgUrl: https://elsewhere.example\n    token: other\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", home)
	for name, value := range map[string]string{
		"OKTA_DEBUG": "true", "OKTA_CLIENT_ORGURL": "https://elsewhere.example", "OKTA_CLIENT_TOKEN": "other",
		"OKTA_CLIENT_PROXY_HOST": "127.0.0.1", "OKTA_CLIENT_PROXY_PORT": "1", "OKTA_CLIENT_CACHE_ENABLED": "true",
		"OKTA_CLIENT_RATE_LIMIT_MAX_RETRIES": "not a number", "OKTA_USERAGENTEXTRA": "extra", "OKTA_HOST": "elsewhere.example",
	} {
		t.Setenv(name, value)
	}
	said := capture(t, func() {
		c, s := org(t)
		u := s.AddUser(oktasim.NewUser{Login: "a@corp.example"})
		if _, err := c.User(t.Context(), u.ID); err != nil {
			t.Error(err)
		}
		if err := c.SuspendUser(t.Context(), u.ID); err != nil {
			t.Error(err)
		}
		// A cached response would still have the status ACTIVE.
		if got, err := c.User(t.Context(), u.ID); err != nil || got.Status != StatusSuspended {
			t.Errorf("got %+v, %v", got, err)
		}
		for _, r := range s.Requests() {
			if strings.Contains(r.Header.Get("User-Agent"), "extra") {
				t.Error("the User-Agent contains text of the environment")
			}
		}
	})
	if said != "" {
		t.Errorf("printed: %s", said)
	}
}

func capture(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = w, w
	f()
	os.Stdout, os.Stderr = stdout, stderr
	_ = w.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestClosedConnectionIsNotRetried covers the SDK's retries: after io.EOF it repeats a request without end or
// pause.
func TestClosedConnectionIsNotRetried(t *testing.T) {
	c, s := org(t)
	u := s.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	s.Fault(oktasim.Fault{Method: "POST", Kind: oktasim.KindHangup})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	e := wantCode(t, c.SuspendUser(ctx, u.ID), sdk.Unavailable)
	if !strings.Contains(e.Message, "not known") {
		t.Errorf("the error does not report an unknown result: %s", e.Message)
	}
	if n := writes(s); n != 1 {
		t.Errorf("%d writes were sent", n)
	}
}

// TestRateLimitError covers a 429: the SDK drops its body and headers, and the SDK's response panics.
func TestRateLimitError(t *testing.T) {
	c, s := org(t)
	u := s.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	zero := 0
	s.Limit(oktasim.Limit{Path: "/api/v1/**", Limit: 10, Remaining: &zero, Window: "40s"})
	e := wantCode(t, c.SuspendUser(t.Context(), u.ID), sdk.RateLimited)
	if e.Upstream.Code != "E0000047" || e.Upstream.RequestID == "" || e.Upstream.Status != 429 {
		t.Errorf("got %+v", e.Upstream)
	}
	if e.RetryAfter < time.Second || e.RetryAfter > 44*time.Second {
		t.Errorf("retry after %s", e.RetryAfter)
	}
	if n := len(s.Requests()); n != 1 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestErrorsKeepStatusCodeAndRequest covers error bodies. The SDK parses only those of 403, 404 and 429, and reports
// "undefined response type" for an HTML page.
func TestErrorsKeepStatusCodeAndRequest(t *testing.T) {
	body := func(code string) string {
		return `{"errorCode":"` + code + `","errorSummary":"s ` + canary + `","errorId":"oae1","errorCauses":[{"errorSummary":"cause ` + canary + `"}]}`
	}
	for name, test := range map[string]struct {
		status      int
		contentType string
		body        string
		header      string
		want        sdk.Code
		okta        string
		says        string
	}{
		"400":                    {400, "application/json", body("E0000001"), "", sdk.InvalidInput, "E0000001", "cause"},
		"400 filter":             {400, "application/json", body("E0000053"), "", sdk.InvalidInput, "E0000053", "cause"},
		"401":                    {401, "application/json", body("E0000011"), "", sdk.Unauthenticated, "E0000011", "token"},
		"401 feature":            {401, "application/json", body("E0000015"), "", sdk.Forbidden, "E0000015", "feature"},
		"403":                    {403, "application/json", body("E0000006"), "", sdk.Forbidden, "E0000006", "role"},
		"403 state":              {403, "application/json", body("E0000016"), "", sdk.Conflict, "E0000016", "active"},
		"403 empty, scope":       {403, "", "", `Bearer error="insufficient_scope", error_description="x"`, sdk.Forbidden, "", "scope"},
		"403 HTML":               {403, "text/html", "<html>blocked</html>", "", sdk.Unavailable, "", "did not come from Okta"},
		"404":                    {404, "application/json", body("E0000007"), "", sdk.NotFound, "E0000007", ""},
		"404 HTML":               {404, "text/html; charset=utf-8", "<html>", "", sdk.Unavailable, "", "did not come from Okta"},
		"409":                    {409, "application/json", body("E0000090"), "", sdk.Conflict, "E0000090", ""},
		"423 busy":               {423, "application/json", body("E0000239"), "", sdk.Unavailable, "E0000239", "busy"},
		"429 HTML":               {429, "text/html", "<html>slow down</html>", "", sdk.RateLimited, "", "rate limit"},
		"500":                    {500, "application/json", body("E0000009"), "", sdk.Unavailable, "E0000009", ""},
		"500 with a filter code": {500, "application/json", body("E0000053"), "", sdk.Unavailable, "E0000053", ""},
		"501":                    {501, "application/json", body("E0000060"), "", sdk.Conflict, "E0000060", ""},
		"502 HTML":               {502, "text/html", "<html>bad gateway</html>", "", sdk.Unavailable, "", ""},
		"503 read-only":          {503, "application/json", body("E0000010"), "", sdk.Unavailable, "E0000010", "read-only"},
		"302":                    {302, "", "", "", sdk.Unavailable, "", "redirect"},
		"200 empty":              {200, "application/json", "", "", sdk.Unavailable, "", "cannot be parsed"},
		"200 HTML":               {200, "text/html", "<html>sign in</html>", "", sdk.Unavailable, "", "JSON"},
		"200 null":               {200, "application/json", "null", "", sdk.Unavailable, "", "cannot be parsed"},
		"200 cut":                {200, "application/json", `{"id":"00u`, "", sdk.Unavailable, "", "cannot be parsed"},
		"200 array":              {200, "application/json", `[]`, "", sdk.Unavailable, "", "cannot be parsed"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := stub(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", test.contentType)
				w.Header().Set("X-Okta-Request-Id", "req-1")
				w.Header().Set("Location", "https://elsewhere.example/")
				if test.header != "" {
					w.Header().Set("WWW-Authenticate", test.header)
				}
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			})
			_, err := c.User(t.Context(), "00u1")
			e := wantCode(t, err, test.want)
			if e.Upstream == nil || e.Upstream.Status != test.status || e.Upstream.Code != test.okta || e.Upstream.RequestID != "req-1" {
				t.Errorf("upstream is %+v", e.Upstream)
			}
			if !strings.HasPrefix(e.Message, "GET /api/v1/users/00u1: ") || !strings.Contains(e.Message, test.says) ||
				strings.Contains(e.Message, "<html>") || strings.Contains(e.Message, "undefined response") {
				t.Errorf("error %q, want %q in it", e.Message, test.says)
			}
		})
	}
}

// TestTokenIsSentOnlyToItsOrg checks that neither a redirect nor a next link sends the token to another host.
func TestTokenIsSentOnlyToItsOrg(t *testing.T) {
	var leaked atomic.Int32
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { leaked.Add(1) }))
	defer thief.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		c, _ := stub(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, thief.URL, status) })
		_, err := c.User(t.Context(), "00u1")
		wantCode(t, err, sdk.Unavailable)
		wantCode(t, c.SuspendUser(t.Context(), "00u1"), sdk.Unavailable)
	}
	c, s := org(t)
	s.Append(oktasim.Event{"eventType": "user.session.start"})
	s.Fault(oktasim.Fault{Path: "/api/v1/logs", Kind: oktasim.KindLink, Link: thief.URL + "/api/v1/logs?after=1"})
	page, err := c.Logs(t.Context(), LogQuery{Since: time.Now().Add(-time.Hour), Limit: 1})
	if err != nil || page.Next != "" || page.Foreign == nil || len(page.Events) != 1 {
		t.Errorf("got %+v, %v", page, err)
	}
	_, err = c.LogsFrom(t.Context(), thief.URL+"/api/v1/logs?after=1", 1000)
	wantCode(t, err, sdk.Unavailable)
	err = c.AllLogs(t.Context(), LogQuery{Since: time.Now().Add(-time.Hour), Limit: 1}, func([]systemlog.Head, bool) bool { return true })
	wantCode(t, err, sdk.Unavailable)
	if _, err := c.exchange(t.Context(), func(ctx context.Context) error {
		req, _ := http.NewRequestWithContext(ctx, "GET", thief.URL+"/api/v1/users/me", nil)
		resp, err := c.http.Do(req)
		if err == nil {
			err = resp.Body.Close()
		}
		return err
	}); err == nil {
		t.Error("a request to another host was sent")
	}
	if n := leaked.Load(); n != 0 {
		t.Errorf("another host got %d requests", n)
	}
}

// TestQueryParametersMissingInSDK covers parameters. The SDK drops the port and formats times in whole seconds. It
// cannot send forgetDevices, which is true by default.
func TestQueryParametersMissingInSDK(t *testing.T) {
	c, s := org(t)
	u := s.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 1, OAuthTokens: 1, RememberedDevices: 1})
	if err := c.RevokeSessions(t.Context(), u.ID, false, false); err != nil {
		t.Fatal(err)
	}
	since := time.Now().UTC().Truncate(time.Hour).Add(-24*time.Hour + 512*time.Millisecond)
	if _, err := c.Logs(t.Context(), LogQuery{Since: since, Until: since.Add(time.Millisecond), Limit: 1}); err != nil {
		t.Fatal(err)
	}
	asked := map[string]string{}
	for _, r := range s.Requests() {
		asked[r.Method+" "+r.Path] = r.Query
	}
	if q := asked["DELETE /api/v1/users/"+u.ID+"/sessions"]; q != "forgetDevices=false&oauthTokens=false" {
		t.Errorf("the revocation sent %s", q)
	}
	q, err := url.ParseQuery(asked["GET /api/v1/logs"])
	if err != nil || !strings.HasSuffix(q.Get("since"), ":00.512Z") || !strings.HasSuffix(q.Get("until"), ":00.513Z") {
		t.Errorf("the log query sent %s", q)
	}
}

// TestAmbiguousIDs checks that an empty ID does not turn "this user" into "all users", and that ".." does not call
// another endpoint.
func TestAmbiguousIDs(t *testing.T) {
	c, s := org(t)
	for _, id := range []string{"", ".", "..", "a/b", "../groups", "a?b", "a#b", "a%2fb", `a\b`, "a\nb", "a\x00b"} {
		ctx := t.Context()
		_, userErr := c.User(ctx, id)
		_, groupsErr := c.UserGroups(ctx, id)
		for call, err := range map[string]error{
			"get": userErr, "groups": groupsErr, "suspend": c.SuspendUser(ctx, id), "unsuspend": c.UnsuspendUser(ctx, id),
			"revoke": c.RevokeSessions(ctx, id, true, true), "end session": c.EndSession(ctx, id),
			"add": c.AddMember(ctx, id, "00u1"), "add user": c.AddMember(ctx, "00g1", id),
			"remove": c.RemoveMember(ctx, id, "00u1"), "remove user": c.RemoveMember(ctx, "00g1", id),
		} {
			if e := sdk.AsError(err); e == nil || e.Code != sdk.InvalidInput {
				t.Errorf("%s %q: got %v", call, id, err)
			}
		}
	}
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestProfilesOfAnyShape covers the SDK's user with typed attributes: one object as a manager fails the whole
// page.
func TestProfilesOfAnyShape(t *testing.T) {
	c, _ := stub(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"00u1","status":"ACTIVE","created":null,"lastLogin":null,"new_member":[1],
			"profile":{"login":"a@corp.example","email":null,"manager":{"name":"x"},"zipCode":69001,"mobilePhone":null,"big":9007199254740993}}`)
	})
	u, err := c.User(t.Context(), "00u1")
	if err != nil {
		t.Fatal(err)
	}
	if u.Login != "a@corp.example" || u.Email != "" || !bytes.Contains(u.Profile.JSON(), []byte(`"big":9007199254740993`)) ||
		!bytes.Contains(u.Profile.JSON(), []byte(`"mobilePhone":null`)) {
		t.Errorf("got %+v with profile %s", u, u.Profile.JSON())
	}
}

// TestInterruptedList checks that an interrupted list is an error. The SDK's Next treats an empty 502 as the end of
// the data.
func TestInterruptedList(t *testing.T) {
	for name, respond := range map[string]func(http.ResponseWriter){
		"empty 502":  func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) },
		"JSON error": func(w http.ResponseWriter) { w.WriteHeader(400); _, _ = io.WriteString(w, `{"errorCode":"E0000001"}`) },
		"HTML": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html>")
		},
		"empty 200": func(w http.ResponseWriter) {},
		"cut gzip": func(w http.ResponseWriter) {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(bytes.Repeat([]byte(`{"id":"00g1"},`), 1000))
			_ = z.Close()
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(b.Bytes()[:b.Len()/2])
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := stub(t, nil)
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("after") == "" {
					w.Header().Set("Content-Type", "application/json")
					w.Header().Set("Link", "<"+s.URL+r.URL.Path+`?after=x>; rel="next"`)
					_, _ = io.WriteString(w, `[{"id":"00g1","type":"OKTA_GROUP"}]`)
					return
				}
				respond(w)
			})
			if groups, err := c.UserGroups(t.Context(), "00u1"); err == nil {
				t.Errorf("an incomplete list was accepted as complete: %+v", groups)
			}
		})
	}
}

func TestEndlessResponse(t *testing.T) {
	var c *Client
	c, _ = stub(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		zeros := make([]byte, 1<<20)
		for range c.transport.MaxBody>>20 + 2 {
			if _, err := z.Write(zeros); err != nil {
				return
			}
		}
		_ = z.Close()
	})
	_, err := c.User(t.Context(), "00u1")
	e := wantCode(t, err, sdk.Unavailable)
	if !strings.Contains(e.Message, "MiB") {
		t.Errorf("says %q", e.Message)
	}
}
