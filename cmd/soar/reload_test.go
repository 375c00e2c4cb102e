package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"soar.example/okta/internal/engine"
)

// TestReloads loads valid and invalid settings and playbooks again and again while events arrive. Each event starts one run,
// which succeeds. SOAR_TEST_RELOADS sets the number of reloads.
func TestReloads(t *testing.T) {
	reloads := 40
	if n, err := strconv.Atoi(os.Getenv("SOAR_TEST_RELOADS")); err == nil {
		reloads = n
	}
	w := newConnectedWatch(t)
	w.start()
	good := w.settings("")
	variants := []struct {
		file, text string
		valid      bool
	}{
		{"soar.yaml", w.settings(", read_only: true"), true},
		{"soar.yaml", "connections: [", false},
		{"flows/emea.yaml", strings.Replace(w.playbook("emea", "emea"), "title: Tell", "title: Tell again", 1), true},
		{"flows/emea.yaml", strings.Replace(w.playbook("emea", "emea"), "emea/get_user", "emea/get_usr", 1), false},
		{"soar.yaml", w.settings(", rate_reserve: 20"), true},
		{"soar.yaml", good + "colour: blue\n", false},
		{"flows/third.yaml", strings.Replace(w.playbook("apac", "apac_third"), "user.session.start", "user.session.end", 1), true},
		{"flows/third.yaml", w.playbook("apac", "apac"), false}, // a name twice
		{"soar.yaml", strings.Replace(good, "token-of-apac", "wrong", 1), false},
		{"soar.yaml", strings.Replace(good, "window: 1h", "window: 2h", 1), true},
		{"soar.yaml", strings.Replace(good, "chat/post_message", "chat/post", 1), false},
		{"flows/apac.yaml", strings.Replace(w.playbook("apac", "apac"), "apac/system_log", "japan/system_log", 1), false},
	}
	valid, invalid := 0, 0
	for i := range reloads {
		v := variants[i%len(variants)]
		w.write("soar.yaml", good)
		w.write("flows/emea.yaml", w.playbook("emea", "emea"))
		w.write("flows/apac.yaml", w.playbook("apac", "apac"))
		_ = os.Remove(filepath.Join(w.dir, "flows/third.yaml"))
		w.write(v.file, v.text)
		w.happen("emea")
		w.happen("apac")
		if err := w.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if v.valid {
			valid++
		} else {
			invalid++
		}
		w.until(fmt.Sprintf("reload %d, of %s", i+1, v.text), func() bool {
			out := w.out.String()
			return strings.Count(out, `"kind":"reloaded"`) >= valid && strings.Count(out, `"kind":"reload_failed"`) >= invalid
		})
	}
	w.until("all runs end", func() bool { return w.finished("emea") && w.finished("apac") })
	w.verify()
	for id, run := range w.runs() {
		if run.Status != engine.Succeeded {
			t.Errorf("the run of event %s is %s: %v", id, run.Status, run.Error)
		}
	}
	t.Logf("%d valid and %d invalid reloads, %d events", valid, invalid, len(w.events["emea"])+len(w.events["apac"]))
}

// TestReloadOnChange checks that the watch loads a changed playbook and changed settings without a signal.
func TestReloadOnChange(t *testing.T) {
	w := newConnectedWatch(t)
	w.start()
	w.write("flows/emea.yaml", strings.Replace(w.playbook("emea", "emea"), "user.session.start", "user.session.end", 1))
	w.until("the playbook is loaded again", func() bool { return strings.Count(w.out.String(), `"kind":"reloaded"`) == 1 })
	w.happen("emea") // no longer starts the playbook
	w.write("next.yaml", w.settings("")+"colour: blue\n")
	if err := os.Rename(filepath.Join(w.dir, "next.yaml"), filepath.Join(w.dir, "soar.yaml")); err != nil {
		t.Fatal(err)
	}
	w.until("the settings are rejected", func() bool { return strings.Count(w.out.String(), `"kind":"reload_failed"`) == 1 })
	if !strings.Contains(w.out.String(), "colour") {
		t.Errorf("the problem is not reported:\n%s", w.out)
	}
	w.write("soar.yaml", w.settings(""))
	w.until("the settings are loaded again", func() bool { return strings.Count(w.out.String(), `"kind":"reloaded"`) == 2 })
	w.happen("apac")
	w.until("apac is watched", func() bool { return w.finished("apac") })
	if runs := w.runs(); len(runs) != 1 {
		t.Errorf("%d runs, want 1", len(runs))
	}
}

// TestHangup checks that SIGHUP reloads, and that a watch in the foreground ends when its terminal closes.
func TestHangup(t *testing.T) {
	w := newConnectedWatch(t)
	s := inTerminal(t, w.dir, []string{"HOME=" + w.dir}, "watch", "--every", "1s")
	s.await("tell_emea")
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(60 * time.Second); strings.Count(s.shown(), "tell_emea") < 2; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not reloaded:\n%s", s.shown())
		}
	}
	if err := s.file.Close(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.cmd.Wait() }()
	select {
	case <-ended:
		if code := s.cmd.ProcessState.ExitCode(); code != 0 && code != exitInterrupted {
			t.Errorf("the watch ended with %s", s.cmd.ProcessState)
		}
	case <-time.After(60 * time.Second):
		t.Error("the watch does not end with its terminal")
	}
}
