package oktasim

import (
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
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

	allowUnknown atomic.Bool
}

// Start serves a new org on a loopback port during the test. When the test ends, it closes every connection and waits for
// the requests in flight. It fails the test after a request for an endpoint that the org does not have, unless
// AllowUnknown was called.
func Start(t TB, o Options) *Server {
	t.Helper()
	listener, err := listen()
	if err != nil {
		t.Fatalf("oktasim: %v", err)
		return nil
	}
	org := New(o)
	s := &Server{Org: org, URL: "http://" + listener.Addr().String(), Token: org.token}

	var inFlight sync.RWMutex // each request holds it for reading
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inFlight.RLock()
			defer inFlight.RUnlock()
			org.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("oktasim: close: %v", err)
		}
		<-served
		inFlight.Lock() // waits for the requests in flight
		defects := s.Defects()
		inFlight.Unlock()
		if len(defects) > 0 && !s.allowUnknown.Load() {
			slices.Sort(defects)
			t.Errorf("oktasim: requests for endpoints that the org does not have: %q", defects)
		}
	})
	return s
}

// AllowUnknown keeps requests for unknown endpoints from failing the test.
func (s *Server) AllowUnknown() { s.allowUnknown.Store(true) }

// addresses are those of this process's orgs, also of past ones. A client may remember a rate limit by the address of an
// org, so that no other org may get the same address.
var addresses sync.Map

func listen() (net.Listener, error) {
	for {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		if _, used := addresses.LoadOrStore(listener.Addr().String(), true); !used {
			return listener, nil
		}
		if err := listener.Close(); err != nil {
			return nil, err
		}
	}
}
