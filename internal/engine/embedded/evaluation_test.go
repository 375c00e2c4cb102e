package embedded

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// The environment of a child process that is killed while it evaluates an expression.
const (
	dyingStore = "RUNNER_TEST_DYING_STORE"
	dyingPhase = "RUNNER_TEST_DYING_PHASE"
)

// heavy is a condition that takes long on an event with many targets.
const heavy = `event.targets.all(a, event.targets.all(b, a != b + "x"))`

// slowPlaybooks evaluate long expressions in their conditions or inputs.
func slowPlaybooks(t *testing.T, m *sdk.Manifest, phase string) []*playbook.Playbook {
	var books []*playbook.Playbook
	for i := range 10 {
		condition, user := heavy, "ann"
		if phase == "step" {
			condition, user = "true", strings.Repeat("${{ "+heavy+" ? 'a' : 'b' }}", 20)
		}
		books = append(books, load(t, m, fmt.Sprintf("name: book_%d\ntitle: A\ntrigger: reports\nevent_types: [user.report]\ncondition: %q\n"+
			"steps: [{id: look, action: look_up, with: {user: %q}}]\n", i, condition, user)))
	}
	return books
}

func dyingPage(t *testing.T) sdk.RawPage {
	p := page("end", "good", "bad", "better")
	data, err := json.Marshal(report{User: "user-bad", Result: "SUCCESS", Targets: slices.Repeat([]string{"a"}, 250)})
	if err != nil {
		t.Fatal(err)
	}
	p.Events[1].Data = data
	return p
}

// TestDiesDuringAnEvent kills a process while it evaluates one of three events. The third
// process sets only that event aside as failed.
func TestDiesDuringAnEvent(t *testing.T) {
	phase := os.Getenv(dyingPhase)
	if path := os.Getenv(dyingStore); path != "" {
		m, session := connect(t, always(changed))
		r := &rig{newEngine(t, openStore(t, path), Options{Connections: on("org", m, session), Workers: 1}), t, nil}
		_, err := r.Accept(t.Context(), "source", dyingPage(t), slowPlaybooks(t, m, phase))
		if err != nil {
			t.Fatal(err)
		}
		r.drain()
		return
	}
	for _, phase := range []string{"match", "step"} {
		t.Run(phase, func(t *testing.T) {
			path := storePath(t)
			for range maxDeaths {
				killDuring(t, path, phase, markOf("org", "bad"))
			}
			m, session := connect(t, always(changed))
			r := &rig{newEngine(t, openStore(t, path), Options{Connections: on("org", m, session)}), t, nil}
			if _, err := r.Accept(t.Context(), "source", dyingPage(t), slowPlaybooks(t, m, phase)); err != nil {
				t.Fatal(err)
			}
			r.drain()
			failed := 0
			runs, err := r.store.Runs(t.Context(), Query{Limit: 1000})
			if err != nil {
				t.Fatal(err)
			}
			for _, run := range runs {
				switch aside := run.Error != nil && strings.Contains(run.Error.Message, "the process died 2 times"); {
				case run.EventID == "bad" && aside:
					failed++
				case run.EventID != "bad" && run.Status != engine.Succeeded:
					t.Errorf("the run of %s is %s: %v", run.EventID, run.Status, run.Error)
				}
			}
			if failed == 0 {
				t.Error("the event was not set aside")
			}
		})
	}
}

