package oktasim

import (
	"context"
	"errors"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"soar.example/okta/internal/oktasim/oauth"
	"soar.example/okta/internal/oktasim/wire"
)

// maxBody is the maximum size of a request body.
const maxBody = 64 << 20

// call is one request to the API with the data for its handler.
type call struct {
	wire.Call
	// The caller is a service app, or the owner of an API token. A public endpoint has no caller.
	app   *serviceApp
	token *apiToken
	flags map[string]bool
}

// handler returns the result of a call: a reply, a document for status 200, or nil for status 204. The caller must
// hold the org's lock.
type handler func(*Org, *call) (any, error)

// flags are the boolean query parameters of an endpoint with their defaults.
type flags map[string]bool

// on returns a handler for an object in the call's path. It first finds the object and then parses the flags.
func on[T any](find func(*Org, *call) (T, error), handle func(*Org, *call, T) (any, error), defaults ...flags) handler {
	return func(o *Org, c *call) (any, error) {
		x, err := find(o, c)
		if err != nil {
			return nil, err
		}
		c.flags = map[string]bool{}
		for _, f := range defaults {
			for name, otherwise := range f {
				if c.flags[name], err = c.Flag(name, otherwise); err != nil {
					return nil, err
				}
			}
		}
		return handle(o, c, x)
	}
}

// show returns a handler that responds with the document of an object.
func show[T, D any](write func(*call, T) D) func(*Org, *call, T) (any, error) {
	return func(_ *Org, c *call, x T) (any, error) { return write(c, x), nil }
}

// done returns a handler for an operation that cannot fail.
func done[T any](do func(*Org, *call, T)) func(*Org, *call, T) (any, error) {
	return func(o *Org, c *call, x T) (any, error) {
		do(o, c, x)
		return nil, nil
	}
}

// every returns a handler that lists all objects of another object on one page.
func every[T, X any](of func(*Org, T) []X, write func(*call, X) doc) func(*Org, *call, T) (any, error) {
	return func(o *Org, c *call, x T) (any, error) {
		return each(of(o, x), func(y X) doc { return write(c, y) }), nil
	}
}

// pages returns a handler that lists the objects of another object in pages.
func pages[T any, X entity](of func(*Org, T) []X, l listing[X]) func(*Org, *call, T) (any, error) {
	return func(o *Org, c *call, x T) (any, error) { return list(o, c, of(o, x), l) }
}

// whole returns the org itself, which is the object of a path without an ID.
func whole(o *Org, _ *call) (*Org, error) { return o, nil }

// ServeHTTP handles one request: a control command below /_org/, or a call to the API.
func (o *Org) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		// The org must not process an incomplete request.
		panic(http.ErrAbortHandler)
	}
	if strings.HasPrefix(r.URL.Path, "/_org/") {
		send(o.control(r, body), w, r.Header, "")
		return
	}

	o.mu.Lock()
	c := &call{Call: wire.NewCall(r, body, o.clock(), o.fresh.RequestID())}
	entry := record(c)
	o.requests = append(o.requests, entry)
	fault := o.takeFault(&c.Call)
	if d := fault.delay(false); d > 0 {
		o.mu.Unlock()
		wait(r.Context(), d)
		o.mu.Lock()
		c.Now = o.clock()
	}
	reply := o.respond(c, fault)
	if fault.kind() != KindHangup {
		entry.Status = reply.Status
	}
	if f := observer.Load(); f != nil {
		(*f)(Exchange{
			Method: c.Method, Path: c.Path, Query: c.RawQuery, ContentType: c.Header.Get("Content-Type"), Body: c.Body,
			Status: reply.Status, Response: reply.Body, Faulty: fault.replaces(),
		})
	}
	o.mu.Unlock()

	wait(r.Context(), fault.delay(true))
	send(reply, w, r.Header, fault.kind())
}

// send writes the response, unless the kind of fault prevents it.
func send(r *wire.Reply, w http.ResponseWriter, request http.Header, fault string) {
	if fault == KindHangup {
		panic(http.ErrAbortHandler)
	}
	r.Compress(request)
	maps.Copy(w.Header(), r.Header)
	if r.Status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(r.Body)))
	}
	if fault != KindTruncate && fault != KindReset {
		w.WriteHeader(r.Status)
		// The org ignores a client that has disconnected.
		_, _ = w.Write(r.Body)
		return
	}
	if len(r.Body) > 0 { // an empty response cannot be interrupted
		w.WriteHeader(r.Status)
		_, _ = w.Write(r.Body[:len(r.Body)/2])
		control := http.NewResponseController(w)
		_ = control.Flush()
		if fault == KindReset {
			resetConnection(control)
		}
	}
	panic(http.ErrAbortHandler)
}

// resetConnection makes the kernel send RST instead of FIN, if the connection supports it.
func resetConnection(control *http.ResponseController) {
	conn, _, err := control.Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// ShortPages returns a handler for the org that limits every page to a number of items.
func (o *Org) ShortPages(most int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if limit, err := strconv.Atoi(q.Get("limit")); err == nil && limit > most {
			q.Set("limit", strconv.Itoa(most))
			r = r.Clone(r.Context())
			r.URL.RawQuery = q.Encode()
		}
		o.ServeHTTP(w, r)
	})
}

