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

// A watch is a soar watch in a process of its own.
type watch struct {
	s    *scene
	cmd  *exec.Cmd
	done chan struct{} // closed once it has ended and all of its words were read

	mu    sync.Mutex
	lines []line
	words bytes.Buffer // what it said besides
}

// A line is one that soar watch --json prints.
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

// watch starts a soar watch of the scene's org.
func (s *scene) watch(args ...string) *watch {
	s.Helper()
	return s.start(exec.Command(soarBinary, s.arguments(args...)...))
}

func (s *scene) arguments(args ...string) []string {
	return append([]string{"watch", "--json", "--every", "1s", "--store", s.store, filepath.Join(s.dir, "book.yaml")}, args...)
}

func (s *scene) start(cmd *exec.Cmd) *watch {
	s.Helper()
	w := &watch{s: s, cmd: cmd, done: make(chan struct{})}
	cmd.Dir = s.dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + s.dir, "HOME=" + s.dir, "OKTA_ORG_URL=" + s.url, "OKTA_API_TOKEN=" + s.token}, s.env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	cmd.Stderr = (*words)(w)
	// A plugin that outlives its host for a moment holds the pipes.
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	go func() {
		defer close(w.done)
		w.read(out)
		_ = cmd.Wait() // how it ended is in its state
		s.ring()
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
			w.s.ring()
		}
		if err != nil {
			return
		}
	}
}

// words takes what a watch says on its error output.
type words watch

func (w *words) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.words.Write(b)
}

// said is what a watch said besides its lines, and its errors.
func (w *watch) said() string {
	errors := w.of("error")
	w.mu.Lock()
	defer w.mu.Unlock()
	return fmt.Sprintf("%s%+v", w.words.String(), errors)
}

// count is how many lines of a kind there were.
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

// has waits for so many lines of a kind.
func (w *watch) has(n int, kind string) {
	w.s.Helper()
	w.s.until(fmt.Sprintf("%d lines %s", n, kind), 30*time.Second, func() bool {
		if w.ended() && w.count(kind) < n {
			w.s.Fatalf("soar watch ended: %s", w.said())
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

// kill is kill -9, and waits for the end.
func (w *watch) kill() {
	_ = w.cmd.Process.Kill() // it may have ended by itself
	<-w.done
}

// stop asks for a clean end.
func (w *watch) stop() {
	w.s.Helper()
	_ = w.cmd.Process.Signal(syscall.SIGTERM)
	w.wait(20 * time.Second)
}

// wait returns the exit status.
func (w *watch) wait(most time.Duration) int {
	w.s.Helper()
	select {
	case <-w.done:
		return w.cmd.ProcessState.ExitCode()
	case <-time.After(most):
		w.s.Fatalf("soar watch does not end within %s: %s", most, w.said())
		return 0
	}
}

// plugin is the id of the plugin process, 0 if there is none.
func (w *watch) plugin() int {
	for _, pid := range children(w.cmd.Process.Pid) {
		return pid
	}
	return 0
}

// killPlugin is kill -9 of the plugin process, and reports whether there was one.
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
