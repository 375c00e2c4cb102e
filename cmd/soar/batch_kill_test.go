//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/oktasim"
)

// everyRequest is the variable that makes TestKillBatch kill the process at each request, not at a
// few of them.
const everyRequest = "SOAR_TEST_KILL_EVERY_REQUEST"

// A holder passes requests to an org, and holds one of them until its client is gone. The
// request has its effect before, or not at all.
type holder struct {
	*oktasim.Org
	mu      sync.Mutex
	left    int // requests until the one that is held; 0: none is held
	effect  bool
	reached chan struct{} // closed when the request is held
}

func (h *holder) hold(n int, effect bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left, h.effect, h.reached = n, effect, make(chan struct{})
}

func (h *holder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	held := false
	if h.left > 0 {
		h.left--
		held = h.left == 0
	}
	h.mu.Unlock()
	if !held {
		h.Org.ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body) // before it has read the body, a server does not see that the client is gone
	if r.Body = io.NopCloser(bytes.NewReader(body)); h.effect {
		h.Org.ServeHTTP(httptest.NewRecorder(), r)
	}
	close(h.reached)
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// A batchScene is an org with accounts in eight states, and a folder for the commands.
type batchScene struct {
	*holder
	t   *testing.T
	dir string
	env []string
}

func newBatchScene(t *testing.T) *batchScene {
	org := oktasim.New(oktasim.Options{Token: demoToken})
	org.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
	export := "id,login,name\n"
	for i, status := range []string{
		oktasim.StatusActive, oktasim.StatusSuspended, oktasim.StatusDeprovisioned, oktasim.StatusStaged, oktasim.StatusProvisioned,
		oktasim.StatusLockedOut, oktasim.StatusPasswordExpired, "unknown",
	} {
		login := strings.ToLower(status) + "@corp.example"
		export += fmt.Sprintf("%d,%s,\"%[2]s, a user\"\n", i, login)
		if status != "unknown" {
			org.AddUser(oktasim.NewUser{Login: login, Status: status, Sessions: i % 3})
		}
	}
	s := &batchScene{holder: &holder{Org: org}, t: t, dir: t.TempDir()}
	server := httptest.NewServer(s.holder)
	t.Cleanup(server.Close)
	s.env = append(os.Environ(), envOrgURL+"="+server.URL, envToken+"="+demoToken, "HOME="+s.dir)
	if err := os.WriteFile(filepath.Join(s.dir, "export.csv"), []byte(export), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// command returns a command, with its output and its errors.
func (s *batchScene) command(args ...string) (*exec.Cmd, *strings.Builder, *strings.Builder) {
	cmd := exec.Command("soar", args...)
	var out, errs strings.Builder
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, s.env, &out, &errs
	return cmd, &out, &errs
}

var containAll = []string{"run", "contain_user", "--users", "@export.csv", "--column", "login", "--quarantine", "Quarantine", "--batch", "--json"}

// run runs a command to its end, and reads its output.
func (s *batchScene) run(result any, status int, args ...string) {
	s.t.Helper()
	cmd, out, errs := s.command(args...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || cmd.ProcessState.ExitCode() != status {
		s.t.Fatalf("soar %s: %v\n%s\n%s", strings.Join(args, " "), err, out, errs)
	}
	if err := json.Unmarshal([]byte(out.String()), result); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
}

// state is the state that Okta can restore.
func (s *batchScene) state() any {
	state := s.State()
	for i := range state.Users {
		u := &state.Users[i]
		u.Sessions, u.OAuthTokens, u.RememberedDevices = nil, 0, 0
	}
	return []any{state.Users, state.Groups}
}

// verified lists the items that are verified, and those that an earlier command has verified.
func verified(b *embedded.Batch) (all, skipped []string) {
	for _, i := range b.Items {
		if i.Verified {
			all = append(all, i.Item)
		}
		if i.Skipped {
			skipped = append(skipped, i.Item)
		}
	}
	return all, skipped
}

// TestKillBatch contains eight accounts in eight states from a CSV file, and kills the process at
// one of its requests. Then the same command completes the batch without another request for a
// verified account, and undo restores the first state. This repeats for the next request.
func TestKillBatch(t *testing.T) {
	t.Parallel()
	whole := newBatchScene(t)
	first := whole.state()
	var want embedded.Batch
	whole.run(&want, exitFailed, containAll...)
	contained, _ := verified(&want)
	requests := len(whole.Requests())
	if want.Outcome != "partial" || len(contained) < 2 || want.Verified+want.Open != 8 || cmp.Equal(first, whole.state()) {
		t.Fatalf("got %+v", want)
	}
	whole.undo(&want, first)
	var next embedded.Batch
	if whole.run(&next, exitFailed, containAll...); next.Continued || next.ID == want.ID {
		t.Errorf("the batch that was undone is continued: %+v", next)
	}
	step := requests/5 + 1
	if os.Getenv(everyRequest) != "" {
		step = 1
	}
	for n := 1; n <= requests; n += step {
		for _, effect := range []bool{false, true} {
			if step > 1 && effect != (n/step%2 == 0) {
				continue // the short variant alternates
			}
			t.Run(fmt.Sprintf("request %d, effect %t", n, effect), func(t *testing.T) { killBatch(newBatchScene(t), n, effect, contained) })
		}
	}
	t.Logf("a whole batch sends %d requests", requests)
}

func killBatch(s *batchScene, n int, effect bool, contained []string) {
	t, first := s.t, s.state()
	s.hold(n, effect)
	cmd, _, _ := s.command(containAll...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	select {
	case <-s.reached:
		_ = cmd.Process.Kill()
		<-ended
	case <-ended: // with other calls at once, the batch may need fewer requests
		t.Logf("the batch ended before request %d", n)
	}
	s.hold(0, false)
	before := len(s.Requests())
	var b embedded.Batch
	s.run(&b, exitFailed, containAll...)
	all, skipped := verified(&b)
	if diff := cmp.Diff(contained, all); diff != "" {
		t.Errorf("other accounts are verified: %s", diff)
	}
	for _, r := range s.Requests()[before:] {
		for _, login := range skipped {
			u, _ := s.State().User(login)
			if strings.Contains(r.Path, u.ID) || strings.Contains(r.Path, login) || strings.Contains(r.Path+r.Query, strings.ReplaceAll(login, "@", "%40")) {
				t.Errorf("%s %s was sent for %s, which is verified", r.Method, r.Path, login)
			}
		}
	}
	t.Logf("%d skipped", len(skipped))
	s.undo(&b, first)
}

// undo undoes the batch, and checks that the first state is restored.
func (s *batchScene) undo(b *embedded.Batch, first any) {
	s.t.Helper()
	var r embedded.UndoResult
	s.run(&r, exitDone, "undo", b.ID, "--json")
	if diff := cmp.Diff(first, s.state()); diff != "" {
		s.t.Errorf("the first state is not restored (-first +now):\n%s\n%+v", diff, r)
	}
	if slices.ContainsFunc(r.Steps, func(step embedded.UndoStep) bool { return step.Error != nil }) {
		s.t.Errorf("got %+v", r)
	}
	s.run(&r, exitDone, "undo", b.ID, "--json")
	if r.UndoneBy == "" {
		s.t.Errorf("the second undo made calls: %+v", r)
	}
}
