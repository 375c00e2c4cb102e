//go:build linux

package reliability

import (
	"bytes"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// ioErrors injects EIO into the system calls of a running watch on the store's files: into every sync, then into
// every write.
func ioErrors(t *testing.T) string {
	probe := exec.Command("strace", "-f", "-qq", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO", "true")
	if out, err := probe.CombinedOutput(); err != nil {
		t.Skipf("strace cannot inject errors here: %v %s", err, out)
	}
	s := newFixture(t, oktasim.Options{})
	s.deny(5)
	w := s.watch()
	s.waitForRuns(w, 5)
	done := func() bool { return s.finished() >= s.events }
	for _, calls := range []string{"fsync,fdatasync", "pwrite64"} {
		failures := w.count("poll_failed") + w.count("error")
		stop := s.inject(w, calls)
		s.deny(10)
		s.until("an error of "+calls, 30*time.Second, func() bool { return w.count("poll_failed")+w.count("error") > failures })
		stop()
		// A watch retries after a failed poll. A watch that cannot store a run ends, and a service manager
		// restarts it.
		s.until("end of all runs, or of the watch", 60*time.Second, func() bool { return w.ended() || done() })
		if w.ended() {
			if code := w.cmd.ProcessState.ExitCode(); code != 1 {
				t.Errorf("exit status %d: %s", code, w.output())
			}
			w = s.watch()
			s.until("end of all runs", 60*time.Second, done)
		}
	}
	return "an event that cannot be stored starts nothing, and the error is reported; " + s.settle(w)
}

// inject injects EIO into the watch's system calls on its store until stop is called.
func (s *fixture) inject(w *watch, calls string) (stop func()) {
	s.Helper()
	cmd := exec.Command("strace", "-f", "-e", "trace="+calls, "-e", "inject="+calls+":error=EIO",
		"-P", s.store, "-P", s.store+"-wal", "-p", strconv.Itoa(w.cmd.Process.Pid))
	said := new(transcript)
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	s.until("strace attached", 10*time.Second, func() bool { return said.has("attached") })
	return func() {
		s.Helper()
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended with the watch
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			s.Fatal("strace does not end")
		}
		if !said.has("(INJECTED)") {
			s.Fatalf("nothing was injected: %s", said.text())
		}
	}
}

// A transcript collects the output of a process while it runs.
type transcript struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *transcript) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(b)
}

func (t *transcript) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

func (t *transcript) has(word string) bool { return strings.Contains(t.text(), word) }
