package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/oktasim"
)

// A webhook receives messages like a chat service.
type webhook struct {
	mu       sync.Mutex
	messages []string
}

func (w *webhook) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil && r.Method == http.MethodPost {
		w.mu.Lock()
		w.messages = append(w.messages, string(body))
		w.mu.Unlock()
	}
	fmt.Fprint(out, "ok")
}

// count returns the number of messages with the text.
func (w *webhook) count(text string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.messages {
		if strings.Contains(m, text) {
			n++
		}
	}
	return n
}

// A connectedWatch is a soar watch of two orgs that sends messages to a webhook.
type connectedWatch struct {
	*testing.T
	orgs   map[string]*oktasim.Org
	urls   map[string]string
	chat   *webhook
	hook   string
	dir    string
	cmd    *exec.Cmd
	out    *safeBuilder
	ended  chan struct{}
	store  *embedded.Store
	events map[string][]string // IDs by org
}

// A safeBuilder is a strings.Builder for a writer and a reader in two goroutines.
type safeBuilder struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *safeBuilder) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuilder) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newConnectedWatch(t *testing.T) *connectedWatch {
	w := &connectedWatch{T: t, orgs: map[string]*oktasim.Org{}, urls: map[string]string{}, chat: new(webhook), dir: t.TempDir(),
		out: new(safeBuilder), events: map[string][]string{}}
	for _, name := range []string{"emea", "apac"} {
		org := oktasim.New(oktasim.Options{Token: "token-of-" + name})
		org.AddUser(oktasim.NewUser{Login: "ann@" + name + ".example", Status: oktasim.StatusActive})
		server := httptest.NewServer(org)
		t.Cleanup(server.Close)
		w.orgs[name], w.urls[name] = org, server.URL
		w.write("flows/"+name+".yaml", w.playbook(name, name))
	}
	server := httptest.NewServer(w.chat)
	t.Cleanup(server.Close)
	w.hook = server.URL
	w.write("soar.yaml", w.settings(""))
	return w
}

func (w *connectedWatch) write(file, text string) {
	w.Helper()
	path := filepath.Join(w.dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}

// settings returns a settings file with more members of the connection apac.
func (w *connectedWatch) settings(more string) string {
	return fmt.Sprintf(`connections:
  emea: {connector: okta, org_url: %q, token: token-of-emea}
  apac: {connector: okta, org_url: %q, token: token-of-apac%s}
  chat: {connector: http, base_url: %q, format: slack, allow_cidrs: [127.0.0.0/8]}
playbooks: [flows]
engine: {store: soar.db}
on_failure: {action: chat/post_message, window: 1h}
`, w.urls["emea"], w.urls["apac"], more, w.hook)
}

// playbook returns a playbook on the events of an org, which reads the user and sends a message.
func (w *connectedWatch) playbook(org, name string) string {
	return "name: tell_" + name + "\ntitle: Tell\ntrigger: " + org + "/system_log\nevent_types: [user.session.start]\nsteps:\n" +
		"  - {id: look, action: " + org + "/get_user, with: {user: '${{ event.actor.alternateId }}'}}\n" +
		"  - {id: tell, action: post_message, with: {text: 'event ${{ event.uuid }} of ${{ steps.look.output.login }}'}}\n"
}

// start starts soar watch, and waits until it watches.
func (w *connectedWatch) start() {
	w.Helper()
	w.cmd = exec.Command("soar", "watch", "--every", "1s", "--json", "--log-level", "off")
	w.cmd.Dir, w.cmd.Env = w.dir, append(os.Environ(), "HOME="+w.dir)
	w.cmd.Stdout, w.cmd.Stderr = w.out, w.out
	if err := w.cmd.Start(); err != nil {
		w.Fatal(err)
	}
	w.ended = make(chan struct{})
	go func() {
		defer close(w.ended)
		_ = w.cmd.Wait()
	}()
	w.Cleanup(w.stop)
	w.until("the watch starts", func() bool { return strings.Contains(w.out.String(), `"kind":"watching"`) })
	var err error
	if w.store, err = embedded.OpenStore(w.Context(), filepath.Join(w.dir, "soar.db")); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { w.store.Close() })
}

