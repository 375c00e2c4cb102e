package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// steps returns a playbook with one step for each on_error.
func steps(onError ...playbook.OnError) *playbook.Playbook {
	p := &playbook.Playbook{}
	for i, e := range onError {
		p.Steps = append(p.Steps, &playbook.Step{ID: fmt.Sprint("s", i), Action: "act", OnError: e})
	}
	return p
}

// history returns the states of steps with these statuses.
func history(p *playbook.Playbook, statuses ...engine.Status) []*engine.StepState {
	states := engine.NewSteps(p)
	for i, status := range statuses {
		states[i].Status, states[i].Attempts = status, 2
		if status == engine.Failed {
			states[i].Error, states[i].Failures = &sdk.ErrorBody{Code: sdk.Forbidden, Message: "no"}, 2
		}
	}
	return states
}

const (
	stop, goOn, ignore = playbook.Stop, playbook.Continue, playbook.Ignore
	succeeded, failed  = engine.Succeeded, engine.Failed
	skipped, running   = engine.Skipped, engine.Running
	pending            = engine.Pending
)

func TestNext(t *testing.T) {
	for name, test := range map[string]struct {
		playbook *playbook.Playbook
		history  []engine.Status
		want     string
	}{
		"no steps":                       {steps(), nil, "succeeded"},
		"first":                          {steps(stop, stop), nil, "step 0"},
		"interrupted":                    {steps(stop, stop), []engine.Status{running}, "step 0"},
		"second":                         {steps(stop, stop), []engine.Status{succeeded}, "step 1"},
		"second after skipped":           {steps(stop, stop), []engine.Status{skipped}, "step 1"},
		"all over":                       {steps(stop, stop), []engine.Status{succeeded, skipped}, "succeeded"},
		"failed and stops":               {steps(stop, stop), []engine.Status{failed}, `step "s0": no`},
		"failed and continues":           {steps(goOn, stop), []engine.Status{failed}, "step 1"},
		"failed, continued and over":     {steps(goOn, stop), []engine.Status{failed, succeeded}, `step "s0": no`},
		"failed and ignored":             {steps(ignore, stop), []engine.Status{failed}, "step 1"},
		"failed, ignored and over":       {steps(ignore, stop), []engine.Status{failed, succeeded}, "succeeded"},
		"two failures: the first counts": {steps(goOn, stop, stop), []engine.Status{failed, failed}, `step "s0": no`},
		"ignored, then failed":           {steps(ignore, stop), []engine.Status{failed, failed}, `step "s1": no`},
		"last failed":                    {steps(stop, stop), []engine.Status{succeeded, failed}, `step "s1": no`},
	} {
		t.Run(name, func(t *testing.T) {
			states := history(test.playbook, test.history...)
			n, over, failure := engine.Next(test.playbook, states)
			got := fmt.Sprint("step ", n)
			switch {
			case failure != nil:
				got = failure.Message
			case over:
				got = "succeeded"
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			for i, s := range test.history {
				if s == failed && states[i].Error.Message != "no" {
					t.Errorf("the error of step %d changed to %s", i, states[i].Error.Message)
				}
			}
		})
	}
}

func TestResults(t *testing.T) {
	p := steps(stop, goOn, stop, stop)
	states := history(p, succeeded, failed, skipped, running)
	states[0].Output = json.RawMessage(`{"n":1}`)
	want := map[string]playbook.StepResult{
		"s0": {Status: succeeded, Output: states[0].Output},
		"s1": {Status: failed, Error: states[1].Error},
		"s2": {Status: skipped},
	}
	if d := cmp.Diff(want, engine.Results(p, states)); d != "" {
		t.Error(d)
	}
}

func TestResetFailed(t *testing.T) {
	for name, test := range map[string]struct {
		playbook *playbook.Playbook
		history  []engine.Status
		want     []int
	}{
		"nothing failed":              {steps(stop, stop), []engine.Status{succeeded, skipped}, nil},
		"only ignored":                {steps(ignore, stop), []engine.Status{failed, succeeded}, nil},
		"the last":                    {steps(stop, stop), []engine.Status{succeeded, failed}, []int{1}},
		"the first and those skipped": {steps(stop, stop, stop), []engine.Status{failed, skipped, skipped}, []int{0, 1, 2}},
		"not those that succeeded":    {steps(goOn, stop, stop), []engine.Status{failed, succeeded, skipped}, []int{0, 2}},
		"not those ignored":           {steps(goOn, ignore, stop), []engine.Status{failed, failed, failed}, []int{0, 2}},
		"skipped before stays":        {steps(stop, stop), []engine.Status{skipped, failed}, []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			states := history(test.playbook, test.history...)
			got := engine.ResetFailed(test.playbook, states)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			for n, s := range states {
				reset := engine.StepState{StepRun: engine.StepRun{ID: fmt.Sprint("s", n), Action: "act", Status: pending, Attempts: 2}}
				if slices.Contains(got, n) != cmp.Equal(*s, reset) {
					t.Errorf("step %d is %+v", n, *s)
				}
			}
		})
	}
}

