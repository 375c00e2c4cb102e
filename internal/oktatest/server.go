package oktatest

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// TB is the part of testing.TB that Start needs.
type TB interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Server is an org that listens on a loopback port.
type Server struct {
	*Org
	// URL is the org's address, such as http://127.0.0.1:41234.
	URL string
	// Token is the API token that the org accepts.
	Token string

	mu           sync.Mutex
	allowUnknown bool
}

// Start serves a new org on a loopback port for the test's life. When the test ends it closes every connection,
// waits for the requests in flight, and fails the test if one of them had asked for an endpoint that the org does
// not have, unless AllowUnknown was called.
func Start(t TB, o Options) *Server {
	t.Helper()
	listener, err := listen()
	if err != nil {
		t.Fatalf("oktatest: %v", err)
		return nil
	}
	org := New(o)
	s := &Server{Org: org, URL: "http://" + listener.Addr().String(), Token: org.token}

	var inFlight sync.WaitGroup
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inFlight.Add(1)
			defer inFlight.Done()
			org.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("oktatest: close: %v", err)
		}
		<-served
		inFlight.Wait()
		if err := s.verdict(); err != nil {
			t.Errorf("%v", err)
		}
	})
	return s
}

// AllowUnknown keeps requests for unknown endpoints from failing the test.
func (s *Server) AllowUnknown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.allowUnknown = true
}

func (s *Server) verdict() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defects := s.Defects()
	if s.allowUnknown || len(defects) == 0 {
		return nil
	}
	slices.Sort(defects)
	return fmt.Errorf("oktatest: endpoints asked for that the org does not have: %q", defects)
}

// taken are the addresses of this process's orgs, past ones too. A client may remember an org by its address, as for
// how long its rate limit lets nothing through: no other org may come to stand there.
var taken sync.Map

func listen() (net.Listener, error) {
	for {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		if _, before := taken.LoadOrStore(listener.Addr().String(), true); !before {
			return listener, nil
		}
		if err := listener.Close(); err != nil {
			return nil, err
		}
	}
}
