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

// orphaned kills the host, once while it waits and once while a page is under way.
func orphaned(t *testing.T) string {
	s := newScene(t, oktasim.Options{})
	s.deny(3)
	w := s.watch()
	s.through(w, 3)
	for _, busy := range []bool{false, true} {
		asked := make(chan struct{}, 100)
		if busy {
			s.meddleWith(func(_ http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != logPath {
					return false
				}
				asked <- struct{}{}
				<-r.Context().Done() // never answered
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
		s.meddleWith(nil)
		s.deny(2)
		w = s.watch()
		s.through(w, s.events)
	}
	return "the plugin is gone within 2 s; " + s.settle(w)
}

// pinned has the plugin's binary replaced before and after its checksum was taken.
func pinned(t *testing.T) string {
	s := newScene(t, oktasim.Options{})
	plugin := filepath.Join(s.dir, "plugin")
	right := []byte("#!/bin/sh\nexec " + soarBinary + " serve-plugin\n")
	sum := sha256.Sum256(right)
	put := func(text []byte) {
		if err := os.WriteFile(plugin, text, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	flags := []string{"--plugin", plugin, "--plugin-sha256", hex.EncodeToString(sum[:])}
	put([]byte("#!/bin/sh\necho I am somebody else\n"))
	if other := s.watch(flags...); other.wait(20*time.Second) != 2 || !strings.Contains(other.said(), "its SHA-256 differs") {
		t.Errorf("another program: %s", other.said())
	}
	put(right)
	s.deny(3)
	w := s.watch(flags...)
	s.through(w, 3)
	put([]byte("#!/bin/sh\necho I am somebody else\n"))
	if !w.killPlugin() {
		t.Fatal("there is no plugin process")
	}
	s.deny(3)
	return "another program is rejected with exit status 2; a running watch restarts its plugin from the verified bytes: " + s.settle(w)
}

// swapped puts another program in the plugin's place.
func swapped(t *testing.T) string {
	s := newScene(t, oktasim.Options{})
	plugin := filepath.Join(s.dir, "plugin")
	right, wrong := "#!/bin/sh\nexec "+soarBinary+" serve-plugin\n", "#!/bin/sh\necho I am somebody else\n"
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
	s.through(w, 3)
	put(wrong)
	if !w.killPlugin() {
		t.Fatal("there is no plugin process")
	}
	s.deny(3)
	// What is in its place is told nothing; a service manager starts the watch again.
	if code := w.wait(30 * time.Second); code != 2 {
		t.Errorf("exit status %d, not 2: %s", code, w.said())
	}
	put(right)
	return "the other program receives nothing; the watch ends with exit status 2 and reports its output; after a restart, " +
		s.settle(s.watch("--plugin", plugin))
}
