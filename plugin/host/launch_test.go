package host_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"go.uber.org/goleak"

	"soar.example/okta/plugin/host"
	"soar.example/okta/plugin/internal/plugintest"
	"soar.example/okta/sdk"
)

// TestLaunchErrors checks that a launch of a faulty plugin fails in time with the right
// message and code, and leaves nothing behind.
func TestLaunchErrors(t *testing.T) {
	dir := tempDir(t)
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("not a program"), 0o644); err != nil {
		t.Fatal(err)
	}
	garbage := filepath.Join(dir, "garbage")
	if err := os.WriteFile(garbage, []byte("\x00\x01\x02"), 0o755); err != nil {
		t.Fatal(err)
	}
	shell := func(script string) func(*host.Config) {
		return func(c *host.Config) { c.Path, c.Args = "/bin/sh", []string{"-c", script} }
	}
	path := func(p string) func(*host.Config) { return func(c *host.Config) { c.Path = p } }
	const patience = 15 * time.Second
	for _, test := range []struct {
		name   string
		role   string
		change func(*host.Config)
		code   sdk.Code
		want   string
	}{
		{"no path", "", path(""), sdk.InvalidInput, "needs the path"},
		{"missing", "", path(filepath.Join(dir, "nowhere")), sdk.InvalidInput, "there is no plugin at"},
		{"not searched for", "", path("true"), sdk.InvalidInput, "there is no plugin at"},
		{"directory", "", path(dir), sdk.InvalidInput, "is not a file"},
		{"not executable", "", path(plain), sdk.InvalidInput, "is not executable"},
		{"not a program", "", path(garbage), sdk.InvalidInput, "is not a program"},
		{"bad variable", "", func(c *host.Config) { c.Env = []string{"hunter2"} }, sdk.InvalidInput, "must be NAME=value"},
		{"short checksum", "", func(c *host.Config) { c.Checksum = []byte{1} }, sdk.InvalidInput, "SHA-256 of 32 bytes, not 1"},
		{"ends at once", "", shell("exit 7"), sdk.Unavailable, "ended (exit status 7) and never said its address"},
		{"ends with a word", "", shell("echo >&2 first; echo >&2 no licence; exit 1"), sdk.Unavailable, `it last said "no licence"`},
		{"says hello", "", shell("echo hello; exec sleep 60"), sdk.InvalidInput, `is not a connector plugin: it printed "hello"`},
		{"says much", "", shell("head -c 100000 /dev/zero | tr '\\0' x; echo; exec sleep 60"), sdk.InvalidInput, "is not a connector plugin"},
		{"almost hello", "", shell("echo '1|one|unix|x'; exec sleep 60"), sdk.InvalidInput, "is not a connector plugin"},
		{"other core", "", shell("echo '9|1|unix|x'; exec sleep 60"), sdk.InvalidInput, "version 9 of go-plugin's protocol"},
		{"newer", roleNewer, nil, sdk.InvalidInput, "speaks version 2 of the connector protocol, this host speaks 1"},
		{"net/rpc", roleOldSpeak, nil, sdk.InvalidInput, "does not speak gRPC"},
		{"another kind", roleOther, nil, sdk.Internal, "does not describe itself"},
		{"silent", "", func(c *host.Config) {
			shell("echo >&2 thinking about it; exec sleep 60")(c)
			c.StartTimeout = 500 * time.Millisecond
		}, sdk.Unavailable, `did not say its address within 500ms; it last said "thinking about it"`},
		{"by hand", "", func(c *host.Config) { c.Args = []string{"-test.run=^$"} }, sdk.InvalidInput, "is not a connector plugin"},
		{"child holds its output", "", shell("sleep 3 & exit 0"), sdk.Unavailable, "ended (exit status 0)"},
		{"no room for a socket", plugintest.Plugin, func(c *host.Config) {
			c.Env = append(c.Env, "PLUGIN_MIN_PORT=1") // harmless: go-plugin's own comes last
			c.Path = "/bin/sh"
			c.Args = []string{"-c", "PLUGIN_UNIX_SOCKET_DIR=/nonexistent exec \"$0\"", executable(t)}
		}, sdk.Unavailable, `it last said "plugin init error: open /nonexistent`},
	} {
		t.Run(test.name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			temp := tempDir(t)
			t.Setenv("TMPDIR", temp)
			c := config(t, test.role)
			if test.change != nil {
				test.change(&c)
			}
			start := time.Now()
			p, err := host.Launch(t.Context(), c)
			if err == nil {
				p.Close()
				t.Fatal("launched")
			}
			if took := time.Since(start); took > patience {
				t.Errorf("took %s", took)
			}
			var e *sdk.Error
			if !errors.As(err, &e) || e.Code != test.code || !strings.Contains(e.Message, test.want) {
				t.Errorf("got %v, want %s with %q", err, test.code, test.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("repeats what may be a secret")
			}
			if left := entries(t, temp); left != nil {
				t.Errorf("left %q", left)
			}
		})
	}
}

