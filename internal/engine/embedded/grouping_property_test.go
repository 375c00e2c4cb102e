package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// A groupingScene tests a store with events in any order and number, and with engines that stop and
// restart. It records the facts that its checks need.
type groupingScene struct {
	*world
	clock    *ticker
	elapsed  time.Duration        // however often the clock was set
	backward bool                 // whether the clock was ever set back
	accepted map[string]bool      // by the event's ID
	begun    map[string]time.Time // by the run's ID: time from the start of the test to the first start of the run
	done     map[string]bool      // runs that were executed
}

// key returns the group key of the n-th event, "" if it has none.
func key(n int) string {
	if n%5 == 4 {
		return ""
	}
	return fmt.Sprintf("user-%d", n%4)
}

func numbered(n int) sdk.RawEvent {
	e := about(key(n), fmt.Sprint(n))
	if key(n) == "" {
		e.Data = json.RawMessage(`{"result":"no user"}`)
	}
	return e
}

func (f *groupingScene) open(t *rapid.T) {
	var err error
	if f.store, err = OpenStore(context.Background(), f.path); err != nil {
		t.Fatal(err)
	}
	if f.engine, err = New(f.store, Options{Connections: on("org", f.manifest, f.session), Now: f.clock.Now}); err != nil {
		t.Fatal(err)
	}
}

func (f *groupingScene) pass(d time.Duration) {
	f.clock.put(d)
	f.elapsed += d
}

// claim takes a run as a worker does, and records it.
func (f *groupingScene) claim(t *rapid.T) *job {
	j, _, err := f.engine.claim(context.Background(), anyConnection)
	must(t, err)
	if j == nil {
		return nil
	}
	if f.done[j.run.ID] {
		t.Fatalf("run %s was taken up after it had ended", j.run.ID)
	}
	if _, again := f.begun[j.run.ID]; !again {
		f.begun[j.run.ID] = time.Time{}.Add(f.elapsed)
	}
	return j
}

func (f *groupingScene) work(t *rapid.T) {
	for j := f.claim(t); j != nil; j = f.claim(t) {
		must(t, execute(context.Background(), f.engine, j))
		f.done[j.run.ID] = true
	}
}

func TestGroupingAndThrottling(t *testing.T) {
	t.Parallel()
	m, session := connect(t, always(changed))
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		f := &groupingScene{
			world: &world{path: filepath.Join(dir, fmt.Sprint(n)), manifest: m, session: session}, clock: newTicker(),
			accepted: map[string]bool{}, begun: map[string]time.Time{}, done: map[string]bool{},
		}
		limit := rapid.IntRange(0, 3).Draw(t, "cap")
		window := time.Duration(rapid.SampledFrom([]int{1, 30, 90}).Draw(t, "window")) * time.Second
		source := strings.NewReplacer("event.user }}", "event.result }}", "window: 1m", "window: "+window.String()).Replace(gather)
		atFirst := rapid.Bool().Draw(t, "at first")
		if atFirst {
			source += "group_when: first\n"
		}
		if limit > 0 {
			source += fmt.Sprintf("max_runs_per_minute: %d\n", limit)
		}
		var err error
		if f.book, err = playbook.Load("book.yaml", []byte(source), playbook.Connections{"test": m}); err != nil {
			t.Fatal(err)
		}
		f.open(t)
		t.Repeat(map[string]func(*rapid.T){
			"page": func(t *rapid.T) {
				var p sdk.RawPage
				fresh := 0
				for _, n := range rapid.SliceOfN(rapid.IntRange(0, 60), 0, 12).Draw(t, "events") {
					p.Events = append(p.Events, numbered(n))
					if id := fmt.Sprint(n); !f.accepted[id] {
						f.accepted[id] = true
						fresh++
					}
				}
				got, err := f.engine.Accept(context.Background(), "source", p, []*playbook.Playbook{f.book})
				if err != nil || got.Started+got.Joined != fresh || got.Started+got.Joined+got.Repeated != got.Matched || got.Matched != len(p.Events) {
					t.Fatalf("got %+v, %v; %d were new", got, err, fresh)
				}
			},
			"page that is not committed": func(t *rapid.T) {
				ctx, end := context.WithCancel(context.Background())
				end()
				if _, err := f.engine.Accept(ctx, "source", pageOf(numbered(1), numbered(99)), []*playbook.Playbook{f.book}); err == nil {
					t.Fatal("accepted by a dead process")
				}
			},
			"wait": func(t *rapid.T) {
				f.pass(time.Duration(rapid.IntRange(1, 100_000).Draw(t, "milliseconds")) * time.Millisecond)
			},
			"clock put back": func(t *rapid.T) {
				f.clock.put(-time.Duration(rapid.IntRange(1, 7200).Draw(t, "seconds")) * time.Second)
				f.backward = true
			},
			"work": f.work,
			"kill": func(t *rapid.T) { f.abandon(t, false); f.open(t) },
			"kill just after a run was taken up": func(t *rapid.T) {
				f.claim(t)
				f.abandon(t, false)
				f.open(t)
			},
			"kill at work": func(t *rapid.T) {
				for f.claim(t) != nil {
				}
				f.abandon(t, false)
				f.open(t)
			},
		})
		// In the end every run starts and finishes.
		for range 2 + len(f.accepted) {
			f.work(t)
			f.pass(window + time.Minute)
		}
		f.check(t, limit, window, atFirst)
		must(t, f.engine.Close())
		must(t, f.store.Close())
	})
}

