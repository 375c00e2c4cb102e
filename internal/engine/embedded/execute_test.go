package embedded

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"soar.example/okta/internal/engine"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

func TestWorkRunsStepsInOrder(t *testing.T) {
	var mu sync.Mutex
	var calls []string
	notices := map[string][]string{}
	r := newRig(t, contain, func(_ context.Context, action string, in request) (answer, error) {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, action+" "+in.User)
		return changed, nil
	}, func(o *Options) {
		o.Workers = 1
		o.Observe = func(n Notice) {
			mu.Lock()
			defer mu.Unlock()
			line := n.Kind + " " + n.Run.Status
			if n.Step != nil {
				line = fmt.Sprintf("%s %s %s/%d", n.Kind, n.Step.ID, n.Step.Status, n.Step.Attempts)
			}
			notices[n.Run.EventID] = append(notices[n.Run.EventID], line)
			if n.Run.Event != nil || n.Run.Steps != nil || n.Run.Audit != nil {
				t.Error("a notice carries the run's bulk")
			}
		}
	})
	a := r.accept(page("1", "e1", "e2"))
	r.drain()
	for i := range a.Runs {
		run := r.read(a, i)
		if want := "succeeded look=succeeded/1 suspend=succeeded/1 verify=succeeded/1"; brief(run) != want {
			t.Errorf("got %s", brief(run))
		}
		if run.Created.After(run.Started) || run.Started.After(run.Finished) || run.Started.IsZero() {
			t.Errorf("times %s, %s, %s", run.Created, run.Started, run.Finished)
		}
		for _, s := range run.Steps {
			if s.Started.IsZero() || s.Started.After(s.Finished) || string(s.Input) != fmt.Sprintf(`{"user":"user-%s"}`, run.EventID) {
				t.Errorf("step %+v", s)
			}
		}
		if s := run.Steps[1]; s.Outcome != "changed" || string(s.Output) != `{"outcome":"changed","before":"ACTIVE","after":"SUSPENDED"}` {
			t.Errorf("step %+v", s)
		}
	}
	want := []string{"look_up user-e1", "contain_user user-e1", "look_up user-e1", "look_up user-e2", "contain_user user-e2", "look_up user-e2"}
	if d := cmp.Diff(want, calls); d != "" {
		t.Error(d)
	}
	told := []string{
		"run_queued queued", "run_started running",
		"step_started look running/1", "step_finished look succeeded/1",
		"step_started suspend running/1", "step_finished suspend succeeded/1",
		"step_started verify running/1", "step_finished verify succeeded/1",
		"run_finished succeeded",
	}
	if d := cmp.Diff(map[string][]string{"e1": told, "e2": told}, notices); d != "" {
		t.Error(d)
	}
}

