package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/internal/oktaspec"
	"soar.example/okta/sdk"
)

func TestMain(m *testing.M) {
	// The SDK's token cache is not used. Its goroutine ends with the garbage collection of the client.
	ownWords := func(e oktasim.Exchange) bool {
		return e.Path == "/api/v1/eventHooks" || string(e.Body) == "{}" && strings.HasPrefix(e.Path, "/api/v1/zones/")
	}
	goleak.VerifyTestMain(oktaspec.Main{M: m, Except: ownWords}, goleak.IgnoreTopFunction("github.com/patrickmn/go-cache.(*janitor).Run"))
}

const canary = "00CANARY-token-that-must-not-show"

func settingsFor(url string) Settings {
	s := Settings{OrgURL: url}
	if err := json.Unmarshal([]byte(`"`+canary+`"`), &s.Token); err != nil {
		panic(err)
	}
	return s
}

func open(t *testing.T, url string) *Client {
	t.Helper()
	c, err := Open(t.Context(), settingsFor(url))
	if err != nil {
		t.Fatal(err)
	}
	// The server of the next test may get the same port.
	t.Cleanup(func() { _ = c.Close(); forgetWindows(c) })
	return c
}

// org is an embedded org and a client of it.
func org(t *testing.T) (*Client, *oktasim.Server) {
	t.Helper()
	s := oktasim.Start(t, oktasim.Options{Token: canary})
	return open(t, s.URL), s
}

// stub serves responses that an embedded org never sends.
func stub(t *testing.T, h http.HandlerFunc) (*Client, *httptest.Server) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return open(t, s.URL), s
}

func wantCode(t *testing.T, err error, code sdk.Code) *sdk.Error {
	t.Helper()
	var e *sdk.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v (%T), want code %s", err, err, code)
	}
	if e.Code != code {
		t.Fatalf("got %v, want code %s", e, code)
	}
	if strings.Contains(e.Error(), canary) {
		t.Errorf("the token is in %q", e.Error())
	}
	return e
}

func TestCheckReportsPrincipal(t *testing.T) {
	c, _ := org(t)
	h, err := Check(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if h.Target != c.Org() || h.Account == "" || len(h.Notes) != 0 {
		t.Errorf("got %+v", h)
	}
}

func TestCheckReportsWrongClock(t *testing.T) {
	c, _ := stub(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", "Sat, 14 Mar 2020 02:41:07 GMT")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id":"00u1","profile":{"login":"admin"}}`))
	})
	h, err := Check(t.Context(), c)
	if err != nil || len(h.Notes) != 1 {
		t.Errorf("got %+v, %v", h, err)
	}
}

func TestCancelledCallEndsAtOnce(t *testing.T) {
	release := make(chan struct{})
	c, _ := stub(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.SuspendUser(ctx, "00u1") }()
	cancel()
	wantCode(t, <-done, sdk.Canceled)
}

func TestSlowResponseIsTimeout(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			<-release
			return
		}
		// The guard reads the user's admin roles before a write.
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`[]`))
	}))
	defer s.Close()
	defer close(release)
	settings := settingsFor(s.URL)
	settings.Timeout = sdk.Duration(100 * time.Millisecond)
	c, err := Open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	e := wantCode(t, c.SuspendUser(t.Context(), "00uAAAAAAAAAAAAAAAAA"), sdk.Timeout)
	if !strings.Contains(e.Message, "not known") {
		t.Errorf("the error does not report an unknown result: %s", e.Message)
	}
}

// TestTokenThatIsCommonWord checks that a token that is a common word removes no word from messages.
func TestTokenThatIsCommonWord(t *testing.T) {
	s := oktasim.Start(t, oktasim.Options{})
	c, err := Open(t.Context(), Settings{OrgURL: s.URL, Token: sdk.NewSecret("wrong")})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.User(t.Context(), "me")
	if e := wantCode(t, err, sdk.Unauthenticated); !strings.Contains(e.Message, "it is wrong, expired or revoked") {
		t.Errorf("got %q", e.Message)
	}
}

// send sends a request of the test.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, body io.Reader) (*rest.Response, error) {
	var content []byte
	if body != nil {
		var err error
		if content, err = io.ReadAll(body); err != nil {
			return nil, err
		}
	}
	return c.sendRaw(ctx, method, path, query.Encode(), content)
}

func (c *Client) sendJSON(ctx context.Context, method, path string, query url.Values, body any) (*rest.Response, error) {
	content, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return c.send(ctx, method, path, query, bytes.NewReader(content))
}