// check compares the final store with the recorded facts.
func (f *groupingScene) check(t *rapid.T, limit int, window time.Duration, atFirst bool) {
	runs, err := f.store.Runs(context.Background(), Query{Limit: 1000})
	must(t, err)
	in := map[string]string{} // event → run
	ends := map[string][]*Group{}
	for _, brief := range runs {
		run, err := f.store.Run(context.Background(), brief.ID)
		must(t, err)
		if run.Status != engine.Succeeded || !f.done[run.ID] || len(run.Events) == 0 || len(run.Events) != run.Group.Events {
			t.Fatalf("run %s is %s, with %d events of %+v", run.ID, run.Status, len(run.Events), run.Group)
		}
		if !atFirst && run.Group.Taken != run.Group.Events {
			t.Fatalf("run %s began with %d of its %d events", run.ID, run.Group.Taken, run.Group.Events)
		}
		var first report
		must(t, json.Unmarshal(run.Events[0].Data, &first))
		for i, e := range run.Events {
			if other, twice := in[e.ID]; twice || !f.accepted[e.ID] {
				t.Fatalf("event %s is in run %s and in %s", e.ID, run.ID, other)
			}
			in[e.ID] = run.ID
			var r report
			must(t, json.Unmarshal(e.Data, &r))
			if r.User != first.User || first.User == "" && i > 0 {
				t.Fatalf("run %s is of %q and of %q", run.ID, first.User, r.User)
			}
			if !f.backward && (e.Arrived.Before(run.Group.Opened) || e.Arrived.Sub(run.Group.Opened) >= window) {
				t.Fatalf("event %s arrived at %s in a window that opened at %s", e.ID, e.Arrived, run.Group.Opened)
			}
		}
		ends[first.User] = append(ends[first.User], run.Group)
	}
	if len(in) != len(f.accepted) || len(runs) != len(f.begun) {
		t.Fatalf("%d of %d events are in %d runs, of which %d began", len(in), len(f.accepted), len(runs), len(f.begun))
	}
	// Windows of one key do not overlap.
	for user, groups := range ends {
		slices.SortFunc(groups, func(a, b *Group) int { return a.Opened.Compare(b.Opened) })
		for i := 1; i < len(groups) && user != "" && !f.backward; i++ {
			if groups[i].Opened.Before(groups[i-1].Closes) {
				t.Fatalf("%s: %+v opened before %+v closed", user, groups[i], groups[i-1])
			}
		}
	}
	begun := []time.Time{}
	for _, at := range f.begun {
		begun = append(begun, at)
	}
	slices.SortFunc(begun, time.Time.Compare)
	for i := limit; limit > 0 && i < len(begun); i++ {
		if gap := begun[i].Sub(begun[i-limit]); gap < time.Minute {
			t.Fatalf("%d runs began within %s; %d a minute may", limit+1, gap, limit)
		}
	}
}
