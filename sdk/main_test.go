package sdk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"soar.example/okta/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type settings struct {
	URL   string     `json:"url" jsonschema:"title=URL,format=uri,minLength=1" jsonschema_description:"Address."`
	Token sdk.Secret `json:"token" jsonschema:"title=Token,minLength=6" jsonschema_description:"Token."`

	Opened string `json:"opened,omitempty" jsonschema:"enum=fine,enum=refused,enum=panic,enum=nothing,default=fine" jsonschema_description:"What becomes of Open."`
}

func (s settings) Validate() error {
	switch {
	case strings.HasPrefix(s.URL, "http://panic"):
		panic("validating " + s.Token.Reveal())
	case !strings.HasPrefix(s.URL, "https://"):
		return sdk.InvalidField("/url", "must begin with https://")
	}
	return nil
}

// client is a service in memory.
type client struct {
	token  sdk.Secret // unexported, as a client keeps it
	mu     sync.Mutex
	state  map[string]string
	closed int
	shut   string
}

func (c *client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed++
	switch c.shut {
	case "fails":
		return errors.New("the door sticks")
	case "panics":
		panic("no door")
	}
	return nil
}

type setInput struct {
	Name   string       `json:"name" jsonschema:"title=Name,minLength=1,maxLength=20" jsonschema_description:"Name."`
	To     string       `json:"to,omitempty" jsonschema:"title=To,default=on" jsonschema_description:"State."`
	Wait   sdk.Duration `json:"wait,omitempty" jsonschema:"title=Wait,default=1s" jsonschema_description:"Time."`
	Count  int          `json:"count,omitempty" jsonschema:"title=Count,default=3" jsonschema_description:"Number."`
	Small  int8         `json:"small,omitempty" jsonschema:"title=Small" jsonschema_description:"Number."`
	Since  *time.Time   `json:"since,omitempty" jsonschema:"title=Since" jsonschema_description:"Time."`
	Extra  sdk.Secret   `json:"extra,omitzero" jsonschema:"title=Extra" jsonschema_description:"Secret."`
	DryRun bool         `json:"dry_run,omitempty" jsonschema:"title=Dry run" jsonschema_description:"Change nothing."`
}

func (in setInput) IsDryRun() bool { return in.DryRun }

// Validate has a pointer receiver.
func (in *setInput) Validate() error {
	switch in.Name {
	case "plain":
		return errors.New("plain names are refused")
	case "canceled":
		return context.Canceled
	case "nothing":
		var none *sdk.Error
		return none
	case "bang":
		panic("hunter2")
	}
	return nil
}

type setOutput struct {
	Outcome sdk.Outcome `json:"outcome" jsonschema:"enum=changed,enum=unchanged,enum=planned" jsonschema_description:"Outcome."`
	Before  string      `json:"before" jsonschema_description:"Before."`
	After   string      `json:"after" jsonschema_description:"After."`
	In      setInput    `json:"in,omitzero" jsonschema_description:"Input."`
}

