package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/plugin/internal/plugintest"
	"soar.example/okta/sdk"
)

// connect serves over a real connection in this process, and returns the client and the server.
func connect(t *testing.T, s pb.ConnectorServer) (*client, *grpc.Server) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	rpc := grpc.NewServer(serverOptions()...)
	pb.RegisterConnectorServer(rpc, s)
	served := make(chan error, 1)
	go func() { served <- rpc.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), append(DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		rpc.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return &client{rpc: pb.NewConnectorClient(conn)}, rpc
}

func testServer(t *testing.T) (*server, *client) {
	t.Helper()
	backend, err := plugintest.Connector()
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(backend, hclog.NewNullLogger())
	c, _ := connect(t, s)
	return s, c
}

func openOn(t *testing.T, b sdk.Backend, settings string) *session {
	t.Helper()
	s, err := b.Open(t.Context(), json.RawMessage(settings))
	if err != nil {
		t.Fatal(err)
	}
	return s.(*session)
}

// wantError fails the test unless err has the code and its message contains words.
func wantError(t *testing.T, err error, code sdk.Code, words string) {
	t.Helper()
	var e *sdk.Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, words) {
		t.Errorf("got %v, want %s with %q", err, code, words)
	}
}

// TestSessionIDs checks that an ID belongs to one session, and that an ID cannot be derived from
// another.
func TestSessionIDs(t *testing.T) {
	_, c := testServer(t)
	a, b := openOn(t, c, `{"org":"a"}`), openOn(t, c, `{"org":"b"}`)
	if a.id == b.id || len(a.id) < 26 {
		t.Errorf("ids %q and %q", a.id, b.id)
	}
	for _, id := range []string{"", "x", a.id + "x", strings.ToLower(a.id)} {
		stray := &session{client: c, id: id, base: t.Context()}
		_, err := stray.Check(t.Context())
		wantError(t, err, sdk.InvalidInput, "the session is not open")
		_, err = stray.Run(t.Context(), "echo", nil)
		wantError(t, err, sdk.InvalidInput, "the session is not open")
		_, err = stray.Poll(t.Context(), "pages", nil, nil)
		wantError(t, err, sdk.InvalidInput, "the session is not open")
		if err := stray.Close(); err != nil {
			t.Errorf("closing %q: %v", id, err)
		}
	}
	for range 2 {
		if err := (&session{client: c, id: a.id, base: t.Context()}).Close(); err != nil {
			t.Error(err)
		}
	}
	_, err := a.Check(t.Context())
	wantError(t, err, sdk.InvalidInput, "the session is not open")
	if health, err := b.Check(t.Context()); err != nil || health.Target != "b" {
		t.Errorf("got %+v, %v", health, err)
	}
}

// TestTooLarge checks that a response that is too large for a host becomes an error with the list
// of requests.
func TestTooLarge(t *testing.T) {
	s, c := testServer(t)
	a := openOn(t, c, `{"org":"a"}`)
	s.largest = 500
	_, err := c.Manifest(t.Context())
	wantError(t, err, sdk.Internal, "exceeds the limit of 500 for a host")
	r, err := a.Run(t.Context(), "echo", json.RawMessage(`{"text":"`+strings.Repeat("x", 500)+`","requests":3}`))
	wantError(t, err, sdk.Internal, "exceeds the limit of 500")
	if r.Output != nil || len(r.Calls) != 3 {
		t.Errorf("got %+v", r)
	}
	page, err := a.Poll(t.Context(), "pages", json.RawMessage(`{"events":10}`), nil)
	wantError(t, err, sdk.Internal, "exceeds the limit of 500")
	if page.Events != nil || page.Next != nil || len(page.Calls) != 1 {
		t.Errorf("got %+v", page)
	}
	s.largest = 10
	_, err = a.Check(t.Context())
	wantError(t, err, sdk.Internal, "exceeds the limit of 10")

	huge := make(json.RawMessage, MaxMessage)
	_, err = c.Open(t.Context(), huge)
	wantError(t, err, sdk.InvalidInput, "exceeds the limit")
	_, err = a.Run(t.Context(), "echo", huge)
	wantError(t, err, sdk.InvalidInput, "exceeds the limit")
	_, err = a.Poll(t.Context(), "pages", huge[:len(huge)/2], huge[:len(huge)/2])
	wantError(t, err, sdk.InvalidInput, "exceeds the limit")
}