// TestStepEnds runs two steps. The result and on_error of the first decide about the second and the run.
func TestStepEnds(t *testing.T) {
	t.Parallel()
	const book = `
name: two
title: Two steps
trigger: reports
event_types: [user.report]
steps:
  - id: one
    action: contain_user
    with: {user: %s}
    retry: {attempts: 1}
    on_error: %s
    if: %s
  - id: two
    action: look_up
    with: {user: "${{ steps.one.status }}"}
`
	fails := func(code sdk.Code) service {
		return func(_ context.Context, action string, _ request) (answer, error) {
			if action == "look_up" {
				return changed, nil
			}
			return answer{}, sdk.Errorf(code, "the service said no")
		}
	}
	staged := func(_ context.Context, action string, _ request) (answer, error) {
		if action == "look_up" {
			return changed, nil
		}
		return unable, nil
	}
	for _, test := range []struct {
		name, user, onError, cond string
		do                        service
		want, message             string
	}{
		{"all well", "u", "stop", "true", always(changed), "succeeded one=succeeded/1 two=succeeded/1", ""},
		{"skipped", "u", "stop", "false", always(changed), "succeeded one=skipped/0 two=succeeded/1", ""},
		{"stop", "u", "stop", "true", fails(sdk.NotFound), "failed(not_found) one=failed/1(not_found) two=skipped/0", `step "one": the service said no`},
		{"continue", "u", "continue", "true", fails(sdk.NotFound), "failed(not_found) one=failed/1(not_found) two=succeeded/1", `step "one": the service said no`},
		{"ignore", "u", "ignore", "true", fails(sdk.NotFound), "succeeded one=failed/1(not_found) two=succeeded/1", ""},
		{"not applicable, stop", "u", "stop", "true", staged,
			"failed(not_applicable) one=failed/1(not_applicable) two=skipped/0", `step "one": a staged user cannot be suspended`},
		{"not applicable, continue", "u", "continue", "true", staged,
			"failed(not_applicable) one=failed/1(not_applicable) two=succeeded/1", `step "one": a staged user cannot be suspended`},
		{"not applicable, ignore", "u", "ignore", "true", staged, "succeeded one=failed/1(not_applicable) two=succeeded/1", ""},
		{"input", `"${{ event.targets[0] }}"`, "stop", "true", always(changed), "failed(invalid_input) one=failed/0(invalid_input) two=skipped/0", ""},
		{"input, ignored", `"${{ event.targets[0] }}"`, "ignore", "true", always(changed), "succeeded one=failed/0(invalid_input) two=succeeded/1", ""},
		{"condition", "u", "stop", `int(event.result) == 1`, always(changed), "failed(invalid_input) one=failed/0(invalid_input) two=skipped/0", ""},
		{"rejected credentials", "u", "stop", "true", fails(sdk.Unauthenticated), "failed(unauthenticated) one=failed/1(unauthenticated) two=skipped/0", ""},
		{"forbidden", "u", "continue", "true", fails(sdk.Forbidden), "failed(forbidden) one=failed/1(forbidden) two=succeeded/1", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t, fmt.Sprintf(book, test.user, test.onError, test.cond), test.do)
			run := r.only()
			if brief(run) != test.want {
				t.Errorf("got  %s\nwant %s", brief(run), test.want)
			}
			if test.message != "" && run.Error.Message != test.message {
				t.Errorf("message %q, want %q", run.Error.Message, test.message)
			}
			if run.Error != nil && !strings.HasPrefix(run.Error.Message, `step "one": `) {
				t.Errorf("message %q does not name the step", run.Error.Message)
			}
			if s := run.Steps[0]; strings.HasPrefix(test.name, "not applicable") && (s.Outcome != "not_applicable" || s.Output == nil) {
				t.Errorf("step %+v", s)
			}
			if s := run.Steps[1]; s.Status == engine.Succeeded && string(s.Input) != fmt.Sprintf(`{"user":%q}`, run.Steps[0].Status) {
				t.Errorf("the second step saw %s", s.Input)
			}
		})
	}
}

func TestOutputOfANotApplicableStepIsKept(t *testing.T) {
	r := newRig(t, `
name: staged
title: Staged
trigger: reports
event_types: [user.report]
steps:
  - {id: suspend, action: contain_user, on_error: continue, with: {user: u}}
  - {id: tell, action: look_up, with: {user: "${{ steps.suspend.output.after }}"}}
`, always(unable))
	if run := r.only(); run.Status != engine.Failed || string(run.Steps[1].Input) != `{"user":"STAGED"}` {
		t.Errorf("got %s, %s", brief(run), run.Steps[1].Input)
	}
}

