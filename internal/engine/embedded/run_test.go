package embedded

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/engine"
	"soar.example/okta/sdk"
)

var update = flag.Bool("update", false, "write the golden files")

func TestRuns(t *testing.T) {
	r := newRig(t, contain, always(changed), func(o *Options) { o.Workers = 1 })
	r.accept(page("1", "a", "b"))
	r.drain()
	r.accept(page("2", "c"))
	for _, test := range []struct {
		q    Query
		want string
		code sdk.Code
	}{
		{q: Query{}, want: "c b a"},
		{q: Query{Limit: 2}, want: "c b"},
		{q: Query{Status: engine.Succeeded}, want: "b a"},
		{q: Query{Status: engine.Queued, Playbook: "contain"}, want: "c"},
		{q: Query{Playbook: "other"}},
		{q: Query{Status: "queud"}, code: sdk.InvalidInput},
		{q: Query{Limit: -1}, code: sdk.InvalidInput},
	} {
		runs, err := r.store.Runs(t.Context(), test.q)
		var events []string
		for _, run := range runs {
			events = append(events, run.EventID)
		}
		if got := strings.Join(events, " "); got != test.want || codeOf(err) != test.code {
			t.Errorf("%+v: got %q, %v", test.q, got, err)
		}
	}
	if _, err := r.store.AuditTrail(t.Context(), AuditQuery{Limit: -1}); codeOf(err) != sdk.InvalidInput {
		t.Errorf("got %v", err)
	}
	trail, err := r.store.AuditTrail(t.Context(), AuditQuery{Limit: 2})
	if err != nil || len(trail) != 2 || trail[0].StepID != "verify" || trail[1].StepID != "suspend" {
		t.Errorf("got %+v, %v", trail, err)
	}
}

func TestRunByIDPrefix(t *testing.T) {
	r := newRig(t, contain, always(changed))
	p := page("1", "a")
	for i := range 400 { // with 400 runs, some IDs have the same beginning
		p.Events = append(p.Events, event(fmt.Sprint(i)))
	}
	ids := r.accept(p).Runs
	slices.Sort(ids)
	var alike string
	for i := range ids[1:] {
		if ids[i][:4] == ids[i+1][:4] {
			alike = ids[i][:4]
		}
	}
	if alike == "" {
		t.Fatal("no two ids begin alike")
	}
	alone := slices.IndexFunc(ids, func(id string) bool { return id[:4] != alike })
	for _, test := range []struct {
		id   string
		want string
		code sdk.Code
	}{
		{id: ids[alone], want: ids[alone]},
		{id: strings.ToUpper(ids[alone][:8]) + " ", want: ids[alone]},
		{id: ids[alone][:3], code: sdk.InvalidInput},
		{id: "", code: sdk.InvalidInput},
		{id: alike, code: sdk.InvalidInput},
		{id: ids[alone] + "0", code: sdk.NotFound},
		{id: "none", code: sdk.NotFound},
		{id: "%%%%", code: sdk.NotFound},
		{id: "____", code: sdk.NotFound},
		{id: "' OR 1", code: sdk.NotFound},
		{id: strings.Repeat("f", 1<<16), code: sdk.NotFound},
	} {
		run, err := r.store.Run(t.Context(), test.id)
		if codeOf(err) != test.code || (err == nil) != (test.want != "") || run != nil && run.ID != test.want {
			t.Errorf("%.40q: got %+v, %v", test.id, run, err)
		}
	}
}

// TestRunAsJSON compares a run with the JSON that the command line, HTTP clients and
// dashboards read.
func TestRunAsJSON(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 1, 0, time.UTC)
	r := newRig(t, contain, func(_ context.Context, action string, _ request) (answer, error) {
		if action == "contain_user" {
			return answer{}, &sdk.Error{Code: sdk.Conflict, Message: "the user is locked", Upstream: &sdk.Upstream{Status: 409, RequestID: "req-1"}}
		}
		return changed, nil
	}, func(o *Options) {
		o.Now = func() time.Time { return now }
	})
	run := r.only()
	for i := range run.Audit {
		a := &run.Audit[i]
		a.Duration, a.OSUser, a.Host, a.Process = 1500*time.Microsecond, "ann", "host", 7
		if a.Operation != "" {
			a.Operation = "0123456789abcdef"
		}
	}
	got, err := json.MarshalIndent(run, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	golden := filepath.Join("testdata", "run.json")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Error(d)
	}
}