// load loads a playbook of one step from its YAML.
func load(t *testing.T, step string) *playbook.Playbook {
	t.Helper()
	m := &sdk.Manifest{
		Actions: []sdk.ActionInfo{{Name: "act", Effect: sdk.Writes,
			Input:  sdk.JSON(`{"type":"object","properties":{"user":{"type":"string","minLength":2}},"required":["user"],"additionalProperties":false}`),
			Output: sdk.JSON(`{"type":"object"}`)}},
		Triggers: []sdk.TriggerInfo{{Name: "reports", Params: sdk.JSON(`{"type":"object"}`),
			Event: sdk.JSON(`{"type":"object","properties":{"user":{"type":"string"}}}`)}},
	}
	p, err := playbook.Load("p.yaml", []byte("name: p\ntitle: P\ntrigger: reports\nevent_types: [a.b]\nsteps:\n  - "+step+"\n"), playbook.Connections{"test": m})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDecide(t *testing.T) {
	plain := func(_ string, do func() error) error { return do() }
	for name, test := range map[string]struct {
		step     string
		event    string
		evaluate engine.Evaluate
		want     string
	}{
		"run":               {step: `{id: s, action: act, with: {user: "${{ event.user }}"}}`, event: `{"user":"ann"}`, want: `running act {"user":"ann"}`},
		"condition holds":   {step: `{id: s, action: act, if: event.user == "ann", with: {user: ann}}`, event: `{"user":"ann"}`, want: `running act {"user":"ann"}`},
		"condition is not":  {step: `{id: s, action: act, if: event.user == "bob", with: {user: ann}}`, event: `{"user":"ann"}`, want: "skipped"},
		"condition fails":   {step: `{id: s, action: act, if: int(event.user) == 1, with: {user: ann}}`, event: `{"user": "a"}`, want: "failed invalid_input"},
		"input not allowed": {step: `{id: s, action: act, with: {user: "${{ event.user }}"}}`, event: `{"user":"a"}`, want: "failed invalid_input"},
		"engine objects": {step: `{id: s, action: act, with: {user: ann}}`, event: `{}`,
			evaluate: func(string, func() error) error { return errors.New("x") }, want: "failed internal"},
		"engine objects to the input": {step: `{id: s, action: act, with: {user: ann}}`, event: `{}`,
			evaluate: func(label string, do func() error) error {
				if strings.HasPrefix(label, "the input of step s") {
					return errors.New("x")
				}
				return do()
			}, want: "failed internal"},
	} {
		t.Run(name, func(t *testing.T) {
			p := load(t, test.step)
			if test.evaluate == nil {
				test.evaluate = plain
			}
			d := engine.Decide(p, p.Steps[0], playbook.Scope{Event: json.RawMessage(test.event)}, test.evaluate)
			got := d.Status
			if d.Err != nil {
				got += " " + string(sdk.AsError(d.Err).Code)
			}
			if d.Status == running {
				got += " " + d.Action.Name + " " + string(d.Input)
			}
			if got != test.want {
				t.Errorf("got %s (%v), want %s", got, d.Err, test.want)
			}
		})
	}
}

// now is the time of the attempts.
var now = time.Date(2026, 3, 1, 12, 0, 0, 1999, time.UTC)

func TestRecord(t *testing.T) {
	retry := playbook.Retry{Attempts: 3, Wait: time.Second, MaxWait: 4 * time.Second}
	down := sdk.Errorf(sdk.Unavailable, "down")
	for name, test := range map[string]struct {
		failures int // before
		output   string
		failure  *sdk.Error
		want     string
	}{
		"succeeds":         {0, `{"outcome":"changed"}`, nil, "succeeded changed 0s "},
		"succeeds at last": {2, `{"outcome":"unchanged"}`, nil, "succeeded unchanged 0s "},
		"only reads":       {0, `{"status":"ACTIVE"}`, nil, "succeeded  0s "},
		"not applicable":   {0, `{"outcome":"not_applicable","reason":"staged"}`, nil, "failed not_applicable 0s not_applicable: staged"},
		"without a reason": {0, `{"outcome":"not_applicable","reason":7}`, nil,
			"failed not_applicable 0s not_applicable: the action could not establish the requested state"},
		"no object":          {0, `7`, nil, "succeeded  0s "},
		"outcome is no text": {0, `{"outcome":7}`, nil, "succeeded  0s "},
		"retried":            {0, "", down, "running  1s unavailable: down"},
		"retried later":      {1, "", down, "running  2s unavailable: down"},
		"given up":           {2, "", down, "failed  0s unavailable: down"},
		"permanent":          {0, "", sdk.Errorf(sdk.Forbidden, "no"), "failed  0s forbidden: no"},
		"the service waits":  {0, "", &sdk.Error{Code: sdk.RateLimited, Message: "later", RetryAfter: time.Minute}, "running  1m0s rate_limited: later"},
		"too far":            {0, "", &sdk.Error{Code: sdk.RateLimited, Message: "later", RetryAfter: time.Hour}, "failed  0s rate_limited: later"},
		"secret in the text": {0, "", sdk.Errorf(sdk.Forbidden, "Authorization: SSWS 00abcdefghijklmnopqrstuvwxyz0123456789AB"),
			"failed  0s forbidden: Authorization: SSWS ********"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &engine.StepState{StepRun: engine.StepRun{Status: running}, Failures: test.failures}
			wait := s.Record(retry, json.RawMessage(test.output), test.failure, now, 0.5)
			got := fmt.Sprintf("%s %s %s ", s.Status, s.Outcome, wait)
			if s.Error != nil {
				got += string(s.Error.Code) + ": " + s.Error.Message
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if s.Over() != s.Finished.Equal(now.Truncate(time.Microsecond)) || !s.Over() != s.NextTry.Equal(now.Add(wait)) {
				t.Errorf("finished %s, next try %s", s.Finished, s.NextTry)
			}
			if failed := s.Failures - test.failures; (failed == 1) != (test.failure != nil) {
				t.Errorf("%d failures more", failed)
			}
		})
	}
}

func TestAfterUndo(t *testing.T) {
	for name, test := range map[string]struct {
		failures int
		failure  *sdk.Error
		want     string
	}{
		"done":                     {0, nil, "succeeded 0s "},
		"down":                     {1, sdk.Errorf(sdk.Unavailable, "x"), "pending 5s unavailable"},
		"down for long":            {50, sdk.Errorf(sdk.Unavailable, "x"), "pending 15m0s unavailable"},
		"down for too long":        {100, sdk.Errorf(sdk.Unavailable, "x"), "failed 0s unavailable"},
		"credentials rejected":     {1, sdk.Errorf(sdk.Unauthenticated, "x"), "pending 5s unauthenticated"},
		"the service waits for 2h": {1, &sdk.Error{Code: sdk.RateLimited, Message: "x", RetryAfter: 2 * time.Hour}, "pending 2h0m0s rate_limited"},
		"permanent":                {1, sdk.Errorf(sdk.Forbidden, "x"), "failed 0s forbidden"},
	} {
		r := engine.AfterUndo(test.failures, json.RawMessage(`{}`), test.failure, 0.5)
		got := fmt.Sprintf("%s %s ", r.Status, r.Wait)
		if r.Error != nil {
			got += string(r.Error.Code)
		}
		if got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

func TestRetryWaitStaysInItsBounds(t *testing.T) {
	down := sdk.Errorf(sdk.Unavailable, "no")
	for _, retry := range []playbook.Retry{
		{Attempts: 1 << 30}, {Attempts: 1 << 30, Wait: 1}, {Attempts: 1 << 30, Wait: time.Hour, MaxWait: time.Second},
		{Attempts: 1 << 30, Wait: time.Second, MaxWait: 1 << 62},
	} {
		for failures := range 200 {
			for _, random := range []float64{0, 0.5, 1} {
				r := engine.AfterAttempt(retry, failures, nil, down, random)
				if r.Status != pending || r.Wait <= 0 || r.Wait > max(engine.LongestWait(retry), time.Millisecond)+2*time.Microsecond {
					t.Errorf("%+v after %d: %s after %s", retry, failures, r.Status, r.Wait)
				}
			}
		}
	}
}

func TestEventID(t *testing.T) {
	event := sdk.RawEvent{Type: "a", Time: now, Data: json.RawMessage(`{}`)}
	other := event
	other.Data = json.RawMessage(`{"a":1}`)
	zone := event
	zone.Time = now.In(time.FixedZone("x", 3600))
	named := event
	named.ID = "id"
	ids := []string{engine.EventID(event), engine.EventID(other), engine.EventID(zone), engine.EventID(named)}
	if ids[0] == ids[1] || ids[0] != ids[2] || ids[3] != "id" || !strings.HasPrefix(ids[0], "content-") {
		t.Errorf("got %v", ids)
	}
	if engine.RunID("a", "bc", "d") == engine.RunID("ab", "c", "d") {
		t.Error("two runs have one ID")
	}
	if a, b := engine.Digest("a"), engine.Digest("b"); a == b || len(a) != 32 {
		t.Errorf("digests are %s and %s", a, b)
	}
}

func TestMaskEvent(t *testing.T) {
	secret := json.RawMessage(`{"password":"hunter2"}`)
	masked := engine.MaskEvent(sdk.RawEvent{Data: secret, Shapes: map[string]json.RawMessage{"ecs": secret}})
	if strings.Contains(string(masked.Data), "hunter2") || strings.Contains(string(masked.Shapes["ecs"]), "hunter2") || len(masked.Shapes) != 1 {
		t.Errorf("got %s and %s", masked.Data, masked.Shapes)
	}
	if plain := engine.MaskEvent(sdk.RawEvent{Data: secret}); plain.Shapes != nil {
		t.Errorf("an event without shapes has %v", plain.Shapes)
	}
}

// TestMaskError masks given secrets, except short ones, which occur in ordinary words.
func TestMaskError(t *testing.T) {
	for secret, want := range map[string]string{"abcd": "the ******** and the abc", "abc": "the abcd and the abc"} {
		if got := engine.MaskError(sdk.Errorf(sdk.Forbidden, "the abcd and the abc"), secret); got.Message != want {
			t.Errorf("%s: got %q, want %q", secret, got.Message, want)
		}
	}
}

func TestSettle(t *testing.T) {
	for _, err := range []error{nil, sdk.Errorf(sdk.NotFound, "gone")} {
		var s engine.StepState
		s.Settle(engine.Skipped, err, now)
		if s.Status != engine.Skipped || !s.Finished.Equal(engine.Time(now)) || (s.Error != nil) != (err != nil) {
			t.Errorf("%v: got %+v", err, s)
		}
	}
}
