package alert_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"soar.example/okta/internal/alert"
	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/httpconnector"
	"soar.example/okta/internal/playbook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A receiver is a webhook with an alert that sends to it.
type receiver struct {
	mu       sync.Mutex
	status   int
	messages []string

	store *embedded.Store
	alert *playbook.Alert
	conn  *embedded.Connection
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body) // an error shows as a message that lacks
	r.mu.Lock()
	defer r.mu.Unlock()
	w.WriteHeader(r.status)
	if req.Method == http.MethodPost && r.status == http.StatusOK {
		r.messages = append(r.messages, string(body))
	}
	fmt.Fprint(w, "ok")
}

func (r *receiver) respond(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func newReceiver(t *testing.T, window string) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusOK}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	backend, err := httpconnector.Backend()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	settings := fmt.Sprintf(`{"base_url":%q,"format":"slack","allow_cidrs":["127.0.0.0/8"]}`, server.URL)
	session, err := backend.Open(t.Context(), json.RawMessage(settings))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	r.conn = &embedded.Connection{Name: "chat", Org: server.URL, Manifest: m, Session: session}
	with := map[string]any{"text": "${{ failure.message }} (${{ failure.suppressed }})"}
	onFailure := map[string]any{"action": "chat/post_message", "window": window, "with": with}
	if r.alert, err = playbook.LoadAlert(onFailure, playbook.Connections{"chat": m}); err != nil {
		t.Fatal(err)
	}
	if r.store, err = embedded.OpenStore(t.Context(), filepath.Join(t.TempDir(), "soar.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.store.Close() })
	return r
}

// report sends the alerts of failures with one Sender, as one process does.
func (r *receiver) report(t *testing.T, failures ...playbook.Failure) {
	t.Helper()
	s := alert.New(alert.Options{Store: r.store, Of: func(string) (*playbook.Alert, *embedded.Connection) { return r.alert, r.conn }})
	for _, f := range failures {
		s.Report(f)
		ended, end := context.WithCancel(t.Context())
		end()
		s.Run(ended)
	}
}

func (r *receiver) received() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.messages, "\n")
}

// count returns the number of messages with the text.
func (r *receiver) count(text string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.messages {
		if strings.Contains(m, text) {
			n++
		}
	}
	return n
}

func failure(kind, name, message string) playbook.Failure {
	return playbook.Failure{Kind: kind, Playbook: name, Message: message}
}

// TestOneAlertForEachCause checks that one cause sends one alert in its window, also after a restart and while all writes are
// paused.
func TestOneAlertForEachCause(t *testing.T) {
	r := newReceiver(t, "1h")
	r.report(t, failure(alert.RunFailed, "a", "first"), failure(alert.RunFailed, "a", "second"), failure(alert.RunFailed, "b", "other"))
	r.report(t, failure(alert.RunFailed, "a", "after the restart"))
	if _, err := r.store.PauseWrites(t.Context(), "drill"); err != nil {
		t.Fatal(err)
	}
	r.report(t, failure(alert.WritesPaused, "", "paused"), failure(alert.WritesPaused, "", "paused again"))
	got := r.received()
	for text, want := range map[string]int{"first (0)": 1, "second": 0, "other (0)": 1, "after the restart": 0, "paused (0)": 1, "again": 0} {
		if n := r.count(text); n != want {
			t.Errorf("%q was sent %d times, want %d:\n%s", text, n, want, got)
		}
	}
	audit, err := r.store.AuditTrail(t.Context(), embedded.AuditQuery{Limit: 10})
	if err != nil || len(audit) != 3 || audit[0].Cause != "alert: writes_paused" {
		t.Errorf("the audit trail has %d entries: %+v, %v", len(audit), audit, err)
	}
}

// TestSuppressedFailuresAreCounted checks that the next alert counts the failures since the last one.
func TestSuppressedFailuresAreCounted(t *testing.T) {
	r := newReceiver(t, "1s")
	s := alert.New(alert.Options{Store: r.store, Of: func(string) (*playbook.Alert, *embedded.Connection) { return r.alert, r.conn }})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	defer running.Wait()
	defer stop()
	for deadline := time.Now().Add(30 * time.Second); r.count("late") < 2; time.Sleep(50 * time.Millisecond) {
		s.Report(failure(alert.Unhealthy, "", "late"))
		if time.Now().After(deadline) {
			t.Fatalf("no second alert: %s", r.received())
		}
	}
	if r.count("late (0)") != 1 {
		t.Errorf("the second alert does not count the failures before it: %s", r.received())
	}
}

// TestAlertThatCannotBeSent checks that a receiver that fails gets the next failure of the cause, and no failure twice.
func TestAlertThatCannotBeSent(t *testing.T) {
	r := newReceiver(t, "1h")
	r.respond(http.StatusForbidden)
	s := alert.New(alert.Options{Store: r.store, Of: func(string) (*playbook.Alert, *embedded.Connection) { return r.alert, r.conn }})
	ended, end := context.WithCancel(t.Context())
	end()
	s.Report(failure(alert.RunFailed, "a", "lost"))
	s.Run(ended)
	r.respond(http.StatusOK)
	s.Run(ended)
	if got := r.received(); got != "" {
		t.Errorf("an alert was repeated: %s", got)
	}
	s.Report(failure(alert.RunFailed, "a", "next"))
	s.Run(ended)
	if got := r.received(); !strings.Contains(got, "next (1)") {
		t.Errorf("got %s", got)
	}
}

// TestNoAlert checks that failures without on_failure, or without the connection of its action, are harmless.
func TestNoAlert(t *testing.T) {
	r := newReceiver(t, "1h")
	r.conn = nil
	r.report(t, failure(alert.RunFailed, "a", "x"))
	r.alert = nil
	r.report(t, failure(alert.RunFailed, "a", "x"))
	if got := r.received(); got != "" {
		t.Errorf("got %s", got)
	}
}
