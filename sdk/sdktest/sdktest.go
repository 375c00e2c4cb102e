// Package sdktest is one suite that every connector passes: each action and
// trigger is tested by being in the manifest, and an action without a case fails.
package sdktest

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A Suite is a connector and what is needed to try it.
type Suite struct {
	Backend sdk.Backend
	// Service starts the service anew, in a state in which every case works.
	Service func(t *testing.T) Service
	// Actions holds a case for each action.
	Actions map[string]Case
	// Triggers holds parameters for each trigger, under which a fresh service has
	// at least one event.
	Triggers map[string]json.RawMessage
}

// A Service is the service that the connector acts on, in the hands of a test.
type Service interface {
	// Settings open a session on it.
	Settings() json.RawMessage
	// Break makes every request from now on fail in the given way.
	Break(Fault)
	// Requests counts the requests so far, Writes those that may change something.
	Requests() int
	Writes() int
}

// A Case is a call of an action on a fresh service: a write that changes something,
// a read that finds something.
type Case struct {
	// Input may name what it finds on the service.
	Input func(Service) json.RawMessage
	// Again is the outcome of the same call a second time. Empty means accepted after an
	// accepted write, and otherwise unchanged.
	Again sdk.Outcome
	// Absence says that "not found" is an answer to this action, not a failure.
	Absence bool
	// Offline says that the action answers without asking the service.
	Offline bool
}

// Run runs the suite.
func Run(t *testing.T, s Suite) {
	if err := sdk.Verify(s.Backend); err != nil {
		t.Fatal(err)
	}
	m, err := s.Backend.Manifest(quiet(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range m.Actions {
		c, ok := s.Actions[info.Name]
		t.Run(info.Name, func(t *testing.T) {
			if !ok {
				t.Fatalf("action %s has no case", info.Name)
			}
			s.action(t, info, c)
		})
	}
	for _, info := range m.Triggers {
		params, ok := s.Triggers[info.Name]
		t.Run(info.Name, func(t *testing.T) {
			if !ok {
				t.Fatalf("trigger %s has no parameters", info.Name)
			}
			s.trigger(t, info, params)
		})
	}
	t.Run("settings", func(t *testing.T) { s.settings(t, m) })
}

func (s Suite) open(t *testing.T) (sdk.Session, Service) {
	t.Helper()
	service := s.Service(t)
	session, err := s.Backend.Open(quiet(t), service.Settings())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := session.Close(); err != nil {
			t.Error(err)
		}
	})
	return session, service
}

func (s Suite) action(t *testing.T, info sdk.ActionInfo, c Case) {
	output, err := schema.Parse(json.RawMessage(info.Output))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("works", func(t *testing.T) {
		t.Parallel()
		session, service := s.open(t)
		input := c.Input(service)
		first := run(t, session, info.Name, input)
		checkOutput(t, output, first.Output)
		if (len(first.Calls) == 0) != c.Offline || len(first.Calls) != service.Requests() {
			t.Errorf("%d requests were recorded, the service got %d", len(first.Calls), service.Requests())
		}
		for _, call := range first.Calls {
			if call.Method == "" || call.Path == "" || call.Status == 0 || call.RequestID == "" {
				t.Errorf("a request was recorded as %+v", call)
			}
		}
		if info.Effect == sdk.Reads {
			return
		}
		made := outcome(t, first)
		if made != sdk.Changed && made != sdk.Accepted {
			t.Errorf("the first call says %s", made)
		}
		second := run(t, session, info.Name, input)
		checkOutput(t, output, second.Output)
		want := c.Again
		switch {
		case want != "":
		case made == sdk.Accepted:
			want = sdk.Accepted
		default:
			want = sdk.Unchanged
		}
		if got := outcome(t, second); got != want {
			t.Errorf("the second call says %s, want %s", got, want)
		}
	})
	s.actionShapes(t, info, c)
	if info.Effect != sdk.Reads {
		t.Run("dry run", func(t *testing.T) {
			t.Parallel()
			session, service := s.open(t)
			s.dryRun(t, session, service, info, output, c.Input(service))
		})
		t.Run("expected state", func(t *testing.T) {
			t.Parallel()
			session, service := s.open(t)
			s.expectedState(t, session, service, info, c.Input(service))
		})
	}
	t.Run("refuses bad input", func(t *testing.T) {
		t.Parallel()
		session, service := s.open(t)
		for _, bad := range append(spoiled(t, info.Input, c.Input(service)), json.RawMessage(`[]`), json.RawMessage(`null`), json.RawMessage(`{`)) {
			_, err := session.Run(quiet(t), info.Name, bad)
			wantCode(t, err, sdk.InvalidInput)
			if e := sdk.AsError(err); len(e.Violations) == 0 {
				t.Errorf("input %s: no pointer in %v", bad, err)
			}
		}
		if n := service.Requests(); n != 0 {
			t.Errorf("bad input reached the service in %d requests", n)
		}
	})
	t.Run("obeys cancellation", func(t *testing.T) {
		t.Parallel()
		session, service := s.open(t)
		ctx, cancel := context.WithCancel(quiet(t))
		cancel()
		_, err := session.Run(ctx, info.Name, c.Input(service))
		wantCode(t, err, sdk.Canceled)
		if n := service.Requests(); n != 0 {
			t.Errorf("a cancelled call sent %d requests", n)
		}
	})
	for fault, code := range codes {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			session, service := s.open(t)
			input := c.Input(service)
			service.Break(fault)
			result, err := session.Run(quiet(t), info.Name, input)
			if fault == Missing && c.Absence || c.Offline {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantFault(t, err, fault, code)
			if len(result.Calls) == 0 {
				t.Error("the failed requests are not recorded")
			}
		})
	}
}