// wait sleeps. It aborts the request if the client disconnects.
func wait(ctx context.Context, d time.Duration) {
	if d == 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

// respond returns the response. The caller must hold the lock.
func (o *Org) respond(c *call, fault *Fault) *wire.Reply {
	route, params, known := findRoute(c.Method, c.Path)
	if defect := c.Method + " " + c.Path; !known && !slices.Contains(o.defects, defect) {
		o.defects = append(o.defects, defect)
	}
	c.Params = params
	rate, exceeded := o.take(c.Path, c.Now)
	var r *wire.Reply
	if !fault.replaces() || fault.AfterEffect {
		r = o.work(c, route, known, exceeded)
	}
	if fault.replaces() {
		r = fault.reply(o.fresh.ErrorID())
	}
	r.Header.Set("Date", c.Now.UTC().Format(http.TimeFormat))
	r.Header.Set("X-Okta-Request-Id", c.RequestID)
	rate.write(r, c.Now)
	fault.finish(&c.Call, r)
	return r
}

// identityEnginePaths matches the paths that only an Identity Engine org has.
var identityEnginePaths = regexp.MustCompile(`^/api/v1/(devices|users/[^/]+/(devices|risk))(/|$)|^/oauth2/v1/global-token-revocation$`)

// work executes a call. The route is nil if the method has none.
func (o *Org) work(c *call, route *route, known, limited bool) *wire.Reply {
	result, err := any(nil), error(nil)
	refusal := o.authorize(c, route)
	switch {
	case refusal != nil:
		return refusal
	case limited:
		err = wire.Code("E0000047")
	case route == nil && known:
		err = wire.Code("E0000022")
	case route == nil:
		err = wire.Code("E0000008")
	case o.classic && identityEnginePaths.MatchString(c.Path):
		err = wire.Code("E0000015")
	case c.app != nil && c.isForMe():
		// A service app has no user.
		err = wire.NotFound("me", "User")
	default:
		result, err = route.handle(o, c)
	}
	if e, ok := errors.AsType[*oauth.Error](err); ok {
		return e.Reply()
	}
	if err != nil {
		e, ok := errors.AsType[*wire.Error](err)
		if !ok {
			e = wire.Codef("E0000009", "%v", err)
		}
		return e.Reply(o.fresh.ErrorID())
	}
	switch result := result.(type) {
	case nil:
		return wire.Empty(http.StatusNoContent)
	case *wire.Reply:
		return result
	}
	return wire.JSON(http.StatusOK, result)
}

// isForMe reports whether the path contains "me" instead of a user.
func (c *call) isForMe() bool {
	return len(c.Params) > 0 && (c.Path == "/api/v1/users/me" || strings.HasPrefix(c.Path, "/api/v1/users/me/"))
}

// An Exchange is a request with the org's response.
type Exchange struct {
	Method, Path, Query string
	ContentType         string // content type of the request
	Body                []byte
	Status              int
	Response            []byte
	// Faulty means that a fault produced the response.
	Faulty bool
}

var observer atomic.Pointer[func(Exchange)]

// Observe calls f for every later exchange of every org in this process. TestMain uses it to observe all tests.
// Several goroutines may call f at the same time. f must not call the org.
func Observe(f func(Exchange)) { observer.Store(&f) }

// record returns the entry of a call in the org's list of requests. It hides credentials: it keeps the scheme of
// Authorization, and at the token endpoint the names of the parameters.
func record(c *call) *Request {
	header, query, body := c.Header.Clone(), c.RawQuery, string(c.Body)
	for i, v := range header["Authorization"] {
		scheme, _, found := strings.Cut(v, " ")
		if !found {
			// Without a scheme, the whole value may be the secret.
			scheme = "redacted"
		}
		header["Authorization"][i] = scheme
	}
	if c.Path == oauth.TokenPath {
		query, body = redactForm(query), redactForm(body)
	}
	return &Request{Method: c.Method, Path: c.Path, Query: query, Header: header, Body: body, RequestID: c.RequestID, At: c.Now}
}

func redactForm(form string) string {
	pairs := strings.Split(form, "&")
	for i, pair := range pairs {
		name, _, found := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if found && (err != nil || plain == "client_assertion" || plain == "client_secret") {
			pairs[i] = name + "=redacted"
		}
	}
	return strings.Join(pairs, "&")
}

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

// Start serves a new org on a loopback port during the test. At the end of the test, it closes every connection and
// waits for running requests. It fails the test after a request for an unknown endpoint, unless AllowUnknown was
// called.
func Start(t TB, o Options) *Server {
	t.Helper()
	listener, err := listen()
	if err != nil {
		t.Fatalf("oktasim: %v", err)
		return nil
	}
	org := New(o)
	s := &Server{Org: org, URL: "http://" + listener.Addr().String(), Token: org.token}

	var inFlight sync.RWMutex // each request holds a read lock
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
		<-served        // http.ErrServerClosed
		inFlight.Lock() // waits for running requests
		defects := s.Defects()
		inFlight.Unlock()
		if len(defects) > 0 && !s.allowUnknown.Load() {
			slices.Sort(defects)
			t.Errorf("oktasim: requests for endpoints that the org does not have: %q", defects)
		}
	})
	return s
}

// AllowUnknown allows requests for unknown endpoints.
func (s *Server) AllowUnknown() { s.allowUnknown.Store(true) }

// addresses contains the addresses of all orgs of this process, including closed ones. A client may store a rate
// limit by the address of an org. Therefore no two orgs may have the same address.
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
