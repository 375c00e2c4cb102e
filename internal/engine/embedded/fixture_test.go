package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"soar.example/okta/internal/engine"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// contain is a playbook of three steps, one after the other.
const contain = `
name: contain
title: Contain a user
trigger: reports
event_types: [user.report]
condition: event.result == "SUCCESS"
steps:
  - id: look
    action: look_up
    with: {user: "${{ event.user }}"}
  - id: suspend
    action: contain_user
    with: {user: "${{ event.user }}"}
    if: steps.look.output.status == "ACTIVE"
  - id: verify
    action: look_up
    with: {user: "${{ event.user }}"}
`

func load(tb testing.TB, m *sdk.Manifest, source string) *playbook.Playbook {
	tb.Helper()
	b, err := playbook.Load("book.yaml", []byte(source), playbook.Connections{"test": m})
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// event is a report on a user with the same name as the event.
func event(id string) sdk.RawEvent {
	data, _ := json.Marshal(report{User: "user-" + id, Result: "SUCCESS", Targets: []string{}})
	return sdk.RawEvent{ID: id, Type: "user.report", Time: time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC), Data: data}
}

func page(next string, ids ...string) sdk.RawPage {
	p := sdk.RawPage{}
	if next != "" {
		p.Next, _ = json.Marshal(next)
	}
	for _, id := range ids {
		p.Events = append(p.Events, event(id))
	}
	return p
}

func storePath(tb testing.TB) string { return filepath.Join(tb.TempDir(), "soar.db") }

func openStore(tb testing.TB, path string) *Store {
	tb.Helper()
	s, err := OpenStore(context.Background(), path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func newEngine(tb testing.TB, s *Store, o Options) *Engine {
	tb.Helper()
	e, err := New(s, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Error(err)
		}
	})
	return e
}

// on returns the only connection of an engine.
func on(org string, m *sdk.Manifest, session sdk.Session) []Connection {
	return []Connection{{Name: "test", Org: org, Manifest: m, Session: session}}
}

// onShadow is on with a connection whose writes may be dry runs.
func onShadow(org string, m *sdk.Manifest, session sdk.Session, shadow bool) []Connection {
	all := on(org, m, session)
	all[0].Shadow = shadow
	return all
}

func anyConnection(Connection) bool { return true }

// rig is a store, an engine and a playbook on it.
type rig struct {
	*Engine
	tb   testing.TB
	book *playbook.Playbook
}

func newRig(tb testing.TB, source string, do service, change ...func(*Options)) *rig {
	tb.Helper()
	m, session := connect(tb, do)
	o := Options{Connections: on("org", m, session)}
	for _, f := range change {
		f(&o)
	}
	return &rig{newEngine(tb, openStore(tb, storePath(tb)), o), tb, load(tb, m, source)}
}

func (r *rig) accept(p sdk.RawPage) Accepted {
	r.tb.Helper()
	a, err := r.Accept(context.Background(), "source", p, []*playbook.Playbook{r.book})
	if err != nil {
		r.tb.Fatal(err)
	}
	return a
}

// drain works until no run is unfinished.
func (r *rig) drain() {
	r.tb.Helper()
	if err := drain(context.Background(), r.Engine); err != nil {
		r.tb.Fatal(err)
	}
}

func drain(ctx context.Context, e *Engine) error {
	ctx, end := atWork(ctx, e)
	err := e.Idle(ctx)
	return errors.Join(end(), err)
}

// atWork runs Work until the caller calls end, which returns the error of Work. The context
// ends with Work: if Work failed, the engine never becomes idle.
func atWork(ctx context.Context, e *Engine) (_ context.Context, end func() error) {
	ctx, stop := context.WithCancel(ctx)
	worked := make(chan error, 1)
	go func() {
		worked <- e.Work(ctx)
		stop()
	}()
	return ctx, func() error {
		stop()
		return <-worked
	}
}

// execute runs a job as a worker does.
func execute(ctx context.Context, e *Engine, j *job) error {
	return (&worker{Engine: e, stopCtx: ctx, runCtx: ctx, storeCtx: ctx}).execute(j)
}

// only accepts one event and runs it.
func (r *rig) only() *Run {
	r.tb.Helper()
	r.accept(page("", "e1"))
	r.drain()
	return r.read(r.accept(page("", "e1")), 0)
}

// read returns the run of the event e1, or the i-th new run of a page.
func (r *rig) read(a Accepted, i int) *Run {
	r.tb.Helper()
	id := engine.RunID(r.org(), r.book.Name, "e1")
	if i < len(a.Runs) {
		id = a.Runs[i]
	}
	run, err := r.store.Run(context.Background(), id)
	if err != nil {
		r.tb.Fatal(err)
	}
	return run
}

// brief returns a run on one line.
func brief(r *Run) string {
	s := r.Status
	if r.Error != nil {
		s += fmt.Sprintf("(%s)", r.Error.Code)
	}
	for _, step := range r.Steps {
		s += fmt.Sprintf(" %s=%s/%d", step.ID, step.Status, step.Attempts)
		if step.Error != nil {
			s += fmt.Sprintf("(%s)", step.Error.Code)
		}
	}
	return s
}

func codeOf(err error) sdk.Code {
	var e *sdk.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func (r *rig) org() string { return r.o.Connections[0].Org }

func (r *rig) manifest() *sdk.Manifest { return r.o.Connections[0].Manifest }