// stop ends the watch gracefully.
func (w *connectedWatch) stop() {
	_ = w.cmd.Process.Signal(syscall.SIGTERM)
	<-w.ended
}

func (w *connectedWatch) until(what string, done func() bool) {
	w.Helper()
	for deadline := time.Now().Add(60 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		select {
		case <-w.ended:
			w.Fatalf("the watch ended before this: %s\n%.4000s", what, w.out)
		default:
		}
		if time.Now().After(deadline) {
			w.Fatalf("this did not happen: %s\n%.4000s", what, w.out)
		}
	}
}

// happen adds an event to the log of an org.
func (w *connectedWatch) happen(org string) {
	actor := map[string]any{"id": "00u" + org, "type": "User", "alternateId": "ann@" + org + ".example", "displayName": "Ann"}
	ids := w.orgs[org].Append(oktasim.Event{"eventType": "user.session.start", "displayMessage": "Sign-in", "actor": actor,
		"outcome": map[string]any{"result": "SUCCESS", "reason": nil}})
	w.events[org] = append(w.events[org], ids...)
}

// runs returns the runs by the IDs of their events. It fails if an event has several runs, or a run of another org.
func (w *connectedWatch) runs() map[string]embedded.Run {
	w.Helper()
	all, err := w.store.Runs(w.Context(), embedded.Query{Limit: 100_000})
	if err != nil {
		w.Fatal(err)
	}
	found := map[string]embedded.Run{}
	for _, run := range all {
		if other, double := found[run.EventID]; double {
			w.Errorf("event %s has the runs %s and %s", run.EventID, other.ID, run.ID)
		}
		found[run.EventID] = run
	}
	for name, ids := range w.events {
		for _, id := range ids {
			if run, ok := found[id]; ok && (run.Org != w.urls[name] || !strings.HasPrefix(run.Playbook, "tell_"+name)) {
				w.Errorf("event %s of %s has a run of %s with the playbook %s", id, name, run.Org, run.Playbook)
			}
		}
	}
	return found
}

// finished reports whether every event of the org has a run that has ended.
func (w *connectedWatch) finished(org string) bool {
	runs := w.runs()
	for _, id := range w.events[org] {
		if s := runs[id].Status; s != engine.Succeeded && s != engine.Failed {
			return false
		}
	}
	return true
}

// verify checks the messages and the requests after all runs have ended.
func (w *connectedWatch) verify() {
	w.Helper()
	runs := w.runs()
	for name, ids := range w.events {
		for _, id := range ids {
			n := w.chat.count("event " + id + " of ann@" + name + ".example")
			if run := runs[id]; n > 1 || run.Status == engine.Succeeded && n != 1 {
				w.Errorf("the %s run of event %s of %s sent %d messages", run.Status, id, name, n)
			}
		}
		for _, r := range w.orgs[name].Requests() {
			if other := map[string]string{"emea": "apac", "apac": "emea"}[name]; strings.Contains(r.Path, other) {
				w.Errorf("%s got the request %s", name, r.Path)
			}
		}
	}
}

// plugins returns the process IDs of the plugins.
func (w *connectedWatch) plugins() (pids []int) {
	w.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", w.cmd.Process.Pid))
	if err != nil {
		w.Fatal(err)
	}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", w.cmd.Process.Pid))
	for _, task := range tasks {
		more, _ := os.ReadFile(task) // a thread can end in between
		raw = append(append(raw, ' '), more...)
	}
	seen := map[int]bool{}
	for _, field := range strings.Fields(string(raw)) {
		if pid, err := strconv.Atoi(field); err == nil && !seen[pid] {
			seen[pid] = true
			pids = append(pids, pid)
		}
	}
	return pids
}