// TestNotStarted checks that a plugin that is about to end rejects calls with an error that
// differs from the error of an interrupted call.
func TestNotStarted(t *testing.T) {
	s, c := testServer(t)
	a := openOn(t, c, `{"org":"a"}`)
	s.calls.Drain()
	calls := map[string]func() error{
		"manifest": func() error { _, err := c.Manifest(t.Context()); return err },
		"open":     func() error { _, err := c.Open(t.Context(), nil); return err },
		"check":    func() error { _, err := a.Check(t.Context()); return err },
		"run":      func() error { _, err := a.Run(t.Context(), "echo", nil); return err },
		"poll":     func() error { _, err := a.Poll(t.Context(), "pages", nil, nil); return err },
	}
	for name, f := range calls {
		err := f()
		wantError(t, err, sdk.Unavailable, "accepts no more calls")
		if !errors.Is(err, ErrNotStarted) || errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

// TestBroken checks that the error of a call on a broken connection says that the result is
// unknown.
func TestBroken(t *testing.T) {
	backend, err := plugintest.Connector()
	if err != nil {
		t.Fatal(err)
	}
	c, rpc := connect(t, newServer(backend, hclog.NewNullLogger()))
	a := openOn(t, c, `{"org":"a"}`)
	holder, err := plugintest.NewHolder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() {
		_, err := a.Run(t.Context(), "hold", holder.Input(false))
		result <- err
	}()
	conn := <-holder.Held()
	defer conn.Close()
	rpc.Stop()
	err = <-result
	wantError(t, err, sdk.Unavailable, "whether the action took effect is not known")
	if !errors.Is(err, ErrBroken) || errors.Is(err, ErrNotStarted) {
		t.Errorf("got %v", err)
	}
}

// TestEnd checks that end closes every session in time, even if one session does not end or
// panics.
func TestEnd(t *testing.T) {
	address, messages, err := plugintest.Farewell(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, c := testServer(t)
	for _, org := range []string{"a", "b"} {
		openOn(t, c, `{"org":"`+org+`","farewell":"`+address+`"}`)
	}
	hang := make(chan struct{})
	defer close(hang)
	s.sessions.add(t.Context(), faulty{close: func() error { <-hang; return nil }})
	s.sessions.add(t.Context(), faulty{close: func() error { panic("no") }})
	s.sessions.add(t.Context(), faulty{close: func() error { return errors.New("no") }})
	s.end(hclog.WithContext(t.Context(), hclog.NewNullLogger()), 200*time.Millisecond)
	got := map[string]bool{<-messages: true, <-messages: true}
	if !got["closed a"] || !got["closed b"] {
		t.Errorf("received %v", got)
	}
	_, err = c.Manifest(t.Context())
	wantError(t, err, sdk.Unavailable, "accepts no more calls")
}

// TestOpenCanceled checks that a session is not kept if its caller has canceled.
func TestOpenCanceled(t *testing.T) {
	s, _ := testServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := s.Open(ctx, &pb.OpenRequest{Settings: []byte(`{"org":"a"}`)})
	if err != nil || r.GetSession() != "" || r.GetError().GetCode() != string(sdk.Canceled) {
		t.Errorf("got %v, %v", r, err)
	}
	if len(s.sessions.open) != 0 {
		t.Error("the session is kept")
	}
}

// faulty is a backend, and a session, that panics and does not end.
type faulty struct {
	sdk.Session
	close func() error
}

func (faulty) Manifest(context.Context) (*sdk.Manifest, error) { panic("no manifest") }

func (faulty) Validate(context.Context, string, json.RawMessage) error { panic("no rules") }

func (r faulty) Open(_ context.Context, settings json.RawMessage) (sdk.Session, error) {
	if len(settings) == 0 {
		return nil, nil
	}
	return r, nil
}

func (r faulty) Close() error { return r.close() }

// TestFaultyBackend checks that a faulty backend causes an error and does not end the process.
func TestFaultyBackend(t *testing.T) {
	c, _ := connect(t, newServer(faulty{close: func() error { panic("stays") }}, hclog.NewNullLogger()))
	_, err := c.Manifest(t.Context())
	wantError(t, err, sdk.Internal, "panicked")
	wantError(t, c.Validate(t.Context(), "x", nil), sdk.Internal, "checking parameters panicked")
	none := openOn(t, c, "")
	_, err = none.Check(t.Context())
	wantError(t, err, sdk.Internal, "check panicked")
	wantError(t, none.Close(), sdk.Internal, "closing a session panicked")
	some := openOn(t, c, "{}")
	_, err = some.Run(t.Context(), "x", nil)
	wantError(t, err, sdk.Internal, "action x panicked")
	_, err = some.Poll(t.Context(), "x", nil, nil)
	wantError(t, err, sdk.Internal, "trigger x panicked")
	wantError(t, some.Close(), sdk.Internal, "closing a session panicked")
}
