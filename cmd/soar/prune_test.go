package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/playbook"
	oktaconnector "soar.example/okta/plugin/okta"
	"soar.example/okta/sdk"
)

// storeOf makes a store with a run that ended on each of the days ago, and returns its
// name.
func storeOf(t *testing.T, days ...int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "soar.db")
	store, err := embedded.OpenStore(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	backend, err := oktaconnector.Backend()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	source := "name: book\ntitle: Book\ntrigger: system_log\nevent_types: [user.session.start]\n" +
		"steps: [{id: look, action: get_user, with: {user: a@b.example}}]\n"
	book, err := playbook.Load("book.yaml", []byte(source), playbook.Connections{"okta": m})
	if err != nil {
		t.Fatal(err)
	}
	var now time.Time
	connections := []embedded.Connection{{Name: "okta", Org: "org", Manifest: m, Session: struct{ sdk.Session }{}}}
	engine, err := embedded.New(store, embedded.Options{Connections: connections, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	for _, d := range days {
		now = time.Now().AddDate(0, 0, -d)
		event := sdk.RawEvent{ID: fmt.Sprint(d), Type: "user.session.start", Data: json.RawMessage(`{}`), Indeterminate: "so the run fails at once"}
		if _, err := engine.Accept(t.Context(), "source", sdk.RawPage{Events: []sdk.RawEvent{event}}, []*playbook.Playbook{book}); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// soar runs a command in this process.
func soar(args ...string) (out, err string, status int) {
	var o, e bytes.Buffer
	a := newApp(&o, &e)
	root := a.command()
	root.SetArgs(args)
	if err := root.ExecuteContext(context.Background()); err != nil {
		a.report(err)
		status = exitCode(context.Background(), err)
	}
	return o.String(), e.String(), status
}

func TestPrune(t *testing.T) {
	store := storeOf(t, 200, 100, 10)
	for _, test := range []struct{ args, says string }{
		{"--older-than 90d --dry-run", "would delete what ended before "},
		{"--older-than 90d --dry-run", ": 2 runs, 2 events\n"},
		{"--older-than 90d --dry-run --json", `"runs":2,"events":2,"calls":0,"undos":0,"undos_failed":0,"freed_bytes":0,"dry_run":true}`},
		{"--older-than 150d", ": 1 run, 1 event\n"},
		{"--older-than 90d --json", `"runs":1,"events":1,"calls":0,"undos":0,"undos_failed":0,"freed_bytes":0}`},
		{"--older-than 90d", ": nothing\n0.0 MiB of " + store + " are free"},
		{"--older-than 24h", ": 1 run, 1 event\n"},
	} {
		out, err, status := soar(append([]string{"runs", "prune", "--store", store}, strings.Fields(test.args)...)...)
		if status != exitDone || err != "" || !strings.Contains(out, test.says) {
			t.Errorf("%s: %d %s%s", test.args, status, out, err)
		}
	}
	for args, says := range map[string]string{
		"":                         "say how old",
		"--older-than 23h":         "at least a day",
		"--older-than -90d":        "not a time span",
		"--older-than ninety":      "not a time span",
		"--older-than 90d now":     "takes no argument",
		"--older-than 90d --dry":   "unknown flag",
		"--older-than 1h --json":   "at least a day",
		"--older-than 90d -q":      "unknown shorthand",
		"--older-than= --dry-run":  "say how old",
		"--older-than 0 --dry-run": "at least a day",
	} {
		out, err, status := soar(append([]string{"runs", "prune", "--store", store}, strings.Fields(args)...)...)
		if status != exitUsage || !strings.Contains(out+err, says) {
			t.Errorf("%s: %d %s%s", args, status, out, err)
		}
	}
	_, problem, status := soar("runs", "prune", "--older-than", "90d", "--store", store+".none")
	if status != exitUsage || !strings.Contains(problem, "there is no store") {
		t.Errorf("%d %s", status, problem)
	}
}