func (s Suite) dryRun(t *testing.T, session sdk.Session, service Service, info sdk.ActionInfo, output *schema.Schema, input json.RawMessage) {
	doc := map[string]any{}
	if err := json.Unmarshal(input, &doc); err != nil {
		t.Fatal(err)
	}
	doc["dry_run"] = true
	input, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r := run(t, session, info.Name, input)
		checkOutput(t, output, r.Output)
		var answer struct {
			Plan []sdk.PlannedRequest `json:"plan"`
		}
		if err := json.Unmarshal(r.Output, &answer); err != nil {
			t.Fatal(err)
		}
		if got := outcome(t, r); got != sdk.Planned || len(answer.Plan) == 0 {
			t.Errorf("a dry run says %s with the plan %+v", got, answer.Plan)
		}
	}
	if n := service.Writes(); n != 0 {
		t.Errorf("a dry run sent %d writes", n)
	}
}

// expectedState checks the parameter expected_before, if the action has it: the write is
// sent if the state is as a dry run returned it, and fails with a conflict before the
// first write if not.
func (s Suite) expectedState(t *testing.T, session sdk.Session, service Service, info sdk.ActionInfo, input json.RawMessage) {
	const parameter = "expected_before"
	form, err := schema.Parse(json.RawMessage(info.Input))
	if err != nil {
		t.Fatal(err)
	}
	if form.Root().Property(parameter) == nil {
		t.Skip("the action has no parameter " + parameter)
	}
	with := func(name string, value any) json.RawMessage {
		doc := map[string]any{}
		if err := json.Unmarshal(input, &doc); err != nil {
			t.Fatal(err)
		}
		doc[name] = value
		raw, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	var plan struct {
		Before map[string]any `json:"before"`
	}
	if err := json.Unmarshal(run(t, session, info.Name, with("dry_run", true)).Output, &plan); err != nil {
		t.Fatal(err)
	}
	other := maps.Clone(plan.Before)
	other["conformance_check"] = "differs"
	_, err = session.Run(quiet(t), info.Name, with(parameter, other))
	wantCode(t, err, sdk.Conflict)
	if e := sdk.AsError(err); !strings.Contains(e.Message, "conformance_check") {
		t.Errorf("the conflict does not name the member that differs: %v", e)
	}
	if n := service.Writes(); n != 0 {
		t.Errorf("%d writes were sent in spite of a state that differs", n)
	}
	r := run(t, session, info.Name, with(parameter, plan.Before))
	if got := outcome(t, r); got != sdk.Changed && got != sdk.Accepted {
		t.Errorf("with the state of the dry run, the call says %s", got)
	}
}

func (s Suite) trigger(t *testing.T, info sdk.TriggerInfo, params json.RawMessage) {
	event, err := schema.Parse(json.RawMessage(info.Event))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("works", func(t *testing.T) {
		t.Parallel()
		session, _ := s.open(t)
		page, err := session.Poll(quiet(t), info.Name, params, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Events) == 0 || page.Seen < len(page.Events) || len(page.Next) == 0 || len(page.Calls) == 0 {
			t.Fatalf("first page: %d events of %d seen, next %s, %d requests", len(page.Events), page.Seen, page.Next, len(page.Calls))
		}
		for _, e := range page.Events {
			if e.ID == "" || e.Type == "" || e.Time.IsZero() {
				t.Errorf("event without id, type or time: %+v", e)
			}
			checkOutput(t, event, e.Data)
		}
		for page.More {
			if page, err = session.Poll(quiet(t), info.Name, params, page.Next); err != nil {
				t.Fatal(err)
			}
		}
		if page, err = session.Poll(quiet(t), info.Name, params, page.Next); err != nil || len(page.Events) != 0 || page.More {
			t.Errorf("after the last page: %d events, more %t, error %v", len(page.Events), page.More, err)
		}
	})
	s.triggerShapes(t, info, params)
	t.Run("refuses bad params", func(t *testing.T) {
		t.Parallel()
		session, service := s.open(t)
		for _, bad := range spoiled(t, info.Params, params) {
			_, err := session.Poll(quiet(t), info.Name, bad, nil)
			wantCode(t, err, sdk.InvalidInput)
		}
		_, err := session.Poll(quiet(t), info.Name, params, json.RawMessage(`"not a checkpoint"`))
		wantCode(t, err, sdk.InvalidInput)
		if n := service.Requests(); n != 0 {
			t.Errorf("bad parameters reached the service in %d requests", n)
		}
	})
	for fault, code := range codes {
		if fault == Missing {
			continue // what a trigger makes of a place that is gone is its own
		}
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			session, service := s.open(t)
			page, err := session.Poll(quiet(t), info.Name, params, nil)
			if err != nil {
				t.Fatal(err)
			}
			service.Break(fault)
			_, err = session.Poll(quiet(t), info.Name, params, page.Next)
			wantFault(t, err, fault, code)
		})
	}
}

