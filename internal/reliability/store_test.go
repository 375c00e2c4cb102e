//go:build linux

package reliability

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

func twoWatchers(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	s.deny(5)
	w := s.watch()
	s.waitForRuns(w, 5)
	link := filepath.Join(s.dir, "link.db")
	if err := os.Symlink(s.store, link); err != nil {
		t.Fatal(err)
	}
	for _, store := range []string{s.store, link} {
		second := s.watch("--store", store)
		if code := second.wait(20 * time.Second); code != 1 {
			t.Errorf("exit status %d", code)
		}
		if errors := second.of("error"); len(errors) != 1 || !strings.Contains(errors[0].Error.Message, "another engine works on the store") {
			t.Errorf("errors %+v", errors)
		}
	}
	s.deny(5)
	return "the second is rejected with the reason; " + s.settle(w)
}

// damagedStore damages the store of a killed process in several ways. No damaged store may be accepted as an empty
// one, because the next watch would then start at the current time.
func damagedStore(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	s.writePlaybook(4)
	s.deny(40)
	w := s.watch()
	s.waitForRuns(w, 40)
	w.kill()
	whole := map[string][]byte{}
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(s.store + suffix)
		if err != nil {
			t.Fatal(err)
		}
		whole[suffix] = raw
	}
	put := func(files map[string][]byte) {
		for suffix, raw := range files {
			if err := os.WriteFile(s.store+suffix, raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_ = os.Remove(s.store + "-shm") // belongs to the log
	}
	// A process that ends cleanly writes the log to the file.
	end := s.watch()
	end.waitForLines(1, "watching")
	end.stop()
	settled, err := os.ReadFile(s.store)
	if err != nil {
		t.Fatal(err)
	}
	half := len(settled) / 2
	for name, files := range map[string]map[string][]byte{
		"cut off":          {"": settled[:half]},
		"overwritten":      {"": append(bytes.Clone(settled[:4096]), make([]byte, len(settled)-4096)...)},
		"a word of header": {"": settled[:16]},
		"text":             {"": []byte("not a store")},
		"bits flipped":     {"": flipBits(settled)},
		"half overwritten": {"": append(bytes.Clone(settled[:half]), bytes.Repeat([]byte{0xff}, len(settled)-half)...)},
	} {
		put(files)
		rejected := s.watch()
		s.until("end of a watch of a store that is "+name, 20*time.Second, rejected.ended)
		if rejected.cmd.ProcessState.ExitCode() == 0 || rejected.count("watching") > 0 {
			t.Errorf("%s: the watch started: %s", name, rejected.output())
		}
		if n := rejected.count("error"); n != 1 {
			t.Errorf("%s: %d errors were printed", name, n)
		}
		if after, err := os.ReadFile(s.store); err != nil || !bytes.Equal(after, files[""]) {
			t.Errorf("%s: the file was changed", name)
		}
	}
	// A log that is torn in its last commit ends before that commit. The events of that commit are read again.
	log := whole["-wal"]
	put(map[string][]byte{"": whole[""], "-wal": log[:max(0, len(log)-2000)]})
	s.deny(4)
	return "rejected with the reason and left unchanged; with a log torn in its last commit, " + s.settle(s.watch())
}

// emptyStore truncates the store to zero bytes. Its history is lost, so the watch must not start.
func emptyStore(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	s.deny(5)
	w := s.watch()
	s.waitForRuns(w, 5)
	w.stop()
	whole, err := os.ReadFile(s.store)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(s.store, 0); err != nil {
		t.Fatal(err)
	}
	s.expectError(s.watch(), "--new-store")
	if info, err := os.Stat(s.store); err != nil || info.Size() != 0 {
		t.Errorf("the empty file was changed: %v, %v", info, err)
	}
	other := filepath.Join(s.dir, "other.db")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fresh := s.watch("--store", other, "--new-store")
	fresh.waitForLines(1, "watching")
	fresh.stop()
	if err := os.WriteFile(s.store, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	s.deny(5)
	return "rejected and left unchanged; --new-store starts a new store; with the restored store, " + s.settle(s.watch())
}

// expectError waits for the end of a watch, and checks that it failed with this error.
func (s *fixture) expectError(w *watch, says string) {
	s.Helper()
	if code := w.wait(20 * time.Second); code != 1 {
		s.Errorf("exit status %d", code)
	}
	if errors := w.of("error"); len(errors) != 1 || !strings.Contains(errors[0].Error.Message, says) {
		s.Errorf("errors %+v, want %q", errors, says)
	}
}

// lockDeleted deletes every file that could be a lock, as a cleanup of old files does.
func lockDeleted(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	s.deny(5)
	w := s.watch()
	s.waitForRuns(w, 5)
	files, err := filepath.Glob(filepath.Join(s.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		switch filepath.Base(file) {
		case "soar.db", "soar.db-wal", "soar.db-shm", "contain.yaml":
		default:
			if err := os.RemoveAll(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.expectError(s.watch(), "another engine works on the store")
	s.deny(5)
	return "there is no lock file; the second watch is rejected; " + s.settle(w)
}

// linked creates a second hard link to the store while a watch runs. The watch must end, and no other may start.
func linked(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	s.deny(5)
	w := s.watch()
	s.waitForRuns(w, 5)
	link := filepath.Join(s.dir, "link.db")
	if err := os.Link(s.store, link); err != nil {
		t.Fatal(err)
	}
	s.expectError(w, "2 hard links")
	for _, store := range []string{s.store, link} {
		s.expectError(s.watch("--store", store), "2 hard links")
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	s.deny(5)
	return "the watch ends with exit status 1 within seconds, and no other watch starts; without the link, " + s.settle(s.watch())
}

// storeMoved moves the store away from a running watch, which must end. The events before the move are in the moved
// file and its log.
func storeMoved(corrupt func(s *fixture) error, restore func(s *fixture) error) func(t *testing.T) string {
	return func(t *testing.T) string {
		s := newFixture(t, oktasim.Options{})
		s.deny(5)
		w := s.watch()
		s.waitForRuns(w, 5)
		if err := corrupt(s); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		s.expectError(w, "while in use")
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("it ended after %s", took)
		}
		if err := restore(s); err != nil {
			t.Fatal(err)
		}
		s.deny(5)
		return "the watch ends with exit status 1 within seconds; with the restored store, " + s.settle(s.watch())
	}
}

func (s *fixture) movedPath() string { return filepath.Join(s.dir, "away.db") }

// flipBits returns b with one flipped bit in each page except the first.
func flipBits(b []byte) []byte {
	out := bytes.Clone(b)
	for at := 4096; at < len(out); at += 4096 {
		out[at] ^= 0x40
	}
	return out
}

// diskFull puts the store on a file system of limited size, in a separate mount namespace.
func diskFull(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	disk := filepath.Join(s.dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	outside := s.store
	s.store = filepath.Join(disk, "soar.db")
	// The shell keeps the namespace, and restarts soar as a service manager does.
	script := `mount -t tmpfs -o size=24m tmpfs "$0" || exit 77
while :; do "$@" & echo $! >soar.pid; wait $!; [ -e stop ] && break; sleep 1; done; : >over; while [ ! -e bye ]; do sleep 0.1; done`
	cmd := exec.Command("sh", append([]string{"-c", script, disk, soarBinary}, s.arguments("--metrics", "127.0.0.1:0", "--max-lag", "3s")...)...)
	own := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	probe := exec.Command("mount", "-t", "tmpfs", "tmpfs", disk)
	probe.SysProcAttr = own
	if out, err := probe.CombinedOutput(); err != nil {
		t.Skipf("cannot mount a file system here: %v %s", err, out)
	}
	cmd.SysProcAttr = own
	s.deny(5)
	w := s.start(cmd)
	s.Cleanup(func() {
		if raw, err := os.ReadFile(filepath.Join(s.dir, "soar.pid")); err == nil {
			var pid int
			if _, err := fmt.Sscan(string(raw), &pid); err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	inside := fmt.Sprintf("/proc/%d/root%s", cmd.Process.Pid, disk)
	finished := func(n int) func() bool {
		return func() bool {
			if w.ended() {
				t.Fatalf("the shell ended: %s", w.output())
			}
			return succeeded(w) >= n
		}
	}
	s.until("end of the first runs", 30*time.Second, finished(5))
	// The disk fills up twice: while the watch waits for events, and while runs are active.
	for _, busy := range []bool{false, true} {
		if busy {
			s.deny(40)
			started := succeeded(w)
			s.until("run", 30*time.Second, func() bool { return succeeded(w) > started })
		}
		failures := w.count("poll_failed") + w.count("error")
		ballast := filepath.Join(inside, "ballast")
		fill(t, ballast)
		s.deny(10)
		s.until("an error of the full disk", 30*time.Second, func() bool { return w.count("poll_failed")+w.count("error") > failures })
		s.until("bad health", 30*time.Second, func() bool { return unhealthy(w) })
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		s.until("end of all runs", 60*time.Second, finished(s.events))
	}
	s.write("stop", "")
	var pid int
	raw, err := os.ReadFile(filepath.Join(s.dir, "soar.pid"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(string(raw), &pid); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(pid, syscall.SIGTERM)
	s.until("end of soar", 20*time.Second, func() bool { _, err := os.Stat(filepath.Join(s.dir, "over")); return err == nil })
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(filepath.Join(inside, "soar.db"+suffix))
		if err != nil && (suffix == "" || !os.IsNotExist(err)) {
			t.Fatal(err)
		}
		if err == nil {
			if err := os.WriteFile(outside+suffix, raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.store = outside
	s.write("bye", "")
	w.wait(10 * time.Second)
	t.Logf("%d polls failed, soar ended %d times", w.count("poll_failed"), w.count("error"))
	return "the page is kept, health is bad, nothing is damaged; with free space again, " + s.check()
}

// unhealthy reports whether the health check of the latest soar fails, or soar has ended.
func unhealthy(w *watch) bool {
	metrics := w.of("metrics")
	resp, err := http.Get(metrics[len(metrics)-1].Health)
	if err != nil {
		return true
	}
	defer resp.Body.Close()
	return resp.StatusCode != http.StatusOK
}

// succeeded counts the runs that the watch, including its restarts, reported as succeeded.
func succeeded(w *watch) int {
	n := 0
	for _, l := range w.of("run_finished") {
		if l.Status == "succeeded" {
			n++
		}
	}
	return n
}

// fill writes to a file until there is no space left.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 16; size > 0; size /= 2 {
		block := make([]byte, size)
		for {
			if _, err := f.Write(block); err != nil {
				break
			}
		}
	}
}
