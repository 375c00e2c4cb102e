//go:build unix

package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"soar.example/okta/plugin/host"
	"soar.example/okta/plugin/internal/plugintest"
	"soar.example/okta/sdk"
)

// runHold starts a call that lasts until a byte is written to conn.
func runHold(ctx context.Context, t *testing.T, s sdk.Session, h *plugintest.Holder, stubborn bool) (conn net.Conn, result <-chan error) {
	t.Helper()
	result = background(func() error {
		_, err := s.Run(ctx, "hold", h.Input(stubborn))
		return err
	})
	conn = within(t, 20*time.Second, h.Held(), "the call")
	t.Cleanup(func() { _ = conn.Close() })
	return conn, result
}

// TestKilledPlugin checks that the call in progress fails at once with a clear error if the plugin
// is killed. The next call has a new process, with its session reopened.
func TestKilledPlugin(t *testing.T) {
	t.Parallel()
	p := launch(t)
	a, b := open(t, p, "a"), open(t, p, "b")
	first := p.PID()
	if got := mustEcho(t, a); got.PID != first || got.Org != "a" {
		t.Errorf("got %+v, process %d", got, first)
	}
	_, result := runHold(t.Context(), t, a, holder(t), false)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	err := within(t, 20*time.Second, result, "the end of the call")
	e := sdk.AsError(err)
	if e.Code != sdk.Unavailable || !strings.Contains(e.Message, "the plugin process died (signal: killed)") ||
		!strings.Contains(e.Message, "whether the action took effect is not known") {
		t.Errorf("got %v", err)
	}

	// Concurrent callers start one process, and reopen each session once.
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			s, org := a, "a"
			if n%2 == 1 {
				s, org = b, "b"
			}
			out, err := echo(t.Context(), s, "")
			if err != nil || out.Org != org || out.PID == first || out.PID != p.PID() {
				t.Errorf("got %+v, %v", out, err)
			}
		})
	}
	wg.Wait()
}