func (s Suite) settings(t *testing.T, m *sdk.Manifest) {
	service := s.Service(t)
	for _, bad := range spoiled(t, m.Settings, service.Settings()) {
		session, err := s.Backend.Open(quiet(t), bad)
		if err == nil {
			_ = session.Close()
		}
		wantCode(t, err, sdk.InvalidInput)
	}
	if n := service.Requests(); n != 0 {
		t.Errorf("bad settings reached the service in %d requests", n)
	}
	session, err := s.Backend.Open(quiet(t), service.Settings())
	if err != nil {
		t.Fatal(err)
	}
	if n := service.Requests(); n != 0 {
		t.Errorf("opening a session sent %d requests", n)
	}
	health, err := session.Check(quiet(t))
	if err != nil || health.Target == "" || health.Account == "" {
		t.Errorf("check: %+v, %v", health, err)
	}
	if err := session.Close(); err != nil {
		t.Error(err)
	}
	_, err = session.Check(quiet(t))
	wantCode(t, err, sdk.InvalidInput)
	if err := session.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

// quiet is the test's context, with the log of calls left out.
func quiet(t *testing.T) context.Context {
	return hclog.WithContext(t.Context(), hclog.NewNullLogger())
}

// spoiled returns variants of a good document that its schema refuses: an unknown
// member, each required member missing, each member of a wrong type.
func spoiled(t *testing.T, raw sdk.JSON, good json.RawMessage) []json.RawMessage {
	t.Helper()
	s, err := schema.Parse(json.RawMessage(raw))
	if err != nil {
		t.Fatal(err)
	}
	vary := func(change func(map[string]any)) json.RawMessage {
		doc := map[string]any{}
		if err := json.Unmarshal(good, &doc); err != nil {
			t.Fatal(err)
		}
		change(doc)
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	variants := []json.RawMessage{vary(func(d map[string]any) { d["no_such_member"] = 1 })}
	for _, p := range s.Root().Properties {
		if s.Root().IsRequired(p.Name) {
			variants = append(variants, vary(func(d map[string]any) { delete(d, p.Name) }))
		}
		var wrong any = map[string]any{"no": "such"}
		if p.Node.Is("object") {
			wrong = []any{1}
		}
		if len(p.Node.Type) > 0 && p.Node.Truncate == 0 { // a member of any type has no wrong one
			variants = append(variants, vary(func(d map[string]any) { d[p.Name] = wrong }))
		}
	}
	return variants
}

func run(t *testing.T, session sdk.Session, action string, input json.RawMessage) sdk.Result {
	t.Helper()
	r, err := session.Run(quiet(t), action, input)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func outcome(t *testing.T, r sdk.Result) sdk.Outcome {
	t.Helper()
	var answer struct {
		Outcome sdk.Outcome `json:"outcome"`
	}
	if err := json.Unmarshal(r.Output, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Outcome
}

func checkOutput(t *testing.T, s *schema.Schema, output json.RawMessage) {
	t.Helper()
	for _, v := range s.Check(output) {
		t.Errorf("the output breaks its own schema: %s", v)
	}
}

func wantCode(t *testing.T, err error, code sdk.Code) {
	t.Helper()
	var e *sdk.Error
	if !errors.As(err, &e) {
		t.Errorf("got error %v (%T), want an *sdk.Error with code %s", err, err, code)
	} else if e.Code != code {
		t.Errorf("got %v, want code %s", e, code)
	}
}
