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

// connect serves over a real connection, without the process, and returns the
// client's end and the server's.
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

// wantError fails the test unless err is of this code and says this.
func wantError(t *testing.T, err error, code sdk.Code, words string) {
	t.Helper()
	var e *sdk.Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, words) {
		t.Errorf("got %v, want %s with %q", err, code, words)
	}
}

// A session is what its id says, and no id can be guessed from another.
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

// An answer that is too large for a host becomes an error that says so, with the
// requests that were made.
func TestTooLarge(t *testing.T) {
	s, c := testServer(t)
	a := openOn(t, c, `{"org":"a"}`)
	s.largest = 500
	_, err := c.Manifest(t.Context())
	wantError(t, err, sdk.Internal, "more than the 500 that a host takes")
	r, err := a.Run(t.Context(), "echo", json.RawMessage(`{"text":"`+strings.Repeat("x", 500)+`","requests":3}`))
	wantError(t, err, sdk.Internal, "more than the 500")
	if r.Output != nil || len(r.Calls) != 3 {
		t.Errorf("got %+v", r)
	}
	page, err := a.Poll(t.Context(), "pages", json.RawMessage(`{"events":10}`), nil)
	wantError(t, err, sdk.Internal, "more than the 500")
	if page.Events != nil || page.Next != nil || len(page.Calls) != 1 {
		t.Errorf("got %+v", page)
	}
	s.largest = 10
	_, err = a.Check(t.Context())
	wantError(t, err, sdk.Internal, "more than the 10")

	huge := make(json.RawMessage, MaxMessage)
	_, err = c.Open(t.Context(), huge)
	wantError(t, err, sdk.InvalidInput, "more than the")
	_, err = a.Run(t.Context(), "echo", huge)
	wantError(t, err, sdk.InvalidInput, "more than the")
	_, err = a.Poll(t.Context(), "pages", huge[:len(huge)/2], huge[:len(huge)/2])
	wantError(t, err, sdk.InvalidInput, "more than the")
}

// A plugin that is about to end refuses calls in a way that a host can tell from
// a call that was cut off.
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
		wantError(t, err, sdk.Unavailable, "takes no more calls")
		if !errors.Is(err, ErrNotStarted) || errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

// A connection that breaks under a call leaves open what became of it.
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

// The end closes every session, one that hangs or panics included, and is over
// in time.
func TestEnd(t *testing.T) {
	address, told, err := plugintest.Farewell(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, c := testServer(t)
	for _, org := range []string{"a", "b"} {
		openOn(t, c, `{"org":"`+org+`","farewell":"`+address+`"}`)
	}
	hang := make(chan struct{})
	defer close(hang)
	s.sessions.add(t.Context(), rude{close: func() error { <-hang; return nil }})
	s.sessions.add(t.Context(), rude{close: func() error { panic("no") }})
	s.sessions.add(t.Context(), rude{close: func() error { return errors.New("no") }})
	s.end(hclog.WithContext(t.Context(), hclog.NewNullLogger()), 200*time.Millisecond)
	got := map[string]bool{<-told: true, <-told: true}
	if !got["closed a"] || !got["closed b"] {
		t.Errorf("told %v", got)
	}
	_, err = c.Manifest(t.Context())
	wantError(t, err, sdk.Unavailable, "takes no more calls")
}

// A session whose opener has gone is not kept.
func TestOpenForNobody(t *testing.T) {
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

// rude is a backend, and a session, that keeps to nothing.
type rude struct {
	sdk.Session
	close func() error
}

func (rude) Manifest(context.Context) (*sdk.Manifest, error) { panic("no manifest") }

func (rude) Validate(context.Context, string, json.RawMessage) error { panic("no rules") }

func (r rude) Open(_ context.Context, settings json.RawMessage) (sdk.Session, error) {
	if len(settings) == 0 {
		return nil, nil
	}
	return r, nil
}

func (r rude) Close() error { return r.close() }

// TestRudeBackend checks that a faulty backend causes an error and does not end the process.
func TestRudeBackend(t *testing.T) {
	c, _ := connect(t, newServer(rude{close: func() error { panic("stays") }}, hclog.NewNullLogger()))
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
