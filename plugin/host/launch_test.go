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

// TestLaunchErrors checks that the launch of a faulty plugin fails in time with the right message
// and code, and leaves no files.
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
	const timeLimit = 15 * time.Second
	for _, test := range []struct {
		name   string
		role   string
		change func(*host.Config)
		code   sdk.Code
		want   string
	}{
		{"no path", "", path(""), sdk.InvalidInput, "needs the path"},
		{"missing", "", path(filepath.Join(dir, "nowhere")), sdk.InvalidInput, "there is no plugin at"},
		{"name in PATH", "", path("true"), sdk.InvalidInput, "there is no plugin at"},
		{"directory", "", path(dir), sdk.InvalidInput, "is not a file"},
		{"not executable", "", path(plain), sdk.InvalidInput, "is not executable"},
		{"not a program", "", path(garbage), sdk.InvalidInput, "is not a program"},
		{"bad variable", "", func(c *host.Config) { c.Env = []string{"hunter2"} }, sdk.InvalidInput, "must be NAME=value"},
		{"short checksum", "", func(c *host.Config) { c.Checksum = []byte{1} }, sdk.InvalidInput, "SHA-256 of 32 bytes, not 1"},
		{"ends at once", "", shell("exit 7"), sdk.Unavailable, "ended (exit status 7) before it printed its address"},
		{"ends with a message", "", shell("echo >&2 first; echo >&2 no license; exit 1"), sdk.Unavailable, `its last output is "no license"`},
		{"prints another line", "", shell("echo hello; exec sleep 60"), sdk.InvalidInput, `is not a connector plugin: it printed "hello"`},
		{"prints a long line", "", shell("head -c 100000 /dev/zero | tr '\\0' x; echo; exec sleep 60"), sdk.InvalidInput, "is not a connector plugin"},
		{"malformed address", "", shell("echo '1|one|unix|x'; exec sleep 60"), sdk.InvalidInput, "is not a connector plugin"},
		{"other go-plugin version", "", shell("echo '9|1|unix|x'; exec sleep 60"), sdk.InvalidInput, "version 9 of go-plugin's protocol"},
		{"newer protocol", roleNewer, nil, sdk.InvalidInput, "speaks version 2 of the connector protocol, this host speaks 1"},
		{"net/rpc", roleOldSpeak, nil, sdk.InvalidInput, "does not speak gRPC"},
		{"other service", roleOther, nil, sdk.Internal, "returned no manifest"},
		{"silent", "", func(c *host.Config) {
			shell("echo >&2 thinking about it; exec sleep 60")(c)
			c.StartTimeout = 500 * time.Millisecond
		}, sdk.Unavailable, `did not print its address within 500ms; its last output is "thinking about it"`},
		{"no plugin environment", "", func(c *host.Config) { c.Args = []string{"-test.run=^$"} }, sdk.InvalidInput, "is not a connector plugin"},
		{"child keeps the output open", "", shell("sleep 3 & exit 0"), sdk.Unavailable, "ended (exit status 0)"},
		{"no directory for the socket", plugintest.Plugin, func(c *host.Config) {
			c.Env = append(c.Env, "PLUGIN_MIN_PORT=1") // without effect, because the variable of go-plugin comes last
			c.Path = "/bin/sh"
			c.Args = []string{"-c", "PLUGIN_UNIX_SOCKET_DIR=/nonexistent exec \"$0\"", executable(t)}
		}, sdk.Unavailable, `its last output is "plugin init error: open /nonexistent`},
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
				t.Fatal("the launch succeeded")
			}
			if took := time.Since(start); took > timeLimit {
				t.Errorf("took %s", took)
			}
			var e *sdk.Error
			if !errors.As(err, &e) || e.Code != test.code || !strings.Contains(e.Message, test.want) {
				t.Errorf("got %v, want %s with %q", err, test.code, test.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("the error contains a value that may be secret")
			}
			if left := entries(t, temp); left != nil {
				t.Errorf("the files %q are left", left)
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

// TestLaunchCanceled checks that a canceled launch returns and ends the process.
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

// TestChecksum checks that only the hashed bytes run, also after a restart and a change of the
// file. Without a checksum, the current file is started.
func TestChecksum(t *testing.T) {
	right, err := os.ReadFile(executable(t))
	if err != nil {
		t.Fatal(err)
	}
	other := []byte("#!/bin/sh\necho another program\n")
	sum := sha256.Sum256(right)
	off := sum
	off[0]++
	script := []byte("#!/bin/sh\nexec " + executable(t) + " \"$@\"\n")
	for name, test := range map[string]struct {
		binary, checksum []byte
		damage           func(path string) error // after the launch
		rejected         bool
	}{
		"kept": {binary: right, checksum: sum[:], damage: func(string) error { return nil }},
		"replaced": {binary: right, checksum: sum[:], damage: func(path string) error {
			return errors.Join(os.Remove(path), os.WriteFile(path, other, 0o700))
		}},
		"deleted":              {binary: right, checksum: sum[:], damage: os.Remove},
		"made not executable":  {binary: right, checksum: sum[:], damage: func(path string) error { return os.Chmod(path, 0o600) }},
		"written to":           {binary: right, checksum: sum[:], damage: func(path string) error { return os.WriteFile(path, other, 0o700) }},
		"a script, written to": {binary: script, checksum: sumOf(script), damage: func(path string) error { return os.WriteFile(path, other, 0o700) }},
		"a bit differs":        {binary: right, checksum: off[:], rejected: true},
		"another program":      {binary: other, checksum: sum[:], rejected: true},
		"longer by a byte":     {binary: append(right[:len(right):len(right)], 0), checksum: sum[:], rejected: true},
		"cut off":              {binary: right[:len(right)-1], checksum: sum[:], rejected: true},
		"empty":                {binary: nil, checksum: sum[:], rejected: true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(tempDir(t), "plugin")
			temp := tempDir(t)
			t.Setenv("TMPDIR", temp)
			if err := os.WriteFile(path, test.binary, 0o700); err != nil {
				t.Fatal(err)
			}
			p, err := host.Launch(t.Context(), config(t, plugintest.Plugin, func(c *host.Config) { c.Path, c.Checksum = path, test.checksum }))
			if test.rejected {
				if e := sdk.AsError(err); e == nil || e.Code != sdk.InvalidInput || !errors.Is(err, goplugin.ErrChecksumsDoNotMatch) {
					t.Fatalf("got %v", err)
				}
			} else {
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				if err := test.damage(path); err != nil {
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
				t.Errorf("the files %q are left", left)
			}
		})
	}
}

func sumOf(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

// TestLogs checks that log lines of the plugin reach the host's logger from its level up, and that
// other output does not.
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
