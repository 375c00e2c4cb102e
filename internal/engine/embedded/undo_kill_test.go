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
	"testing"
	"time"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// childUndos makes a child process wait for undos, too.
const childUndos = "RUNNER_TEST_UNDOS"

const containOnly = `
name: contain
title: Contain
trigger: reports
event_types: [user.report]
steps:
  - id: contain
    action: contain_user
    with: {user: "${{ event.user }}"}
`

// undoChild contains a user for no time for each event, and ends when all of them are
// released.
func undoChild() int {
	if err := containAndRelease(context.Background(), os.Getenv(childStore), os.Getenv(childAddress)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func containAndRelease(ctx context.Context, path, address string) error {
	m, session, err := open(over(http.DefaultClient, address))
	if err != nil {
		return err
	}
	store, err := OpenStore(ctx, path)
	if err != nil {
		return err
	}
	notices := make(chan struct{}, 1)
	e, err := New(store, Options{Connections: on("org", m, session), Observe: func(Notice) {
		select {
		case notices <- struct{}{}:
		default:
		}
	}})
	if err != nil {
		return err
	}
	book, err := playbook.Load("book.yaml", []byte(containOnly), playbook.Connections{"test": m})
	if err != nil {
		return err
	}
	ctx, end := atWork(ctx, e)
	_, err = e.Accept(ctx, "source", undoPage(), []*playbook.Playbook{book})
	for left := true; left && err == nil; {
		if err = e.Idle(ctx); err != nil {
			break
		}
		err = store.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM undos WHERE status IN ('pending', 'running'))`).Scan(&left)
		if left && err == nil {
			select {
			case <-notices:
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
	}
	return errors.Join(end(), err, e.Close(), store.Close())
}

// undoPage returns the events with the users to contain.
func undoPage() sdk.RawPage {
	var p sdk.RawPage
	for i := range 40 {
		p.Events = append(p.Events, event(fmt.Sprint(i)))
	}
	return p
}

// A warden contains and releases users over HTTP. It kills its caller at one call, before or
// after the response.
type warden struct {
	executioner
	inside   map[string]bool
	released map[string]int
}

func (w *warden) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	action, user, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	was := w.inside[user]
	a := map[string]any{"status": "ACTIVE", "outcome": "changed"}
	if action == "contain_user" {
		w.inside[user] = true
		a["undo"] = []any{map[string]any{"action": "release_user", "input": map[string]any{"user": user}, "at": time.Now()}}
	} else {
		delete(w.inside, user)
		w.released[user]++
	}
	if was == w.inside[user] {
		a["outcome"] = "unchanged"
	}
	fatal := false
	if w.left > 0 {
		w.left--
		fatal = w.left == 0
	}
	if fatal && !w.after {
		w.victim.Kill()
		return
	}
	json.NewEncoder(rw).Encode(a)
	if fatal {
		http.NewResponseController(rw).Flush()
		w.victim.Kill()
	}
}

// TestKillWhileUndoing kills a process again and again while it contains and releases. In the
// end every change that it is known to have made is reverted, earlier states are kept, and
// unknown results are recorded as unknown.
func TestKillWhileUndoing(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &warden{inside: map[string]bool{}, released: map[string]int{}}
	page := undoPage()
	const old = 3 // are contained by another program, without end
	for _, e := range page.Events[:old] {
		w.inside["user-"+e.ID] = true
	}
	server := httptest.NewServer(w)
	defer server.Close()
	path := storePath(t)
	kills, finished := 0, false
	for round := 0; !finished; round++ {
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Env = append(os.Environ(), childStore+"="+path, childAddress+"="+server.URL, childUndos+"=1")
		var said strings.Builder
		cmd.Stderr = &said
		w.mu.Lock() // the first call waits until the process to kill is known
		if err := cmd.Start(); err != nil {
			w.mu.Unlock()
			t.Fatal(err)
		}
		w.victim, w.left, w.after = cmd.Process, 0, rand.IntN(2) == 0
		if round < killRounds {
			w.left = 1 + rand.IntN(4)
		}
		w.mu.Unlock()
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
	s := openStore(t, path)
	db := s.reader(t.Context())
	all := readUndos(db, `ORDER BY seq`)
	if err := db.err; err != nil {
		t.Fatal(err)
	}
	of := map[string][]string{}
	for _, u := range all {
		var in struct{ User string }
		if err := json.Unmarshal(u.Input, &in); err != nil {
			t.Fatal(err)
		}
		of[in.User] = append(of[in.User], u.Status)
	}
	unknown := 0
	for i, e := range page.Events {
		user := "user-" + e.ID
		got := fmt.Sprint(of[user])
		switch {
		case i < old:
			if w.released[user] > 0 || got != "[standing]" && got != "[failed]" {
				t.Errorf("%s was contained before: %s, released %d times", user, got, w.released[user])
			}
		case got == "[failed]":
			unknown++
			if w.released[user] > 0 || !w.inside[user] {
				t.Errorf("%s: nobody knows who did it, released %d times", user, w.released[user])
			}
		case got != "[done]" || w.inside[user]:
			t.Errorf("%s: %s, contained: %v", user, got, w.inside[user])
		}
	}
	if unknown > kills*killWorkers {
		t.Errorf("%d are unknown after %d kills", unknown, kills)
	}
	trail, err := s.AuditTrail(t.Context(), AuditQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range trail {
		if a.Action == "release_user" && (a.Cause != CauseUndo || a.RunID == "" || a.StepID != "contain") {
			t.Errorf("who was that? %+v", a)
		}
	}
	t.Logf("%d kills, %d unknown", kills, unknown)
	if kills == 0 {
		t.Error("nothing was killed")
	}
}
