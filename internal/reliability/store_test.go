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

	"soar.example/okta/internal/oktatest"
)

func twoWatchers(t *testing.T) string {
	s := newScene(t, oktatest.Options{})
	s.deny(5)
	w := s.watch()
	s.through(w, 5)
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
			t.Errorf("says %+v", errors)
		}
	}
	s.deny(5)
	return "the second is refused and says why; " + s.settle(w)
}

// damaged has the store of a killed process, spoilt in several ways: none may be
// taken for an empty one, from which reading would begin at now.
func damaged(t *testing.T) string {
	s := newScene(t, oktatest.Options{})
	s.page(4)
	s.deny(40)
	w := s.watch()
	s.through(w, 40)
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
		_ = os.Remove(s.store + "-shm") // it belongs to the log
	}
	// A process that ends in good order puts the log into the file.
	end := s.watch()
	end.has(1, "watching")
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
		"bits flipped":     {"": flipped(settled)},
		"half overwritten": {"": append(bytes.Clone(settled[:half]), bytes.Repeat([]byte{0xff}, len(settled)-half)...)},
	} {
		put(files)
		refused := s.watch()
		s.until("end of a watch of a store that is "+name, 20*time.Second, refused.ended)
		if refused.cmd.ProcessState.ExitCode() == 0 || refused.count("watching") > 0 {
			t.Errorf("%s: was watched: %s", name, refused.said())
		}
		if n := refused.count("error"); n != 1 {
			t.Errorf("%s: %d errors were said", name, n)
		}
		if after, err := os.ReadFile(s.store); err != nil || !bytes.Equal(after, files[""]) {
			t.Errorf("%s: the file was changed", name)
		}
	}
	// A log that was cut off in its last commit ends before that commit, and what it
	// held is read again.
	log := whole["-wal"]
	put(map[string][]byte{"": whole[""], "-wal": log[:max(0, len(log)-2000)]})
	s.deny(4)
	return "refused with the reason, the file stays as it is; of a log torn in its last commit: " + s.settle(s.watch())
}

// emptied has a store of which nothing is left.
func emptied(t *testing.T) string {
	s := newScene(t, oktatest.Options{})
	s.deny(5)
	w := s.watch()
	s.through(w, 5)
	w.stop()
	if err := os.Truncate(s.store, 0); err != nil {
		t.Fatal(err)
	}
	s.deny(5)
	out := s.settle(s.watch())
	return notKept + ": an empty file is what a process leaves that is killed while it makes a store, and is taken for that, with a note; reading begins where a first poll does (`look_back`, here 24 h), where " + out + " in the new store"
}

// flipped turns a bit in each page but the first.
func flipped(b []byte) []byte {
	out := bytes.Clone(b)
	for at := 4096; at < len(out); at += 4096 {
		out[at] ^= 0x40
	}
	return out
}

// diskFull has the store on a file system of its own, in a name space of its own.
func diskFull(t *testing.T) string {
	s := newScene(t, oktatest.Options{})
	disk := filepath.Join(s.dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	outside := s.store
	s.store = filepath.Join(disk, "soar.db")
	// The shell keeps the name space, and starts soar again as a service manager does.
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
		t.Skipf("no file system of one's own can be had here: %v %s", err, out)
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
				t.Fatalf("the shell ended: %s", w.said())
			}
			return succeeded(w) >= n
		}
	}
	s.until("end of the first runs", 30*time.Second, finished(5))
	// Once while it waits for events, and once with runs under way.
	for _, busy := range []bool{false, true} {
		if busy {
			s.deny(40)
			started := succeeded(w)
			s.until("run", 30*time.Second, func() bool { return succeeded(w) > started })
		}
		trouble := w.count("poll_failed") + w.count("error")
		ballast := filepath.Join(inside, "ballast")
		fill(t, ballast)
		s.deny(10)
		s.until("trouble for want of space", 30*time.Second, func() bool { return w.count("poll_failed")+w.count("error") > trouble })
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
	return "the page is kept, health is bad, nothing is damaged; once there is space " + s.check()
}

// unhealthy reports whether the latest soar says so to a health check, or has ended.
func unhealthy(w *watch) bool {
	metrics := w.of("metrics")
	resp, err := http.Get(metrics[len(metrics)-1].Health)
	if err != nil {
		return true
	}
	defer resp.Body.Close()
	return resp.StatusCode != http.StatusOK
}

// succeeded counts the runs that a watch, or several, said to have ended well.
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
