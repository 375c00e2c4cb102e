package host_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"soar.example/okta/plugin"
	"soar.example/okta/plugin/host"
	"soar.example/okta/plugin/internal/plugintest"
	"soar.example/okta/sdk"
)

// The test binary is also the plugin, and the host that a test kills.
func TestMain(m *testing.M) {
	switch role := os.Getenv(plugintest.EnvRole); role {
	case "":
		goleak.VerifyTestMain(m)
	case plugintest.Plugin:
		backend, err := plugintest.Connector()
		if err != nil {
			panic(err)
		}
		os.Exit(plugin.Serve(context.Background(), backend, plugin.ServeOptions{}))
	default:
		os.Exit(runRole(context.Background(), role))
	}
}

// config returns the configuration to launch this test binary in a role.
func config(t testing.TB, role string, change ...func(*host.Config)) host.Config {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := host.Config{Path: path, Env: plugintest.Env(role), Logger: hclog.NewNullLogger()}
	for _, f := range change {
		f(&c)
	}
	return c
}

// launch starts the plugin of the tests, and ends it with the test.
func launch(t testing.TB, change ...func(*host.Config)) *host.Plugin {
	t.Helper()
	p, err := host.Launch(t.Context(), config(t, plugintest.Plugin, change...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func open(t testing.TB, b sdk.Backend, org string) sdk.Session {
	t.Helper()
	s, err := b.Open(t.Context(), json.RawMessage(`{"org":"`+org+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// echo runs the action echo and returns its output.
func echo(ctx context.Context, s sdk.Session, text string) (plugintest.EchoOut, error) {
	input, err := json.Marshal(plugintest.EchoIn{Text: text, Times: 1})
	if err != nil {
		return plugintest.EchoOut{}, err
	}
	r, err := s.Run(ctx, "echo", input)
	if err != nil {
		return plugintest.EchoOut{}, err
	}
	var out plugintest.EchoOut
	return out, json.Unmarshal(r.Output, &out)
}

func mustEcho(t testing.TB, s sdk.Session) plugintest.EchoOut {
	t.Helper()
	out, err := echo(t.Context(), s, "")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func holder(t testing.TB) *plugintest.Holder {
	t.Helper()
	h, err := plugintest.NewHolder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// within returns the next value of ch, and fails the test if there is none in time.
func within[T any](t testing.TB, d time.Duration, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(d):
		t.Fatalf("%s did not happen within %s", what, d)
		panic("unreachable")
	}
}

// eventually polls until a condition is true, and fails the test if that takes too long.
func eventually(t testing.TB, d time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(d)
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%s: not true within %s", what, d)
		}
	}
}

// background runs f and returns a channel with its result.
func background[T any](f func() T) <-chan T {
	out := make(chan T, 1)
	go func() { out <- f() }()
	return out
}

// tempDir returns a directory with a path that is short enough for a socket.
func tempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "h")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func entries(t testing.TB, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// logs is a buffer that a logger can write to while a test reads it.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logs) logger(level hclog.Level) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Output: l, Level: level})
}