// TestThreeConnections watches two orgs in one daemon, and sends a message for each event to a webhook. The plugins are killed
// again and again. No event crosses the orgs, no event is lost or starts two runs, and the outage of one org does not stop
// the other.
func TestThreeConnections(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("finding the plugin processes needs /proc")
	}
	w := newConnectedWatch(t)
	w.start()
	if n := len(w.plugins()); n != 2 {
		t.Fatalf("%d plugin processes, want one for each connector", n)
	}
	for range 4 {
		for range 3 {
			w.happen("emea")
			w.happen("apac")
		}
		for _, pid := range w.plugins() {
			w.happen("emea")
			_ = syscall.Kill(pid, syscall.SIGKILL)
			w.happen("apac")
		}
		w.until("all runs end", func() bool { return w.finished("emea") && w.finished("apac") })
	}
	w.verify()

	w.orgs["apac"].Fault(oktasim.Fault{Status: 503})
	for range 3 {
		w.happen("apac")
		w.happen("emea")
		w.until("emea is watched during the outage of apac", func() bool { return w.finished("emea") })
	}
	if w.finished("apac") {
		t.Error("apac works during its outage")
	}
	w.orgs["apac"].ClearFaults()
	w.until("apac is watched after its outage", func() bool { return w.finished("apac") })
	w.verify()
	for id, run := range w.runs() {
		if run.Status == engine.Failed && !strings.Contains(run.Error.Message, "interrupted") {
			t.Errorf("the run of event %s failed: %s", id, run.Error.Message)
		}
	}
}

// TestAlerts checks that a failed run and a pause send one message for each cause.
func TestAlerts(t *testing.T) {
	w := newConnectedWatch(t)
	w.write("flows/emea.yaml", strings.Replace(w.playbook("emea", "emea"), "${{ event.actor.alternateId }}", "nobody@corp.example", 1))
	w.start()
	for range 3 {
		w.happen("emea")
		w.until("the run fails", func() bool { return w.finished("emea") })
	}
	w.until("the failed run is reported", func() bool { return w.chat.count("of the playbook tell_emea failed") == 1 })
	pause := exec.Command("soar", "pause", "--reason", "drill")
	pause.Dir, pause.Env = w.dir, w.cmd.Env
	if out, err := pause.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	w.until("the pause is reported", func() bool { return w.chat.count("drill") == 1 })
	w.stop()
	if n := w.chat.count("of the playbook tell_emea failed"); n != 1 {
		t.Errorf("%d messages for one cause", n)
	}
	var last map[string]any
	lines := strings.Split(strings.TrimSpace(w.out.String()), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last["kind"] != "stopped" {
		t.Errorf("the last line is %s", lines[len(lines)-1])
	}
}

// TestRejectedCredentials checks that an org that rejects its credentials does not stop the other, and that the watch ends
// with an alert when all orgs do.
func TestRejectedCredentials(t *testing.T) {
	w := newConnectedWatch(t)
	w.start()
	revoked := oktasim.Fault{Status: 401, ErrorCode: "E0000011"}
	w.orgs["apac"].Fault(revoked)
	w.until("the feed of apac ends", func() bool { return strings.Contains(w.out.String(), `"ended":true`) })
	for range 3 {
		w.happen("emea")
		w.until("emea is watched", func() bool { return w.finished("emea") })
	}
	w.verify()
	w.orgs["emea"].Fault(revoked)
	select {
	case <-w.ended:
	case <-time.After(60 * time.Second):
		t.Fatalf("the watch does not end:\n%.4000s", w.out)
	}
	if code := w.cmd.ProcessState.ExitCode(); code != exitUnreachable {
		t.Errorf("exit status %d, want %d", code, exitUnreachable)
	}
	if n := w.chat.count("soar watch stopped"); n != 1 {
		t.Errorf("%d alerts, want 1", n)
	}
}
