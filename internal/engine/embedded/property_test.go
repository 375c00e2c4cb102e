package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"soar.example/okta/internal/engine"

	"pgregory.net/rapid"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// world holds the facts that must be true of the store after any faults of the processes
// that used it.
type world struct {
	path       string
	manifest   *sdk.Manifest
	session    sdk.Session
	book       *playbook.Playbook
	store      *Store
	engine     *Engine
	matching   map[string]bool // events that were accepted and match
	pruned     map[string]bool // those of matching whose run was deleted
	checkpoint string          // of the last page that was accepted
}

func (w *world) open(t *rapid.T) {
	var err error
	if w.store, err = OpenStore(context.Background(), w.path); err != nil {
		t.Fatal(err)
	}
	if w.engine, err = New(w.store, Options{Connections: on("org", w.manifest, w.session)}); err != nil {
		t.Fatal(err)
	}
}

// abandon leaves the engine as a kill does: it cleans up nothing, and its calls under way
// cannot write any more.
func (w *world) abandon(t *rapid.T, atWork bool) {
	ctx, stop := context.WithCancel(context.Background())
	worked := make(chan error, 1)
	if atWork {
		go func() { worked <- w.engine.Work(ctx) }()
	} else {
		worked <- nil
	}
	must(t, w.store.file.release(engineByte))
	must(t, w.store.Close())
	stop()
	<-worked // with an error, if a run was under way
}

func TestEveryEventStartsOnce(t *testing.T) {
	t.Parallel()
	m, session := connect(t, always(changed))
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		w := &world{path: filepath.Join(dir, fmt.Sprint(n)), manifest: m, session: session, matching: map[string]bool{}, pruned: map[string]bool{}}
		var err error
		if w.book, err = playbook.Load("book.yaml", []byte(contain), playbook.Connections{"test": m}); err != nil {
			t.Fatal(err)
		}
		w.open(t)
		pages := 0
		t.Repeat(map[string]func(*rapid.T){
			"page": func(t *rapid.T) {
				pages++
				p := page(fmt.Sprint(pages))
				fresh := map[string]bool{}
				for _, id := range rapid.SliceOfN(rapid.IntRange(0, 12), 0, 6).Draw(t, "events") {
					e := event(fmt.Sprint(id))
					if id%4 == 0 { // these never match
						e.Data, _ = json.Marshal(report{User: "u", Result: "FAILURE", Targets: []string{}})
					} else if !w.matching[e.ID] {
						fresh[e.ID] = true
					}
					p.Events = append(p.Events, e)
				}
				got, err := w.engine.Accept(context.Background(), "source", p, []*playbook.Playbook{w.book})
				if err != nil || got.Started != len(fresh) || got.Started+got.Repeated != got.Matched {
					t.Fatalf("got %+v, %v; want %d started", got, err, len(fresh))
				}
				for id := range fresh {
					w.matching[id] = true
				}
				w.checkpoint = fmt.Sprintf("%q", fmt.Sprint(pages))
			},
			"page that is not committed": func(t *rapid.T) {
				ctx, end := context.WithCancel(context.Background())
				end()
				if _, err := w.engine.Accept(ctx, "source", page("lost", "1", "99"), []*playbook.Playbook{w.book}); err == nil {
					t.Fatal("accepted by a dead process")
				}
			},
			"work":         func(t *rapid.T) { must(t, drain(context.Background(), w.engine)) },
			"prune":        w.prune,
			"kill":         func(t *rapid.T) { w.abandon(t, false); w.open(t) },
			"kill at work": func(t *rapid.T) { w.abandon(t, true); w.open(t) },
			"restart": func(t *rapid.T) {
				must(t, w.engine.Close())
				must(t, w.store.Close())
				w.open(t)
			},
			"": w.check,
		})
		w.checkRuns(t)
		must(t, drain(context.Background(), w.engine))
		w.checkRuns(t)
		runs, err := w.store.Runs(context.Background(), Query{Status: engine.Succeeded})
		if err != nil || len(runs)+len(w.pruned) != len(w.matching) {
			t.Fatalf("%d of %d runs succeeded in the end, %v", len(runs), len(w.matching)-len(w.pruned), err)
		}
		must(t, w.engine.Close())
		must(t, w.store.Close())
	})
}

