// Package sdktest is the conformance suite of connectors. It tests each action and
// trigger of the manifest, and fails for an action without a case.
package sdktest

import (
	"cmp"
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

// A Suite is a connector with the service and the inputs for its tests.
type Suite struct {
	Backend sdk.Backend
	// Service starts a new service in a state in which every case works.
	Service func(t *testing.T) Service
	// Actions has a case for each action.
	Actions map[string]Case
	// Triggers has parameters for each trigger. With them, a new service must return at least one
	// event.
	Triggers map[string]json.RawMessage
}

// A Service is the service of the connector, under the control of a test.
type Service interface {
	// Settings returns the settings of a session on the service.
	Settings() json.RawMessage
	// Break makes every later request fail with the fault.
	Break(Fault)
	// Requests counts the requests so far. Writes counts those that may change an object.
	Requests() int
	Writes() int
}

// A Case is a call of an action on a new service. A write must change an object, and a read must
// find one.
type Case struct {
	// Input returns the input, which can refer to objects of the service.
	Input func(Service) json.RawMessage
	// Again is the outcome of the same call a second time. The default is accepted after an
	// accepted write, and otherwise unchanged.
	Again sdk.Outcome
	// Absence reports whether "not found" is a result of this action and not an error.
	Absence bool
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

// test runs a parallel test with a session on a new service.
func (s Suite) test(t *testing.T, name string, try func(*testing.T, sdk.Session, Service)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
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
		try(t, session, service)
	})
}