func set(ctx context.Context, c *client, in setInput) (setOutput, error) {
	sdk.RecordCall(ctx, sdk.Call{Method: "GET", Path: "/state", Status: 200, RequestID: "req-1"})
	switch in.To {
	case "wait":
		<-ctx.Done()
		return setOutput{}, ctx.Err()
	case "error":
		return setOutput{}, &sdk.Error{Code: sdk.Conflict, Message: "it is taken", Upstream: &sdk.Upstream{Status: 409}}
	case "wrapped":
		return setOutput{}, errors.Join(errors.New("while setting"), sdk.Errorf(sdk.RateLimited, "later"))
	case "plain":
		return setOutput{}, errors.New("something")
	case "nothing":
		var none *sdk.Error
		return setOutput{Outcome: sdk.Changed}, none
	case "panic":
		panic("hunter2 at 0xdeadbeef")
	case "nil map":
		var counts struct{ of map[string]int }
		counts.of["x"]++
	}
	if sdk.IsDryRun(ctx) {
		sdk.PlanRequest(ctx, sdk.PlannedRequest{Method: "PUT", Path: "/state"})
		return setOutput{Outcome: sdk.Planned, After: sdk.PlannedRequests(ctx)[0].Path}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	out := setOutput{Outcome: sdk.Changed, Before: c.state[in.Name], After: in.To, In: in}
	if out.Before == out.After {
		out.Outcome = sdk.Unchanged
	}
	c.state[in.Name] = in.To
	sdk.RecordCall(ctx, sdk.Call{Method: "PUT", Path: "/state", Status: 200, RequestID: "req-2"})
	return out, nil
}

var setAction = sdk.Action[*client, setInput, setOutput]{
	Name: "set_state", Title: "Set state", Summary: "Sets a state.", Docs: "https://docs.example/set",
	Effect: sdk.Writes, Undo: "set_state", Scopes: []string{"state.manage"}, Run: set,
	Example: sdk.Example[setInput, setOutput]{Input: setInput{Name: "lamp"}, Output: setOutput{Outcome: sdk.Changed, In: setInput{Name: "lamp"}}},
}

type getInput struct {
	Name string `json:"name" jsonschema:"title=Name" jsonschema_description:"Name."`
}

type getOutput struct {
	State string `json:"state" jsonschema_description:"State."`
}

var getAction = sdk.Action[*client, getInput, getOutput]{
	Name: "get_state", Title: "Get state", Summary: "Gets a state.", Docs: "https://docs.example/get", Effect: sdk.Reads,
	Run: func(_ context.Context, c *client, in getInput) (getOutput, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		return getOutput{c.state[in.Name]}, nil
	},
}

type pollParams struct {
	Mode string `json:"mode,omitempty" jsonschema:"title=Mode,default=fine" jsonschema_description:"What becomes of a poll."`
}

func (p pollParams) Validate() error {
	if p.Mode == "bang" {
		panic("hunter2")
	}
	return nil
}

type place struct {
	At int `json:"at"`
}

func (p *place) UnmarshalJSON(b []byte) error {
	if string(b) == `"bang"` {
		panic("hunter2")
	}
	type plain place
	return json.Unmarshal(b, (*plain)(p))
}

type tick struct {
	N int `json:"n" jsonschema_description:"Number."`
}

var at = time.Date(2026, 3, 14, 2, 41, 7, 0, time.UTC)

func poll(ctx context.Context, _ *client, p pollParams, from place) (sdk.Page[place, tick], error) {
	sdk.RecordCall(ctx, sdk.Call{Method: "GET", Path: "/ticks", RequestID: "req-3"})
	switch p.Mode {
	case "error":
		return sdk.Page[place, tick]{Seen: 9, Next: place{99}}, sdk.Errorf(sdk.Unavailable, "the clock is down")
	case "panic":
		panic("hunter2")
	}
	n := from.At + 1
	return sdk.Page[place, tick]{
		Events: []sdk.Event[tick]{{ID: "t", Type: "tick", Time: at, Data: tick{n}}},
		Next:   place{n}, More: n < 3, Seen: 5, Notices: []string{"note"},
	}, nil
}

var tickTrigger = sdk.Trigger[*client, pollParams, place, tick]{
	Name: "ticks", Summary: "Each tick.", Docs: "https://docs.example/ticks", Every: time.Minute, Poll: poll, Example: tick{1},
}

func connector() sdk.Connector[settings, *client] {
	return sdk.Connector[settings, *client]{
		Name: "lamp", Title: "Lamp", Summary: "Lamps.", Docs: "https://docs.example", Version: "1.2.3",
		Open: func(_ context.Context, s settings) (*client, error) {
			switch s.Opened {
			case "refused":
				return nil, errors.New("no lamp there")
			case "panic":
				panic("hunter2")
			case "nothing":
				var none *sdk.Error
				return &client{}, none
			}
			return &client{token: s.Token, state: map[string]string{}}, nil
		},
		Check: func(ctx context.Context, c *client) (sdk.Health, error) {
			if len(c.state) > 0 {
				panic("hunter2")
			}
			sdk.RecordCall(ctx, sdk.Call{Method: "GET", Path: "/me", RequestID: "req-0"})
			return sdk.Health{Target: "https://lamp.example", Account: "me"}, nil
		},
		Actions:  []sdk.AnyAction[*client]{setAction, getAction},
		Triggers: []sdk.AnyTrigger[*client]{tickTrigger},
	}
}

func compiled(t testing.TB) sdk.Backend {
	t.Helper()
	b, err := connector().Compile()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const goodSettings = `{"url":"https://lamp.example","token":"hunter2"}`

func open(t testing.TB) sdk.Session {
	t.Helper()
	s, err := compiled(t).Open(t.Context(), json.RawMessage(goodSettings))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// logged returns a context whose log goes to the buffer, in JSON.
func logged(t testing.TB) (context.Context, *lines) {
	l := new(lines)
	logger := hclog.New(&hclog.LoggerOptions{Output: l, JSONFormat: true, Level: hclog.Trace, DisableTime: true})
	return hclog.WithContext(t.Context(), logger), l
}

type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// all returns the lines, which are JSON objects.
func (l *lines) all(t testing.TB) []map[string]any {
	t.Helper()
	var all []map[string]any
	for text := range strings.Lines(l.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		all = append(all, line)
	}
	return all
}

func wantError(t testing.TB, err error, code sdk.Code, message string) *sdk.Error {
	t.Helper()
	var e *sdk.Error
	if !errors.As(err, &e) || e == nil {
		t.Fatalf("got %#v, want an *sdk.Error of code %s", err, code)
	}
	if e.Code != code || !strings.Contains(e.Error(), message) {
		t.Errorf("got %v, want %s with %q", e, code, message)
	}
	if strings.Contains(e.Error(), "hunter2") || strings.Contains(e.Error(), "0xdeadbeef") {
		t.Errorf("it leaks: %v", e)
	}
	return e
}
