package embedded

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/engine"
	"soar.example/okta/sdk"
)

// noTimes ignores the times and durations of audit entries.
var noTimes = cmpopts.IgnoreFields(AuditEntry{}, "Time", "Duration", "Operation", "Org", "Actor")

// quiet returns the context of the test with a logger that discards its lines.
func quiet(t *testing.T) context.Context {
	return hclog.WithContext(t.Context(), hclog.NewNullLogger())
}

func TestAuditOverHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "req-"+r.URL.Path[1:8])
		if strings.Contains(r.URL.Path, "contain_user") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		json.NewEncoder(w).Encode(map[string]string{"status": "ACTIVE"})
	}))
	defer server.Close()
	client := server.Client()
	defer client.CloseIdleConnections()
	r := newRig(t, contain, over(client, server.URL))
	run := r.only()
	input := json.RawMessage(`{"user":"user-e1"}`)
	want := []AuditEntry{
		{RunID: run.ID, StepID: "look", Attempt: 1, Action: "look_up", Input: input, Status: engine.Done, RequestIDs: []string{"req-look_up"}},
		{RunID: run.ID, StepID: "suspend", Attempt: 1, Action: "contain_user", Input: input, Status: engine.Failed, Code: "forbidden",
			Message: "the service rejected the call", RequestIDs: []string{"req-contain"}},
	}
	if d := cmp.Diff(want, run.Audit, noTimes); d != "" {
		t.Error(d)
	}
	for _, a := range run.Audit {
		if a.Duration <= 0 || a.Time.Before(run.Started) || a.Time.After(run.Finished) {
			t.Errorf("entry at %s took %s", a.Time, a.Duration)
		}
	}
	trail, err := r.store.AuditTrail(t.Context(), AuditQuery{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want[1:], trail, noTimes); d != "" {
		t.Error(d)
	}
}

func TestPerformMasksSecrets(t *testing.T) {
	const secret = "correct horse battery"
	var during []AuditEntry
	s := openStore(t, storePath(t))
	m, session := connect(t, func(ctx context.Context, _ string, in request) (answer, error) {
		if in.Secret.Reveal() != secret {
			t.Errorf("the action got %q", in.Secret.Reveal())
		}
		var err error
		during, err = s.AuditTrail(ctx, AuditQuery{Limit: 0})
		return changed, err
	})
	input := json.RawMessage(`{"user":"u","secret":"` + secret + `"}`)
	result, err := s.Perform(quiet(t), session, m.Action("contain_user"), input, Caller{})
	if err != nil || string(engine.ReadOutput(result.Output).Outcome) != "changed" {
		t.Fatalf("got %s, %v", result.Output, err)
	}
	masked := json.RawMessage(`{"secret":"********","user":"u"}`)
	want := []AuditEntry{{Action: "contain_user", Input: masked, Status: engine.Started, Outcome: OutcomeUnknown}}
	if d := cmp.Diff(want, during, noTimes); d != "" {
		t.Errorf("during the call: %s", d)
	}
	after, err := s.AuditTrail(t.Context(), AuditQuery{Limit: 0})
	if err != nil {
		t.Fatal(err)
	}
	want[0].Status, want[0].Outcome = engine.Done, "changed"
	if d := cmp.Diff(want, after, noTimes); d != "" {
		t.Errorf("after the call: %s", d)
	}
	// No other table contains the secret.
	for _, table := range []string{"audit", "steps"} {
		rows, err := s.read.Query(`SELECT input FROM ` + table)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var column string
			if err := rows.Scan(&column); err != nil || strings.Contains(column, secret) {
				t.Errorf("%s has %s, %v", table, column, err)
			}
		}
		rows.Close()
	}
}

