package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// The environment of a child process.
const (
	childStore   = "RUNNER_TEST_STORE"
	childAddress = "RUNNER_TEST_ADDRESS"
	childBook    = "RUNNER_TEST_PLAYBOOK" // its source
)

const (
	killPages    = 12
	killPageSize = 4 // new events; each page has as many old ones, too
	killWorkers  = 4
)

// child runs an engine. It accepts pages from where the last process stopped, and executes
// their runs until all have finished.
func child() int {
	if err := childWork(context.Background(), os.Getenv(childStore), os.Getenv(childAddress), os.Getenv(childBook)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func childWork(ctx context.Context, path, address, source string) error {
	do := over(http.DefaultClient, address)
	m, session, err := open(do)
	if err != nil {
		return err
	}
	store, err := OpenStore(ctx, path)
	if err != nil {
		return err
	}
	e, err := New(store, Options{Connections: on("org", m, session), Workers: killWorkers})
	if err != nil {
		return err
	}
	book, err := playbook.Load("book.yaml", []byte(source), playbook.Connections{"test": m})
	if err != nil {
		return err
	}
	ctx, end := atWork(ctx, e)
	err = acceptAll(ctx, e, book, do)
	return errors.Join(end(), err, e.Close(), store.Close())
}

// acceptAll accepts the remaining pages, and waits until all runs have finished.
func acceptAll(ctx context.Context, e *Engine, book *playbook.Playbook, do service) error {
	checkpoint, err := e.store.Checkpoint(ctx, "source")
	if err != nil {
		return err
	}
	var n int
	if checkpoint != nil {
		if err := json.Unmarshal(checkpoint, &n); err != nil {
			return err
		}
	}
	for ; n < killPages; n++ {
		p := killPage(n)
		if _, err := e.Accept(ctx, "source", p, []*playbook.Playbook{book}); err != nil {
			return err
		}
		// So that the parent can kill the process between two pages.
		if _, err := do(ctx, "accepted", request{User: fmt.Sprint(n)}); err != nil {
			return err
		}
	}
	return e.Idle(ctx)
}

// killPage returns new events and those of the page before.
func killPage(n int) sdk.RawPage {
	p := sdk.RawPage{Next: json.RawMessage(fmt.Sprint(n + 1))}
	for i := max(0, n-1) * killPageSize; i < (n+1)*killPageSize; i++ {
		p.Events = append(p.Events, event(fmt.Sprint(i)))
	}
	return p
}

// An executioner is a service that counts calls. It kills its caller at one of them, before
// or after the response.
type executioner struct {
	mu     sync.Mutex
	calls  map[string]int
	victim *os.Process
	left   int // calls until it kills; 0: never
	after  bool
}

func (x *executioner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.calls[r.URL.Path]++
	fatal := false
	if x.left > 0 {
		x.left--
		fatal = x.left == 0
	}
	if fatal && !x.after {
		x.victim.Kill()
		return
	}
	json.NewEncoder(w).Encode(map[string]string{"status": "ACTIVE", "outcome": "changed"})
	if fatal {
		http.NewResponseController(w).Flush()
		x.victim.Kill()
	}
}

// TestKill kills a process again and again, with steps under way and pages half accepted. In
// the end every step was executed, and no finished step was executed twice.
func TestKill(t *testing.T) {
	t.Parallel()
	path := storePath(t)
	x, kills := killAgainAndAgain(t, path, contain, 10)

	s := openStore(t, path)
	const events = killPages * killPageSize
	runs, err := s.Runs(t.Context(), Query{Limit: 2 * events})
	if err != nil || len(runs) != events {
		t.Fatalf("%d runs of %d events, %v", len(runs), events, err)
	}
	cutOff, calls := 0, 0
	for _, brief := range runs {
		run, err := s.Run(t.Context(), brief.ID)
		if err != nil {
			t.Fatal(err)
		}
		if run.Status != engine.Succeeded || len(run.Steps) != 3 {
			t.Errorf("run of event %s: %+v", run.EventID, run)
		}
		for _, complaint := range inconsistent(run) {
			t.Error(complaint)
		}
		// Every call has an entry. At most one entry per kill has no call.
		byAction := map[string]int{}
		for _, a := range run.Audit {
			byAction[a.Action]++
			if a.Status == engine.Started {
				cutOff++
			}
		}
		for action, entries := range byAction {
			got := x.calls["/"+action+"/user-"+run.EventID]
			if got > entries || got == 0 {
				t.Errorf("event %s: %d calls of %s on %d audit entries", run.EventID, got, action, entries)
			}
			calls += got
		}
	}
	if cutOff > kills*killWorkers {
		t.Errorf("%d calls were cut off by %d kills of %d workers", cutOff, kills, killWorkers)
	}
	if calls < 3*events || calls > 3*events+cutOff {
		t.Errorf("%d calls for %d steps, %d of them cut off", calls, 3*events, cutOff)
	}
	t.Logf("%d kills, %d calls for %d steps, %d cut off", kills, calls, 3*events, cutOff)
	if kills < killRounds/2 {
		t.Errorf("only %d kills: too few for this test", kills)
	}
}

// killAgainAndAgain runs child processes on the store until one of them finishes. It kills
// each of the others at one of its first calls.
func killAgainAndAgain(t *testing.T, path, source string, first int) (x *executioner, kills int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	x = &executioner{calls: map[string]int{}}
	server := httptest.NewServer(x)
	defer server.Close()
	finished := false
	for round := 0; !finished; round++ {
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Env = append(os.Environ(), childStore+"="+path, childAddress+"="+server.URL, childBook+"="+source, "GOTRACEBACK=all")
		var said strings.Builder
		cmd.Stderr = &said
		x.mu.Lock() // the first call waits until the process to kill is known
		if err := cmd.Start(); err != nil {
			x.mu.Unlock()
			t.Fatal(err)
		}
		x.victim, x.left, x.after = cmd.Process, 0, rand.IntN(2) == 0
		if round < killRounds {
			x.left = 1 + rand.IntN(first)
		}
		x.mu.Unlock()
		err := cmd.Wait()
		var exit *exec.ExitError
		switch {
		case err == nil:
			finished = true
		case errors.As(err, &exit) && exit.ExitCode() == -1:
			kills++
		default:
			t.Fatalf("round %d: %v: %s", round, err, said.String())
		}
	}
	return x, kills
}

// TestKillWithGroups is TestKill with grouped events. Each event is in one run, and no run
// started without all of its events.
func TestKillWithGroups(t *testing.T) {
	t.Parallel()
	path := storePath(t)
	source := strings.NewReplacer("window: 1m", "window: 1s", "event.user }}", "event.result }}", "event.user", "event.user.substring(0, 6)").Replace(gather)
	x, kills := killAgainAndAgain(t, path, source, 2)
	s := openStore(t, path)
	const events = killPages * killPageSize
	runs, err := s.Runs(t.Context(), Query{Limit: 2 * events})
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]bool{}
	for _, brief := range runs {
		run, err := s.Run(t.Context(), brief.ID)
		if err != nil {
			t.Fatal(err)
		}
		if run.Status != engine.Succeeded || run.Group.Taken != run.Group.Events || len(run.Events) != run.Group.Events {
			t.Errorf("run of event %s: %+v", run.EventID, run.Group)
		}
		for _, e := range run.Events {
			if in[e.ID] {
				t.Errorf("event %s is in two runs", e.ID)
			}
			in[e.ID] = true
		}
		for _, complaint := range inconsistent(run) {
			t.Error(complaint)
		}
	}
	if len(in) != events || len(runs) >= events {
		t.Errorf("%d of %d events in %d runs", len(in), events, len(runs))
	}
	if kills < killRounds/4 {
		t.Errorf("only %d kills: too few for this test", kills)
	}
	t.Logf("%d kills, %d events in %d runs, %d calls", kills, len(in), len(runs), len(x.calls))
}
