package host_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"soar.example/okta/plugin"
	"soar.example/okta/plugin/internal/plugintest"
)

// TestHostKilled checks that a plugin ends within two seconds after its host was killed, even
// during a call that ignores cancellation. It also removes its socket.
func TestHostKilled(t *testing.T) {
	for _, stubborn := range []bool{false, true} {
		t.Run(fmt.Sprint("stubborn=", stubborn), func(t *testing.T) {
			temp := tempDir(t)
			h := holder(t)
			cmd := exec.Command(executable(t), string(h.Input(stubborn)))
			cmd.Env = append(append(os.Environ(), plugintest.Env(roleHost)...), "TMPDIR="+temp)
			var words bytes.Buffer
			cmd.Stderr = &words
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			pid, err2 := strconv.Atoi(strings.TrimSpace(line))
			if err != nil || err2 != nil || pid <= 0 {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
				t.Fatalf("the host printed %q: %v, %s", line, err, words.String())
			}
			conn := within(t, 20*time.Second, h.Held(), "the call")
			defer conn.Close()
			if len(entries(t, temp)) == 0 {
				t.Error("there is no socket before the end")
			}

			start := time.Now()
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			eventually(t, 2*time.Second, "the end of the plugin", func() bool { return gone(pid) })
			t.Logf("gone within %s", time.Since(start))
			eventually(t, time.Second, "the end of its socket", func() bool { return len(entries(t, temp)) == 0 })
		})
	}
}

// gone reports whether a process has ended. A zombie counts as ended.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) == syscall.ESRCH {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return os.IsNotExist(err)
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X")
}

// TestEnvironment checks that a plugin gets only the necessary variables of the host's
// environment.
func TestEnvironment(t *testing.T) {
	t.Setenv("OKTA_CANARY_TOKEN", "canary")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "canary")
	t.Setenv("HOME", "/canary")
	t.Setenv("https_proxy", "http://proxy.example:3128")
	t.Setenv("SSL_CERT_FILE", "/etc/certs.pem")
	p := launch(t)
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.PID()))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte("canary")) {
		t.Errorf("the plugin has a variable of the host: %q", raw)
	}
	env := map[string]string{}
	for _, v := range strings.Split(string(raw), "\x00") {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	for name, want := range map[string]string{
		"https_proxy": "http://proxy.example:3128", "SSL_CERT_FILE": "/etc/certs.pem",
		plugintest.EnvRole: plugintest.Plugin, plugin.EnvHostPID: strconv.Itoa(os.Getpid()),
	} {
		if env[name] != want {
			t.Errorf("%s is %q", name, env[name])
		}
	}
	stdin, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/0", p.PID()))
	if err != nil || stdin != "/dev/null" {
		t.Errorf("its input is %q, %v", stdin, err)
	}
}
