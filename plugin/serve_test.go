//go:build unix

package plugin_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"

	"soar.example/okta/plugin"
	"soar.example/okta/plugin/internal/plugintest"
	"soar.example/okta/sdk"
)

// command returns this test binary as the plugin, with only the environment of the test.
func command(t *testing.T, env ...string) (cmd *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.CommandContext(t.Context(), path)
	cmd.Env = append(plugintest.Env(plugintest.Plugin), env...)
	stderr = new(bytes.Buffer)
	cmd.Stderr = stderr
	return cmd, stderr
}

// hosted returns the environment that go-plugin gives to a plugin.
func hosted(dir string) []string {
	return []string{
		plugin.Handshake.MagicCookieKey + "=" + plugin.Handshake.MagicCookieValue,
		"PLUGIN_PROTOCOL_VERSIONS=1", goplugin.EnvUnixSocketDir + "=" + dir,
	}
}

// ends waits for the process, and fails the test after the limit.
func ends(t *testing.T, cmd *exec.Cmd, limit time.Duration) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		_ = cmd.Process.Kill()
		<-done
		t.Fatalf("did not end within %s", limit)
	}
}

func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "p")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// TestStartedByPerson checks that a plugin that a person starts prints one line and ends.
func TestStartedByPerson(t *testing.T) {
	for _, cookie := range []string{"", "another"} {
		cmd, stderr := command(t, plugin.Handshake.MagicCookieKey+"="+cookie)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		printed, err := bufio.NewReader(out).ReadString(0)
		if printed != "" {
			t.Errorf("printed %q, %v", printed, err)
		}
		ends(t, cmd, 20*time.Second)
		if code := cmd.ProcessState.ExitCode(); code != 2 {
			t.Errorf("exit status %d", code)
		}
		if want := "This is the plugin of a test. Run go test instead.\n"; stderr.String() != want {
			t.Errorf("stderr is %q", stderr)
		}
	}
}

// TestHostDiedBefore checks that a plugin ends if its host died before the plugin's first check.
func TestHostDiedBefore(t *testing.T) {
	dead := exec.Command("/bin/sh", "-c", "exit 0")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	dir := socketDir(t)
	cmd, stderr := command(t, append(hosted(dir), plugin.EnvHostPID+"="+strconv.Itoa(dead.Process.Pid))...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ends(t, cmd, 20*time.Second)
	if !strings.Contains(stderr.String(), "the host has died") {
		t.Errorf("stderr is %s", stderr)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("its directory: %v", err)
	}
}

// TestTerminated checks that a plugin that is asked to end exits without an error. It removes its
// socket, but not the directory, which belongs to the host.
func TestTerminated(t *testing.T) {
	dir := socketDir(t)
	cmd, stderr := command(t, append(hosted(dir), plugin.EnvHostPID+"=nonsense")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "1|1|unix|"+dir) {
		t.Fatalf("the first line is %q, %v", line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ends(t, cmd, 20*time.Second)
	if !cmd.ProcessState.Success() {
		t.Errorf("%s: %s", cmd.ProcessState, stderr)
	}
	if left, _ := filepath.Glob(dir + "/*"); left != nil {
		t.Errorf("the files %q are left", left)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
}

// TestCannotServe checks that a plugin that cannot serve logs the reason in the form that hosts
// read.
func TestCannotServe(t *testing.T) {
	cmd, stderr := command(t, hosted(filepath.Join(socketDir(t), "nowhere"))...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ends(t, cmd, 20*time.Second)
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit status %d", code)
	}
	var entry map[string]any
	if err := json.Unmarshal(stderr.Bytes(), &entry); err != nil || entry["@level"] != "error" {
		t.Errorf("stderr is %s: %v", stderr, err)
	}
}

// TestForeignHost checks that any go-plugin host can use the plugin through the exports of this
// package.
func TestForeignHost(t *testing.T) {
	cmd, _ := command(t)
	cmd.Stderr = nil // go-plugin's
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: plugin.Handshake, VersionedPlugins: plugin.Plugins(nil), Cmd: cmd,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC}, GRPCDialOptions: plugin.DialOptions(),
		SkipHostEnv: true, AutoMTLS: true, Logger: hclog.NewNullLogger(),
	})
	defer client.Kill()
	rpc, err := client.Client()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := rpc.Dispense(plugin.Name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := raw.(sdk.Backend).Open(t.Context(), json.RawMessage(`{"org":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	page, err := s.Poll(t.Context(), "pages", json.RawMessage(`{"events":10,"bytes":1000000}`), nil)
	if err != nil || len(page.Events) != 10 || len(page.Events[9].Data) < 1e6 {
		t.Errorf("got %d events, %v", len(page.Events), err)
	}
	client.Kill()
	if !cmd.ProcessState.Success() {
		t.Errorf("ended with %s", cmd.ProcessState)
	}
	_, err = s.Check(t.Context())
	if e := sdk.AsError(err); e == nil || e.Code != sdk.Unavailable {
		t.Errorf("after the end: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
