package plugintest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// Failures are the errors that the action fail returns, by name: with every field, with no
// optional field, and of other types than sdk.Error.
var Failures = map[string]error{
	"full": &sdk.Error{
		Code: sdk.RateLimited, Message: "too many <requests>", RetryAfter: 1500*time.Millisecond + 7,
		Violations: []schema.Violation{{Pointer: "/a/0", Message: "is bad"}, {Message: "everything is bad"}},
		Upstream:   &sdk.Upstream{Status: 429, Code: "E0000047", ErrorID: "oae1", RequestID: "req9"},
		Err:        errors.New("stays here"),
	},
	"bare":       &sdk.Error{Code: sdk.NotFound, Message: "no such thing"},
	"upstream":   &sdk.Error{Code: sdk.Forbidden, Message: "not allowed", Upstream: &sdk.Upstream{}},
	"wrapped":    fmt.Errorf("outer: %w", &sdk.Error{Code: sdk.Conflict, Message: "inner"}),
	"plain":      errors.New("just text"),
	"canceled":   context.Canceled,
	"deadline":   fmt.Errorf("reading: %w", context.DeadlineExceeded),
	"empty text": &sdk.Error{Code: sdk.Unavailable},
}

// EchoIn is the input of echo.
type EchoIn struct {
	Text     string `json:"text"`                                                         // Text to repeat.
	Times    int    `json:"times,omitempty" jsonschema:"minimum=1,maximum=100,default=1"` // Number of repetitions.
	Requests int    `json:"requests,omitempty"`                                           // Number of requests to record.
}

// EchoOut is the output of echo.
type EchoOut struct {
	Org   string   `json:"org"`           // Account of the session.
	PID   int      `json:"pid,omitempty"` // ID of the process, if the text is empty.
	Texts []string `json:"texts"`         // The repeated text.
}

var echo = sdk.Action[*Client, EchoIn, EchoOut]{
	Name: "echo", Summary: "Repeats a text.", Docs: "https://example.com/echo", Effect: sdk.Reads,
	Example: sdk.Example[EchoIn, EchoOut]{Input: EchoIn{Text: "hi", Times: 1}, Output: EchoOut{Org: "o", Texts: []string{"hi"}}},
	Run: func(ctx context.Context, c *Client, in EchoIn) (EchoOut, error) {
		record(ctx, in.Requests)
		out := EchoOut{Org: c.settings.Org}
		for range in.Times {
			out.Texts = append(out.Texts, in.Text)
		}
		if in.Text == "" {
			out.PID = os.Getpid()
		}
		return out, nil
	},
}

// HoldIn is the input of hold.
type HoldIn struct {
	Address  string `json:"address"`            // TCP address that receives the call. It ends the call with one byte.
	Stubborn bool   `json:"stubborn,omitempty"` // Ignore cancellation.
}

// HoldOut is the output of hold.
type HoldOut struct {
	Released bool `json:"released"` // Whether the other end released the call.
}

var hold = sdk.Action[*Client, HoldIn, HoldOut]{
	Name: "hold", Summary: "Waits until the call is released.", Docs: "https://example.com/hold", Effect: sdk.Reads,
	Example: sdk.Example[HoldIn, HoldOut]{Input: HoldIn{Address: "127.0.0.1:1"}, Output: HoldOut{Released: true}},
	Run: func(ctx context.Context, _ *Client, in HoldIn) (HoldOut, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", in.Address)
		if err != nil {
			return HoldOut{}, err
		}
		defer conn.Close()
		if !in.Stubborn {
			defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
		}
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return HoldOut{}, err
		}
		return HoldOut{Released: true}, nil
	},
}

// FailIn is the input of fail.
type FailIn struct {
	Name string `json:"name"` // Name of the failure; panic panics.
}

// FailOut is the output of fail. The action never returns it.
type FailOut struct{}

var fail = sdk.Action[*Client, FailIn, FailOut]{
	Name: "fail", Summary: "Fails.", Docs: "https://example.com/fail", Effect: sdk.Reads,
	Example: sdk.Example[FailIn, FailOut]{Input: FailIn{Name: "full"}},
	Run: func(ctx context.Context, _ *Client, in FailIn) (FailOut, error) {
		record(ctx, 2)
		if in.Name == "panic" {
			panic("intended panic")
		}
		return FailOut{}, Failures[in.Name]
	},
}

// CrashIn is the input of crash.
type CrashIn struct{}

var crash = sdk.Action[*Client, CrashIn, FailOut]{
	Name: "crash", Summary: "Ends the process.", Docs: "https://example.com/crash", Effect: sdk.Reads,
	Run: func(context.Context, *Client, CrashIn) (FailOut, error) {
		os.Exit(3)
		return FailOut{}, nil
	},
}
