package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"strings"
	"sync"

	"soar.example/okta/internal/systemlog"
	"soar.example/okta/sdk"
)

// selfEvents recognizes self-generated events, which the client's own requests caused. It is safe for concurrent
// use.
type selfEvents struct {
	clientID string // client ID of a service app; "" for an API token

	mu      sync.Mutex
	token   string          // ID of the API token, once an event has revealed it
	sent    map[string]bool // IDs of the latest write requests
	inOrder []string        // the same IDs, oldest first
}

// maxSent is the maximum number of stored request IDs.
const maxSent = 1000

// wrote records the request ID of a write. An event with the same request ID reveals the ID of the API token. No
// endpoint returns it.
func (o *selfEvents) wrote(requestID string) {
	if o.clientID != "" || requestID == "" {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.token != "" || o.sent[requestID] {
		return
	}
	if o.sent == nil {
		o.sent = map[string]bool{}
	}
	if len(o.inOrder) == maxSent {
		delete(o.sent, o.inOrder[0])
		o.inOrder = o.inOrder[1:]
	}
	o.sent[requestID] = true
	o.inOrder = append(o.inOrder, requestID)
}

// caused reports whether the credentials caused an event. If sure is false, the event's
// user decides.
func (o *selfEvents) caused(c systemlog.Cause) (own, sure bool) {
	if o.clientID != "" {
		return c.ActorID == o.clientID || c.ClientID == o.clientID, true
	}
	if c.TokenID == "" {
		return false, true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.token == "" && o.sent[c.RequestID] {
		o.token, o.sent, o.inOrder = c.TokenID, nil, nil
	}
	if o.token != "" {
		return c.TokenID == o.token, true
	}
	return false, !strings.HasPrefix(c.Agent, agentName)
}

// MayHaveCaused reports whether the client may have caused an event. It is fast, because it only searches the bytes.
// It excludes most events.
func (c *Client) MayHaveCaused(raw []byte) bool {
	if c.self.clientID != "" {
		return bytes.Contains(raw, []byte(c.self.clientID))
	}
	return bytes.Contains(raw, []byte(`"requestApiTokenId"`))
}

// Caused reports whether the client's credentials caused an event.
//
// Events of a service app contain its client ID. Events of an API token contain the token's ID, which no endpoint
// returns. The ID becomes known from an event with the request ID of a write of this client. Until then, an event
// counts as self-generated if the token's user caused it with an API token and this connector. One request to Okta
// identifies the user.
func (c *Client) Caused(ctx context.Context, cause systemlog.Cause) (bool, error) {
	own, sure := c.self.caused(cause)
	if sure {
		return own, nil
	}
	self, err := c.Guard.Self(ctx)
	return self != "" && cause.ActorID == self, err
}

// OwnAddress returns the IP address of the latest API token request of the credentials' user, from the System Log. It
// returns the zero Addr if there is no such event, for a service app, and if the log may not be read.
func (c *Client) OwnAddress(ctx context.Context) (netip.Addr, error) {
	id, err := c.Guard.Self(ctx)
	if err != nil || id == "" {
		return netip.Addr{}, err
	}
	// The query requests several events, because the latest one may be an interactive sign-in of the user.
	page, err := c.Logs(ctx, LogQuery{Filter: equals("actor.id", id), Descending: true, Limit: 20})
	if e := sdk.AsError(err); e != nil {
		if e.Code == sdk.Forbidden || e.Code == sdk.NotFound {
			return netip.Addr{}, nil
		}
		return netip.Addr{}, e
	}
	for _, h := range page.Events {
		var event struct {
			Client struct {
				IPAddress string `json:"ipAddress"`
			} `json:"client"`
			Transaction struct {
				Detail map[string]json.RawMessage `json:"detail"`
			} `json:"transaction"`
		}
		Object(h.Raw).Read(&event)
		if _, byToken := event.Transaction.Detail["requestApiTokenId"]; !byToken {
			continue
		}
		if a, err := netip.ParseAddr(event.Client.IPAddress); err == nil {
			return a.Unmap(), nil
		}
	}
	return netip.Addr{}, nil
}
