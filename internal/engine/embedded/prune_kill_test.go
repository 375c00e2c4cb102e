package embedded

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// childPrune makes a child process prune the store at this path.
const childPrune = "RUNNER_TEST_PRUNE"

// pruneChild deletes everything that has ended.
func pruneChild(path string) int {
	ctx := context.Background()
	store, err := OpenStore(ctx, path)
	if err == nil {
		_, err = store.prune(ctx, time.Now(), epoch)
		err = errors.Join(err, store.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// TestKillPruning kills a process again and again while it prunes. Each run is complete or
// entirely deleted, and its event starts nothing in either case.
func TestKillPruning(t *testing.T) {
	t.Parallel()
	m, session := connect(t, always(changed))
	store := openStore(t, storePath(t))
	e := newEngine(t, store, Options{Connections: on("org", m, session)})
	book := load(t, m, contain)
	var events []sdk.RawEvent
	for n := range pruneKills * 2 * pruneBatch {
		events = append(events, event(fmt.Sprint(n)))
		if n >= 40 { // a run that fails at once is soon made
			events[n].Indeterminate = "nobody knows"
		}
	}
	accept := func() Accepted {
		t.Helper()
		a, err := e.Accept(t.Context(), "source", pageOf(events...), []*playbook.Playbook{book})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	accept()
	if err := drain(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		t.Helper()
		if err := store.read.QueryRow(`SELECT count(*) FROM runs`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	kills := 0
	for left := count(); left > 0; left = count() {
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Env = append(os.Environ(), childPrune+"="+store.Path())
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		over := make(chan error, 1)
		go func() { over <- cmd.Wait() }()
		if kills < pruneKills {
			for count() == left {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(rand.N(20 * time.Millisecond)) // any instant will do
			if cmd.Process.Kill() == nil {
				kills++
			}
		}
		var exit *exec.ExitError
		if err := <-over; err != nil && (!errors.As(err, &exit) || exit.ExitCode() != -1) {
			t.Fatalf("%v: %s", err, said.String())
		}
		whole(t, store)
		runs, err := store.Runs(t.Context(), Query{Limit: len(events), Status: engine.Succeeded})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			run, err := store.Run(t.Context(), r.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, complaint := range inconsistent(run) {
				t.Error(complaint)
			}
		}
		if a := accept(); a.Repeated != len(events) {
			t.Fatalf("%d runs left, %d of %d events are known: %d began", count(), a.Repeated, len(events), a.Started)
		}
	}
	if kills < pruneKills/2 {
		t.Errorf("only %d kills: too few for this test", kills)
	}
}

// TestPruneBesideAnEngine prunes in another process while an engine works. Each event still
// starts one run, and each run makes each of its calls once.
func TestPruneBesideAnEngine(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	calls := map[string]int{}
	r := newRig(t, contain, func(_ context.Context, action string, in request) (answer, error) {
		mu.Lock()
		defer mu.Unlock()
		calls[action+" "+in.User]++
		return changed, nil
	})
	other := openStore(t, r.store.Path())
	ctx, end := atWork(t.Context(), r.Engine)
	const pages, each = 30, 4
	pruned := make(chan error, 1)
	go func() {
		var all Pruned
		for all.Runs < pages*each && ctx.Err() == nil {
			did, err := other.prune(ctx, time.Now(), epoch)
			if err != nil {
				pruned <- err
				return
			}
			all.add(did)
		}
		pruned <- nil
	}()
	for n := range pages {
		p := sdk.RawPage{}
		for i := max(0, n-1) * each; i < (n+1)*each; i++ {
			p.Events = append(p.Events, event(fmt.Sprint(i)))
		}
		if _, err := r.Accept(ctx, "source", p, []*playbook.Playbook{r.book}); err != nil {
			t.Fatal(err)
		}
		for { // until enough is deleted that the next page arrives during the pruning
			runs, err := r.store.Runs(ctx, Query{})
			if err != nil {
				t.Fatal(err)
			}
			if len(runs) <= 3*each {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	if err := <-pruned; err != nil {
		t.Error(err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	whole(t, other)
	for i := range pages * each {
		if n := calls[fmt.Sprintf("contain_user user-%d", i)]; n != 1 {
			t.Errorf("event %d had %d calls", i, n)
		}
	}
}