func TestSecretsOfStepsAreMasked(t *testing.T) {
	r := newRig(t, strings.Replace(contain, `user: "${{ event.user }}"}
    if`, `user: "${{ event.user }}", secret: hush-hush}
    if`, 1), always(changed))
	run := r.only()
	if run.Status != engine.Succeeded {
		t.Fatal(brief(run))
	}
	shown, err := json.Marshal(run)
	if err != nil || strings.Contains(string(shown), "hush-hush") {
		t.Errorf("got %s, %v", shown, err)
	}
	if string(run.Steps[1].Input) != `{"secret":"********","user":"user-e1"}` {
		t.Errorf("got %s", run.Steps[1].Input)
	}
}

func TestPerformFailures(t *testing.T) {
	s := openStore(t, storePath(t))
	ctx, cancel := context.WithCancel(quiet(t))
	slow := func(ctx context.Context, _ string, _ request) (answer, error) {
		cancel()
		<-ctx.Done()
		return answer{}, ctx.Err()
	}
	m, session := connect(t, slow)
	write, read := m.Action("contain_user"), m.Action("look_up")
	_, err := s.Perform(ctx, session, write, json.RawMessage(`{"user":"u"}`), Caller{})
	if codeOf(err) != sdk.Canceled {
		t.Errorf("canceled: %v", err)
	}
	if _, err = s.Perform(ctx, session, write, json.RawMessage(`{"user":"late"}`), Caller{}); codeOf(err) != sdk.Canceled {
		t.Errorf("canceled before: %v", err)
	}
	timed, done := context.WithTimeout(quiet(t), time.Millisecond)
	defer done()
	if _, err = s.Perform(timed, session, read, json.RawMessage(`{"user":"u"}`), Caller{}); codeOf(err) != sdk.Timeout {
		t.Errorf("timed out: %v", err)
	}
	for _, input := range []string{``, `{"user":`, `[]`, `{"user":"u","user":"v"}`} {
		if _, err := s.Perform(quiet(t), session, write, json.RawMessage(input), Caller{}); codeOf(err) != sdk.InvalidInput {
			t.Errorf("input %q: %v", input, err)
		}
	}
	if _, err := s.Perform(quiet(t), session, nil, nil, Caller{}); codeOf(err) != sdk.InvalidInput {
		t.Errorf("no action: %v", err)
	}
	trail, err := s.AuditTrail(t.Context(), AuditQuery{Limit: 0})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range trail {
		got = append(got, strings.Join([]string{a.Action, a.Status, a.Outcome, a.Code}, " "))
	}
	want := []string{ // newest first
		`contain_user failed  invalid_input`,
		`contain_user failed  invalid_input`,
		`contain_user failed  invalid_input`,
		`contain_user failed  invalid_input`,
		`look_up failed  timeout`,
		`contain_user failed unknown canceled`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestPerformWithoutAStore(t *testing.T) {
	m, session := connect(t, func(context.Context, string, request) (answer, error) {
		t.Error("an action was called without an audit entry")
		return changed, nil
	})
	s, err := OpenStore(t.Context(), storePath(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = s.Perform(quiet(t), session, m.Action("look_up"), json.RawMessage(`{"user":"u"}`), Caller{})
	if codeOf(err) != sdk.Internal {
		t.Errorf("got %v", err)
	}

	// The store fails in the middle of the call.
	s = openStore(t, storePath(t))
	m, session = connect(t, func(context.Context, string, request) (answer, error) {
		_, err := s.write.Exec(`CREATE TRIGGER full BEFORE UPDATE ON audit BEGIN SELECT raise(FAIL, 'no room'); END`)
		return changed, err
	})
	result, err := s.Perform(quiet(t), session, m.Action("look_up"), json.RawMessage(`{"user":"u"}`), Caller{})
	if codeOf(err) != sdk.Internal || string(result.Output) != `{"status":"ACTIVE"}` {
		t.Errorf("got %s, %v", result.Output, err)
	}
	trail, err := s.AuditTrail(t.Context(), AuditQuery{Limit: 0})
	if err != nil || len(trail) != 1 || trail[0].Outcome != OutcomeUnknown {
		t.Errorf("got %+v, %v", trail, err)
	}
}
