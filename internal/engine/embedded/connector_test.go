package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"soar.example/okta/sdk"
)

// The connector of these tests has one action that writes, one action that reads, and one
// trigger. A function is its service.
type (
	service func(ctx context.Context, action string, in request) (answer, error)
	request struct {
		User   string     `json:"user" jsonschema:"title=User,minLength=1" jsonschema_description:"Who."`
		Secret sdk.Secret `json:"secret,omitzero" jsonschema:"title=Secret" jsonschema_description:"A secret."`
		Phrase sdk.Secret `json:"phrase,omitzero" jsonschema:"title=Phrase" jsonschema_description:"A secret without a name that says so."`
	}
	contained struct {
		Outcome sdk.Outcome `json:"outcome" jsonschema_description:"What it changed."`
		Before  string      `json:"before" jsonschema_description:"How it was."`
		After   string      `json:"after" jsonschema_description:"How it is."`
		Reason  string      `json:"reason,omitempty" jsonschema_description:"Why not."`
		Undo    []sdk.Undo  `json:"undo,omitempty" jsonschema_description:"Undo of the change."`
	}
	lookedUp struct {
		Status string `json:"status" jsonschema_description:"How the user is."`
	}
	answer struct {
		contained
		lookedUp
	}
	report struct {
		User    string   `json:"user" jsonschema_description:"Who."`
		Result  string   `json:"result" jsonschema_description:"What came of it."`
		Targets []string `json:"targets" jsonschema_description:"Targets of the call."`
	}
	none struct{}
)

var (
	changed = answer{contained: contained{Outcome: sdk.Changed, Before: "ACTIVE", After: "SUSPENDED"}, lookedUp: lookedUp{"ACTIVE"}}
	unable  = answer{contained: contained{Outcome: sdk.NotApplicable, Before: "STAGED", After: "STAGED", Reason: "a staged user cannot be suspended"}}
)

const docs = "https://docs.example.com/"

// connect returns the connector's manifest and a session on the service.
func connect(tb testing.TB, do service) (*sdk.Manifest, sdk.Session) {
	tb.Helper()
	m, s, err := open(do)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return m, s
}

// compiled compiles the connector once. The context of Open holds the service of a session.
var compiled = sync.OnceValues(func() (sdk.Backend, error) {
	return sdk.Connector[none, service]{
		Name: "test", Title: "Test", Summary: "A service.", Docs: docs, Version: "1.0.0",
		Open:  func(ctx context.Context, _ none) (service, error) { return ctx.Value(serviceKey{}).(service), nil },
		Check: func(context.Context, service) (sdk.Health, error) { return sdk.Health{}, nil },
		Actions: []sdk.AnyAction[service]{
			sdk.Action[service, request, contained]{
				Name: "contain_user", Title: "Contain", Summary: "Contains a user.", Docs: docs, Effect: sdk.Writes, Undo: "release_user",
				Example: sdk.Example[request, contained]{Input: request{User: "u"}, Output: changed.contained},
				Run: func(ctx context.Context, do service, in request) (contained, error) {
					a, err := do(ctx, "contain_user", in)
					return a.contained, err
				},
			},
			sdk.Action[service, request, contained]{
				Name: "release_user", Title: "Release", Summary: "Releases a user.", Docs: docs, Effect: sdk.Writes, Undo: "contain_user",
				Example: sdk.Example[request, contained]{Input: request{User: "u"}, Output: changed.contained},
				Run: func(ctx context.Context, do service, in request) (contained, error) {
					a, err := do(ctx, "release_user", in)
					return a.contained, err
				},
			},
			sdk.Action[service, request, lookedUp]{
				Name: "look_up", Title: "Look up", Summary: "Looks a user up.", Docs: docs, Effect: sdk.Reads,
				Example: sdk.Example[request, lookedUp]{Input: request{User: "u"}, Output: changed.lookedUp},
				Run: func(ctx context.Context, do service, in request) (lookedUp, error) {
					a, err := do(ctx, "look_up", in)
					return a.lookedUp, err
				},
			},
		},
		Triggers: []sdk.AnyTrigger[service]{sdk.Trigger[service, none, string, report]{
			Name: "reports", Title: "Reports", Summary: "Reports of users.", Docs: docs, Every: time.Minute,
			Example: report{User: "u", Result: "SUCCESS", Targets: []string{"t"}},
			Poll: func(context.Context, service, none, string) (sdk.Page[string, report], error) {
				return sdk.Page[string, report]{}, nil
			},
		}},
	}.Compile()
})

type serviceKey struct{}

func open(do service) (*sdk.Manifest, sdk.Session, error) {
	b, err := compiled()
	if err != nil {
		return nil, nil, err
	}
	ctx := context.WithValue(context.Background(), serviceKey{}, do)
	m, err := b.Manifest(ctx)
	if err != nil {
		return nil, nil, err
	}
	s, err := b.Open(ctx, json.RawMessage(`{}`))
	return m, s, err
}

// always returns a service that always gives the same response.
func always(a answer) service {
	return func(context.Context, string, request) (answer, error) { return a, nil }
}

// over returns a service that calls a real address.
func over(client *http.Client, address string) service {
	return func(ctx context.Context, action string, in request) (answer, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/"+action+"/"+in.User, nil)
		if err != nil {
			return answer{}, err
		}
		resp, err := client.Do(req)
		if err != nil {
			sdk.RecordCall(ctx, sdk.Call{Method: req.Method, Path: req.URL.Path})
			if ctx.Err() != nil {
				return answer{}, ctx.Err()
			}
			return answer{}, sdk.Errorf(sdk.Unavailable, "%w", err)
		}
		defer resp.Body.Close()
		id := resp.Header.Get("X-Request-Id")
		sdk.RecordCall(ctx, sdk.Call{Method: req.Method, Path: req.URL.Path, Status: resp.StatusCode, RequestID: id})
		code, failed := map[int]sdk.Code{401: sdk.Unauthenticated, 403: sdk.Forbidden, 404: sdk.NotFound, 429: sdk.RateLimited, 503: sdk.Unavailable}[resp.StatusCode]
		if failed {
			after, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
			return answer{}, &sdk.Error{Code: code, Message: "the service rejected the call", RetryAfter: time.Duration(after) * time.Second,
				Upstream: &sdk.Upstream{Status: resp.StatusCode, RequestID: id}}
		}
		var a struct {
			Outcome, Before, After, Reason, Status string
			Undo                                   []sdk.Undo
		}
		if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
			return answer{}, fmt.Errorf("read answer: %w", err)
		}
		return answer{contained{Outcome: sdk.Outcome(a.Outcome), Before: a.Before, After: a.After, Reason: a.Reason, Undo: a.Undo}, lookedUp{a.Status}}, nil
	}
}

func (request) IsDryRun() bool { return false }
