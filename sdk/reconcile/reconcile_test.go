package reconcile_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

type state struct {
	Status string            `json:"status"`
	Tags   map[string]string `json:"tags,omitempty"`
	Seen   int               `json:"seen"`
}

func (state) Compares(member string) bool { return member != "seen" }

// script is a service that responds to the writes and the reads in order. The last
// response is repeated.
type script struct {
	writes []any // nil, an error, or the status that the write sets
	reads  []error
	now    state
	sent   int
}

func (s *script) act(context.Context) error {
	w := s.writes[min(s.sent, len(s.writes)-1)]
	s.sent++
	switch w := w.(type) {
	case error:
		return w
	case string:
		s.now.Status = w
	}
	return nil
}

func (s *script) read(context.Context) (state, error) {
	if len(s.reads) > 0 {
		err := s.reads[0]
		s.reads = s.reads[1:]
		if err != nil {
			return state{}, err
		}
	}
	s.now.Seen++
	return s.now, nil
}

func (s *script) goal() reconcile.Goal[state] {
	return reconcile.Goal[state]{
		Name: "object is off",
		Done: func(now state) bool { return now.Status == "off" },
		Act:  s.act, Read: s.read,
		Precondition: func(now state) string {
			if now.Status == "broken" {
				return "the object is broken"
			}
			return ""
		},
		Blocked: func(now state) string {
			if now.Status == "owned" {
				return "the object belongs to somebody else"
			}
			return ""
		},
	}
}

// lost returns a write that takes effect and then fails with err.
func (s *script) lost(status string, err error) func(context.Context) error {
	return func(context.Context) error {
		s.sent++
		s.now.Status = status
		return err
	}
}

func rejected(code sdk.Code, upstream string) error {
	return &sdk.Error{Code: code, Message: "rejected", Upstream: &sdk.Upstream{Code: upstream}}
}

// TestOutcomes checks the outcome for each combination of the state before, the response
// of the service and the state after.
func TestOutcomes(t *testing.T) {
	timeout := &sdk.Error{Code: sdk.Timeout, Message: "timeout"}
	dial := &sdk.Error{Code: sdk.Unavailable, Message: "no connection", Err: &net.OpError{Op: "dial", Err: errors.New("refused")}}
	unsent := &sdk.Error{Code: sdk.Forbidden, Message: "rule", Err: sdk.ErrUnsent}
	for name, test := range map[string]struct {
		before  string
		writes  []any
		lost    error // the write sets the status off, and fails with this error
		reads   []error
		repeat  bool
		outcome sdk.Outcome
		reason  string
		code    sdk.Code
		sent    int
	}{
		"as requested before":          {before: "off", outcome: sdk.Unchanged},
		"sent in the requested state":  {before: "off", writes: []any{nil}, repeat: true, outcome: sdk.Accepted, sent: 1},
		"changed":                      {before: "on", writes: []any{"off"}, outcome: sdk.Changed, sent: 1},
		"precondition not met":         {before: "owned", outcome: sdk.NotApplicable, reason: "belongs to somebody else"},
		"accepted, but not visible":    {before: "on", writes: []any{nil}, code: sdk.Conflict, sent: 1},
		"accepted, and the read fails": {before: "on", writes: []any{"off"}, reads: []error{nil, timeout}, code: sdk.Timeout, sent: 1},
		"rejected":                     {before: "on", writes: []any{rejected(sdk.Conflict, "E1")}, code: sdk.Conflict, sent: 1},
		"rejected, with a known reason": {
			before: "broken", writes: []any{rejected(sdk.Conflict, "E1")}, outcome: sdk.NotApplicable, reason: "the object is broken (error E1)", sent: 1,
		},
		"rejected, and the read fails":     {before: "on", writes: []any{rejected(sdk.Conflict, "E1")}, reads: []error{nil, timeout}, code: sdk.Conflict, sent: 1},
		"another client was first":         {before: "on", lost: rejected(sdk.NotFound, "E7"), outcome: sdk.Unchanged, sent: 1},
		"another client, no connection":    {before: "on", lost: dial, outcome: sdk.Unchanged, sent: 1},
		"the response was lost":            {before: "on", lost: timeout, outcome: sdk.Changed, sent: 1},
		"the request was lost":             {before: "on", writes: []any{timeout}, code: sdk.Timeout, sent: 1},
		"a rule kept it from being sent":   {before: "on", writes: []any{unsent}, code: sdk.Forbidden, sent: 1},
		"the credentials are rejected":     {before: "on", writes: []any{rejected(sdk.Unauthenticated, "")}, code: sdk.Unauthenticated, sent: 1},
		"the state before cannot be read":  {before: "on", reads: []error{timeout}, code: sdk.Timeout},
		"a rate limit leaves it unchanged": {before: "on", writes: []any{rejected(sdk.RateLimited, "")}, code: sdk.RateLimited, sent: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{writes: test.writes, reads: test.reads, now: state{Status: test.before}}
				goal := s.goal()
				goal.Repeat = test.repeat
				if test.lost != nil {
					goal.Act = s.lost("off", test.lost)
				}
				change, err := goal.Run(t.Context())
				code := sdk.Code("")
				if e := sdk.AsError(err); e != nil {
					code = e.Code
				}
				if change.Outcome != test.outcome || code != test.code || s.sent != test.sent || !strings.Contains(change.Reason, test.reason) ||
					(change.Reason == "") != (test.reason == "") {
					t.Errorf("got %+v, %v after %d writes", change, err, s.sent)
				}
				if err == nil && change.Before.Status != test.before {
					t.Errorf("the state before is %+v", change.Before)
				}
			})
		})
	}
}