// prune deletes the runs that have finished.
func (w *world) prune(t *rapid.T) {
	runs, err := w.store.Runs(context.Background(), Query{Status: engine.Succeeded})
	must(t, err)
	for _, run := range runs {
		w.pruned[run.EventID] = true
	}
	did, err := w.store.prune(context.Background(), time.Now(), epoch)
	if err != nil || did.Runs != len(runs) || did.Events != len(runs) {
		t.Fatalf("%d runs had ended; deleted %+v, %v", len(runs), did, err)
	}
}

// check compares the store with the accepted events.
func (w *world) check(t *rapid.T) {
	checkpoint, err := w.store.Checkpoint(context.Background(), "source")
	if err != nil || string(checkpoint) != w.checkpoint {
		t.Fatalf("checkpoint %s, %v; want %s", checkpoint, err, w.checkpoint)
	}
	runs, err := w.store.Runs(context.Background(), Query{})
	if err != nil || len(runs)+len(w.pruned) != len(w.matching) {
		t.Fatalf("%d runs of %d events, %d of which were pruned, %v", len(runs), len(w.matching), len(w.pruned), err)
	}
	for _, run := range runs {
		if !w.matching[run.EventID] || w.pruned[run.EventID] {
			t.Fatalf("run of %s, which was never accepted", run.EventID)
		}
	}
}

// checkRuns checks that each run is consistent.
func (w *world) checkRuns(t *rapid.T) {
	for id := range w.matching {
		if w.pruned[id] {
			continue
		}
		run, err := w.store.Run(context.Background(), engine.RunID("org", w.book.Name, id))
		must(t, err)
		for _, complaint := range inconsistent(run) {
			t.Error(complaint)
		}
	}
}

// inconsistent returns how a run's steps contradict its audit trail. Each attempt has one
// entry, numbered in order. The last call of a step that succeeded is its only one that is
// done. Only interrupted calls have no end.
func inconsistent(run *Run) (complaints []string) {
	complain := func(format string, args ...any) {
		complaints = append(complaints, fmt.Sprintf("run %s: ", run.EventID)+fmt.Sprintf(format, args...))
	}
	calls := map[string][]AuditEntry{}
	for _, a := range run.Audit {
		calls[a.StepID] = append(calls[a.StepID], a)
		if a.Attempt != len(calls[a.StepID]) {
			complain("entry %d of step %s is of attempt %d", len(calls[a.StepID]), a.StepID, a.Attempt)
		}
	}
	done := 0
	for _, s := range run.Steps {
		entries := calls[s.ID]
		if len(entries) != s.Attempts {
			complain("step %s has %d attempts and %d entries", s.ID, s.Attempts, len(entries))
		}
		for i, a := range entries {
			last := i == len(entries)-1
			if succeeded := s.Status == engine.Succeeded && last; succeeded != (a.Status == engine.Done) {
				complain("step %s is %s, its entry %d of %d is %s", s.ID, s.Status, i+1, len(entries), a.Status)
			}
			if a.Status == engine.Started && a.Outcome != OutcomeUnknown {
				complain("step %s has a call without an end and with outcome %q", s.ID, a.Outcome)
			}
		}
		if s.Status == engine.Succeeded {
			done++
		}
		delete(calls, s.ID)
	}
	if len(calls) > 0 {
		complain("calls of no step: %v", calls)
	}
	if run.Status == engine.Succeeded && (done != len(run.Steps) || done == 0) {
		complain("succeeded with %d of %d steps", done, len(run.Steps))
	}
	return complaints
}

func must(t rapid.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