// TestRunKeepsItsPlaybook checks that a run continues with the playbook that it was accepted with.
func TestRunKeepsItsPlaybook(t *testing.T) {
	path := storePath(t)
	m, session := connect(t, always(changed))
	o := Options{Connections: on("org", m, session)}
	s := openStore(t, path)
	e, err := New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	books := []*playbook.Playbook{load(t, m, contain)}
	if _, err := e.Accept(t.Context(), "s", page("1", "e1"), books); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = newEngine(t, openStore(t, path), o)
	shorter := contain[:strings.Index(contain, "  - id: suspend")]
	if _, err := e.Accept(t.Context(), "s", page("2", "e2"), []*playbook.Playbook{load(t, m, shorter)}); err != nil {
		t.Fatal(err)
	}
	if err := drain(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	for event, steps := range map[string]int{"e1": 3, "e2": 1} {
		run, err := e.store.Run(t.Context(), engine.RunID("org", "contain", event))
		if err != nil || run.Status != engine.Succeeded || len(run.Steps) != steps {
			t.Errorf("%s: %s, %v", event, brief(run), err)
		}
	}
}

// TestPlaybookNoLongerLoads resumes a run whose action the connector has lost.
func TestPlaybookNoLongerLoads(t *testing.T) {
	path := storePath(t)
	m, session := connect(t, always(changed))
	e, err := New(openStore(t, path), Options{Connections: on("org", m, session)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Accept(t.Context(), "s", page("1", "e1"), []*playbook.Playbook{load(t, m, contain)}); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	less := *m
	less.Actions = slices.DeleteFunc(slices.Clone(m.Actions), func(a sdk.ActionInfo) bool { return a.Name == "contain_user" })
	e = newEngine(t, openStore(t, path), Options{Connections: on("org", &less, session)})
	if err := drain(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	run, err := e.store.Run(t.Context(), engine.RunID("org", "contain", "e1"))
	if err != nil || run.Status != engine.Failed || !strings.Contains(run.Error.Message, "cannot continue with the playbook") {
		t.Errorf("got %s: %v, %v", brief(run), run.Error, err)
	}
}

// TestOrgsAreKeptApart checks that an engine executes no run of another org.
func TestOrgsAreKeptApart(t *testing.T) {
	path := storePath(t)
	called := func(context.Context, string, request) (answer, error) {
		t.Error("acted on the wrong org")
		return changed, nil
	}
	m, wrong := connect(t, called)
	_, right := connect(t, always(changed))
	books := []*playbook.Playbook{load(t, m, contain)}
	accept := func(org string, session sdk.Session) *Engine {
		e, err := New(openStore(t, path), Options{Connections: on(org, m, session)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Accept(t.Context(), org, page("1", "e1"), books); err != nil {
			t.Fatal(err)
		}
		return e
	}
	if err := accept("a", wrong).Close(); err != nil {
		t.Fatal(err)
	}
	b := accept("b", right)
	if err := drain(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	for org, want := range map[string]engine.Status{"a": engine.Queued, "b": engine.Succeeded} {
		if run, err := b.store.Run(t.Context(), engine.RunID(org, "contain", "e1")); err != nil || run.Status != want {
			t.Errorf("%s: %s, %v", org, brief(run), err)
		}
	}
}

func TestWorkOnce(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	r := newRig(t, contain, func(context.Context, string, request) (answer, error) {
		entered <- struct{}{}
		<-leave
		return changed, nil
	})
	r.accept(page("1", "e1"))
	ctx, stop := context.WithCancel(t.Context())
	worked := make(chan error)
	go func() { worked <- r.Work(ctx) }()
	select {
	case <-entered:
	case err := <-worked:
		t.Fatalf("stopped working: %v", err)
	}
	if err := r.Work(ctx); err == nil {
		t.Error("worked twice at once")
	}
	if err := r.Close(); err == nil {
		t.Error("closed while at work")
	}
	idle, giveUp := context.WithCancel(t.Context())
	giveUp()
	if err := r.Idle(idle); err == nil {
		t.Error("idle while at work")
	}
	stop()
	close(leave)
	if err := <-worked; err != nil {
		t.Error(err)
	}
	// The step under way has finished, and the next one has not started.
	if run := r.read(Accepted{}, 0); brief(run) != "queued look=succeeded/1 suspend=pending/0 verify=pending/0" {
		t.Errorf("got %s", brief(run))
	}
}

// TestWorkEndsWhenTheStoreFails checks that no action is called without an audit entry.
func TestWorkEndsWhenTheStoreFails(t *testing.T) {
	called := false
	r := newRig(t, contain, func(context.Context, string, request) (answer, error) {
		called = true
		return changed, nil
	})
	r.accept(page("1", "e1"))
	if _, err := r.store.write.Exec(`CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT raise(FAIL, 'no room'); END`); err != nil {
		t.Fatal(err)
	}
	if err := r.Work(t.Context()); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("got %v", err)
	}
	if called {
		t.Error("an action was called without an audit entry")
	}
	if _, err := r.store.write.Exec(`DROP TRIGGER full`); err != nil {
		t.Fatal(err)
	}
	r.drain()
	if run := r.read(Accepted{}, 0); run.Status != engine.Succeeded {
		t.Errorf("got %s", brief(run))
	}
}