// TestSlowChange checks that verification waits until an accepted change is visible.
func TestSlowChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{writes: []any{nil}, now: state{Status: "on"}}
		goal, reads := s.goal(), 0
		goal.Read = func(ctx context.Context) (state, error) {
			if reads++; reads == 4 {
				s.now.Status = "off"
			}
			return s.read(ctx)
		}
		if change, err := goal.Run(t.Context()); err != nil || change.Outcome != sdk.Changed || reads != 4 {
			t.Errorf("got %+v, %v after %d reads", change, err, reads)
		}
	})
}

// TestRetriedWrite checks that a repeated write reports the change that its lost first
// response hid.
func TestRetriedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := &sdk.Error{Code: sdk.Unavailable, Message: "busy"}
		s := &script{writes: []any{busy, busy, "off"}, now: state{Status: "on"}}
		goal := s.goal()
		goal.Retry = true
		if change, err := goal.Run(t.Context()); err != nil || change.Outcome != sdk.Changed || s.sent != 3 {
			t.Errorf("got %+v, %v after %d writes", change, err, s.sent)
		}
		s = &script{writes: []any{busy}, reads: []error{nil, busy, busy, busy}, now: state{Status: "on"}}
		goal = s.goal()
		goal.Retry = true
		if _, err := goal.Run(t.Context()); err == nil || !goal.Attempt(t.Context()).Lost {
			t.Errorf("got %v", err)
		}
	})
}

