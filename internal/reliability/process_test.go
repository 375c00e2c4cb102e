//go:build linux

package reliability

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// orphaned kills the host, once while it waits and once during the request for a page.
func orphaned(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	s.deny(3)
	w := s.watch()
	s.waitForRuns(w, 3)
	for _, busy := range []bool{false, true} {
		asked := make(chan struct{}, 100)
		if busy {
			s.interceptWith(func(_ http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != logPath {
					return false
				}
				asked <- struct{}{}
				<-r.Context().Done() // never responds
				return true
			})
			s.deny(3)
			<-asked
		}
		pid := w.plugin()
		if pid == 0 {
			t.Fatal("there is no plugin process")
		}
		w.kill()
		s.until("end of the plugin", 2*time.Second, func() bool { return gone(pid) })
		s.interceptWith(nil)
		s.deny(2)
		w = s.watch()
		s.waitForRuns(w, s.events)
	}
	return "the plugin is gone within 2 s; " + s.settle(w)
}

// pinned replaces the plugin's binary before and after its checksum was verified.
func pinned(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	plugin := filepath.Join(s.dir, "plugin")
	right := []byte("#!/bin/sh\nexec " + soarBinary + " serve-plugin\n")
	sum := sha256.Sum256(right)
	put := func(text []byte) {
		if err := os.WriteFile(plugin, text, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	flags := []string{"--plugin", plugin, "--plugin-sha256", hex.EncodeToString(sum[:])}
	put([]byte("#!/bin/sh\necho This is another program\n"))
	if other := s.watch(flags...); other.wait(20*time.Second) != 2 || !strings.Contains(other.output(), "its SHA-256 differs") {
		t.Errorf("another program: %s", other.output())
	}
	put(right)
	s.deny(3)
	w := s.watch(flags...)
	s.waitForRuns(w, 3)
	put([]byte("#!/bin/sh\necho This is another program\n"))
	if !w.killPlugin() {
		t.Fatal("there is no plugin process")
	}
	s.deny(3)
	return "another program is rejected with exit status 2; a running watch restarts its plugin from the verified bytes: " + s.settle(w)
}

// swapped replaces the plugin by another program.
func swapped(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	plugin := filepath.Join(s.dir, "plugin")
	right, wrong := "#!/bin/sh\nexec "+soarBinary+" serve-plugin\n", "#!/bin/sh\necho This is another program\n"
	put := func(text string) {
		if err := os.WriteFile(plugin+".new", []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(plugin+".new", plugin); err != nil {
			t.Fatal(err)
		}
	}
	put(right)
	s.deny(3)
	w := s.watch("--plugin", plugin)
	s.waitForRuns(w, 3)
	put(wrong)
	if !w.killPlugin() {
		t.Fatal("there is no plugin process")
	}
	s.deny(3)
	// The host sends nothing to the other program. A service manager restarts the watch.
	if code := w.wait(30 * time.Second); code != 2 {
		t.Errorf("exit status %d, not 2: %s", code, w.output())
	}
	put(right)
	return "the other program receives nothing; the watch ends with exit status 2 and reports its output; after a restart, " +
		s.settle(s.watch("--plugin", plugin))
}
