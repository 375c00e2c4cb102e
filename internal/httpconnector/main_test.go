package httpconnector

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"soar.example/okta/sdk"
	"soar.example/okta/sdk/sdktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type settings = map[string]any

// loopback allows the servers of the tests.
var loopback = []string{"127.0.0.0/8", "::1/128"}

func quiet(t *testing.T) context.Context {
	return hclog.WithContext(t.Context(), hclog.NewNullLogger())
}

func open(t *testing.T, s settings) (sdk.Session, error) {
	t.Helper()
	backend, err := Backend()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	session, err := backend.Open(quiet(t), raw)
	if err == nil {
		t.Cleanup(func() { _ = session.Close() })
	}
	return session, err
}

// A seen is a request as the service got it.
type seen struct {
	method, uri, body string
	header            http.Header
}

// A service records requests and responds with a handler.
type service struct {
	*httptest.Server
	mu   sync.Mutex
	seen []seen
}

func serve(t *testing.T, handler http.HandlerFunc) *service {
	s := new(service)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.seen = append(s.seen, seen{r.Method, r.RequestURI, string(body), r.Header})
		s.mu.Unlock()
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) requests() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// respond returns a handler with one response.
func respond(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// call runs an action and returns its output as an object.
func call(t *testing.T, session sdk.Session, action, input string) (map[string]any, sdk.Result, error) {
	t.Helper()
	result, err := session.Run(quiet(t), action, json.RawMessage(input))
	var output map[string]any
	if err == nil {
		if err := json.Unmarshal(result.Output, &output); err != nil {
			t.Fatal(err)
		}
	}
	return output, result, err
}

func wantError(t *testing.T, err error, code sdk.Code, part string) {
	t.Helper()
	var e *sdk.Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Error(), part) {
		t.Errorf("got %v, want code %s and %q", err, code, part)
	}
}

// TestConformance runs the suite of all connectors.
func TestConformance(t *testing.T) {
	backend, err := Backend()
	if err != nil {
		t.Fatal(err)
	}
	message := sdktest.Case{Input: sdktest.Input(MessageInput{Text: "a"})}
	for name, c := range map[string]struct{ format, response string }{
		"slack": {slack, "ok"}, "mattermost": {mattermost, "ok"}, "teams": {teams, "1"}, "google_chat": {googleChat, `{"name":"spaces/1/messages/2"}`},
	} {
		t.Run(name, func(t *testing.T) {
			sdktest.Run(t, sdktest.Suite{
				Backend: backend,
				Service: func(t *testing.T) sdktest.Service {
					return sdktest.Serve(t, sdktest.Fake{
						Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
							if r.URL.Path == "/hooks/x" {
								_, _ = io.WriteString(w, c.response)
							} else {
								_, _ = io.WriteString(w, "{}")
							}
						}),
						Settings: func(url string) any {
							return settings{"base_url": url + "/hooks/x", "format": c.format, "allow_cidrs": loopback, "timeout": "1500ms"}
						},
					})
				},
				Actions: map[string]sdktest.Case{
					"request":      {Input: sdktest.Input(RequestInput{Method: "POST", Path: "/a", JSON: AnyJSON(`{"a":1}`)})},
					"post_message": message,
				},
			})
		})
	}
}