func (s Suite) action(t *testing.T, info sdk.ActionInfo, c Case) {
	output := parse(t, info.Output)
	s.test(t, "works", func(t *testing.T, session sdk.Session, service Service) {
		input := c.Input(service)
		first, got := run(t, session, info.Name, input, output)
		if (len(first.Calls) == 0) != info.Offline || len(first.Calls) != service.Requests() {
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
		var example struct{ Outcome sdk.Outcome }
		if err := json.Unmarshal(info.Example.Output, &example); err != nil {
			t.Fatal(err)
		}
		if example.Outcome != got.Outcome && (example.Outcome == sdk.Changed || example.Outcome == sdk.Accepted) {
			t.Errorf("the example has the outcome %s, and the call has the outcome %s", example.Outcome, got.Outcome)
		}
		again, ok := map[sdk.Outcome]sdk.Outcome{sdk.Changed: sdk.Unchanged, sdk.Accepted: sdk.Accepted}[got.Outcome]
		if !ok {
			t.Errorf("the outcome of the first call is %s", got.Outcome)
		}
		if _, got = run(t, session, info.Name, input, output); got.Outcome != cmp.Or(c.Again, again) {
			t.Errorf("the outcome of the second call is %s, want %s", got.Outcome, cmp.Or(c.Again, again))
		}
	})
	for format, shape := range info.Shapes {
		s.test(t, "in the format "+format, func(t *testing.T, session sdk.Session, service Service) {
			run(t, session, info.Name, with(t, c.Input(service), sdk.FormatParam, format), parse(t, shape))
		})
	}
	if info.Effect != sdk.Reads {
		s.test(t, "dry run", func(t *testing.T, session sdk.Session, service Service) {
			input := with(t, c.Input(service), "dry_run", true)
			for range 2 {
				if _, got := run(t, session, info.Name, input, output); got.Outcome != sdk.Planned || len(got.Plan) == 0 {
					t.Errorf("the outcome of a dry run is %s with the plan %+v", got.Outcome, got.Plan)
				}
			}
			if n := service.Writes(); n != 0 {
				t.Errorf("a dry run of %s sent %d writes: send every request through the transport of package httpclient, with the context of the call",
					info.Name, n)
			}
		})
	}
	if parse(t, info.Input).Root().Property(expectedBefore) != nil {
		s.test(t, "expected state", func(t *testing.T, session sdk.Session, service Service) {
			s.expectedState(t, session, service, info, output, c.Input(service))
		})
	}
	s.test(t, "rejects invalid input", func(t *testing.T, session sdk.Session, service Service) {
		for _, bad := range append(invalidInputs(t, info.Input, c.Input(service)), json.RawMessage(`[]`), json.RawMessage(`null`), json.RawMessage(`{`)) {
			_, err := session.Run(quiet(t), info.Name, bad)
			if e := wantCode(t, err, sdk.InvalidInput); e != nil && len(e.Violations) == 0 {
				t.Errorf("input %s: the error %v has no violation with a pointer", bad, err)
			}
		}
		wantNoRequest(t, service)
	})
	s.test(t, "stops when canceled", func(t *testing.T, session sdk.Session, service Service) {
		ctx, cancel := context.WithCancel(quiet(t))
		cancel()
		_, err := session.Run(ctx, info.Name, c.Input(service))
		_ = wantCode(t, err, sdk.Canceled)
		wantNoRequest(t, service)
	})
	s.test(t, "no response", func(t *testing.T, session sdk.Session, service Service) { s.noResponse(t, session, service, info, c) })
	if info.Effect != sdk.Reads && !info.Offline {
		s.test(t, "lost response", func(t *testing.T, session sdk.Session, service Service) {
			s.lostResponse(t, session, service, info, c.Input(service))
		})
	}
	for fault, code := range codes {
		s.test(t, string(fault), func(t *testing.T, session sdk.Session, service Service) {
			if server, ok := service.(*Server); ok && !server.can(fault) {
				return
			}
			input := c.Input(service)
			service.Break(fault)
			result, err := session.Run(quiet(t), info.Name, input)
			if fault == Missing && c.Absence || info.Offline {
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

// Input returns the Input of a [Case] that refers only to objects of every new service.
func Input(v any) func(Service) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // the test is wrong
	}
	return func(Service) json.RawMessage { return raw }
}

const expectedBefore = "expected_before"

// expectedState checks the parameter expected_before. The write is sent if the state equals the
// one of a dry run. Otherwise the action fails with a conflict before the first write.
func (s Suite) expectedState(
	t *testing.T, session sdk.Session, service Service, info sdk.ActionInfo, output *schema.Schema, input json.RawMessage,
) {
	_, plan := run(t, session, info.Name, with(t, input, "dry_run", true), output)
	other := maps.Clone(plan.Before.(map[string]any))
	other["conformance_check"] = "differs"
	_, err := session.Run(quiet(t), info.Name, with(t, input, expectedBefore, other))
	if e := wantCode(t, err, sdk.Conflict); e != nil && !strings.Contains(e.Message, "conformance_check") {
		t.Errorf("the conflict does not name the member that differs: %v", e)
	}
	if n := service.Writes(); n != 0 {
		t.Errorf("%d writes were sent although the state differs", n)
	}
	if _, got := run(t, session, info.Name, with(t, input, expectedBefore, plan.Before), output); got.Outcome != sdk.Changed && got.Outcome != sdk.Accepted {
		t.Errorf("with the state of the dry run, the outcome is %s", got.Outcome)
	}
}

func (s Suite) trigger(t *testing.T, info sdk.TriggerInfo, params json.RawMessage) {
	poll := func(t *testing.T, session sdk.Session, params, from json.RawMessage) sdk.RawPage {
		t.Helper()
		page, err := session.Poll(quiet(t), info.Name, params, from)
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	s.test(t, "works", func(t *testing.T, session sdk.Session, _ Service) {
		page := poll(t, session, params, nil)
		if len(page.Events) == 0 || page.Seen < len(page.Events) || len(page.Next) == 0 || len(page.Calls) == 0 {
			t.Fatalf("first page: %d events of %d seen, next %s, %d requests", len(page.Events), page.Seen, page.Next, len(page.Calls))
		}
		for _, e := range page.Events {
			if e.ID == "" || e.Type == "" || e.Time.IsZero() {
				t.Errorf("event without id, type or time: %+v", e)
			}
			checkDocument(t, parse(t, info.Event), e.Data)
		}
		for page.More {
			page = poll(t, session, params, page.Next)
		}
		if page = poll(t, session, params, page.Next); len(page.Events) != 0 || page.More {
			t.Errorf("after the last page: %d events, more %t", len(page.Events), page.More)
		}
	})
	for format, shape := range info.Shapes {
		s.test(t, "in the format "+format, func(t *testing.T, session sdk.Session, _ Service) {
			shaped, plain := poll(t, session, with(t, params, sdk.FormatParam, format), nil), poll(t, session, params, nil)
			if len(shaped.Events) == 0 || len(shaped.Events) != len(plain.Events) {
				t.Fatalf("%d events, and %d without a format", len(shaped.Events), len(plain.Events))
			}
			for i, e := range shaped.Events {
				if p := plain.Events[i]; e.ID != p.ID || e.Type != p.Type || !e.Time.Equal(p.Time) {
					t.Errorf("event %s %s %s is %s %s %s without a format", e.ID, e.Type, e.Time, p.ID, p.Type, p.Time)
				}
				checkDocument(t, parse(t, shape), e.Data)
			}
		})
	}
	s.test(t, "rejects invalid parameters", func(t *testing.T, session sdk.Session, service Service) {
		for _, bad := range invalidInputs(t, info.Params, params) {
			_, err := session.Poll(quiet(t), info.Name, bad, nil)
			_ = wantCode(t, err, sdk.InvalidInput)
		}
		_, err := session.Poll(quiet(t), info.Name, params, json.RawMessage(`"not a checkpoint"`))
		_ = wantCode(t, err, sdk.InvalidInput)
		wantNoRequest(t, service)
	})
	for fault, code := range codes {
		if fault == Missing {
			continue // triggers respond differently to a lost checkpoint
		}
		s.test(t, string(fault), func(t *testing.T, session sdk.Session, service Service) {
			if server, ok := service.(*Server); ok && !server.can(fault) {
				return
			}
			page := poll(t, session, params, nil)
			service.Break(fault)
			_, err := session.Poll(quiet(t), info.Name, params, page.Next)
			wantFault(t, err, fault, code)
		})
	}
}

func (s Suite) settings(t *testing.T, m *sdk.Manifest) {
	service := s.Service(t)
	for _, bad := range invalidInputs(t, m.Settings, service.Settings()) {
		session, err := s.Backend.Open(quiet(t), bad)
		if err == nil {
			_ = session.Close()
		}
		_ = wantCode(t, err, sdk.InvalidInput)
	}
	session, err := s.Backend.Open(quiet(t), service.Settings())
	if err != nil {
		t.Fatal(err)
	}
	wantNoRequest(t, service)
	health, err := session.Check(quiet(t))
	if err != nil || health.Target == "" || health.Account == "" {
		t.Errorf("check: %+v, %v", health, err)
	}
	if err := session.Close(); err != nil {
		t.Error(err)
	}
	_, err = session.Check(quiet(t))
	_ = wantCode(t, err, sdk.InvalidInput)
	if err := session.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

// quiet returns the context of the test, without a log of calls.
func quiet(t *testing.T) context.Context {
	return hclog.WithContext(t.Context(), hclog.NewNullLogger())
}

func parse(t *testing.T, raw sdk.JSON) *schema.Schema {
	t.Helper()
	s, err := schema.Parse(json.RawMessage(raw))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// with returns doc with a member set to value, or without the member if value is nil.
func with(t *testing.T, doc json.RawMessage, member string, value any) json.RawMessage {
	t.Helper()
	members := map[string]any{}
	if err := json.Unmarshal(doc, &members); err != nil {
		t.Fatal(err)
	}
	members[member] = value
	if value == nil {
		delete(members, member)
	}
	doc, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// invalidInputs returns variants of a valid document that its schema rejects: with an unknown
// member, without each required member, and with a wrong type of each member.
func invalidInputs(t *testing.T, raw sdk.JSON, good json.RawMessage) []json.RawMessage {
	t.Helper()
	root := parse(t, raw).Root()
	variants := []json.RawMessage{with(t, good, "no_such_member", 1)}
	for _, p := range root.Properties {
		if root.IsRequired(p.Name) {
			variants = append(variants, with(t, good, p.Name, nil))
		}
		var wrong any = map[string]any{"no": "such"}
		if p.Node.Is("object") {
			wrong = []any{1}
		}
		if len(p.Node.Type) > 0 && p.Node.Truncate == 0 { // a member of any type has no wrong type
			variants = append(variants, with(t, good, p.Name, wrong))
		}
	}
	return variants
}

// outcome has the members of an output that the suite checks.
type outcome struct {
	Outcome sdk.Outcome          `json:"outcome"`
	Plan    []sdk.PlannedRequest `json:"plan"`
	Before  any                  `json:"before"`
}

// run runs an action and checks the output against its schema.
func run(t *testing.T, session sdk.Session, action string, input json.RawMessage, output *schema.Schema) (r sdk.Result, got outcome) {
	t.Helper()
	r, err := session.Run(quiet(t), action, input)
	if err != nil {
		t.Fatal(err)
	}
	checkDocument(t, output, r.Output)
	if err := json.Unmarshal(r.Output, &got); err != nil {
		t.Fatal(err)
	}
	return r, got
}

func checkDocument(t *testing.T, s *schema.Schema, doc json.RawMessage) {
	t.Helper()
	for _, v := range s.Check(doc) {
		t.Errorf("the document does not match its own schema: %s", v)
	}
}

func wantNoRequest(t *testing.T, service Service) {
	t.Helper()
	if n := service.Requests(); n != 0 {
		t.Errorf("the service got %d requests", n)
	}
}

// wantCode returns the error as an *sdk.Error, or nil if it has another type.
func wantCode(t *testing.T, err error, code sdk.Code) *sdk.Error {
	t.Helper()
	var e *sdk.Error
	if !errors.As(err, &e) {
		t.Errorf("got error %v (%T), want an *sdk.Error with code %s", err, err, code)
	} else if e.Code != code {
		t.Errorf("got %v, want code %s", e, code)
	}
	return e
}