// TestExpectedState checks which differences between expected_before and the state are a
// conflict, for every way to write.
func TestExpectedState(t *testing.T) {
	for name, test := range map[string]struct {
		expected string
		names    string // members that the conflict names; "" if there is no conflict
	}{
		"none":                 {``, ""},
		"null":                 {`null`, ""},
		"the same":             {`{"status":"on","tags":{"a":"b"},"seen":1}`, ""},
		"in another order":     {`{"seen":1,"tags":{"a":"b"},"status":"on"}`, ""},
		"a volatile member":    {`{"status":"on","tags":{"a":"b"},"seen":99}`, ""},
		"another status":       {`{"status":"off","tags":{"a":"b"},"seen":1}`, "status"},
		"missing member":       {`{"status":"on","seen":1}`, "tags"},
		"additional member":    {`{"status":"on","tags":{"a":"b"},"seen":1,"new":1}`, "new"},
		"a member of a member": {`{"status":"on","tags":{"a":"c","d":"e"},"seen":1}`, "tags/a, tags/d"},
		"another type":         {`{"status":["on"],"tags":{"a":"b"}}`, "status"},
		"no object":            {`"on"`, "the whole state"},
		"an empty object":      {`{}`, "status, tags"},
	} {
		for way, write := range map[string]func(context.Context, *script) (reconcile.Change[state], error){
			"run": func(ctx context.Context, s *script) (reconcile.Change[state], error) { return s.goal().Run(ctx) },
			"accept": func(ctx context.Context, s *script) (reconcile.Change[state], error) {
				return reconcile.Accept(ctx, s.now, s.now, s.act)
			},
		} {
			t.Run(name+" "+way, func(t *testing.T) {
				s := &script{writes: []any{"off"}, now: state{Status: "on", Tags: map[string]string{"a": "b"}}}
				ctx := sdk.WithExpectedBefore(t.Context(), json.RawMessage(test.expected))
				_, err := write(ctx, s)
				if test.names == "" {
					if err != nil || s.sent != 1 {
						t.Errorf("got %v after %d writes", err, s.sent)
					}
					return
				}
				e := sdk.AsError(err)
				if e == nil || e.Code != sdk.Conflict || s.sent != 0 || !strings.Contains(e.Message, "expected_before in "+test.names+", and nothing was written") ||
					!strings.HasPrefix(e.Violations[0].Pointer, "/expected_before") {
					t.Errorf("got %v after %d writes, want a conflict in %s", err, s.sent, test.names)
				}
			})
		}
	}
}

// TestDryRun checks that a dry run returns the state, the plan, and the reason why the
// service would reject the write.
func TestDryRun(t *testing.T) {
	for before, reason := range map[string]string{"on": "", "broken": "the object is broken"} {
		s := &script{now: state{Status: before}}
		goal := s.goal()
		goal.Act = func(ctx context.Context) error {
			sdk.PlanRequest(ctx, sdk.PlannedRequest{Method: "POST", Path: "/off"})
			return sdk.ErrPlanned
		}
		change, err := goal.Run(sdk.WithDryRun(t.Context()))
		if err != nil || change.Outcome != sdk.Planned || change.Reason != reason || len(change.Plan) != 1 || change.After.Status != before {
			t.Errorf("%s: got %+v, %v", before, change, err)
		}
	}
}

// TestEach checks that each item is tried, and which error counts.
func TestEach(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	for name, test := range map[string]struct {
		results []error
		want    error
	}{
		"none": {nil, nil}, "all": {[]error{nil, nil}, nil}, "a failure": {[]error{nil, first, second}, first},
		"a plan": {[]error{nil, sdk.ErrPlanned}, sdk.ErrPlanned}, "a plan and a failure": {[]error{sdk.ErrPlanned, second}, second},
	} {
		tried := 0
		err := reconcile.Each(test.results, func(result error) error { tried++; return result })
		if !errors.Is(err, test.want) || tried != len(test.results) {
			t.Errorf("%s: got %v after %d items", name, err, tried)
		}
	}
}

// TestParameters checks the schema of the parameters that every write has, and the sizes
// of pages.
func TestParameters(t *testing.T) {
	s, err := schema.Input[reconcile.Write]()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"dry_run", "reason", "expected_before"} {
		if p := s.Root().Property(name); p == nil || p.Group != "advanced" {
			t.Errorf("the parameter %s is %+v", name, p)
		}
	}
	for _, test := range []struct {
		paging      reconcile.Paging
		page, items int
	}{
		{reconcile.Paging{Limit: 50, Bounded: reconcile.Bounded{MaxItems: 1000}}, 50, 50},
		{reconcile.Paging{Limit: 50, Bounded: reconcile.Bounded{MaxItems: 10}}, 10, 10},
		{reconcile.Paging{Limit: 50, ReturnAll: true, Bounded: reconcile.Bounded{MaxItems: 1000}}, 200, 1000},
		{reconcile.Paging{Limit: 50, ReturnAll: true, Bounded: reconcile.Bounded{MaxItems: 100}}, 100, 100},
	} {
		if page, items := test.paging.Sizes(200); page != test.page || items != test.items {
			t.Errorf("%+v: got pages of %d and %d items", test.paging, page, items)
		}
	}
}