// killDuring starts a process, and kills it as soon as it has marked an event.
func killDuring(t *testing.T, path, phase, mark string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDiesDuringAnEvent$")
	c.Env = append(os.Environ(), dyingStore+"="+path, dyingPhase+"="+phase)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	started := false
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for {
		select {
		case err := <-ended:
			t.Fatalf("the process ended before it had marked the event: %v", err)
		default:
		}
		time.Sleep(time.Millisecond)
		text, err := os.ReadFile(path + marksSuffix)
		marked := err == nil && bytes.Contains(text, []byte(mark))
		started = started || err == nil && !marked // the process has blanked the marks of the earlier one
		if started && marked {
			break
		}
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
}

// TestMarksCostNoCommit checks that marks do not grow the store's log, and that a mark is
// blank after an evaluation, also after a panic.
func TestMarksCostNoCommit(t *testing.T) {
	r := newRig(t, contain, always(changed))
	size := func() int64 {
		info, err := os.Stat(r.store.Path() + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	p := sdk.RawPage{}
	for i := range 500 {
		e := event(fmt.Sprint(i))
		e.Type = "user.other"
		p.Events = append(p.Events, e)
	}
	r.accept(p)
	if now := size(); now != before {
		t.Errorf("the log grew from %d to %d bytes", before, now)
	}
	w := &worker{Engine: r.Engine, storeCtx: t.Context()}
	err := w.marked(&job{run: Run{EventID: "1"}})("a test", func() error { panic("x") })
	if err == nil {
		t.Error("no error")
	}
	text, err := os.ReadFile(r.store.Path() + marksSuffix)
	if err != nil {
		t.Fatal(err)
	}
	if died := readMarks(text); len(died) != 0 {
		t.Errorf("marks left: %v", died)
	}
}

// TestForeignMarks opens an engine with a marks file of other content.
func TestForeignMarks(t *testing.T) {
	for _, text := range []string{"", "\n", "x", strings.Repeat("a", 1<<16), strings.Repeat("\x00", 9000),
		strings.Repeat("0123456789abcdef0123456789abcdeg\n", 300)} {
		s := openStore(t, storePath(t))
		if err := os.WriteFile(s.Path()+marksSuffix, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		m, session := connect(t, always(changed))
		newEngine(t, s, Options{Connections: on("org", m, session)})
		if deaths := deathsIn(t, s); len(deaths) != 0 {
			t.Errorf("%.20q: counted %v", text, deaths)
		}
	}
}

// deathsIn returns the counts of deaths by the marks of their events.
func deathsIn(t *testing.T, s *Store) map[string]int {
	t.Helper()
	deaths := map[string]int{}
	db := s.reader(t.Context())
	db.each(func(read func(...any)) bool {
		var mark string
		var n int
		read(&mark, &n)
		deaths[mark] = n
		return true
	}, `SELECT event, deaths FROM evaluation_deaths`)
	if db.err != nil {
		t.Fatal(db.err)
	}
	return deaths
}

// die leaves the store like a process that died during evaluations on an event.
func die(t *testing.T, path, event string) {
	t.Helper()
	m, session := connect(t, always(changed))
	s := openStore(t, path)
	if err := newEngine(t, s, Options{Connections: on("org", m, session)}).Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path+marksSuffix, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte(markOf("org", event)), 3*slotLength)
	if err := errors.Join(err, f.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestSetAsideAndRetried lets processes die during evaluations on an event, before or after
// the event is accepted. The last run deletes the counts, and a retry evaluates again.
func TestSetAsideAndRetried(t *testing.T) {
	t.Parallel()
	const matches, differs = `{"user":"u","result":"SUCCESS","targets":[],"password":"hunter2"}`,
		`{"user":"u","result":"FAILURE","targets":[],"password":"hunter2"}`
	const retried = "succeeded look=succeeded/1 suspend=succeeded/1 verify=succeeded/1"
	for name, test := range map[string]struct {
		data          string
		before, after int // deaths before and after the event is accepted
		want, retried string
	}{
		"no death":                        {matches, 0, 0, retried, ""},
		"one death before":                {matches, 1, 0, retried, ""},
		"one death after":                 {matches, 0, 1, retried, ""},
		"one death before, one after":     {matches, 1, 1, "failed(internal) look=failed/0(internal) suspend=skipped/0 verify=skipped/0", retried},
		"two deaths before":               {matches, 2, 0, "failed(internal)", retried},
		"three deaths before":             {matches, 3, 0, "failed(internal)", retried},
		"two deaths before, no match":     {differs, 2, 0, "failed(internal)", "succeeded look=skipped/0 suspend=skipped/0 verify=skipped/0"},
		"one death before, no match":      {differs, 1, 0, "", ""},
		"two deaths after":                {matches, 0, 2, "failed(internal) look=failed/0(internal) suspend=skipped/0 verify=skipped/0", retried},
		"two deaths after, no other runs": {matches, 0, 3, "failed(internal) look=failed/0(internal) suspend=skipped/0 verify=skipped/0", retried},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := storePath(t)
			m, session := connect(t, always(changed))
			p := page("1", "e1", "e2")
			p.Events[0].Data = json.RawMessage(test.data)
			start := func() *rig {
				return &rig{newEngine(t, openStore(t, path), Options{Connections: on("org", m, session)}), t, load(t, m, contain)}
			}
			for range test.before {
				die(t, path, "e1")
			}
			r := start()
			r.accept(p)
			if test.after > 0 {
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				for range test.after {
					die(t, path, "e1")
				}
				r = start()
			}
			r.drain()
			runs := map[string]*Run{}
			all, err := r.store.Runs(t.Context(), Query{})
			if err != nil {
				t.Fatal(err)
			}
			for _, run := range all {
				if runs[run.EventID], err = r.store.Run(t.Context(), run.ID); err != nil {
					t.Fatal(err)
				}
			}
			if got := runs["e2"]; got == nil || got.Status != engine.Succeeded {
				t.Errorf("the other event: %+v", got)
			}
			if runs["e1"] == nil {
				if test.want != "" {
					t.Error("no run")
				}
			} else if got := brief(runs["e1"]); got != test.want || strings.Contains(string(runs["e1"].Event), "hunter2") {
				t.Errorf("got %s of %s, want %s", got, runs["e1"].Event, test.want)
			}
			if deaths := deathsIn(t, r.store); len(deaths) != 0 {
				t.Errorf("the counts are still there: %v", deaths)
			}
			if test.retried == "" {
				return
			}
			// This engine and the next one accept the page again.
			for range 2 {
				if again := r.accept(p); again.Started != 0 || len(again.Runs) != 0 {
					t.Errorf("again: %+v", again)
				}
				// The conditions are not evaluated again before a retry.
				if aside, err := r.setAside(t.Context(), "org", "e1", true); err != nil || (aside != nil) != (test.before >= maxDeaths) {
					t.Errorf("set aside: %v, %v", aside, err)
				}
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				r = start()
			}
			if _, err := openStore(t, path).Retry(t.Context(), runs["e1"].ID); err != nil {
				t.Fatal(err)
			}
			r.drain()
			if run := r.read(Accepted{}, 0); brief(run) != test.retried {
				t.Errorf("retried: %s, want %s", brief(run), test.retried)
			}
		})
	}
}

// TestRetryWhileOtherRunsWait retries a run whose event is set aside while another run
// of the event still needs the count.
func TestRetryWhileOtherRunsWait(t *testing.T) {
	path := storePath(t)
	m, session := connect(t, always(changed))
	r := &rig{newEngine(t, openStore(t, path), Options{Connections: on("org", m, session)}), t, load(t, m, contain)}
	waiting := load(t, m, strings.Replace(contain, "name: contain", "name: waiting\ngroup_by: event.user\nwindow: 1h", 1))
	if _, err := r.Accept(t.Context(), "source", page("1", "e1"), []*playbook.Playbook{r.book, waiting}); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for range maxDeaths {
		die(t, path, "e1")
	}
	r.Engine = newEngine(t, openStore(t, path), Options{Connections: on("org", m, session)})
	r.take()
	if run := r.read(Accepted{}, 0); run.Status != engine.Failed || len(deathsIn(t, r.store)) != 1 {
		t.Errorf("got %s, counts %v", brief(run), deathsIn(t, r.store))
	}
	if _, err := r.store.Retry(t.Context(), r.read(Accepted{}, 0).ID); err != nil {
		t.Fatal(err)
	}
	r.take()
	if run := r.read(Accepted{}, 0); run.Status != engine.Succeeded {
		t.Errorf("retried: %s", brief(run))
	}
}

// TestNewStoreHasNoMarks replaces a store. The marks of the old store do not count.
func TestNewStoreHasNoMarks(t *testing.T) {
	for name, replace := range map[string]func(path string) error{
		"deleted":  os.Remove,
		"moved":    func(path string) error { return os.Rename(path, path+".moved") },
		"emptied":  func(path string) error { return os.Truncate(path, 0) },
		"not made": func(path string) error { return errors.Join(os.Remove(path), os.Remove(path+marksSuffix)) },
	} {
		t.Run(name, func(t *testing.T) {
			path := storePath(t)
			die(t, path, "e1")
			if err := replace(path); err != nil {
				t.Fatal(err)
			}
			s, err := OpenNewStore(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			m, session := connect(t, always(changed))
			newEngine(t, s, Options{Connections: on("org", m, session)})
			if deaths := deathsIn(t, s); len(deaths) != 0 {
				t.Errorf("counted %v", deaths)
			}
		})
	}
}