func executable(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// A launch ends with its context, and takes the process along.
func TestLaunchCanceled(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := host.Launch(ctx, config(t, roleSilent))
	if e := sdk.AsError(err); e == nil || e.Code != sdk.Timeout {
		t.Errorf("got %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	_, err = host.Launch(ctx, config(t, plugintest.Plugin))
	if e := sdk.AsError(err); e == nil || e.Code != sdk.Canceled {
		t.Errorf("got %v", err)
	}
}

// With a checksum exactly the bytes that were hashed run, at a restart too, whatever
// becomes of the file meanwhile; without one the file is started as it is.
func TestChecksum(t *testing.T) {
	right, err := os.ReadFile(executable(t))
	if err != nil {
		t.Fatal(err)
	}
	other := []byte("#!/bin/sh\necho I am somebody else\n")
	sum := sha256.Sum256(right)
	off := sum
	off[0]++
	script := []byte("#!/bin/sh\nexec " + executable(t) + " \"$@\"\n")
	for name, test := range map[string]struct {
		binary, checksum []byte
		spoil            func(path string) error // after the launch
		refused          bool
	}{
		"kept": {binary: right, checksum: sum[:], spoil: func(string) error { return nil }},
		"replaced": {binary: right, checksum: sum[:], spoil: func(path string) error {
			return errors.Join(os.Remove(path), os.WriteFile(path, other, 0o700))
		}},
		"deleted":              {binary: right, checksum: sum[:], spoil: os.Remove},
		"made not executable":  {binary: right, checksum: sum[:], spoil: func(path string) error { return os.Chmod(path, 0o600) }},
		"written to":           {binary: right, checksum: sum[:], spoil: func(path string) error { return os.WriteFile(path, other, 0o700) }},
		"a script, written to": {binary: script, checksum: sumOf(script), spoil: func(path string) error { return os.WriteFile(path, other, 0o700) }},
		"a bit differs":        {binary: right, checksum: off[:], refused: true},
		"another program":      {binary: other, checksum: sum[:], refused: true},
		"longer by a byte":     {binary: append(right[:len(right):len(right)], 0), checksum: sum[:], refused: true},
		"cut off":              {binary: right[:len(right)-1], checksum: sum[:], refused: true},
		"empty":                {binary: nil, checksum: sum[:], refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(tempDir(t), "plugin")
			temp := tempDir(t)
			t.Setenv("TMPDIR", temp)
			if err := os.WriteFile(path, test.binary, 0o700); err != nil {
				t.Fatal(err)
			}
			p, err := host.Launch(t.Context(), config(t, plugintest.Plugin, func(c *host.Config) { c.Path, c.Checksum = path, test.checksum }))
			if test.refused {
				if e := sdk.AsError(err); e == nil || e.Code != sdk.InvalidInput || !errors.Is(err, goplugin.ErrChecksumsDoNotMatch) {
					t.Fatalf("got %v", err)
				}
			} else {
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				if err := test.spoil(path); err != nil {
					t.Fatal(err)
				}
				s := open(t, p, "a")
				first := mustEcho(t, s).PID
				_, _ = s.Run(t.Context(), "crash", nil)
				if second := mustEcho(t, s).PID; second == first {
					t.Error("the process is still the same")
				}
				if err := p.Close(); err != nil {
					t.Error(err)
				}
			}
			if left := entries(t, temp); left != nil {
				t.Errorf("left %q", left)
			}
		})
	}
}

func sumOf(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

// TestLogs checks that the plugin's log lines reach the host's logger from its level on,
// and that printed text does not.
func TestLogs(t *testing.T) {
	t.Parallel()
	var l logs
	p := launch(t, func(c *host.Config) { c.Logger = l.logger(hclog.Info) })
	mustEcho(t, open(t, p, "a"))
	eventually(t, 20*time.Second, "the log line", func() bool {
		return strings.Contains(l.String(), "ran action: ") && strings.Contains(l.String(), "action=echo")
	})
	var quiet logs
	p = launch(t, func(c *host.Config) { c.Logger = quiet.logger(hclog.Error) })
	mustEcho(t, open(t, p, "a"))
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if got := quiet.String(); got != "" {
		t.Errorf("logged %s", got)
	}
}

func TestManifestThroughProcess(t *testing.T) {
	t.Parallel()
	m, err := launch(t).Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(m.Settings) || m.Name != "plugintest" {
		t.Errorf("got %+v", m)
	}
}
