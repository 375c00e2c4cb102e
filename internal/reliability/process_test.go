//go:build linux

package reliability

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"soar.example/okta/internal/oktatest"
)

// orphaned kills the host, once while it waits and once while a page is under way.
func orphaned(t *testing.T) string {
	s := newScene(t, oktatest.Options{})
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

// swapped puts another program in the plugin's place.
func swapped(t *testing.T) string {
	s := newScene(t, oktatest.Options{})
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
	return "the other is told nothing; the watch ends with exit status 2 and says what it printed; started again, " + s.settle(s.watch("--plugin", plugin))
}
