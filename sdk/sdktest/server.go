package sdktest

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"soar.example/okta/sdk"
)

// A Fake is a fake of the service, for a [Server].
type Fake struct {
	Handler http.Handler
	// Settings returns the settings of a connection to the fake at this address. They are encoded
	// as JSON. A secret must be a plain string, because an [sdk.Secret] is encoded as a mask.
	Settings func(url string) any
	// RequestID is the response header with the ID of a request. Default: X-Request-Id.
	RequestID string
}

// A Server is a [Service] that serves a [Fake] over HTTP. It can simulate each failure of a
// service or the network. Methods other than GET, HEAD and OPTIONS count as writes.
type Server struct {
	URL string

	fake     Fake
	settings json.RawMessage
	ended    chan struct{}

	mu               sync.Mutex
	fault            Fault
	loseNext         bool
	requests, writes int
}

// Serve serves the fake until the test ends. Suite.Service calls it with a fresh fake.
func Serve(t testing.TB, fake Fake) *Server {
	t.Helper()
	if fake.RequestID == "" {
		fake.RequestID = "X-Request-Id"
	}
	s := &Server{fake: fake, ended: make(chan struct{})}
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		close(s.ended)
		server.Close()
	})
	s.URL = server.URL
	var err error
	if s.settings, err = json.Marshal(fake.Settings(s.URL)); err != nil {
		t.Fatalf("the settings cannot be encoded: %v", err)
	}
	return s
}

// Settings returns the settings of a connection to the fake.
func (s *Server) Settings() json.RawMessage { return s.settings }

// Break makes every later request fail with the fault. The fake does not receive these requests.
func (s *Server) Break(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// LoseNextResponse breaks the connection after the fake handled the next write.
func (s *Server) LoseNextResponse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loseNext = true
}

// Requests returns the number of requests.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Writes returns the number of writes.
func (s *Server) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

// can reports whether a server that does not know the service's errors can simulate the fault.
func (*Server) can(f Fault) bool { return f != GatewayMissing && f != NoEndpoint }

// ServeHTTP passes the request to the fake, or fails with the fault.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	isWrite := r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions
	s.mu.Lock()
	s.requests++
	fault, lose := s.fault, s.loseNext && isWrite
	if isWrite {
		s.writes++
		s.loseNext = false
	}
	w.Header().Set(s.fake.RequestID, "request-"+strconv.Itoa(s.requests))
	s.mu.Unlock()
	switch {
	case fault != "":
		s.fail(w, r, fault)
	case lose:
		s.fake.Handler.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	default:
		s.fake.Handler.ServeHTTP(w, r)
	}
}

const (
	page   = "<html><body>The page of a proxy</body></html>"
	object = `{"error":"the request failed"}`
)

// responses maps each fault to its response, if it has one.
var responses = map[Fault]struct {
	status int
	body   string
}{
	Unauthorized: {401, object}, NoPermission: {403, object}, Missing: {404, object},
	EmptyForbidden: {403, ""}, ForeignMissing: {404, page}, ForeignForbidden: {403, page}, ForeignUnauthorized: {401, ""},
	ForeignConflict: {409, page}, ForeignGone: {410, ""}, ForeignState: {412, page},
	TooMany: {429, object}, TooManyBare: {429, object}, ServerError: {500, object},
	HTMLError: {502, page}, HTMLSuccess: {200, page}, EmptySuccess: {200, ""}, Overloaded: {503, object},
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, fault Fault) {
	switch fault {
	case HangUp:
		panic(http.ErrAbortHandler)
	case NoResponse:
		_, _ = io.Copy(io.Discard, r.Body) // the server notices a closed connection only after this
		select {
		case <-r.Context().Done():
		case <-s.ended:
		}
		panic(http.ErrAbortHandler)
	case CutOff, Reset:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"id":`)
		_ = http.NewResponseController(w).Flush()
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil && fault == Reset {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
		} else if err == nil {
			_ = conn.Close()
		}
		return
	}
	response := responses[fault]
	contentType := map[string]string{page: "text/html; charset=utf-8", object: "application/json"}[response.body]
	w.Header()["Content-Type"] = []string{contentType}
	switch fault {
	case TooMany:
		w.Header().Set("Retry-After", "1")
	case ForeignUnauthorized:
		w.Header().Set("WWW-Authenticate", `Basic realm="proxy"`)
	}
	w.WriteHeader(response.status)
	_, _ = io.WriteString(w, response.body)
}

// noResponse checks that an action ends when the deadline of its caller is over. Only a [Server]
// can withhold a response.
func (s Suite) noResponse(t *testing.T, session sdk.Session, service Service, info sdk.ActionInfo, c Case) {
	server, ok := service.(*Server)
	if !ok || info.Offline {
		return
	}
	input := c.Input(service)
	server.Break(NoResponse)
	ctx, cancel := context.WithTimeout(quiet(t), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := session.Run(ctx, info.Name, input)
	_ = wantCode(t, err, sdk.Timeout)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("the action took %s, although its caller had a deadline of 200ms", took)
	}
}

// lostResponse checks that an action verifies the state if the response to its write is lost.
func (s Suite) lostResponse(t *testing.T, session sdk.Session, service Service, info sdk.ActionInfo, input json.RawMessage) {
	server, ok := service.(*Server)
	if !ok {
		return
	}
	server.LoseNextResponse()
	result, err := session.Run(quiet(t), info.Name, input)
	var first, second outcome
	if err == nil {
		if err := json.Unmarshal(result.Output, &first); err != nil || first.Outcome != sdk.Changed {
			t.Errorf("the write took effect and its response was lost: the outcome is %q, want changed", first.Outcome)
		}
		return
	}
	// An action that cannot verify its write reports the error.
	again, unread := session.Run(quiet(t), info.Name, input)
	if unread != nil || json.Unmarshal(again.Output, &second) != nil || second.Outcome != sdk.Accepted {
		t.Errorf("the write took effect and its response was lost: the action must read the state (see package reconcile), but it failed: %v", err)
	}
}
