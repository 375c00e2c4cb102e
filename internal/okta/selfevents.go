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

// selfEvents recognizes self-generated events, which the client's own requests caused. It
// is safe for concurrent use.
type selfEvents struct {
	clientID string // of a service app; "" for an API token

	mu      sync.Mutex
	token   string          // ID of the API token, once an event has revealed it
	sent    map[string]bool // request ids of writes, the latest ones
	inOrder []string        // the same, oldest first
}

// maxSent is the most request IDs that are kept until an event has one of them.
const maxSent = 1000

// wrote records the ID that Okta gave a write. An event with that ID reveals the ID of the
// API token, which no call does.
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

// MayHaveCaused reports whether the client may have caused an event. It only searches the
// bytes, which excludes most events.
func (c *Client) MayHaveCaused(raw []byte) bool {
	if c.self.clientID != "" {
		return bytes.Contains(raw, []byte(c.self.clientID))
	}
	return bytes.Contains(raw, []byte(`"requestApiTokenId"`))
}

// Caused reports whether the client's credentials caused an event.
//
// Events of a service app have its client ID. Events of an API token have the token's ID,
// which no call returns: an event of a write that this client sent reveals it, by
// the ID of the request. Before such an event, those count that the token's user caused
// with an API token and this connector; Okta is asked once who the user is.
func (c *Client) Caused(ctx context.Context, cause systemlog.Cause) (bool, error) {
	own, sure := c.self.caused(cause)
	if sure {
		return own, nil
	}
	self, err := c.Guard.Self(ctx)
	return self != "" && cause.ActorID == self, err
}

// OwnAddress returns the address from which Okta last saw a write of the credentials'
// user: that of the latest event in the log that an API token of the user caused. It is
// the zero Addr if there is none, for a service app, and if the log may not be read.
func (c *Client) OwnAddress(ctx context.Context) (netip.Addr, error) {
	id, err := c.Guard.Self(ctx)
	if err != nil || id == "" {
		return netip.Addr{}, err
	}
	// More than one, since the user may have signed in interactively in between.
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
