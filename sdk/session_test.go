package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		settings string
		code     sdk.Code
		message  string
	}{
		"nothing":            {"", sdk.InvalidInput, "/url: is required"},
		"null":               {"null", sdk.InvalidInput, "want object"},
		"not JSON":           {`{"token":"hunter2`, sdk.InvalidInput, "not valid JSON"},
		"short token":        {`{"url":"https://a.example","token":"short"}`, sdk.InvalidInput, "/token: is not of the form"},
		"token of no string": {`{"url":"https://a.example","token":{"hunter2":1}}`, sdk.InvalidInput, "/token"},
		"mistyped":           {`{"url":"https://a.example","tokn":"hunter2"}`, sdk.InvalidInput, `/tokn: unknown field; did you mean "token"?`},
		"token twice":        {`{"url":"https://a.example","token":"hunter2","token":"hunter22"}`, sdk.InvalidInput, "/token: is given twice"},
		"no address":         {`{"url":"::","token":"hunter2"}`, sdk.InvalidInput, "/url"},
		"across fields":      {`{"url":"http://a.example","token":"hunter2"}`, sdk.InvalidInput, "/url: must begin with https://"},
		"Open refuses":       {`{"url":"https://a.example","token":"hunter2","opened":"refused"}`, sdk.Internal, "no lamp there"},
		"Open panics":        {`{"url":"https://a.example","token":"hunter2","opened":"panic"}`, sdk.Internal, "opening lamp panicked"},
		"Validate panics":    {`{"url":"http://panic.example","token":"hunter2"}`, sdk.Internal, "opening lamp panicked"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, _ := logged(t)
			s, err := compiled(t).Open(ctx, json.RawMessage(c.settings))
			if s != nil {
				t.Errorf("there is a session: %v", s)
			}
			wantError(t, err, c.code, c.message)
		})
	}
	s, err := compiled(t).Open(t.Context(), json.RawMessage(`{"url":"https://a.example","token":"hunter2","opened":"nothing"}`))
	if err != nil || s == nil {
		t.Fatalf("a nil *Error is no error: got %v, %v", s, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestRun(t *testing.T) {
	s := open(t)
	got, err := s.Run(t.Context(), "set_state", json.RawMessage(`{"name":"a","count":4.0}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"outcome":"changed","before":"","after":"on","in":{"name":"a","to":"on","wait":"1s","count":4}}`; string(got.Output) != want {
		t.Errorf("got %s, want %s", got.Output, want)
	}
	want := []sdk.Call{{Method: "GET", Path: "/state", Status: 200, RequestID: "req-1"}, {Method: "PUT", Path: "/state", Status: 200, RequestID: "req-2"}}
	if diff := cmp.Diff(want, got.Calls); diff != "" {
		t.Error(diff)
	}
	again, err := s.Run(t.Context(), "set_state", json.RawMessage(`{"name":"a"}`))
	if err != nil || !strings.Contains(string(again.Output), `"unchanged"`) {
		t.Errorf("got %s, %v", again.Output, err)
	}
}

func TestDryRun(t *testing.T) {
	s := open(t)
	for range 2 {
		got, err := s.Run(t.Context(), "set_state", json.RawMessage(`{"name":"a","dry_run":true}`))
		if want := `{"outcome":"planned","before":"","after":"/state"}`; err != nil || string(got.Output) != want {
			t.Errorf("got %s, %v", got.Output, err)
		}
	}
	got, err := s.Run(t.Context(), "set_state", json.RawMessage(`{"name":"a"}`))
	if err != nil || !strings.Contains(string(got.Output), `"outcome":"changed"`) {
		t.Errorf("the dry run left something behind: %s, %v", got.Output, err)
	}
	sdk.PlanRequest(t.Context(), sdk.PlannedRequest{Method: "PUT"})
	if sdk.IsDryRun(t.Context()) || sdk.PlannedRequests(t.Context()) != nil {
		t.Error("there is a dry run where nobody asked for one")
	}
}

func TestRunRefusesInput(t *testing.T) {
	s := open(t)
	for input, want := range map[string]string{
		"":                                   "/name: is required",
		"null":                               "want object",
		`{"name":""}`:                        "/name: minLength",
		`{"name":"a","x":1}`:                 "/x: unknown field",
		`{"name":"a","wait":"-1s"}`:          "/wait",
		`{"name":"a","wait":"99999999999h"}`: `/wait: "99999999999h" is not a duration`,
		`{"name":"a","small":300}`:           "/small: cannot be number 300",
		`{"name":"a","count":9223372036854775808,"small":-129}`: "/count: cannot be number 9223372036854775808; /small: cannot be number -129",
		`{"name":"a","since":"2026-03-14t00:00:00z"}`:           "/since: ",
		`{"name":"plain"}`:                                             "the input of set_state is not valid: plain names are refused",
		`{"name":"canceled"}`:                                          "the input of set_state is not valid: context canceled",
		`{"name":"a","extra":7}`:                                       "/extra: is not of the form that this secret must have",
		`{"name":"a","count":1e9999999}`:                               "/count: is a number outside",
		`{"name":"a"} hunter`:                                          "after top-level value",
		`{"name":"` + strings.Repeat("a", 100) + `"}`:                  "maxLength",
		strings.Repeat(`{"name":`, 100_000):                            "not valid JSON",
		`{"name":"a","wait":"` + strings.Repeat("1h", 500_000) + `x"}`: "does not match pattern",
	} {
		got, err := s.Run(t.Context(), "set_state", json.RawMessage(input))
		e := wantError(t, err, sdk.InvalidInput, want)
		if len(got.Calls) != 0 || got.Output != nil {
			t.Errorf("%.80s: got %+v", input, got)
		}
		if len(e.Error()) > 3000 {
			t.Errorf("%.80s: a message of %d bytes", input, len(e.Error()))
		}
	}
	if _, err := s.Run(t.Context(), "set_state", json.RawMessage(`{"name":"nothing"}`)); err != nil {
		t.Errorf("a nil *Error from Validate is no error: got %v", err)
	}
}

func TestRunFailures(t *testing.T) {
	for to, c := range map[string]struct {
		code    sdk.Code
		message string
	}{
		"error":   {sdk.Conflict, "it is taken (conflict, status 409)"},
		"wrapped": {sdk.RateLimited, "later"},
		"plain":   {sdk.Internal, "something"},
		"panic":   {sdk.Internal, "action set_state panicked; changes made before that were not rolled back"},
		"nil map": {sdk.Internal, "panicked"},
	} {
		ctx, log := logged(t)
		got, err := open(t).Run(ctx, "set_state", json.RawMessage(`{"name":"a","to":"`+to+`"}`))
		wantError(t, err, c.code, c.message)
		if got.Output != nil || len(got.Calls) != 1 || got.Calls[0].RequestID != "req-1" {
			t.Errorf("%s: got %+v", to, got)
		}
		lines := log.all(t)
		if last := lines[len(lines)-1]; last["code"] != string(c.code) || last["request_id"] != "req-1" || last["requests"] != 1.0 {
			t.Errorf("%s: logged %v", to, last)
		}
		if strings.HasPrefix(c.message, "action") && (len(lines) != 2 || lines[0]["@level"] != "error" ||
			!strings.Contains(lines[0]["stack"].(string), "main_test.go")) {
			t.Errorf("%s: the log does not say where: %v", to, lines)
		}
	}
	got, err := open(t).Run(t.Context(), "set_state", json.RawMessage(`{"name":"a","to":"nothing"}`))
	if err != nil || !strings.Contains(string(got.Output), "changed") {
		t.Errorf("a nil *Error is no error: got %s, %v", got.Output, err)
	}
	got, err = open(t).Run(t.Context(), "set_state", json.RawMessage(`{"name":"bang"}`))
	wantError(t, err, sdk.Internal, "panicked")
	if got.Output != nil {
		t.Errorf("got %s", got.Output)
	}
}

func TestUnknownNames(t *testing.T) {
	s := open(t)
	for name, want := range map[string]string{
		"set_stat":                          `there is no action "set_stat"; did you mean "set_state" or "get_state"?`,
		"":                                  `there is no action ""`,
		"a\"b\n":                            `there is no action "a\"b\n"`,
		strings.Repeat("é", 1<<20):          `there is no action "` + strings.Repeat("é", 40) + `…"`,
		"ticks":                             `there is no action "ticks"`,
		strings.Repeat("x", 79) + "é\xff é": `there is no action "` + strings.Repeat("x", 79) + `…"`,
	} {
		ctx, log := logged(t)
		_, err := s.Run(ctx, name, nil)
		if e := wantError(t, err, sdk.InvalidInput, want); len(e.Error()) > 500 {
			t.Errorf("a message of %d bytes", len(e.Error()))
		}
		if all := log.all(t); len(all) != 1 || all[0]["code"] != "invalid_input" || len(all[0]["action"].(string)) > 100 {
			t.Errorf("logged %v", all)
		}
	}
	_, err := s.Poll(t.Context(), "tick", nil, nil)
	wantError(t, err, sdk.InvalidInput, `there is no trigger "tick"; did you mean "ticks"?`)
}

func TestPoll(t *testing.T) {
	s := open(t)
	var from json.RawMessage
	for n := 1; n <= 3; n++ {
		page, err := s.Poll(t.Context(), "ticks", nil, from)
		if err != nil {
			t.Fatal(err)
		}
		data, next := string(page.Events[0].Data), string(page.Next)
		if want := string(rune('0' + n)); data != `{"n":`+want+`}` || next != `{"at":`+want+`}` || page.More != (n < 3) {
			t.Errorf("poll %d: got %s, %s, %v", n, data, next, page.More)
		}
		if page.Seen != 5 || len(page.Notices) != 1 || len(page.Calls) != 1 || !page.Events[0].Time.Equal(at) || page.Events[0].ID != "t" ||
			page.Events[0].Type != "tick" {
			t.Errorf("got %+v", page)
		}
		from = page.Next
	}
	if page, err := s.Poll(t.Context(), "ticks", json.RawMessage("{}"), json.RawMessage("null")); err != nil || string(page.Next) != `{"at":1}` {
		t.Errorf("from null: got %s, %v", page.Next, err)
	}
}

func TestPollFailures(t *testing.T) {
	s := open(t)
	for name, c := range map[string]struct {
		params, from string
		code         sdk.Code
		message      string
		calls        int
	}{
		"error":                      {`{"mode":"error"}`, "", sdk.Unavailable, "the clock is down", 1},
		"panic":                      {`{"mode":"panic"}`, "", sdk.Internal, "trigger ticks panicked", 1},
		"panic in Validate":          {`{"mode":"bang"}`, "", sdk.Internal, "trigger ticks panicked", 0},
		"panic in the checkpoint":    {"", `"bang"`, sdk.Internal, "trigger ticks panicked", 0},
		"bad params":                 {`{"mod":1}`, "", sdk.InvalidInput, `the parameters of ticks are not valid: /mod: unknown field; did you mean "mode"?`, 0},
		"checkpoint of another kind": {"", `[1]`, sdk.InvalidInput, "the checkpoint of ticks cannot be read", 0},
		"checkpoint cut off":         {"", `{"at":`, sdk.InvalidInput, "the checkpoint of ticks cannot be read", 0},
		"checkpoint with more":       {"", `{"at":1}{"at":2}`, sdk.InvalidInput, "the checkpoint of ticks cannot be read", 0},
		"checkpoint of white space":  {"", ` `, sdk.InvalidInput, "the checkpoint of ticks cannot be read", 0},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, _ := logged(t)
			page, err := s.Poll(ctx, "ticks", json.RawMessage(c.params), json.RawMessage(c.from))
			wantError(t, err, c.code, c.message)
			// A checkpoint beside an error would be stored, and events lost.
			if page.Next != nil || page.Events != nil || page.More || len(page.Calls) != c.calls {
				t.Errorf("got %+v", page)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	s := open(t)
	ctx, log := logged(t)
	h, err := s.Check(ctx)
	if diff := cmp.Diff(sdk.Health{Target: "https://lamp.example", Account: "me"}, h); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if all := log.all(t); len(all) != 1 || all[0]["target"] != "https://lamp.example" || all[0]["request_id"] != "req-0" || all[0]["@message"] != "checked" {
		t.Errorf("logged %v", all)
	}
	if _, err := s.Run(ctx, "set_state", json.RawMessage(`{"name":"a"}`)); err != nil {
		t.Fatal(err)
	}
	_, err = s.Check(ctx)
	wantError(t, err, sdk.Internal, "check panicked")
}

func TestEndedContexts(t *testing.T) {
	s := open(t)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, done := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer done()
	for ctx, code := range map[context.Context]sdk.Code{canceled: sdk.Canceled, late: sdk.Timeout} {
		got, err := s.Run(ctx, "set_state", json.RawMessage(`{"name":"a"}`))
		wantError(t, err, code, "")
		if len(got.Calls) != 0 {
			t.Error("it ran")
		}
		_, err = s.Poll(ctx, "ticks", nil, nil)
		wantError(t, err, code, "")
		_, err = s.Check(ctx)
		wantError(t, err, code, "")
	}
}

func TestCloseFailures(t *testing.T) {
	for shut, want := range map[string]string{"fails": "the door sticks", "panics": "closing lamp panicked"} {
		c := connector()
		lamp := &client{shut: shut}
		c.Open = func(context.Context, settings) (*client, error) { return lamp, nil }
		b, err := c.Compile()
		if err != nil {
			t.Fatal(err)
		}
		ctx := hclog.WithContext(t.Context(), hclog.NewNullLogger())
		s, err := b.Open(ctx, json.RawMessage(goodSettings))
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, s.Close(), sdk.Internal, want)
		if err := s.Close(); err != nil || lamp.closed != 1 {
			t.Errorf("a second time: %v, closed %d times", err, lamp.closed)
		}
	}
}

func TestLogLine(t *testing.T) {
	s := open(t)
	ctx, log := logged(t)
	if _, err := s.Run(ctx, "set_state", json.RawMessage(`{"name":"hunter2","extra":"hunter2"}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Poll(ctx, "ticks", nil, nil); err != nil {
		t.Fatal(err)
	}
	_, err := s.Run(ctx, "set_state", json.RawMessage(`{"name":"hunter2","extra":17}`))
	if err == nil {
		t.Fatal("was taken")
	}
	if strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log has inputs: %s", log)
	}
	want := []map[string]any{
		{"@level": "info", "@message": "ran action", "action": "set_state", "requests": 2.0, "request_id": "req-2"},
		{"@level": "info", "@message": "polled", "trigger": "ticks", "seen": 5.0, "matched": 1.0, "requests": 1.0, "request_id": "req-3"},
		{"@level": "info", "@message": "ran action", "action": "set_state", "requests": 0.0, "code": "invalid_input", "error": "the input of set_state is not valid"},
	}
	got := log.all(t)
	for _, line := range got {
		if line["duration"] == nil {
			t.Errorf("%v has no duration", line)
		}
		delete(line, "duration")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestConcurrently(t *testing.T) {
	b := compiled(t)
	s := open(t)
	ctx := hclog.WithContext(t.Context(), hclog.NewNullLogger())
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			name := string(rune('a' + i))
			for range 30 {
				got, err := s.Run(ctx, "set_state", json.RawMessage(`{"name":"`+name+`"}`))
				if err != nil || len(got.Calls) != 2 {
					t.Errorf("got %+v, %v", got, err)
				}
				if _, err := s.Poll(ctx, "ticks", nil, nil); err != nil {
					t.Error(err)
				}
				if _, err := s.Run(ctx, "set_state", json.RawMessage(`{"name":"x","to":"panic"}`)); err == nil {
					t.Error("a panic is no error")
				}
				m, err := b.Manifest(ctx)
				if err != nil {
					t.Error(err)
				}
				m.Actions[0].Title = name // it is this host's own copy
				other, err := b.Open(ctx, json.RawMessage(goodSettings))
				if err != nil {
					t.Error(err)
				} else if err := other.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if m, err := b.Manifest(ctx); err != nil || m.Actions[0].Title != "Set state" {
		t.Errorf("the manifest is changed: %v, %v", m.Actions[0].Title, err)
	}
}

func TestRecordCallOutside(t *testing.T) {
	sdk.RecordCall(t.Context(), sdk.Call{Method: "GET"})
}

func TestViolationsAreTheSchemas(t *testing.T) {
	_, err := open(t).Run(t.Context(), "set_state", json.RawMessage(`{"nam":1,"to":2}`))
	want := []schema.Violation{
		{Pointer: "/nam", Message: `unknown field; did you mean "name"?`},
		{Pointer: "/name", Message: "is required"},
		{Pointer: "/to", Message: "got number, want string"},
	}
	if diff := cmp.Diff(want, sdk.AsError(err).Violations); diff != "" {
		t.Error(diff)
	}
}

// TestValidate checks that parameters are validated without a session as in a poll.
func TestValidate(t *testing.T) {
	b := compiled(t)
	if err := b.Validate(t.Context(), "ticks", nil); err != nil {
		t.Error(err)
	}
	for name, test := range map[string]struct{ trigger, params, want string }{
		"unknown trigger": {"tick", `{}`, `did you mean "ticks"?`},
		"unknown member":  {"ticks", `{"nothing":1}`, "/nothing"},
		"no JSON":         {"ticks", `{`, "not valid"},
	} {
		err := b.Validate(t.Context(), test.trigger, json.RawMessage(test.params))
		var e *sdk.Error
		if !errors.As(err, &e) || e.Code != sdk.InvalidInput || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