// TestKilledWhileIdle checks that a process that dies between calls is replaced without an error.
func TestKilledWhileIdle(t *testing.T) {
	t.Parallel()
	p := launch(t)
	s := open(t, p, "a")
	first := p.PID()
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, "no process", func() bool { return p.PID() == 0 })
	if got := mustEcho(t, s); got.PID == first {
		t.Error("the process is still the same")
	}
	if _, err := p.Manifest(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestKilledWhileReopening checks that a call is made in the next process if the process dies
// while it reopens the session. The call itself had not begun.
func TestKilledWhileReopening(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(sdk.Session) error{
		"run":   func(s sdk.Session) error { _, err := echo(t.Context(), s, ""); return err },
		"check": func(s sdk.Session) error { _, err := s.Check(t.Context()); return err },
		"poll": func(s sdk.Session) error {
			_, err := s.Poll(t.Context(), "pages", json.RawMessage(`{"events":1}`), nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opened := filepath.Join(t.TempDir(), "opened")
			p, err := host.Launch(t.Context(), config(t, roleReopen, func(c *host.Config) { c.Args = []string{opened} }))
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			s := open(t, p, "a")
			if err := syscall.Kill(p.PID(), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			eventually(t, 20*time.Second, "no process", func() bool { return p.PID() == 0 })
			if err := call(s); err != nil {
				t.Errorf("the call failed: %v", err)
			}
			if b, err := os.ReadFile(opened); err != nil || strings.Count(string(b), "open") != 3 {
				t.Errorf("the session was opened %q, %v; want three times", b, err)
			}
		})
	}
}

// TestTerminatedPlugin checks that a process that is asked to end finishes its calls, while
// another process handles new calls.
func TestTerminatedPlugin(t *testing.T) {
	t.Parallel()
	p := launch(t)
	s := open(t, p, "a")
	first := p.PID()
	conn, result := runHold(t.Context(), t, s, holder(t), false)
	if err := syscall.Kill(first, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, "another process", func() bool { return mustEcho(t, s).PID != first })
	if _, err := conn.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if err := within(t, 20*time.Second, result, "the end of the call"); err != nil {
		t.Error(err)
	}
}

// TestDiesTooOften checks that a process that dies repeatedly is not restarted for a while.
func TestDiesTooOften(t *testing.T) {
	t.Parallel()
	p := launch(t)
	s := open(t, p, "a")
	for n := range 5 {
		_, err := s.Run(t.Context(), "crash", nil)
		if e := sdk.AsError(err); e == nil || !strings.Contains(e.Message, "died (exit status 3)") {
			t.Fatalf("crash %d: %v", n, err)
		}
	}
	_, err := s.Run(t.Context(), "crash", nil)
	e := sdk.AsError(err)
	if e == nil || e.Code != sdk.Unavailable || !strings.Contains(e.Message, "died 5 times within a minute") ||
		e.RetryAfter <= 0 || e.RetryAfter > time.Minute {
		t.Errorf("got %v", err)
	}
}

// TestCancel checks that a canceled call returns at once, also if the plugin ignores the
// cancellation.
func TestCancel(t *testing.T) {
	t.Parallel()
	s := open(t, launch(t), "a")
	h := holder(t)
	for _, stubborn := range []bool{false, true} {
		t.Run(fmt.Sprint("stubborn=", stubborn), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			conn, result := runHold(ctx, t, s, h, stubborn)
			start := time.Now()
			cancel()
			err := within(t, 2*time.Second, result, "the end of the call")
			t.Logf("canceled within %s", time.Since(start))
			if e := sdk.AsError(err); e == nil || e.Code != sdk.Canceled {
				t.Errorf("got %v", err)
			}
			if !stubborn {
				// The plugin is canceled too.
				_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
				if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
					t.Errorf("the call in the plugin: %v", err)
				}
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, result := runHold(ctx, t, s, h, false)
	if e := sdk.AsError(within(t, 2*time.Second, result, "the end of the call")); e == nil || e.Code != sdk.Timeout {
		t.Errorf("got %v", e)
	}
}

// TestSessionsAreIndependent checks that closing a session ends only its own calls.
func TestSessionsAreIndependent(t *testing.T) {
	t.Parallel()
	p := launch(t)
	a, b := open(t, p, "a"), open(t, p, "b")
	h := holder(t)
	_, ofA := runHold(t.Context(), t, a, h, false)
	heldB, ofB := runHold(t.Context(), t, b, h, false)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if e := sdk.AsError(within(t, 20*time.Second, ofA, "the end of a's call")); e == nil || e.Code != sdk.Canceled {
		t.Errorf("got %v", e)
	}
	if _, err := heldB.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if err := within(t, 20*time.Second, ofB, "the end of b's call"); err != nil {
		t.Error(err)
	}
}

// TestClose checks that Close waits for the calls in progress, closes the sessions, and leaves no
// process, goroutine or file.
func TestClose(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	temp := tempDir(t)
	t.Setenv("TMPDIR", temp)
	address, messages, err := plugintest.Farewell(ctx)
	if err != nil {
		t.Fatal(err)
	}
	h, err := plugintest.NewHolder(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p, err := host.Launch(ctx, config(t, plugintest.Plugin))
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Open(ctx, json.RawMessage(`{"org":"a","farewell":"`+address+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	pid := p.PID()
	conn, result := runHold(ctx, t, s, h, false)
	closed := background(p.Close)
	again := background(p.Close)
	eventually(t, 20*time.Second, "closed to new calls", func() bool {
		_, err := echo(ctx, s, "")
		e := sdk.AsError(err)
		return e != nil && e.Code == sdk.InvalidInput && e.Message == "the plugin is closed"
	})
	select {
	case <-closed:
		t.Error("Close did not wait")
	default:
	}
	if _, err := conn.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if err := within(t, 20*time.Second, result, "the end of the call"); err != nil {
		t.Error(err)
	}
	for _, ch := range []<-chan error{closed, again} {
		if err := within(t, 20*time.Second, ch, "Close"); err != nil {
			t.Error(err)
		}
	}
	if got := within(t, 20*time.Second, messages, "the farewell"); got != "closed a" {
		t.Errorf("received %q", got)
	}
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("the process: %v", err)
	}
	if left := entries(t, temp); left != nil {
		t.Errorf("the files %q are left", left)
	}
	if p.PID() != 0 {
		t.Error("a closed plugin has a process ID")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := p.Open(ctx, nil); err == nil {
		t.Error("a closed plugin opened a session")
	}
}

// TestCloseCancelsCalls checks that Close cancels calls that do not end within the grace.
func TestCloseCancelsCalls(t *testing.T) {
	t.Parallel()
	p := launch(t, func(c *host.Config) { c.Grace = 50 * time.Millisecond })
	s := open(t, p, "a")
	_, result := runHold(t.Context(), t, s, holder(t), true)
	closed := background(p.Close)
	e := sdk.AsError(within(t, 20*time.Second, result, "the end of the call"))
	if e == nil || !strings.Contains(e.Message, "the plugin was closed during the call; whether the action took effect is not known") {
		t.Errorf("got %v", e)
	}
	within(t, 20*time.Second, closed, "Close")
}

// TestCloseFrozen checks that Close also ends a process that does not respond.
func TestCloseFrozen(t *testing.T) {
	t.Parallel()
	frozen := launch(t)
	pid := frozen.PID()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	within(t, 20*time.Second, background(frozen.Close), "Close of a frozen process")
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("the process: %v", err)
	}
}
