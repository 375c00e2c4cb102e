//go:build linux

package reliability

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A watch is a soar watch in a separate process.
type watch struct {
	s    *fixture
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended and all of its output was read

	mu     sync.Mutex
	lines  []line
	stderr bytes.Buffer // error output
}

// A line is a line of the output of soar watch --json.
type line struct {
	Kind    string `json:"kind"`
	Status  string `json:"status"`
	Message string `json:"message"`
	Ended   bool   `json:"ended"`
	URL     string `json:"url"`
	Health  string `json:"health"`
	Error   struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// watch starts a soar watch of the fixture's org.
func (s *fixture) watch(args ...string) *watch {
	s.Helper()
	return s.start(exec.Command(soarBinary, s.arguments(args...)...))
}

func (s *fixture) arguments(args ...string) []string {
	return append([]string{"watch", "--json", "--every", "1s", "--store", s.store, filepath.Join(s.dir, "contain.yaml")}, args...)
}

func (s *fixture) start(cmd *exec.Cmd) *watch {
	s.Helper()
	w := &watch{s: s, cmd: cmd, done: make(chan struct{})}
	cmd.Dir = s.dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + s.dir, "HOME=" + s.dir, "OKTA_ORG_URL=" + s.url, "OKTA_API_TOKEN=" + s.token}, s.env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	cmd.Stderr = (*stderrWriter)(w)
	// A plugin that ends slightly after its host keeps the pipes open.
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	go func() {
		defer close(w.done)
		w.read(out)
		_ = cmd.Wait() // the result is in ProcessState
		s.notify()
	}()
	s.Cleanup(w.kill)
	return w
}

func (w *watch) read(out io.Reader) {
	in := bufio.NewReader(out)
	for {
		raw, err := in.ReadBytes('\n')
		var l line
		if json.Unmarshal(raw, &l) == nil {
			w.mu.Lock()
			w.lines = append(w.lines, l)
			w.mu.Unlock()
			w.s.notify()
		}
		if err != nil {
			return
		}
	}
}

// stderrWriter collects the error output of a watch.
type stderrWriter watch

func (w *stderrWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stderr.Write(b)
}

// output returns the error output of a watch and its error lines.
func (w *watch) output() string {
	errors := w.of("error")
	w.mu.Lock()
	defer w.mu.Unlock()
	return fmt.Sprintf("%s%+v", w.stderr.String(), errors)
}

// count returns the number of lines of a kind.
func (w *watch) count(kind string) int { return len(w.of(kind)) }

func (w *watch) of(kind string) []line {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []line
	for _, l := range w.lines {
		if l.Kind == kind {
			out = append(out, l)
		}
	}
	return out
}

// waitForLines waits for n lines of a kind.
func (w *watch) waitForLines(n int, kind string) {
	w.s.Helper()
	w.s.until(fmt.Sprintf("%d lines %s", n, kind), 30*time.Second, func() bool {
		if w.ended() && w.count(kind) < n {
			w.s.Fatalf("soar watch ended: %s", w.output())
		}
		return w.count(kind) >= n
	})
}

func (w *watch) ended() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// kill sends SIGKILL and waits for the end.
func (w *watch) kill() {
	_ = w.cmd.Process.Kill() // it may have ended already
	<-w.done
}

// stop sends SIGTERM and waits for the end.
func (w *watch) stop() {
	w.s.Helper()
	_ = w.cmd.Process.Signal(syscall.SIGTERM)
	w.wait(20 * time.Second)
}

// wait waits for the end and returns the exit status.
func (w *watch) wait(most time.Duration) int {
	w.s.Helper()
	select {
	case <-w.done:
		return w.cmd.ProcessState.ExitCode()
	case <-time.After(most):
		w.s.Fatalf("soar watch does not end within %s: %s", most, w.output())
		return 0
	}
}

// plugin returns the ID of the plugin process, 0 if there is none.
func (w *watch) plugin() int {
	for _, pid := range children(w.cmd.Process.Pid) {
		return pid
	}
	return 0
}

// killPlugin sends SIGKILL to the plugin process, and reports whether there was one.
func (w *watch) killPlugin() bool {
	pid := w.plugin()
	return pid != 0 && syscall.Kill(pid, syscall.SIGKILL) == nil
}

func children(of int) []int {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", of))
	var out []int
	for _, list := range lists {
		raw, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(raw)) {
			if pid, err := strconv.Atoi(field); err == nil {
				out = append(out, pid)
			}
		}
	}
	return out
}

// gone reports whether a process has ended.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return os.IsNotExist(err)
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X")
}
