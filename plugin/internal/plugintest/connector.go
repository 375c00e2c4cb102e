package plugintest

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"soar.example/okta/sdk"
)

// Settings are the settings of a session.
type Settings struct {
	Org      string     `json:"org" jsonschema:"minLength=1"` // Account.
	Token    sdk.Secret `json:"token,omitempty,omitzero"`     // Secret token.
	Farewell string     `json:"farewell,omitempty"`           // TCP address that is notified of the end of the session.
}

// Client is the client of a session.
type Client struct{ settings Settings }

// Close sends the org of the session to the farewell address.
func (c *Client) Close() error {
	if c.settings.Farewell == "" {
		return nil
	}
	conn, err := net.Dial("tcp", c.settings.Farewell)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = io.WriteString(conn, "closed "+c.settings.Org)
	return err
}

// Connector returns the compiled connector.
func Connector() (sdk.Backend, error) {
	return sdk.Connector[Settings, *Client]{
		Name: "plugintest", Title: "Plugin test", Summary: "Simulates the results of a call <&>.",
		Docs: "https://example.com/docs", Version: "1.2.3",
		Open: func(_ context.Context, s Settings) (*Client, error) {
			switch s.Org {
			case "panics":
				panic("cannot open")
			case "rejected":
				return nil, &sdk.Error{Code: sdk.Unauthenticated, Message: "no such org", Upstream: &sdk.Upstream{Status: 401}}
			}
			return &Client{settings: s}, nil
		},
		Check:    check,
		Actions:  []sdk.AnyAction[*Client]{echo, hold, fail, crash},
		Triggers: []sdk.AnyTrigger[*Client]{pages},
	}.Compile()
}

func check(_ context.Context, c *Client) (sdk.Health, error) {
	switch c.settings.Org {
	case "check_panics":
		panic("cannot check")
	case "check_fails":
		return sdk.Health{Target: "half", Account: "nobody"}, Failures["full"]
	}
	return sdk.Health{Target: c.settings.Org, Account: "tester", Notes: []string{"one", "two"}}, nil
}

// Farewell listens on a TCP address, and returns the messages that sessions send to it when they
// end.
func Farewell(ctx context.Context) (address string, messages <-chan string, err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	out := make(chan string, 100)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			words, _ := io.ReadAll(conn)
			_ = conn.Close()
			out <- string(words)
		}
	}()
	return listener.Addr().String(), out, nil
}

// record records n requests for the call of ctx.
func record(ctx context.Context, n int) {
	for i := range n {
		sdk.RecordCall(ctx, sdk.Call{
			Method: "GET", Path: fmt.Sprintf("/things/%d\xff", i), Status: 200 + i,
			RequestID: fmt.Sprintf("req%d", i), Duration: time.Duration(i) * time.Microsecond,
		})
	}
}
